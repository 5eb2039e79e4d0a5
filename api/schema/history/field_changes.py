"""Field changes: the values before and after as text, for clients that know no concrete type, and as nodes."""

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
    """The text of a value in `FieldChange`."""
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


def _nodes(batch: Batch, side: str) -> Sequence[Any]:
    refs = [value if isinstance(value := getattr(row, side), Ref) else None for row in batch.rows]
    nodes = found_refs(batch.view, refs)
    return [None if ref is None else nodes.get(ref) for ref in refs]


@strawberry.type(
    description="A changed field with its values as text: a number as in JSON, a Date as YYYY-MM-DD, a DateTime as "
    "RFC 3339 in UTC, an enum by its name, a Boolean as true or false, an entity by its `entityId`, text unchanged. "
    "A nested field has a dotted name, like metric.target or goal.lower. A list has one entry per item: `before` is "
    "null for an added item, `after` is null for a removed one."
)
class FieldChange(RowProxy):
    row: strawberry.Private[Field]

    field: str = related("The name of the field in the type of the entity.", lambda of: [row.name for row in of.rows])
    before: str | None = related("The value before; null if it had none.", _texts, "before")
    after: str | None = related("The value after; null if it has none.", _texts, "after")
    before_node: Node | None = related("The node that `before` refers to, if any.", _nodes, "before")
    after_node: Node | None = related("The node that `after` refers to, if any.", _nodes, "after")


def shown(view: View, groups: Sequence[Sequence[Field]]) -> list[list[FieldChange]]:
    """Field changes in groups; all of them are siblings."""
    return in_groups(FieldChange, view, groups)
