"""The figures of a drill: its steps with their seconds and results, and the faults that were found."""

import sys
import time
from collections.abc import Callable
from typing import Final, TypeVar

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from deploy.drills.bookkeeping import Tally

T = TypeVar("T")
WIDTH: Final = 140
"""The width of tables without a terminal."""

console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)


class Figures:
    """A table of steps, and a list of faults."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._table = Table("step", "seconds", "", box=SIMPLE)

    def timed(self, step: str, work: Callable[[], T], summary: Callable[[T], str] = lambda _: "") -> T:
        """Run a step, and note how long it took."""
        console.print(f"{step} …")
        began = time.monotonic()
        result = work()
        self._table.add_row(step, f"{time.monotonic() - began:.1f}", summary(result))
        return result

    def note(self, step: str, what: str) -> None:
        """Note what a step showed, without a time."""
        self._table.add_row(step, "", what)

    def compare(self, step: str, tally: Tally, surplus: int) -> None:
        """Note which acknowledged commands are there, and how many that should not be."""
        lost, doubled = len(tally.lost), len(tally.doubled)
        counts = f"{tally.acknowledged:,} acknowledged, {tally.present:,} present, {lost} lost, {doubled} doubled"
        self.note(step, f"{counts}, {surplus} from after the moment")
        if not tally.is_sound or surplus:
            self.faults.append(f"{step}: {counts}, {surplus} from after the moment.")

    def show(self) -> None:
        console.print(self._table)
        for fault in self.faults:
            console.print(f"[red]✗[/red] {fault}")
