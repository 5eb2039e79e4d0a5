"""The domain's enums as GraphQL enums, with a description of each value."""

from api.schema.primitives.described_enum import described
from domain.commands.permissions import Permission, Role
from domain.findings.finding_rule import Severity, Smart
from domain.metrics.cause import Cause
from domain.metrics.kpi_series import KpiStatus
from domain.metrics.rating import Health
from domain.metrics.retrospective import Presence
from domain.metrics.wholes import Counted
from domain.metrics.worked.kpi_formulas import Gap as FormulaGap
from domain.primitives.calendar import Step, Weekday
from domain.primitives.values import (
    Aggregation,
    BatchMode,
    Cadence,
    CycleState,
    Direction,
    EarlierPeriod,
    GoalDirection,
    InitiativeState,
    KeyResultState,
    ObjectiveKind,
    ObjectiveState,
    ReflectionKind,
    Source,
    UnitKind,
    Verdict,
    Visibility,
)
from projections.history.diff import DiffKind

__all__ = [
    "Aggregation", "BatchMode", "Cadence", "Cause", "Counted", "CycleState", "DiffKind", "Direction", "EarlierPeriod",
    "FormulaGap", "GoalDirection", "Health",
    "InitiativeState", "KeyResultState", "KpiStatus", "ObjectiveKind", "ObjectiveState", "Permission", "Presence",
    "ReflectionKind", "Role", "Severity", "Smart", "Source", "Step", "UnitKind", "Verdict", "Visibility", "Weekday",
]  # fmt: skip

# ── commands ─────────────────────────────────────────────────────────────────────────────────────

described(
    "What happens to the other items of a batch if one is rejected.",
    {
        "ALL": "Nothing is recorded; all problems are listed.",
        "EACH": "The others are recorded; every item has its own result.",
    },
)(BatchMode)

# ── goals ────────────────────────────────────────────────────────────────────────────────────────

described(
    "The state of a cycle: PLANNING, then ACTIVE, then CLOSED; or PLANNING, then ABANDONED. It never goes back.",
    {
        "PLANNING": "The cycle is open for drafts and has no plan of record yet.",
        "ACTIVE": "The cycle is running and its plan is fixed.",
        "CLOSED": "The cycle has ended and its outcome is fixed.",
        "ABANDONED": "The cycle was given up before it was activated, and its drafts were dropped.",
    },
)(CycleState)
described(
    "How often a check-in or reading is expected.",
    {
        "DAILY": "One every day.",
        "WEEKLY": "One every 7 days.",
        "BIWEEKLY": "One every 14 days.",
        "MONTHLY": "One every month, counted as 31 days.",
        "QUARTERLY": "One every quarter, counted as 92 days.",
    },
)(Cadence)
described(
    "The level of ambition of an objective.",
    {
        "COMMITTED": "The objective must be reached in full.",
        "ASPIRATIONAL": "Reaching most of the objective is a success.",
    },
)(ObjectiveKind)
described(
    "The state of an objective.",
    {
        "DRAFT": "The objective is proposed and not committed to yet.",
        "ACTIVE": "The objective is committed to and in progress.",
        "CLOSED": "The objective has ended, with a verdict and a score if it can have one.",
        "DROPPED": "The objective was abandoned and no longer counts.",
    },
)(ObjectiveState)
described(
    "Who can see an objective and everything that belongs to it. Hidden objectives look like ones that do not exist.",
    {
        "WORKSPACE": "Every caller with the permission READ sees it.",
        "TEAM": "The members and lead of its team, its owner and contributors, the owners of its key results, and the "
        "roles ADMIN and AUDITOR see it.",
    },
)(Visibility)
described(
    "The state of a key result.",
    {
        "ACTIVE": "The key result is in progress.",
        "DROPPED": "The key result was abandoned and no longer counts in its objective.",
        "SCORED": "The key result has a score. It goes on until its objective or cycle ends.",
    },
)(KeyResultState)
described(
    "The verdict on a closed objective.",
    {
        "ACHIEVED": "A COMMITTED objective scored 1, an ASPIRATIONAL one at least `ScoringPolicy.scoreGreen`.",
        "PARTIAL": "A COMMITTED objective scored at least `ScoringPolicy.scoreGreen`, an ASPIRATIONAL one at least "
        "`ScoringPolicy.scoreAmber`.",
        "MISSED": "The objective scored less.",
    },
)(Verdict)
described(
    "The state of an initiative.",
    {
        "TODO": "Work has not started yet.",
        "DOING": "Work is in progress.",
        "DONE": "Work is finished.",
        "CANCELLED": "Work was cancelled.",
    },
)(InitiativeState)
described(
    "The topic of a reflection.",
    {
        "WENT_WELL": "Something that went well.",
        "TO_IMPROVE": "Something to do better.",
        "LEARNED": "A lesson that was learned.",
        "NEXT": "A next step to take.",
    },
)(ReflectionKind)

# ── measures ─────────────────────────────────────────────────────────────────────────────────────

described(
    "How a metric measures success. `Progress` documents the formula of each direction.",
    {
        "INCREASE": "The value rises from start to target.",
        "DECREASE": "The value falls from start to target.",
        "AT_LEAST": "The value is at or above the target.",
        "AT_MOST": "The value is at or below the target.",
        "WITHIN": "The value is between lower and upper, both included.",
        "MILESTONES": "Weighted milestones are reached one by one.",
        "DONE": "The value is 1 once it is done and 0 before.",
    },
)(Direction)
described(
    "The side of its bounds on which a KPI is healthy.",
    {
        "AT_LEAST": "The value is at or above the target.",
        "AT_MOST": "The value is at or below the target.",
        "WITHIN": "The value is between lower and upper, both included.",
    },
)(GoalDirection)
described(
    "The kind of quantity that a value counts.",
    {
        "NUMBER": "A plain number or count.",
        "PERCENT": "A value in percent.",
        "CURRENCY": "An amount of money.",
        "DURATION": "A length of time.",
        "SCORE": "A score or rating.",
    },
)(UnitKind)
described(
    "The condition of a goal, judged by the gap between its expected and actual progress, or by its end. For a whole, "
    "the gap is the weighted mean of its parts' gaps.",
    {
        "PENDING": "It is planned, or it has no measurement and the first one is not overdue.",
        "ON_TRACK": "The gap is at most `ScoringPolicy.onTrackGap`.",
        "AT_RISK": "The gap is at most `ScoringPolicy.atRiskGap`.",
        "OFF_TRACK": "The gap is larger than `ScoringPolicy.atRiskGap`.",
        "OUTDATED": "The last measurement is older than the cadence allows; for a whole, of more than half of its "
        "weight.",
        "ACHIEVED": "The goal ended and was achieved.",
        "PARTIAL": "The goal ended and was achieved in part.",
        "MISSED": "The goal ended and was not achieved.",
        "DROPPED": "The goal was dropped, by itself or with its objective.",
    },
)(Health)
described(
    "Which goals are counted.",
    {
        "KEY_RESULTS": "Key results that are not dropped, of objectives that count.",
        "OBJECTIVES": "Objectives that are neither drafts nor dropped and that something can measure.",
    },
)(Counted)
described(
    "The condition of a KPI, or of one period of its series. Of a KPI it is the first match of RETIRED, NO_DATA, "
    "STALE, and the status of its latest period that can be judged. A period is judged by the goal and tolerance in "
    "force on its last day, as defined at the basis; a period that still runs by those in force at the basis.",
    {
        "NO_DATA": "There is no value to judge: no reading, or a sum over a period that has not ended.",
        "STALE": "The latest reading is older than the cadence allows.",
        "HEALTHY": "The value meets the goal, or there is no goal.",
        "WARNING": "The value misses the goal by the tolerance at most.",
        "BREACHED": "The value misses the goal by more than the tolerance.",
        "RETIRED": "The KPI is no longer watched.",
    },
)(KpiStatus)
described(
    "How the readings of one period become one value.",
    {
        "LAST": "The last reading of the period.",
        "FIRST": "The first reading of the period.",
        "MEAN": "The arithmetic mean of the readings.",
        "MIN": "The smallest of the readings.",
        "MAX": "The largest of the readings.",
        "SUM": "The sum of the readings.",
    },
    name="Aggregate",
)(Aggregation)
described(
    "The period that another one is compared with.",
    {
        "PREVIOUS": "The period before.",
        "YEAR_BEFORE": "The same day, month, quarter or year of the year before, 28 February for 29 February; for a "
        "week or a pair of weeks, the one 52 weeks before.",
    },
)(EarlierPeriod)
described(
    "Why a period of a KPI has no value.",
    {
        "NO_READING": "The KPI, or an input of its formula, has no reading in the period.",
        "DIVISION_BY_ZERO": "The denominator, or the earlier value of a growth, is 0.",
        "COARSER_INPUT": "An input is read less often than the formula is worked out.",
    },
    name="KpiGap",
)(FormulaGap)
described(
    "The severity of a finding. Findings never block a command.",
    {
        "INFO": "A hint that may improve the goal.",
        "WARNING": "A weakness that should be fixed.",
        "ERROR": "A defect that must be fixed for the goal to be useful.",
    },
)(Severity)
described(
    "The SMART criterion that a quality rule checks.",
    {
        "SPECIFIC": "It says what will be different, and for whom.",
        "MEASURABLE": "Its progress can be measured.",
        "ACHIEVABLE": "It has an owner, who does not have too many goals.",
        "RELEVANT": "It is an outcome, and serves a goal above.",
        "TIME_BOUND": "It has a due day, and a cadence that is kept.",
    },
    name="SmartCriterion",
)(Smart)

# ── history ──────────────────────────────────────────────────────────────────────────────────────

described(
    "The distance between two points in time, by the calendar of the workspace.",
    {
        "DAY": "One point per day.",
        "WEEK": "One point per week; an ISO week if weeks start on Monday.",
        "BIWEEKLY": "One point per two weeks, counted on from the week of 5 January 1970.",
        "MONTH": "One point per month.",
        "QUARTER": "One point per quarter of the fiscal year.",
        "YEAR": "One point per fiscal year.",
        "CHANGE": "One point for every change.",
    },
)(Step)
described("A day of the week.", {day.value: f"Day {day.place + 1} of the ISO week." for day in Weekday})(Weekday)
described(
    "How an entity differs between two moments. A dropped entity still exists and is CHANGED.",
    {
        "ADDED": "The entity exists at the second moment only.",
        "CHANGED": "The entity exists at both moments and differs.",
        "REMOVED": "The entity exists at the first moment only, because the second moment is earlier.",
    },
)(DiffKind)
described(
    "The reason for a change of an objective's progress.",
    {
        "MOVEMENT": "The measured value changed.",
        "GOALPOST": "The metric, due day or KPI of a key result was edited, or the formula of its KPI, or a calendar "
        "was set.",
        "SCOPE": "A key result was added, dropped or reweighed, or the objective was started or dropped.",
    },
)(Cause)
described(
    "How a goal compares between plan and outcome.",
    {
        "KEPT": "The goal is in the plan and was not dropped.",
        "ADDED_LATER": "The goal was added after the plan and was not dropped.",
        "DROPPED": "The goal was dropped, whether it is in the plan or not.",
    },
)(Presence)

# ── callers ──────────────────────────────────────────────────────────────────────────────────────

described(
    "The route by which a command arrived.",
    {
        "API": "A GraphQL request from a program.",
        "CONSOLE": "A request in a session of the console, to which a person signed in with a browser.",
        "IMPORT": "An import of facts from another system.",
        "INGEST": "A file of readings or targets sent to an ingest endpoint.",
        "SYSTEM": "The server itself, without a caller.",
    },
)(Source)
described(
    "A role of a person or machine token in the workspace. A caller has the permissions of all its roles.",
    {
        "ADMIN": "Manages people, tokens, the scoring policy and the calendar, and has every other permission.",
        "LEAD": "Runs cycles, defines KPIs and edits all goals.",
        "MEMBER": "Reads the workspace, edits its own goals and records its own readings.",
        "AUDITOR": "Reads everything, including private goals and the ledger, and writes nothing.",
        "METRICS": "Records readings of KPIs and reads nothing.",
    },
)(Role)
described(
    "A permission of a caller. OWN limits it to goals that the caller owns, contributes to or leads the team of, and "
    "to readings of KPIs that the caller owns.",
    {
        "READ": "Read the workspace, except private goals and the ledger.",
        "READ_PRIVATE": "Read goals that only their team can see.",
        "READ_LEDGER": "Read the ledger, its checkpoints and the exports.",
        "EDIT_OWN_GOALS": "Edit one's own goals.",
        "EDIT_GOALS": "Edit the goals of every owner.",
        "RUN_CYCLES": "Open, activate and close cycles.",
        "DEFINE_KPIS": "Define, redefine and retire KPIs.",
        "RECORD_OWN_READINGS": "Record readings of one's own KPIs.",
        "RECORD_READINGS": "Record readings of every KPI.",
        "MANAGE_PEOPLE": "Add, rename, deactivate and erase people, and manage teams.",
        "ADOPT_POLICY": "Change the scoring policy.",
        "SET_CALENDAR": "Change the calendar of the workspace.",
        "ISSUE_TOKENS": "Issue and revoke tokens.",
        "IMPORT": "Import facts from other systems.",
        "BACKDATE": "Set `effectiveAt` on a command.",
    },
)(Permission)
