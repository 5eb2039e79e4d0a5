"""The order of the tests: long ones first."""

from collections.abc import Sequence
from itertools import chain, islice

import pytest


def dealt(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """The tests in an order in which the part of each worker begins with its share of the long tests.

    `worksteal` gives each worker a part of consecutive tests first, all of the same size but for rounding.
    """
    long = _groups([item for item in items if item.get_closest_marker("long")])
    rest = iter([item for item in items if not item.get_closest_marker("long")])
    order: list[pytest.Item] = []
    for worker in range(workers):
        size, share = (len(items) - len(order)) // (workers - worker), [*chain(*long[worker::workers])]
        order += [*share, *islice(rest, max(0, size - len(share)))]
    return order


def _groups(items: Sequence[pytest.Item]) -> list[list[pytest.Item]]:
    """The tests that stay together: those whose mark `long` names the same group. Every other test stays alone."""
    groups: dict[object, list[pytest.Item]] = {}
    for item in items:
        mark = item.get_closest_marker("long")
        groups.setdefault(mark.args if mark and mark.args else item, []).append(item)
    return [*groups.values()]
