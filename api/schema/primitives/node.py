"""The `Node` interface: objects with a global id."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Self
from uuid import UUID

import strawberry

from api.schema.primitives.field import resolved
from api.snapshot import global_ids
from api.snapshot.batch_fields import BatchField
from api.snapshot.dataloaders import TYPES
from api.snapshot.snapshot import Batch, ById, RowProxy, View, as_batch
from domain.primitives.values import Kind


def _ids(batch: Batch, kind: Kind) -> Sequence[str]:
    return global_ids.encode_all(kind, batch.column("id"), batch.view.id_end)


_ID: Final = BatchField(lambda node, batch: batch.all(_ids, node.KIND), frozenset(["id"]))


@strawberry.interface(
    description="An object with a global id. An id read inside a Snapshot includes its basis, so a normalised cache "
    "never mixes past and present, and `node` always returns the same state for it."
)
class Node(RowProxy):
    KIND: ClassVar[Kind]

    def __init_subclass__(cls, kind: Kind | None = None, read: ById[Any] | None = None) -> None:
        """Register a type with its kind and the query that reads its rows by id."""
        if kind is not None and read is not None:
            cls.KIND = kind
            TYPES[kind] = (cls, read)

    @resolved("The global id; opaque.", batch=_ID)
    def id(self) -> strawberry.ID:
        return strawberry.ID(global_ids.encode(self.KIND, self.row.id, self.batch.view.id_end))

    @classmethod
    def find(cls, view: View, id: UUID | None) -> Self | None:
        """The node of this type with an id at a view; None if it does not exist there."""
        row = None if id is None else view.by_id(TYPES[cls.KIND][1], [id]).get(id)
        return None if row is None else as_batch(cls, view, [row])[0]
