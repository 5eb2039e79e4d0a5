"""The order of the tests: long ones first."""

from collections.abc import Sequence
from itertools import islice

import pytest


def dealt(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """The tests in an order in which the part of each worker begins with its share of the long tests.

    `worksteal` gives each worker a part of consecutive tests first, all of the same size but for rounding.
    """
    long = [item for item in items if item.get_closest_marker("long")]
    rest = iter([item for item in items if not item.get_closest_marker("long")])
    order: list[pytest.Item] = []
    for worker in range(workers):
        size, share = (len(items) - len(order)) // (workers - worker), long[worker::workers]
        order += [*share, *islice(rest, max(0, size - len(share)))]
    return order
