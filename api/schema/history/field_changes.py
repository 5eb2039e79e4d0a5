"""What differs, field by field: in words for a client that knows no concrete type, and as the things that are named."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import strawberry

from api.schema.primitives.field import related
from api.schema.primitives.node import Node
from api.schema.primitives.scalars import write_date_time
from api.snapshot import global_ids
from api.snapshot.dataloaders import found_refs, in_groups
from api.snapshot.snapshot import Batch, RowProxy, View
from domain.primitives.values import Ref
from projections.history.field_changes import Field, Value


def text(value: Value) -> str | None:
    """A value as `FieldChange` writes it."""
    if value is None:
        return None
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            written: str = write(value)
            return written
    return repr(value).removesuffix(".0")


_WRITERS: tuple[tuple[type[Any], Callable[[Any], str]], ...] = (
    (str, str.__str__),
    (bool, lambda value: "true" if value else "false"),
    (Ref, lambda ref: global_ids.encode(ref.kind, ref.id)),
    (datetime, write_date_time),
    (date, date.isoformat),
)


def _texts(batch: Batch, side: str) -> Sequence[str | None]:
    return [text(getattr(row, side)) for row in batch.rows]


def _things(batch: Batch, side: str) -> Sequence[Any]:
    refs = [value if isinstance(value := getattr(row, side), Ref) else None for row in batch.rows]
    things = found_refs(batch.view, refs)
    return [None if ref is None else things.get(ref) for ref in refs]


@strawberry.type(
    description="A field with another value than before, in words: a number as in JSON, a Date as YYYY-MM-DD, a "
    "DateTime as RFC 3339 in UTC, an enum by its name, true or false, a thing by its `entityId`, text as it is. What "
    "is inside a value is named with a dot, like metric.target or goal.lower. A list is told item by item: `before` is "
    "null for what was added to it, `after` for what was taken out."
)
class FieldChange(RowProxy):
    row: strawberry.Private[Field]

    field: str = related("Its name, as in the type of the thing.", lambda of: [row.name for row in of.rows])
    before: str | None = related("Its value before; null for none.", _texts, "before")
    after: str | None = related("Its value after; null for none.", _texts, "after")
    before_node: Node | None = related("The thing that `before` names, if it names one.", _things, "before")
    after_node: Node | None = related("The thing that `after` names, if it names one.", _things, "after")


def shown(view: View, groups: Sequence[Sequence[Field]]) -> list[list[FieldChange]]:
    """Fields in groups, all of them siblings."""
    return in_groups(FieldChange, view, groups)
