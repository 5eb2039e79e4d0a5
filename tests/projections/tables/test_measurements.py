"""The tables of check-ins and readings, and the standings of key results that follow from them."""

from datetime import datetime
from typing import Any

import pytest

from domain.commands.command import KpiBy
from domain.commands.key_result_commands import CorrectCheckIn, LinkKpi, UnlinkKpi
from domain.commands.kpi_commands import (
    CorrectReading,
    ReadingInput,
    RecordReadings,
    RedefineKpi,
    RetireKpi,
    RetractReading,
)
from domain.metrics.formulas import Measurement
from domain.primitives.values import Aggregation, Basis, Direction, Kind, Metric, Milestone, Ref
from projections.figures import latest_standings
from projections.figures.standing import Standing
from projections.store.versioned_tables import Window
from projections.tables import measurements
from projections.tables.key_result import KeyResultRow, key_results
from projections.tables.kpi import kpi_versions
from projections.tables.measurements import Ending
from tests.projections.goal_builders import after, check_in, cycle, key_result, kpi, objective, on, read, then
from tests.world import World


@pytest.fixture
def goal(world: World) -> KeyResultRow:
    id = key_result(world, objective(world, cycle(world)))
    return key_results(world.conn, world.now, [id])[id]


def standing(world: World, row: KeyResultRow, basis: Basis | None = None) -> Standing:
    return standings(world, [row], basis or world.now)[0]


def standings(world: World, rows: list[KeyResultRow], basis: Basis) -> list[Standing]:
    return latest_standings.standings(world.conn, basis, latest_standings.read_contexts(world.conn, basis, rows))


def milestones_reached(world: World, row: KeyResultRow, basis: Basis) -> dict[str, datetime]:
    (context,) = latest_standings.read_contexts(world.conn, basis, [row])
    return latest_standings.milestones_reached(world.conn, basis, [context])[row.id]


def test_a_key_result_without_check_ins_has_an_empty_standing(world: World, goal: KeyResultRow) -> None:
    assert standing(world, goal) == Standing()
    assert standings(world, [], world.now) == []


def test_latest_value_and_latest_confidence_may_come_from_different_check_ins(world: World, goal: KeyResultRow) -> None:
    first = check_in(world, goal.id, on(5), value=3.0, confidence=0.9)
    check_in(world, goal.id, on(6), confidence=0.4)
    check_in(world, goal.id, on(7), note="nothing new")
    found = standing(world, goal)
    assert found.latest == Measurement(3.0, None, on(5), 4, Ref(Kind.CHECK_IN, first))
    assert (found.confidence, found.confidence_position, found.last_measured_at) == (0.4, 5, on(7))


def test_the_latest_measurement_counts_even_if_recorded_earlier(world: World, goal: KeyResultRow) -> None:
    check_in(world, goal.id, on(9), value=9.0)
    check_in(world, goal.id, on(5), value=5.0)
    assert standing(world, goal).value == 9.0
    assert standing(world, goal, then(world, on(6))).value == 5.0
    assert standing(world, goal, then(world, on(6), known=4)).value is None
    assert standing(world, goal, after(world, 4)).value == 9.0


def test_a_correction_applies_to_past_times_but_not_to_earlier_positions(world: World, goal: KeyResultRow) -> None:
    id = check_in(world, goal.id, on(5), value=5.0, confidence=0.5)
    world.record(CorrectCheckIn(check_in=id, value=6.0, reason="miscounted"))
    assert standing(world, goal, then(world, on(5))).value == 6.0
    assert standing(world, goal, then(world, on(5), known=4)).value == 5.0
    original, corrected = measurements.CHECK_INS.versions(world.conn, world.now, [id])[id]
    assert (original.value, original.ended, original.until_position) == (5.0, Ending.CORRECTED, 5)
    assert (corrected.value, corrected.ended, corrected.version, corrected.reason) == (6.0, None, 2, "miscounted")
    (then_known,) = measurements.CHECK_INS.versions(world.conn, after(world, 4), [id])[id]
    assert (then_known.value, then_known.ended, then_known.until_position) == (5.0, None, None)


def test_superseded_check_ins_are_shown_on_request(world: World, goal: KeyResultRow) -> None:
    ids = [check_in(world, goal.id, on(day), value=float(day)) for day in (5, 6, 7)]
    world.record(CorrectCheckIn(check_in=ids[0], value=5.5, reason="miscounted"))
    now = world.now
    current = measurements.CHECK_INS.pages(world.conn, now, [goal.id], Window(9))[goal.id]
    assert [row.value for row in current] == [5.5, 6.0, 7.0]
    everything = measurements.CHECK_INS.pages(world.conn, now, [goal.id], Window(9), include_superseded=True)[goal.id]
    assert [row.value for row in everything] == [5.0, 5.5, 6.0, 7.0]
    assert measurements.CHECK_INS.counts(world.conn, now, [goal.id], include_superseded=True) == {goal.id: 4}


def test_a_milestone_is_reached_at_its_first_check_in(world: World) -> None:
    metric = Metric(Direction.MILESTONES, milestones=(Milestone("a", "first"), Milestone("b", "second")))
    id = key_result(world, objective(world, cycle(world)), metric)
    check_in(world, id, on(5), reached=["a"])
    check_in(world, id, on(7), reached=["a", "b"])
    check_in(world, id, on(4), reached=["a"])
    row = key_results(world.conn, world.now, [id])[id]
    assert row.metric == metric
    assert milestones_reached(world, row, world.now) == {"a": on(4), "b": on(7)}
    assert milestones_reached(world, row, then(world, on(6))) == {"a": on(4)}
    assert standing(world, row).reached == ("a", "b")


def test_a_linked_key_result_is_measured_by_all_readings_of_its_kpi(world: World, goal: KeyResultRow) -> None:
    check_in(world, goal.id, on(4), value=2.0, confidence=0.6)
    index = kpi(world)
    read(world, index, (on(5), 50.0), (on(8), 80.0))
    world.record(LinkKpi(key_result=goal.id, kpi=KpiBy(id=index), effective_at=on(6)))
    found = standing(world, linked(world, goal))
    assert (found.value, found.measured_at, found.confidence, found.last_measured_at) == (80.0, on(8), 0.6, on(8))
    before = standing(world, linked(world, goal), then(world, on(7)))
    assert (before.value, before.confidence, before.last_measured_at) == (50.0, 0.6, on(5))


def linked(world: World, goal: KeyResultRow, basis: Basis | None = None) -> KeyResultRow:
    """The row at a basis, by default the newest one."""
    return key_results(world.conn, basis or world.now, [goal.id])[goal.id]


def test_a_moment_before_the_link_has_the_reading_of_then_if_the_link_is_known(
    world: World, goal: KeyResultRow
) -> None:
    check_in(world, goal.id, on(4), value=2.0)
    index = kpi(world)
    read(world, index, (on(5), 50.0))
    known = world.now.position
    world.record(LinkKpi(key_result=goal.id, kpi=KpiBy(id=index), effective_at=on(7)))
    seen_now, seen_then = then(world, on(6)), then(world, on(6), known)
    assert standing(world, linked(world, goal, seen_now), seen_now).value == 50.0
    assert standing(world, linked(world, goal, seen_then), seen_then).value == 2.0


def test_after_unlinking_the_last_linked_value_stays_until_a_later_check_in(world: World, goal: KeyResultRow) -> None:
    check_in(world, goal.id, on(4), value=2.0)
    index = kpi(world)
    world.record(LinkKpi(key_result=goal.id, kpi=KpiBy(id=index), effective_at=on(5)))
    read(world, index, (on(6), 60.0))
    world.record(UnlinkKpi(key_result=goal.id, effective_at=on(8)))
    read(world, index, (on(9), 90.0))
    assert standing(world, linked(world, goal)).value == 60.0
    check_in(world, goal.id, on(7), value=7.0)
    assert standing(world, linked(world, goal)).value == 60.0
    check_in(world, goal.id, on(10), value=10.0)
    assert standing(world, linked(world, goal)).value == 10.0


def test_two_key_results_of_one_kpi_each_use_their_own_aggregate(world: World, goal: KeyResultRow) -> None:
    index = kpi(world)
    read(world, index, (on(2), 10.0), (on(5), 50.0), (on(6), 60.0))
    total, mean = key_result(world, goal.objective), key_result(world, goal.objective)
    world.record(LinkKpi(key_result=goal.id, kpi=KpiBy(id=index), effective_at=on(7)))
    since: dict[str, Any] = {"aggregate": Aggregation.SUM, "count_from": on(4).date()}
    world.record(LinkKpi(key_result=total, kpi=KpiBy(id=index), effective_at=on(7), **since))
    world.record(LinkKpi(key_result=mean, kpi=KpiBy(id=index), effective_at=on(7), aggregate=Aggregation.MEAN))
    rows = key_results(world.conn, world.now, [goal.id, total, mean])
    found = standings(world, [rows[id] for id in (goal.id, total, mean)], world.now)
    assert [one.value for one in found] == [60.0, 110.0, 40.0]


# ── readings ─────────────────────────────────────────────────────────────────────────────────────


def test_readings_are_paged_for_each_kpi(world: World) -> None:
    one, two, none = kpi(world, "one"), kpi(world, "two"), kpi(world, "none")
    read(world, one, *((on(day), float(day)) for day in (5, 6, 7, 8)))
    read(world, two, (on(6), 60.0))
    asked = [one, two, none]

    def values(window: Window, *, descending: bool = False) -> list[list[float]]:
        found = measurements.READINGS.pages(world.conn, world.now, asked, window, descending=descending)
        return [[row.value for row in found[id]] for id in asked]

    assert values(Window(2)) == [[5.0, 6.0], [60.0], []]
    assert values(Window(2, backwards=True)) == [[7.0, 8.0], [60.0], []]
    assert values(Window(2), descending=True) == [[8.0, 7.0], [60.0], []]
    rows = measurements.READINGS.pages(world.conn, world.now, [one], Window(9))[one]
    after, before = measurements.READINGS.cursor(rows[0]), measurements.READINGS.cursor(rows[3])
    assert values(Window(9, after=after, before=before))[0] == [6.0, 7.0]
    assert values(Window(1, after=before, before=after, backwards=True), descending=True)[0] == [6.0]
    assert measurements.READINGS.counts(world.conn, world.now, asked) == {one: 4, two: 1, none: 0}


def test_a_span_of_readings_is_half_open(world: World) -> None:
    id = kpi(world)
    read(world, id, *((on(day), float(day)) for day in (5, 6, 7)))
    now, span = world.now, (on(5), on(7))
    assert [row.value for row in measurements.READINGS.all(world.conn, now, [id], *span)[id]] == [5.0, 6.0]
    assert [row.value for row in measurements.READINGS.pages(world.conn, now, [id], Window(9), *span)[id]] == [5.0, 6.0]
    assert measurements.READINGS.counts(world.conn, now, [id], *span) == {id: 2}


def test_a_retracted_reading_is_hidden_and_can_be_recorded_again(world: World) -> None:
    id = kpi(world)
    (reading,) = read(world, id, (on(5), 5.0))
    world.record(RetractReading(reading=reading, reason="a wrong meter"))
    assert measurements.READINGS.latest(world.conn, world.now, [id]) == {}
    row = measurements.READINGS.by_id(world.conn, world.now, [reading])[reading]
    assert (row.value, row.ended) == (5.0, Ending.RETRACTED)
    read(world, id, (on(5), 7.0))
    row = measurements.READINGS.latest(world.conn, world.now, [id])[id]
    assert (row.id, row.version, row.value, row.ended) == (reading, 3, 7.0, None)
    rows = measurements.READINGS.versions(world.conn, world.now, [reading])[reading]
    assert [each.version for each in rows] == [1, 3]


def test_retracting_and_recording_again_in_one_batch_equals_separate_batches(world: World) -> None:
    id = kpi(world)
    (reading,) = read(world, id, (on(5), 5.0))
    world.write(CorrectReading(reading=reading, value=6.0, reason="misread"))
    world.write(RetractReading(reading=reading, reason="a wrong meter"))
    again = ReadingInput(kpi=KpiBy(id=id), measured_at=on(5), value=7.0)
    world.write(RecordReadings(readings=[again]))
    world.catch_up()
    rows = measurements.READINGS.versions(world.conn, world.now, [reading])[reading]
    assert [(row.version, row.ended, row.until_position) for row in rows] == [
        (1, Ending.CORRECTED, 3),
        (2, Ending.RETRACTED, 4),
        (4, None, None),
    ]


def test_kpi_versions_end_at_the_basis(world: World) -> None:
    id = kpi(world)
    world.record(RedefineKpi(kpi=KpiBy(id=id), name="Net score", reason="clearer", effective_at=on(5)))
    world.record(RetireKpi(kpi=KpiBy(id=id), reason="enough", effective_at=on(9)))
    rows = kpi_versions(world.conn, world.now, [id])[id]
    assert [(row.name, row.retired, row.reason) for row in rows] == [
        ("nps", False, None),
        ("Net score", False, "clearer"),
        ("Net score", True, "enough"),
    ]
    assert len(kpi_versions(world.conn, then(world, on(6)), [id])[id]) == 2
