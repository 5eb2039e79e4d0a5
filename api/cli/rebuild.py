"""The `rebuild` command: rebuilds the projections from the log, and tells what differed."""

from rich.progress import Progress

from api.cli.output import Failure, err, print_warning
from api.cli.views import described
from api.runtime.database import Database
from api.runtime.log_setup import configure_logging
from projections.engine import leftovers
from projections.engine import rebuild as views
from projections.engine.comparison import Comparison
from projections.engine.registry import Poison


def rebuild(database: Database) -> int:
    """Rebuild the projections, and print how those in use differed; returns their position. Raises `Failure`
    if an event cannot be applied."""
    configure_logging(database.settings.journal)
    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("Events", total=None)
        try:
            return views.rebuild(
                database.log(),
                database.connect,
                lambda position, head: progress.update(task, completed=position, total=head),
                database.settings.workspace,
                on_compared=_report,
            )
        except Poison as poison:
            raise Failure(f"E{str(poison)[1:]}. The projections are unchanged.") from poison


def _report(comparison: Comparison | None) -> None:
    """Print how the projections in use differ from the new ones; the journal has it, too."""
    if comparison is None or not comparison.tables:
        return
    print_warning(f"The projections in use differed from the log at position {comparison.position}; they are replaced.")
    for line in described(comparison):
        err.print(line, markup=False, emoji=False, soft_wrap=True)


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
