"""References of things to their counterparts in other systems."""

from collections.abc import Sequence
from functools import singledispatch
from operator import attrgetter
from typing import Any
from uuid import UUID

from domain.model.discussion import ExternalReferenceRemoved, ExternalReferenceSet
from domain.model.event import Event, Recorded
from domain.primitives.values import Basis, Kind, Ref
from projections.store.batch_writer import BatchWriter, Reads
from projections.store.rows import Version
from projections.store.versioned_tables import Connection, Table, VersionedTable, basis_params, grouped

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class ExternalReferenceRow(Version, frozen=True, gc=False):
    """`external_id` is None while the reference is removed."""

    subject_kind: Kind
    subject_id: UUID
    system: str
    external_id: str | None
    url: str | None

    @property
    def subject(self) -> Ref:
        return Ref(self.subject_kind, self.subject_id)


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

EXTERNAL_REFERENCE = VersionedTable(
    Kind.EXTERNAL_REFERENCE,
    ExternalReferenceRow,
    ["(subject_id, id) where version = 1", "(external_id, system)"],
)
TABLES: tuple[Table[Any], ...] = (EXTERNAL_REFERENCE,)

# ── handlers ─────────────────────────────────────────────────────────────────────────────────────

READS: Reads = {}


@singledispatch
def apply(event: Event, entry: Recorded, writer: BatchWriter) -> None:
    """Apply an event to the tables of this projection; most events are ignored."""


@apply.register
def on_external_reference_set(event: ExternalReferenceSet, entry: Recorded, writer: BatchWriter) -> None:
    insert = writer.insert_first if event.originator_version == 1 else writer.insert_version
    insert(EXTERNAL_REFERENCE, entry, subject_kind=event.subject.kind, subject_id=event.subject.id)


@apply.register
def on_external_reference_removed(event: ExternalReferenceRemoved, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(EXTERNAL_REFERENCE, entry, external_id=None, url=None)


# ── queries ──────────────────────────────────────────────────────────────────────────────────────


def external_references(
    conn: Connection, basis: Basis, subjects: Sequence[UUID]
) -> dict[UUID, list[ExternalReferenceRow]]:
    """The references of each of these things, by system."""
    first = "select id from external_reference where version = 1 and subject_id = any(%(subjects)b::uuid[])"
    sql = EXTERNAL_REFERENCE.query(basis, first, "v.external_id is not null")
    rows = EXTERNAL_REFERENCE.read(conn, sql, basis_params(basis, subjects=list(subjects)))
    return grouped(subjects, sorted(rows, key=attrgetter("system")), attrgetter("subject_id"))


def externally_named(
    conn: Connection, basis: Basis, system: str, ids: Sequence[str]
) -> dict[str, ExternalReferenceRow]:
    """The references to these ids of a system; unknown ones are left out."""
    has_id = "external_id = any(%(ids)b::text[])"
    named = f"select distinct id from external_reference where {has_id} and system = %(system)s"
    sql = EXTERNAL_REFERENCE.query(basis, named, f"v.{has_id}")
    rows = EXTERNAL_REFERENCE.read(conn, sql, basis_params(basis, system=system, ids=list(ids)))
    return {row.external_id or "": row for row in rows}
