"""Parsers of texts, numbers and moments: the stored form, and the code and field of each rejection."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from domain.primitives import parsers
from domain.primitives.checks import metric_checks
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Direction, Metric, Milestone, Unit
from tests.domain.metrics.builders import OPENING


def test_texts_are_trimmed_and_bounded() -> None:
    assert parsers.title("  Grow \N{SNOWMAN} ") == "Grow \N{SNOWMAN}"
    assert parsers.title("x" * 300) == "x" * 300
    assert parsers.prose("  \n ") is None
    assert parsers.prose("two\nlines\tand a tab") == "two\nlines\tand a tab"
    assert parsers.prose("x" * 20_000) == "x" * 20_000


@pytest.mark.parametrize(
    "text", ["", "  ", "x" * 301, "two\nlines", "two\u2028lines", "a\ttab", "NUL \0", "bell \a", "\ud800"]
)
def test_a_title_is_one_line_of_1_to_300_characters_without_control_characters(text: str) -> None:
    with pytest.raises(CommandRejected) as refused:
        parsers.title(text, "title")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("title",))


@pytest.mark.parametrize("text", ["x" * 20_001, "NUL \0", "\x1b[31m"])
def test_prose_has_up_to_20000_characters_and_no_control_characters(text: str) -> None:
    with pytest.raises(CommandRejected) as refused:
        parsers.prose(text, "note")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("note",))


def test_text_is_stored_in_nfc() -> None:
    decomposed, composed = "cafe\u0301", "caf\u00e9"
    assert parsers.title(decomposed) == parsers.prose(decomposed) == composed
    assert parsers.email(f"{decomposed}@example.com") == f"{composed}@example.com"
    assert metric_checks.unit(Unit(symbol="\u212b")).symbol == "\u00c5"
    milestones = (Milestone("a", decomposed),)
    stored = metric_checks.metric(Metric(Direction.MILESTONES, unit=Unit(symbol="\u212a"), milestones=milestones), None)
    assert (stored.milestones[0].title, stored.unit.symbol) == (composed, "K")


def test_the_length_of_a_text_is_counted_in_nfc() -> None:
    assert parsers.title("e\u0301" * 300) == "\u00e9" * 300


@pytest.mark.parametrize("text", ["a", "2026-q1", "conversion.rate", "a_b", "x" * 64])
def test_a_key_is_lower_case_and_short(text: str) -> None:
    assert parsers.key(text) == text


@pytest.mark.parametrize("text", ["", "Q1", "a b", "-a", "a-", "é", "a\n", "x" * 65])
def test_invalid_keys_are_refused(text: str) -> None:
    with pytest.raises(CommandRejected) as refused:
        parsers.key(text, "key")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("key",))


def test_an_email_is_optional_and_trimmed() -> None:
    assert parsers.email(" ada@example.com ") == "ada@example.com"
    assert parsers.email(" ") is None
    assert parsers.email(None) is None


@pytest.mark.parametrize("text", ["ada", "a@", "@b", "a b@c", "a@b@c"])
def test_invalid_emails_are_refused(text: str) -> None:
    with pytest.raises(CommandRejected) as refused:
        parsers.email(text, "email")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("email",))


@pytest.mark.parametrize("value", [0.0, 1.0, 0.5, None])
def test_a_share_lies_between_0_and_1_or_is_none(value: float | None) -> None:
    assert parsers.share(value) == value


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan, math.inf])
def test_invalid_shares_are_refused(value: float) -> None:
    with pytest.raises(CommandRejected) as refused:
        parsers.share(value, "confidence")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("confidence",))


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_weight_is_a_finite_number_above_0(value: float) -> None:
    with pytest.raises(CommandRejected) as refused:
        parsers.weight(value, "weight")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("weight",))


def test_a_time_may_be_60_seconds_ahead_and_is_converted_to_utc() -> None:
    ahead = OPENING + timedelta(seconds=60)
    assert parsers.moment(ahead, OPENING) == ahead
    assert parsers.moment(datetime.fromisoformat("2025-12-31T23:00:00-02:00"), ahead + timedelta(hours=1)).tzinfo is UTC


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
        parsers.moment(value, OPENING, "measuredAt")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("measuredAt",))


@pytest.mark.parametrize("unseen", ["\u200b", "\u202e\u202c", "\u200b \u00ad"])
def test_a_title_needs_a_visible_character(unseen: str) -> None:
    with pytest.raises(CommandRejected) as refused:
        parsers.title(unseen, "title")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("title",))
