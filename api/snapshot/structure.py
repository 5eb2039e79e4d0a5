"""Cycles, scoring policies and calendars in memory: nearly all figures need them, and few events change them.

Without it each query would read them again, in two of the four to six statements that it takes.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final, TypeAlias
from uuid import UUID

from projections.figures.kept_frames import RulesByEnd
from projections.store.basis import ResolvedBasis, is_level
from projections.tables.cycle import CycleRow, Settings

BASES_MAX: Final = 8
"""The bases that are kept; those used last."""
CYCLES_MAX: Final = 1_000
"""The cycles that are kept for one basis."""

_Key: TypeAlias = tuple[int, datetime, int]


@dataclass
class AtBasis:
    """What was read at one basis, and the rules that follow from it. Used by several threads: nothing that was read
    changes."""

    settings: Settings | None = None
    cycles: Mapping[UUID, CycleRow] = field(default_factory=dict)
    _rules: RulesByEnd = field(default_factory=dict)

    def rules_of(self, count: int) -> RulesByEnd:
        """Where the rules of so many open cycles are kept, see `Rulebook`; for this use only if they are too many."""
        return self._rules if len(self._rules) + count <= CYCLES_MAX else {}

    def add_cycles(self, rows: Mapping[UUID, CycleRow]) -> None:
        """Keep cycles, unless they are too many."""
        known = {**self.cycles, **rows}
        if len(known) <= CYCLES_MAX:
            self.cycles = known


class Structure:
    """What one process keeps, for level bases only: there it depends on the position alone.

    It is forgotten when the present moves, unless a command of this process that changes none of it moved it.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, AtBasis] = OrderedDict()
        self._lock = Lock()

    def at(self, newest: ResolvedBasis, basis: ResolvedBasis) -> AtBasis:
        """What is kept for a basis, at this present; nothing yet for a new one, and nothing ever unless it is level."""
        if not is_level(basis):
            return AtBasis()
        key = (newest.position, newest.known, basis.position)
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                found = self._kept[key] = AtBasis()
                if len(self._kept) > BASES_MAX:
                    self._kept.popitem(last=False)
            else:
                self._kept.move_to_end(key)
        return found

    def carry(self, before: int, to: int, known: datetime) -> None:
        """Keep what was read at the present `before` for the present `to` in its place, which was recorded at `known`:
        the events after the one up to the other change none of it."""
        with self._lock:
            for key in [*self._kept]:
                if key[0] == key[2] == before:
                    self._kept[to, known, to] = self._kept.pop(key)
