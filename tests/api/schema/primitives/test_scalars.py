from datetime import UTC, datetime
from typing import Any

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from api.schema.primitives.scalars import POSITION_MAX, read_date, read_date_time, read_position, write_date_time


@given(st.datetimes(datetime(1900, 1, 1), timezones=st.timezones()))  # noqa: DTZ001 - hypothesis adds the zone
def test_time_is_written_in_utc_and_read_back(moment: datetime) -> None:
    text = write_date_time(moment)
    assert text.endswith("Z")
    assert read_date_time(text) == moment.astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T09:00:00Z", datetime(2026, 1, 31, 9, tzinfo=UTC)),
        ("2026-01-31t09:00:00z", datetime(2026, 1, 31, 9, tzinfo=UTC)),
        ("2026-01-31T09:00:00+02:30", datetime(2026, 1, 31, 6, 30, tzinfo=UTC)),
        ("2026-01-31T09:00:00.1-01:00", datetime(2026, 1, 31, 10, 0, 0, 100_000, tzinfo=UTC)),
        ("2026-01-31T09:00:00.123456789Z", datetime(2026, 1, 31, 9, 0, 0, 123_456, tzinfo=UTC)),
    ],
)
def test_time_is_read_as_rfc_3339(text: str, moment: datetime) -> None:
    assert read_date_time(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31", "2026-01-31T09:00:00", "2026-01-31T09:00Z", "20260131T090000Z", "2026-W05-6T09:00:00Z",
        "2026-02-30T09:00:00Z", "2026-01-31T24:00:01Z", "0001-01-01T00:00:00+14:00", "", "now", 5, None, 1.5, True,
    ],
)  # fmt: skip
def test_other_time_formats_are_refused(text: Any) -> None:
    with pytest.raises(GraphQLError):
        read_date_time(text)


@pytest.mark.parametrize("text", ["2026-1-1", "2026-02-30", "20260101", "2026-W01-1", "", 5, None])
def test_other_date_formats_are_refused(text: Any) -> None:
    with pytest.raises(GraphQLError):
        read_date(text)


@pytest.mark.parametrize("value", [-1, POSITION_MAX + 1, 1.0, "1", True, None])
def test_position_must_be_a_whole_number(value: Any) -> None:
    with pytest.raises(GraphQLError):
        read_position(value)


def test_positions_exceed_32_bits() -> None:
    assert read_position(POSITION_MAX) == 2**53
    assert read_position(0) == 0
