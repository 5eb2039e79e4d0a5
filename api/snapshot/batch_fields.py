"""Fields that are read for all objects of a batch at once, registered by the function that resolves one of them.

Without this register an executor could only ask each object for its value, although the values of a whole batch are
one list already.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias

from api.snapshot.siblings import Siblings
from api.snapshot.snapshot import Columns, RowProxy

Resolve: TypeAlias = Callable[..., Any]
ReadColumn: TypeAlias = Callable[..., Sequence[Any]]
"""Takes the type of the objects, their batch, and the arguments of the field; returns its values for all rows, in their
order."""


ReadObjects: TypeAlias = Callable[[object, Sequence[Any]], Sequence[Any]]
"""Takes the run of a document, and objects; returns the values of a field of theirs."""


class BatchField(NamedTuple):
    """How a field is read for a batch, and from which columns. `narrows`: whether `read` also takes `wanted`, the
    columns that the answer shows of the rows that it finds."""

    read: ReadColumn
    needs: Columns = None
    narrows: bool = False

    def reader(self, read_one: Callable[[Any], Any], wanted: Columns, arguments: dict[str, Any]) -> ReadObjects:
        """Reads the field of objects of one type: of all at once if they are of one batch, else of each by `read_one`.

        The columns of one object are computed alone, without an object for its value.
        """
        given = {**arguments, "wanted": wanted} if self.narrows else arguments
        read = partial(self.read, **given) if given else self.read

        def values(_: object, sources: Sequence[RowProxy]) -> Sequence[Any]:
            if type(sources) is Siblings:
                return sources.of(read(sources.proxy_type, sources.batch))
            batch = sources[0].batch
            if len(sources) == 1:
                found, place = read(type(sources[0]), batch), sources[0].place
                return found[place : place + 1] if type(found) is Siblings else [found[place]]
            if any(source.batch is not batch for source in sources):
                return list(map(read_one, sources))
            found = read(type(sources[0]), batch)
            return [found[source.place] for source in sources]

        return values


BATCH_FIELDS: Final[dict[Resolve, BatchField]] = {}
"""By resolver of one object."""
NARROWED_FIELDS: Final[dict[Resolve, Callable[[Any, Columns], Any]]] = {}
"""Fields of single objects that read rows, by resolver: how one is read if an answer shows only some columns."""


def attributes(name: str, sources: Sequence[RowProxy]) -> Sequence[Any]:
    """An attribute of the rows of these objects."""
    if type(sources) is Siblings:
        return sources.of(sources.batch.column(name))
    return [getattr(source.row, name) for source in sources]
