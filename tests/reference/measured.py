"""One value of several measured values."""

from collections.abc import Sequence
from statistics import fmean

from domain.primitives.values import Aggregation


def aggregated(aggregate: Aggregation, values: Sequence[float]) -> float:
    """One value of several, which are in the order of measurement."""
    match aggregate:
        case Aggregation.LAST:
            return values[-1]
        case Aggregation.FIRST:
            return values[0]
        case Aggregation.SUM:
            return sum(values)
        case Aggregation.MEAN:
            return fmean(values)
        case Aggregation.MIN:
            return min(values)
        case Aggregation.MAX:
            return max(values)
