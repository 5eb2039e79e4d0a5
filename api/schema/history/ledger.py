"""The ledger: signed checkpoints of the log, inclusion and consistency proofs, and evidence of cycles."""

from datetime import datetime
from typing import Annotated, Final, TypeAlias
from urllib.parse import quote

import strawberry

from api.execution.context import Caller, Info
from api.schema.primitives.field import resolved
from api.schema.primitives.lookup import CycleBy
from api.schema.primitives.scalars import Position
from api.schema.types.cycle import find_cycle
from api.snapshot.snapshot import View
from api.snapshot.sources import Connection
from domain.commands.permissions import Permission, Role, permissions
from domain.log import raw
from domain.log.mapper import leaf
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.lazy import cached_property
from domain.proof.signed_note import encoded
from projections.proof import merkle_tree, signer
from projections.proof.evidence import Digest, Wanted, evidence_file
from projections.proof.merkle_tree import Inclusion, Tree
from projections.proof.signer import Keys, Rewritten

Size: TypeAlias = Annotated[
    Position | None,
    strawberry.argument(description="The size of the log to prove inclusion in. Default: the size of the head."),
]


EVIDENCE_PERMISSIONS: Final = frozenset({Permission.READ_LEDGER, Permission.READ_PRIVATE})
_EVIDENCE_ROLES: Final = [role for role in Role if permissions(frozenset({role})) >= EVIDENCE_PERMISSIONS]


@strawberry.type(
    description="A commitment to the first `size` events of the log by the root hash of their Merkle tree. Keep a "
    "checkpoint to detect any later change of these events."
)
class Checkpoint:
    size: Position = strawberry.field(description="The number of events: all up to this position.")
    root_hash: str = strawberry.field(description="The root hash of the RFC 6962 tree over them, in Base64.")
    view: strawberry.Private[View]
    keys: strawberry.Private[Keys | None]

    @resolved(
        "The checkpoint as a signed note (c2sp.org/tlog-checkpoint). The public key is at /checkpoint/key. The note of "
        "a size is always the same."
    )
    def signed_note(self) -> str:
        return self.view.reads.read(_note, self.size, self.keys)

    @resolved(
        "Its number in the register of stored checkpoints; null if it is not stored, like one that was signed for this "
        "answer."
    )
    def number(self) -> int | None:
        return None if self._registered is None else self._registered.number

    @resolved("When it was signed and stored, by the database's clock; null if it is not stored.")
    def signed_at(self) -> datetime | None:
        return None if self._registered is None else self._registered.signed_at

    @cached_property
    def _registered(self) -> merkle_tree.Registered | None:
        return self.view.reads.read(merkle_tree.registered, self.size)


@strawberry.type(description="A proof that an event is in the log, see RFC 9162, section 2.1.3.")
class InclusionProof:
    view: strawberry.Private[View]
    position: Position = strawberry.field(description="The position of the event. Its leaf index is one less.")
    size: Position = strawberry.field(description="The size of the log that includes the event.")
    leaf_hash: str = strawberry.field(description="The hash over all columns of the event, in Base64.")
    path: list[str] = strawberry.field(description="The sibling hashes from the leaf to the root, in Base64.")

    @resolved(
        "The leaf itself, in Base64: all columns of the event as they are hashed, among them its stored bytes. Its "
        "SHA-256 is `leafHash`. FORBIDDEN without access to private goals."
    )
    def leaf(self, info: Info) -> str:
        require_evidence_access(info.context.caller)
        return self.view.reads.read(_leaf, self.position)


@strawberry.type(description="A proof that a log is a prefix of a larger log, see RFC 9162, section 2.1.4.")
class ConsistencyProof:
    from_: Position = strawberry.field(name="from", description="The size of the earlier log.")
    to: Position = strawberry.field(description="The size of the later log.")
    path: list[str] = strawberry.field(description="The hashes from which both roots are computed, in Base64.")


@strawberry.type(
    description="The evidence of a cycle: a file with all its events, each with its inclusion proof. It is verified "
    "without this server."
)
class Evidence:
    view: strawberry.Private[View]
    keys: strawberry.Private[Keys]
    workspace: strawberry.Private[str]
    key: strawberry.Private[str]
    checkpoint: Checkpoint = strawberry.field(description="The checkpoint that its proofs lead to.")

    @resolved(
        "The path of the file on this server. It names the size of the checkpoint, so it gives the same bytes later, "
        "until a person who is named in it is erased, or the key is replaced."
    )
    def url(self) -> str:
        return f"/evidence/{quote(self.key, safe='')}?size={self.checkpoint.size}"

    @resolved("The number of bytes of the file.")
    def size(self) -> int:
        return self._digest.size

    @resolved("The SHA-256 of the file, in hexadecimal digits. To compute it, the server writes the file.")
    def sha256(self) -> str:
        return self._digest.sha256.hex()

    @cached_property
    def _digest(self) -> Digest:
        reads = self.view.reads
        try:
            with reads.connection() as conn:
                file = evidence_file(conn, self.workspace, Wanted(self.key, self.checkpoint.size), self.keys)
            return file.digest(reads.connection)
        except Rewritten as error:
            raise CommandRejected(Code.CONFLICT, str(error)) from error


@strawberry.type(description="The ledger: an RFC 6962 Merkle tree over the stored bytes of every event.")
class Ledger:
    view: strawberry.Private[View]
    keys: strawberry.Private[Keys | None]

    @resolved(
        "The newest checkpoint: of all events that this answer includes, or the last signed one if this server has no "
        "key."
    )
    def head(self) -> Checkpoint:
        return self._checkpoint(self._head())

    @resolved("The checkpoint at a position. A position in the future is INVALID.")
    def checkpoint(
        self,
        position: Annotated[
            Position, strawberry.argument(description="The size of the checkpoint; 0 is the empty log.")
        ],
    ) -> Checkpoint:
        return self._checkpoint(self._within(position, "position"))

    @resolved("The proof that an event is in the log of a given size.")
    def inclusion(
        self,
        position: Annotated[Position, strawberry.argument(description="The position of the event.")],
        size: Size = None,
    ) -> InclusionProof:
        whole = self._within(self._head() if size is None else size, "size")
        if not 1 <= position <= whole:
            raise invalid(f"A log of {whole} events holds those at positions 1 to {whole}.", "position")
        proof = self.view.reads.read(_inclusion, position, whole)
        return InclusionProof(
            view=self.view,
            position=position,
            size=Position(whole),
            leaf_hash=encoded(proof.leaf),
            path=[*map(encoded, proof.path)],
        )

    @resolved("The proof that the log of a smaller size is a prefix of the log of a larger size.")
    def consistency(
        self,
        from_: Annotated[Position, strawberry.argument(name="from", description="The smaller size.")],
        to: Annotated[
            Position | None, strawberry.argument(description="The larger size. Default: the size of the head.")
        ] = None,
    ) -> ConsistencyProof:
        whole = self._within(self._head() if to is None else to, "to")
        if from_ > whole:
            raise invalid(f"Is larger than {whole}; a log continues a smaller one.", "from")
        path = self.view.reads.read(_consistency, from_, whole)
        return ConsistencyProof(from_=from_, to=Position(whole), path=[*map(encoded, path)])

    @resolved(
        "The evidence of a cycle, proven against the head. FORBIDDEN without access to private goals, NOT_FOUND for an "
        "unknown cycle, or if this server has no key."
    )
    def evidence(
        self, info: Info, cycle: Annotated[CycleBy, strawberry.argument(description="The cycle, by id or key.")]
    ) -> Evidence:
        require_evidence_access(info.context.caller)
        keys, key = keys_of_evidence(self.keys), find_cycle(self.view, cycle).key
        return Evidence(view=self.view, keys=keys, workspace=info.context.workspace, key=key, checkpoint=self.head())

    def _head(self) -> int:
        return self.view.reads.read(signer.newest, self.view.basis.position, self.keys)

    def _checkpoint(self, size: int) -> Checkpoint:
        root = self.view.reads.read(_root, size)
        return Checkpoint(size=Position(size), root_hash=encoded(root), view=self.view, keys=self.keys)

    def _within(self, size: int, field: str) -> int:
        head = self.view.basis.position
        if size > head:
            raise invalid(f"Lies in the future; the log is read up to {head} now.", field)
        return size


def open_ledger(view: View, info: Info) -> Ledger:
    """The ledger up to the basis of the view. Raises `FORBIDDEN` without the permission READ_LEDGER."""
    if Permission.READ_LEDGER not in info.context.caller.can:
        raise CommandRejected(Code.FORBIDDEN, "The ledger is for auditors, leads and admins.")
    return Ledger(view=view, keys=info.context.keys)


def require_evidence_access(caller: Caller) -> None:
    """Raises `FORBIDDEN` for a caller who may not read evidence: it needs READ_LEDGER and READ_PRIVATE."""
    if not caller.can >= EVIDENCE_PERMISSIONS:
        roles = " or ".join(_EVIDENCE_ROLES)
        raise CommandRejected(Code.FORBIDDEN, f"Evidence holds private goals, too: it needs the role {roles}.")


def keys_of_evidence(keys: Keys | None) -> Keys:
    """The keys of this server. Raises `NOT_FOUND` if it has none."""
    if keys is None:
        raise CommandRejected(Code.NOT_FOUND, "Evidence is signed, but this server has no key: 'keyframe key create'.")
    return keys


def _note(conn: Connection, size: int, keys: Keys | None) -> str:
    try:
        note = signer.available(conn, size, keys)
    except Rewritten as error:
        raise CommandRejected(Code.CONFLICT, str(error)) from error
    if note is None:
        raise CommandRejected(
            Code.NOT_FOUND, "This size was never signed, and this server has no key: 'keyframe key create'."
        )
    return note


def _root(conn: Connection, size: int) -> bytes:
    return Tree(conn, size).root


def _inclusion(conn: Connection, position: int, size: int) -> Inclusion:
    return Tree(conn, size).inclusion(position)


def _leaf(conn: Connection, position: int) -> str:
    (row,) = raw.rows_at(conn, [position])
    return encoded(leaf(row))


def _consistency(conn: Connection, size: int, to: int) -> list[bytes]:
    return Tree(conn, to).consistency(size)
