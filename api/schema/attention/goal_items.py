"""The items on objectives and key results.

The figures of all goals of a scope come from kept standings; the owners and plans of key results are read for those
alone that have an item.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from api.schema.attention.framing import UNIT_OF_KEY_RESULT, Frame
from api.schema.metrics.figures import of_objectives, parts_of
from domain.metrics.attention.items import AttentionKind, Item, Urgency
from domain.metrics.badness import degree, is_worse
from domain.metrics.progress import Progress
from domain.primitives.calendar import INSTANT
from domain.primitives.values import Basis, KeyResultState, Kind, ObjectiveState, Ref
from projections.attention.owed import OwedCheckIn, owed_check_ins
from projections.attention.owned import Owned, owned_key_results
from projections.figures.goal_columns import Parts, PartsOf
from projections.tables import objective
from projections.tables.measurements import key_results_with_changed_units_within
from projections.tables.objective import AnyObjective


class _Worse(NamedTuple):
    """An objective, or a key result by the position at which it was added, that is worse than before."""

    goal: AnyObjective
    born: int | None
    before: Progress
    now: Progress


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
    births = {one.born for one in owed} | {one.born for one in worse if one.born is not None}
    found = frame.view.read(owned_key_results, ids, sorted(births), sorted(frame.left), sorted(changed))
    rows = {row.born: row for row in found}
    for goal in goals:
        yield from _of_objective(frame, goal, parts[goal.born])
    yield from _of_check_ins(frame, owed, rows)
    yield from _of_worse(frame, worse, rows)
    yield from _of_definitions(frame, rows, changed)


# ── objectives ───────────────────────────────────────────────────────────────────────────────────


def _of_objective(frame: Frame, goal: AnyObjective, parts: Parts) -> Iterator[Item]:
    if goal.owner is None:
        yield frame.problem(AttentionKind.OWNER_MISSING, goal)
    if frame.has_left(goal.owner):
        yield frame.problem(AttentionKind.OWNER_LEFT, goal)
    if frame.is_disbanded(goal.team):
        yield frame.problem(AttentionKind.TEAM_DISBANDED, goal)
    if all(part.kept.is_dropped for part in parts.values()):
        yield frame.problem(AttentionKind.KEY_RESULTS_MISSING, goal)


# ── key results ──────────────────────────────────────────────────────────────────────────────────


def _of_check_ins(frame: Frame, owed: Sequence[OwedCheckIn], rows: Mapping[int, Owned]) -> Iterator[Item]:
    for parent, born, due, last_at in owed:
        row = rows.get(born)
        if row is not None:
            kind = AttentionKind.NEVER_CHECKED_IN if last_at is None else AttentionKind.CHECK_IN_DUE
            person = frame.responsible_for(row, frame.goals[parent])
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


def _worse(frame: Frame, parts: PartsOf) -> Iterator[_Worse]:
    """The active objectives and key results that are worse than at the earlier moment, by all that is known at the
    basis. Only what is behind now is computed there."""
    active = [goal for goal in frame.within.goals if goal.state is ObjectiveState.ACTIVE]
    behind = [goal for goal in active if _may_be_behind(frame, parts[goal.born])]
    if not behind:
        return
    now = frame.view.computed(of_objectives, behind)
    then = frame.view.reads.at(Basis(frame.horizon.since, frame.view.basis.position))
    goals = then.by_id(objective.goals, [goal.id for goal in behind])
    known = [goal for goal in behind if goal.id in goals]
    parts_then = parts_of(then, [goals[goal.id] for goal in known])[1] if known else {}
    fallen = [goals[goal.id] for goal in known if degree(now[goal.id].health)]
    before = then.computed(of_objectives, fallen) if fallen else {}
    for goal in known:
        if degree(now[goal.id].health) and is_worse(before[goal.id].health, now[goal.id].health):
            yield _Worse(goal, None, before[goal.id], now[goal.id])
        yield from _worse_parts(goal, parts[goal.born], parts_then[goal.born])


def _may_be_behind(frame: Frame, parts: Parts) -> bool:
    """Whether an objective or one of its key results may be behind: the gap of a whole is the mean of those of its
    parts. Without parts it takes its value from others."""
    most = frame.view.scoring.on_track_gap
    gaps = [part.progress.gap for part in parts.values() if not part.kept.is_dropped]
    return not gaps or max(gaps) > most


def _worse_parts(goal: AnyObjective, parts: Parts, earlier: Parts) -> Iterator[_Worse]:
    for born, part in parts.items():
        if degree(part.progress.health) and born in earlier:
            before = earlier[born].progress
            if is_worse(before.health, part.progress.health):
                yield _Worse(goal, born, before, part.progress)


def _of_worse(frame: Frame, worse: Sequence[_Worse], rows: Mapping[int, Owned]) -> Iterator[Item]:
    for goal, born, before, now in worse:
        about, person = Ref(Kind.OBJECTIVE, goal.id), frame.responsible(goal)
        if born is not None:
            if born not in rows:
                continue
            about, person = Ref(Kind.KEY_RESULT, rows[born].id), frame.responsible_for(rows[born], goal)
        yield Item(
            AttentionKind.HEALTH_WORSE, Urgency.PROBLEM, about, goal.born if born is None else born, person,
            before=before.health, health=now.health, compared_at=frame.horizon.since, order=-now.gap,
        )  # fmt: skip
