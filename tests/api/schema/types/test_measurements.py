"""Check-ins and readings over GraphQL."""

from domain.commands.key_result_commands import CorrectCheckIn
from tests.api.schema import goals
from tests.asking import AskedWorld

LATEST = """{ keyResults { nodes {
    current checkIns(last: 2) { nodes { value } } latest: checkIns(last: 1) { nodes { value } }
} } }"""


def test_corrected_check_in_keeps_its_place_among_those_of_one_instant(world: AskedWorld) -> None:
    goals.cycle(world)
    key_result = goals.key_result(world, goals.objective(world))
    first = goals.check_in(world, key_result, 3, 10)
    goals.check_in(world, key_result, 7, 10)
    world.record(CorrectCheckIn(check_in=first, value=4, reason="miscounted"))
    (node,) = world.ask(LATEST)["keyResults"]["nodes"]
    assert node["checkIns"]["nodes"] == [{"value": 4}, {"value": 7}]
    assert node["latest"]["nodes"] == [{"value": 7}]
    assert node["current"] == 7
