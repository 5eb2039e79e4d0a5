"""Connections of changes: their filter, a page of all changes, and pages of those that belong to an entity."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import strawberry

from api.schema.connections.connection import Connection
from api.schema.connections.filters import NOTHING, named
from api.schema.primitives.lookup import CycleBy, TeamBy
from api.snapshot import global_ids
from api.snapshot.global_ids import GlobalId
from api.snapshot.pagination import Page, PageRequest, encode, page_of, paginate
from api.snapshot.snapshot import Batch, RowProxy, View, as_batch
from domain.model.event import Authorship, Event
from domain.primitives.errors import invalid
from domain.primitives.values import Kind, Ref
from projections.engine import visibility
from projections.store.versioned_tables import Cursor, Window
from projections.tables import changes, people
from projections.tables.changes import Change

ORDER = "LOG"
DELAY_DAYS_MAX = 100_000
"""More than the time since the earliest effective time."""

TYPES: dict[type[Event], type[RowProxy]] = {}
"""The GraphQL type of each event class."""


class EventChange(msgspec.Struct, frozen=True, gc=False):
    """A change with its event."""

    change: Change
    event: Event
    by: Authorship

    @property
    def position(self) -> int:
        return self.change.position

    @property
    def recorded_at(self) -> datetime:
        return self.change.recorded_at

    @property
    def effective_at(self) -> datetime:
        return self.change.effective_at

    @property
    def claimed_at(self) -> datetime | None:
        return self.change.claimed_at

    @property
    def late(self) -> bool:
        return self.change.late


def as_changes(view: View, rows: Sequence[Change]) -> list[Any]:
    """The nodes of these changes; they are siblings."""
    return shown(view, with_events(view, rows))


def with_events(view: View, rows: Sequence[Change]) -> list[EventChange]:
    """These changes with their events, read from the log in one statement.

    The rows contain no change of an entity that is hidden from the caller. References to hidden entities in the other
    events are redacted here.
    """
    recorded = {event.position: event for event in view.reads.log.at([row.position for row in rows])} if rows else {}
    events = [recorded[row.position].event for row in rows]
    if view.reads.hidden and events:
        events = view.reads.read(visibility.redact_events, events)
    return [EventChange(row, event, recorded[row.position].by) for row, event in zip(rows, events, strict=True)]


def shown(view: View, rows: Sequence[EventChange]) -> list[Any]:
    """The nodes of these changes with events; they are siblings."""
    return as_batch([TYPES[type(row.event)] for row in rows], view, rows)


def at_positions(view: View, positions: Sequence[int]) -> list[Any]:
    """The changes at these positions, in log order, without those that the view does not include."""
    return as_changes(view, view.read(changes.at_positions, positions)) if positions else []


def page_at(view: View, positions: Sequence[int], page_request: PageRequest) -> Connection[Any]:
    """A page of the changes at these positions, in log order. The view includes all of them."""
    page = paginate(page_request, positions, lambda position: Cursor(position, position), ORDER)
    nodes = at_positions(view, page.items)
    return Connection(page=Page(nodes, _cursor, page.has_previous, page.has_next, page.count))


# ── filter ───────────────────────────────────────────────────────────────────────────────────────


@strawberry.input(description="A range of whole numbers; a bound that is not set is none.")
class IntRange:
    gte: int | None = strawberry.field(default=None, description="The lowest number.")
    lte: int | None = strawberry.field(default=None, description="The highest number.")


@strawberry.input(
    description="A filter of changes. A change must match every field that is set. Times are half-open: from "
    "inclusive, to exclusive."
)
class ChangeFilter:
    cycle: CycleBy | None = strawberry.field(
        default=None, description="Changes that belong to this cycle, as in `Cycle.changes`."
    )
    team: TeamBy | None = strawberry.field(
        default=None, description="Changes that belong to this team, as in `Team.changes`."
    )
    subject: strawberry.ID | None = strawberry.field(
        default=None,
        description="Changes that belong to this entity, as in its `changes`, or to this check-in or reading.",
    )
    actor: str | None = strawberry.field(default=None, description="Changes by the actor with this `Actor.handle`.")
    include_on_behalf_of: bool = strawberry.field(
        default=True,
        description="Whether `actor` includes the changes that an import recorded on behalf of that person.",
    )
    types: list[str] | None = strawberry.field(
        default=None,
        description="Changes of these types, by type name, like KeyResultRetargeted. An unknown name is INVALID.",
    )
    recorded_from: datetime | None = strawberry.field(
        default=None, description="Changes recorded at or after this time."
    )
    recorded_to: datetime | None = strawberry.field(default=None, description="Changes recorded before this time.")
    effective_from: datetime | None = strawberry.field(
        default=None, description="Changes effective at or after this time."
    )
    effective_to: datetime | None = strawberry.field(default=None, description="Changes effective before this time.")
    late: bool | None = strawberry.field(
        default=None, description="Whether the change was recorded after its cycle had closed."
    )
    recorded_after_effective_by: float | None = strawberry.field(
        default=None,
        description="Changes recorded more than this number of days after their effective time, from 0 to "
        f"{DELAY_DAYS_MAX:,}. For an import `claimedAt` is compared instead of `recordedAt`.",
    )
    backdated: bool | None = strawberry.field(
        default=None, description="Whether the change is backdated, as `Change.backdated`."
    )
    goalposts: bool | None = strawberry.field(
        default=None,
        description="Whether the change moves a goalpost: a new target, due day or plan of a key result after the plan "
        "of its cycle, its link to a KPI or the end of the link, or new days of the cycle; or a new goal, target or "
        "formula of a KPI that measures a key result, between the plan and the outcome of a cycle, if it begins by the "
        "last day; or a new calendar between them. The last two belong to no cycle; "
        "`Retrospective.goalpostChanges` has all.",
    )
    days_before_close: IntRange | None = strawberry.field(
        default=None,
        description="Changes with so many remaining days of their cycle at the effective time, including that day; 0 "
        "or less after its end. Changes that belong to no cycle do not match.",
    )


def change_filter(view: View, given: ChangeFilter | None) -> changes.ChangeFilter:
    """The filter for `projections.tables.changes`. Raises `INVALID` for an unknown type name or an impossible delay or
    number of days."""
    if given is None:
        return changes.ChangeFilter()
    actors, on_behalf_of = _authors(view, given)
    return changes.ChangeFilter(
        subject=_subject(given.subject),
        cycle=named(view, Kind.CYCLE, given.cycle),
        team=named(view, Kind.TEAM, given.team),
        actors=actors,
        on_behalf_of=on_behalf_of,
        topics=None if given.types is None else tuple(_topic(name) for name in given.types),
        recorded_from=given.recorded_from,
        recorded_to=given.recorded_to,
        effective_from=given.effective_from,
        effective_to=given.effective_to,
        late=given.late,
        delayed_by=_delay(given.recorded_after_effective_by),
        backdated=given.backdated,
        goalposts=given.goalposts,
        days_before_close=_remaining(given.days_before_close),
    )


def _delay(days: float | None) -> timedelta | None:
    if days is not None and not 0 <= days <= DELAY_DAYS_MAX:
        raise invalid(
            f"Must be a number of days from 0 to {DELAY_DAYS_MAX:,}, not {days:g}.", "recordedAfterEffectiveBy"
        )
    return None if days is None else timedelta(days=days)


def _remaining(days: IntRange | None) -> tuple[int | None, int | None] | None:
    for name, bound in () if days is None else (("gte", days.gte), ("lte", days.lte)):
        if bound is not None and abs(bound) > DELAY_DAYS_MAX:
            raise invalid(
                f"Must be a number of days from -{DELAY_DAYS_MAX:,} to {DELAY_DAYS_MAX:,}.", "daysBeforeClose", name
            )
    return None if days is None else (days.gte, days.lte)


def _subject(id: str | None) -> Ref | None:
    name = None if id is None else global_ids.decode(id)
    if isinstance(name, GlobalId):
        return Ref(name.kind, name.id)
    return None if id is None else Ref(Kind.POLICY, NOTHING)


def _authors(view: View, given: ChangeFilter) -> tuple[tuple[str, ...] | None, UUID | None]:
    """The actors with the handle of the filter, a machine and a person if one has it; and that person, if changes on
    behalf of the person pass, too."""
    handle = given.actor
    if handle is None or not handle.isprintable():
        return (None if handle is None else ()), None
    person = view.by_key(people.people_by_handle, handle)
    actors = (f"machine:{handle}", *([] if person is None else [f"person:{person.id}"]))
    return actors, person.id if person is not None and given.include_on_behalf_of else None


def _topic(name: str) -> str:
    topic = next((event.TOPIC for event in TYPES if event.__name__ == name), None)
    if topic is None:
        raise invalid(f"No change is called '{name}'; the schema lists those that implement Change.", "types")
    return topic


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


def all_changes(view: View, filter: ChangeFilter | None, page_request: PageRequest) -> Connection[Any]:
    """A page of all changes that a view includes, in log order."""
    wanted = change_filter(view, filter)
    return page_by(
        view,
        page_request,
        lambda window: view.read(changes.page, wanted, window),
        lambda: view.read(changes.count, wanted),
    )


def page_by(
    view: View, page_request: PageRequest, read: Callable[[Window], list[Change]], count: Callable[[], int]
) -> Connection[Any]:
    """A page of changes in log order, by a query for their rows and one for their number."""
    window = page_request.window(ORDER)
    nodes = as_changes(view, read(window))
    return Connection(page=page_of(window, nodes, _cursor, lambda other: bool(read(other)), count))


def changes_of(entity: RowProxy, kind: Kind, filter: ChangeFilter | None, page_request: PageRequest) -> Connection[Any]:
    """A page of the changes that belong to an entity, read for all siblings at once."""
    return entity.each(_pages, kind, change_filter(entity.view, filter), page_request)


def _pages(
    batch: Batch, kind: Kind, filter: changes.ChangeFilter, page_request: PageRequest
) -> Sequence[Connection[Any]]:
    window = page_request.window(ORDER)
    rows = _read(batch, window, kind, filter)
    nodes = as_changes(batch.view, list({row.position: row for part in rows.values() for row in part}.values()))
    by_position = {node.row.position: node for node in nodes}

    def page(id: UUID) -> Connection[Any]:
        return Connection(
            page=page_of(
                window,
                [by_position[row.position] for row in rows[id]],
                _cursor,
                lambda other: bool(batch.all(_read, other, kind, filter)[id]),
                lambda: batch.all(_counts, kind, filter)[id],
            )
        )

    batch.clear_at_close()
    return [page(row.id) for row in batch.rows]


def _read(batch: Batch, window: Window, kind: Kind, filter: changes.ChangeFilter) -> dict[UUID, list[Change]]:
    return batch.view.read(changes.pages, list({row.id for row in batch.rows}), window, kind, filter)


def _counts(batch: Batch, kind: Kind, filter: changes.ChangeFilter) -> dict[UUID, int]:
    return batch.view.read(changes.page_counts, list({row.id for row in batch.rows}), kind, filter)


def _cursor(node: Any) -> str:
    return encode(changes.cursor(node.row.change), ORDER)
