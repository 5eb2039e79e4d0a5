"""The goals of one answer as columns: objectives and their key results, as they were read in one statement.

Without them each goal would be an object of the API, although most answers show columns.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from api.schema.metrics import figures
from api.schema.metrics.key_result_lists import OF_FIGURES, few_of_standings
from api.snapshot import global_ids
from api.snapshot.dataloaders import TYPES, narrow_batch
from api.snapshot.siblings import Siblings
from api.snapshot.snapshot import View
from domain.primitives.lazy import cached_property
from domain.primitives.values import Kind
from projections.figures.goal_columns import Grouped, KeyResultColumns, ObjectiveColumns, PartColumns
from projections.standings.goals_at_once import Found
from projections.standings.kept_rows import ID_BYTES
from projections.store.columnar import Columnar, at_places
from projections.tables.key_result import KEY_RESULT

T = TypeVar("T")


class Objectives(Columnar[Any]):
    """Objectives at a view, with their progress and their key results."""

    def __init__(self, view: View, found: Found) -> None:
        self.batch = narrow_batch(view, Kind.OBJECTIVE, found.objectives)
        self.parts = figures.keep_parts(view, found.objectives, found.kept)
        self._found = found

    @property
    def records(self) -> Sequence[Any]:
        """The objectives as objects of the API."""
        return Siblings(TYPES[Kind.OBJECTIVE][0], self.batch, 0, len(self))

    def __len__(self) -> int:
        return len(self._found.ids)

    def column(self, name: str) -> Sequence[Any]:
        """A column of their rows."""
        return self._found.objectives.column(name)

    @property
    def ids(self) -> list[str]:
        """Their global ids."""
        return global_ids.encode_stored(Kind.OBJECTIVE, self._found.ids, self.batch.view.id_end)

    @cached_property
    def progress(self) -> ObjectiveColumns:
        """The progress of each."""
        return figures.progress_of(self.batch.view, self._found.objectives, self.parts)

    @cached_property
    def key_results(self) -> "KeyResults":
        """Their key results, without dropped ones."""
        grouped = self.parts.groups_of(self.column("born"), include_dropped=False)
        return KeyResults(self.batch.view, self._found, self.parts, grouped)


class KeyResults(Columnar[Any]):
    """The key results of objectives that are not dropped, one after another."""

    def __init__(
        self,
        view: View,
        found: Found,
        parts: PartColumns,
        grouped: Grouped,
    ) -> None:
        """`grouped`: the places of the key results of these objectives."""
        self._view = view
        self._kept = found.kept
        self._parts = parts
        self._objectives = found.objectives
        self._grouped = grouped
        self._places = grouped.places

    def __len__(self) -> int:
        return len(self._places)

    def column(self, name: str) -> Sequence[Any]:
        """A column of their rows, as stored or as their figures need it."""
        values = self._kept.loaded(name) if name in OF_FIGURES else self._kept.shown[name]
        return at_places(values, self._places)

    @property
    def ids(self) -> list[str]:
        """Their global ids."""
        return global_ids.encode_stored(Kind.KEY_RESULT, self.column(ID_BYTES), self._view.id_end)

    @cached_property
    def progress(self) -> KeyResultColumns:
        """The progress of each, and its latest measurement."""
        return KeyResultColumns(self._parts, self._places)

    @cached_property
    def records(self) -> Sequence[Any]:
        """The key results as objects of the API."""
        narrow = KEY_RESULT.narrow(frozenset(["objective", "born", *self._kept.shown]) - {ID_BYTES})
        assert narrow is not None
        ids = self._objectives.column("id")
        return few_of_standings(self._view, self._kept, ids, self._grouped.sizes, self._places, narrow).joined

    def split(self, values: Sequence[T]) -> list[list[T]]:
        """These values, one of each, by objective."""
        return self._grouped.split(list(values))
