"""What a process says of itself, on the standard error: one line an event, as JSON unless a person is watching."""

import sys

import structlog


def keep_journal() -> None:
    """Set up the journal of this process. Tracebacks tell where something failed, never with which values: those
    are what people wrote."""
    watched = sys.stderr.isatty()
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
