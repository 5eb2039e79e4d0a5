"""The Merkle tree over the log, its inclusion and consistency proofs, and the signed checkpoints.

Only every eighth level of the tree is stored, one hash for 256 below; the levels in between are recomputed from at most
256 neighbours. The leaves are the hashes in the log itself. So a proof reads a few hundred hashes, however long the log
is, and the tree needs one row per 256 events.
"""

from datetime import datetime
from typing import NamedTuple

import msgspec

from domain.log import raw
from domain.primitives.lazy import cached_property
from domain.proof import merkle
from projections.store.versioned_tables import Connection, Table, fetch

STEP = 8
"""The number of levels between two stored levels."""
WIDTH = 1 << STEP
LEVELS_MAX = 63


class NodeRow(msgspec.Struct, frozen=True, gc=False):
    """The root of the 2^level events after position place · 2^level."""

    level: int
    place: int
    hash: bytes


class Inclusion(msgspec.Struct, frozen=True):
    """The inclusion proof of an event in the log of a size."""

    position: int
    size: int
    leaf: bytes
    path: list[bytes]


class Registered(NamedTuple):
    """The number of a stored checkpoint in the register, and when it was signed."""

    number: int
    signed_at: datetime


class Signed(msgspec.Struct, frozen=True):
    """A signed checkpoint; `age_s` is the time since its signing, in seconds."""

    size: int
    note: str
    age_s: float


NODE = Table("tree_node", NodeRow, ("level", "place"), placed="(place + 1) << level::integer")
TABLES = (NODE,)


# ── writing the tree ─────────────────────────────────────────────────────────────────────────────


def grow(conn: Connection, before: int, position: int) -> None:
    """Store the nodes that are completed by the events in (before, position]."""
    for level in range(STEP, LEVELS_MAX, STEP):
        first, end = before >> level, position >> level
        if first == end:
            return
        below = _row(conn, level - STEP, first * WIDTH, end * WIDTH)
        roots = (merkle.levels(below[at : at + WIDTH])[STEP][0] for at in range(0, len(below), WIDTH))
        NODE.insert(conn, [NodeRow(level, place, root) for place, root in enumerate(roots, first)])


def node(conn: Connection, level: int, place: int) -> bytes:
    """The hash of a node on a stored level. Raises `LookupError` if it is not stored."""
    return _row(conn, level, place, place + 1)[0]


def _row(conn: Connection, level: int, start: int, end: int) -> list[bytes]:
    """The hashes of neighbours on a stored level. Raises `LookupError` if one of them is not stored."""
    if level == 0:
        return raw.leaf_hashes(conn, start, end)
    query = """
        select hash from tree_node where level = %(level)s and place >= %(start)s and place < %(end)s order by place
    """
    found = [hash for (hash,) in fetch(conn, query, {"level": level, "start": start, "end": end})]
    if len(found) != end - start:
        raise LookupError("The stored Merkle tree is not complete: run 'keyframe rebuild'.")
    return found


# ── reading the tree ─────────────────────────────────────────────────────────────────────────────


class Tree:
    """The tree of the log's first `size` events, with a cache of the tiles it has read.

    Every method raises `LookupError` if the projections have not reached that size.
    """

    def __init__(self, conn: Connection, size: int) -> None:
        self._conn = conn
        self.size = size
        self._tiles: dict[tuple[int, int], list[list[bytes]]] = {}
        self._edge: dict[int, bytes] = {}

    @cached_property
    def root(self) -> bytes:
        return merkle.root(self._look, self.size)

    def inclusion(self, position: int) -> Inclusion:
        """The inclusion proof of the event at a position. Raises `ValueError` for a position outside the tree."""
        path = merkle.inclusion(self._look, position - 1, self.size, self._edge)
        return Inclusion(position, self.size, self._look(0, position - 1), path)

    def consistency(self, size: int) -> list[bytes]:
        """The consistency proof between the tree of `size` events and this one. Raises `ValueError` for a larger
        size."""
        return merkle.consistency(self._look, size, self.size)

    def _look(self, level: int, place: int) -> bytes:
        step, height = divmod(level, STEP)
        tile = place >> (STEP - height)
        return self._tile(step * STEP, tile)[height][place - (tile << (STEP - height))]

    def _tile(self, level: int, tile: int) -> list[list[bytes]]:
        """The subtrees above up to 256 neighbours on a stored level."""
        cached = self._tiles.get((level, tile))
        if cached is None:
            end = min((tile + 1) * WIDTH, self.size >> level)
            cached = merkle.levels(_row(self._conn, level, tile * WIDTH, end))
            self._tiles[level, tile] = cached
        return cached


# ── checkpoints ──────────────────────────────────────────────────────────────────────────────────


def note(conn: Connection, size: int) -> str | None:
    """The note of the stored checkpoint of this size; None if there is none."""
    rows = fetch(conn, "select note from checkpoint where size = %(size)s", {"size": size})
    return next((note for (note,) in rows), None)


def registered(conn: Connection, size: int) -> Registered | None:
    """The number and the time of the stored checkpoint of this size; None if there is none."""
    rows = fetch(conn, "select number, signed_at from checkpoint where size = %(size)s", {"size": size})
    return next((Registered(*row) for row in rows), None)


def last_signed(conn: Connection, upto: int = 2**63 - 1) -> Signed | None:
    """The largest stored checkpoint up to a size; None if there is none."""
    query = """
        select size, note, extract(epoch from clock_timestamp() - signed_at)::float8
        from checkpoint where size <= %(upto)s order by size desc limit 1
    """
    return next((Signed(*row) for row in fetch(conn, query, {"upto": upto})), None)


def next_signed(conn: Connection, after: int) -> tuple[int, str] | None:
    """The size and note of the smallest stored checkpoint beyond a size; None if there is none."""
    query = "select size, note from checkpoint where size > %(after)s order by size limit 1"
    return next(((size, note) for size, note in fetch(conn, query, {"after": after})), None)
