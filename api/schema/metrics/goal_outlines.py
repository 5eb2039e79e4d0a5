"""The computed values of the goals of a list, as columns; see `RowColumns`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, TypeAlias

from api.schema.connections.owing import Owing
from api.schema.connections.row_columns import Column, RowColumns
from api.schema.metrics import figures
from api.schema.metrics.due_lists import Owings
from api.snapshot.snapshot import Batch, View
from projections.figures.goal_columns import Goals, PartColumns
from projections.tables import key_result, objective

_Load: TypeAlias = Callable[[Batch], Sequence[Any]]
"""Computes a value of each row of a batch."""


def of_objectives(view: View, filter: objective.ObjectiveFilter) -> RowColumns:
    """The objectives that pass a filter."""
    batch = Batch(view, view.read(objective.goals_that_pass, filter))
    return _outline(batch, figures.of_objectives, {"measured_at": _measured_at, "due": _due, "owing": _owing})


def of_key_results(view: View, filter: key_result.KeyResultFilter) -> RowColumns:
    """The key results that pass a filter."""
    batch = Batch(view, view.read(key_result.key_results_that_pass, filter))
    of_each = {"measured_at": _key_result_measured_at, "due": _key_result_due, "owing": _key_result_owing}
    return _outline(batch, figures.of_key_results, of_each)


def _outline(batch: Batch, of: _Load, others: Mapping[str, _Load]) -> RowColumns:
    """The rows of a batch with their figures and other values."""
    shown = {"condition": "health", "progress": "value", "confidence": "confidence"}
    columns: dict[str, Column] = {name: partial(_figure, batch, of, figure) for name, figure in shown.items()}
    columns |= {name: partial(batch.all, load) for name, load in others.items()}
    return RowColumns(batch.column("id"), columns)


def _figure(batch: Batch, of: Callable[[Batch], Any], name: str) -> Sequence[Any]:
    column: Sequence[Any] = batch.all(of).column(name)
    return column


# ── objectives ───────────────────────────────────────────────────────────────────────────────────


def _parts(batch: Batch) -> tuple[Goals, PartColumns]:
    return figures.parts_of(batch.view, batch.rows)


def _live(batch: Batch) -> Sequence[Sequence[int]]:
    """The places of the key results of each of these objectives that are not dropped."""
    _, parts = batch.all(_parts)
    return [parts.live(row.born) for row in batch.rows]


def _measured_at(batch: Batch) -> Sequence[datetime | None]:
    """The time of the latest measurement of each of these objectives."""
    _, parts = batch.all(_parts)
    groups = [parts.column("last_measured_at", places) for places in batch.all(_live)]
    return [max(filter(None, group), default=None) for group in groups]


def _due(batch: Batch) -> Sequence[date]:
    """The first due day of the key results of each of these objectives; the last day of its cycle without any."""
    of, parts = batch.all(_parts)
    groups = [parts.column("due", places) for places in batch.all(_live)]
    return [min(group, default=of.cycles[row.cycle].ends_on) for row, group in zip(batch.rows, groups, strict=True)]


def _owing(batch: Batch) -> Sequence[Owing]:
    return Owings(*batch.all(_parts), batch.all(_live))


# ── key results ──────────────────────────────────────────────────────────────────────────────────


def _key_result_measured_at(batch: Batch) -> Sequence[datetime | None]:
    return batch.all(figures.of_key_results).column("last_measured_at")


def _key_result_due(batch: Batch) -> Sequence[date]:
    return batch.column("due")


def _key_result_owing(batch: Batch) -> Sequence[Owing]:
    of, parts = figures.parts_of(batch.view, figures.objectives_of_key_results(batch))
    return Owings(of, parts, [(parts.places[born],) for born in batch.column("born")])
