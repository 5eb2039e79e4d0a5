"""Whether the log is still what it was: recomputed from the stored rows, and held against what was signed."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from domain.log import raw
from domain.proof import checkpoint
from domain.proof.merkle import Frontier
from domain.proof.signed_note import NotSigned, Verifier
from projections.proof import merkle_tree
from projections.store.versioned_tables import Connection

PROGRESS_EVENTS = 20_000


class Damage(msgspec.Struct, frozen=True):
    """The first position at which the log is not what it was, and what is wrong there."""

    position: int
    what: str


class Verdict(msgspec.Struct, frozen=True):
    """What was found. `size` and `root` are of the log as far as it is sound; `checkpoints` counts those it was
    held against, and `signed_size` is the largest of them."""

    size: int
    root: bytes
    checkpoints: int
    signed_size: int
    damage: Damage | None


class Statement(NamedTuple):
    """What the log was at a size, and who says so."""

    size: int
    root: bytes
    told_by: str


def verify(
    conn: Connection,
    verifiers: Sequence[Verifier],
    given: Iterable[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Recompute the log from its rows, as it stands at this moment, while others go on writing.

    Held against each other are positions, times, versions, hashes, the commands, every checkpoint that was
    kept, and the `given` notes, which come from outside. `progress` is told (position, head). It takes about
    150 bytes of memory a stream. Raises `NotSigned` for a given note that is not a checkpoint of this log.
    """
    from_outside = [_statement(note, verifiers, "a checkpoint given") for note in given]
    with conn.transaction(force_rollback=True):  # a sweep that is broken off leaves nothing to commit
        conn.execute("set transaction isolation level repeatable read, read only")
        conn.execute("set local statement_timeout = 0")
        kept, forged = _kept(conn, verifiers)
        walk = _Walk(sorted([*kept, *from_outside]), raw.head(conn), progress or _silent)
        found = walk.over(conn) or walk.at_its_end(raw.commanded(conn))
    damage = min((one for one in (found, forged) if one is not None), key=lambda one: one.position, default=None)
    return Verdict(walk.size, walk.root(), walk.held, walk.trusted, damage)


def _kept(conn: Connection, verifiers: Sequence[Verifier]) -> tuple[list[Statement], Damage | None]:
    """The checkpoints that were kept; and the first that nobody signed who may."""
    statements: list[Statement] = []
    for size, note in merkle_tree.all_signed(conn):
        try:
            said = _statement(note, verifiers, "the checkpoint kept")
        except NotSigned as error:
            why = str(error).rstrip(".")
            return statements, Damage(size, f"the checkpoint kept at this size is not genuine. {why}")
        if said.size != size:
            return statements, Damage(size, f"the checkpoint kept at this size speaks of size {said.size}")
        statements.append(said)
    return statements, None


def _statement(note: str, verifiers: Sequence[Verifier], told_by: str) -> Statement:
    said = checkpoint.verified(note, verifiers)
    return Statement(said.size, said.root, told_by)


class _Walk:
    """One way along the log, up to its end or to the first thing that is wrong."""

    def __init__(self, statements: Sequence[Statement], head: int, progress: Callable[[int, int], None]) -> None:
        self._tree = Frontier()
        self._statements = list(reversed(statements))
        self._head = head
        self._progress = progress
        self.held = 0
        self.trusted = 0

    @property
    def size(self) -> int:
        return self._tree.size

    def root(self) -> bytes:
        return self._tree.root()

    def over(self, conn: Connection) -> Damage | None:
        """Every row of the log, in its order."""
        try:
            return self._compared() or self._rows(conn)
        except raw.Unreadable:
            return Damage(self.size + 1, "the row has an empty column, or a value that no row can have")

    def _rows(self, conn: Connection) -> Damage | None:
        tree, last, versions = self._tree, -(2**63), dict[bytes, int]()
        stop = self._next_stop()
        for row in raw.sweep(conn):
            position, recorded, effective, stream, version, is_child, stored, computed = row
            if (
                position != tree.size + 1
                or recorded <= last
                or effective > recorded
                or version != versions.get(stream, 0) + 1
                or (is_child and version > 1)
                or stored != computed
            ):
                return _wrong(row, tree.size + 1, last, versions.get(stream, 0))
            last, versions[stream] = recorded, version
            tree.add(stored)
            if position == stop:
                self._progress(position, self._head)
                if (damage := self._compared()) is not None:
                    return damage
                stop = self._next_stop()
        return None

    def _next_stop(self) -> int:
        """Where the walk pauses: at the next checkpoint, or to tell how far it is."""
        pause = self.size + PROGRESS_EVENTS
        return min(pause, self._statements[-1].size) if self._statements else pause

    def _compared(self) -> Damage | None:
        """The tree as it stands now, held against what was signed of this size."""
        while self._statements and self._statements[-1].size == self.size:
            said = self._statements.pop()
            if said.root != self.root():
                return Damage(
                    self.trusted + 1,
                    f"from here to position {self.size} the log is not what {said.told_by} at {self.size} says: "
                    "something was rewritten together with its hash",
                )
            self.held += 1
            self.trusted = self.size
        return None

    def at_its_end(self, commanded: raw.Commanded) -> Damage | None:
        """Whether the log ends where it should."""
        self._progress(self.size, self._head)
        end = self.size + 1
        if self._statements:
            said = self._statements[-1]
            return Damage(end, f"the log ends here, but {said.told_by} covers {said.size} events: its tail is cut off")
        if commanded.last > self.size:
            return Damage(end, f"the log ends here, but a command recorded events up to {commanded.last}")
        if commanded.odd != end:
            return Damage(
                commanded.odd,
                f"it is not the event of exactly one command: they recorded {commanded.events} events, the log holds "
                f"{self.size}. One was added that no command made, or a command was rewritten",
            )
        return None


def _wrong(row: raw.Swept, expected: int, last: int, version_before: int) -> Damage:
    """What is the matter with a row: of all that is wrong, what explains the rest."""
    position, recorded, effective, _, version, is_child, *_ = row
    due = version_before + 1
    reasons = (
        (position > expected + 1, f"the events up to {position - 1} are missing"),
        (position > expected, "the event is missing"),
        (position < 1, "there is no such position"),
        (position < expected, "the position stands there twice"),
        (recorded <= last, "it was recorded before the event in front of it"),
        (effective > recorded, "it is effective after it was recorded"),
        (version != due, f"it is version {version} of its stream, where version {due} is due"),
        (is_child and version > 1, "it says what its stream belongs to, which only a first event does"),
        (True, "its hash does not follow from its columns: one of them was changed"),
    )
    return Damage(min(position, expected), next(what for wrong, what in reasons if wrong))


def _silent(position: int, head: int) -> None:
    """Tell nobody."""
