"""Logging to standard error: one line for each event, as JSON or as text."""

import json
import logging
import sys
from enum import StrEnum
from typing import Any, TextIO

import orjson
import structlog


class LogFormat(StrEnum):
    """The format of log lines; AUTO is TEXT at a terminal, and JSON elsewhere."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


def configure_logging(form: LogFormat = LogFormat.AUTO) -> None:
    """Configure the logging of this process. Tracebacks hold no local variables, since these may hold personal
    data."""
    as_text = form is LogFormat.TEXT or (form is LogFormat.AUTO and sys.stderr.isatty())
    rendering = _TEXT_PROCESSORS if as_text else _JSON_PROCESSORS
    structlog.configure(
        processors=[*_STAMPING, *rendering], logger_factory=lambda *_: structlog.WriteLogger(sys.stderr)
    )
    _configure_libraries(rendering)


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes what libraries log to standard error, as it is at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def _configure_libraries(rendering: tuple[Any, ...]) -> None:
    """Log what libraries log, such as uvicorn and the connection pools, in the same format, from warnings on."""
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_STAMPING],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    for earlier in [one for one in root.handlers if isinstance(one, _StandardError)]:
        root.removeHandler(earlier)
    root.addHandler(handler)


def _json(event: structlog.typing.EventDict, **_: Any) -> str:
    """A log line as JSON. What JSON does not have, such as an exception, is represented as text."""
    try:
        return orjson.dumps(event, default=repr).decode()
    except TypeError:  # a text that UTF-8 cannot represent, an integer of more than 64 bits
        return json.dumps(event, default=repr)


_STAMPING = (structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True))
_TEXT_PROCESSORS = (structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),)
_JSON_PROCESSORS = (structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_json))
