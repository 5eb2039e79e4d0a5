"""Formulas of KPIs: how the value of a period follows from the values of other KPIs.

A formula names its inputs by id. `domain.metrics.worked.kpi_formulas` works it out.
"""

from collections.abc import Iterator
from typing import Annotated, Final, TypeAlias
from uuid import UUID

from domain.primitives.documentation import doc
from domain.primitives.values import EarlierPeriod, Value

TERMS_MAX: Final = 20
"""The largest number of inputs of one formula."""
DEPTH_MAX: Final = 8
"""The largest number of formulas on a path from a KPI down to its readings."""


class KpiRatio(Value, frozen=True):
    """numerator / denominator · scale. A scale of 100 gives percent."""

    numerator: Annotated[UUID, doc("The KPI above the line.")]
    denominator: Annotated[UUID, doc("The KPI below the line.")]
    scale: Annotated[float, doc("The factor of the quotient.")] = 1.0


class KpiTerm(Value, frozen=True):
    """One KPI of a sum, with its factor."""

    kpi: Annotated[UUID, doc("The KPI that is multiplied.")]
    factor: Annotated[float, doc("The factor of its value.")] = 1.0


class KpiSum(Value, frozen=True):
    """Σ factor · value."""

    terms: Annotated[tuple[KpiTerm, ...], doc("The terms that are added.")]


class KpiDifference(Value, frozen=True):
    """minuend - subtrahend."""

    minuend: Annotated[UUID, doc("The KPI that is subtracted from.")]
    subtrahend: Annotated[UUID, doc("The KPI that is subtracted.")]


class KpiGrowth(Value, frozen=True):
    """(value - earlier value) / |earlier value|, a share of 1."""

    of: Annotated[UUID, doc("The KPI that grows.")]
    over: Annotated[EarlierPeriod, doc("The earlier period.")] = EarlierPeriod.PREVIOUS


class KpiAverage(Value, frozen=True):
    """Σ value / n."""

    of: Annotated[tuple[UUID, ...], doc("The KPIs that are averaged.")]


Shape: TypeAlias = KpiRatio | KpiSum | KpiDifference | KpiGrowth | KpiAverage


class Formula(Value, frozen=True):
    """The formula of a KPI: exactly one of its fields is set."""

    ratio: Annotated[KpiRatio | None, doc("A quotient of two KPIs.")] = None
    sum: Annotated[KpiSum | None, doc("A weighted sum of KPIs.")] = None
    difference: Annotated[KpiDifference | None, doc("A difference of two KPIs.")] = None
    growth: Annotated[KpiGrowth | None, doc("The growth of a KPI over an earlier period.")] = None
    average: Annotated[KpiAverage | None, doc("The plain mean of KPIs.")] = None

    @property
    def shape(self) -> Shape:
        """The field that is set. Raises `ValueError` without one."""
        for shape in (self.ratio, self.sum, self.difference, self.growth, self.average):
            if shape is not None:
                return shape
        raise ValueError(self)

    @property
    def operands(self) -> tuple[UUID, ...]:
        """The KPI in each place of the formula, in order; a ratio or a difference may name one KPI in both places."""
        return tuple(_operands(self.shape))

    @property
    def inputs(self) -> tuple[UUID, ...]:
        """The KPIs that it is worked out from, each once, in the order of the formula."""
        return tuple(dict.fromkeys(self.operands))


def _operands(shape: Shape) -> Iterator[UUID]:
    match shape:
        case KpiRatio():
            yield from (shape.numerator, shape.denominator)
        case KpiSum():
            yield from (term.kpi for term in shape.terms)
        case KpiDifference():
            yield from (shape.minuend, shape.subtrahend)
        case KpiGrowth():
            yield shape.of
        case KpiAverage():
            yield from shape.of
