"""Long tests start first on every worker."""

from typing import Any, NamedTuple

import pytest

from tests.order import dealt


class Named(NamedTuple):
    """A test with a name; those in capitals are long. `args` name its group."""

    name: str
    args: tuple[str, ...] = ()

    def get_closest_marker(self, _: str) -> Any:
        return self if self.name.isupper() else None


def of_names(*names: str) -> list[Any]:
    """Tests of these names."""
    return [Named(name) for name in names]


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


def test_long_tests_of_one_group_stay_together() -> None:
    tests: Any = [Named("A", ("g",)), Named("B"), Named("C", ("h",)), Named("D", ("g",)), Named("e"), Named("f")]
    assert "".join(item.name for item in dealt(tests, 2)) == "ADCBef"
