"""Attributions of objectives that take their value from others, of cycles whose objectives change, and of years."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle, OpenCycle
from domain.commands.key_result_commands import DropKeyResult, LinkKpi, ScoreKeyResult, UnlinkKpi
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import (
    AlignObjective,
    CloseObjective,
    CommitObjective,
    DropObjective,
    UnalignObjective,
)
from domain.primitives.values import Kind, Ref
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, check_in, day
from tests.asking import AskedWorld

LOOK = """query($cycle: CycleBy!) { retrospective(cycle: $cycle) {
    cycle { progress { value } } attribution { ...Booked }
    objectives { objective { title progress { value } } attribution { ...Booked } }
} }
fragment Booked on Attribution {
    initial movement goalpost scope final explain { cause amount objective { title } change { __typename } }
}"""
M, G, S = "MOVEMENT", "GOALPOST", "SCOPE"
TOP = "Lead the market"


def look(world: AskedWorld, cycle: str = "2026-q1") -> dict[str, Any]:
    """The attributions by title, that of the cycle as `cycle`; each adds up."""
    answer = world.ask(LOOK, cycle={"key": cycle})["retrospective"]
    found = {one["objective"]["title"]: one["attribution"] for one in answer["objectives"]} | {
        "cycle": answer["attribution"]
    }
    finals = {one["objective"]["title"]: one["objective"]["progress"]["value"] for one in answer["objectives"]}
    for title, one in found.items():
        final = finals.get(title, answer["cycle"]["progress"]["value"])
        assert one["final"] == pytest.approx(final or 0, abs=1e-9)
        assert one["movement"] + one["goalpost"] + one["scope"] == pytest.approx(
            one["final"] - one["initial"], abs=1e-9
        )
        assert sum(term["amount"] for term in one["explain"]) == pytest.approx(one["final"] - one["initial"], abs=1e-9)
    return found


def booked(attribution: dict[str, Any]) -> list[Any]:
    return [
        (one["change"]["__typename"], one["cause"], pytest.approx(one["amount"], abs=1e-9))
        for one in attribution["explain"]
    ]


def below(world: AskedWorld, title: str, since: float, *, commit: bool = True) -> tuple[UUID, UUID]:
    """An objective with a key result; committed at once if asked."""
    objective = goals.objective(world, title, effective_at=day(since))
    key_result = goals.key_result(world, objective, f"{title} measured", effective_at=day(since))
    if commit:
        world.do(CommitObjective(objective=objective, effective_at=day(since)))
    return objective, key_result


def align(world: AskedWorld, objective: UUID, top: UUID, at: float) -> None:
    world.do(AlignObjective(objective=objective, to=Ref(Kind.OBJECTIVE, top), effective_at=day(at)))


def test_a_change_that_comes_up_from_a_part_keeps_its_cause_and_parts_come_and_go_as_scope(world: AskedWorld) -> None:
    goals.cycle(world)
    top = goals.objective(world, TOP)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    north, one = below(world, "Win the north", 2)
    align(world, north, top, 3)
    check_in(world, one, 80, 10)
    south, two = below(world, "Win the south", 12)
    align(world, south, top, 13)
    check_in(world, two, 40, 20)
    world.do(UnalignObjective(objective=south, from_=Ref(Kind.OBJECTIVE, top), effective_at=day(30)))
    align(world, south, top, 35)
    world.do(DropObjective(objective=north, reason="No.", effective_at=day(40)))
    assert booked(look(world)[TOP]) == [
        ("KeyResultCheckedIn", M, 0.8),
        ("ObjectiveAligned", S, -0.4),  # the mean of 0.8 and of what nobody measured
        ("KeyResultCheckedIn", M, 0.2),  # (0.8 + 0.4) / 2
        ("ObjectiveUnaligned", S, 0.2),
        ("ObjectiveAligned", S, -0.2),
        ("ObjectiveDropped", S, -0.2),
    ]


def test_a_heading_that_gets_key_results_of_its_own_and_loses_them_changes_by_scope(world: AskedWorld) -> None:
    goals.cycle(world)
    top = goals.objective(world, TOP)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    north, one = below(world, "Win the north", 2)
    align(world, north, top, 3)
    check_in(world, one, 80, 10)
    own = goals.key_result(world, top, "Market share", effective_at=day(20))
    check_in(world, own, 30, 25)
    check_in(world, one, 90, 30)
    world.do(DropKeyResult(key_result=own, reason="Not ours.", effective_at=day(40)))
    assert booked(look(world)[TOP]) == [
        ("KeyResultCheckedIn", M, 0.8),
        ("KeyResultAdded", S, -0.8),
        ("KeyResultCheckedIn", M, 0.3),
        ("KeyResultDropped", S, 0.6),
    ]


def test_an_objective_committed_or_dropped_later_is_scope_of_its_cycle(world: AskedWorld) -> None:
    goals.cycle(world)
    _, first = below(world, "Go first", 0, commit=False)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    check_in(world, first, 60, 10)
    later, second = below(world, "Go later", 20, commit=False)
    check_in(world, second, 20, 25)
    world.do(CommitObjective(objective=later, effective_at=day(30)))
    check_in(world, second, 40, 40)
    world.do(DropObjective(objective=later, reason="No.", effective_at=day(50)))
    found = look(world)
    assert booked(found["cycle"]) == [
        ("KeyResultCheckedIn", M, 0.6),
        ("ObjectiveCommitted", S, (0.6 + 0.2) / 2 - 0.6),
        ("KeyResultCheckedIn", M, 0.2 / 2),
        ("ObjectiveDropped", S, 0.6 - (0.6 + 0.4) / 2),
    ]
    assert found["Go later"]["final"] == 0.4


def test_a_score_of_a_person_is_movement_when_what_nobody_measured_ends(world: AskedWorld) -> None:
    goals.cycle(world)
    objective, key_result = below(world, "Be trusted", 0, commit=False)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    world.do(ScoreKeyResult(key_result=key_result, score=0.6, effective_at=day(50)))
    assert booked(look(world)["Be trusted"]) == []
    world.do(CloseObjective(objective=objective, effective_at=day(80)))
    assert booked(look(world)["Be trusted"]) == [("ObjectiveClosed", M, 0.6)]


def test_linking_and_unlinking_are_goalposts(world: AskedWorld) -> None:
    goals.cycle(world)
    users = KpiBy(key="users")
    world.do(DefineKpi(key="users", name="Users", effective_at=day(0)))
    _, key_result = below(world, "Grow", 0, commit=False)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    check_in(world, key_result, 20, 10)
    world.do(RecordReadings(readings=[ReadingInput(kpi=users, value=50, measured_at=day(15))]))
    world.do(LinkKpi(key_result=key_result, kpi=users, effective_at=day(20)))
    world.do(RecordReadings(readings=[ReadingInput(kpi=users, value=70, measured_at=day(30))]))
    world.do(UnlinkKpi(key_result=key_result, effective_at=day(40)))
    check_in(world, key_result, 30, 50)
    assert booked(look(world)["Grow"]) == [
        ("KeyResultCheckedIn", M, 0.2),
        ("KeyResultLinked", G, 0.3),
        ("ReadingRecorded", M, 0.2),
        ("KeyResultCheckedIn", M, -0.4),
    ]


def test_a_year_is_attributed_by_the_changes_of_its_quarters_by_their_days(world: AskedWorld) -> None:
    year = CycleBy(key="2026")
    world.do(
        OpenCycle(key="2026", name="2026", starts_on=date(2026, 1, 1), ends_on=date(2026, 9, 30), effective_at=day(0))
    )
    for key, starts_on, ends_on in (
        ("2026-q1", date(2026, 1, 1), date(2026, 3, 31)), ("2026-q2", date(2026, 4, 1), date(2026, 6, 30)),
    ):  # fmt: skip
        world.do(OpenCycle(key=key, name=key, starts_on=starts_on, ends_on=ends_on, parent=year, effective_at=day(0)))
    world.do(ActivateCycle(cycle=year, effective_at=day(1)))
    _, first = below(world, "Go first", 1, commit=False)
    check_in(world, first, 20, 2)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(3)))
    check_in(world, first, 60, 10)
    world.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(90)))
    second = CycleBy(key="2026-q2")
    objective = goals.objective(world, "Go second", cycle=second, effective_at=day(91))
    measured = goals.key_result(world, objective, effective_at=day(91))
    world.do(ActivateCycle(cycle=second, effective_at=day(92)))
    check_in(world, measured, 50, 100)
    days = 273
    found = look(world, "2026")["cycle"]
    assert found["initial"] == 0
    assert booked(found) == [
        ("CycleActivated", S, 90 * 0.2 / days),
        ("KeyResultCheckedIn", M, 90 * 0.4 / days),
        ("KeyResultCheckedIn", M, 91 * 0.5 / days),
    ]


def year_with_a_half(world: AskedWorld) -> tuple[CycleBy, CycleBy, UUID, UUID]:
    """A year that was activated, a half in it that was not and has no objectives, and in that an active quarter with
    its objective and key result, from 0 to 100."""
    year, half = CycleBy(key="2026"), CycleBy(key="2026-h1")
    goals.cycle(world, "2026", days=365)
    goals.cycle(world, "2026-h1", days=181, parent=year)
    goals.cycle(world, parent=half)
    world.do(ActivateCycle(cycle=year, effective_at=day(1)))
    objective, key_result = below(world, "Go first", 1, commit=False)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(2)))
    return year, half, objective, key_result


def test_activating_a_cycle_without_objectives_is_scope_of_the_cycle_above(world: AskedWorld) -> None:
    _, half, _, key_result = year_with_a_half(world)
    check_in(world, key_result, 60, 10)
    world.do(ActivateCycle(cycle=half, effective_at=day(20)))
    found = look(world, "2026")["cycle"]
    assert booked(found) == [("CycleActivated", S, 90 * 0.6 / 365)]
    assert found["explain"][0]["objective"]["title"] == "Go first"
    assert found["final"] == pytest.approx(90 * 0.6 / 365)


def test_closing_a_cycle_without_objectives_is_movement_of_the_cycle_above(world: AskedWorld) -> None:
    year, half, _, key_result = year_with_a_half(world)
    world.do(ActivateCycle(cycle=half, effective_at=day(3)))
    check_in(world, key_result, 20, 10)
    check_in(world, key_result, 60, 100)  # measured after the half is closed, and before it is recorded as closed
    world.do(CloseCycle(cycle=half, effective_at=day(50)))
    check_in(world, key_result, 80, 120)
    shown = booked(look(world, "2026")["cycle"])
    assert shown == [
        ("KeyResultCheckedIn", M, 90 * 0.2 / 365),
        ("KeyResultCheckedIn", M, 90 * 0.4 / 365),
        ("CycleClosed", M, -90 * 0.4 / 365),
    ]
    world.do(CloseCycle(cycle=year, effective_at=day(150)))
    assert booked(look(world, "2026")["cycle"]) == shown


def test_a_change_of_a_cycle_names_the_objective_that_comes_in_with_a_value(world: AskedWorld) -> None:
    year = CycleBy(key="2026")
    goals.cycle(world, "2026", days=365)
    goals.cycle(world, parent=year)
    world.do(ActivateCycle(cycle=year, effective_at=day(1)))
    dropped, _ = below(world, "Never mind", 1, commit=False)
    world.do(DropObjective(objective=dropped, reason="No.", effective_at=day(2)))
    _, measured = below(world, "Go first", 2, commit=False)
    check_in(world, measured, 60, 10)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(20)))
    (term,) = look(world, "2026")["cycle"]["explain"]
    assert (term["change"]["__typename"], term["objective"]["title"]) == ("CycleActivated", "Go first")
