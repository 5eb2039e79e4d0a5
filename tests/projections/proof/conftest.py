"""A workspace with a random history and checkpoints, and means to tamper with its log."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from api.runtime.database import Database
from domain.handlers.batches.batch_dispatcher import BatchDispatcher
from domain.log.event_store import Log
from domain.log.mapper import LogRow, leaf_hash
from domain.model.event import Event
from domain.model.kpi import KpiDefined, KpiRetired
from domain.primitives.values import Cadence, Unit, UnitKind
from domain.proof.signed_note import Signer
from projections.proof import checkpoint_register, merkle_tree, signer
from projections.proof.signer import Keys
from projections.proof.verification import Verdict, verify
from tests.domain.log.writing import command
from tests.properties.histories import History
from tests.workspace import fresh_workspace
from tests.world import KeptProjector

KEYS = Keys(Signer("keyframe/test", bytes(range(32))))
OTHER_KEYS = Keys(Signer("keyframe/test", bytes(32)))


GUARDS = [
    *((table, "append_only") for table in ("log", "command", "checkpoint", "checkpoint_removal")),
    ("checkpoint", "removed_only"),
    ("person_key", "erased_only"),
]


class Attested:
    """A workspace, its log and projections, and its signing key."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.log = Log(database.pool(), database.settings.workspace)
        self.keyframe = BatchDispatcher(self.log)
        self.projector = KeptProjector(self.log, database, 300)
        self.conn: psycopg.Connection[Any] = database.connect()

    @property
    def size(self) -> int:
        return self.log.head().position

    def catch_up(self) -> int:
        return self.projector.catch_up()

    def fill(self, count: int) -> None:
        """Append this many events: definitions of KPIs; every third KPI is retired."""
        events: list[Event] = []
        for number in range(count):
            kpi, key = uuid4(), f"k-{number}"
            unit = Unit(UnitKind.NUMBER)
            events.append(
                KpiDefined(
                    key=key, name=key, unit=unit, cadence=Cadence.WEEKLY, originator_id=kpi, originator_version=1
                )
            )
            if number % 3 == 0:
                events.append(KpiRetired(originator_id=kpi, originator_version=2))
        self.log.append([self.log.mapper.to_stored_event(event) for event in events[:count]], command())

    def live(self, steps: int, chance: Random) -> History:
        """Execute random commands."""
        history = History(self.keyframe, chance)
        history.live(steps)
        return history

    def sign(self, size: int | None = None) -> str:
        """Sign the log at its head or at a size, and store the checkpoint."""
        size = self.catch_up() if size is None else size
        return signer.keep(self.conn, size, KEYS)

    def signed_sizes(self) -> list[int]:
        """The sizes of the stored checkpoints."""
        return [one.size for one in checkpoint_register.stored(self.conn)]

    def verify(self, given: Sequence[str] = (), keys: Keys = KEYS) -> Verdict:
        return verify(self.conn, keys.verifiers, given)

    @contextmanager
    def stolen(self) -> Iterator["Thief"]:
        """Tamper with the database; rolled back afterwards unless `keeps_it` was called."""
        self.conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        try:
            with self.conn.transaction() as theft:
                thief = Thief(self.conn)
                yield thief
                if not thief.stays:
                    raise psycopg.Rollback(theft)
        finally:
            self.conn.isolation_level = None


class Thief:
    """An attacker with full access to the database but without the signing key."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn = conn
        self.stays = False
        for table, guard in GUARDS:
            conn.execute(f"alter table {table} disable trigger {guard}")

    def does(self, statement: str, *params: Any) -> None:
        self._conn.execute(statement, params)

    def keeps_it(self) -> None:
        """Commit the changes and restore the triggers."""
        for table, guard in GUARDS:
            self.does(f"alter table {table} enable always trigger {guard}")
        self.stays = True

    def unlocks(self) -> None:
        """Drop every constraint of the log."""
        names = self._conn.execute(
            "select conname from pg_constraint where conrelid = 'log'::regclass and contype <> 'n'"
        ).fetchall()
        for (name,) in names:
            self.does(f'alter table log drop constraint "{name}"')
        for column in LogRow._fields:
            self.does(f"alter table log alter column {column} drop not null")

    def rehashes(self, position: int) -> None:
        """Recompute the hash of a row."""
        columns = ", ".join(LogRow._fields)
        row = self._conn.execute(f"select {columns} from log where position = %s", [position]).fetchone()
        assert row is not None
        self.does("update log set leaf_hash = %s where position = %s", leaf_hash(LogRow(*row)), position)

    def forgets_the_tree(self) -> None:
        """Rebuild the Merkle tree over the log."""
        self.does("delete from tree_node")
        row = self._conn.execute("select max(position) from log").fetchone()
        assert row is not None
        merkle_tree.grow(self._conn, 0, row[0])


def forged(conn: psycopg.Connection[Any], size: int, note: str) -> None:
    """Store a checkpoint as an attacker does: without an entry in the register."""
    conn.execute("insert into checkpoint (size, note) values (%s, %s)", [size, note])


@contextmanager
def attested(server: str) -> Iterator[Attested]:
    """A fresh workspace."""
    with fresh_workspace(server, pool_size_max=4) as database:
        made = Attested(database)
        made.catch_up()
        with made.conn:
            yield made


@pytest.fixture
def world(server: str) -> Iterator[Attested]:
    with attested(server) as made:
        yield made
