"""Formulas of KPIs as commands take them: each input by id or key."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final, TypeAlias
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from domain.commands.command import KpiBy
from domain.primitives.documentation import doc
from domain.primitives.errors import Code, CommandRejected, Faults, invalid
from domain.primitives.kpi_formula import (
    TERMS_MAX,
    Formula,
    KpiAverage,
    KpiDifference,
    KpiGrowth,
    KpiRatio,
    KpiSum,
)
from domain.primitives.rules import Rule
from domain.primitives.values import EarlierPeriod

Path: TypeAlias = tuple[str, ...]


class _Input(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The base class of the parts of a formula."""


class KpiRatioInput(_Input, frozen=True):
    """numerator / denominator · scale."""

    numerator: Annotated[KpiBy, doc("The KPI above the line.")]
    denominator: Annotated[KpiBy, doc("The KPI below the line. A period in which it is 0 has no value.")]
    scale: Annotated[float, doc("The factor of the quotient, not 0: 100 gives percent.")] = 1.0


class KpiTermInput(_Input, frozen=True):
    """One KPI of a sum, with its factor."""

    kpi: KpiBy
    factor: Annotated[float, doc("The factor of its value, not 0.")] = 1.0


class KpiSumInput(_Input, frozen=True):
    """Σ factor · value."""

    terms: Annotated[list[KpiTermInput], doc("1 to 20 terms, each of another KPI.")]


class KpiDifferenceInput(_Input, frozen=True):
    """minuend - subtrahend."""

    minuend: Annotated[KpiBy, doc("The KPI that is subtracted from.")]
    subtrahend: Annotated[KpiBy, doc("The KPI that is subtracted.")]


class KpiGrowthInput(_Input, frozen=True):
    """(value - earlier value) / |earlier value|, a share of 1: 0.2 is 20 % more."""

    of: Annotated[KpiBy, doc("The KPI that grows. A period before which it was 0 has no value.")]
    over: Annotated[EarlierPeriod, doc("The period that it is compared with.")] = EarlierPeriod.PREVIOUS


class KpiAverageInput(_Input, frozen=True):
    """Σ value / n."""

    of: Annotated[list[KpiBy], doc("1 to 20 different KPIs.")]


ShapeInput: TypeAlias = KpiRatioInput | KpiSumInput | KpiDifferenceInput | KpiGrowthInput | KpiAverageInput


class KpiFormulaInput(_Input, frozen=True):
    """How the value of each period follows from the values of other KPIs for that period, each by its own aggregation:
    exactly one of its fields. A period without a value of an input has no value. Nothing is converted: the unit of the
    KPI is its own."""

    ratio: Annotated[KpiRatioInput | None, doc("A quotient of two KPIs.")] = None
    sum: Annotated[KpiSumInput | None, doc("A weighted sum of KPIs.")] = None
    difference: Annotated[KpiDifferenceInput | None, doc("A difference of two KPIs.")] = None
    growth: Annotated[KpiGrowthInput | None, doc("The growth of a KPI over an earlier period.")] = None
    average: Annotated[KpiAverageInput | None, doc("The plain mean of KPIs.")] = None

    @property
    def shape(self) -> ShapeInput:
        """The field that is set. Raises `ValueError` without one."""
        for shape in (self.ratio, self.sum, self.difference, self.growth, self.average):
            if shape is not None:
                return shape
        raise ValueError(self)

    @classmethod
    def of(cls, formula: Formula) -> "KpiFormulaInput":
        """The input that gives this formula, with its inputs by id."""
        match formula.shape:
            case KpiRatio() as one:
                return cls(ratio=KpiRatioInput(_by(one.numerator), _by(one.denominator), one.scale))
            case KpiSum() as one:
                return cls(sum=KpiSumInput([KpiTermInput(_by(term.kpi), term.factor) for term in one.terms]))
            case KpiDifference() as one:
                return cls(difference=KpiDifferenceInput(_by(one.minuend), _by(one.subtrahend)))
            case KpiGrowth() as one:
                return cls(growth=KpiGrowthInput(_by(one.of), one.over))
            case KpiAverage() as one:
                return cls(average=KpiAverageInput([_by(id) for id in one.of]))


PARTS: Final[tuple[type[msgspec.Struct], ...]] = (
    KpiRatioInput, KpiTermInput, KpiDifferenceInput, KpiGrowthInput, KpiAverageInput,
)  # fmt: skip
"""The parts that name KPIs."""


def _by(id: UUID) -> KpiBy:
    return KpiBy(id=id)


def check_formula(formula: KpiFormulaInput | UnsetType, faults: Faults) -> None:
    """Keep the faults of a formula that do not depend on its inputs: not exactly one shape, too few or too many terms,
    a factor of 0."""
    if formula is UNSET:
        return
    given = [name for name in formula.__struct_fields__ if getattr(formula, name) is not None]
    with faults:
        if len(given) != 1:
            raise invalid(
                f"A formula is exactly one of {', '.join(formula.__struct_fields__)}; this has {len(given)} of them.",
                "formula",
                rule=Rule.FORMULA_NOT_ONE,
                given=len(given),
            )
    for path, inputs in _lists(formula):
        with faults:
            _refuse_count(inputs, path)
    for path, factor in _factors(formula):
        with faults:
            if factor == 0:
                raise invalid("A factor of 0 counts nothing; leave the term out.", *path, rule=Rule.FORMULA_FACTOR_ZERO)


def _lists(formula: KpiFormulaInput) -> Iterator[tuple[Path, Sequence[object]]]:
    if formula.sum is not None:
        yield ("formula", "sum", "terms"), formula.sum.terms
    if formula.average is not None:
        yield ("formula", "average", "of"), formula.average.of


def _factors(formula: KpiFormulaInput) -> Iterator[tuple[Path, float]]:
    if formula.ratio is not None:
        yield ("formula", "ratio", "scale"), formula.ratio.scale
    for place, term in enumerate(() if formula.sum is None else formula.sum.terms):
        yield ("formula", "sum", "terms", str(place), "factor"), term.factor


def _refuse_count(inputs: Sequence[object], path: Path) -> None:
    if not inputs:
        raise invalid("Name at least one KPI.", *path, rule=Rule.FORMULA_EMPTY)
    if len(inputs) > TERMS_MAX:
        raise CommandRejected(
            Code.TOO_LARGE,
            f"A formula has at most {TERMS_MAX} inputs; define a KPI for a part of it and name that one.",
            *path,
            rule=Rule.FORMULA_INPUTS_TOO_MANY,
            max=TERMS_MAX,
        )
