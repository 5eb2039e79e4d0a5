"""Which goals are there, and how do they stand written: cycles, the scoring policy, objectives, key results."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec
import psycopg

from domain.values import (
    Basis,
    Cadence,
    CycleState,
    KeyResultState,
    Metric,
    ObjectiveKind,
    ObjectiveState,
    ScoringPolicy,
    Verdict,
)
from projections.tables import Cursor, Order, Version, Window

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class CycleRow(Version, frozen=True):
    """`plan` and `outcome` are the bases of its activation and of its closing."""

    key: str
    name: str
    starts_on: date
    ends_on: date
    check_in_cadence: Cadence
    parent: UUID | None
    state: CycleState
    plan: Basis | None
    outcome: Basis | None


class PolicyRow(Version, frozen=True):
    policy: ScoringPolicy


class ObjectiveRow(Version, frozen=True):
    """`verdict`, `score`, `reflection` and `closed_at` stand from its closing until it is reopened."""

    cycle: UUID
    title: str
    description: str | None
    kind: ObjectiveKind
    owner: UUID | None
    team: UUID | None
    contributors: tuple[UUID, ...]
    carried_from: UUID | None
    state: ObjectiveState
    verdict: Verdict | None
    score: float | None
    reflection: str | None
    closed_at: datetime | None


class KeyResultRow(Version, frozen=True):
    """`kpi_since` is the effective time of the link; both are None where no KPI is linked."""

    objective: UUID
    cycle: UUID
    title: str
    description: str | None
    metric: Metric
    owner: UUID | None
    weight: float
    due: date
    kpi: UUID | None
    kpi_since: datetime | None
    carried_from: UUID | None
    state: KeyResultState
    score: float | None
    score_note: str | None


# ── filters and orders ───────────────────────────────────────────────────────────────────────────


class CycleFilter(msgspec.Struct, frozen=True):
    """`overlaps`: cycles that this day lies in, both ends included."""

    state: CycleState | None = None
    overlaps: date | None = None
    parent: UUID | None = None


class ObjectiveFilter(msgspec.Struct, frozen=True):
    """Every part given must hold. `aligned`: supports anything that is not dropped. `search`: a part
    of title or description, whatever the case. `supports`: an objective or key result it supports."""

    cycle: UUID | None = None
    team: UUID | None = None
    owner: UUID | None = None
    states: tuple[ObjectiveState, ...] | None = None
    kind: ObjectiveKind | None = None
    aligned: bool | None = None
    search: str | None = None
    supports: UUID | None = None


class KeyResultFilter(msgspec.Struct, frozen=True):
    """`team` is that of the objective; `states` are the key result's own."""

    cycle: UUID | None = None
    team: UUID | None = None
    owner: UUID | None = None
    objective: UUID | None = None
    kpi: UUID | None = None
    states: tuple[KeyResultState, ...] | None = None
    search: str | None = None


class CycleOrder(StrEnum):
    RECORDED = "RECORDED"
    STARTS_ON = "STARTS_ON"
    NAME = "NAME"
    KEY = "KEY"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


class ObjectiveOrder(StrEnum):
    RECORDED = "RECORDED"
    TITLE = "TITLE"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


class KeyResultOrder(StrEnum):
    RECORDED = "RECORDED"
    TITLE = "TITLE"
    DUE = "DUE"
    WEIGHT = "WEIGHT"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


# ── cycles and the policy ────────────────────────────────────────────────────────────────────────


def cycles(conn: psycopg.Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, CycleRow]:
    """The cycles with these ids; unknown ones are left out."""


def cycles_by_key(conn: psycopg.Connection, basis: Basis, keys: Sequence[str]) -> dict[str, CycleRow]:
    """The cycles with these keys; unknown ones are left out."""


def cycles_within(conn: psycopg.Connection, basis: Basis, parents: Sequence[UUID]) -> dict[UUID, list[CycleRow]]:
    """The children of each of these cycles, by start."""


def cycle_page(
    conn: psycopg.Connection, basis: Basis, filter: CycleFilter, order: Order[CycleOrder], window: Window
) -> list[CycleRow]:
    """A stretch of the cycles that pass the filter."""


def cycle_count(conn: psycopg.Connection, basis: Basis, filter: CycleFilter) -> int:
    """How many cycles pass the filter."""


def cycle_cursor(row: CycleRow, order: CycleOrder) -> Cursor:
    """Where this row stands in that order."""


def policy(conn: psycopg.Connection, basis: Basis) -> PolicyRow:
    """The scoring policy in force; before the first is adopted the defaults, as version 0."""


# ── objectives ───────────────────────────────────────────────────────────────────────────────────


def objectives(conn: psycopg.Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, ObjectiveRow]:
    """The objectives with these ids; unknown ones are left out."""


def objectives_of_cycles(
    conn: psycopg.Connection, basis: Basis, cycles: Sequence[UUID], filter: ObjectiveFilter
) -> dict[UUID, list[ObjectiveRow]]:
    """All objectives of each of these cycles that pass the filter, as they were drafted."""


def objectives_of_teams(
    conn: psycopg.Connection, basis: Basis, teams: Sequence[UUID], filter: ObjectiveFilter
) -> dict[UUID, list[ObjectiveRow]]:
    """All objectives of each of these teams that pass the filter, as they were drafted."""


def objectives_of_owners(
    conn: psycopg.Connection, basis: Basis, owners: Sequence[UUID], filter: ObjectiveFilter
) -> dict[UUID, list[ObjectiveRow]]:
    """All objectives of each of these people that pass the filter, as they were drafted."""


def objectives_carried_from(
    conn: psycopg.Connection, basis: Basis, objectives: Sequence[UUID]
) -> dict[UUID, list[ObjectiveRow]]:
    """What each of these objectives was carried into, in order."""


def objectives_per_owner(
    conn: psycopg.Connection, basis: Basis, cycles: Sequence[UUID]
) -> dict[tuple[UUID, UUID], int]:
    """By (cycle, owner): how many objectives that are neither closed nor dropped."""


def objective_page(
    conn: psycopg.Connection, basis: Basis, filter: ObjectiveFilter, order: Order[ObjectiveOrder], window: Window
) -> list[ObjectiveRow]:
    """A stretch of the objectives that pass the filter."""


def objective_count(conn: psycopg.Connection, basis: Basis, filter: ObjectiveFilter) -> int:
    """How many objectives pass the filter."""


def objective_cursor(row: ObjectiveRow, order: ObjectiveOrder) -> Cursor:
    """Where this row stands in that order."""


# ── key results ──────────────────────────────────────────────────────────────────────────────────


def key_results(conn: psycopg.Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, KeyResultRow]:
    """The key results with these ids, dropped ones too; unknown ones are left out."""


def key_results_of_objectives(
    conn: psycopg.Connection, basis: Basis, objectives: Sequence[UUID], include_dropped: bool = False
) -> dict[UUID, list[KeyResultRow]]:
    """The key results of each of these objectives, as they were added."""


def key_results_of_kpis(
    conn: psycopg.Connection, basis: Basis, kpis: Sequence[UUID]
) -> dict[UUID, list[KeyResultRow]]:
    """The key results that are measured by each of these KPIs and not dropped, as they were added."""


def key_result_versions(
    conn: psycopg.Connection, basis: Basis, ids: Sequence[UUID]
) -> dict[UUID, list[KeyResultRow]]:
    """Every version of these key results up to the basis, oldest first."""


def key_result_page(
    conn: psycopg.Connection, basis: Basis, filter: KeyResultFilter, order: Order[KeyResultOrder], window: Window
) -> list[KeyResultRow]:
    """A stretch of the key results that pass the filter."""


def key_result_count(conn: psycopg.Connection, basis: Basis, filter: KeyResultFilter) -> int:
    """How many key results pass the filter."""


def key_result_cursor(row: KeyResultRow, order: KeyResultOrder) -> Cursor:
    """Where this row stands in that order."""
