"""A workspace with two KPIs, served over HTTP, and lines and rows of files of readings."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.runtime.database import Database
from api.server.app import create_app
from domain.commands.permissions import Role
from domain.log.credentials import api_tokens
from tests.api.conftest import Api
from tests.workspace import fresh_workspace

NDJSON, CSV = "application/x-ndjson", "text/csv"
PATH = "/ingest/readings"
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = b"kpi,measured_at,value,note\r\n"


def moment(number: int) -> str:
    return (FIRST + timedelta(minutes=number)).isoformat().replace("+00:00", "Z")


def line(number: int, value: float = 1.5, kpi: str = "orders", **more: Any) -> bytes:
    """A line of NDJSON."""
    note = "".join(f', "{name}": "{request_headers}"' for name, request_headers in more.items())
    return f'{{"kpi": "{kpi}", "measured_at": "{moment(number)}", "value": {value}{note}}}\n'.encode()


def row(number: int, value: object = 1.5, kpi: str = "orders", note: str = "") -> bytes:
    """A row of CSV."""
    return f"{kpi},{moment(number)},{value},{note}\r\n".encode()


class IngestApi(Api):
    """The API with its database and the upload of files."""

    def __init__(self, http: TestClient, database: Database) -> None:
        super().__init__(http)
        self.database = database

    def put(self, file: bytes, media: str = NDJSON, path: str = PATH, **headers: str) -> tuple[int, Any]:
        """Upload a file; returns the status and the JSON answer."""
        request_headers = {"content-type": media, **{name.replace("_", "-"): value for name, value in headers.items()}}
        response = self.http.post(path, content=file, headers=request_headers)
        return response.status_code, response.json()

    def refused_file(self, file: bytes, media: str = NDJSON, **headers: str) -> tuple[int, Mapping[str, Any]]:
        """Upload a refused file; returns the status, and the extensions and message of the one error."""
        status, answer = self.put(file, media, **headers)
        assert (answer["recorded"], answer["unchanged"], answer["batches"]) == (0, 0, 0)
        (error,) = answer["errors"]
        return status, {**error["extensions"], "message": error["message"]}

    def readings(self, kpi: str = "orders") -> list[tuple[str, float, str | None]]:
        """The readings of a KPI: time, value and note."""
        query = """query($kpi: String!) { kpi(by: {key: $kpi}) {
            readings(first: 1000) { nodes { measuredAt value note by { source } } } } }"""
        found = self.ask(query, kpi=kpi)["kpi"]["readings"]["nodes"]
        assert {one["by"]["source"] for one in found} <= {"INGEST"}
        return [(one["measuredAt"], one["value"], one["note"]) for one in found]

    @property
    def head(self) -> int:
        position: int = self.ask("{ workspace { head } }")["workspace"]["head"]
        return position

    def token(self, role: Role, person: Any = None) -> str:
        """An Authorization header for a caller with only this role."""
        with self.database.connect() as conn:
            _, bearer = api_tokens.issue(conn, f"some-{role.lower()}", [role], person, timedelta(hours=1))
        return f"Bearer {bearer}"


@contextmanager
def served(server: str) -> Iterator[IngestApi]:
    """A fresh workspace with two KPIs, served."""
    with fresh_workspace(server) as database:
        app = create_app(database.settings, database, editor=True, anonymous=True)
        with TestClient(app, base_url="http://localhost") as http:
            made = IngestApi(http, database)
            for key in ("orders", "nps"):
                made.do("defineKpi", {"key": key, "name": key.title()})
            yield made


@pytest.fixture
def ingest(server: str) -> Iterator[IngestApi]:
    with served(server) as made:
        yield made
