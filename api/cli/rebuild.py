"""The `rebuild` command: rebuilds the projections from the log, with a progress bar."""

from rich.progress import Progress

from api.cli.output import Failure, err
from api.runtime.database import Database
from projections.engine import leftovers
from projections.engine import rebuild as views
from projections.engine.registry import Poison


def rebuild(database: Database) -> int:
    """Rebuild the projections; returns their position. Raises `Failure` if an event cannot be applied."""
    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("Events", total=None)
        try:
            return views.rebuild(
                database.log(),
                database.connect,
                lambda position, head: progress.update(task, completed=position, total=head),
                database.settings.workspace,
            )
        except Poison as poison:
            raise Failure(f"E{str(poison)[1:]}. The projections are unchanged.") from poison


def report_leftovers(database: Database) -> None:
    """Print which earlier generations could not be dropped, and why."""
    with database.connect() as conn:
        left = leftovers.find(conn, database.settings.workspace)
    if left is not None:
        err.print(
            f"An earlier generation could not be dropped: {left}. The projector drops it when those sessions end.",
            markup=False,
            soft_wrap=True,
        )
