"""Signs what the log is: at every closing of a cycle, after so many events, and after so much time.

A log that is signed once cannot be rewritten unnoticed: nothing is signed that does not continue what was
signed before.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import psycopg
import structlog

from domain.log import raw
from domain.proof import checkpoint, merkle
from domain.proof.signed_note import NotSigned, Signer, Verifier
from projections.proof import merkle_tree
from projections.proof.merkle_tree import Tree
from projections.store.versioned_tables import Connection, fetch

_log = structlog.get_logger(__name__)


class Keys(NamedTuple):
    """The key that signs, and the public halves of those that signed before it."""

    signer: Signer
    earlier: Sequence[Verifier] = ()

    @property
    def verifiers(self) -> tuple[Verifier, ...]:
        return (self.signer.verifier, *self.earlier)


class Rewritten(Exception):
    """The log, or the tree kept over it, is not what was signed."""


def signed(conn: Connection, size: int, keys: Keys) -> str:
    """The log's checkpoint of this size: the one that was kept, or one signed now.

    Raises `Rewritten` rather than to sign what contradicts a checkpoint that was kept, and `LookupError`
    if the views do not stand at that size yet.
    """
    before, after = merkle_tree.last_signed(conn, size), merkle_tree.next_signed(conn, size)
    if before is not None and before.size == size:
        return before.note
    tree = Tree(conn, size)
    if before is not None:
        said = _known(before.size, before.note, keys)
        holds = merkle.extends(said.root, said.size, tree.root, size, tree.consistency(said.size))
        _refuse_unless(holds, said)
    if after is not None and after[0] <= _reached(conn, after[0]):
        said = _known(*after, keys)
        path = Tree(conn, said.size).consistency(size)
        _refuse_unless(merkle.extends(tree.root, size, said.root, said.size, path), said)
    return checkpoint.signed(size, tree.root, keys.signer)


def told(conn: Connection, size: int, keys: Keys | None) -> str | None:
    """The log's checkpoint of this size, where it is not sure that there is a key: then only one that was kept."""
    return merkle_tree.note(conn, size) if keys is None else signed(conn, size, keys)


def newest(conn: Connection, position: int, keys: Keys | None) -> int:
    """The size of the newest checkpoint that can be told up to a position; without a key, the last that was kept.
    The position itself if there is none."""
    last = None if keys is not None else merkle_tree.last_signed(conn, position)
    return position if last is None else last.size


def _known(size: int, note: str, keys: Keys) -> checkpoint.Checkpoint:
    """What a checkpoint says that was kept."""
    try:
        said = checkpoint.verified(note, keys.verifiers)
    except NotSigned as error:
        raise Rewritten(f"The checkpoint of size {size} is not one of ours. {error}") from error
    if said.size != size:
        raise Rewritten(f"The checkpoint of size {size} speaks of size {said.size}.")
    return said


def _refuse_unless(holds: bool, said: checkpoint.Checkpoint) -> None:
    if not holds:
        raise Rewritten(
            f"The log is not what was signed at position {said.size}: run 'keyframe verify'. "
            "If that finds nothing, the tree kept over it is damaged: run 'keyframe rebuild'."
        )


def _reached(conn: Connection, size: int) -> int:
    """How far the views stand. Raises `Rewritten` if the log itself ends before a size that was signed."""
    position = int(fetch(conn, "select position from view_position", {})[0][0])
    if position < size and (head := raw.head(conn)) < size:
        raise Rewritten(f"The log ends at position {head}, but was signed up to {size}: run 'keyframe verify'.")
    return position


class CheckpointSigner:
    """Signs and keeps checkpoints of one workspace while its views are fed.

    The next one is due after `events_max` new events, or `interval_s` seconds if there is anything new; and
    there is one for every closing of a cycle, so that its outcome is attested. Closings that nobody saw are
    made up for.
    """

    def __init__(
        self, keys: Keys, events_max: int, interval_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keys = keys
        self._events_max = events_max
        self._interval_s = interval_s
        self._clock = clock
        self._last: int | None = None
        self._due = 0.0
        self._seen = 0
        self._pause = 0.0

    def keep(self, conn: Connection, position: int) -> None:
        """Sign what is due, now that the views stand at a position.

        If the log contradicts what was signed, or cannot be signed, that is logged, and again every
        `interval_s` seconds for as long as it is so; the views go on.
        """
        if self._clock() < self._pause:
            return
        try:
            self._keep(conn, position)
        except (Rewritten, LookupError, psycopg.ProgrammingError) as error:
            _log.critical("checkpoints stopped", position=position, cause=str(error))
            self._pause = self._clock() + self._interval_s

    def _keep(self, conn: Connection, position: int) -> None:
        if self._last is None:
            self._resume(conn)
        if position > self._seen:
            for closing in _closings(conn, self._seen, position):
                self._sign(conn, closing)
            self._seen = position
        news = position - (self._last or 0)
        if news >= self._events_max or (news > 0 and self._clock() >= self._due):
            self._sign(conn, position)

    def _resume(self, conn: Connection) -> None:
        """Go on from the last checkpoint, whoever signed it; the first of all is due at once."""
        last = merkle_tree.last_signed(conn)
        self._last = 0 if last is None else last.size
        self._due = self._clock() + (0.0 if last is None else self._interval_s - last.age_s)

    def _sign(self, conn: Connection, size: int) -> None:
        merkle_tree.keep(conn, size, signed(conn, size, self._keys))
        self._last = max(self._last or 0, size)
        self._due = self._clock() + self._interval_s


def _closings(conn: Connection, after: int, upto: int) -> list[int]:
    """Where, after a position and up to another, a cycle was closed."""
    query = """
        select distinct outcome_position from cycle
        where outcome_position > %(after)s and outcome_position <= %(upto)s order by outcome_position
    """
    return [position for (position,) in fetch(conn, query, {"after": after, "upto": upto})]
