"""The commands on projections: rebuild them, and verify them against the log and against their digests."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from api.cli.output import Failure, err, out, print_error, print_warning
from api.runtime.database import Database
from api.runtime.log_setup import configure_logging
from projections.engine import leftovers, view_checker
from projections.engine import rebuild as projections
from projections.engine.comparison import Comparison, Difference, TableComparison
from projections.engine.rebuild import outdated
from projections.engine.registry import Poison

VALUE_CHARACTERS_MAX = 120
"""How much of a value is printed as text; JSON has all of it."""
DAMAGES_MAX = 100
"""How many damages are printed."""


# ── rebuilding ───────────────────────────────────────────────────────────────────────────────────


def rebuild(database: Database) -> int:
    """Rebuild the projections, and print how those in use differed; returns their position. Raises `Failure`
    if an event cannot be applied."""
    configure_logging(database.settings.journal)
    with _progress("Rebuilding") as progress:
        try:
            return projections.rebuild(
                database.log(),
                database.connect,
                _task(progress, "events"),
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


# ── against the log ──────────────────────────────────────────────────────────────────────────────


def verify_views(database: Database, *, as_json: bool) -> bool:
    """Compare the projections with the log, and print the differences; whether there are none. Raises `Failure`."""
    with _progress("Comparing") as progress:
        try:
            comparison = projections.verify_views(
                database.log(),
                database.connect,
                _task(progress, "events"),
                database.settings.workspace,
                on_table=_task(progress, "tables"),
            )
        except Poison as poison:
            raise Failure(f"E{str(poison)[1:]}. The projections cannot be compared with the log.") from poison
    if comparison is None:
        raise Failure("The projections are ahead of the log, which was cut off: run 'keyframe verify'.")
    if as_json:
        sys.stdout.write(msgspec.json.encode(comparison).decode() + "\n")
    else:
        _print_comparison(comparison)
    return not comparison.tables


def _print_comparison(comparison: Comparison) -> None:
    if not comparison.tables:
        same = f"all rows of {comparison.compared} tables are the same"
        _print(f"The projections at position {comparison.position} are those of the log: {same}.")
        return
    print_error(f"The projections at position {comparison.position} differ from the log.")
    for line in described(comparison):
        _print(line)


def described(comparison: Comparison) -> Iterator[str]:
    """The differences, one a line, under the counts of their table."""
    for table in comparison.tables:
        if table.definition is not None:
            yield f"{table.table}: {_change(table.definition)}"
        if table.rows:
            yield from _rows(table)


def _rows(table: TableComparison) -> Iterator[str]:
    named = len({tuple(one.key.values()) for one in table.differences})
    only = "" if named == table.rows else f"; the first {named}"
    rows = "1 row differs" if table.rows == 1 else f"{table.rows} rows differ"
    yield f"{table.table}: {rows}, from position {table.first_position}{only}"
    for one in table.differences:
        key = ", ".join(f"{name} {value}" for name, value in one.key.items())
        since = "" if one.position == one.key.get("position") else f", from position {one.position}"
        yield f"  {key}{since}: {_change(one)}"


def _change(one: Difference) -> str:
    if one.column is None:
        return f"the row is {one.served}; from the log it is {one.built}"
    return f"{one.column} is {_shortened(one.served)}; from the log it is {_shortened(one.built)}"


def _shortened(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[:VALUE_CHARACTERS_MAX]}…"


# ── against the digests ──────────────────────────────────────────────────────────────────────────


def verify_digests(database: Database) -> bool:
    """Compare all tables with their digests, and print the result; whether no row was altered. Projections of another
    version have other digests, or none, and are not checked."""
    with database.connect() as conn, _progress("Comparing") as progress:
        if outdated(conn) is not None:
            _print("The projections are of another version of Keyframe and were not checked: run 'keyframe rebuild'.")
            return True
        damages = view_checker.check_all(conn, _task(progress, "tables"))
    if damages is None:
        _print("The projections come from another server and were not checked: run 'keyframe rebuild'.")
        return True
    for damage in damages[:DAMAGES_MAX]:
        print_error(f"The projections were altered by something else than the projector: {damage}.")
    if damages:
        _print(view_checker.REMEDY)
    else:
        _print("The rows of the projections match their digests.")
    return not damages


# ── output ───────────────────────────────────────────────────────────────────────────────────────


def _progress(work: str) -> Progress:
    columns = (TextColumn(work), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def _task(progress: Progress, unit: str) -> Callable[[int, int], None]:
    """A function that shows how much of a task is done, as (done, all)."""
    task = progress.add_task(unit, total=None)
    return lambda done, total: progress.update(task, completed=done, total=total)


def _print(text: str) -> None:
    out.print(text, markup=False, emoji=False, soft_wrap=True)
