"""Key results and their definitions: title, metric, weight, due day, owner and KPI link."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import singledispatch
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from domain.model.event import Event, Recorded
from domain.model.key_result import (
    KeyResultAdded,
    KeyResultAssigned,
    KeyResultDropped,
    KeyResultLabelled,
    KeyResultLinked,
    KeyResultMoved,
    KeyResultPlanned,
    KeyResultReopened,
    KeyResultRescheduled,
    KeyResultRetargeted,
    KeyResultReweighed,
    KeyResultReworded,
    KeyResultScored,
    KeyResultUnlinked,
)
from domain.primitives.values import Aggregation, Basis, KeyResultState, Kind, Metric, ObjectiveState, PlanPoint
from projections.store.batch_writer import BatchWriter, Reads
from projections.store.keyset import LABELLED, Filter, FilterBuilder, List, Range, SortKey, text
from projections.store.rows import Version
from projections.store.versioned_tables import (
    Connection,
    Few,
    Narrow,
    Table,
    VersionedTable,
    basis_params,
    fetch,
    grouped,
    is_last,
)
from projections.tables.objective import OBJECTIVE

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class FormerLink(msgspec.Struct, frozen=True):
    """The last link to a KPI of a key result that was unlinked at `until`."""

    kpi: UUID
    aggregate: Aggregation | None
    count_from: date | None
    until: datetime


class KeyResultRow(Version, frozen=True, gc=False):
    """`aggregate` and `count_from` belong to the link to `kpi`; all three are None without a link.

    `aggregate` is None for LAST. `plan_ended`: the last plan was not given up but ended, because another metric or due
    day left nothing of it. `former` is the last link, once it is unlinked. `scored_in` and `scored_position` are
    the command and the event that recorded the score: if the same command closed the objective, no person gave it.
    `arrived`: it is the first version in this objective and cycle, of those there may be several.
    """

    objective: UUID
    cycle: UUID
    title: str
    description: str | None
    metric: Metric
    owner: UUID | None
    weight: float
    due: date
    kpi: UUID | None
    aggregate: Aggregation | None
    count_from: date | None
    carried_from: UUID | None
    state: KeyResultState = KeyResultState.ACTIVE
    score: float | None = None
    score_note: str | None = None
    scored_in: UUID | None = None
    scored_position: int | None = None
    former: FormerLink | None = None
    plan: tuple[PlanPoint, ...] = ()
    plan_ended: bool = False
    labels: tuple[str, ...] = ()
    arrived: bool = True


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

KEY_RESULT = VersionedTable(
    Kind.KEY_RESULT,
    KeyResultRow,
    [
        "(objective, id) where arrived",
        "(cycle, born) where arrived",
        "(born, id) where arrived",
        "(id) where arrived and version > 1",
        "(owner, id)",
        "(kpi, id)",
        *LABELLED,
    ],
    searched=("title", "description"),
)
TABLES: tuple[Table[Any], ...] = (KEY_RESULT,)

# ── handlers ─────────────────────────────────────────────────────────────────────────────────────

READS: Reads = {
    KeyResultAdded: lambda event: [(OBJECTIVE, event.objective)],
    KeyResultMoved: lambda event: [(OBJECTIVE, event.objective)],
}


@singledispatch
def apply(event: Event, entry: Recorded, writer: BatchWriter) -> None:
    """Apply an event to the tables of this projection; most events are ignored."""


@apply.register
def on_key_result_added(event: KeyResultAdded, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_first(KEY_RESULT, entry, cycle=writer.current(OBJECTIVE, event.objective).cycle)


@apply.register(KeyResultReworded)
@apply.register(KeyResultAssigned)
@apply.register(KeyResultReweighed)
@apply.register(KeyResultLabelled)
def on_key_result_edited(event: Event, entry: Recorded, writer: BatchWriter) -> None:
    _change(writer, entry)


@apply.register(KeyResultRetargeted)
@apply.register(KeyResultRescheduled)
def on_terms_changed(event: KeyResultRetargeted | KeyResultRescheduled, entry: Recorded, writer: BatchWriter) -> None:
    row = writer.current(KEY_RESULT, event.originator_id)
    _change(writer, entry, plan_ended=not event.plan and (row.plan_ended or bool(row.plan)))


@apply.register
def on_key_result_moved(event: KeyResultMoved, entry: Recorded, writer: BatchWriter) -> None:
    row, cycle = writer.current(KEY_RESULT, event.originator_id), writer.current(OBJECTIVE, event.objective).cycle
    _change(writer, entry, cycle=cycle, arrived=True, plan_ended=not event.plan and (row.plan_ended or bool(row.plan)))


@apply.register
def on_key_result_planned(event: KeyResultPlanned, entry: Recorded, writer: BatchWriter) -> None:
    _change(writer, entry, plan_ended=False)


@apply.register
def on_key_result_linked(event: KeyResultLinked, entry: Recorded, writer: BatchWriter) -> None:
    _change(writer, entry, former=None)


@apply.register
def on_key_result_unlinked(event: KeyResultUnlinked, entry: Recorded, writer: BatchWriter) -> None:
    row = writer.current(KEY_RESULT, event.originator_id)
    assert row.kpi is not None
    former = FormerLink(row.kpi, row.aggregate, row.count_from, event.timestamp)
    _change(writer, entry, kpi=None, aggregate=None, count_from=None, former=former)


@apply.register
def on_key_result_scored(event: KeyResultScored, entry: Recorded, writer: BatchWriter) -> None:
    scored = {"score_note": event.note, "scored_in": entry.by.command, "scored_position": entry.position}
    _change(writer, entry, state=KeyResultState.SCORED, **scored)


@apply.register
def on_key_result_reopened(event: KeyResultReopened, entry: Recorded, writer: BatchWriter) -> None:
    unscored = dict.fromkeys(("score", "score_note", "scored_in", "scored_position"))
    _change(writer, entry, state=KeyResultState.ACTIVE, **unscored)


@apply.register
def on_key_result_dropped(event: KeyResultDropped, entry: Recorded, writer: BatchWriter) -> None:
    _change(writer, entry, state=KeyResultState.DROPPED)


def _change(writer: BatchWriter, entry: Recorded, **fields: Any) -> None:
    writer.insert_version(KEY_RESULT, entry, **{"arrived": False} | fields)


# ── filters and orders ───────────────────────────────────────────────────────────────────────────


class KeyResultFilter(Filter, frozen=True):
    """`teams`: one of them is the team of the objective. `states` are those of the key result itself.
    `labels`: it has all of them. `cycles`, `owners`, `any_labels`: it has one of them.
    `owned`: whether it has an owner. `contributor`: one of those of its objective. `due`: its due day. `created` and
    `changed`: the times of its creation and of its last change. `objective_state`: the state of one of the
    objectives that it ever was in."""

    cycle: UUID | None = None
    teams: tuple[UUID, ...] | None = None
    owner: UUID | None = None
    objective: UUID | None = None
    kpi: UUID | None = None
    states: tuple[KeyResultState, ...] | None = None
    labels: tuple[str, ...] | None = None
    search: str | None = None
    cycles: tuple[UUID, ...] | None = None
    owners: tuple[UUID, ...] | None = None
    owned: bool | None = None
    contributor: UUID | None = None
    any_labels: tuple[str, ...] | None = None
    due: Range | None = None
    created: Range | None = None
    changed: Range | None = None
    objective_state: ObjectiveState | None = None


class KeyResultOrder(StrEnum):
    RECORDED = "RECORDED"
    TITLE = "TITLE"
    DUE = "DUE"
    WEIGHT = "WEIGHT"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


# ── queries ──────────────────────────────────────────────────────────────────────────────────────


key_results = KEY_RESULT.by_id
"""The key results with these ids, dropped ones too; unknown ones are left out."""


def ever_in_objectives(conn: Connection, basis: Basis, objectives: Sequence[UUID]) -> dict[int, UUID]:
    """The key results that were ever in one of these objectives up to the basis, by the position at which each was
    added: those of the first objective first, in the order of addition."""
    sql = (
        "select k.born, k.id from unnest(%(ids)b::uuid[]) with ordinality as o (id, n)"
        " join key_result k on k.objective = o.id and k.arrived"
        " where k.position <= %(position)s and k.changed_at <= %(at)s order by o.n, k.born"
    )
    return dict(fetch(conn, sql, basis_params(basis, ids=list(objectives)), prepare=False))


def key_results_by_birth(conn: Connection, basis: Basis, births: Sequence[int]) -> dict[int, KeyResultRow]:
    """The key results that were added at these positions, by position."""
    sql = KEY_RESULT.query(basis, "select distinct id from key_result where arrived and born = any(%(births)b)")
    return {row.born: row for row in KEY_RESULT.read(conn, sql, basis_params(basis, births=list(births)))}


def key_results_of_objectives(
    conn: Connection, basis: Basis, objectives: Sequence[UUID], include_dropped: bool = False
) -> dict[UUID, list[KeyResultRow]]:
    """The key results of each of these objectives, in the order in which they were added."""
    kept = "true" if include_dropped else "v.state <> 'DROPPED'"
    return KEY_RESULT.within(conn, basis, "objective", objectives, kept)


def few_of_key_results(
    conn: Connection, basis: Basis, objectives: Sequence[UUID], narrow: Narrow, include_dropped: bool = False
) -> tuple[Few, Sequence[int]]:
    """The same with a few columns, and how many of them each objective has."""
    kept = "true" if include_dropped else "v.state <> 'DROPPED'"
    return KEY_RESULT.narrow_within(conn, basis, "objective", objectives, narrow, kept)


def key_results_of_owners(
    conn: Connection, basis: Basis, owners: Sequence[UUID], filter: "KeyResultFilter"
) -> dict[UUID, list[KeyResultRow]]:
    """All key results of each of these people that pass the filter, in the order of addition."""
    return KEY_RESULTS.with_column(conn, basis, filter, "owner", owners)


def key_results_of_kpis(conn: Connection, basis: Basis, kpis: Sequence[UUID]) -> dict[UUID, list[KeyResultRow]]:
    """The key results that are linked to each of these KPIs and not dropped, in the order in which they were added."""
    rows = KEY_RESULT.by(conn, basis, "kpi", kpis, "v.state <> 'DROPPED'")
    return grouped(kpis, rows, attrgetter("kpi"))


def _key_result_conditions(basis: Basis, filter: KeyResultFilter) -> FilterBuilder:
    builder = FilterBuilder("f.arrived")
    builder.where_home(KEY_RESULT, "cycle", filter.cycle)
    builder.where_home(KEY_RESULT, "objective", filter.objective)
    builder.where_column(KEY_RESULT, "owner", filter.owner)
    builder.where_column(KEY_RESULT, "kpi", filter.kpi)
    builder.where("v.state = any({0})", filter.states)
    of_teams = f"exists (select from {OBJECTIVE.at(basis, 'o', 'v.objective')} where o.team = any({{0}}))"
    builder.where(of_teams, filter.teams)
    ever_of_teams = (
        "select k.id from key_result k where k.arrived"
        " and k.objective in (select id from objective where team = any({0}))"
    )
    builder.where_first(f"f.id in ({ever_of_teams})", filter.teams)
    in_state = f"select v.id from objective v where {is_last('objective', basis, 'v')} and v.state = {{0}}"
    builder.where_first(f"f.objective in ({in_state})", filter.objective_state)
    builder.where_labels(KEY_RESULT, filter.labels)
    builder.where_home(KEY_RESULT, "cycle", filter.cycles)
    builder.where_column(KEY_RESULT, "owner", filter.owners)
    builder.where("(v.owner is not null) = {0}", filter.owned)
    contributes = f"exists (select from {OBJECTIVE.at(basis, 'o', 'v.objective')} where {{0}} = any(o.contributors))"
    builder.where(contributes, filter.contributor)
    builder.where_any_label(KEY_RESULT, filter.any_labels)
    builder.where_in("v.due", filter.due)
    builder.where_in("v.created_at", filter.created)
    builder.where_in("v.changed_at", filter.changed)
    builder.search(filter.search)
    return builder


KEY_RESULTS = List(
    KEY_RESULT,
    _key_result_conditions,
    {
        KeyResultOrder.TITLE: text("title"),
        KeyResultOrder.DUE: SortKey("due", "v.due", "date"),
        KeyResultOrder.WEIGHT: SortKey("weight", "v.weight", "float8"),
    },
)


class Membership(NamedTuple):
    """A key result, the position at which it was added, its objective, and its due day."""

    id: UUID
    born: int
    objective: UUID
    due: date


def key_results_that_pass(conn: Connection, basis: Basis, filter: KeyResultFilter) -> list[Membership]:
    """All key results that pass the filter, in the order of addition."""
    found = KEY_RESULTS.columns(conn, basis, filter, "v.id, v.born, v.objective, v.due")
    return list(map(Membership._make, found))
