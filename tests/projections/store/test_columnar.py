"""Places of columns: those that follow each other are a range."""

from collections.abc import Sequence

import pytest

from projections.store.columnar import Coded, at_places, in_range

VALUES = ["a", "b", "c", "d"]


@pytest.mark.parametrize(("places", "is_range"), [([1, 2, 3], True), ([], True), ([1, 3, 2], False), ([0, 2], False)])
def test_places_that_follow_each_other_are_a_range(places: Sequence[int], is_range: bool) -> None:
    found = in_range(places)
    assert isinstance(found, range) == is_range
    assert at_places(VALUES, found) == [VALUES[place] for place in places]


def test_coded_column_has_the_values_of_a_list() -> None:
    codes = bytes([2, 0, 0, 3, 2])
    coded, listed = Coded(codes, VALUES), [VALUES[code] for code in codes]
    assert (list(coded), len(coded), coded[3], coded[-1]) == (listed, len(listed), listed[3], listed[-1])
    assert list(coded[1:4]) == listed[1:4]
    assert list(coded.mapped(lambda values: [value.upper() for value in values])) == [one.upper() for one in listed]
