"""Verification of the log: recompute the hashes from the stored rows, and compare them with the signed checkpoints."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec

from domain.log import raw
from domain.proof import checkpoint
from domain.proof.merkle import Frontier
from domain.proof.signed_note import NotSigned, Verifier
from projections.proof import merkle_tree, person_keys
from projections.proof.continuity import divergence
from projections.store.versioned_tables import Connection

PROGRESS_EVENTS = 20_000
FINDINGS_MAX = 20
"""The largest number of people that are named."""


class Damage(msgspec.Struct, frozen=True):
    """The first position at which the log was altered, and what is wrong there."""

    position: int
    what: str


class Verdict(msgspec.Struct, frozen=True):
    """The result. `size` and `root` are those of the log up to the damage; `checkpoints` is the number of checkpoints
    that match, and `signed_size` the size of the largest of them. `findings` are sentences about what else does not
    fit the log."""

    size: int
    root: bytes
    checkpoints: int
    signed_size: int
    damage: Damage | None
    findings: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        return self.damage is None and not self.findings


class Statement(NamedTuple):
    """The root of the log at a size, and the source of that statement, for messages."""

    size: int
    root: bytes
    source: str


def verify(
    conn: Connection,
    verifiers: Sequence[Verifier],
    given: Iterable[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Verify the log in one snapshot; writers are not blocked.

    The positions, times, versions and hashes of the rows are checked against each other, against the commands, the
    stored checkpoints, and the `given` notes, which come from outside. `progress` is called with (position, head).
    Takes about 150 bytes of memory per stream. Raises `NotSigned` for a given note that is not a checkpoint of this
    log.
    """
    from_outside = [_statement(note, verifiers, "a checkpoint given") for note in given]
    with conn.transaction(force_rollback=True):  # an interrupted sweep has nothing to commit
        conn.execute("set transaction isolation level repeatable read, read only")
        conn.execute("set local statement_timeout = 0")
        stored, forged = _stored(conn, verifiers)
        sweep = _Sweep(sorted([*stored, *from_outside]), raw.head(conn), progress or _ignore)
        found = sweep.check_rows(conn) or sweep.check_end(raw.commanded(conn))
        findings = tuple(_beside(conn, is_readable=found is None))
    damage = min((one for one in (found, forged) if one is not None), key=lambda one: one.position, default=None)
    return Verdict(sweep.size, sweep.root(), sweep.matched, sweep.trusted, damage, findings)


def _beside(conn: Connection, *, is_readable: bool) -> Iterator[str]:
    """What contradicts the log beside its own rows and checkpoints: the projections, and, if its rows are readable, the
    keys of people."""
    if (diverged := divergence(conn)) is not None:
        yield str(diverged)
    found = person_keys.check(conn) if is_readable else iter(())
    yield from islice(found, FINDINGS_MAX)
    if more := sum(1 for _ in found):
        yield f"The same of {more} more people."


def _stored(conn: Connection, verifiers: Sequence[Verifier]) -> tuple[list[Statement], Damage | None]:
    """The stored checkpoints before the first one without a valid signature, and the damage of that one."""
    statements: list[Statement] = []
    for size, note in merkle_tree.all_signed(conn):
        try:
            statement = _statement(note, verifiers, "the checkpoint kept")
        except NotSigned as error:
            why = str(error).rstrip(".")
            return statements, Damage(size, f"the checkpoint kept at this size is not genuine. {why}")
        if statement.size != size:
            return statements, Damage(size, f"the checkpoint kept at this size is one of size {statement.size}")
        statements.append(statement)
    return statements, None


def _statement(note: str, verifiers: Sequence[Verifier], source: str) -> Statement:
    verified = checkpoint.verified(note, verifiers)
    return Statement(verified.size, verified.root, source)


class _Sweep:
    """One pass over the log, up to its end or the first damage."""

    def __init__(self, statements: Sequence[Statement], head: int, progress: Callable[[int, int], None]) -> None:
        self._tree = Frontier()
        self._statements = list(reversed(statements))
        self._head = head
        self._progress = progress
        self.matched = 0
        self.trusted = 0

    @property
    def size(self) -> int:
        return self._tree.size

    def root(self) -> bytes:
        return self._tree.root()

    def check_rows(self, conn: Connection) -> Damage | None:
        """Check every row of the log, in its order; returns the first damage."""
        try:
            return self._compare() or self._check_rows(conn)
        except raw.Unreadable:
            return Damage(self.size + 1, "the row has an empty column, or a value that no row can have")

    def _check_rows(self, conn: Connection) -> Damage | None:
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
                if (damage := self._compare()) is not None:
                    return damage
                stop = self._next_stop()
        return None

    def _next_stop(self) -> int:
        """The next position at which to compare a checkpoint or to report progress."""
        pause = self.size + PROGRESS_EVENTS
        return min(pause, self._statements[-1].size) if self._statements else pause

    def _compare(self) -> Damage | None:
        """Compare the root of the tree at this size with the checkpoints of this size."""
        while self._statements and self._statements[-1].size == self.size:
            statement = self._statements.pop()
            if statement.root != self.root():
                return Damage(
                    self.trusted + 1,
                    f"from here to position {self.size} the log does not match {statement.source} at {self.size}: "
                    "a row was rewritten together with its hash",
                )
            self.matched += 1
            self.trusted = self.size
        return None

    def check_end(self, commanded: raw.CommandCoverage) -> Damage | None:
        """Check that the log ends where the checkpoints and commands require."""
        self._progress(self.size, self._head)
        end = self.size + 1
        if self._statements:
            last = self._statements[-1]
            return Damage(end, f"the log ends here, but {last.source} covers {last.size} events: its tail is cut off")
        if commanded.last > self.size:
            return Damage(end, f"the log ends here, but a command recorded events up to {commanded.last}")
        if commanded.odd != end:
            return Damage(
                commanded.odd,
                f"it is not the event of exactly one command: the commands recorded {commanded.events} events, the log "
                f"has {self.size}. An event was added that no command made, or a command was rewritten",
            )
        return None


def _wrong(row: raw.Swept, expected: int, last: int, version_before: int) -> Damage:
    """The damage of a row: the first reason that applies, because it may cause the later ones."""
    position, recorded, effective, _, version, is_child, *_ = row
    due = version_before + 1
    reasons = (
        (position > expected + 1, f"the events up to {position - 1} are missing"),
        (position > expected, "the event is missing"),
        (position < 1, "the position is less than 1"),
        (position < expected, "the position occurs twice"),
        (recorded <= last, "it was recorded before the previous event"),
        (effective > recorded, "it is effective after it was recorded"),
        (version != due, f"it is version {version} of its stream, where version {due} is expected"),
        (is_child and version > 1, "it has a parent, which only the first event of a stream may have"),
        (True, "its hash does not match its columns: one of them was changed"),
    )
    return Damage(min(position, expected), next(what for wrong, what in reasons if wrong))


def _ignore(position: int, head: int) -> None:
    """The default of `progress`: do nothing."""
