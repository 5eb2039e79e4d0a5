"""Long tests start first on every worker."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.order import dealt


def of_names(*names: str) -> list[Any]:
    """Tests of these names; those in capitals are long."""
    return [
        SimpleNamespace(name=name, get_closest_marker=lambda _, name=name: name.isupper() or None) for name in names
    ]


@pytest.mark.parametrize(
    ("given", "workers", "expected"),
    [
        ("aBcdEf", 1, "BEacdf"),
        ("abcdefghIJK", 3, "IabJcdeKfgh"),
        ("abcdEFGH", 3, "EHFabGcd"),
        ("aBCDE", 2, "BDCEa"),
        ("ABC", 5, "ABC"),
        ("", 3, ""),
    ],
)
def test_part_of_each_worker_begins_with_its_share_of_the_long_tests(given: str, workers: int, expected: str) -> None:
    assert "".join(item.name for item in dealt(of_names(*given), workers)) == expected
