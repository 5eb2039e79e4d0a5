"""Rules for findings on KPIs: goal, ownership, cadence and unit."""

from datetime import datetime
from uuid import UUID

from domain.findings.finding_rule import Rule, Severity, Smart, counted, rule
from domain.metrics.formulas import Fact
from domain.metrics.rating import is_outdated
from domain.primitives.values import Cadence, ScoringPolicy

KPIS_PER_OWNER_MAX = 10
"""The number of KPIs that one person can watch and act on."""


class WrittenKpi(Fact, frozen=True, gc=False):
    """A KPI as the rules see it.

    `owner_left`: the owner is deactivated. `owner_kpis`: the number of the owner's KPIs that are not retired, including
    this one. `unit_changed`: the unit was changed after a reading.
    """

    retired: bool
    has_goal: bool
    owner: UUID | None
    cadence: Cadence
    defined_at: datetime
    at: datetime
    policy: ScoringPolicy
    latest_at: datetime | None = None
    owner_left: bool = False
    team_disbanded: bool = False
    owner_kpis: int = 0
    unit_changed: bool = False


KPI_RULES: list[Rule[WrittenKpi]] = []


@rule(KPI_RULES, Severity.WARNING, Smart.MEASURABLE)
def kpi_without_goal(kpi: WrittenKpi) -> str | None:
    """No goal: every reading is healthy."""
    return None if kpi.has_goal else "Set a goal: without one every reading is healthy."


@rule(KPI_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def kpi_without_owner(kpi: WrittenKpi) -> str | None:
    """No owner."""
    return None if kpi.owner else "Assign one owner, who acts when the KPI misses its goal."


@rule(KPI_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def kpi_owner_left(kpi: WrittenKpi) -> str | None:
    """An owner who has left: the person is deactivated."""
    return "Its owner has left: assign another one." if kpi.owner_left else None


@rule(KPI_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def kpi_team_disbanded(kpi: WrittenKpi) -> str | None:
    """A team that was disbanded."""
    return "Its team was disbanded: assign it to another team, or retire it." if kpi.team_disbanded else None


@rule(KPI_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def owner_with_too_many_kpis(kpi: WrittenKpi) -> str | None:
    """Its owner has more than 10 KPIs, retired ones aside."""
    if kpi.owner_kpis <= KPIS_PER_OWNER_MAX:
        return None
    return (
        f"Its owner has {kpi.owner_kpis} KPIs, more than {KPIS_PER_OWNER_MAX}: assign some to others, or retire those "
        "that lead to no action."
    )


@rule(KPI_RULES, Severity.WARNING, Smart.TIME_BOUND)
def kpi_off_cadence(kpi: WrittenKpi) -> str | None:
    """No reading for longer than its cadence allows, counted from its definition if there is none."""
    since = kpi.latest_at or kpi.defined_at
    if not is_outdated(since, kpi.cadence, kpi.at, kpi.policy):
        return None
    days = counted((kpi.at - since).days, "day")
    return f"Record a reading: no reading for {days}, and its cadence is {kpi.cadence.lower()}."


@rule(KPI_RULES, Severity.ERROR, Smart.MEASURABLE)
def kpi_unit_changed(kpi: WrittenKpi) -> str | None:
    """A unit that changed after a reading: readings before and after the change are not comparable."""
    if not kpi.unit_changed:
        return None
    return "Its unit changed after a reading, and readings are not converted: retire it, and define another KPI."
