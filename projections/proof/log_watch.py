"""Watches the log while a projector runs: signs checkpoints, and compares the stored rows with what was signed.

Step by step it recomputes the hashes of 256 events, and compares them with the node of the Merkle tree over them, and
the tree with the newest checkpoint. The newest events, up to 256, are part of every step. So a rewritten event is
noticed without a verification of the whole log; that finds more, and at once.
"""

import time
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from domain.log import raw
from domain.proof import checkpoint, merkle
from domain.proof.signed_note import NotSigned
from projections.proof import merkle_tree
from projections.proof.merkle_tree import WIDTH, Tree
from projections.proof.signer import CheckpointSigner
from projections.store.versioned_tables import Connection

STEP_SECONDS: Final = 5.0
"""The pause between two steps: a million events take five and a half hours."""
REPEAT_SECONDS: Final = 300.0
"""The pause before the same fault is logged again."""

_log = structlog.get_logger(__name__)


class LogWatch:
    """Keeps a log attested, with the `signer` if there is a key."""

    def __init__(self, signer: CheckpointSigner | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._signer = signer
        self._clock = clock
        self._due = clock() + STEP_SECONDS
        self._tile = 0
        self._altered: str | None = None
        self._reported: tuple[str | None, float] = (None, 0.0)

    def keep(self, conn: Connection, position: int) -> str | None:
        """One round at this position of the projections. Returns what contradicts what was signed, or why nothing can
        be signed; None if all is well. A fault stays until the same comparison succeeds, and is logged as critical."""
        if self._clock() >= self._due:
            self._altered = self._step(conn, position)
            self._due = self._clock() + STEP_SECONDS
        unsigned = None if self._signer is None else self._signer.keep(conn, position)
        fault = self._altered or unsigned
        self._report(fault, position)
        return fault

    def _step(self, conn: Connection, position: int) -> str | None:
        """Compare the next 256 events, and the newest ones; after a fault the same ones again."""
        self._tile = self._tile if self._tile < position // WIDTH else 0
        fault = contradiction(conn, position) or _first_fault(conn, {self._tile, _tiles(position) - 1}, position)
        if fault is None:
            self._tile += 1
        return fault

    def _report(self, fault: str | None, position: int) -> None:
        last, at = self._reported
        if fault == last and (fault is None or self._clock() - at < REPEAT_SECONDS):
            return
        self._reported = (fault, self._clock())
        if fault is None:
            _log.info("the log matches what was signed again", position=position)
        else:
            _log.critical("the log contradicts what was signed", position=position, cause=fault)


def altered(conn: Connection, position: int, tiles_max: int) -> str | None:
    """What contradicts what was signed among the newest 256 · `tiles_max` events up to a position of the projections;
    None if nothing does."""
    tiles = _tiles(position)
    newest = range(max(0, tiles - tiles_max), tiles)
    return contradiction(conn, position) or _first_fault(conn, newest, position)


def _tiles(position: int) -> int:
    """How many times 256 events there are up to a position; the last ones may be fewer."""
    return -(-position // WIDTH)


def _first_fault(conn: Connection, tiles: Iterable[int], position: int) -> str | None:
    faults = (altered_tile(conn, tile, position) for tile in sorted(tiles) if tile >= 0)
    return next((fault for fault in faults if fault is not None), None)


def contradiction(conn: Connection, position: int) -> str | None:
    """How the log and the stored Merkle tree contradict the newest checkpoint up to a position of the projections; None
    if they do not. The signature of the checkpoint is not verified."""
    newest = merkle_tree.last_signed(conn)
    if newest is None:
        return None
    if newest.size > position and (head := raw.head(conn)) < newest.size:
        return f"The log ends at position {head}, but was signed up to {newest.size}: run 'keyframe verify'."
    try:
        if newest.size > position or Tree(conn, newest.size).root == checkpoint.read(newest.note).root:
            return None
    except (LookupError, NotSigned) as error:
        return str(error)
    return f"The log differs from the log that was signed at position {newest.size}: run 'keyframe verify'."


def altered_tile(conn: Connection, tile: int, position: int) -> str | None:
    """What is wrong with the 256 events after position 256 · `tile`, up to a position; None if they match their hashes
    and the tree. The tree has no node over fewer than 256: the newest checkpoint covers their hashes."""
    start, end = tile * WIDTH, min((tile + 1) * WIDTH, position)
    if (found := raw.first_altered(conn, start, end)) is not None:
        return f"The event at position {found} was changed: its hash does not match. Run 'keyframe verify'."
    if end - start < WIDTH:
        return None
    try:
        node, leaves = merkle_tree.node(conn, merkle_tree.STEP, tile), raw.leaf_hashes(conn, start, end)
    except LookupError as error:
        return f"{error}: run 'keyframe verify'."
    if merkle.levels(leaves)[-1][0] != node:
        return (
            f"An event at the positions {start + 1} to {end} was rewritten together with its hash: run 'keyframe "
            "verify'. If that finds no damage, the stored Merkle tree is damaged: run 'keyframe rebuild'."
        )
    return None
