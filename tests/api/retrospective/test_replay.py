"""Replays: the contents of each frame, and the range of frames."""

from datetime import UTC, date, datetime
from typing import Any
from unittest.mock import Mock

import pytest

from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle, OpenCycle
from domain.commands.key_result_commands import CheckIn, CorrectCheckIn, DropKeyResult, LinkKpi
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, RetractReading
from domain.commands.objective_commands import AlignObjective, CommitObjective, DropObjective, UnalignObjective
from domain.primitives.values import Direction, Kind, Metric, Ref
from projections.history import replay
from tests.api.schema import goals
from tests.api.schema.crowd import Crowd
from tests.api.schema.goals import CYCLE, day
from tests.asking import AskedWorld

FRAMES = """
    query($every: Step! = WEEK, $from: DateTime, $to: DateTime, $known: DateTime, $cycle: CycleBy! = {key: "2026-q1"}) {
        replay(cycle: $cycle, every: $every, from: $from, to: $to, known: $known) { frames {
            basis { at known position } objectives keyResults progress { value } byHealth { health count }
            changes { __typename position }
        } }
    }
"""


def frames(world: AskedWorld, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.ask(FRAMES, **asked)["replay"]["frames"]
    return found


def days(shown: list[dict[str, Any]]) -> list[float]:
    """The days of the frames, counted from the start of the cycle."""
    return [(datetime.fromisoformat(frame["basis"]["at"]) - day(0)).total_seconds() / 86400 for frame in shown]


def values(shown: list[dict[str, Any]]) -> list[float | None]:
    return [frame["progress"]["value"] for frame in shown]


def position(world: AskedWorld) -> int:
    return world.catch_up()


def import_quarter(world: AskedWorld, *, closed: bool = True) -> Any:
    """A quarter imported after its end: one key result from 0 to 100, measured at 20 and 60."""
    goals.cycle(world)
    return import_goals_of_quarter(world, closed=closed)


def import_goals_of_quarter(world: AskedWorld, *, closed: bool = True) -> Any:
    of = goals.key_result(world, goals.objective(world))
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    goals.check_in(world, of, 20, 10)
    goals.check_in(world, of, 60, 40)
    if closed:
        world.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(91)))
    return of


# ── contents of frames ────────────────────────────────────────────────────────────────────────────


def test_imported_history_is_replayed_by_effective_time(world: AskedWorld) -> None:
    import_quarter(world)
    shown = frames(world, every="MONTH")
    assert days(shown) == [0, 31, 59, 90, 91]
    assert values(shown) == [None, 0.2, 0.6, 0.6, 0.6]


def test_live_changes_appear_from_their_recording_on(world: AskedWorld) -> None:
    of = import_quarter(world, closed=False)
    world.do(CheckIn(key_result=of, value=70))
    on = position(world)
    world.do(CheckIn(key_result=of, value=90, measured_at=day(20)))
    shown = frames(world, every="CHANGE", **{"from": day(0).isoformat()})
    assert values(shown) == [None, None, 0.2, 0.6, 0.7, 0.7, 0.7]
    assert [frame["basis"]["position"] for frame in shown][-3:] == [on, on + 1, on + 1]
    known_now = frames(world, every="CHANGE", known=shown[-1]["basis"]["known"], **{"from": day(0).isoformat()})
    assert values(known_now) == [None, None, 0.2, 0.9, 0.6, 0.7, 0.7]


def test_correction_appears_when_it_was_recorded(world: AskedWorld) -> None:
    of = import_quarter(world, closed=False)
    early = goals.check_in(world, of, 30, 50)
    world.do(CheckIn(key_result=of, confidence=0.5))
    world.do(CorrectCheckIn(check_in=early, value=40, reason="a typing error"))
    shown = frames(world, every="CHANGE", **{"from": day(45).isoformat()})
    assert values(shown) == [0.6, 0.3, 0.3, 0.4, 0.4]


def test_retracted_reading_is_visible_until_its_retraction(world: AskedWorld) -> None:
    of = import_quarter(world, closed=False)
    users = KpiBy(id=world.record(DefineKpi(key="users", name="Users")))
    world.do(LinkKpi(key_result=of, kpi=users))
    since = world.ask("{ basis { known } }")["basis"]["known"]
    for value in (30, 50):
        world.do(RecordReadings(readings=[ReadingInput(kpi=users, value=value, measured_at=day(value))]))
    (*_, last) = world.log.entries(0, 100)
    world.do(RetractReading(reading=last.event.originator_id, reason="the wrong sheet"))
    assert values(frames(world, every="CHANGE", **{"from": since})) == [None, 0.3, 0.5, 0.3, 0.3]


def test_last_frame_of_a_closed_cycle_is_its_outcome(world: AskedWorld) -> None:
    of = import_quarter(world)
    world.do(CheckIn(key_result=of, value=100, measured_at=day(80), reason="found in a drawer"))
    (*_, last) = frames(world)
    cycle = world.ask('{ cycle(by: {key: "2026-q1"}) { outcome { basis { at known position } } progress { value } } }')
    assert last["basis"] == cycle["cycle"]["outcome"]["basis"]
    assert (last["progress"]["value"], cycle["cycle"]["progress"]["value"]) == (0.6, 1.0)
    assert values(frames(world, to=datetime.now(UTC).isoformat()))[-1] == 1.0


def test_each_change_is_listed_in_the_first_frame_that_shows_it(world: AskedWorld) -> None:
    import_quarter(world)
    shown = frames(world, every="MONTH")
    assert [[change["__typename"] for change in frame["changes"]] for frame in shown] == [
        [],
        ["ObjectiveCommitted", "CycleActivated", "KeyResultCheckedIn"],
        ["KeyResultCheckedIn"],
        [],
        ["KeyResultScored", "ObjectiveClosed", "CycleClosed"],
    ]


def test_drafts_and_dropped_goals_are_not_counted(world: AskedWorld) -> None:
    import_quarter(world, closed=False)
    whole = goals.objective(world, "Be everywhere at once", effective_at=day(2))
    world.do(CommitObjective(objective=whole, effective_at=day(35)))
    part = goals.key_result(world, whole, effective_at=day(2))
    goals.key_result(world, whole, "Countries", effective_at=day(2))
    world.do(DropKeyResult(key_result=part, reason="no", effective_at=day(20)))
    world.do(DropObjective(objective=whole, reason="no", effective_at=day(40)))
    shown = frames(world, every="WEEK", to=day(45).isoformat())
    counted = [(frame["objectives"], frame["keyResults"]) for frame in shown]
    # a draft until day 1; the other one is committed on day 35 and dropped on day 40
    assert counted == [(0, 0), *[(1, 1)] * 5, (2, 2), (1, 1)]
    assert all(sum(one["count"] for one in frame["byHealth"]) == frame["keyResults"] for frame in shown)


def test_every_frame_lists_all_health_values_in_order(world: AskedWorld) -> None:
    import_quarter(world)
    for frame in frames(world):
        assert [one["health"] for one in frame["byHealth"]] == [
            "PENDING", "ON_TRACK", "AT_RISK", "OFF_TRACK", "OUTDATED", "ACHIEVED", "PARTIAL", "MISSED",
        ]  # fmt: skip


def test_frame_view_reads_its_basis(world: AskedWorld) -> None:
    import_quarter(world)
    asked = """{ replay(cycle: {key: "2026-q1"}, every: MONTH) { frames { view {
        basis { position isNow } keyResults { nodes { current } }
    } } } }"""
    shown = [frame["view"] for frame in world.ask(asked)["replay"]["frames"]]
    assert [[one["current"] for one in view["keyResults"]["nodes"]] for view in shown] == [
        [None],
        [20],
        [60],
        [60],
        [60],
    ]
    assert not any(view["basis"]["isNow"] for view in shown)


# ── cycles of cycles and headings ─────────────────────────────────────────────────────────────────

YEAR, SECOND = CycleBy(key="2026"), CycleBy(key="2026-q2")
IN_YEAR = {"cycle": {"key": "2026"}}


def import_year(world: AskedWorld) -> Any:
    """A year of 365 days without objectives, imported after its first half: Q1 closed at 0.6, Q2 open at 0.5. Returns
    the key result of Q2."""
    goals.cycle(world, "2026", days=365)
    world.do(ActivateCycle(cycle=YEAR, effective_at=day(1)))
    goals.cycle(world, parent=YEAR)
    import_goals_of_quarter(world)
    goals.cycle(world, "2026-q2", goals.Q2, 91, parent=YEAR)
    objective = goals.objective(world, "Grow in the north", cycle=SECOND, effective_at=day(90))
    of = goals.key_result(world, objective, effective_at=day(90))
    world.do(ActivateCycle(cycle=SECOND, effective_at=day(92)))
    goals.check_in(world, of, 50, 130)
    return of


def test_imported_year_is_replayed_by_the_effective_times_of_its_quarters(world: AskedWorld) -> None:
    import_year(world)
    shown = frames(world, every="MONTH", to=day(151).isoformat(), **IN_YEAR)
    first, both = 90 * 0.6 / 365, (90 * 0.6 + 91 * 0.5) / 365
    assert days(shown) == [0, 31, 59, 90, 120, 151]
    assert values(shown) == [None, *map(pytest.approx, (90 * 0.2 / 365, first, first, first, both))]
    assert [[change["__typename"] for change in frame["changes"]] for frame in shown] == [
        [],
        ["CycleActivated", "ObjectiveCommitted", "CycleActivated", "KeyResultCheckedIn"],
        ["KeyResultCheckedIn"],
        ["ObjectiveDrafted", "KeyResultAdded"],
        ["KeyResultScored", "ObjectiveClosed", "CycleClosed", "ObjectiveCommitted", "CycleActivated"],
        ["KeyResultCheckedIn"],
    ]


def test_live_changes_of_a_quarter_appear_in_its_year_from_their_recording_on(world: AskedWorld) -> None:
    of = import_year(world)
    world.do(CheckIn(key_result=of, value=70))
    on = position(world)
    world.do(CheckIn(key_result=of, value=90, measured_at=day(140)))
    shown = frames(world, every="CHANGE", **IN_YEAR, **{"from": day(100).isoformat()})
    assert [frame["basis"]["position"] for frame in shown] == [on - 1, on - 1, on, on + 1, on + 1]
    before, then, late = ((90 * 0.6 + 91 * share) / 365 for share in (0, 0.5, 0.7))
    assert values(shown) == [pytest.approx(value) for value in (before, then, late, late, late)]


def test_replay_of_a_year_with_objectives_of_its_own_shows_its_own_changes_only(world: AskedWorld) -> None:
    goals.cycle(world, "2026", days=365)
    own = goals.key_result(world, goals.objective(world, "Be trusted by all", cycle=YEAR))
    world.do(ActivateCycle(cycle=YEAR, effective_at=day(1)))
    goals.cycle(world, parent=YEAR)
    import_goals_of_quarter(world)
    goals.check_in(world, own, 30, 45)
    shown = frames(world, every="CHANGE", **IN_YEAR)
    assert values(shown) == [None, None, 0.3, 0.3]
    assert [[change["__typename"] for change in frame["changes"]] for frame in shown] == [
        [], ["ObjectiveCommitted", "CycleActivated"], ["KeyResultCheckedIn"], [],
    ]  # fmt: skip


def test_heading_is_replayed_with_its_supporters_from_another_cycle(world: AskedWorld) -> None:
    goals.cycle(world, "2026", days=365)
    heading = goals.objective(world, "Lead the market", cycle=YEAR)
    goals.cycle(world, "half", days=181)
    supporter = goals.objective(world, "Win the north", cycle=CycleBy(key="half"))
    of = goals.key_result(world, supporter)
    world.do(ActivateCycle(cycle=YEAR, effective_at=day(1)))
    world.do(ActivateCycle(cycle=CycleBy(key="half"), effective_at=day(2)))
    top = Ref(Kind.OBJECTIVE, heading)
    world.do(AlignObjective(objective=supporter, to=top, effective_at=day(10)))
    goals.check_in(world, of, 40, 20)
    world.do(UnalignObjective(objective=supporter, from_=top, effective_at=day(30)))
    shown = frames(world, every="CHANGE", **IN_YEAR)
    assert days(shown)[:-1] == [0, 1, 2, 10, 20, 30]
    assert values(shown) == [None, None, None, None, 0.4, None, None]
    assert [change["__typename"] for frame in shown[3:6] for change in frame["changes"]] == [
        "ObjectiveAligned", "KeyResultCheckedIn", "ObjectiveUnaligned",
    ]  # fmt: skip


# ── range of frames ───────────────────────────────────────────────────────────────────────────────


def test_weekly_frames_start_on_the_first_day_and_follow_iso_weeks(world: AskedWorld) -> None:
    import_quarter(world)
    shown = days(frames(world))
    assert shown == [0, *range(4, 91, 7), 91]  # 1 January 2026 was a Thursday


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [(31, 59, [31, 59]), (30, 60, [30, 31, 59, 60]), (40, 40, [40]), (-40, 0, [-40, -31, 0])],
)
def test_first_and_last_frame_are_at_the_given_times(
    world: AskedWorld, since: float, until: float, expected: list[float]
) -> None:
    import_quarter(world)
    asked = {"from": day(since).isoformat(), "to": day(until).isoformat()}
    assert days(frames(world, every="MONTH", **asked)) == expected


def test_no_frame_is_in_the_future(world: AskedWorld) -> None:
    import_quarter(world, closed=False)
    before = datetime.now(UTC)
    (*_, last) = frames(world, every="QUARTER", to="2100-01-01T00:00:00Z")
    assert before <= datetime.fromisoformat(last["basis"]["at"]) <= datetime.now(UTC)


def test_future_cycle_has_one_present_frame(world: AskedWorld) -> None:
    world.do(OpenCycle(key="2100-q1", name="Far", starts_on=date(2100, 1, 1), ends_on=date(2100, 3, 31)))
    (frame,) = frames(world, cycle={"key": "2100-q1"})
    assert (frame["objectives"], frame["progress"]["value"]) == (0, None)


def test_invalid_time_range_is_refused(world: AskedWorld) -> None:
    import_quarter(world)
    assert world.code(FRAMES, **{"from": day(50).isoformat(), "to": day(40).isoformat()}) == "INVALID"
    assert world.code(FRAMES, **{"from": "2100-01-01T00:00:00Z"}) == "INVALID"
    assert world.code(FRAMES, known="2100-01-01T00:00:00Z") == "INVALID"


def test_unknown_cycle_is_not_found(world: AskedWorld) -> None:
    assert world.code(FRAMES) == "NOT_FOUND"
    assert world.code(FRAMES, cycle={"id": "nonsense"}) == "NOT_FOUND"


def test_too_large_replay_is_refused(world: AskedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    import_quarter(world)
    assert world.code(FRAMES, every="DAY", **{"from": "1900-01-01T00:00:00Z"}) == "TOO_LARGE"
    monkeypatch.setattr(replay, "FIGURES_MAX", 15)
    assert len(frames(world)) == 15
    assert world.code(FRAMES, every="DAY") == "TOO_LARGE"


# ── statement count ───────────────────────────────────────────────────────────────────────────────


def test_statement_count_does_not_depend_on_the_number_of_frames(
    world: AskedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    Crowd(world).join(5)
    kpi = world.record(DefineKpi(key="users", name="Users"))
    of = goals.key_result(world, goals.objective(world), metric=Metric(Direction.INCREASE, start=0.0, target=9.0))
    world.do(LinkKpi(key_result=of, kpi=KpiBy(id=kpi), effective_at=day(2)))
    calls = Mock(wraps=world.log.at)
    monkeypatch.setattr(world.log, "at", calls)
    month = world.count(FRAMES, every="DAY", to=day(30).isoformat())
    year = world.count(FRAMES, every="DAY", **{"from": day(-365).isoformat()})
    # The basis, the cycle; policies, cycles, objectives, key results, alignments, check-ins, KPIs, readings; three of
    # the log; objectives, standings and alignments along the bases; the changes.
    assert month == year == 17
    assert calls.call_count == 2
