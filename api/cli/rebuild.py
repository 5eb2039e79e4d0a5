"""The `rebuild` command: rebuilds the projections from the log, with a progress bar."""

from rich.progress import Progress

from api.cli.output import Failure, err
from api.runtime.database import Database
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
