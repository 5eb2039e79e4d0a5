"""Behind a PgBouncer that shares connections between transactions no caller sees what is hidden from them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
from domain.commands.permissions import Role
from domain.handlers import identity
from domain.log import api_tokens
from tests.conftest import MEMORY
from tests.workspace import fresh_workspace

pytestmark = pytest.mark.long

QUESTIONS = 400
THREADS = 8
OPEN, HIDDEN = "Open the doors to all", "Hide the loom from rivals"


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    try:
        program()
    except NoPgBouncer as missing:
        pytest.skip(str(missing))
    with TemporaryDirectory(prefix="keyframe-pooler-", dir=MEMORY if MEMORY.is_dir() else None) as directory:
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


class Company:
    """A company with a goal that only the team `weavers` sees, and three callers."""

    def __init__(self, database: Database, http: TestClient) -> None:
        self._database = database
        self._http = http
        self._tokens = {"admin": self._token("admin", Role.ADMIN)}
        self.do("openCycle", 'key: "q1", name: "2026", startsOn: "2026-01-01", endsOn: "2026-12-31"')
        team = self.do("formTeam", 'key: "weavers", name: "Weavers"', "team { id }")["team"]["id"]
        for handle in ("ann", "moe"):
            person = self.do("addPerson", f'handle: "{handle}", name: "{handle}"', "person { id }")["person"]["id"]
            self._tokens[handle] = self._token(handle, Role.MEMBER)
            if handle == "ann":
                self.do("joinTeam", f'team: "{team}", person: "{person}"')
        self.do("draftObjective", f'cycle: {{key: "q1"}}, title: "{OPEN}"')
        self.do("draftObjective", f'cycle: {{key: "q1"}}, title: "{HIDDEN}", team: "{team}", visibility: TEAM')

    def _token(self, name: str, role: Role) -> str:
        """A token of the person with this handle, or of a machine."""
        person = identity.by_handle(self._database.log(size_max=1), name)
        with self._database.connect() as conn:
            return api_tokens.issue(conn, name, [role], person.id if person else None, timedelta(hours=1))[1]

    def ask(self, caller: str, query: str) -> Any:
        headers = {"authorization": f"Bearer {self._tokens[caller]}"}
        answer = self._http.post("/graphql", json={"query": query}, headers=headers).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def do(self, verb: str, input: str, selection: str = "position") -> Any:
        payload = self.ask(
            "admin", f"mutation {{ {verb}(input: {{{input}}}) {{ {selection} problems {{ message }} }} }}"
        )
        assert payload[verb]["problems"] == []
        return payload[verb]

    def titles(self, caller: str, number: int) -> list[str]:
        """The titles of all objectives, by a query that no kept answer knows."""
        answer = self.ask(caller, f"{{ q{number}: objectives {{ totalCount nodes {{ title }} }} }}")[f"q{number}"]
        assert answer["totalCount"] == len(answer["nodes"])
        return sorted(node["title"] for node in answer["nodes"])


@pytest.fixture(scope="module")
def company(database: Database) -> Iterator[Company]:
    app = create_app(database.settings, database, editor=False)
    with TestClient(app, "http://localhost") as http:
        yield Company(database, http)


def test_callers_on_one_connection_see_nothing_that_is_hidden_from_them(company: Company) -> None:
    sights = {"moe": [OPEN], "ann": [HIDDEN, OPEN], "admin": [HIDDEN, OPEN]}
    asked = [(caller, number) for number in range(QUESTIONS // len(sights)) for caller in sights]
    with ThreadPoolExecutor(THREADS) as threads:
        found = list(threads.map(lambda question: company.titles(*question), asked))
    assert [titles == sights[caller] for titles, (caller, _) in zip(found, asked, strict=True)] == [True] * len(asked)


def test_nothing_of_a_transaction_is_left_on_the_connection(database: Database, company: Company) -> None:
    assert company.titles("moe", 10_000) == [OPEN]
    query = """
        select current_setting('search_path'), current_setting('role'), current_setting('statement_timeout'),
               nullif(current_setting('keyframe.hidden', true), '')
    """
    with database.watch() as pooled_conn, psycopg.connect(database.dsn) as fresh:
        left, usual = (conn.execute(query).fetchone() for conn in (pooled_conn, fresh))
        assert pooled_conn.execute("select count(*) from pg_prepared_statements").fetchone() == (0,)
    assert left == usual


def test_filtered_rows_of_a_caller_are_refused_without_what_is_hidden(database: Database, company: Company) -> None:
    assert company.titles("moe", 10_001) == [OPEN]
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
