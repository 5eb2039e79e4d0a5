"""The aggregates that commands of this process have loaded lately, so that the next command need not load them again.

They may be outdated, since other processes write, too. That harms no decision: what is recorded is verified by the
append, and a decision that records nothing is made again from the log. See docs/adr/0051.
"""

from collections.abc import Iterable
from threading import Lock
from typing import Final
from uuid import UUID

from domain.model.cycle import Cycle, Policy
from domain.model.event import Aggregate
from domain.model.key_result import KeyResult
from domain.model.kpi import Kpi
from domain.model.objective import Objective
from domain.model.people import Team
from domain.model.workspace import WorkspaceCalendar

AGGREGATES_MAX: Final = 4_096
"""How many aggregates are kept; some 2 KB each."""

KINDS: Final = (Cycle, KeyResult, Kpi, Objective, Policy, Team, WorkspaceCalendar)
"""What many commands load. People are left out, since they can be erased."""


class RecentAggregates:
    """Aggregates in the state that a command has read, the least recently used first. Safe to use from several
    threads."""

    def __init__(self, most: int = AGGREGATES_MAX) -> None:
        self._most = most
        self._kept: dict[UUID, Aggregate] = {}
        self._lock = Lock()

    def find(self, ids: Iterable[UUID]) -> dict[UUID, Aggregate]:
        """A copy of each of these aggregates that is kept, for one command to change."""
        found: dict[UUID, Aggregate] = {}
        with self._lock:
            for id in ids:
                kept = self._kept.pop(id, None)
                if kept is not None:
                    self._kept[id] = kept
                    found[id] = kept.copy()
        return found

    def keep(self, aggregate: Aggregate) -> None:
        """Keep a copy of an aggregate as the log has it."""
        if self._most and isinstance(aggregate, KINDS):
            with self._lock:
                self._kept[aggregate.id] = aggregate.copy()
                if len(self._kept) > self._most:
                    del self._kept[next(iter(self._kept))]

    def forget(self, ids: Iterable[UUID]) -> None:
        """Load these from the log again, because they have changed."""
        with self._lock:
            for id in ids:
                self._kept.pop(id, None)


NONE_KEPT: Final = RecentAggregates(0)
"""Keeps nothing: each command loads from the log."""
