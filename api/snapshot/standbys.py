"""The standbys of a process, and the choice among them and the primary (docs/adr/0055)."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from threading import Lock
from time import monotonic
from typing import Final, NamedTuple

import psycopg

from api.snapshot.primary_watch import PrimaryState, PrimaryWatch
from api.snapshot.sources import PRIMARY, Route, Source
from api.snapshot.standby import Standby

ACTORS_MAX: Final = 10_000
"""The actors whose last commands are remembered; beyond them the position of the forgotten ones holds for all."""
ARRIVAL_SECONDS_MAX: Final = 0.25
"""How long subscriptions wait for a standby to receive a new position, before the primary shows it to them."""
IN_DOUBT: Final = 2**63 - 1
"""The position of a command that may have been recorded at any."""


class Report(NamedTuple):
    """The state of a server for operators. `answers`: whether it is used. `cause`: why it is not."""

    name: str
    answers: bool
    position: int
    cause: str | None


class Standbys:
    """The sources of reads. `on_position` is called with each position of the projections that some server shows."""

    def __init__(
        self, primary: Source, watch: PrimaryWatch, standbys: Sequence[Standby], on_position: Callable[[int], None]
    ) -> None:
        self._primary = primary
        self._watch = watch
        self._standbys = standbys
        self._on_position = on_position
        self._commands: OrderedDict[str, int] = OrderedDict()
        self._forgotten = 0
        self._lock = Lock()
        self._reached = self._notified = 0
        self._reached_at = 0.0
        watch.on_tick = self.tick
        for standby in standbys:
            standby.on_moved = self.arrived
        self.reads: dict[str, int] = dict.fromkeys([PRIMARY, *(standby.name for standby in standbys)], 0)

    # ── choosing ─────────────────────────────────────────────────────────────────────────────────

    def choose(self, route: Route) -> tuple[Source, int]:
        """The server for the next reader: the one that the route used before or the one that its actor usually has, so
        that a caller sees time move forward; if it lacks what is wanted, another standby, then the primary.

        Raises `psycopg.OperationalError` while the primary is away and no standby has what is wanted.
        """
        known = self._watch.look()
        self._settle(route.actor, known)
        least = self._least(route.wanted, known)
        fit = [standby for standby in self._standbys if standby.name not in route.avoided]
        fit = [standby for standby in fit if self._is_fit(standby, least, known)]
        if fit:
            source = min(fit, key=lambda standby: _rank(standby.name, route)).source
        elif known.is_away:
            raise psycopg.OperationalError(f"no standby has position {least}, and the primary cannot be reached")
        else:
            source, least = self._primary, 0
        return source, least

    def _least(self, wanted: int, known: PrimaryState) -> int:
        """The position that a standby needs. An event that the primary lacks, such as one that was lost when another
        server took over, is not waited for."""
        if not known.is_away:
            return max(min(wanted, known.head), known.concealed)
        states = [standby.state for standby in self._standbys if standby.state is not None]
        return max(wanted, known.concealed, *(state.concealed for state in states), 0)

    def _is_fit(self, standby: Standby, least: int, known: PrimaryState) -> bool:
        """Whether a standby may answer. While the primary is away, none of them lags."""
        at_least = least if known.is_away else max(least, known.position_before)
        return standby.answers and standby.has_settled and standby.position >= at_least

    def count(self, source: Source) -> None:
        with self._lock:
            self.reads[source.name] += 1

    def is_at_hand(self, position: int) -> bool:
        known = self._watch.last
        return any(self._is_fit(standby, max(position, self._least(0, known)), known) for standby in self._standbys)

    def leave(self, source: Source) -> None:
        for standby in self._standbys:
            if standby.name == source.name:
                standby.leave()

    # ── the caller's own commands ────────────────────────────────────────────────────────────────

    def wanted(self, actor: str) -> int:
        return self._commands.get(actor, self._forgotten)

    def note_command(self, actor: str, position: int | None) -> None:
        """An actor's command was answered at this position; None if it may have been recorded at any. Called from any
        thread."""
        with self._lock:
            self._commands[actor] = max(self._commands.get(actor, 0), IN_DOUBT if position is None else position)
            self._commands.move_to_end(actor)
            if len(self._commands) > ACTORS_MAX:
                self._forgotten = max(self._forgotten, self._commands.popitem(last=False)[1])

    def _settle(self, actor: str, known: PrimaryState) -> None:
        """A command in doubt is before the head of a log that was read after it, if it was recorded."""
        if not known.is_away and self._commands.get(actor) == IN_DOUBT:
            with self._lock:
                self._commands[actor] = known.head

    # ── the wake-up of subscriptions ─────────────────────────────────────────────────────────────

    def moved(self, position: int) -> None:
        """The projections of the primary have reached a position: standbys are about to receive it."""
        if position < self._reached:  # after a crash of the database they are at an earlier one
            self._notify(position)
        if position == self._reached:
            return
        self._reached, self._reached_at = position, monotonic()
        for standby in self._standbys:
            standby.expect(position, 2 * ARRIVAL_SECONDS_MAX)

    def arrived(self, position: int) -> None:
        """A standby has this position."""
        if position > self._notified:
            self._notify(position)

    def tick(self) -> None:
        """Let the primary show what no standby has received in time."""
        if self._reached > self._notified and monotonic() - self._reached_at >= ARRIVAL_SECONDS_MAX:
            self._notify(self._reached)

    def _notify(self, position: int) -> None:
        self._notified = position
        self._on_position(position)

    # ── for operators ────────────────────────────────────────────────────────────────────────────

    def report(self) -> list[Report]:
        """The state of each standby."""
        known = self._watch.last
        return [self._reported(standby, known) for standby in self._standbys]

    def _reported(self, standby: Standby, known: PrimaryState) -> Report:
        fits = self._is_fit(standby, self._least(0, known), known)
        cause = standby.fault or (None if standby.answers else "It does not answer in time.")
        return Report(standby.name, fits, standby.position, cause if cause or fits else "It lacks newer events.")

    def head(self) -> int:
        return self._watch.last.head

    def primary_is_away(self) -> bool:
        """Whether the primary does not answer."""
        return self._watch.last.is_away

    # ── the life of the threads ──────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin to watch the primary and the standbys."""
        self._watch.start()
        for standby in self._standbys:
            standby.start()

    def stop(self) -> None:
        for standby in self._standbys:
            standby.stop()
        self._watch.stop()


def _rank(name: str, route: Route) -> tuple[bool, bytes]:
    """The order in which a route tries servers: the last one first, then by a hash of its actor and their names."""
    is_last = route.last is not None and route.last.name == name
    return not is_last, blake2b(f"{route.actor}/{name}".encode(), digest_size=8).digest()
