"""Libraries log in the format of Keyframe, from warnings on."""

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog
from starlette.testclient import TestClient

from api.runtime.database import Database
from api.runtime.log_setup import LogFormat, configure_logging, log_soon
from api.server.app import create_app

WAIT_SECONDS = 0.01


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("api.runtime.log_setup.WAIT_SECONDS", WAIT_SECONDS)
    yield
    configure_logging()


@pytest.mark.parametrize("name", ["psycopg.pool", "uvicorn.error", "domain.log.event_store"])
def test_warnings_of_libraries_are_json_where_the_log_is_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogFormat.JSON)
    configure_logging(LogFormat.JSON)
    logging.getLogger(name).warning("error connecting in %r", "pool")
    (line,) = capsys.readouterr().err.splitlines()
    logged = json.loads(line)
    assert logged.pop("timestamp").endswith("Z")
    assert logged == {"event": "error connecting in 'pool'", "logger": name, "level": "warning"}


def test_warnings_of_libraries_are_text_where_the_log_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogFormat.TEXT)
    logging.getLogger("psycopg.pool").warning("discarding closed connection")
    assert "discarding closed connection" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["\ud800", 2**70, ValueError("no")])
def test_value_that_json_does_not_have_is_logged_as_text(value: object, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogFormat.JSON)
    structlog.get_logger().warning("odd", value=value, at=datetime(2026, 1, 2, tzinfo=UTC))
    logged = json.loads(capsys.readouterr().err)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", logged.pop("timestamp"))
    kept = repr(value) if isinstance(value, Exception) else value
    assert logged == {"event": "odd", "level": "warning", "value": kept, "at": "2026-01-02T00:00:00Z"}


def test_traceback_is_a_text_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogFormat.JSON)
    try:
        int("none")
    except ValueError:
        structlog.get_logger().exception("failed")
    logged = json.loads(capsys.readouterr().err)
    assert logged["level"] == "error"
    assert logged["exception"].startswith("Traceback")
    assert logged["exception"].endswith("with base 10: 'none'")


# ── lines that are written together ───────────────────────────────────────────────────────────────


def test_lines_of_a_short_time_are_written_together(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogFormat.JSON)

    async def logged() -> str:
        log_soon("request", {"ms": 1})
        await asyncio.sleep(0)
        log_soon("request", {"ms": 2})
        before = capsys.readouterr().err
        await asyncio.sleep(2 * WAIT_SECONDS)
        return before

    assert asyncio.run(logged()) == ""
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["ms"] for line in lines] == [1, 2]
    assert lines[0].keys() == {"event", "level", "timestamp", "ms"}


def test_other_lines_come_after_those_that_wait(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogFormat.JSON)

    async def logged() -> str:
        log_soon("first", {})
        structlog.get_logger().warning("second")
        log_soon("third", {})
        logging.getLogger("psycopg.pool").warning("fourth")
        return capsys.readouterr().err

    lines = asyncio.run(logged()).splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["first", "second", "third", "fourth"]


def test_line_of_a_loop_that_ended_is_written_with_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogFormat.JSON)
    loop = asyncio.new_event_loop()

    async def logged(event: str, seconds: float) -> None:
        log_soon(event, {})
        await asyncio.sleep(seconds)

    loop.run_until_complete(logged("first", 0))
    loop.close()
    asyncio.run(logged("second", 2 * WAIT_SECONDS))
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["first", "second"]


def test_lines_that_wait_are_written_when_a_server_stops(
    database: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.runtime.log_setup.WAIT_SECONDS", 60)
    app = create_app(database.settings, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost") as http:
        assert http.post("/graphql", json={"query": "{ __typename }"}).status_code == 200
    assert '"event":"request"' in capsys.readouterr().err
