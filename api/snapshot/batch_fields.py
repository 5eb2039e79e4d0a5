"""Fields that are read for all objects of a batch at once, registered by the function that resolves one of them.

Without this register an executor could only ask each object for its value, although the values of a whole batch are
one list already.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from api.snapshot.siblings import Siblings
from api.snapshot.snapshot import Columns, RowProxy

Resolve: TypeAlias = Callable[..., Any]
ReadColumn: TypeAlias = Callable[..., Sequence[Any]]
"""Takes the type of the objects, their batch, and the arguments of the field; returns its values for all rows, in their
order."""


class BatchField(NamedTuple):
    """How a field is read for a batch, and from which columns. `narrows`: whether `read` also takes `wanted`, the
    columns that the answer shows of the rows that it finds."""

    read: ReadColumn
    needs: Columns = None
    narrows: bool = False

    def of(self, sources: Sequence[RowProxy], wanted: Columns, arguments: dict[str, Any]) -> Sequence[Any] | None:
        """The values for these objects of one type; None unless they are of one batch."""
        narrowed = {**arguments, "wanted": wanted} if self.narrows else arguments
        if type(sources) is Siblings:
            return sources.of(self.read(sources.proxy_type, sources.batch, **narrowed))
        batch = sources[0].batch
        if any(source.batch is not batch for source in sources):
            return None
        found = self.read(type(sources[0]), batch, **narrowed)
        if type(found) is Siblings and len(sources) == 1:  # its columns are computed, rather than all that it has
            place = sources[0].place
            return found[place : place + 1]
        return [found[source.place] for source in sources]


BATCH_FIELDS: Final[dict[Resolve, BatchField]] = {}
"""By resolver of one object."""
NARROWED_FIELDS: Final[dict[Resolve, Callable[[Any, Columns], Any]]] = {}
"""Fields of single objects that read rows, by resolver: how one is read if an answer shows only some columns."""


def attributes(name: str, sources: Sequence[RowProxy]) -> Sequence[Any]:
    """An attribute of the rows of these objects."""
    if type(sources) is Siblings:
        return sources.of(sources.batch.column(name))
    return [getattr(source.row, name) for source in sources]
