"""What the log was at any size, and how that is proven: the tree over it, and the checkpoints that were signed.

Of the tree only every eighth level is kept, one hash for 256 below; what lies between is made again from at
most 256 neighbours. The leaves are the hashes in the log itself. So a proof reads a few hundred hashes,
however long the log is, and the tree costs a row for 256 events.
"""

from collections.abc import Iterator
from functools import cached_property

import msgspec

from domain.log import raw
from domain.proof import merkle
from projections.store.versioned_tables import Connection, Table, fetch

STEP = 8
"""How many levels of the tree are made at once."""
WIDTH = 1 << STEP
LEVELS_MAX = 63


class NodeRow(msgspec.Struct, frozen=True, gc=False):
    """The root over the 2^level events after position place · 2^level."""

    level: int
    place: int
    hash: bytes


class Inclusion(msgspec.Struct, frozen=True):
    """The path that proves an event to be in the log of a size."""

    position: int
    size: int
    leaf: bytes
    path: list[bytes]


class Signed(msgspec.Struct, frozen=True):
    """A checkpoint as it was signed. `age_s` says how long ago, in seconds."""

    size: int
    note: str
    age_s: float


NODE = Table("tree_node", NodeRow, ("level", "place"))
TABLES = (NODE,)


# ── keeping the tree ─────────────────────────────────────────────────────────────────────────────


def grow(conn: Connection, before: int, position: int) -> None:
    """Keep what the events after position `before` and up to `position` complete."""
    for level in range(STEP, LEVELS_MAX, STEP):
        first, end = before >> level, position >> level
        if first == end:
            return
        below = _row(conn, level - STEP, first * WIDTH, end * WIDTH)
        roots = (merkle.levels(below[at : at + WIDTH])[STEP][0] for at in range(0, len(below), WIDTH))
        NODE.insert(conn, [NodeRow(level, place, root) for place, root in enumerate(roots, first)])


def _row(conn: Connection, level: int, start: int, end: int) -> list[bytes]:
    """Neighbours on a level that is kept. Raises `LookupError` where the tree does not reach."""
    if level == 0:
        return raw.leaf_hashes(conn, start, end)
    query = """
        select hash from tree_node where level = %(level)s and place >= %(start)s and place < %(end)s order by place
    """
    found = [hash for (hash,) in fetch(conn, query, {"level": level, "start": start, "end": end})]
    if len(found) != end - start:
        raise LookupError("The tree over the log is not complete: run 'keyframe rebuild'.")
    return found


# ── reading it ───────────────────────────────────────────────────────────────────────────────────


class Tree:
    """The tree of the log's first `size` events; what was read of it once is remembered.

    Raises `LookupError` from every question if the views do not stand at that size yet.
    """

    def __init__(self, conn: Connection, size: int) -> None:
        self._conn = conn
        self.size = size
        self._tiles: dict[tuple[int, int], list[list[bytes]]] = {}

    @cached_property
    def root(self) -> bytes:
        return merkle.root(self._look, self.size)

    def root_at(self, size: int) -> bytes:
        """The root of a beginning of it."""
        return merkle.root(self._look, size)

    def inclusion(self, position: int) -> Inclusion:
        """That the event at a position is in it. Raises `ValueError` for one that is not."""
        path = merkle.inclusion(self._look, position - 1, self.size)
        return Inclusion(position, self.size, self._look(0, position - 1), path)

    def consistency(self, size: int) -> list[bytes]:
        """The path that proves the tree of `size` events to be its beginning. Raises `ValueError` for a larger one."""
        return merkle.consistency(self._look, size, self.size)

    def _look(self, level: int, place: int) -> bytes:
        step, height = divmod(level, STEP)
        tile = place >> (STEP - height)
        return self._tile(step * STEP, tile)[height][place - (tile << (STEP - height))]

    def _tile(self, level: int, tile: int) -> list[list[bytes]]:
        """The subtrees above up to 256 neighbours on a level that is kept."""
        known = self._tiles.get((level, tile))
        if known is None:
            end = min((tile + 1) * WIDTH, self.size >> level)
            known = merkle.levels(_row(self._conn, level, tile * WIDTH, end))
            self._tiles[level, tile] = known
        return known


# ── checkpoints ──────────────────────────────────────────────────────────────────────────────────


def note(conn: Connection, size: int) -> str | None:
    """The checkpoint of this size, if one was kept."""
    rows = fetch(conn, "select note from checkpoint where size = %(size)s", {"size": size})
    return next((note for (note,) in rows), None)


def last_signed(conn: Connection, upto: int = 2**63 - 1) -> Signed | None:
    """The largest checkpoint that was kept, up to a size."""
    query = """
        select size, note, extract(epoch from clock_timestamp() - signed_at)::float8
        from checkpoint where size <= %(upto)s order by size desc limit 1
    """
    return next((Signed(*row) for row in fetch(conn, query, {"upto": upto})), None)


def next_signed(conn: Connection, after: int) -> tuple[int, str] | None:
    """The smallest checkpoint that was kept beyond a size."""
    query = "select size, note from checkpoint where size > %(after)s order by size limit 1"
    return next(((size, note) for size, note in fetch(conn, query, {"after": after})), None)


def all_signed(conn: Connection) -> Iterator[tuple[int, str]]:
    """Every checkpoint that was kept, by size, with its note."""
    yield from fetch(conn, "select size, note from checkpoint order by size", {})


def keep(conn: Connection, size: int, note: str) -> None:
    """Keep a signed checkpoint, for ever; one of this size that is there already stays."""
    conn.execute("insert into checkpoint (size, note) values (%s, %s) on conflict do nothing", [size, note])
