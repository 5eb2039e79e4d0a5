"""A workspace of a fixed name, as its folder keeps it and as the tests open it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from starlette.testclient import TestClient

from api.runtime.database import Database
from api.runtime.settings import Settings
from api.server.app import create_app

HERE = Path(__file__).parent
NAME = "upgrade"
"""The name is part of the checkpoint's origin and of every lock key, so it never changes."""
CYCLE = "2024-q1"

FACTS, QUESTION, ANSWER = "facts.ndjson", "question.graphql", "answer.json"
PRESENT_ANSWER = "answer_by_present_rules.json"
"""The answer by today's rules, if they have changed since the version was released."""
SCHEMA, KEY, CHECKPOINT, EVIDENCE = "schema.sql", f"{NAME}.key", "checkpoint.txt", f"{CYCLE}.evidence"


def settings(dsn: str, key: Path) -> Settings:
    """Small batches, so that several checkpoints are signed."""
    return Settings(
        database_url=SecretStr(dsn), workspace=NAME, checkpoint_key=key, checkpoint_events_max=40, projector_batch=20
    )


@contextmanager
def client(database: Database, token: str | None = None) -> Iterator[TestClient]:
    """A client of the whole application, with its projector. Without a token it may do everything."""
    app = create_app(database.settings, database, editor=False, anonymous=token is None)
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    with TestClient(app, base_url="http://localhost", headers=headers) as http:
        yield http


def ask(http: TestClient, query: str, **variables: Any) -> Any:
    """The data of an answer without errors, read from a projection that has caught up with the log."""
    answer = http.post("/graphql", json={"query": query, "variables": variables}).json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]
