"""A workspace on its way out as a fact file: streamed to whoever reads it, with a bar for whoever waits."""

from typing import BinaryIO

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from api.cli.output import Failure, err
from api.facts.exporter import Facts
from api.runtime.database import Database


def export_facts(database: Database, file: BinaryIO) -> None:
    """Write all that was recorded up to now into a file. Raises `Failure`."""
    log = database.log()
    upto = log.head().position
    with database.connect() as conn, _bar() as bar:
        task = bar.add_task("Events", total=upto)
        try:
            for told in Facts(log, conn, upto):
                file.write(told.line)
                bar.update(task, completed=told.position)
        except LookupError as error:
            raise Failure(f"Not everything could be told: {error.args[0]} A newer Keyframe may know it.") from error
    file.flush()


def _bar() -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
