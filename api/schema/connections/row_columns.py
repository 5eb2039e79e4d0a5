"""Values of the rows of a list as columns. A column is computed when a filter, an order or a count looks at it.

Without them each row of a list that is filtered or sorted would have an object with all its computed values.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

from domain.primitives.lazy import cached_property

Column: TypeAlias = Callable[[], Sequence[Any]]
"""Computes a value of all rows, in their order."""


class RowColumns:
    """The rows with these ids, in the order of creation, and their values by name.

    The computed values of a row are its `condition` (health or status), its `progress` and `confidence`, the time of
    its latest measurement (`measured_at`), its `due` day, and what it owes (`owing`); a kind has some of them. `known`
    are columns that need not be computed.
    """

    def __init__(
        self, ids: Sequence[UUID], columns: Mapping[str, Column], known: Mapping[str, Sequence[Any]] | None = None
    ) -> None:
        self.ids = ids
        self._columns = columns
        self._known = dict(known or {})

    def column(self, name: str) -> Sequence[Any]:
        """A value of all rows, computed once."""
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = self._columns[name]()
        return found

    @cached_property
    def places(self) -> Mapping[UUID, int]:
        """The place of each row, by its id."""
        return {id: place for place, id in enumerate(self.ids)}

    def at(self, places: Sequence[int]) -> "RowColumns":
        """The rows at these places."""
        if len(places) == len(self.ids):
            return self

        def few(name: str) -> Sequence[Any]:
            values = self.column(name)
            return [values[place] for place in places]

        names = self._columns.keys() | self._known.keys()
        return RowColumns([self.ids[place] for place in places], {name: partial(few, name) for name in names})

    def of(self, ids: Iterable[UUID]) -> "RowColumns":
        """The rows with these ids, in the order of creation; unknown ones are left out."""
        return self.at(sorted(place for id in ids if (place := self.places.get(id)) is not None))
