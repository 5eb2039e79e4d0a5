"""The parts of compiled documents: how a field is read, and how it is completed, for all objects of one level at once.

Without them every object would be resolved and completed by itself, field by field, which takes ten times as long for
large lists. A part raises at whatever is irregular: an error of a field, or null where it is not allowed. Then the
interpreter computes the same value again, and places the errors.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from api.execution.plans.leaves import WriteColumn
from api.execution.plans.run import FIELD_BYTES, Irregular, ReadOne, Run
from api.snapshot.batch_fields import BATCH_FIELDS, NARROWED_FIELDS, attributes
from api.snapshot.siblings import SiblingGroups, Siblings, joined
from api.snapshot.snapshot import Columns
from projections.store.columnar import Coded

Read: TypeAlias = Callable[[Run, Sequence[Any]], Sequence[Any]]
"""Reads a field of the objects of a level, of which there is at least one."""
Complete: TypeAlias = Callable[[Run, Sequence[Any]], Sequence[Any]]
"""Completes a column of values; None stays None."""


class Field(NamedTuple):
    """A field of a level: its name in the answer, how it is read and completed, and whether null is not allowed.
    `needs`: the columns of the rows that it reads. `narrows`: it reads other rows, with the columns that are shown of
    them. `is_enum`: its completed values are names of an enum, so that few of them differ."""

    name: str
    read: Read
    complete: Complete
    is_required: bool
    needs: Columns = None
    narrows: bool = False
    is_enum: bool = False


class Level:
    """The selected fields of one object type."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = fields
        self._in_order = sorted(enumerate(fields), key=lambda one: not one[1].narrows)
        """What narrows comes first: it may read with its rows what other fields need of them, in one statement."""
        names = tuple(field.name for field in fields)
        self._objects = _equal_objects_of(*names) if len(fields) == 1 and fields[0].is_enum else _objects_of(names)

    @property
    def needs(self) -> Columns:
        """The columns that all fields read."""
        needs: frozenset[str] = frozenset()
        for field in self._fields:
            if field.needs is None:
                return None
            needs |= field.needs
        return needs

    def __call__(self, run: Run, sources: Sequence[Any]) -> Sequence[Any]:
        """The completed objects. Raises what a field raises, and `Irregular`, `Stopped`."""
        count = len(sources)
        if not count:
            return []
        run.add(FIELD_BYTES * len(self._fields) * count)
        columns: list[Any] = [None] * len(self._fields)
        for place, (_, read, complete, is_required, *_) in self._in_order:
            columns[place] = column = complete(run, read(run, sources))
            if is_required and has_none(column):
                raise Irregular
        return self._objects(count, *columns)


def has_none(column: Sequence[Any]) -> bool:
    """Whether a value is None. Most columns have no false value, which takes a third of the time to find out."""
    return not all(column) and None in column


@lru_cache(1024)
def _objects_of(names: tuple[str, ...]) -> Callable[..., Sequence[Any]]:
    """The function that makes objects with these fields, from their number and their columns.

    It is generated, because a display of a dictionary is three times as fast as `dict(zip(…))`. Names of a valid
    document are letters, digits and underscores.
    """
    if not names:
        return lambda count: [{} for _ in range(count)]
    values = "".join(f"v{place}," for place in range(len(names)))
    entries = ",".join(f"{name!r}:v{place}" for place, name in enumerate(names))
    made: Callable[..., Sequence[Any]] = eval(f"lambda n,{values}: [{{{entries}}} for {values} in zip({values})]")  # noqa: S307 - see above
    return made


def _equal_objects_of(name: str) -> Callable[..., Sequence[Any]]:
    """The same for one field with few different values: equal objects are one."""

    def objects(column: Sequence[Any]) -> Sequence[Any]:
        if type(column) is Coded:
            return column.mapped(objects)
        known = {value: {name: value} for value in set(column)}
        return list(map(known.__getitem__, column))

    return lambda _, column: objects(column)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def of_rows(name: str) -> Read:
    """Reads an attribute of the rows."""
    return lambda _, sources: attributes(name, sources)


def fixed(read: ReadOne, wanted: Columns) -> Read:
    """Reads a field in the same way for all requests: of all objects at once if it can be read so; else of each."""
    resolve, arguments = (read.func, read.keywords) if isinstance(read, partial) else (read, {})
    narrowed = NARROWED_FIELDS.get(resolve)
    if narrowed is not None:
        return lambda _, sources: [narrowed(source, wanted) for source in sources]
    field = BATCH_FIELDS.get(resolve)
    return (lambda _, sources: list(map(read, sources))) if field is None else field.reader(read, wanted, arguments)


def bound(bind: Callable[[Any], ReadOne], wanted: Columns) -> Read:
    """Reads a field with arguments that depend on the request."""
    return lambda run, sources: fixed(run.once(bind, bind), wanted)(run, sources)


def constant(value: Any) -> Read:
    """The same value for each object."""
    return lambda _, sources: [value] * len(sources)


# ── completing ───────────────────────────────────────────────────────────────────────────────────


def as_it_is(_: Run, column: Sequence[Any]) -> Sequence[Any]:
    """Completes values that are written already."""
    return column


def leaves(write: WriteColumn) -> Complete:
    """Completes scalars and enums."""
    return lambda _, column: write(column)


def texts(write: WriteColumn) -> Complete:
    """Completes texts, of which long ones count in characters."""

    def complete(run: Run, column: Sequence[Any]) -> Sequence[Any]:
        written = write(column)
        lengths = [*map(len, filter(None, written))]
        if max(lengths, default=0) > FIELD_BYTES:
            run.bytes += sum(length for length in lengths if length > FIELD_BYTES)
        return written

    return complete


def lists(complete: Complete, *, items_required: bool) -> Complete:
    """Completes lists: the items of all of them are one column."""

    def items_of(run: Run, items: Sequence[Any]) -> list[Any]:
        done = list(complete(run, items))
        if items_required and has_none(done):
            raise Irregular
        return done

    def completed(run: Run, column: Sequence[Any]) -> list[Any]:
        if type(column) is SiblingGroups:
            return column.split(items_of(run, column.joined))
        present = [one for one in column if one is not None]
        items = iter(items_of(run, joined(present) or [item for one in present for item in one]))
        return [None if one is None else list(islice(items, len(one))) for one in column]

    return completed


def objects(level: Complete) -> Complete:
    """Completes objects: one that occurs several times is completed once."""

    def completed(run: Run, column: Sequence[Any]) -> Sequence[Any]:
        if type(column) is Siblings or (len(column) == 1 and column[0] is not None):
            return level(run, column)
        before, values = run.bytes, list(column)
        if values.count(None) == len(values):
            return values
        distinct = {id(one): one for one in values}
        present = len(values) - values.count(None) if id(None) in distinct else len(values)
        distinct.pop(id(None), None)
        done = level(run, list(distinct.values()))
        if len(distinct) == len(values):
            return done
        run.bytes += (run.bytes - before) * (present - len(distinct)) // max(len(distinct), 1)
        by = dict(zip(distinct, done, strict=True)) | {id(None): None}
        return list(map(by.__getitem__, map(id, values)))

    return completed


def by_type(level_of: Callable[[Run, Any], Complete]) -> Complete:
    """Completes objects of several types, those of one type together."""

    def completed(run: Run, sources: Sequence[Any]) -> list[Any]:
        groups: dict[type, list[Any]] = {}
        for one in sources:
            groups.setdefault(type(one), []).append(one)
        done = {kind: iter(level_of(run, group[0])(run, group)) for kind, group in groups.items()}
        return [next(done[type(one)]) for one in sources]

    return objects(completed)
