"""A person with a unique name in a workspace served over HTTP, and access to all stored bytes."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import sql
from starlette.testclient import TestClient

from api.runtime.database import Database
from api.server.app import create_app
from api.snapshot import global_ids
from tests.api.conftest import Api
from tests.workspace import fresh_workspace


class NamedPerson:
    """A person and every text that identifies them."""

    def __init__(self) -> None:
        mark = uuid4().hex[:8]
        self.handle = f"ada-{mark}"
        self.name = f"Äda {mark}x Lövelace{mark}"
        self.email = f"{mark}@analytical.example"
        self.before = f"Äda {mark}x Byron{mark}"
        self.id = ""

    @property
    def uuid(self) -> UUID:
        return global_ids.decode(self.id).id  # type: ignore[union-attr]

    @property
    def erased_handle(self) -> str:
        return f"erased-{self.uuid.hex[:8]}"

    def is_named_in(self, text: bytes) -> bool:
        lower = text.lower()
        name_parts = (self.handle, self.name, self.email, self.before, *self.name.split()[1:], *self.before.split()[1:])
        return any(part_of_name.lower().encode() in lower for part_of_name in name_parts)


class Company(Api):
    """The API, and the database behind it."""

    def __init__(self, http: TestClient, database: Database) -> None:
        super().__init__(http)
        self.database = database

    def person(self) -> NamedPerson:
        """Add a person and rename them once."""
        one = NamedPerson()
        added = {"handle": one.handle, "name": one.before, "email": one.email, "idempotencyKey": f"add {one.handle}"}
        one.id = self.do("addPerson", added, "person { id }")["person"]["id"]
        self.do("renamePerson", {"person": one.id, "name": one.name})
        return one

    def erase(self, one: NamedPerson) -> Any:
        return self.do("erasePerson", {"person": one.id, "reason": "asked to be"}, "person { handle } position")

    def all_stored_bytes(self) -> bytes:
        """Every value of every column of every table of this workspace, and the statistics of the database;
        as text, and where it is bytes, as they are and as text."""
        with self.database.connect() as conn:
            workspace = self.database.settings.workspace
            tables = conn.execute(
                "select schemaname, tablename from pg_tables where starts_with(schemaname, %s)", [workspace]
            ).fetchall()
            assert {"log", "command", "person_key", "token", "person", "change"} <= {table for _, table in tables}
            found = [self._all_of(conn, schema, table) for schema, table in tables]
            noted = conn.execute("select s::text from pg_stats s where starts_with(schemaname, %s)", [workspace])
            return b"\n".join([*found, *(row[0].encode() for row in noted.fetchall())])

    def _all_of(self, conn: Any, schema: str, table: str) -> bytes:
        rows = conn.execute(sql.SQL("select * from {}").format(sql.Identifier(schema, table))).fetchall()
        return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)


@pytest.fixture
def company(server: str) -> Iterator[Company]:
    with fresh_workspace(server) as database:
        app = create_app(database.settings, database, editor=True, anonymous=True)
        with TestClient(app, base_url="http://localhost") as http:
            yield Company(http, database)


@pytest.fixture
def ada(company: Company) -> NamedPerson:
    one = company.person()
    company.do("formTeam", {"key": "engines", "name": "Engines", "lead": one.id})
    team = company.ask("{ teams { nodes { id } } }")["teams"]["nodes"][0]["id"]
    company.do("joinTeam", {"team": team, "person": one.id})
    company.do("openCycle", {"key": "q1", "name": "Q1", "startsOn": "2026-01-01", "endsOn": "2026-03-31"})
    objective = {"cycle": {"key": "q1"}, "title": "Make engines that think", "owner": one.id, "contributors": [one.id]}
    company.do("draftObjective", objective)
    return one
