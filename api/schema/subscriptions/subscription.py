"""Subscriptions: the changes of the log from any position, and the replay of a cycle."""

from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial
from time import monotonic
from typing import Annotated, Any, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

import strawberry

from api.execution.context import Context, Info
from api.execution.subscription_hub import AGAIN_SECONDS
from api.schema.attention.alterations import altering
from api.schema.attention.scope import AttentionScope
from api.schema.connections.change_lists import (
    ChangeFilter,
    EventChange,
    at_positions,
    change_filter,
    shown,
    with_events,
)
from api.schema.connections.connection import Where
from api.schema.history.change import Change
from api.schema.history.replay import Every, Frame, From, Knowing, To, rows
from api.schema.primitives.lookup import CycleBy
from api.schema.primitives.scalars import POSITION_MAX, Position
from api.snapshot.snapshot import NoLongerVisible, View, as_batch
from domain.primitives.calendar import Step
from domain.primitives.errors import invalid
from projections.engine.visibility import NOTHING, is_any_objective_private
from projections.history import replay
from projections.store.basis import ResolvedBasis
from projections.store.versioned_tables import Cursor, Window
from projections.tables import changes

READ_AHEAD_MAX = 100
"""The largest number of changes that are read at once for a subscription and buffered for it."""
COMPARED_MAX = 20
"""The largest number of changes around which the attention of a scope is compared at once."""
FRAMES_PER_SECOND_MAX = 60

After: TypeAlias = Annotated[
    Position | None,
    strawberry.argument(
        description="Only changes after this position: the last one received, or 0 for all. Default: only new changes."
    ),
]


F = TypeVar("F", bound=Callable[..., Any])


def _subscribed(description: str) -> Callable[[F], F]:
    """A decorator: a subscription field."""
    field: Callable[[F], F] = strawberry.subscription(description=description)
    return field


class Page(NamedTuple):
    """Changes after a position, and the position up to which they are complete."""

    rows: list[EventChange]
    reached: int


class HiddenEntities(NamedTuple):
    """The entities hidden from a caller, and the position at which they were read."""

    hidden: frozenset[UUID]
    position: int


@strawberry.type(description="The subscriptions, over WebSocket, SSE or multipart/mixed.")
class Subscription:
    @_subscribed(
        "Every change after a position, first those already in the log, then live, without gaps or repeats. Resume "
        "with the last received position. Each change shows the state right after it, with ids of the present. A "
        "position in the future is INVALID."
    )
    def changes(
        self,
        info: Info,
        after: After = None,
        filter: Where[ChangeFilter] = None,
        attention: Annotated[
            AttentionScope | None,
            strawberry.argument(
                description="Only changes that alter the attention of this scope: after which an item of "
                "`attention(for:)` is there, gone or another one."
            ),
        ] = None,
    ) -> AsyncGenerator[Change, None]:
        context = info.context
        view = context.reads.present
        change_filter(view, filter)  # raises for an invalid filter before the subscription starts
        if after is None:
            return _followed(context, filter, attention, view.basis.position)
        if after > view.basis.position and after > view.reads.log.head().position:
            raise invalid("Is beyond the end of the log; pass the last position you received.", "after")
        return _followed(context, filter, attention, after)

    @_subscribed(
        "The replay of a cycle, one frame at a time at an even pace. It includes what is known at the start; events "
        "recorded during the replay are left out."
    )
    def replay(
        self,
        info: Info,
        cycle: Annotated[CycleBy, strawberry.argument(description="The cycle, by id or key.")],
        every: Every = Step.DAY,
        from_: From = None,
        to: To = None,
        known: Knowing = None,
        frames_per_second: Annotated[
            float, strawberry.argument(description=f"The largest frame rate, up to {FRAMES_PER_SECOND_MAX} per second.")
        ] = 2.0,
    ) -> AsyncGenerator[Frame, None]:
        if not 0 < frames_per_second <= FRAMES_PER_SECOND_MAX:
            raise invalid(f"Is out of range; pass more than 0 and up to {FRAMES_PER_SECOND_MAX}.", "framesPerSecond")
        view = info.context.reads.present
        remaining = RemainingFrames(view, partial(rows, cycle=cycle, every=every, since=from_, until=to, known=known))
        return _paced(info.context, remaining, 1 / frames_per_second)


# ── changes ──────────────────────────────────────────────────────────────────────────────────────


async def _followed(
    context: Context, filter: ChangeFilter | None, attention: AttentionScope | None, position: int
) -> AsyncGenerator[Any, None]:
    """Each change after a position that matches the filter, without end.

    A page starts where the previous one ended, and ends at the position of the projections in its own transaction, so
    that no change falls between two pages. Subscribers from whom the same entities are hidden share pages.
    """
    hub = context.hub
    while True:
        context.want(await hub.wait_beyond(position))
        hidden = await hub.retry_until_reachable(partial(_hidden_entities, context, position))
        read = partial(_page, context, filter, attention, position, hidden)
        name = (repr(filter), repr(attention), position, hidden)
        page = await hub.retry_until_reachable(partial(hub.shared, name, read))
        for row in page.rows:
            yield partial(_change_at, row)
        if page.reached <= position:
            await hub.pause(AGAIN_SECONDS)  # after a crash the projections may lag and catch up again
        position = max(position, page.reached)


async def _hidden_entities(context: Context, position: int) -> HiddenEntities:
    """The entities hidden from the caller. Without private goals, all callers share one result."""
    hub, caller = context.hub, context.caller
    if caller.sees_everything or not await hub.shared(("private", position), partial(_has_private_goals, context)):
        return HiddenEntities(NOTHING, POSITION_MAX)
    return await hub.shared(("hidden", caller.person, position), partial(_read_hidden_entities, context))


def _read_hidden_entities(context: Context) -> HiddenEntities:
    reads = context.for_next_operation().reads
    return HiddenEntities(reads.hidden, reads.newest.position)


def _has_private_goals(context: Context) -> bool:
    return context.for_next_operation().reading(NOTHING).read(is_any_objective_private)


def _page(
    context: Context,
    filter: ChangeFilter | None,
    attention: AttentionScope | None,
    after: int,
    hidden: HiddenEntities,
) -> Page:
    """A page of the visible changes after a position, up to `READ_AHEAD_MAX`, or up to `COMPARED_MAX` that are compared
    if they are to alter the attention of a scope.

    It ends at the position at which the hidden entities were read, because later events may hide more. The filter is
    resolved for each page, because its cycle may have been opened since the last one.
    """
    view = context.for_next_operation().reading(hidden.hidden).present
    wanted = change_filter(view, filter)
    most = READ_AHEAD_MAX if attention is None else COMPARED_MAX
    rows = view.read(changes.page, wanted, Window(most, Cursor(after, after)))
    reached = rows[-1].position if len(rows) == most else view.basis.position
    rows = [row for row in rows if row.position <= hidden.position]
    rows = rows if attention is None else altering(view, rows, attention)
    return Page(with_events(view, rows), min(reached, hidden.position))


def _change_at(row: EventChange, context: Context) -> Change:
    """A change at the view right after it. Raises `NoLongerVisible` if it is hidden now."""
    view = View(context.reads, ResolvedBasis(row.recorded_at, row.position, row.recorded_at), is_now=True)
    for node in at_positions(view, [row.position]) if view.reads.hidden else shown(view, [row]):
        change: Change = node
        return change
    raise NoLongerVisible


# ── replay ───────────────────────────────────────────────────────────────────────────────────────


class RemainingFrames:
    """The frames that are not sent yet, at the basis of the start of the replay.

    They are read again when the set of hidden entities has changed since the last read.
    """

    def __init__(self, view: View, read: Callable[[View], Sequence[replay.Frame]]) -> None:
        self._basis = view.basis
        self._read = read
        self._hidden = view.reads.hidden
        self._left = deque(read(view))

    def __bool__(self) -> bool:
        return bool(self._left)

    def show(self, context: Context) -> Frame:
        """The next frame. Raises `NoLongerVisible` if the caller can see none any more."""
        view = View(context.reads, self._basis, is_now=True)
        if view.reads.hidden != self._hidden:
            self._read_again(view)
        if not self._left:
            raise NoLongerVisible
        return as_batch(Frame, view, [self._left[0]])[0]

    def advance(self) -> None:
        """Remove the frame that was sent."""
        if self._left:
            self._left.popleft()

    def _read_again(self, view: View) -> None:
        since = self._left[0].basis.at
        self._hidden = view.reads.hidden
        self._left = deque(frame for frame in self._read(view) if frame.basis.at >= since)


async def _paced(context: Context, remaining: RemainingFrames, seconds: float) -> AsyncGenerator[Any, None]:
    """Each frame, at least this many seconds after the previous one; later if the client is slower."""
    due = monotonic()
    while remaining:
        await context.hub.pause(due - monotonic())
        due = max(due, monotonic()) + seconds
        yield remaining.show
        remaining.advance()
