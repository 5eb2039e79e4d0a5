"""The database refuses to rewrite the log, and every row has a hash of its columns."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest

from api.runtime.database import Database, Role
from domain.log.append import PersonKey
from domain.log.event_store import Log
from domain.log.mapper import LogRow, leaf_hash
from domain.log.schema import application_role
from tests.domain.log.writing import command, correction, reading
from tests.workspace import fresh_workspace

REWRITING = [
    "update log set topic = 'x' where position = 1",
    "update log set topic = 'x' where false",
    "delete from log",
    "truncate log",
    "update command set digest = 'x'",
    "delete from command",
    "truncate command",
]


@pytest.fixture(scope="module")
def guarded(server: str) -> Iterator[Database]:
    """A workspace for tests of statements that are refused."""
    with fresh_workspace(server) as database:
        yield database


@pytest.fixture(scope="module")
def its_log(guarded: Database) -> Log:
    return guarded.log()


@pytest.mark.parametrize("statement", REWRITING)
@pytest.mark.parametrize("role", ["app", "owner"])
def test_rewriting_is_refused_for_every_role(guarded: Database, its_log: Log, role: Role, statement: str) -> None:
    its_log.append([reading()], command())
    stored = its_log.rows(0, 100)
    with guarded.connect(role) as conn, pytest.raises(psycopg.DatabaseError, match=r"append-only|permission denied"):
        conn.execute(statement.encode())
    assert its_log.rows(0, 100) == stored


def test_rewriting_is_refused_in_replica_mode(database: Database, log: Log) -> None:
    log.append([reading()], command())
    with database.connect() as conn:
        conn.execute("set session_replication_role = replica")
        with pytest.raises(psycopg.errors.RestrictViolation):
            conn.execute("delete from log")


@pytest.mark.parametrize(
    "statement",
    [
        "update person_key set key = key",
        "drop table log",
        "alter table log disable trigger append_only",
        "insert into workspace values ('')",
        "update workspace set salt = ''",
        "create table mine ()",
        "insert into migration (version) values (99)",
    ],
)
def test_the_application_role_may_only_append(guarded: Database, statement: str) -> None:
    with guarded.connect("app") as conn:
        assert conn.execute("select current_user").fetchone() == (
            application_role(guarded.settings.workspace, conn.info.dbname),
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(statement.encode())


@pytest.mark.parametrize("role", ["app", "owner"])
@pytest.mark.parametrize(
    "statement", ["delete from person_key", "update person_key set key = key", "truncate person_key"]
)
def test_keys_of_people_are_not_deleted_or_replaced(
    guarded: Database, its_log: Log, role: Role, statement: LiteralString
) -> None:
    key = PersonKey(uuid4(), bytes(32), uuid4().bytes)
    its_log.append([], command(keys=[key]))
    with (
        guarded.connect(role) as conn,
        pytest.raises(psycopg.DatabaseError, match=r"append-only|denied|only by erasing"),
    ):
        conn.execute(statement)
    assert its_log.person_keys([key.person]) == {key.person: key.key}


def test_the_stored_leaf_hash_matches_the_stored_columns(log: Log) -> None:
    stream = uuid4()
    long_ago = datetime(1900, 1, 1, 0, 0, 0, 1, UTC)
    log.append([reading(at=long_ago, note="ø" * 500), reading(stream=stream), correction(stream, 2)], command())
    rows = log.rows(0, 10)
    assert len(rows) == 3
    assert [leaf_hash(row) for row in rows] == [row.leaf_hash for row in rows]


ROW = LogRow(
    position=1,
    recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    effective_at=datetime(2025, 12, 31, tzinfo=UTC),
    stream=UUID(int=7),
    version=1,
    topic="reading-recorded.v1",
    belongs_to=UUID(int=8),
    metadata=b'{"actor":"machine:test"}',
    data=b'{"value":1}',
    leaf_hash=b"",
)


@pytest.mark.parametrize(
    "other",
    [
        ROW._replace(position=2),
        ROW._replace(recorded_at=ROW.recorded_at + timedelta(microseconds=1)),
        ROW._replace(effective_at=ROW.effective_at - timedelta(microseconds=1)),
        ROW._replace(recorded_at=ROW.effective_at, effective_at=ROW.recorded_at),
        ROW._replace(stream=UUID(int=9)),
        ROW._replace(version=2),
        ROW._replace(topic="reading-recorded.v2"),
        ROW._replace(belongs_to=None),
        ROW._replace(belongs_to=UUID(int=9)),
        ROW._replace(metadata=b'{"actor":"machine:other"}'),
        ROW._replace(data=b'{"value":2}'),
        ROW._replace(metadata=ROW.metadata + ROW.data, data=b""),
        ROW._replace(topic=ROW.topic + ROW.metadata.decode(), metadata=b""),
    ],
)
def test_the_leaf_hash_covers_every_column(other: LogRow) -> None:
    assert leaf_hash(other) != leaf_hash(ROW)


def test_the_leaf_hash_is_stable() -> None:
    assert leaf_hash(ROW).hex() == "74cc30f087f50b66700e6f93d14bcaa9f887d04e9461d31d5d3b8c19041cf2cf"
