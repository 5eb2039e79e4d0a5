"""Executes batches: each item is a command of its own, and all are recorded in one transaction. See docs/adr/0059."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID, uuid4

import msgspec
from msgspec import structs

from domain.commands.batch_commands import check_size, completed, items_of, mode_of, path_of_items
from domain.commands.command import Command
from domain.commands.parsing import parsed_fields
from domain.commands.people_commands import FormTeam
from domain.commands.permissions import Author
from domain.handlers import authorization
from domain.handlers.batches.batch_unit import BatchUnit
from domain.handlers.batches.formation import parents_first, refuse_circle
from domain.handlers.dispatcher import (
    ATTEMPTS_MAX,
    Decision,
    Dispatcher,
    Outcome,
    back_off,
    contended,
    decided,
    hide_time_of,
    id_of_command,
    input_digest,
    result_of,
    scope_of,
)
from domain.handlers.dispatcher import command_id as id_in_scope
from domain.log.append import Append, CommandRow, ConcurrencyConflict
from domain.model.event import Authorship
from domain.primitives import personal_data
from domain.primitives.errors import Code, CommandRejected, Faults, ItemFaults, idempotency_mismatch, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import BatchMode

EVENTS_MAX: Final = 10_000
"""How many events a batch may record."""

Item: TypeAlias = Command | CommandRejected
"""An item of a batch, or why its input is none."""
Done: TypeAlias = Outcome | CommandRejected


class Numbered(NamedTuple):
    """An item with its place in the input, its id as a command, the digest of its input, and whether it has a key."""

    place: int
    item: Command
    id: UUID
    digest: bytes
    has_key: bool


class Kept(NamedTuple):
    """A decision that waits for the append."""

    of: Numbered
    decision: Decision
    append: Append


class BatchDispatcher(Dispatcher):
    """A dispatcher that also executes batches."""

    def execute_batch(self, batch: Command, author: Author, given: Sequence[Item] | None = None) -> list[Done]:
        """The outcome of each item, in the order of the input. `given` are the items, if some of them are none.

        Each item is authorized, checked and decided as the single command, and its idempotency key follows from that
        of the batch. All are recorded in one transaction; with the mode ALL all of them or none. Raises as `execute`.
        """
        authorization.refuse_by_role(batch, author)
        started = time.monotonic()
        try:
            done = self._with_attempts(batch, author, self._items(batch, given))
        except CommandRejected as rejection:
            hide_time_of([rejection], author, started)
            raise
        hide_time_of([one for one in done if isinstance(one, CommandRejected)], author, started)
        return done

    def _items(self, batch: Command, given: Sequence[Item] | None) -> list[Item]:
        """The items with what they take from their batch. Raises `InputRejected` for faults of the batch itself."""
        field, faults = items_of(batch).field, Faults()
        items: Sequence[Item] = getattr(batch, field) if given is None else given
        header = parsed_fields(structs.replace(batch, **{field: []}), lambda: self._log.head().now, faults)
        check_size(batch, len(items), faults)
        if batch.expected_version is not None:
            message = "Give it to the items that change an existing object."
            faults.keep(invalid(message, "expectedVersion", rule=Rule.VERSION_NOT_COMPARABLE))
        faults.refuse()
        return [one if isinstance(one, CommandRejected) else completed(one, header) for one in items]

    def _with_attempts(self, batch: Command, author: Author, items: Sequence[Item]) -> list[Done]:
        refused: dict[int, Done] = {place: one for place, one in enumerate(items) if isinstance(one, CommandRejected)}
        numbered = _numbered(batch, author, items)
        for attempt in range(ATTEMPTS_MAX):
            try:
                done = self._attempt(batch, author, numbered, dict(refused))
                return [done[place] for place in range(len(items))]
            except ConcurrencyConflict:
                self.conflicts += 1
                back_off(attempt)
        raise contended()

    def _attempt(
        self, batch: Command, author: Author, items: Sequence[Numbered], done: dict[int, Done]
    ) -> dict[int, Done]:
        done |= self._repeated_items(batch, items)
        left = [one for one in items if one.place not in done]
        uow = BatchUnit(self._log, author, batch)
        uow.prefetch([one.item for one in left])
        kept: list[Kept] = []
        for one in _in_order(left):
            try:
                kept.append(self._kept(uow, one, author, [each.item for each in left]))
            except CommandRejected as rejection:
                uow.forget_begun()
                done[one.place] = rejection
        if mode_of(batch) is BatchMode.ALL:
            _refuse_all(batch, done)
        return done | self._record(uow, kept)

    def _repeated_items(self, batch: Command, items: Sequence[Numbered]) -> dict[int, Done]:
        """The first outcomes of the items that are recorded already. Raises `IDEMPOTENCY_MISMATCH` for the mode ALL."""
        rows = self._log.commands([one.id for one in items if one.has_key])
        repeated = [one for one in items if one.id in rows]
        if not repeated:
            return {}
        subjects = [result_of(row).subject for row in rows.values()]
        keys = self._log.person_keys([one.id for one in subjects if one is not None])
        done = {one.place: self._first_of(one, rows[one.id], keys) for one in repeated}
        is_other = len(repeated) < len(items) or any(isinstance(one, CommandRejected) for one in done.values())
        if mode_of(batch) is BatchMode.ALL and is_other:
            raise idempotency_mismatch()
        return done

    def _first_of(self, one: Numbered, row: CommandRow, keys: Mapping[UUID, bytes]) -> Done:
        try:
            return self.repeated(row, one.item, one.digest, lambda _: keys)
        except CommandRejected as mismatch:
            return mismatch

    def _kept(self, uow: BatchUnit, one: Numbered, author: Author, others: Sequence[Command]) -> Kept:
        """The decision on an item. Raises `CommandRejected`."""
        uow.turn_to(one.item, one.id)
        authorization.refuse_by_role(one.item, author)
        if isinstance(one.item, FormTeam):
            refuse_circle(one.item, [team for team in others if isinstance(team, FormTeam)])
        decision = decided(uow)
        append = Append(
            by=Authorship(author.actor, author.source, one.id, one.item.reason, author.on_behalf_of),
            digest=one.digest if uow.names is None else personal_data.keyed_digest(uow.names, one.digest),
            result=msgspec.json.encode(decision.result),
            keys=uow.keys,
        )
        return Kept(one, decision, append)

    def _record(self, uow: BatchUnit, kept: Sequence[Kept]) -> dict[int, Done]:
        """Record these decisions in one transaction. Raises `ConcurrencyConflict`, also if one is recorded already."""
        done: dict[int, Done] = {}
        wanted = [one for one in kept if one.decision.events or one.of.has_key]
        if len(wanted) < len(kept):
            head = self._log.head().position
            done = {one.of.place: Outcome(one.decision.result, None, None, head) for one in kept}
        if wanted:
            _refuse_many(sum(len(one.decision.events) for one in wanted))
            rows = self._appended(uow, wanted)
            done |= {
                one.of.place: self._outcome(row, one.decision.result) for one, row in zip(wanted, rows, strict=True)
            }
        return done

    def _appended(self, uow: BatchUnit, kept: Sequence[Kept]) -> list[CommandRow]:
        """The first of the commands has the preconditions of all: they are checked before any is recorded."""
        self._admit()
        first = structs.replace(kept[0].append, reads=uow.reads, no_newer=[*dict.fromkeys(uow.no_newer)])
        to_stored = partial(map, self._log.mapper.to_stored_event)
        appends = [first, *(one.append for one in kept[1:])]
        stored = [list(to_stored(one.decision.events)) for one in kept]
        rows = self._log.append_all(list(zip(stored, appends, strict=True)))
        if [(row.id, row.digest) for row in rows] != [(one.by.command, one.digest) for one in appends]:
            raise ConcurrencyConflict  # the batch was executed concurrently: its first outcomes are found
        return rows


def _numbered(batch: Command, author: Author, items: Sequence[Item]) -> list[Numbered]:
    """The items with their ids. With the mode ALL an item is the same only in the same batch."""
    id_of_command(batch, author)  # refuses a key of the wrong length
    whole = input_digest(batch) if mode_of(batch) is BatchMode.ALL else b""
    found = []
    for place, item in enumerate(items):
        if isinstance(item, Command):
            digest = input_digest(item)
            id = _id(batch, item, place, author)
            has_key = (item.idempotency_key or batch.idempotency_key) is not None
            found.append(Numbered(place, item, id, sha256(whole + digest).digest() if whole else digest, has_key))
    return found


def _id(batch: Command, item: Command, place: int, author: Author) -> UUID:
    """The id of the item as a command: from its own key, or from `KEY/PLACE`; random without a key."""
    if item.idempotency_key is not None:
        return id_of_command(item, author)
    if batch.idempotency_key is None:
        return uuid4()
    return id_in_scope(scope_of(author), f"{batch.idempotency_key}/{place}")


def _in_order(items: Sequence[Numbered]) -> list[Numbered]:
    """The items in the order of their execution: that of the input, but parents before the teams inside them."""
    teams = [one.item for one in items if isinstance(one.item, FormTeam)]
    return [items[place] for place in parents_first(teams)] if teams else list(items)


def _refuse_all(batch: Command, done: Mapping[int, Done]) -> None:
    """Raises `InputRejected` with the problems of all items that are rejected, each with its path."""
    faults, path = ItemFaults(), path_of_items(batch)
    for place in sorted(done):
        one = done[place]
        if isinstance(one, CommandRejected):
            faults.keep(one, path, str(place))
    faults.refuse()


def _refuse_many(events: int) -> None:
    if events > EVENTS_MAX:
        message = f"The request would record {events} changes; at most {EVENTS_MAX} are recorded together. Split it."
        raise CommandRejected(Code.TOO_LARGE, message, rule=Rule.BATCH_TOO_LARGE, max=EVENTS_MAX, count=events)
