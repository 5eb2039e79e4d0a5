"""The items on objectives and key results.

The figures of all goals of a scope come from kept standings; the owners and plans of key results are read for those
alone that have an item.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from api.schema.attention.framing import UNIT_OF_KEY_RESULT, Frame
from api.schema.metrics.figures import of_objectives, parts_of
from api.snapshot.snapshot import Batch
from domain.metrics.attention.items import AttentionKind, Item, Urgency
from domain.metrics.badness import degree, is_worse
from domain.metrics.rating import Health
from domain.primitives.calendar import INSTANT
from domain.primitives.values import Basis, KeyResultState, Kind, ObjectiveState, Ref
from projections.attention.owed import OwedCheckIn, owed_check_ins
from projections.attention.owned import Owned, owned_key_results
from projections.figures.goal_columns import PartColumns
from projections.tables import objective
from projections.tables.measurements import key_results_with_changed_units_within
from projections.tables.objective import AnyObjective


class _Worse(NamedTuple):
    """An objective, or a key result by the position at which it was added, that is worse than before."""

    goal: AnyObjective
    born: int | None
    before: Health | None
    health: Health | None
    gap: float


class _Behind(NamedTuple):
    """An objective that is behind, or has a key result that is: its health and its gap."""

    goal: AnyObjective
    health: Health | None
    gap: float


def goal_items(frame: Frame) -> Iterator[Item]:
    """Every item on the objectives of the scope and their key results."""
    goals = frame.within.goals
    if not goals:
        return
    of, parts = parts_of(frame.view, goals)
    owed = list(owed_check_ins(of, parts, frame.calendar.last_instant(frame.horizon.until) + INSTANT))
    worse = list(_worse(frame, parts))
    ids = [goal.id for goal in goals]
    changed = frame.view.read(key_results_with_changed_units_within, ids)
    births = {parts.kept.columns["born"][one.place] for one in owed} | {
        one.born for one in worse if one.born is not None
    }
    found = frame.view.read(owned_key_results, ids, sorted(births), sorted(frame.left), sorted(changed))
    rows = {row.born: row for row in found}
    for goal in goals:
        yield from _of_objective(frame, goal, is_bare=not parts.live(goal.born))
    yield from _of_check_ins(frame, owed, parts, rows)
    yield from _of_worse(frame, worse, rows)
    yield from _of_definitions(frame, rows, changed)


# ── objectives ───────────────────────────────────────────────────────────────────────────────────


def _of_objective(frame: Frame, goal: AnyObjective, *, is_bare: bool) -> Iterator[Item]:
    if goal.owner is None:
        yield frame.problem(AttentionKind.OWNER_MISSING, goal)
    if frame.has_left(goal.owner):
        yield frame.problem(AttentionKind.OWNER_LEFT, goal)
    if frame.is_disbanded(goal.team):
        yield frame.problem(AttentionKind.TEAM_DISBANDED, goal)
    if is_bare:
        yield frame.problem(AttentionKind.KEY_RESULTS_MISSING, goal)


# ── key results ──────────────────────────────────────────────────────────────────────────────────


def _of_check_ins(
    frame: Frame, owed: Sequence[OwedCheckIn], parts: PartColumns, rows: Mapping[int, Owned]
) -> Iterator[Item]:
    births, parents = parts.kept.columns["born"], parts.kept.columns["parent"]
    for place, due, last_at in owed:
        born = births[place]
        row = rows.get(born)
        if row is not None:
            kind = AttentionKind.NEVER_CHECKED_IN if last_at is None else AttentionKind.CHECK_IN_DUE
            person = frame.responsible_for(row, frame.goals[parents[place]])
            about, is_overdue = Ref(Kind.KEY_RESULT, row.id), due.is_overdue(frame.at)
            yield frame.dated(kind, about, born, due.on, is_overdue=is_overdue, person=person)


def _of_definitions(frame: Frame, rows: Mapping[int, Owned], changed: frozenset[UUID]) -> Iterator[Item]:
    goals = {goal.id: goal for goal in frame.within.goals}
    for row in rows.values():
        if not (row.plan_ended or row.id in changed or frame.has_left(row.owner)):
            continue
        about, person = Ref(Kind.KEY_RESULT, row.id), frame.responsible_for(row, goals[row.objective])
        if frame.has_left(row.owner):
            yield Item(AttentionKind.OWNER_LEFT, Urgency.PROBLEM, about, row.born, person)
        if row.plan_ended:
            yield Item(AttentionKind.PLAN_MISSING, Urgency.PROBLEM, about, row.born, person)
        if row.id in changed and row.state == KeyResultState.ACTIVE:
            yield frame.finding(about, row.born, person, UNIT_OF_KEY_RESULT)


# ── health ───────────────────────────────────────────────────────────────────────────────────────


def _worse(frame: Frame, parts: PartColumns) -> Iterator[_Worse]:
    """The active objectives and key results that are worse than at the earlier moment, by all that is known at the
    basis. Only what is behind now is computed there."""
    behind = _behind(frame, parts)
    if not behind:
        return
    view = frame.view.reads.at(Basis(frame.horizon.since, frame.view.basis.position))
    rows = view.by_id(objective.goals, [one.goal.id for one in behind])
    known = [one for one in behind if one.goal.id in rows]
    parts_then = parts_of(view, [rows[one.goal.id] for one in known])[1]
    fallen = Batch(view, [rows[one.goal.id] for one in known if degree(one.health)])
    before = dict(zip(fallen.column("id"), fallen.all(of_objectives).column("health"), strict=True))
    for goal, health, gap in known:
        if is_worse(before.get(goal.id), health):
            yield _Worse(goal, None, before[goal.id], health, gap)
        yield from _worse_parts(goal, parts, parts_then)


def _behind(frame: Frame, parts: PartColumns) -> list[_Behind]:
    """The active objectives that are behind, or have a key result that is."""
    active = Batch(frame.view, [goal for goal in frame.within.goals if goal.state is ObjectiveState.ACTIVE])
    figures = active.all(of_objectives)
    rated = map(_Behind, active.rows, figures.column("health"), figures.column("gap"))
    late = list(map(degree, parts.column("health", range(len(parts.kept)))))
    return [one for one in rated if degree(one.health) or any(late[place] for place in parts.live(one.goal.born))]


def _worse_parts(goal: AnyObjective, parts: PartColumns, then: PartColumns) -> Iterator[_Worse]:
    """The key results of an objective that are worse than they were in it."""
    births, places = parts.kept.columns["born"], parts.live(goal.born)
    for place, health in zip(places, parts.column("health", places), strict=True):
        earlier = then.places.get(births[place]) if degree(health) else None
        if earlier is not None and then.kept.columns["parent"][earlier] == goal.born:
            (before,), (gap,) = then.column("health", (earlier,)), parts.column("gap", (place,))
            if is_worse(before, health):
                yield _Worse(goal, births[place], before, health, gap)


def _of_worse(frame: Frame, worse: Sequence[_Worse], rows: Mapping[int, Owned]) -> Iterator[Item]:
    for goal, born, before, health, gap in worse:
        about, person = Ref(Kind.OBJECTIVE, goal.id), frame.responsible(goal)
        if born is not None:
            if born not in rows:
                continue
            about, person = Ref(Kind.KEY_RESULT, rows[born].id), frame.responsible_for(rows[born], goal)
        yield Item(
            AttentionKind.HEALTH_WORSE, Urgency.PROBLEM, about, goal.born if born is None else born, person,
            before=before, health=health, compared_at=frame.horizon.since, order=-gap,
        )  # fmt: skip
