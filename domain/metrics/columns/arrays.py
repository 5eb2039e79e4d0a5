"""Arrays of figures: NaN stands for a missing number, and a code for the health.

Without them each figure of each key result would be computed by itself, as an object of Python.
"""

from math import isnan
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from domain.metrics.rating import Health

Array: TypeAlias = NDArray[Any]
Numbers: TypeAlias = NDArray[np.float64]
Times: TypeAlias = NDArray[np.int64]
"""Whole microseconds since a common moment."""
Flags: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.intp]
Codes: TypeAlias = NDArray[np.intp]
"""Healths by their places among `HEALTHS`."""

HEALTHS: Final = (*Health, None)
CODES: Final = {health: code for code, health in enumerate(HEALTHS)}
_TABLE: Final = np.array(HEALTHS, dtype=object)


ZERO: Final = np.array(0.0)
ONE: Final = np.array(1.0)
"""Operations take arrays in half the time of numbers, which matters where there are few figures."""


def healths(codes: Codes) -> list[Health | None]:
    """The healths for these codes."""
    found: list[Health | None] = _TABLE[codes].tolist()
    return found


def numbers(column: Numbers) -> list[float | None]:
    """The numbers of a column, with None for what is missing."""
    values: list[float | None] = column.tolist()
    if not isnan(sum(values)):  # type: ignore[arg-type]  # they are numbers
        return values
    return [None if isnan(one) else one for one in values]  # type: ignore[arg-type]
