"""Behind a PgBouncer that shares connections between transactions no caller sees what is hidden from them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.runtime.database import Database, open_database
from api.runtime.settings import Settings
from api.server.app import create_app
from deploy.drills.pgbouncer import NoPgBouncer, pooled, program
from deploy.drills.pooler import OPEN, Company
from domain.commands.permissions import Role
from domain.handlers import identity
from domain.log.credentials import api_tokens
from tests.conftest import memory
from tests.workspace import fresh_workspace

pytestmark = pytest.mark.long("one pooler")

QUESTIONS = 400


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    try:
        program()
    except NoPgBouncer as missing:
        pytest.skip(str(missing))
    with TemporaryDirectory(prefix="keyframe-pooler-", dir=memory()) as directory:
        yield Path(directory)


@pytest.fixture(scope="module")
def direct(server: str, place: Path) -> Iterator[Database]:
    with fresh_workspace(server) as database:
        yield database


@pytest.fixture(scope="module")
def settings(direct: Database, place: Path) -> Iterator[Settings]:
    """The settings of a server behind a PgBouncer with one connection to PostgreSQL."""
    with pooled(direct.dsn, place) as pooler:
        urls = {"database_url": SecretStr(pooler), "direct_url": SecretStr(direct.dsn)}
        yield direct.settings.model_copy(update=urls)


@pytest.fixture(scope="module")
def database(settings: Settings) -> Iterator[Database]:
    with open_database(settings) as database:
        yield database


@pytest.fixture(scope="module")
def company(database: Database) -> Iterator[Company]:
    app = create_app(database.settings, database, editor=False)
    with TestClient(app, "http://localhost") as http:

        def post(token: str, query: str) -> Any:
            return http.post("/graphql", json={"query": query}, headers={"authorization": f"Bearer {token}"}).json()

        def issue(role: str, handle: str | None) -> str:
            person = None if handle is None else identity.by_handle(database.log(size_max=1), handle)
            with database.connect() as conn:
                id = person.id if person else None
                return api_tokens.issue(conn, handle or "admin", [Role[role]], id, timedelta(hours=1))[1]

        yield Company(post, issue)


def test_callers_on_one_connection_see_nothing_that_is_hidden_from_them(company: Company) -> None:
    assert company.wrong(QUESTIONS) == []


def test_nothing_of_a_transaction_is_left_on_the_connection(database: Database, company: Company) -> None:
    assert company.titles("moe", QUESTIONS) == [OPEN]
    query = """
        select current_setting('search_path'), current_setting('role'), current_setting('statement_timeout'),
               nullif(current_setting('keyframe.hidden', true), '')
    """
    with database.watch() as pooled_conn, psycopg.connect(database.dsn) as fresh:
        left, usual = (conn.execute(query).fetchone() for conn in (pooled_conn, fresh))
        assert pooled_conn.execute("select count(*) from pg_prepared_statements").fetchone() == (0,)
    assert left == usual


def test_filtered_rows_of_a_caller_are_refused_without_what_is_hidden(database: Database, company: Company) -> None:
    assert company.titles("moe", QUESTIONS + 1) == [OPEN]
    with (
        database.request_pool(filtered=True).connection() as conn,
        pytest.raises((psycopg.errors.UndefinedObject, psycopg.errors.InvalidTextRepresentation)),
    ):
        conn.execute("select count(*) from objective")


def test_direct_url_that_names_the_pooler_is_refused(settings: Settings) -> None:
    wrong = settings.model_copy(update={"direct_url": settings.database_url})
    with pytest.raises(RuntimeError, match="let KEYFRAME_DIRECT_URL name PostgreSQL itself"), open_database(wrong):
        pass


def test_pooler_of_another_server_is_refused(settings: Settings, direct: Database) -> None:
    wrong = settings.model_copy(update={"direct_url": SecretStr(make_conninfo(direct.dsn, dbname="postgres"))})
    with pytest.raises(RuntimeError, match="KEYFRAME_DIRECT_URL reaches another"), open_database(wrong):
        pass
