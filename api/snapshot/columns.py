"""Fields that are read for all objects of a batch at once, registered by the function that resolves one of them.

Without this register an executor could only ask each object for its value, although the values of a whole batch are
one list already.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from api.snapshot.snapshot import Batch, RowProxy

Resolve: TypeAlias = Callable[..., Any]
ReadColumn: TypeAlias = Callable[[type[Any], Batch], Sequence[Any]]
"""Returns the values of a field for all rows of a batch, as objects of a type, in their order."""

COLUMNS: Final[dict[Resolve, ReadColumn]] = {}
"""By resolver, which takes the object and no argument: the function that reads the same field for a batch."""


def column_of(read: ReadColumn, sources: Sequence[RowProxy]) -> Sequence[Any] | None:
    """The values of a field for these objects of one type; None unless they are of one batch."""
    batch = sources[0].batch
    if any(source.batch is not batch for source in sources):
        return None
    found = read(type(sources[0]), batch)
    return [found[source.place] for source in sources]
