from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.snapshot.pagination import PAGE_DEFAULT, PAGE_MAX, Page, PageRequest, decode, encode, paginate
from domain.primitives.errors import Code, CommandRejected
from projections.store.versioned_tables import Cursor

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
CURSORS = st.lists(
    st.builds(Cursor, st.none() | st.floats(0, 1), st.uuids()), unique_by=lambda place: place.tie, max_size=30
)


def page(places: Sequence[Cursor], asked: PageRequest, *, descending: bool = False) -> Page[Cursor]:
    return paginate(asked, places, lambda place: place, "PROGRESS", descending)


def forwards(places: Sequence[Cursor], size: int, *, descending: bool) -> list[Cursor]:
    found: list[Cursor] = []
    after = None
    while True:
        found_page = page(places, PageRequest(first=size, after=after), descending=descending)
        assert found_page.has_previous() == bool(found)
        found += found_page.items
        if not found_page.has_next():
            return found
        after = found_page.cursor(found_page.items[-1])


def backwards(places: Sequence[Cursor], size: int, *, descending: bool) -> list[Cursor]:
    found: list[Cursor] = []
    before = None
    while True:
        found_page = page(places, PageRequest(last=size, before=before), descending=descending)
        assert found_page.has_next() == bool(found)
        found = [*found_page.items, *found]
        if not found_page.has_previous():
            return found
        before = found_page.cursor(found_page.items[0])


@given(CURSORS, st.integers(1, 7), st.booleans())
def test_consecutive_pages_cover_the_whole_list(places: list[Cursor], size: int, descending: bool) -> None:
    whole = forwards(places, size, descending=descending)
    assert sorted(whole, key=lambda place: str(place.tie)) == sorted(places, key=lambda place: str(place.tie))
    assert backwards(places, size, descending=descending) == whole
    assert page(places, PageRequest(first=0)).count() == len(places)


@given(CURSORS, st.booleans())
def test_list_is_sorted_with_missing_values_last(places: list[Cursor], descending: bool) -> None:
    values = [place.value for place in page(places, PageRequest(first=PAGE_MAX), descending=descending).items]
    with_value = [value for value in values if value is not None]
    assert values == with_value + [None] * (len(values) - len(with_value))
    for one, other in pairwise(with_value):
        assert one >= other if descending else one <= other  # type: ignore[operator]


@given(CURSORS, st.integers(0, 5), st.data())
def test_page_between_two_cursors_has_correct_page_info(places: list[Cursor], size: int, data: Any) -> None:
    whole = page(places, PageRequest(first=PAGE_MAX)).items
    ends = sorted(data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=2, max_size=2))) if whole else []
    after, before = (encode(whole[end], "PROGRESS") for end in ends) if ends else (None, None)
    found_page = page(places, PageRequest(first=size, after=after, before=before))
    inner = list(whole[ends[0] + 1 : ends[1]]) if ends else list(whole)
    assert found_page.items == inner[:size]
    assert found_page.has_previous() == bool(ends)
    assert found_page.has_next() == (len(inner) > size or bool(ends))


@pytest.mark.parametrize(
    "asked",
    [
        PageRequest(first=-1),
        PageRequest(last=-1),
        PageRequest(first=PAGE_MAX + 1),
        PageRequest(last=PAGE_MAX + 1),
        PageRequest(1, None, 1),
    ],
)
def test_page_size_out_of_range_is_refused(asked: PageRequest) -> None:
    with pytest.raises(CommandRejected) as refused:
        assert asked.limit
    assert refused.value.code is Code.INVALID


def test_default_page_size_is_fifty() -> None:
    assert PageRequest().limit == PAGE_DEFAULT == 50


@given(st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{1,80}"))
def test_malformed_cursor_is_invalid(text: str) -> None:
    with pytest.raises(CommandRejected) as refused:
        decode(text, "TITLE", "after")
    assert refused.value.code is Code.INVALID
    assert refused.value.field == ("after",)


@pytest.mark.parametrize(
    ("order", "value"),
    [("TITLE", 1), ("TITLE", None), ("TITLE", "a\0b"), ("RECORDED", 2**64), ("RECORDED", "x"), ("CREATED_AT", "soon")],
)
def test_cursor_with_an_impossible_value_is_invalid(order: str, value: Any) -> None:
    with pytest.raises(CommandRejected):
        decode(encode(Cursor(value, UUID(int=1)), order), order)


def test_cursor_belongs_to_one_order() -> None:
    cursor = encode(Cursor("a", UUID(int=1)), "TITLE")
    assert decode(cursor, "TITLE") == Cursor("a", UUID(int=1))
    with pytest.raises(CommandRejected):
        decode(cursor, "TITLE", descending=True)
    with pytest.raises(CommandRejected):
        decode(cursor, "NAME")


def test_tie_breaker_of_a_cursor_is_bounded() -> None:
    largest = Cursor(NEW_YEAR, (2**63 - 2, 2**63 - 2))
    assert decode(encode(largest, "MEASURED_AT"), "MEASURED_AT") == largest
    for tie in ((2**63 - 1, 1), (1, 2**63 - 1), 1):
        with pytest.raises(CommandRejected):
            decode(encode(Cursor(NEW_YEAR, tie), "MEASURED_AT"), "MEASURED_AT")
