"""Verification of the log: recompute the hashes from the stored rows, and compare them with the signed checkpoints."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice

import msgspec

from domain.log import raw
from domain.primitives.parsers import FUTURE_TOLERANCE
from domain.proof import checkpoint
from domain.proof.merkle import Frontier
from domain.proof.signed_note import NotSigned, Verifier
from projections.proof import checkpoint_register, person_keys
from projections.proof.checkpoint_register import Misplaced, Stored
from projections.proof.continuity import divergence, viewed
from projections.proof.recorded_commands import RecordedCommands, Statement
from projections.store.versioned_tables import Connection

PROGRESS_EVENTS = 20_000
PAGE = 1_000
"""The number of checkpoints that are compared in one pass over a part of the log."""
FINDINGS_MAX = 20
"""The largest number of people, and of closings, that are named."""
SIGNING_TIME = timedelta(minutes=1)
"""How old the closing of a cycle is before a missing checkpoint is a finding: a running signer needs seconds."""


class Damage(msgspec.Struct, frozen=True):
    """The first position at which the log was altered, and what is wrong there."""

    position: int
    what: str


class Verdict(msgspec.Struct, frozen=True):
    """The result. `size` and `root` are those of the log up to the damage; `checkpoints` is the number of checkpoints
    that match, and `signed_size` the size of the largest of them. `findings` are sentences about what else does not
    fit the log. `unsigned_closings` are the positions of the closings of cycles without a checkpoint."""

    size: int
    root: bytes
    checkpoints: int
    signed_size: int
    damage: Damage | None
    findings: tuple[str, ...] = ()
    unsigned_closings: tuple[int, ...] = ()

    @property
    def is_sound(self) -> bool:
        return self.damage is None and not self.findings


def verify(
    conn: Connection,
    verifiers: Sequence[Verifier],
    given: Iterable[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Verify the log in one snapshot; writers are not blocked.

    The positions, times, versions and hashes of the rows are checked against each other, against the commands, the
    stored checkpoints with their register, and the `given` notes, which come from outside; then the projections and the
    keys of people against the log. `progress` is called with (position, head). Takes about 150 bytes of memory per
    stream, and time in proportion to events, commands and checkpoints. Raises `NotSigned` for a given note that is not
    a checkpoint of this log.
    """
    from_outside = sorted(_outside(note, verifiers) for note in given)
    with conn.transaction(force_rollback=True):  # an interrupted sweep has nothing to commit
        conn.execute("set transaction isolation level repeatable read, read only")
        conn.execute("set local statement_timeout = 0")
        findings = [] if (diverged := divergence(conn)) is None else [str(diverged)]
        stored = _StoredCheckpoints(conn, verifiers)
        sweep = _Sweep(raw.head(conn), progress or _ignore)
        found = sweep.check_rows(conn, _pages(stored, from_outside)) or sweep.check_end(raw.commanded(conn))
        found = found or sweep.changed_commands
        closings: list[int] = []
        if found is None:  # otherwise the transaction is aborted, or the rows cannot be read
            closings = raw.unsigned_closings(conn, viewed(conn), raw.clock(conn) - SIGNING_TIME)
            findings += [*_future(conn), *checkpoint_register.gaps(conn, verifiers), *_people(conn)]
            findings += _unsigned(closings) if verifiers else ()
    damage = min((one for one in (found, stored.forged) if one), key=lambda one: one.position, default=None)
    return Verdict(sweep.size, sweep.root(), sweep.matched, sweep.trusted, damage, tuple(findings), tuple(closings))


def _future(conn: Connection) -> Iterator[str]:
    if (late := raw.first_after(conn, raw.clock(conn) + FUTURE_TOLERANCE)) is not None:
        yield (
            f"The event at position {late.position} was recorded in the future, on {late.recorded_at:%Y-%m-%d, %H:%M} "
            "UTC: its row was added by another program, or the clock of the database was set back since."
        )


def _unsigned(closings: Sequence[int]) -> Iterator[str]:
    for position in closings[:FINDINGS_MAX]:
        yield (
            f"The closing of a cycle at position {position} has no checkpoint, although closing a cycle signs one: it "
            "was removed, or no projector with the key has run since."
        )


def _people(conn: Connection) -> Iterator[str]:
    found = person_keys.check(conn)
    yield from islice(found, FINDINGS_MAX)
    if more := sum(1 for _ in found):
        yield f"The same of {more} more people."


def _outside(note: str, verifiers: Sequence[Verifier]) -> Statement:
    verified = checkpoint.verified(note, verifiers)
    return Statement(verified.size, verified.root, "a checkpoint given")


# ── checkpoints ──────────────────────────────────────────────────────────────────────────────────


class _StoredCheckpoints:
    """The statements of the stored checkpoints before the first that is not genuine, whose damage is `forged`."""

    def __init__(self, conn: Connection, verifiers: Sequence[Verifier]) -> None:
        self._conn = conn
        self._verifiers = verifiers
        self.forged: Damage | None = None

    def __iter__(self) -> Iterator[Statement]:
        for one in checkpoint_register.stored(self._conn):
            try:
                yield self._statement(one)
            except NotSigned as error:
                why = str(error).rstrip(".")
                self.forged = Damage(one.size, f"the checkpoint kept at this size is not genuine. {why}")
            except Misplaced as error:
                self.forged = Damage(one.size, f"of the checkpoint kept at this size: {error}")
            if self.forged is not None:
                return

    def _statement(self, stored: Stored) -> Statement:
        verified = checkpoint.verified(stored.note, self._verifiers)
        if verified.size != stored.size:
            raise Misplaced(f"it is one of size {verified.size}")
        entry = checkpoint_register.checked_entry(stored, verified.root, self._verifiers)
        return Statement(stored.size, verified.root, "the checkpoint kept", None if entry is None else entry.commands)


def _pages(stored: Iterable[Statement], given: Sequence[Statement]) -> Iterator[list[Statement]]:
    """All statements by size, in pages; the pages are read when they are needed."""
    statements, left = iter(stored), list(given)
    while page := list(islice(statements, PAGE)):
        last = page[-1].size
        page += [one for one in left if one.size <= last]
        left = [one for one in left if one.size > last]
        yield sorted(page, key=lambda one: one.size)
    if left:
        yield left


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class _Sweep:
    """One pass over the log, up to its end or the first damage."""

    def __init__(self, head: int, progress: Callable[[int, int], None]) -> None:
        self._tree = Frontier()
        self._head = head
        self._progress = progress
        self._statements: list[Statement] = []
        self._last_recorded = -(2**63)
        self._versions: dict[bytes, int] = {}
        self.changed_commands: Damage | None = None
        self.matched = 0
        self.trusted = 0

    @property
    def size(self) -> int:
        return self._tree.size

    def root(self) -> bytes:
        return self._tree.root()

    def check_rows(self, conn: Connection, pages: Iterable[list[Statement]]) -> Damage | None:
        """Check every row of the log, in its order, and each page of statements with the rows up to its last one;
        returns the first damage."""
        commands = RecordedCommands()
        try:
            for page in pages:
                self._statements = page[::-1]
                damage = self._compare() or self._check_part(conn, page[-1].size)
                if damage is not None or self._statements:  # the rows after a gap tell what is missing
                    return damage or self._check_part(conn, None)
                if self.changed_commands is None and (difference := commands.compare(conn, page)) is not None:
                    self.changed_commands = _changed_commands(*difference)
            return self._check_part(conn, None)
        except raw.Unreadable:
            return Damage(self.size + 1, "the row has an empty column, or a value that no row can have")

    def _check_part(self, conn: Connection, upto: int | None) -> Damage | None:
        """Check the rows after those that were checked, up to a position."""
        tree, versions, last = self._tree, self._versions, self._last_recorded
        stop = self._next_stop()
        for row in raw.sweep(conn, self.size or None, upto):
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
        self._last_recorded = last
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


def _changed_commands(after: int, size: int) -> Damage:
    return Damage(
        after + 1,
        f"the commands that recorded the events from here to position {size} do not match the checkpoint kept at "
        f"{size}: the digest of an input, an answer or a time was changed",
    )


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
