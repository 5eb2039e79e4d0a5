"""Logging to standard error: one line for each event, as JSON or as text."""

import sys
from enum import StrEnum

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
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(_TEXT_PROCESSORS if as_text else _JSON_PROCESSORS),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


_TEXT_PROCESSORS = (structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),)
_JSON_PROCESSORS = (structlog.processors.format_exc_info, structlog.processors.JSONRenderer())
