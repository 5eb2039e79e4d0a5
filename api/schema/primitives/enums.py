"""Enums of the API: the words of the domain, as clients see them."""

import strawberry

from domain.commands.permissions import Permission, Role
from domain.metrics.cause import Cause
from domain.metrics.findings import Severity
from domain.metrics.kpi_series import Aggregation, KpiStatus
from domain.metrics.progress import Health
from domain.metrics.retrospective import Presence
from domain.primitives.calendar import Step
from domain.primitives.values import (
    Cadence,
    CycleState,
    Direction,
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
    "Aggregation", "Cadence", "Cause", "CycleState", "DiffKind", "Direction", "GoalDirection", "Health",
    "InitiativeState", "KeyResultState", "KpiStatus", "ObjectiveKind", "ObjectiveState", "Permission", "Presence",
    "ReflectionKind", "Role", "Severity", "Source", "Step", "UnitKind", "Verdict", "Visibility",
]  # fmt: skip

_DESCRIPTIONS = {
    CycleState: "Where a cycle is in its life: PLANNING, then ACTIVE, then CLOSED, never back.",
    Cadence: "How often a measure is expected to speak.",
    ObjectiveKind: "COMMITTED: to be reached in full. ASPIRATIONAL: reaching most of it is a success.",
    ObjectiveState: "Where an objective is in its life.",
    Visibility: "Who sees a goal. WORKSPACE: everybody who may read. TEAM: the members and the lead of its team, its "
    "owner and contributors, the owners of its key results, and ADMIN and AUDITOR; to all others it is not there.",
    KeyResultState: "Where a key result is in its life.",
    Verdict: "What a closed objective came to.",
    InitiativeState: "Where a piece of work is.",
    ReflectionKind: "What a reflection is about.",
    Direction: "Which way a metric is meant to go; the formula of each stands at `Progress.value`.",
    GoalDirection: "Which side of its bounds a KPI is meant to stay on.",
    UnitKind: "What a figure counts.",
    Source: "The route by which something was said.",
    Role: "What somebody is in this workspace.",
    Permission: "What somebody may do. OWN: as owner, contributor, or lead of the owning team. READ_PRIVATE: also what "
    "only its team sees.",
    Health: "What the gap between expected and actual progress means; the worst of its parts for a whole.",
    KpiStatus: "How a KPI stands: the first that matches of RETIRED, NO_DATA, STALE, HEALTHY, WARNING, BREACHED.",
    Severity: "How much a finding matters; none ever blocks.",
    DiffKind: "What became of a thing from one moment to another. What was dropped is still there, and has CHANGED; "
    "REMOVED is what was not there yet, where the second moment lies before the first.",
    Cause: "Why an objective's progress changed. MOVEMENT: the value moved. GOALPOST: what it is measured by was "
    "edited. SCOPE: a key result came, went or changed weight, or the objective began or was given up.",
    Presence: "What became of a goal between plan and outcome. DROPPED: planned or not, it was given up.",
    Step: "How far apart points lie, by the calendar in UTC (ISO weeks); CHANGE: wherever something changed.",
}

for _enum, _description in _DESCRIPTIONS.items():
    strawberry.enum(_enum, description=_description)
strawberry.enum(Aggregation, name="Aggregate", description="How the readings of one period become one figure.")
