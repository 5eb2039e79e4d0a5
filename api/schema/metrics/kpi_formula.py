"""Formulas of KPIs, with their inputs as nodes, and the explanation of a KPI's value by them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import strawberry

from api.schema.primitives import enums
from api.schema.primitives.field import related
from api.schema.primitives.refs import KpiRef, ReadingRef
from api.schema.primitives.scalars import Position
from api.snapshot.dataloaders import found, or_none
from api.snapshot.snapshot import Batch, RowProxy, View
from domain.metrics.worked.kpi_formulas import Gap, Part, Worked
from domain.primitives import kpi_formula as formulas
from domain.primitives.kpi_formula import Formula
from domain.primitives.values import EarlierPeriod, Kind
from projections.figures.kpis import kpi_standing, kpi_values
from projections.tables.kpi import KpiRow

Kpis: TypeAlias = Mapping[UUID, Any]


@strawberry.type(description="numerator / denominator · scale.")
class KpiRatio:
    numerator: KpiRef = strawberry.field(description="The KPI above the line.")
    denominator: KpiRef = strawberry.field(description="The KPI below the line.")
    scale: float = strawberry.field(description="The factor of the quotient; 100 gives percent.")


@strawberry.type(description="One KPI of a sum, with its factor.")
class KpiTerm:
    kpi: KpiRef = strawberry.field(description="The KPI that is multiplied.")
    factor: float = strawberry.field(description="The factor of its value.")


@strawberry.type(description="Σ factor · value.")
class KpiSum:
    terms: list[KpiTerm] = strawberry.field(description="The terms that are added.")


@strawberry.type(description="minuend - subtrahend.")
class KpiDifference:
    minuend: KpiRef = strawberry.field(description="The KPI that is subtracted from.")
    subtrahend: KpiRef = strawberry.field(description="The KPI that is subtracted.")


@strawberry.type(description="(value - earlier value) / |earlier value|, a share of 1.")
class KpiGrowth:
    of: KpiRef = strawberry.field(description="The KPI that grows.")
    over: enums.EarlierPeriod = strawberry.field(description="The period that it is compared with.")


@strawberry.type(description="Σ value / n.")
class KpiAverage:
    of: list[KpiRef] = strawberry.field(description="The KPIs that are averaged.")


@strawberry.type(
    description="How the value of each period of a KPI follows from the values of other KPIs for that period, each by "
    "its own aggregation. Exactly one field is set. A period uses the formula in force on its last day; it has no "
    "value where an input has none or a denominator is 0."
)
class KpiFormula:
    ratio: KpiRatio | None = strawberry.field(description="A quotient of two KPIs.")
    sum: KpiSum | None = strawberry.field(description="A weighted sum of KPIs.")
    difference: KpiDifference | None = strawberry.field(description="A difference of two KPIs.")
    growth: KpiGrowth | None = strawberry.field(description="The growth of a KPI over an earlier period.")
    average: KpiAverage | None = strawberry.field(description="The plain mean of KPIs.")
    text: str = strawberry.field(description="The formula in one line, by the keys of its inputs: orders / visits.")


def shown(view: View, of: Sequence[Formula | None]) -> Sequence[KpiFormula | None]:
    """These formulas with their inputs as nodes of the view, read at once."""
    kpis = found(view, Kind.KPI, [id for formula in of if formula is not None for id in formula.inputs])
    return [None if formula is None else _shown(formula, kpis) for formula in of]


def _shown(formula: Formula, kpis: Kpis) -> KpiFormula:
    shape: dict[str, Any] = dict.fromkeys(("ratio", "sum", "difference", "growth", "average"))
    match formula.shape:
        case formulas.KpiRatio() as one:
            shape["ratio"] = KpiRatio(numerator=kpis[one.numerator], denominator=kpis[one.denominator], scale=one.scale)
        case formulas.KpiSum() as one:
            shape["sum"] = KpiSum(terms=[KpiTerm(kpi=kpis[term.kpi], factor=term.factor) for term in one.terms])
        case formulas.KpiDifference() as one:
            shape["difference"] = KpiDifference(minuend=kpis[one.minuend], subtrahend=kpis[one.subtrahend])
        case formulas.KpiGrowth() as one:
            shape["growth"] = KpiGrowth(of=kpis[one.of], over=one.over)
        case formulas.KpiAverage() as one:
            shape["average"] = KpiAverage(of=[kpis[id] for id in one.of])
    return KpiFormula(**shape, text=_text(formula, kpis))


# ── as text ──────────────────────────────────────────────────────────────────────────────────────


def _text(formula: Formula, kpis: Kpis) -> str:
    shape = formula.shape
    match shape:
        case formulas.KpiRatio():
            quotient = f"{kpis[shape.numerator].key} / {kpis[shape.denominator].key}"
            return quotient if shape.scale == 1 else f"{quotient} · {shape.scale:.15g}"
        case formulas.KpiSum():
            return " + ".join(_written_term(term.factor, kpis[term.kpi].key) for term in shape.terms).replace(
                "+ -", "- "
            )
        case formulas.KpiDifference():
            return f"{kpis[shape.minuend].key} - {kpis[shape.subtrahend].key}"
        case formulas.KpiGrowth():
            return f"growth of {kpis[shape.of].key} over {_OVER[shape.over]}"
        case formulas.KpiAverage():
            return f"average of {', '.join(kpis[id].key for id in shape.of)}"


_OVER = {
    EarlierPeriod.PREVIOUS: "the previous period",
    EarlierPeriod.YEAR_BEFORE: "the year before",
}


def _written_term(factor: float, key: str) -> str:
    if abs(factor) == 1:
        return key if factor > 0 else f"-{key}"
    return f"{factor:.15g} · {key}"


# ── explanations ─────────────────────────────────────────────────────────────────────────────────

READINGS_MAX = 100
"""The largest number of readings of a term."""


@strawberry.type(
    description="A KPI whose value went into another value: an input of a formula, or the KPI itself if it takes "
    "readings."
)
class KpiExplanationTerm:
    label: str = strawberry.field(description="The key of the KPI.")
    kpi: KpiRef = strawberry.field(description="The KPI of this input.")
    start: datetime = strawberry.field(
        description="The start of the period, inclusive; for the second term of a growth, of the earlier period."
    )
    end: datetime = strawberry.field(description="The end of the period, exclusive.")
    factor: float = strawberry.field(description="The factor of its value in a sum; 1 in other formulas.")
    value: float | None = strawberry.field(description="Its value for the period.")
    gap: enums.FormulaGap | None = strawberry.field(description="Why it has no value; null with a value.")
    reading_count: int = strawberry.field(description="The number of readings that went in, directly or not.")
    readings: list[ReadingRef] = strawberry.field(
        description="The readings that went in, directly or not, oldest first; of more than 100, the latest ones."
    )
    position: Position | None = strawberry.field(
        description="The log position of the latest reading that went in; null without one."
    )


class Explained(NamedTuple):
    """A KPI and its value for a period."""

    kpi: KpiRow
    start: datetime
    end: datetime
    value: float | None
    gap: Gap | None


def _terms(batch: Batch) -> Sequence[list[KpiExplanationTerm]]:
    """The inputs and readings of each of these values as nodes of the view, read at once."""
    view, kpis = batch.view, [one.kpi for one in batch.rows]
    values = view.read(kpi_values.kpi_values, [row.id for row in kpis])
    of = kpi_standing.explained(values, kpis, view.basis, view.calendar)
    parts = [[] if one is None else one.parts or (Part(one),) for one in of]
    shown = iter(_shown_terms(view, [part for each in parts for part in each]))
    return [[next(shown) for _ in each] for each in parts]


def _shown_terms(view: View, terms: Sequence[Part]) -> list[KpiExplanationTerm]:
    kpis = found(view, Kind.KPI, [part.worked.kpi for part in terms])
    read = [_latest_readings(part.worked) for part in terms]
    nodes = found(view, Kind.READING, {one.id for each in read for one in each})
    return list(map(partial(_term, kpis), terms, [[nodes[one.id] for one in each] for each in read]))


@strawberry.type(description="The value of a KPI for one period, and where it comes from.")
class KpiExplanation(RowProxy):
    row: strawberry.Private[Explained]

    start: datetime = strawberry.field(description="The start of the period, inclusive.")
    end: datetime = strawberry.field(description="The end of the period, exclusive.")
    value: float | None = strawberry.field(description="The value of the period; null if a formula has none.")
    gap: enums.FormulaGap | None = strawberry.field(description="Why there is no value; null with a value.")
    terms: list[KpiExplanationTerm] = related("The KPIs whose values went in, in the order of the formula.", _terms)


def explanations(
    view: View, kpis: Sequence[KpiRow], values: Sequence[Worked | None]
) -> Sequence[KpiExplanation | None]:
    """The value of each of these KPIs with its terms, which are read if they are asked for."""
    rows = [
        None if one is None else Explained(kpi, *one.bucket, one.value, one.gap)
        for kpi, one in zip(kpis, values, strict=True)
    ]
    return or_none(KpiExplanation, view, rows)


def _latest_readings(worked: Worked) -> Sequence[Any]:
    """The readings that went in, each once, oldest first; the latest of too many."""
    read = {reading.id: reading for reading in worked.read()}
    return sorted(read.values(), key=attrgetter("measured_at", "position"))[-READINGS_MAX:]


def _term(kpis: Kpis, part: Part, readings: list[Any]) -> KpiExplanationTerm:
    worked = part.worked
    return KpiExplanationTerm(
        label=kpis[worked.kpi].key,
        kpi=kpis[worked.kpi],
        start=worked.bucket[0],
        end=worked.bucket[1],
        factor=part.factor,
        value=worked.value,
        gap=worked.gap,
        reading_count=worked.count,
        readings=readings,
        position=None if worked.latest is None else worked.latest.position,
    )
