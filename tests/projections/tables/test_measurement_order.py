"""Of check-ins that were measured at one instant, the one first recorded last is the latest, corrected or not."""

from uuid import UUID

import pytest

from domain.commands.key_result_commands import CorrectCheckIn
from projections.store.versioned_tables import Cursor, Window
from projections.tables.measurements import CHECK_INS
from tests.projections.goal_builders import check_in, cycle, key_result, objective, on
from tests.world import World


@pytest.fixture
def goal(world: World) -> UUID:
    return key_result(world, objective(world, cycle(world)))


def test_corrected_check_in_keeps_its_place_among_those_of_one_instant(world: World, goal: UUID) -> None:
    ids = [check_in(world, goal, on(5), value=value) for value in (3.0, 7.0)]
    correct(world, ids[0], 4.0)
    assert CHECK_INS.latest(world.conn, world.now, [goal])[goal].value == 7.0
    assert [row.value for row in CHECK_INS.all(world.conn, world.now, [goal])[goal]] == [4.0, 7.0]
    for size in (1, 9):
        for backwards in (False, True):
            assert paged(world, goal, size, backwards=backwards) == [4.0, 7.0]


def test_versions_of_a_check_in_are_listed_at_its_place_one_after_the_other(world: World, goal: UUID) -> None:
    ids = [check_in(world, goal, on(5), value=value) for value in (3.0, 7.0)]
    for id, value in ((ids[0], 4.0), (ids[1], 8.0), (ids[0], 5.0)):
        correct(world, id, value)
    for size in (1, 2, 9):
        for backwards in (False, True):
            found = paged(world, goal, size, backwards=backwards, include_superseded=True)
            assert found == [3.0, 4.0, 5.0, 7.0, 8.0]


def correct(world: World, id: UUID, value: float) -> None:
    world.record(CorrectCheckIn(check_in=id, value=value, reason="miscounted"))


def paged(
    world: World, goal: UUID, size: int, *, backwards: bool, include_superseded: bool = False
) -> list[float | None]:
    """The values of all check-ins, read page by page."""
    found: list[float | None] = []
    bound: Cursor | None = None
    while True:
        window = Window(size, before=bound, backwards=True) if backwards else Window(size, after=bound)
        page = CHECK_INS.pages(world.conn, world.now, [goal], window, include_superseded=include_superseded)
        values = [row.value for row in page[goal]]
        if not values:
            return found
        found = values + found if backwards else found + values
        bound = CHECK_INS.cursor(page[goal][0 if backwards else -1])
