"""The `export --facts` command: streams a workspace as a fact file, with a progress bar."""

from typing import BinaryIO

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from api.cli.output import Failure, err
from api.facts.exporter import Facts
from api.runtime.database import Database


def export_facts(database: Database, file: BinaryIO) -> None:
    """Write every recorded fact to `file`. Raises `Failure` for an unknown event."""
    log = database.log()
    upto = log.head().position
    with database.connect() as conn, _bar() as bar:
        task = bar.add_task("Events", total=upto)
        try:
            for fact in Facts(log, conn, upto):
                file.write(fact.line)
                bar.update(task, completed=fact.position)
        except LookupError as error:
            raise Failure(f"The export is incomplete: {error.args[0]} A newer Keyframe may support it.") from error
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
