"""Formulas of KPIs as given by commands: their inputs, and the refusal of circles.

Every KPI that is read on the way is part of the unit of work, so two concurrent commands cannot form a circle.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias
from uuid import UUID

from msgspec import UNSET, UnsetType

from domain.commands.command import KpiBy
from domain.commands.kpi_formula_input import (
    KpiAverageInput,
    KpiDifferenceInput,
    KpiFormulaInput,
    KpiGrowthInput,
    KpiRatioInput,
    KpiSumInput,
)
from domain.handlers import related
from domain.handlers.formulas import kpi_readings
from domain.handlers.unit_of_work import UnitOfWork
from domain.model.kpi import Kpi
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.kpi_formula import (
    DEPTH_MAX,
    Formula,
    KpiAverage,
    KpiDifference,
    KpiGrowth,
    KpiRatio,
    KpiSum,
    KpiTerm,
)
from domain.primitives.rules import Rule

Path: TypeAlias = tuple[str, ...]


def of_new(uow: UnitOfWork, given: KpiFormulaInput | UnsetType) -> Formula | None:
    """The formula of a KPI that is defined. Raises `NOT_FOUND`, `CLOSED` for a retired input, `INVALID`, and
    `TOO_LARGE` for a formula that is too deep."""
    if given is UNSET:
        return None
    reader = _Reader(uow)
    formula = reader.formula(given)
    reader.refuse_retired()
    _refuse_deep(1 + _depth(uow, formula.inputs))
    return formula


def of_known(uow: UnitOfWork, kpi: Kpi, given: KpiFormulaInput | UnsetType) -> Formula | None:
    """The formula of a KPI that is redefined: the given one, or the one before. Raises as `of_new`, `INVALID` for a KPI
    with readings, and `CIRCULAR`."""
    before = kpi.definition.formula
    if given is UNSET:
        return before
    reader = _Reader(uow)
    formula = reader.formula(given)
    if formula != before:
        kpi.refuse_retired()
        _refuse_readings(uow, kpi)
        reader.refuse_retired()
        reader.refuse_circle(kpi)
        _refuse_deep(_height(uow, kpi) + 1 + _depth(uow, formula.inputs))
    return formula


def _refuse_readings(uow: UnitOfWork, kpi: Kpi) -> None:
    """Retracted readings count, because the history shows their values."""
    if kpi_readings.is_recorded(uow, kpi.id):
        raise invalid(
            "The KPI has readings, so it cannot get a formula; retire it and define another one.",
            "formula",
            rule=Rule.FORMULA_HAS_READINGS,
        )


# ── inputs ───────────────────────────────────────────────────────────────────────────────────────


class _Reader:
    """Finds the KPIs that a formula names, and keeps the field of each for the problems of the formula."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._inputs: dict[UUID, tuple[Kpi, Path]] = {}

    def formula(self, given: KpiFormulaInput) -> Formula:
        """The formula with the ids of its inputs. Raises `NOT_FOUND`, and `INVALID` for a repeated KPI."""
        match given.shape:
            case KpiRatioInput() as one:
                above, below = self._input(one.numerator, "ratio", "numerator"), one.denominator
                return Formula(ratio=KpiRatio(above, self._input(below, "ratio", "denominator"), one.scale))
            case KpiSumInput() as one:
                kpis = self._list([term.kpi for term in one.terms], ("sum", "terms"), "kpi")
                factors = [term.factor for term in one.terms]
                return Formula(sum=KpiSum(tuple(map(KpiTerm, kpis, factors))))
            case KpiDifferenceInput() as one:
                minuend = self._input(one.minuend, "difference", "minuend")
                return Formula(
                    difference=KpiDifference(minuend, self._input(one.subtrahend, "difference", "subtrahend"))
                )
            case KpiGrowthInput() as one:
                return Formula(growth=KpiGrowth(self._input(one.of, "growth", "of"), one.over))
            case KpiAverageInput() as one:
                return Formula(average=KpiAverage(tuple(self._list(one.of, ("average", "of")))))

    def _list(self, inputs: Sequence[KpiBy], path: Path, *field: str) -> list[UUID]:
        """Inputs of which none may be repeated."""
        return [self._other(by, *path, str(place), *field) for place, by in enumerate(inputs)]

    def _input(self, by: KpiBy, *field: str) -> UUID:
        path = ("formula", *field)
        kpi = self._uow.find(Kpi, by, *path)
        self._uow.not_before(kpi)
        self._inputs.setdefault(kpi.id, (kpi, path))
        return kpi.id

    def _other(self, by: KpiBy, *field: str) -> UUID:
        """An input that the formula does not name yet."""
        known = len(self._inputs)
        id = self._input(by, *field)
        if len(self._inputs) == known:
            raise invalid(
                "The formula names this KPI twice; name each once.",
                "formula",
                *field,
                rule=Rule.FORMULA_INPUT_REPEATED,
                kpi=self._inputs[id][0].key,
            )
        return id

    def refuse_retired(self) -> None:
        """Raises `CLOSED` for an input that takes no more readings."""
        for kpi, path in self._inputs.values():
            kpi.refuse_retired(*path)

    def refuse_circle(self, kpi: Kpi) -> None:
        """Raises `CIRCULAR` if an input is worked out from the KPI, now or at any time since the effective time."""
        for one, path in self._inputs.values():
            if kpi.id == one.id:
                raise CommandRejected(Code.CIRCULAR, "A KPI is no input of its own formula; choose another.", *path)
            if kpi.id in related.kpis_below(self._uow, [one.id], self._uow.at):
                raise CommandRejected(
                    Code.CIRCULAR,
                    f"'{one.key}' is worked out from '{kpi.key}', directly or indirectly; choose another KPI.",
                    *path,
                )


# ── the tree of formulas ─────────────────────────────────────────────────────────────────────────


def _depth(uow: UnitOfWork, inputs: Sequence[UUID]) -> int:
    """The largest number of formulas on a path from one of these KPIs down to readings. Formulas of different times may
    name each other; such a path is too deep. Raises `TOO_LARGE`."""
    below, depth, level = related.kpis_below(uow, inputs, uow.at), 0, set(inputs)
    while level := {id for above in level for id in below[above]}:
        depth += 1
        _refuse_deep(depth)
    return depth


def _height(uow: UnitOfWork, kpi: Kpi) -> int:
    """The largest number of formulas on a path from a KPI up to one that is no input of another."""
    height, level = 0, [kpi.id]
    while level := _above(uow, level):
        height += 1
        _refuse_deep(height)
    return height


def _above(uow: UnitOfWork, inputs: Iterable[UUID]) -> list[UUID]:
    """The KPIs that are worked out from one of these since the effective time."""
    wanted = set(inputs)
    return [one.id for one in related.worked_out_from(uow, wanted) if wanted.intersection(one.inputs_since(uow.at))]


def _refuse_deep(depth: int) -> None:
    if depth > DEPTH_MAX:
        raise CommandRejected(
            Code.TOO_LARGE,
            f"Formulas are nested at most {DEPTH_MAX} deep; this one would make it {depth}. Name KPIs with readings.",
            "formula",
            rule=Rule.FORMULA_TOO_DEEP,
            max=DEPTH_MAX,
            depth=depth,
        )
