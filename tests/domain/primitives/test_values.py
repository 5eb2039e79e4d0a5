"""Validation of goals, metrics and texts: the code and the field of each rejection."""

import math
import sys
from datetime import UTC, datetime, timedelta

import pytest

from domain.primitives import values
from domain.primitives.checks import metric_checks
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Cadence, Direction, GoalDirection, KpiGoal, Metric, Milestone, ScoringPolicy, Unit
from tests.domain.metrics.builders import OPENING, metric

HUGE = sys.float_info.max


def refusal_of(given: Metric, baseline: float | None = None) -> CommandRejected:
    with pytest.raises(CommandRejected) as refused:
        metric_checks.metric(given, baseline, "metric")
    return refused.value


REFUSED_METRICS = {
    "increase without start": (Metric(Direction.INCREASE, target=1), "start"),
    "increase without target": (Metric(Direction.INCREASE, start=1), "target"),
    "increase from its target": (Metric(Direction.INCREASE, start=5, target=5), "target"),
    "increase downwards": (Metric(Direction.INCREASE, start=6, target=5), "target"),
    "increase with bounds": (Metric(Direction.INCREASE, start=0, target=1, lower=0), "lower"),
    "decrease without start": (Metric(Direction.DECREASE, target=1), "start"),
    "decrease without target": (Metric(Direction.DECREASE, start=1), "target"),
    "decrease from its target": (Metric(Direction.DECREASE, start=5, target=5), "start"),
    "decrease upwards": (Metric(Direction.DECREASE, start=5, target=6), "start"),
    "at least without target": (Metric(Direction.AT_LEAST, start=1), "target"),
    "at most without target": (Metric(Direction.AT_MOST), "target"),
    "at most with an upper bound": (Metric(Direction.AT_MOST, target=1, upper=2), "upper"),
    "within without lower": (Metric(Direction.WITHIN, upper=1), "lower"),
    "within without upper": (Metric(Direction.WITHIN, lower=1), "upper"),
    "within one point": (Metric(Direction.WITHIN, lower=1, upper=1), "upper"),
    "within crossed bounds": (Metric(Direction.WITHIN, lower=2, upper=1), "upper"),
    "within with a target": (Metric(Direction.WITHIN, lower=1, upper=2, target=1), "target"),
    "within with changeBy": (Metric(Direction.WITHIN, lower=1, upper=2, start=1, change_by=0.1), "changeBy"),
    "no milestones": (Metric(Direction.MILESTONES), "milestones"),
    "milestones with a start": (Metric(Direction.MILESTONES, start=0, milestones=(Milestone("a", "A"),)), "start"),
    "done with a target": (Metric(Direction.DONE, target=1), "target"),
    "done with milestones": (Metric(Direction.DONE, milestones=(Milestone("a", "A"),)), "milestones"),
    "NaN": (Metric(Direction.AT_LEAST, target=math.nan), "target"),
    "infinity": (Metric(Direction.INCREASE, start=-math.inf, target=1), "start"),
    "an integer beyond floats": (Metric(Direction.AT_LEAST, target=10**400), "target"),
    "a span too large to compute": (Metric(Direction.INCREASE, start=-HUGE, target=HUGE), "target"),
    "a bound too far to compute": (Metric(Direction.WITHIN, start=-HUGE, lower=HUGE / 2, upper=HUGE), "lower"),
    "changeBy without start": (Metric(Direction.INCREASE, change_by=0.2), "changeBy"),
    "changeBy of nothing": (Metric(Direction.INCREASE, start=0, change_by=0.2), "changeBy"),
    "changeBy the wrong way": (Metric(Direction.DECREASE, start=20, change_by=0.05), "changeBy"),
    "changeBy beyond floats": (Metric(Direction.AT_LEAST, start=HUGE, change_by=1), "changeBy"),
    "changeBy against target": (Metric(Direction.INCREASE, start=10, target=13, change_by=0.2), "target"),
    "a symbol too long": (Metric(Direction.DONE, unit=Unit(symbol="x" * 65)), "unit.symbol"),
    "a symbol with NUL": (Metric(Direction.DONE, unit=Unit(symbol="\0")), "unit.symbol"),
}


@pytest.mark.parametrize(("given", "field"), REFUSED_METRICS.values(), ids=REFUSED_METRICS.keys())
def test_an_invalid_metric_is_refused_with_its_field(given: Metric, field: str) -> None:
    refused = refusal_of(given)
    assert refused.code is Code.INVALID
    assert ".".join(refused.field) == f"metric.{field}"
    assert refused.message.endswith(".")


REFUSED_MILESTONES = {
    "a key with a space": (Milestone("a b", "A"), ("1", "key")),
    "no key": (Milestone("", "A"), ("1", "key")),
    "a blank title": (Milestone("a", "  "), ("1", "title")),
    "a title too long": (Milestone("a", "x" * 301), ("1", "title")),
    "no weight": (Milestone("a", "A", 0), ("1", "weight")),
    "a negative weight": (Milestone("a", "A", -1), ("1", "weight")),
    "an infinite weight": (Milestone("a", "A", math.inf), ("1", "weight")),
    "the same key again": (Milestone("first", "A"), ("1", "key")),
    "a weight whose sum overflows": (Milestone("a", "A", HUGE), ()),
}


@pytest.mark.parametrize(("milestone", "field"), REFUSED_MILESTONES.values(), ids=REFUSED_MILESTONES.keys())
def test_an_invalid_milestone_is_refused_with_its_field(milestone: Milestone, field: tuple[str, ...]) -> None:
    refused = refusal_of(Metric(Direction.MILESTONES, milestones=(Milestone("first", "First", HUGE), milestone)))
    assert (refused.code, refused.field) == (Code.INVALID, ("metric", "milestones", *field))


def test_milestone_titles_are_trimmed() -> None:
    stored = metric(Direction.MILESTONES, milestones=(Milestone("a", "  Pilot live "),))
    assert stored.milestones == (Milestone("a", "Pilot live", 1.0),)


@pytest.mark.parametrize(
    ("direction", "start", "change_by", "target"),
    [
        (Direction.INCREASE, 200, 0.2, 240),
        (Direction.INCREASE, 0.1, 0.2, 0.12),
        (Direction.INCREASE, 1000, 0.1, 1100),
        (Direction.INCREASE, -50, 0.2, -40),
        (Direction.DECREASE, 20, -0.05, 19),
        (Direction.DECREASE, -50, -0.2, -60),
        (Direction.AT_LEAST, 80, 0.1, 88),
        (Direction.AT_MOST, 0.3, -0.1, 0.27),
    ],
)
def test_change_by_computes_the_target_from_the_start(
    direction: Direction, start: float, change_by: float, target: float
) -> None:
    stored = metric(direction, start=start, change_by=change_by)
    assert (stored.target, stored.change_by) == (target, change_by)


def test_change_by_with_the_wrong_sign_explains_how_to_write_a_decrease() -> None:
    assert "20 % less is -0.2" in refusal_of(Metric(Direction.DECREASE, start=20, change_by=0.05)).message


def test_validating_a_stored_metric_returns_it_unchanged() -> None:
    stored = metric(Direction.INCREASE, start=3, change_by=0.1)
    assert metric_checks.metric(stored, 99.0) == stored


@pytest.mark.parametrize("direction", [Direction.INCREASE, Direction.AT_LEAST])
def test_the_kpi_reading_is_the_default_start(direction: Direction) -> None:
    assert metric(direction, baseline=200, change_by=0.2) == Metric(direction, start=200, target=240, change_by=0.2)


def test_a_given_start_takes_precedence_over_the_kpi_reading() -> None:
    assert metric(Direction.INCREASE, baseline=200, start=100, change_by=0.5).target == 150


def test_a_baseline_is_ignored_by_metrics_without_a_start() -> None:
    assert metric(Direction.DONE, baseline=3) == Metric(Direction.DONE)


REFUSED_GOALS = {
    "at least without target": (KpiGoal(GoalDirection.AT_LEAST), "target"),
    "at most with a bound": (KpiGoal(GoalDirection.AT_MOST, target=1, upper=2), "upper"),
    "within without lower": (KpiGoal(GoalDirection.WITHIN, upper=2), "lower"),
    "within without upper": (KpiGoal(GoalDirection.WITHIN, lower=2), "upper"),
    "within with a target": (KpiGoal(GoalDirection.WITHIN, target=1, lower=1, upper=2), "target"),
    "within one point": (KpiGoal(GoalDirection.WITHIN, lower=2, upper=2), "upper"),
    "NaN": (KpiGoal(GoalDirection.AT_LEAST, target=math.nan), "target"),
    "an infinite bound": (KpiGoal(GoalDirection.WITHIN, lower=1, upper=math.inf), "upper"),
    "a negative tolerance": (KpiGoal(GoalDirection.AT_LEAST, target=1, tolerance=-0.1), "tolerance"),
    "a tolerance of NaN": (KpiGoal(GoalDirection.AT_LEAST, target=1, tolerance=math.nan), "tolerance"),
}


@pytest.mark.parametrize(("goal", "field"), REFUSED_GOALS.values(), ids=REFUSED_GOALS.keys())
def test_an_invalid_kpi_goal_is_refused_with_its_field(goal: KpiGoal, field: str) -> None:
    with pytest.raises(CommandRejected) as refused:
        metric_checks.kpi_goal(goal, "goal")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("goal", field))


@pytest.mark.parametrize(
    "goal",
    [
        KpiGoal(GoalDirection.AT_LEAST, target=80, tolerance=5),
        KpiGoal(GoalDirection.AT_MOST, target=0),
        KpiGoal(GoalDirection.WITHIN, lower=-1, upper=1),
    ],
)
def test_a_valid_kpi_goal_is_returned_unchanged(goal: KpiGoal) -> None:
    assert metric_checks.kpi_goal(goal) == goal


def test_texts_are_trimmed_and_bounded() -> None:
    assert values.title("  Grow \N{SNOWMAN} ") == "Grow \N{SNOWMAN}"
    assert values.title("x" * 300) == "x" * 300
    assert values.prose("  \n ") is None
    assert values.prose("two\nlines\tand a tab") == "two\nlines\tand a tab"
    assert values.prose("x" * 20_000) == "x" * 20_000


@pytest.mark.parametrize(
    "text", ["", "  ", "x" * 301, "two\nlines", "two\u2028lines", "a\ttab", "NUL \0", "bell \a", "\ud800"]
)
def test_a_title_is_one_line_of_1_to_300_characters_without_control_characters(text: str) -> None:
    with pytest.raises(CommandRejected) as refused:
        values.title(text, "title")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("title",))


@pytest.mark.parametrize("text", ["x" * 20_001, "NUL \0", "\x1b[31m"])
def test_prose_has_up_to_20000_characters_and_no_control_characters(text: str) -> None:
    with pytest.raises(CommandRejected) as refused:
        values.prose(text, "note")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("note",))


def test_text_is_stored_in_nfc() -> None:
    decomposed, composed = "cafe\u0301", "caf\u00e9"
    assert values.title(decomposed) == values.prose(decomposed) == composed
    assert values.email(f"{decomposed}@example.com") == f"{composed}@example.com"
    assert metric_checks.unit(Unit(symbol="\u212b")).symbol == "\u00c5"
    milestones = (Milestone("a", decomposed),)
    stored = metric_checks.metric(Metric(Direction.MILESTONES, unit=Unit(symbol="\u212a"), milestones=milestones), None)
    assert (stored.milestones[0].title, stored.unit.symbol) == (composed, "K")


def test_the_length_of_a_text_is_counted_in_nfc() -> None:
    assert values.title("e\u0301" * 300) == "\u00e9" * 300


@pytest.mark.parametrize("text", ["a", "2026-q1", "conversion.rate", "a_b", "x" * 64])
def test_a_key_is_lower_case_and_short(text: str) -> None:
    assert values.key(text) == text


@pytest.mark.parametrize("text", ["", "Q1", "a b", "-a", "a-", "é", "a\n", "x" * 65])
def test_invalid_keys_are_refused(text: str) -> None:
    with pytest.raises(CommandRejected) as refused:
        values.key(text, "key")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("key",))


def test_an_email_is_optional_and_trimmed() -> None:
    assert values.email(" ada@example.com ") == "ada@example.com"
    assert values.email(" ") is None
    assert values.email(None) is None


@pytest.mark.parametrize("text", ["ada", "a@", "@b", "a b@c", "a@b@c"])
def test_invalid_emails_are_refused(text: str) -> None:
    with pytest.raises(CommandRejected) as refused:
        values.email(text, "email")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("email",))


@pytest.mark.parametrize("value", [0.0, 1.0, 0.5, None])
def test_a_share_lies_between_0_and_1_or_is_none(value: float | None) -> None:
    assert values.share(value) == value


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan, math.inf])
def test_invalid_shares_are_refused(value: float) -> None:
    with pytest.raises(CommandRejected) as refused:
        values.share(value, "confidence")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("confidence",))


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_weight_is_a_finite_number_above_0(value: float) -> None:
    with pytest.raises(CommandRejected) as refused:
        values.weight(value, "weight")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("weight",))


def test_a_time_may_be_60_seconds_ahead_and_is_converted_to_utc() -> None:
    ahead = OPENING + timedelta(seconds=60)
    assert values.moment(ahead, OPENING) == ahead
    assert values.moment(datetime.fromisoformat("2025-12-31T23:00:00-02:00"), ahead + timedelta(hours=1)).tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        OPENING + timedelta(seconds=61),
        datetime.fromisoformat("9999-12-31T23:59:59-14:00"),
        datetime(1899, 12, 31, tzinfo=UTC),
        datetime.fromisoformat("0001-01-01T00:00:00+14:00"),
        datetime(2025, 1, 1),  # noqa: DTZ001
    ],
    ids=["in the future", "after all years", "before 1900", "before all years", "without an offset"],
)
def test_invalid_times_are_refused(value: datetime) -> None:
    with pytest.raises(CommandRejected) as refused:
        values.moment(value, OPENING, "measuredAt")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("measuredAt",))


def test_stale_after_is_the_cadence_times_the_policy_factor() -> None:
    assert ScoringPolicy().stale_after(Cadence.WEEKLY) == timedelta(days=10.5)
    assert ScoringPolicy(stale_after_cadences=2).stale_after(Cadence.QUARTERLY) == timedelta(days=184)
    assert ScoringPolicy(stale_after_cadences=1e300).stale_after(Cadence.DAILY) == timedelta(timedelta.max.days)


@pytest.mark.parametrize("unseen", ["\u200b", "\u202e\u202c", "\u200b \u00ad"])
def test_a_title_needs_a_visible_character(unseen: str) -> None:
    with pytest.raises(CommandRejected) as refused:
        values.title(unseen, "title")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("title",))
