"""Signs checkpoints of the log: at every closing of a cycle, after a number of events, and after an interval.

A signed log cannot be rewritten unnoticed: a checkpoint is signed only if it is consistent with the earlier ones.
"""

import time
from collections.abc import Callable, Sequence
from math import nan
from typing import NamedTuple

import psycopg

from domain.log import raw
from domain.proof import checkpoint, merkle
from domain.proof.register import Entry
from domain.proof.signed_note import NotSigned, Signer, Verifier
from projections.proof import checkpoint_register, merkle_tree
from projections.proof.merkle_tree import Tree
from projections.proof.thinning import Thinning
from projections.store.versioned_tables import Connection, fetch

THIN_SECONDS = 3600.0
"""The pause before checkpoints are thinned again."""


class Keys(NamedTuple):
    """The signing key, and the public keys of its predecessors."""

    signer: Signer
    earlier: Sequence[Verifier] = ()

    @property
    def verifiers(self) -> tuple[Verifier, ...]:
        return (self.signer.verifier, *self.earlier)


class Rewritten(Exception):
    """The log, or the stored Merkle tree, contradicts a signed checkpoint."""


def signed(conn: Connection, size: int, keys: Keys) -> str:
    """The note of the checkpoint of this size: the stored one, or a new one.

    Raises `Rewritten` if a new one would contradict a stored checkpoint, and `LookupError` if the projections have not
    reached this size.
    """
    before, after = merkle_tree.last_signed(conn, size), merkle_tree.next_signed(conn, size)
    if before is not None and before.size == size:
        return before.note
    tree = Tree(conn, size)
    if before is not None:
        earlier = _verified(before.size, before.note, keys)
        path = tree.consistency(earlier.size)
        _require(merkle.extends(earlier.root, earlier.size, tree.root, size, path), earlier)
    if after is not None and after[0] <= _reached(conn, after[0]):
        later = _verified(*after, keys)
        path = Tree(conn, later.size).consistency(size)
        _require(merkle.extends(tree.root, size, later.root, later.size, path), later)
    return checkpoint.signed(size, tree.root, keys.signer)


def keep(conn: Connection, size: int, keys: Keys) -> str:
    """Store the checkpoint of this size permanently, with the next number and an entry in the register; one that is
    stored already stays as it is. Returns its note. Raises as `signed`."""
    with conn.transaction():
        checkpoint_register.lock(conn)
        note = signed(conn, size, keys)
        if merkle_tree.note(conn, size) is None:
            entry = _entry(conn, checkpoint.read(note), keys)
            checkpoint_register.add(conn, size, note, entry, keys.signer)
    return note


def _entry(conn: Connection, statement: checkpoint.Checkpoint, keys: Keys) -> Entry:
    try:
        commands = checkpoint_register.commands_upto(conn, statement.size, keys.verifiers)
    except NotSigned as error:
        raise Rewritten(f"The register of checkpoints is not genuine: run 'keyframe verify'. {error}") from error
    number = checkpoint_register.next_number(conn)
    return Entry(statement.origin, number, statement.size, statement.root, commands)


def available(conn: Connection, size: int, keys: Keys | None) -> str | None:
    """The note of the checkpoint of this size; without a key, None if none is stored."""
    return merkle_tree.note(conn, size) if keys is None else signed(conn, size, keys)


class Newest(NamedTuple):
    """The size of the newest stored checkpoint, and the seconds since it was signed; 0 and NaN without one."""

    size: int = 0
    age_s: float = nan


def newest_stored(conn: Connection) -> Newest:
    query = """
        select size, extract(epoch from clock_timestamp() - signed_at)::float8
        from checkpoint order by size desc limit 1
    """
    return next((Newest(*row) for row in fetch(conn, query, {})), Newest())


def newest(conn: Connection, position: int, keys: Keys | None) -> int:
    """The size of the newest available checkpoint up to a position: with a key the position itself; without a key the
    size of the last stored checkpoint, or the position if there is none."""
    last = None if keys is not None else merkle_tree.last_signed(conn, position)
    return position if last is None else last.size


def _verified(size: int, note: str, keys: Keys) -> checkpoint.Checkpoint:
    """The stored checkpoint of this size. Raises `Rewritten` if its signature or size is wrong."""
    try:
        verified = checkpoint.verified(note, keys.verifiers)
    except NotSigned as error:
        raise Rewritten(f"The checkpoint of size {size} is not genuine. {error}") from error
    if verified.size != size:
        raise Rewritten(f"The checkpoint stored for size {size} is one of size {verified.size}.")
    return verified


def _require(is_consistent: bool, with_checkpoint: checkpoint.Checkpoint) -> None:
    if not is_consistent:
        raise Rewritten(
            f"The log differs from the log that was signed at position {with_checkpoint.size}: run 'keyframe verify'. "
            "If that finds no damage, the stored Merkle tree is damaged: run 'keyframe rebuild'."
        )


def _reached(conn: Connection, size: int) -> int:
    """The position of the projections. Raises `Rewritten` if the log itself ends before this size, which is signed."""
    position = int(fetch(conn, "select position from view_position", {})[0][0])
    if position < size and (head := raw.head(conn)) < size:
        raise Rewritten(f"The log ends at position {head}, but was signed up to {size}: run 'keyframe verify'.")
    return position


class CheckpointSigner:
    """Signs and stores checkpoints of one workspace while its projector runs.

    A checkpoint is due after `events_max` new events, or after `interval_s` seconds if there is any new event. Each
    closing of a cycle gets its own checkpoint, so that its outcome is attested, even if it happened while no signer
    was running. With `thin_after_days`, checkpoints of earlier days are thinned.
    """

    def __init__(
        self,
        keys: Keys,
        events_max: int,
        interval_s: float,
        thin_after_days: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = keys
        self._events_max = events_max
        self._interval_s = interval_s
        self._thinning = None if thin_after_days is None else Thinning(keys.signer, thin_after_days)
        self._clock = clock
        self._last: int | None = None
        self._due = 0.0
        self._thin_due = 0.0
        self._seen = 0
        self._pause = 0.0
        self._fault: str | None = None

    def keep(self, conn: Connection, position: int) -> str | None:
        """Sign the checkpoints that are due at this position of the projections. Returns why none can be signed; None
        if nothing prevents it.

        A failure to sign, or a log that contradicts a checkpoint, is tried again every `interval_s` seconds; the
        projector continues.
        """
        if self._clock() < self._pause:
            return self._fault
        try:
            self._keep(conn, position)
            self._thin(conn, position)
        except (Rewritten, LookupError, psycopg.ProgrammingError, psycopg.IntegrityError) as error:
            self._fault = str(error)
            self._pause = self._clock() + self._interval_s
        else:
            self._fault = None
        return self._fault

    def _keep(self, conn: Connection, position: int) -> None:
        if self._last is None or position < self._seen:  # the log was cut off, or the projections fell back
            self._resume(conn)
        if position > self._seen:
            for closing in _closings(conn, self._seen, position):
                self._sign(conn, closing)
            self._seen = position
        unsigned = position - (self._last or 0)
        if unsigned >= self._events_max or (unsigned > 0 and self._clock() >= self._due):
            self._sign(conn, position)

    def _thin(self, conn: Connection, position: int) -> None:
        if self._thinning is not None and self._clock() >= self._thin_due:
            has_more = self._thinning.step(conn, position)
            self._thin_due = self._clock() + (0.0 if has_more else THIN_SECONDS)

    def _resume(self, conn: Connection) -> None:
        """Continue from the last stored checkpoint; without one, the first is due at once."""
        last = merkle_tree.last_signed(conn)
        self._seen = 0
        self._last = 0 if last is None else last.size
        self._due = self._clock() + (0.0 if last is None else self._interval_s - last.age_s)

    def _sign(self, conn: Connection, size: int) -> None:
        keep(conn, size, self._keys)
        self._last = max(self._last or 0, size)
        self._due = self._clock() + self._interval_s


def _closings(conn: Connection, after: int, upto: int) -> list[int]:
    """The positions of the closings of cycles in (after, upto]."""
    query = """
        select distinct outcome_position from cycle
        where outcome_position > %(after)s and outcome_position <= %(upto)s order by outcome_position
    """
    return [position for (position,) in fetch(conn, query, {"after": after, "upto": upto})]
