"""How bad a health or status is: the order in which lists put the worst first, and what turning worse means."""

from typing import Final

from domain.metrics.kpi_series import KpiStatus
from domain.metrics.rating import Health

WORST_FIRST: Final = (
    Health.OFF_TRACK, Health.AT_RISK, Health.OUTDATED, Health.PENDING, Health.ON_TRACK,
    Health.MISSED, Health.PARTIAL, Health.ACHIEVED, Health.DROPPED,
)  # fmt: skip
"""Open goals by what they need, then ended ones by how they ended."""
WORST_STATUS_FIRST: Final = (
    KpiStatus.BREACHED, KpiStatus.WARNING, KpiStatus.STALE, KpiStatus.NO_DATA, KpiStatus.HEALTHY, KpiStatus.RETIRED,
)  # fmt: skip

_RATED: Final = {Health.PENDING: 0, Health.OUTDATED: 0, Health.ON_TRACK: 0, Health.AT_RISK: 1, Health.OFF_TRACK: 2}
"""How bad an open goal is rated. Silence is no rating."""
_PLACES: Final = {health: place for place, health in enumerate((*WORST_FIRST, *WORST_STATUS_FIRST))}


def place(condition: Health | KpiStatus | None) -> int | None:
    """The place of a health or status among those of its kind, the worst lowest; None without one."""
    return None if condition is None else _PLACES[condition]


def degree(health: Health | None) -> int:
    """How bad an open goal is rated: 1 for AT_RISK and 2 for OFF_TRACK; 0 otherwise, and for what has ended."""
    return 0 if health is None else _RATED.get(health, 0)


def is_worse(before: Health | None, now: Health | None) -> bool:
    """Whether an open goal is rated worse than before. What did not exist before did not turn worse, and neither did
    what has ended."""
    return before in _RATED and now in _RATED and _RATED[now] > _RATED[before]
