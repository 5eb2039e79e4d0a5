"""The key results of objectives, with the columns that an answer shows of them.

An answer that shows figures beside them reads both from kept standings, in one statement. Without this module each key
result would be looked up twice.
"""

from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any, Final
from uuid import UUID

from api.schema.metrics.figures import OBJECTIVES_NEED, has_parts, shown_parts
from api.schema.metrics.progress import PARTS_NEED, all_key_results, live_key_results
from api.snapshot.batch_fields import BatchField
from api.snapshot.dataloaders import TYPES, few_columns, narrow_batch
from api.snapshot.siblings import SiblingGroups, in_sizes
from api.snapshot.snapshot import Batch, Columns, View
from domain.primitives.values import Kind
from projections.standings.kept_columns import KeptColumns
from projections.standings.kept_rows import SHOWN
from projections.store.columnar import at_places, values_of
from projections.store.versioned_tables import Narrow
from projections.tables.key_result import KEY_RESULT, few_of_key_results


def _key_results(_: type[Any], batch: Batch, wanted: Columns, include_dropped: bool = False) -> Sequence[Sequence[Any]]:
    """The key results of each of these objectives, of which an answer shows some columns."""
    load = all_key_results if include_dropped else live_key_results
    narrow = None if wanted is None or (load,) in batch.known else KEY_RESULT.narrow(wanted | {"id"} | PARTS_NEED)
    if wanted is None or narrow is None:
        return batch.all(load)
    shows_figures = wanted >= PARTS_NEED and narrow.names <= IN_STANDINGS
    return batch.all(_with_figures if shows_figures else _few, include_dropped, narrow)


def _few(batch: Batch, include_dropped: bool, narrow: Narrow) -> Sequence[Sequence[Any]]:
    return few_columns(batch, Kind.KEY_RESULT, few_of_key_results, narrow, include_dropped)


OF_FIGURES: Final = frozenset(["born", "created_at", "due", "weight"])
"""Columns of key results that their figures need, too."""
IN_STANDINGS: Final = frozenset(["objective", *OF_FIGURES, *SHOWN])
"""The columns of key results that their standings have."""


def _with_figures(batch: Batch, include_dropped: bool, narrow: Narrow) -> Sequence[Sequence[Any]]:
    """The same from kept standings, if no figures have been read yet, but what they need of the objectives."""
    if has_parts(batch.view) or not batch.has(OBJECTIVES_NEED):
        return batch.all(_few, include_dropped, narrow)
    rows = batch.having(OBJECTIVES_NEED)
    parts, kept = shown_parts(batch.view, rows, tuple(name for name in SHOWN if name in narrow.names))
    grouped = parts.groups_of(values_of(rows, "born"), include_dropped=include_dropped)
    sizes = grouped.sizes
    return few_of_standings(batch.view, kept, values_of(rows, "id"), sizes, grouped.places, narrow)


def few_of_standings(
    view: View,
    kept: KeptColumns,
    objectives: Sequence[UUID],
    sizes: Sequence[int],
    places: Sequence[int],
    narrow: Narrow,
) -> SiblingGroups[Any]:
    """The key results at these places of kept standings with a few of `IN_STANDINGS`, in groups of these sizes, one for
    each objective. The standings have those of `SHOWN` among them."""
    known: dict[str, Sequence[Any]] = {
        name: at_places(kept.loaded(name), places) for name in OF_FIGURES if name in narrow.names
    }
    known["objective"] = list(chain.from_iterable(map(repeat, objectives, sizes)))
    stored = {name: at_places(kept.shown[name], places) for name in narrow.names if name in kept.shown}
    few = narrow.of_columns(stored, len(places), known)
    return in_sizes(TYPES[Kind.KEY_RESULT][0], narrow_batch(view, Kind.KEY_RESULT, few), sizes)


KEY_RESULTS: Final = BatchField(_key_results, frozenset(["id"]), narrows=True)
"""The key results of an objective."""
