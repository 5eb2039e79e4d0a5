"""Rules for findings on KPIs: goal, ownership, cadence, unit and formula."""

from datetime import date, datetime
from uuid import UUID

from domain.findings.finding_rule import Rule, Severity, Smart, counted, rule
from domain.metrics.formulas import Fact
from domain.metrics.rating import is_outdated
from domain.metrics.worked.kpi_formulas import Gap
from domain.primitives.values import Cadence, ScoringPolicy

KPIS_PER_OWNER_MAX = 10
"""The number of KPIs that one person can watch and act on."""


class WrittenKpi(Fact, frozen=True, gc=False):
    """A KPI as the rules see it.

    `owner_left`: the owner is deactivated. `owner_kpis`: the number of the owner's KPIs that are not retired, including
    this one. `unit_changed`: the unit was changed after a reading. `formula`: that of a KPI which takes no readings.
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
    formula: "WrittenFormula | None" = None


class WrittenFormula(Fact, frozen=True, gc=False):
    """A formula as the rules see it. The KPIs are named by their keys.

    `coarser`: inputs with a longer cadence. `retired`: inputs that are retired. `unread`: inputs without a value in the
    latest complete period, whose last day is `last_day`. `gap`: why that period has no value; None with a value.
    """

    last_day: date
    gap: Gap | None = None
    unread: tuple[str, ...] = ()
    coarser: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()


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
    """No reading for longer than its cadence allows, counted from its definition if there is none. A formula takes
    none."""
    since = kpi.latest_at or kpi.defined_at
    if kpi.formula is not None or not is_outdated(since, kpi.cadence, kpi.at, kpi.policy):
        return None
    days = counted((kpi.at - since).days, "day")
    return f"Record a reading: no reading for {days}, and its cadence is {kpi.cadence.lower()}."


@rule(KPI_RULES, Severity.ERROR, Smart.MEASURABLE)
def kpi_unit_changed(kpi: WrittenKpi) -> str | None:
    """A unit that changed after a reading: readings before and after the change are not comparable."""
    if not kpi.unit_changed:
        return None
    return "Its unit changed after a reading, and readings are not converted: retire it, and define another KPI."


@rule(KPI_RULES, Severity.ERROR, Smart.MEASURABLE)
def formula_with_coarser_input(kpi: WrittenKpi) -> str | None:
    """A formula with an input of a longer cadence, which has no value for its periods."""
    if kpi.formula is None or not kpi.formula.coarser:
        return None
    return (
        f"Its formula is worked out {kpi.cadence.lower()}, but {_named(kpi.formula.coarser)} less often: choose a "
        "longer cadence, or other inputs."
    )


@rule(KPI_RULES, Severity.WARNING, Smart.MEASURABLE)
def formula_with_retired_input(kpi: WrittenKpi) -> str | None:
    """A formula with an input that is retired and takes no more readings."""
    if kpi.formula is None or not kpi.formula.retired:
        return None
    takes = "takes" if len(kpi.formula.retired) == 1 else "take"
    return (
        f"Its formula names {_named(kpi.formula.retired)}, which {takes} no more readings: name another KPI, or retire "
        "it, too."
    )


@rule(KPI_RULES, Severity.WARNING, Smart.MEASURABLE)
def formula_without_value(kpi: WrittenKpi) -> str | None:
    """A formula that has no value for the latest complete period: an input has none, or a denominator is 0."""
    if kpi.formula is None or kpi.formula.gap in (None, Gap.COARSER_INPUT):
        return None
    missing = f"It has no value for the period until {kpi.formula.last_day}"
    if kpi.formula.gap is Gap.DIVISION_BY_ZERO:
        return f"{missing}, because its formula divides by 0: choose another formula, or correct the readings."
    return f"{missing}: record readings of {_named(kpi.formula.unread)}."


def _named(keys: tuple[str, ...]) -> str:
    *first, last = (f"'{key}'" for key in keys)
    return f"{', '.join(first)} and {last}" if first else last
