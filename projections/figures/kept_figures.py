"""Figures of goals at a basis from kept standings: without the definitions and measurements of key results.

Key results that depend on a KPI are computed by the formula from rows, and so are those that were changed after their
end; see docs/adr/0052.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import NamedTuple, TypeAlias
from uuid import UUID

from domain.metrics import progress, wholes
from domain.metrics.formulas import clamped
from domain.metrics.plan_curve import Planned
from domain.metrics.progress import Judged, KeyResultFigures, KeyResultProgress
from domain.metrics.rating import Health
from domain.metrics.wholes import ObjectiveProgress
from domain.primitives.calendar import Calendar
from domain.primitives.values import (
    Basis,
    Cadence,
    CycleState,
    ObjectiveKind,
    ObjectiveState,
    ScoringPolicy,
)
from projections.figures import formula_inputs, latest_standings, timeline
from projections.figures.figures import Figures
from projections.figures.horizon import Horizon
from projections.figures.standing import Standing
from projections.figures.window import End, end_of_goal
from projections.standings import kept_rows
from projections.standings.kept_rows import KEPT, Kept
from projections.store.versioned_tables import Connection
from projections.tables.cycle import CycleRow, Settings
from projections.tables.key_result import KeyResultRow, key_results_by_birth
from projections.tables.kpi import KPI
from projections.tables.objective import AnyObjective


class Part(NamedTuple):
    """A key result of an objective, with its progress and its latest measurements. `is_apart`: it was changed after its
    end, so that the history of its objective tells the figures of both."""

    kept: Kept
    progress: KeyResultFigures
    current: Kept | Standing
    is_apart: bool = False


Parts: TypeAlias = dict[int, Part]
"""The key results of an objective, dropped ones too, by the position at which each was added, in that order."""


class Goals(NamedTuple):
    """Objectives at a basis, with what is in force there and the cycles of them all."""

    basis: Basis
    rows: Sequence[AnyObjective]
    cycles: Mapping[UUID, CycleRow]
    settings: Settings


def parts(conn: Connection, of: Goals) -> dict[UUID, Parts]:
    """The key results of each of these objectives, from their kept standings."""
    kept = kept_rows.of_objectives(conn, of.basis, list(map(attrgetter("id"), of.rows)))
    rules = _Rulebook(of)
    frames: dict[int, _Frame] = {}
    found: dict[int, Parts] = {}
    by_id: dict[UUID, Parts] = {}
    for row in of.rows:
        frames[row.born] = _Frame(rules, row)
        found[row.born] = by_id[row.id] = {}
    others: list[Kept] = []
    for one in kept:
        frame = frames[one.parent]
        ended = frame.end_of_dropped(one) if one.is_dropped else frame.ended
        if not one.is_kept or (ended is not None and _is_after(one, ended)):
            others.append(one)
        else:
            found[one.parent][one.born] = Part(one, frame.figures(one, ended), one)
    if not others:
        return by_id
    for part in _by_rows(conn, of, others):
        found[part.kept.parent][part.kept.born] = part
    return {row.id: dict(sorted(found[row.born].items())) for row in of.rows}


def objective(of: Goals, row: AnyObjective, parts: Parts) -> ObjectiveProgress | None:
    """The progress of an objective with these key results; None if only its history tells it: if it takes its value
    from others, or a key result was changed after its end."""
    live = [part.progress for part in parts.values() if not part.kept.is_dropped]
    if not live or any(part.is_apart for part in parts.values()):
        return None
    policy = of.settings.policies.in_force(end_of_goal(row, of.cycles[row.cycle]))
    return wholes.of_objective(formula_inputs.of_objective(row), live, policy)


def is_open_heading(of: Goals, row: AnyObjective, parts: Parts) -> bool:
    """Whether an objective takes its value from others, and has not ended."""
    is_bare = all(part.kept.is_dropped and not part.is_apart for part in parts.values())
    return is_bare and end_of_goal(row, of.cycles[row.cycle]) is None


def judged(of: Goals, parts: Mapping[UUID, Parts]) -> Iterator[tuple[Part, Judged, bool]]:
    """The key results of those of these objectives that are open, dropped ones aside: each with what its health depends
    on, and whether its goal is to hold what is given."""
    rules = _Rulebook(of)
    for row in of.rows:
        frame = _Frame(rules, row)
        for part in parts[row.id].values() if frame.ended is None else ():
            if isinstance(part.progress, KeyResultProgress):
                facts = part.progress.of
                yield part, facts, progress.is_level(facts.measured_metric)
            elif not part.kept.is_dropped:
                yield part, frame.facts(part.kept), part.kept.is_level


def _is_after(of: Kept, ended: End) -> bool:
    """Whether a key result was changed or measured after its end, which happens only if the end was recorded later than
    it was effective."""
    return ended < (of.changed_at, of.changed_position) or ended.at < of.since


# ── by the formula from rows ─────────────────────────────────────────────────────────────────────


def _by_rows(conn: Connection, of: Goals, others: Sequence[Kept]) -> Iterator[Part]:
    """The key results that depend on a KPI, or were changed or measured after their end."""
    rows = key_results_by_birth(conn, of.basis, [one.born for one in others])
    kpis = KPI.by_id(conn, of.basis, {row.kpi for row in rows.values() if row.kpi is not None})
    objectives = {row.id: row for row in of.rows}
    in_order = [rows[one.born] for one in others]
    contexts = latest_standings.contexts(of.basis, in_order, objectives, of.cycles, kpis, of.settings.calendars)
    standings = latest_standings.standings(conn, of.basis, contexts)
    figures = _figures(conn, of, [context.row for context in contexts if context.is_changed_after_end])
    for one, context, standing in zip(others, contexts, standings, strict=True):
        if figures is not None and context.is_changed_after_end:
            yield Part(one, figures.of_version(context.row), standing, is_apart=True)
        else:
            yield Part(one, latest_standings.progress_of(context, standing, of.settings, of.basis), standing)


def _figures(conn: Connection, of: Goals, changed: Sequence[KeyResultRow]) -> Figures | None:
    """The figures by the histories of the objectives of these key results."""
    if not changed:
        return None
    history = timeline.of_objectives(conn, of.basis, list({row.objective for row in changed}))
    return Figures(history, Horizon.of(of.basis))


# ── from kept standings ──────────────────────────────────────────────────────────────────────────


class _Rules(NamedTuple):
    """What is in force at an end in a cycle, or at the basis; `due_at`: the ends of days, as far as they were asked
    for."""

    policy: ScoringPolicy
    calendar: Calendar
    begins_at: datetime
    cadence: Cadence
    due_at: dict[date, datetime]


class _Rulebook:
    """The rules of the cycles at a basis, each looked up once."""

    def __init__(self, of: Goals) -> None:
        self.at = of.basis.at
        self.cycles = of.cycles
        self._settings = of.settings
        self._rules: dict[tuple[UUID, End | None], _Rules] = {}

    def of(self, cycle: CycleRow, ended: End | None) -> _Rules:
        """The rules in a cycle at an end, or at the basis."""
        found = self._rules.get((cycle.id, ended))
        if found is None:
            policies, calendars = self._settings
            calendar = calendars.in_force(ended)
            begins_at = calendar.day_start(cycle.at_end(ended).starts_on)
            found = _Rules(policies.in_force(ended), calendar, begins_at, cycle.check_in_cadence, {})
            self._rules[cycle.id, ended] = found
        return found


class _Facts(NamedTuple):
    """What the health of a key result depends on, see `domain.metrics.progress.Judged`."""

    kind: ObjectiveKind
    begins_at: datetime
    due_at: datetime
    cadence: Cadence
    is_dropped: bool
    is_planned: bool
    ended_at: datetime | None
    score: float | None
    last_measured_at: datetime | None


class _Frame:
    """An objective in its cycle at a basis, in which its key results are judged."""

    def __init__(self, rules: _Rulebook, row: AnyObjective) -> None:
        self._rules = rules
        self._row = row
        self._cycle = rules.cycles[row.cycle]
        self.ended = end_of_goal(row, self._cycle)
        self._of_ended = rules.of(self._cycle, self.ended)
        self._is_dropped = row.state is ObjectiveState.DROPPED
        self._is_planned = row.state is ObjectiveState.DRAFT or self._cycle.state is CycleState.PLANNING

    def end_of_dropped(self, of: Kept) -> End:
        """The end of the window of a dropped key result; that of the others is `ended`."""
        dropped = End(of.changed_at, of.changed_position)
        return dropped if self.ended is None else min(dropped, self.ended)

    def facts(self, of: Kept) -> Judged:
        """What the health of an open key result depends on."""
        rules = self._of_ended
        return _Facts(
            self._row.kind, max(of.created_at, rules.begins_at), rules.calendar.day_end(of.due), rules.cadence,
            of.is_dropped or self._is_dropped, self._is_planned, None, of.score, of.last_measured_at,
        )  # fmt: skip

    def figures(self, of: Kept, ended: End | None) -> KeyResultFigures:
        """The progress of a key result whose window has this end."""
        rules = self._of_ended if ended == self.ended else self._rules.of(self._cycle, ended)
        begins_at, due_at = max(of.created_at, rules.begins_at), rules.due_at.get(of.due)
        if due_at is None:
            due_at = rules.due_at[of.due] = rules.calendar.day_end(of.due)
        share = of.share if of.share is not None or ended is None else self._personal_score(of)
        facts = _Facts(
            self._row.kind, begins_at, due_at, rules.cadence, of.is_dropped or self._is_dropped, self._is_planned,
            None if ended is None else ended.at, of.score, of.last_measured_at,
        )  # fmt: skip
        value, at = clamped(share), self._rules.at
        if ended is not None:
            due = 1.0
        elif of.metric is None:
            due = progress.straight(begins_at, due_at, at, is_level=of.is_level)
        else:
            due = _planned(of.metric, of.plan, begins_at, due_at, at, rules.calendar)
        gap = due - (value or 0.0)
        health = progress.pace(facts, value, rules.policy, is_level=of.is_level).health(at, gap)
        return KeyResultFigures(
            value, share, due, health, 0.0 if health is Health.PENDING else gap, float(value is not None),
            of.confidence, of.confidence, of.weight,
        )  # fmt: skip

    def _personal_score(self, of: Kept) -> float | None:
        """The score, unless the command that closed the objective recorded it."""
        closed_in = self._row.closed_in
        return None if closed_in is not None and of.scored_in == closed_in else of.score


_METRIC, _PLAN = KEPT.loads("metric"), KEPT.loads("plan")


def _planned(
    metric: bytes, points: bytes, begins_at: datetime, due_at: datetime, at: datetime, calendar: Calendar
) -> float:
    """The expected progress by a plan."""
    plan = tuple(Planned(calendar.day_end(point.on), point.value) for point in _PLAN(points))
    return progress.expected(_METRIC(metric), begins_at, due_at, at, plan)
