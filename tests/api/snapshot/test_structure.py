"""Cycles, scoring policies and calendars are read once for a position, and are never those of another one."""

from datetime import UTC, date, datetime

import pytest

from api.schema.mutations.command_result import MEASURED
from api.snapshot.structure import BASES_MAX, CYCLES_MAX, Structure
from domain.commands.command import CycleBy
from domain.commands.cycle_commands import AdoptScoringPolicy, RescheduleCycle
from domain.commands.registry import MUTATIONS
from domain.primitives.calendar import Calendar
from domain.primitives.values import EARLIEST, Cadence, ScoringPolicy
from projections.figures import kept_frames
from projections.figures.kept_frames import Rules
from projections.store.basis import ResolvedBasis
from tests.api.schema.crowd import Crowd
from tests.asking import AskedWorld

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER = datetime(2026, 6, 2, tzinfo=UTC)
GOALS = "objectives { nodes { cycle { endsOn } progress { health } } }"


def _reads(world: AskedWorld, query: str) -> list[str]:
    """The tables of structure that the statements of a query read."""
    world.pool.statements.clear()
    world.ask(query)
    tables = ("from cycle ", "from scoring_policy ")
    return [table for statement in world.pool.statements for table in tables if table in statement]


def test_structure_is_read_once_for_a_position(world: AskedWorld) -> None:
    Crowd(world).join(2)
    assert _reads(world, f"{{ {GOALS} }}") == ["from cycle ", "from scoring_policy "]
    assert _reads(world, f"{{ {GOALS} }}") == []


def test_a_new_policy_and_new_days_count_at_once_and_not_for_the_past(world: AskedWorld) -> None:
    Crowd(world).join(2)
    before, position = world.ask(f"{{ {GOALS} }}"), world.now.position
    ((id,),) = world.conn.execute("select distinct id from cycle").fetchall()
    world.record(RescheduleCycle(cycle=CycleBy(id=id), ends_on=date(2026, 12, 31), reason="longer"))
    world.record(AdoptScoringPolicy(stale_after_cadences=99))
    after = world.ask(f"{{ {GOALS} }}")
    assert {one["cycle"]["endsOn"] for one in after["objectives"]["nodes"]} == {"2026-12-31"}
    for _ in range(2):
        assert world.ask(f"{{ asOf(position: {position}) {{ {GOALS} }} }}")["asOf"] == before
        assert world.ask(f"{{ {GOALS} }}") == after


def test_rules_of_open_cycles_are_made_once_for_a_position(world: AskedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[date] = []

    class Counted(Rules):
        def __init__(self, policy: ScoringPolicy, calendar: Calendar, begins_on: date, cadence: Cadence) -> None:
            made.append(begins_on)
            super().__init__(policy, calendar, begins_on, cadence)

    Crowd(world).join(2)
    monkeypatch.setattr(kept_frames, "Rules", Counted)
    first = world.ask(f"{{ {GOALS} }}")
    assert (world.ask(f"{{ {GOALS} }}"), len(made)) == (first, 1)
    world.record(AdoptScoringPolicy(stale_after_cadences=99))
    world.ask(f"{{ {GOALS} }}")
    assert len(made) == 2


def test_structure_of_a_moment_before_the_end_of_the_log_is_not_kept(world: AskedWorld) -> None:
    Crowd(world).join(2)
    query = f'{{ asOf(at: "2026-01-20T00:00:00Z") {{ {GOALS} }} }}'
    assert _reads(world, query) == _reads(world, query) == ["from cycle ", "from scoring_policy "]


def test_structure_is_forgotten_when_the_present_moves() -> None:
    """The past at a position can change, too: a person is erased from it."""
    kept, past = Structure(), ResolvedBasis(NOW, 3, NOW)
    then = kept.at(ResolvedBasis(NOW, 5, NOW), past)
    assert kept.at(ResolvedBasis(NOW, 5, NOW), past) is then
    assert kept.at(ResolvedBasis(NOW, 6, NOW), past) is not then


def test_kept_structure_is_bounded() -> None:
    kept, first = Structure(), ResolvedBasis(NOW, 0, EARLIEST)
    one = kept.at(first, first)
    for position in range(BASES_MAX):
        basis = ResolvedBasis(NOW, position + 1, NOW)
        kept.at(basis, basis)
    assert kept.at(first, first) is not one
    one.add_cycles(dict.fromkeys(range(CYCLES_MAX + 1)))  # type: ignore[arg-type]
    assert one.cycles == {}
    one.rules_of(2).update(dict.fromkeys(range(2)))  # type: ignore[arg-type]
    assert len(one.rules_of(CYCLES_MAX - 2)) == 2
    assert len(one.rules_of(CYCLES_MAX - 1)) == 0


def test_structure_is_carried_over_own_events_that_do_not_change_it() -> None:
    kept, before = Structure(), ResolvedBasis(NOW, 5, NOW)
    then, past = kept.at(before, before), kept.at(before, ResolvedBasis(NOW, 3, NOW))
    kept.carry(5, 7, LATER)
    after = ResolvedBasis(LATER, 7, LATER)
    assert kept.at(after, after) is then
    assert kept.at(after, ResolvedBasis(NOW, 3, NOW)) is not past
    kept.carry(8, 9, LATER)  # another process has recorded event 8
    assert kept.at(ResolvedBasis(LATER, 9, LATER), ResolvedBasis(LATER, 9, LATER)) is not then


def test_carried_structure_is_bounded() -> None:
    """Commands whose payloads read nothing carry it on and on."""
    kept, first = Structure(), ResolvedBasis(NOW, 0, NOW)
    then = kept.at(first, first)
    for position in range(2 * BASES_MAX):
        kept.carry(position, position + 1, NOW)
    last = ResolvedBasis(NOW, 2 * BASES_MAX, NOW)
    assert kept.at(last, last) is then
    for position in range(1, 2 * BASES_MAX):
        basis = ResolvedBasis(NOW, position, NOW)
        assert kept.at(basis, basis) is not then


def test_measurements_concern_no_structure() -> None:
    """What they record are events of measurements alone."""
    measuring = {kind.RECORDS for kind in MUTATIONS.values() if kind.ANSWERS in MEASURED}
    assert measuring
    assert {event.__module__ for event in measuring} <= {
        "domain.model.measurements.check_in",
        "domain.model.measurements.reading",
    }
