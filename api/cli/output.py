"""Output of the command line: results on stdout; progress and errors on stderr, each error as one sentence."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
from eventsourcing.persistence import PersistenceError
from pydantic import ValidationError
from rich.console import Console

from api.runtime.database import Database, is_absent, open_database
from api.runtime.setting_names import unknown_names
from api.runtime.settings import Settings
from api.runtime.signing_key import KeyFault
from domain.log.health import VERSION, examine
from domain.log.outage import READ_ONLY, UNREACHABLE, outage
from domain.log.schema import versions
from domain.primitives.personal_data import WrongKey
from projections.engine.rebuild import OutdatedViews
from projections.proof.continuity import Diverged

WRONG = 1
USAGE = 2
INTERRUPTED = 130

PATIENCE_SECONDS = 3.0
"""How long an interactive command waits for its database."""

_DATABASE_FAILURES = (
    psycopg.OperationalError,
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.ReadOnlySqlTransaction,
    PersistenceError,
)

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class Failure(Exception):
    """A problem that the user can fix. The message is one sentence: what is wrong, and what to do."""

    def __init__(self, message: str, status: int = WRONG) -> None:
        super().__init__(message)
        self.status = status


@contextmanager
def exit_on_failure() -> Iterator[None]:
    """Print expected failures as one sentence and exit; other exceptions keep their traceback."""
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except Failure as failure:
        print_error(str(failure))
        raise SystemExit(failure.status) from None
    except (KeyFault, OutdatedViews, Diverged, WrongKey) as fault:
        print_error(str(fault))
        raise SystemExit(WRONG) from None
    except psycopg.errors.InsufficientPrivilege as error:
        print_error(
            f"The database user may not do this ({first_line(error).removesuffix('.')}): run the command as the owner "
            "of the tables, who ran 'keyframe migrate'."
        )
        raise SystemExit(WRONG) from None
    except _DATABASE_FAILURES as error:
        fact = "The database operation failed" if outage(error) is UNREACHABLE else outage(error).fact
        print_error(f"{fact}: {first_line(error)}")
        raise SystemExit(WRONG) from None


def print_error(sentence: str) -> None:
    """Print an error message to stderr."""
    err.print(f"keyframe: {sentence}", style="red", markup=False, soft_wrap=True)


def print_warning(sentence: str) -> None:
    """Print a warning to stderr."""
    err.print(f"keyframe: {sentence}", style="yellow", markup=False, soft_wrap=True)


def stop_on_signals() -> None:
    """Handle termination signals like Ctrl-C, so that open resources are closed in order. Signals that the parent
    process ignores, as nohup does, stay ignored."""
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def settings(**options: Any) -> Settings:
    """The settings from the environment; options of the command line override them unless they are None. Variables
    with misspelled names are reported."""
    for name, nearest in unknown_names(os.environ):
        if nearest is not None:
            print_warning(f"{name} is not a setting and has no effect; did you mean {nearest}?")
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        raise Failure(
            " ".join(_setting_error(str(detail["loc"][0]), detail["msg"]) for detail in error.errors()), USAGE
        ) from error


@contextmanager
def opened(
    chosen: Settings, *, patience_s: float | None = PATIENCE_SECONDS, needs_projections: bool = True
) -> Iterator[Database]:
    """The database of these settings, with the tables that this program needs. It creates and migrates nothing.

    `patience_s`: how long to wait for a database that does not respond; None uses the setting. Raises `Failure` if
    the workspace does not exist, if its tables are of another version, or, if it `needs_projections`, without these.
    """
    if is_absent(chosen):
        raise Failure(f"{absence(chosen)} {_MIGRATE_NEW}")
    with reached(chosen, patience_s=patience_s) as database:
        try:
            _require_tables(database)
            if needs_projections and not database.has_projections():
                raise Failure(
                    f"The projections of {chosen.workspace} do not exist. Create them with 'keyframe migrate'."
                )
        except psycopg.errors.InsufficientPrivilege as error:
            raise Failure(
                f"The database user may not use the tables of the log ({first_line(error)}): "
                "run 'keyframe migrate --grant-to USER' as their owner."
            ) from error
        yield database


_MIGRATE_NEW = "A new one is created with 'keyframe migrate'."


def _require_tables(database: Database) -> None:
    """Raise `Failure` unless the tables of the log are of the version of this program."""
    workspace = database.settings.workspace
    with database.connect() as conn:
        found = examine(conn, workspace)
    if found.version == 0:
        raise Failure(f"The workspace {workspace} does not exist; check KEYFRAME_WORKSPACE. {_MIGRATE_NEW}")
    if found.version < VERSION:
        raise Failure(f"{versions(found.version, found.program)}: back up the database, then run 'keyframe migrate'.")
    if found.version > VERSION:
        raise Failure(f"{versions(found.version, found.program)}: install the newer one.")


@contextmanager
def reached(chosen: Settings, *, patience_s: float | None = PATIENCE_SECONDS) -> Iterator[Database]:
    """The database of these settings, with any tables or none. Raises `Failure` if it cannot be reached."""
    with ExitStack() as stack:
        try:
            with err.status("Waiting for the database …"):
                database = stack.enter_context(open_database(chosen, patience_s=patience_s))
        except (RuntimeError, OSError, psycopg.Error) as error:
            raise Failure(f"{first_line(error)} {_remedy(chosen, error)}") from error
        yield database


def absence(chosen: Settings) -> str:
    """The sentence for settings of an embedded PostgreSQL without data."""
    return f"There is no database in {chosen.data_dir}; check KEYFRAME_DATA_DIR."


def first_line(error: BaseException) -> str:
    """The first line of an error message, as a sentence."""
    if isinstance(error, OSError) and error.strerror is not None:
        return f"{error.strerror}: {error.filename}."
    line = str(error).strip().partition("\n")[0].removesuffix(":")
    return line if line.endswith(".") else f"{line}."


def _setting_error(name: str, message: str) -> str:
    return f"KEYFRAME_{name.upper()}: {message.removeprefix('Value error, ').removesuffix('.')}."


def _remedy(chosen: Settings, error: Exception) -> str:
    if outage(error) is READ_ONLY:
        return "Make it writable (default_transaction_read_only), or let KEYFRAME_DATABASE_URL name the primary."
    if chosen.database_url is None:
        return f"Check that {chosen.data_dir} is a writable directory, and that its disk is not full."
    if chosen.read_url is not None:
        return (
            "Check KEYFRAME_DATABASE_URL, and that the primary runs: a process starts only with it, since tokens are "
            "checked there. Standbys answer for processes that run already."
        )
    return "Check KEYFRAME_DATABASE_URL, and that the server runs."
