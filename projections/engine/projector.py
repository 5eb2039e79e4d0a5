"""The projector applies the log to the projections: each batch of events in one transaction with the position."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from time import monotonic
from typing import Any

import msgspec
import psycopg
import structlog

from domain.log.erasure import NotTableOwner, wipe
from domain.log.event_store import Log
from domain.log.outage import outage
from domain.log.schema import lock_key
from domain.log.tail import Listener
from domain.model.people import PersonErased
from projections.engine import leftovers
from projections.engine.rebuild import DEFINITION, OutdatedViews, create, may_update, outdated
from projections.engine.registry import OtherDefinition, Poison, StaleBatch, advance, read
from projections.proof.continuity import CONTINUES, Diverged
from projections.store import digests
from projections.store.versioned_tables import Connection
from projections.tables import people

BATCH_SIZE = 500
POLL_SECONDS = 0.25
"""The pause between two reads of the log or the position without a notification, since one may be lost."""
WATCH_SECONDS = 0.003
"""The pause between two reads of the position by a follower while a caller waits, and after the log has grown."""
WIPE_SECONDS = 60.0
"""The pause before erased people are wiped from the database files again, while a reader still sees their rows, and
between two attempts to drop generations that are not in use."""
OUTDATED_SECONDS = 1.0
"""The pause before outdated or diverged projections are looked at again. Meanwhile a projector of the version that
built them may lead, or a rebuild replace them."""
BACKOFF_SECONDS = (0.05, 2.0)
"""The first and the longest pause before a lost connection is opened again."""

_log = structlog.get_logger(__name__)


_POSITION = f"""
    select v.position, coalesce(pg_try_advisory_lock(%s::bigint), false), {CONTINUES} from view_position v
""".encode()


class Condition(StrEnum):
    """The condition of a projector: LEADING applies the log, FOLLOWING watches the position of the leader, FAULTED
    has lost its connection and reconnects, OUTDATED would lead but needs a rebuild, since another version built the
    projections, DIVERGED needs one, since the log no longer has the events of the projections, STOPPED met an event it
    cannot apply, or was stopped."""

    STARTING = "STARTING"
    LEADING = "LEADING"
    FOLLOWING = "FOLLOWING"
    FAULTED = "FAULTED"
    OUTDATED = "OUTDATED"
    DIVERGED = "DIVERGED"
    STOPPED = "STOPPED"


_IDLE = (Condition.STOPPED, Condition.OUTDATED, Condition.DIVERGED)
"""The conditions in which a projector applies nothing until an operator acts."""


class Status(msgspec.Struct, frozen=True):
    """The state of a projector; `position` is the last one that it read. `poison_position` and `poison_topic` name the
    event it could not apply. `alarm`: what contradicts the signed log, or why nothing can be signed."""

    condition: Condition
    position: int
    cause: str | None = None
    poison_position: int | None = None
    poison_topic: str | None = None
    alarm: str | None = None

    def has_reached(self, position: int) -> bool:
        """Whether the projections are known to have reached a position. A position is known only as long as the
        connection that read it: after a crash of the database the projections may be at an earlier one."""
        return self.condition is not Condition.FAULTED and self.position >= position


@dataclass(eq=False)
class _Waiting:
    """A thread that waits for a position, or until the projector applies nothing."""

    position: int
    over: threading.Event = field(default_factory=threading.Event)

    def is_over(self, status: Status) -> bool:
        return status.has_reached(self.position) or status.condition in _IDLE


class Projector:
    """Keeps the projections of one workspace up to date with its log.

    One projector of a workspace leads; it holds an advisory lock that ends with its connection. The others
    follow: they watch the position for the callers of `wait`, and take the lead when it is free and `may_lead` is set.
    With synchronous standbys the leader waits for them after each batch, so no caller sees an event that a fail-over
    could lose. It calls `keep` with the position after each round, which returns an alarm or None. All of them call
    `on_position` with the position, on its own thread, whenever it may have changed. `answered_at` is when the database
    answered last, by the monotonic clock; a running projector asks several times a second. `status` is the current one;
    it is safe to read from any thread.
    """

    def __init__(
        self,
        log: Log,
        connect: Callable[[], Connection],
        batch_size: int = BATCH_SIZE,
        workspace: str = "keyframe",
        *,
        may_lead: bool = True,
        keep: Callable[[Connection, int], str | None] | None = None,
        on_position: Callable[[int], None] | None = None,
    ) -> None:
        self._events = log
        self._connect = connect
        self._batch_size = batch_size
        self._workspace = workspace
        self._may_lead = may_lead
        self._keep = keep or _ignore_round
        self._on_position = on_position or _ignore_position
        self._changing = threading.Lock()
        self._wakeup = threading.Event()
        self._started = threading.Event()
        self._waiting: set[_Waiting] = set()
        self._due = self._compare_due = 0.0
        self._wipe_due = self._sweep_due = inf
        self.status = Status(Condition.STARTING, 0)
        self._pause = BACKOFF_SECONDS[0]
        self.answered_at = -inf

    def wake(self) -> None:
        """Read the log at once, because events were appended."""
        self._wakeup.set()

    def wait(self, position: int, timeout: float) -> bool:
        """Whether the projections have reached this position within `timeout` seconds; returns at once if the
        projector has stopped before it, or waits for a rebuild."""
        waiting = _Waiting(position)
        self._waiting.add(waiting)  # before the look at the status, so that no change of it is missed
        try:
            if not waiting.is_over(self.status):
                self._wakeup.set()
                waiting.over.wait(timeout)
        finally:
            self._waiting.discard(waiting)
        return self.status.has_reached(position)

    def wait_until_started(self, timeout: float) -> None:
        """Wait up to `timeout` seconds for the first look at the projections, which finds out whether they belong to
        this log."""
        self._started.wait(timeout)

    def catch_up(self) -> int:
        """Apply the whole log on the calling thread, without a wait for synchronous standbys; returns the position
        reached. A user who may only read the
        projections gets the position that the leader has reached.

        Raises `Poison` for an event that cannot be applied, `OutdatedViews` and `Diverged`.
        """
        with self._session() as conn:
            position = self._read_position(conn)[0]
            if not may_update(conn):
                self._publish(position=position)
                return position
            while True:
                reached = self._step(conn, position)
                position = position if reached is None else reached
                self._keep(conn, position)
                if reached is None:
                    return position

    def run(self, stop: threading.Event) -> None:
        """Apply the log until `stop` is set or an event cannot be applied; that is logged as critical, and the
        position stays before it. After a fault of the database the projector reconnects by itself."""
        with self._events.listener() as listener:
            listening = threading.Thread(target=self._listen, args=(listener,), name="projector listens", daemon=True)
            listening.start()
            try:
                self._supervise(stop)
            finally:
                listener.stop()
                listening.join()

    # ── supervision, following and leading ───────────────────────────────────────────────────────

    def _supervise(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                with self._session() as conn:
                    self._serve(conn, stop)
            except Poison as poison:
                _log.critical("projector stopped", position=poison.position, topic=poison.topic, cause=poison.cause)
                self._publish(
                    condition=Condition.STOPPED,
                    position=poison.position - 1,
                    cause=poison.cause,
                    poison_position=poison.position,
                    poison_topic=poison.topic,
                )
                return
            except (OutdatedViews, Diverged) as reason:
                condition = Condition.DIVERGED if isinstance(reason, Diverged) else Condition.OUTDATED
                if self.status.condition is not condition:
                    _log.critical(f"projections {condition.lower()}", cause=str(reason))
                self._publish(condition=condition, cause=str(reason))
                stop.wait(OUTDATED_SECONDS)
            except Exception as fault:  # noqa: BLE001  any fault: the projector must go on
                _log.warning("projector lost the database", cause=str(fault), again_in_seconds=self._pause)
                self._publish(condition=Condition.FAULTED, cause=f"{outage(fault).fact}; Keyframe keeps trying.")
                stop.wait(self._pause)
                self._pause = min(self._pause * 2, BACKOFF_SECONDS[1])
        self._publish(condition=Condition.STOPPED)

    def _serve(self, conn: Connection, stop: threading.Event) -> None:
        """Follow until the lead is free, then lead. A user who may only read the projections always follows."""
        may_lead = self._may_lead and may_update(conn)
        lead = lock_key(conn.info.dbname, self._workspace, "project") if may_lead else None
        while not stop.is_set():
            self._wakeup.clear()
            position, leads = self._read_position(conn, lead)
            self._succeeded()
            if position > self.status.position:
                self._due = 0.0
            condition = Condition.LEADING if leads else Condition.FOLLOWING
            self._publish(condition=condition, position=position, cause=None, alarm=None)
            if leads:
                self._lead(conn, position, stop)
                return
            is_awaited = self._waiting or monotonic() < self._due
            self._wakeup.wait(WATCH_SECONDS if is_awaited else POLL_SECONDS)

    def _lead(self, conn: Connection, position: int, stop: threading.Event) -> None:
        self._wipe_due, self._sweep_due = 0.0 if people.is_any_erased(conn) else inf, 0.0
        while not stop.is_set():
            self._wakeup.clear()
            before, reached = position, self._step(conn, position, confirmed=True)
            self._succeeded()
            position = self._compared(conn, position) if reached is None else reached
            self._attest(conn, position)
            if monotonic() >= self._sweep_due:
                self._sweep(conn)
            if monotonic() >= self._wipe_due:
                self._wipe(conn)
            if reached is None or 0 < position - before < self._batch_size:  # the end of the log, when it was read
                self._wakeup.wait(POLL_SECONDS)

    def _succeeded(self) -> None:
        """A round has succeeded: the next fault is tried again soon. A session alone does not count, since it may begin
        where every round fails, as without the tables of the log."""
        self.answered_at = monotonic()
        self._pause = BACKOFF_SECONDS[0]

    def _step(self, conn: Connection, position: int, *, confirmed: bool = False) -> int | None:
        """Apply one batch; returns the position reached, or None without new events. `confirmed`: wait until the
        synchronous standbys have it."""
        entries = read(self._events, position, self._batch_size)
        if not entries:
            return None
        try:
            advance(conn, self._events, entries, DEFINITION, confirmed=confirmed)
            reached = entries[-1].position
        except OtherDefinition:
            raise outdated(conn) or OutdatedViews(None) from None
        except StaleBatch:  # the tables were rebuilt meanwhile; the new ones need a wipe, too
            reached = self._read_position(conn)[0]
            self._wipe_due = 0.0 if people.is_any_erased(conn) else self._wipe_due
        if any(isinstance(entry.event, PersonErased) for entry in entries):
            self._wipe_due = self._sweep_due = 0.0
        self._publish(position=reached)
        return reached

    def _compared(self, conn: Connection, position: int) -> int:
        """The position of the projections, compared with the log at most once in `POLL_SECONDS`. Raises `Diverged`."""
        if monotonic() < self._compare_due:
            return position
        self._compare_due = monotonic() + POLL_SECONDS
        return self._read_position(conn)[0]

    def _attest(self, conn: Connection, position: int) -> None:
        alarm = self._keep(conn, position)
        if alarm != self.status.alarm:
            self._publish(alarm=alarm)

    def _sweep(self, conn: Connection) -> None:
        """Drop the generations that are not in use, which contain people who were erased since."""
        self._sweep_due = monotonic() + WIPE_SECONDS
        try:
            left = leftovers.sweep(conn, self._workspace)
        except psycopg.errors.InsufficientPrivilege as fault:
            _log.warning("an earlier generation of the projections cannot be dropped", cause=str(fault))
        else:
            if left is not None:
                _log.warning("an earlier generation of the projections is still in use", left=str(left))

    def _wipe(self, conn: Connection) -> None:
        """Remove erased people from the database files, too, as soon as no reader holds a snapshot of their rows."""
        self._wipe_due = monotonic() + WIPE_SECONDS
        try:
            if wipe(conn, self._workspace, [people.PERSON.name, digests.TABLE]):
                self._wipe_due = inf
        except NotTableOwner as reason:
            self._wipe_due = inf
            _log.warning("erased people may be left in the database's files", cause=str(reason))
        except psycopg.Error as fault:
            _log.warning("erased people are left in the database's files", cause=type(fault).__name__)

    def _read_position(self, conn: Connection, lead: int | None = None) -> tuple[int, bool]:
        """The position of the projections, and whether this session has the lead, if it asks for it. Raises
        `Diverged`."""
        row = conn.execute(_POSITION, [lead], prepare=True).fetchone()
        if row is None:
            raise LookupError("The table view_position is empty: run 'keyframe rebuild'.")
        position, leads, continues = row
        if not continues:
            raise Diverged(position, self._events.head().position)
        return int(position), bool(leads)

    def _publish(self, **changes: Any) -> None:
        """Change the status, and wake the threads that need not wait any longer."""
        with self._changing:
            self.status = status = msgspec.structs.replace(self.status, **changes)
        if status.condition is not Condition.STARTING:
            self._started.set()
        for waiting in self._waiting.copy():
            if waiting.is_over(status):
                waiting.over.set()
        self._on_position(status.position)

    @contextmanager
    def _session(self) -> Iterator[Connection]:
        with closing(self._connect()) as conn:
            # Projections can be rebuilt from the log, so a commit need not wait for the disk: after a crash
            # they are at an older position and continue from there.
            conn.execute("set synchronous_commit = off")
            create(conn, self._workspace)
            yield conn

    def _listen(self, listener: Listener) -> None:
        """Wake the projector on each notification of the log, which covers appends of other processes."""
        while not listener.is_stopped:
            if listener.wait(POLL_SECONDS):
                self._due = monotonic() + POLL_SECONDS
            self.wake()


def _ignore_round(conn: Connection, position: int) -> None:
    """The default of `keep`: do nothing, and find nothing."""


def _ignore_position(position: int) -> None:
    """The default of `on_position`: do nothing."""
