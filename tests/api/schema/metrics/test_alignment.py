"""The alignment map of a cycle, and the ancestors and descendants of objectives across cycles."""

from typing import Any
from uuid import UUID

import pytest

from domain.commands.command import CycleBy
from domain.commands.objective_commands import DropObjective
from domain.commands.people_commands import FormTeam
from domain.primitives.values import Kind, Ref
from tests.api.schema import goals
from tests.asking import AskedWorld

YEAR = CycleBy(key="2026")
MAP = "query ($key: String!) { alignment(cycle: {key: $key}) { roots { title } unaligned { title } } }"
LINES = """{ objectives { nodes {
    title ancestors { ... on Objective { title } ... on KeyResult { title } } descendants { title cycle { key } }
} } }"""
BELOW = """query ($at: DateTime!) {
    asOf(at: $at) { objectives(filter: {search: "Top"}) { nodes { descendants { title } } } } }"""


def titles(found: list[Any]) -> list[str]:
    return [one["title"] for one in found]


def roots(world: AskedWorld, key: str = "2026-q1") -> list[str]:
    return titles(world.ask(MAP, key=key)["alignment"]["roots"])


def to(*objectives: UUID) -> list[Ref]:
    return [Ref(Kind.OBJECTIVE, id) for id in objectives]


@pytest.fixture
def year_and_quarter(world: AskedWorld) -> AskedWorld:
    goals.cycle(world, "2026", days=365)
    goals.cycle(world)
    return world


def test_roots_of_a_quarter_are_the_yearly_objectives_that_it_supports(year_and_quarter: AskedWorld) -> None:
    world = year_and_quarter
    goals.objective(world, "Yearly without support", cycle=YEAR)
    later = goals.objective(world, "Yearly by its objective", cycle=YEAR)
    measured = goals.objective(world, "Yearly by its key result", cycle=YEAR)
    proof = goals.key_result(world, measured)
    goals.objective(world, "Quarterly of two", supports=[Ref(Kind.KEY_RESULT, proof), *to(later)])
    assert roots(world) == ["Yearly by its objective", "Yearly by its key result"]
    assert roots(world, "2026") == ["Yearly without support", "Yearly by its objective", "Yearly by its key result"]


def test_roots_are_only_the_tops_of_a_chain(year_and_quarter: AskedWorld) -> None:
    world = year_and_quarter
    top = goals.objective(world, "Yearly top", cycle=YEAR)
    middle = goals.objective(world, "Quarterly middle", supports=to(top))
    goals.objective(world, "Quarterly bottom", supports=to(middle))
    assert roots(world) == roots(world, "2026") == ["Yearly top"]


def test_company_level_objective_that_supports_nothing_is_a_root_and_others_are_unaligned(
    year_and_quarter: AskedWorld,
) -> None:
    world = year_and_quarter
    company = world.record(FormTeam(key="company", name="Company", effective_at=goals.day(0)))
    team = world.record(FormTeam(key="team", name="Team", parent=company, effective_at=goals.day(0)))
    goals.objective(world, "Of the company", team=company)
    goals.objective(world, "Of the team", team=team)
    found = world.ask(MAP, key="2026-q1")["alignment"]
    assert (titles(found["roots"]), titles(found["unaligned"])) == (["Of the company"], ["Of the team"])


def test_dropped_parent_is_no_root(year_and_quarter: AskedWorld) -> None:
    world = year_and_quarter
    top = goals.objective(world, "Yearly top", cycle=YEAR)
    goals.objective(world, "Quarterly", supports=to(top))
    world.record(DropObjective(objective=top, reason="no market", effective_at=goals.day(5)))
    assert roots(world) == ["Quarterly"]


def test_descendants_mirror_ancestors_across_cycles(year_and_quarter: AskedWorld) -> None:
    world = year_and_quarter
    top = goals.objective(world, "Top", cycle=YEAR)
    proof = goals.key_result(world, top, "Proof")
    middle = goals.objective(world, "Middle", supports=[Ref(Kind.KEY_RESULT, proof)])
    goals.objective(world, "Bottom", supports=to(middle, top))
    found = {one["title"]: one for one in world.ask(LINES)["objectives"]["nodes"]}
    below = {title: [(one["title"], one["cycle"]["key"]) for one in found[title]["descendants"]] for title in found}
    assert below == {
        "Top": [("Middle", "2026-q1"), ("Bottom", "2026-q1")],
        "Middle": [("Bottom", "2026-q1")],
        "Bottom": [],
    }
    above = {title: titles(found[title]["ancestors"]) for title in found}
    assert above == {"Top": [], "Middle": ["Proof", "Top"], "Bottom": ["Middle", "Top", "Proof"]}


def test_descendants_follow_the_basis(year_and_quarter: AskedWorld) -> None:
    world = year_and_quarter
    top = goals.objective(world, "Top", cycle=YEAR)
    goals.objective(world, "Below", supports=to(top), effective_at=goals.day(9))
    for day, expected in ((8, []), (9, ["Below"])):
        (node,) = world.ask(BELOW, at=goals.day(day).isoformat())["asOf"]["objectives"]["nodes"]
        assert titles(node["descendants"]) == expected
