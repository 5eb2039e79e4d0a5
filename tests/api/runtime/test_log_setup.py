"""Libraries log in the format of Keyframe, from warnings on."""

import json
import logging
from collections.abc import Iterator

import pytest

from api.runtime.log_setup import LogFormat, configure_logging


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
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
