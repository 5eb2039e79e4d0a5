"""The register of stored checkpoints: their numbers, their entries, and the records of removed ones.

It is no projection: like the checkpoints, it is stored with the log and is never rebuilt.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from domain.log import raw
from domain.proof import register
from domain.proof.register import Entry, Removal
from domain.proof.signed_note import NotSigned, Signer, Verifier
from projections.store.versioned_tables import Connection, fetch

PAGE: Final = 1_000
"""The number of checkpoints that are read at once."""


class Stored(NamedTuple):
    """A stored checkpoint with its number and its entry; None for the entry of an earlier version."""

    size: int
    note: str
    number: int
    entry: str | None


class Misplaced(ValueError):
    """The register contradicts itself or its checkpoints. The message is a clause."""


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def lock(conn: Connection) -> None:
    """Wait for other writers of the register, until the end of the transaction."""
    conn.execute("select pg_advisory_xact_lock('checkpoint'::regclass::oid::bigint)")


def add(conn: Connection, size: int, note: str, entry: Entry, signer: Signer) -> None:
    """Store a checkpoint with its entry. The caller holds the lock."""
    conn.execute(
        "insert into checkpoint (size, note, number, entry) values (%s, %s, %s, %s)",
        [size, note, entry.number, register.signed(entry, signer)],
    )


def remove(conn: Connection, removal: Removal, signer: Signer) -> None:
    """Remove checkpoints, and store the signed record of their numbers. The caller holds the lock."""
    conn.execute(
        "insert into checkpoint_removal (first, last, note) values (%s, %s, %s)",
        [removal.first, removal.last, register.signed(removal, signer)],
    )
    conn.execute("delete from checkpoint where number between %s and %s", [removal.first, removal.last])


def next_number(conn: Connection) -> int:
    """The number of the next checkpoint. The caller holds the lock."""
    return int(fetch(conn, "select coalesce(max(number), 0) + 1 from checkpoint", {})[0][0])


def commands_upto(conn: Connection, size: int, verifiers: Sequence[Verifier]) -> bytes:
    """The digest of the commands that recorded the events up to a size, continued from the newest entry before it. Runs
    in a transaction. Raises `NotSigned` for an entry that is not genuine."""
    query = "select size, entry from checkpoint where size <= %(size)s and entry is not null order by size desc limit 1"
    base = next(((at, register.entry(note, verifiers)) for at, note in fetch(conn, query, {"size": size})), None)
    at, digest = (0, register.NO_COMMANDS) if base is None else (base[0], base[1].commands)
    for command in raw.commands(conn, at, size):
        digest = register.with_command(digest, command)
    return digest


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def stored(conn: Connection) -> Iterator[Stored]:
    """Every stored checkpoint, by size, read page by page."""
    query = """
        select size, note, number, entry from checkpoint
        where size > %(after)s order by size limit %(limit)s
    """
    after = -1
    while page := fetch(conn, query, {"after": after, "limit": PAGE}):
        yield from map(Stored._make, page)
        after = page[-1][0]


def checked_entry(stored: Stored, root: bytes, verifiers: Sequence[Verifier]) -> Entry | None:
    """The entry of a stored checkpoint with this root; None without one. Raises `NotSigned` for an entry that is not
    genuine, and `Misplaced` for one of another checkpoint."""
    if stored.entry is None:
        return None
    entry = register.entry(stored.entry, verifiers)
    if (entry.size, entry.root) != (stored.size, root):
        raise Misplaced(f"its entry in the register is of another checkpoint, at {entry.size}")
    if entry.number != stored.number:
        raise Misplaced(f"it has the number {stored.number}, but was signed as number {entry.number}")
    return entry


def gaps(conn: Connection, verifiers: Sequence[Verifier]) -> Iterator[str]:
    """A sentence about each range of numbers that is missing without a signed record, about each record that is not
    genuine, and about a checkpoint without an entry after the first one with an entry."""
    removed: list[Removal] = []
    for first, last, note in fetch(conn, "select first, last, note from checkpoint_removal order by first", {}):
        try:
            removal = register.removal(note, verifiers)
        except NotSigned as error:
            yield f"The record of the removed checkpoints {first} to {last} is not genuine. {error}"
            continue
        if (removal.first, removal.last) != (first, last):
            of = f"{removal.first} to {removal.last}"
            yield f"The record of the removed checkpoints {first} to {last} is one of {of}."
        removed.append(removal)
    for first, last in _unrecorded(fetch(conn, _GAPS, {}), removed):
        numbers = f"number {first} is" if first == last else f"numbers {first} to {last} are"
        yield f"Checkpoints were removed without a signed record: {numbers} missing."
    for (number,) in fetch(conn, _WITHOUT_ENTRY, {}):
        yield f"The checkpoint with the number {number} has no entry in the register: it was stored by another program."


_GAPS = """
    select previous + 1, number - 1
    from (select number, lag(number, 1, 0::bigint) over (order by number) as previous from checkpoint) as numbered
    where number > previous + 1 order by 1
"""
_WITHOUT_ENTRY = """
    select min(number) from checkpoint where entry is null
    and number > (select min(number) from checkpoint where entry is not null) having min(number) is not null
"""


def _unrecorded(gaps: Sequence[tuple[int, int]], removed: Sequence[Removal]) -> Iterator[tuple[int, int]]:
    """The parts of the gaps that no removal covers; both are in ascending order."""
    records = iter(removed)
    record = next(records, None)
    for first, last in gaps:
        at = first
        while at <= last:
            while record is not None and record.last < at:
                record = next(records, None)
            if record is not None and record.first <= at:
                at = record.last + 1
            else:
                end = last if record is None else min(last, record.first - 1)
                yield at, end
                at = end + 1
