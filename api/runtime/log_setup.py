"""What a process says of itself, on the standard error: one line an event, as JSON unless a person is
watching, or somebody said otherwise."""

import sys
from enum import StrEnum

import structlog


class Form(StrEnum):
    """How the journal is written; AUTO is TEXT at a terminal, and JSON elsewhere."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


def keep_journal(form: Form = Form.AUTO) -> None:
    """Set up the journal of this process. Tracebacks tell where something failed, never with which values: those
    are what people wrote."""
    watched = form is Form.TEXT or (form is Form.AUTO and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(_FOR_A_PERSON if watched else _FOR_A_PROGRAM),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


_FOR_A_PERSON = (structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),)
_FOR_A_PROGRAM = (structlog.processors.format_exc_info, structlog.processors.JSONRenderer())
