"""What can be followed as it goes on: the log from any of its places, and a cycle as a film."""

from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial
from time import monotonic
from typing import Annotated, Any, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

import strawberry

from api.execution.context import Context, Info
from api.execution.subscription_hub import AGAIN_SECONDS
from api.schema.connections.change_lists import (
    ChangeFilter,
    Told,
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
"""As many changes are found at once for a subscription, and wait for it to take them."""
FRAMES_PER_SECOND_MAX = 60

After: TypeAlias = Annotated[
    Position | None,
    strawberry.argument(
        description="Only what comes after this place in the log: the last one you saw, or 0 for everything. If left "
        "out, only what is new."
    ),
]


F = TypeVar("F", bound=Callable[..., Any])


def _going_on(description: str) -> Callable[[F], F]:
    """A field of whose events there may be no end."""
    field: Callable[[F], F] = strawberry.subscription(description=description)
    return field


class Page(NamedTuple):
    """Changes after a place in the log, and the place up to which there are no others."""

    rows: list[Told]
    reached: int


class Look(NamedTuple):
    """What is hidden from somebody, and the position at which that was seen."""

    hidden: frozenset[UUID]
    position: int


@strawberry.type(description="What can be followed as it goes on, over WebSocket, SSE or multipart/mixed.")
class Subscription:
    @_going_on(
        "Every change after a position, first those already in the log, then live: no gap, no repeat. "
        "Resume with the last position you saw. Each is told as it stood right after it, with ids of the present. "
        "A position that the log has not come to is INVALID."
    )
    def changes(
        self, info: Info, after: After = None, filter: Where[ChangeFilter] = None
    ) -> AsyncGenerator[Change, None]:
        context = info.context
        view = context.reads.present
        change_filter(view, filter)  # what is wrong with it is told now
        if after is None:
            return _followed(context, filter, view.basis.position)
        if after > view.basis.position and after > context.log.head().position:
            raise invalid("The log has not come to this position.", "after")
        return _followed(context, filter, after)

    @_going_on(
        "A cycle as a film, frame after frame at an even pace, from the first to the last; it begins with what is "
        "known now, and nothing that is recorded meanwhile is in it."
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
            float, strawberry.argument(description=f"How fast, at most: up to {FRAMES_PER_SECOND_MAX}.")
        ] = 2.0,
    ) -> AsyncGenerator[Frame, None]:
        if not 0 < frames_per_second <= FRAMES_PER_SECOND_MAX:
            raise invalid(
                f"A film has more than 0 and up to {FRAMES_PER_SECOND_MAX} frames a second.", "framesPerSecond"
            )
        view = info.context.reads.present
        film = Film(view, partial(rows, cycle=cycle, every=every, since=from_, until=to, known=known))
        return _shown(info.context, film, 1 / frames_per_second)


# ── changes ──────────────────────────────────────────────────────────────────────────────────────


async def _followed(context: Context, filter: ChangeFilter | None, position: int) -> AsyncGenerator[Any, None]:
    """Each change after a position that passes the filter, for ever.

    Reading goes on where the last page ended, and a page ends at a position that its connection saw the views at:
    so nothing lies between two pages, whether it was there before or is written meanwhile. Pages are shared by those
    from whom the same is hidden.
    """
    hub = context.hub
    while True:
        await hub.wait_beyond(position)
        look = await hub.retry_until_reachable(partial(_looked, context, position))
        read = partial(_page, context, filter, position, look)
        page = await hub.retry_until_reachable(partial(hub.shared, (repr(filter), position, look), read))
        for row in page.rows:
            yield partial(_tell, row)
        if page.reached <= position:
            await hub.pause(AGAIN_SECONDS)  # the views fell back in a crash, and are being fed again
        position = max(position, page.reached)


async def _looked(context: Context, position: int) -> Look:
    """What is hidden from the caller; where nothing ever was from anybody, one look is enough for all."""
    hub, caller = context.hub, context.caller
    if caller.sees_everything or not await hub.shared(("private", position), partial(_is_anything_private, context)):
        return Look(NOTHING, POSITION_MAX)
    return await hub.shared(("hidden", caller.person, position), partial(_look, context))


def _look(context: Context) -> Look:
    reads = context.for_next_operation().reads
    return Look(reads.hidden, reads.newest.position)


def _is_anything_private(context: Context) -> bool:
    return context.for_next_operation().reading(NOTHING).read(is_any_objective_private)


def _page(context: Context, filter: ChangeFilter | None, after: int, look: Look) -> Page:
    """What the views show now of the changes after a position, up to a bound, without what is hidden.

    It goes no further than the look at what is hidden did: what came since may have shown some of that. A filter is
    resolved anew each time: the cycle that it names may have been opened meanwhile.
    """
    view = context.for_next_operation().reading(look.hidden).present
    wanted = change_filter(view, filter)
    rows = view.read(changes.page, wanted, Window(READ_AHEAD_MAX, Cursor(after, after)))
    reached = rows[-1].position if len(rows) == READ_AHEAD_MAX else view.basis.position
    rows = [row for row in rows if row.position <= look.position]
    return Page(with_events(view, rows), min(reached, look.position))


def _tell(row: Told, context: Context) -> Change:
    """A change, read as everything stood right after it. Raises `NoLongerVisible` if it is hidden now."""
    view = View(context.reads, ResolvedBasis(row.recorded_at, row.position, row.recorded_at), is_now=True)
    for change in at_positions(view, [row.position]) if view.reads.hidden else shown(view, [row]):
        told: Change = change
        return told
    raise NoLongerVisible


# ── replay ───────────────────────────────────────────────────────────────────────────────────────


class Film:
    """The frames that are still to be shown, by what is known at the view that the film is begun at.

    They are read anew when something else is hidden than when they were read.
    """

    def __init__(self, view: View, read: Callable[[View], Sequence[replay.Frame]]) -> None:
        self._basis = view.basis
        self._read = read
        self._hidden = view.reads.hidden
        self._left = deque(read(view))

    def __bool__(self) -> bool:
        return bool(self._left)

    def show(self, context: Context) -> Frame:
        """The next one. Raises `NoLongerVisible` if there is none after all."""
        view = View(context.reads, self._basis, is_now=True)
        if view.reads.hidden != self._hidden:
            self._cut_again(view)
        if not self._left:
            raise NoLongerVisible
        return as_batch(Frame, view, [self._left[0]])[0]

    def go_on(self) -> None:
        """The next one was shown."""
        if self._left:
            self._left.popleft()

    def _cut_again(self, view: View) -> None:
        since = self._left[0].basis.at
        self._hidden = view.reads.hidden
        self._left = deque(frame for frame in self._read(view) if frame.basis.at >= since)


async def _shown(context: Context, film: Film, seconds: float) -> AsyncGenerator[Any, None]:
    """Each frame, so many seconds after the one before; later, if that took longer to be told and taken."""
    due = monotonic()
    while film:
        await context.hub.pause(due - monotonic())
        due = max(due, monotonic()) + seconds
        yield film.show
        film.go_on()
