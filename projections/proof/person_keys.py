"""Checks the keys of people against the log: every person who was not erased can be read, and no erased one."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from uuid import UUID

import msgspec

from domain.log import raw
from domain.log.mapper import EventMapper
from domain.log.raw import PersonRow
from domain.model.people import PersonAdded, PersonErased, PersonRenamed
from domain.primitives.personal_data import WrongKey, handle_digest, unseal
from projections.store.versioned_tables import Connection

_mapper = EventMapper()


def check(conn: Connection) -> Iterator[str]:
    """A sentence about each person without the right key, and one about a changed salt; none for intact keys. Runs in
    the caller's transaction, and reads every event of every person once."""
    salts = _Salts(raw.salts(conn))
    for person, rows in groupby(raw.person_rows(conn), key=lambda row: row.person):
        yield from _check(person, list(rows), salts)
    yield from salts.findings()


class _Salts:
    """Compares the digests of handles with the salt of the workspace: if none matches, the salt was changed, as far as
    can be known."""

    def __init__(self, salts: list[bytes]) -> None:
        self._salts = salts
        self._matching = 0
        self._others: list[UUID] = []

    def compare(self, person: UUID, handle: str, digest: bytes | None) -> None:
        if digest in {handle_digest(salt, handle) for salt in self._salts}:
            self._matching += 1
        else:
            self._others.append(person)

    def findings(self) -> Iterator[str]:
        if self._others and not self._matching:
            yield (
                "The salt of the workspace was changed, or the digests of all handles: no person is found by handle. "
                "Restore the table workspace from a backup."
            )
            return
        for person in self._others:
            yield (
                f"The digest of the handle of person {person} was changed: the person is not found by handle. Restore "
                "the row of the table person_key from a backup."
            )


def _check(person: UUID, rows: list[PersonRow], salts: _Salts) -> Iterator[str]:
    key, is_erased = rows[0].key, any(_is(row, PersonErased.TOPIC) for row in rows)
    if rows[0].position is None:
        yield f"There is a key of person {person}, who is not in the log."
    elif is_erased:
        if key is not None:
            yield f"There is a key of person {person}, who was erased: delete it, and run 'keyframe rebuild'."
    elif key is None:
        yield (
            f"The key of person {person} is missing, although the person was not erased: restore the row of the table "
            "person_key from a backup, or erase the person."
        )
    else:
        try:
            salts.compare(person, _handle(person, key, rows), rows[0].handle_digest)
        except WrongKey as error:
            yield str(error)
        except (LookupError, ValueError, msgspec.MsgspecError) as error:
            yield f"The personal data of person {person} cannot be read: {error}"


def _handle(person: UUID, key: bytes, rows: Iterable[PersonRow]) -> str:
    """The handle of a person, after all their data was opened with the key. Raises `WrongKey`."""
    handle = ""
    for row in rows:
        if _is(row, PersonAdded.TOPIC) or _is(row, PersonRenamed.TOPIC):
            assert row.topic is not None
            event = _mapper.decode(row.topic, row.data, person, row.version, row.effective_at)
            assert isinstance(event, PersonAdded | PersonRenamed)
            handle = unseal(key, person, event.sealed).handle
    return handle


def _is(row: PersonRow, topic: str) -> bool:
    return row.topic is not None and row.topic.startswith(f"{topic}.v")
