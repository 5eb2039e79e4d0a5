"""What the command line says: results on one stream, progress and trouble on the other, and trouble in one sentence."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
from eventsourcing.persistence import PersistenceError
from pydantic import ValidationError
from rich.console import Console

from api.graphql_http.persisted_documents import InvalidManifest
from api.runtime.database import Database, open_database
from api.runtime.settings import Settings
from api.runtime.signing_key import KeyFault
from domain.log.health import VERSION, examine

WRONG = 1
USAGE = 2
INTERRUPTED = 130

PATIENCE_SECONDS = 3.0
"""How long a command that somebody waits for waits for its database."""

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class Failure(Exception):
    """Something went wrong that the user can mend: one sentence that says what, and how."""

    def __init__(self, message: str, status: int = WRONG) -> None:
        super().__init__(message)
        self.status = status


@contextmanager
def told() -> Iterator[None]:
    """Say what was expected to go wrong now and then in a sentence, and exit; a bug keeps its traceback."""
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except Failure as failure:
        complain(str(failure))
        raise SystemExit(failure.status) from None
    except (KeyFault, InvalidManifest) as fault:
        complain(str(fault))
        raise SystemExit(WRONG) from None
    except (psycopg.OperationalError, psycopg.errors.InsufficientPrivilege, PersistenceError) as error:
        complain(f"The database did not do it: {first_line(error)}")
        raise SystemExit(WRONG) from None


def complain(sentence: str) -> None:
    """Say what went wrong."""
    err.print(f"keyframe: {sentence}", style="red", markup=False, soft_wrap=True)


def stop_on_signals() -> None:
    """A request to end is like Ctrl-C: everything that was opened is closed in order. What the caller
    ignores, as nohup does, stays ignored."""
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def settings(**said: Any) -> Settings:
    """The settings of the environment, but for what was said on the command line (None: nothing)."""
    try:
        return Settings(**{name: value for name, value in said.items() if value is not None})
    except ValidationError as error:
        raise Failure(" ".join(_wrong(str(one["loc"][0]), one["msg"]) for one in error.errors()), USAGE) from error


@contextmanager
def opened(chosen: Settings, *, patience_s: float | None = PATIENCE_SECONDS, made: bool = False) -> Iterator[Database]:
    """The database of these settings, its log's tables brought to the newest version if they are not.

    `patience_s` is how long a database that does not answer is waited for; None is as the settings say.
    `made`: the workspace has to be there already, since an empty one has nothing to look at.
    """
    with reached(chosen, patience_s=patience_s) as database:
        try:
            version = _version(database)
            if made and version == 0:
                raise Failure(f"There is no workspace {chosen.workspace}; is KEYFRAME_WORKSPACE right?")
            if version != VERSION:
                database.migrate()
        except RuntimeError as error:
            raise Failure(str(error)) from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise Failure(
                f"This database user may not make the log's tables ({first_line(error)}): "
                "run 'keyframe migrate' once as one who may."
            ) from error
        yield database


@contextmanager
def reached(chosen: Settings, *, patience_s: float | None = PATIENCE_SECONDS) -> Iterator[Database]:
    """The database of these settings as it is."""
    with ExitStack() as stack:
        try:
            with err.status("Waiting for the database …"):
                database = stack.enter_context(open_database(chosen, patience_s=patience_s))
        except (RuntimeError, OSError, psycopg.Error) as error:
            raise Failure(f"{first_line(error)} {_remedy(chosen)}") from error
        yield database


def _version(database: Database) -> int:
    """The version of the log's tables; 0 where there are none."""
    with database.connect() as conn:
        return examine(conn, database.settings.workspace).version


def first_line(error: BaseException) -> str:
    """What an error says first, as a sentence."""
    if isinstance(error, OSError) and error.strerror is not None:
        return f"{error.strerror}: {error.filename}."
    line = str(error).strip().partition("\n")[0].removesuffix(":")
    return line if line.endswith(".") else f"{line}."


def _wrong(name: str, message: str) -> str:
    return f"KEYFRAME_{name.upper()}: {message.removeprefix('Value error, ').removesuffix('.')}."


def _remedy(chosen: Settings) -> str:
    if chosen.database_url is None:
        return f"Is {chosen.data_dir} a directory you may write to, on a disk that is not full?"
    return "Is KEYFRAME_DATABASE_URL right, and does that server run?"
