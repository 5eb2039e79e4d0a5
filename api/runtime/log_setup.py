"""Logging to standard error: one line for each event, as JSON or as text."""

import asyncio
import atexit
import json
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from threading import Lock
from typing import Any, Final, TextIO

import orjson
import structlog
from structlog.processors import TimeStamper, add_log_level, format_exc_info
from structlog.typing import EventDict


class LogFormat(StrEnum):
    """The format of log lines; AUTO is TEXT at a terminal, and JSON elsewhere."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


def configure_logging(form: LogFormat = LogFormat.AUTO) -> None:
    """Configure the logging of this process. Tracebacks hold no local variables, since these may hold personal
    data."""
    as_text = form is LogFormat.TEXT or (form is LogFormat.AUTO and sys.stderr.isatty())
    processors = _TEXT_PROCESSORS if as_text else (_json,)
    structlog.configure(processors=[*processors], logger_factory=lambda *_: _LINES)
    _configure_libraries(processors)


WAIT_SECONDS: Final = 0.01
"""How long lines of requests wait for others, since each write takes longer than making a line."""


class _Lines:
    """Log lines on standard error, as it is at that moment, in the order in which they were logged. Safe to use from
    several threads. The methods of a structlog logger write at once."""

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._writer: asyncio.AbstractEventLoop | None = None
        self._lock = Lock()

    def log_soon(self, event: str, values: dict[str, Any]) -> None:
        """Log at the level of information, by the processors of all loggers, but without a logger. The line, which
        `values` become, is written with others by the running event loop, or before the next other line."""
        line: Any = values
        line["event"] = event
        try:
            for processor in structlog.get_config()["processors"]:
                line = processor(None, "info", line)
        except structlog.DropEvent:
            return
        loop = asyncio.get_running_loop()
        with self._lock:
            self._waiting.append(line)
            if self._writer is not loop:
                self._writer = loop
                loop.call_later(WAIT_SECONDS, self.flush)

    def msg(self, line: str) -> None:
        """Write this line, after those that wait."""
        with self._lock:
            self._waiting.append(line)
        self.flush()

    debug = info = warning = error = critical = exception = msg

    def flush(self) -> None:
        """Write the lines that wait."""
        with self._lock:
            lines, self._waiting, self._writer = self._waiting, [], None
            if lines:
                sys.stderr.write("\n".join(lines) + "\n")
                sys.stderr.flush()


_LINES: Final = _Lines()
log_soon: Final = _LINES.log_soon
write_waiting: Final = _LINES.flush
atexit.register(write_waiting)


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes what libraries log to standard error, as it is at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, after those that wait."""
        _LINES.flush()
        super().emit(record)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def _configure_libraries(processors: Sequence[Any]) -> None:
    """Log what libraries log, such as uvicorn and the connection pools, in the same format, from warnings on."""
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *processors],
        )
    )
    root = logging.getLogger()
    for earlier in [one for one in root.handlers if isinstance(one, _StandardError)]:
        root.removeHandler(earlier)
    root.addHandler(handler)


def _json(logger: Any, method: str, event: EventDict) -> str:
    """A log line as JSON, with its level and time. What JSON does not have, such as an exception, is represented as
    text. One processor, since each request has a line."""
    line = add_log_level(logger, method, event)
    line["timestamp"] = datetime.now(UTC)
    if "exc_info" in line:
        line = format_exc_info(logger, method, line)
    try:
        return orjson.dumps(line, default=repr, option=orjson.OPT_UTC_Z).decode()
    except TypeError:  # a text that UTF-8 cannot represent, an integer of more than 64 bits
        return json.dumps(line, default=_text)


def _text(value: object) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else repr(value)


_TEXT_PROCESSORS: Final = (
    add_log_level,
    TimeStamper(fmt="iso", utc=True),
    structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
)
