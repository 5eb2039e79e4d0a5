"""The `import` command: streams a fact file into the log, with a progress bar, and prints a summary."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from api.cli.output import INTERRUPTED, USAGE, Failure, err, out
from api.facts.importer import LINE_BYTES_MAX, Import, ImportResult
from api.runtime.database import Database
from domain.handlers.dispatcher import Dispatcher
from domain.log import sandbox
from projections.proof.continuity import divergence

ACTOR = "machine:console"
"""The actor of imported events: a command at the terminal has no authenticated caller."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@contextmanager
def fact_file(name: str) -> Iterator[tuple[BinaryIO, int | None]]:
    """The file of that name and its size in bytes; "-" is standard input, of unknown size."""
    if name == "-":
        yield sys.stdin.buffer, None
        return
    try:
        with Path(name).open("rb") as file:
            yield file, Path(name).stat().st_size
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise Failure(f"{name} cannot be read: {error.strerror}.", USAGE) from error


def lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file, read one at a time. A line above LINE_BYTES_MAX is cut to one byte more, so that it is still
    rejected as too long."""
    first = True
    while line := file.readline(LINE_BYTES_MAX + 1):
        rest = line
        while len(rest) > LINE_BYTES_MAX and not rest.endswith(b"\n"):
            rest = file.readline(LINE_BYTES_MAX + 1)
        yield line.removeprefix(_BYTE_ORDER_MARK) if first else line
        first = False


def run_import(
    database: Database,
    facts: Iterable[bytes],
    size: int | None,
    *,
    go_on: bool = False,
    dry: bool = False,
    label: str = "Facts",
    by_is_actor: bool = False,
) -> ImportResult:
    """Import facts into the workspace; if `dry`, into a temporary copy of it.

    `by_is_actor`: see `Import`. Raises `Diverged` for projections that contain events which the log does not have.
    """
    if not dry:
        _require_the_log_of_the_projections(database)
    shown = bar(label, size)
    with temporary_copy(database) if dry else database.scope() as target, shown as advance:
        log = target.log()
        return Import(Dispatcher(log), log, ACTOR, by_is_actor=by_is_actor).run(facts, go_on=go_on, progress=advance)


def _require_the_log_of_the_projections(database: Database) -> None:
    with database.connect() as conn:
        if (diverged := divergence(conn)) is not None:
            raise diverged


@contextmanager
def temporary_copy(database: Database) -> Iterator[Database]:
    """A copy of the workspace, dropped at the end."""
    workspace = database.settings.workspace
    with database.connect() as conn:
        try:
            copy = sandbox.make_copy(conn, workspace)
        except (RuntimeError, ValueError) as error:
            raise Failure(str(error)) from error
        try:
            with ExitStack() as stack:
                settings = database.settings.model_copy(update={"workspace": copy})
                yield Database(database.dsn, settings, stack)
        finally:
            sandbox.drop_copy(conn, workspace)


@contextmanager
def bar(label: str, size: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar on the terminal; yields a function that advances it by a number of bytes.

    Without a terminal it prints a line for each tenth of the size.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(label, total=size)

        def advance(step: int) -> None:
            before = progress.tasks[task].percentage
            progress.advance(task, step)
            after = progress.tasks[task].percentage
            if progress.disable and size and after // 10 > before // 10:
                err.print(f"{label} {after:.0f} %")

        try:
            yield advance
        except KeyboardInterrupt:
            progress.stop()
            raise Failure("Interrupted. Run the same command again to resume.", INTERRUPTED) from None


def report(tally: ImportResult, *, dry: bool) -> None:
    """Print every rejection and the summary table."""
    for rejection in tally.refusals:
        out.print(f"line {rejection.line}  {rejection.message}", markup=False, soft_wrap=True)
    table = Table(title="Dry run: nothing was recorded" if dry else None, title_justify="left")
    table.add_column("Facts")
    table.add_column("", justify="right")
    for name, count in (
        ("read", tally.read),
        ("would be recorded" if dry else "recorded", tally.recorded),
        ("already there", tally.already_there),
        ("refused", len(tally.refusals)),
    ):
        table.add_row(name, f"{count:,}")
    out.print(table)
