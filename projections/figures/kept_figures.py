"""Figures of goals at a basis from kept standings: without the definitions and measurements of key results.

Key results that depend on a KPI are computed by the formula from rows, and so are those that were changed after their
end; see docs/adr/0052.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

from domain.metrics import progress, wholes
from domain.metrics.formulas import clamped
from domain.metrics.plan_curve import Planned
from domain.metrics.progress import KeyResultFigures
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
from projections.figures import formula_inputs, latest_standings
from projections.figures.window import End, end_of_goal
from projections.standings.kept_rows import KEPT, Kept
from projections.store.versioned_tables import Connection
from projections.tables.cycle import CycleRow, Settings
from projections.tables.key_result import key_results_by_birth
from projections.tables.kpi import KPI
from projections.tables.objective import AnyObjective

Cycles: TypeAlias = Mapping[UUID, CycleRow]


class Part(NamedTuple):
    """A key result of an objective, with its progress; None if only the history of its objective tells it."""

    kept: Kept
    progress: KeyResultFigures | None


Parts: TypeAlias = dict[int, Part]
"""The key results of an objective, dropped ones too, by the position at which each was added, in that order."""


def parts(
    conn: Connection,
    basis: Basis,
    objectives: Sequence[AnyObjective],
    kept: Iterable[Kept],
    cycles: Cycles,
    settings: Settings,
) -> dict[UUID, Parts]:
    """The key results of each of these objectives, from their kept standings."""
    reader = _Reader(basis, settings, cycles)
    frames = {row.born: reader.frame(row) for row in objectives}
    found: dict[int, Parts] = {row.born: {} for row in objectives}
    for one in kept:
        found[one.parent][one.born] = Part(one, frames[one.parent].figures(one))
    unkept = [part.kept for of in found.values() for part in of.values() if part.progress is _UNKEPT]
    for birth, figures in _by_rows(conn, basis, unkept, objectives, cycles, settings).items():
        found[birth.parent][birth.born] = Part(birth, figures)
    return {row.id: found[row.born] for row in objectives}


def objective(
    row: AnyObjective, of: Parts, cycles: Cycles, settings: Settings
) -> ObjectiveProgress | None:
    """The progress of an objective with these key results; None if only its history tells it: if it takes its value
    from others, or a key result was changed after its end."""
    live = [part.progress for part in of.values() if not part.kept.is_dropped]
    known = [one for one in live if one is not None]
    if not known or any(part.progress is None for part in of.values()):
        return None
    policy = settings.policies.in_force(end_of_goal(row, cycles[row.cycle]))
    return wholes.of_objective(formula_inputs.of_objective(row), known, policy)


# ── by the formula from rows ─────────────────────────────────────────────────────────────────────

_UNKEPT: Final = KeyResultFigures(None, None, None, None, 0.0, 0.0, None, None, 0.0)
"""The mark of a key result whose standing is not kept."""


def _by_rows(
    conn: Connection,
    basis: Basis,
    unkept: Sequence[Kept],
    objectives: Sequence[AnyObjective],
    cycles: Cycles,
    settings: Settings,
) -> dict[Kept, KeyResultFigures]:
    if not unkept:
        return {}
    rows = key_results_by_birth(conn, basis, [one.born for one in unkept])
    kpis = KPI.by_id(conn, basis, {row.kpi for row in rows.values() if row.kpi is not None})
    by_id = {row.id: row for row in objectives}
    of = latest_standings.contexts(
        basis, [rows[one.born] for one in unkept], by_id, cycles, kpis, settings.calendars
    )
    standings = latest_standings.standings(conn, basis, of)
    return {
        one: latest_standings.progress_of(context, standing, settings, basis)
        for one, context, standing in zip(unkept, of, standings, strict=True)
    }


# ── from kept standings ──────────────────────────────────────────────────────────────────────────


class _Rules(NamedTuple):
    """What is in force at an end in a cycle, or at the basis; `due_at`: the ends of days, as far as they were asked
    for."""

    policy: ScoringPolicy
    calendar: Calendar
    begins_at: datetime
    cadence: Cadence
    due_at: dict[date, datetime]


class _Reader:
    """The rules of the cycles at a basis, each looked up once."""

    def __init__(self, basis: Basis, settings: Settings, cycles: Cycles) -> None:
        self.at = basis.at
        self._settings = settings
        self._cycles = cycles
        self._rules: dict[tuple[UUID, End | None], _Rules] = {}

    def frame(self, row: AnyObjective) -> "_Frame":
        return _Frame(self, row, self._cycles[row.cycle])

    def rules(self, cycle: CycleRow, ended: End | None) -> _Rules:
        found = self._rules.get((cycle.id, ended))
        if found is None:
            policies, calendars = self._settings
            calendar = calendars.in_force(ended)
            begins_at = calendar.day_start(cycle.starts_on)
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

    def __init__(self, reader: _Reader, row: AnyObjective, cycle: CycleRow) -> None:
        self._reader = reader
        self._row = row
        self._cycle = cycle
        self._ended = end_of_goal(row, cycle)
        self._rules = reader.rules(cycle, self._ended)
        self._is_dropped = row.state is ObjectiveState.DROPPED
        self._is_planned = row.state is ObjectiveState.DRAFT or cycle.state is CycleState.PLANNING

    def figures(self, of: Kept) -> KeyResultFigures | None:
        """The progress of a key result, or the mark that its standing is not kept; None if it was changed or measured
        after its end."""
        ended, rules = self._ended, self._rules
        if of.is_dropped:
            ended = min(filter(None, (ended, End(of.changed_at, of.changed_position))))
            rules = self._reader.rules(self._cycle, ended)
        if ended is not None and (ended < (of.changed_at, of.changed_position) or ended.at < of.since):
            return None
        return self._judged(of, ended, rules) if of.is_kept else _UNKEPT

    def _judged(self, of: Kept, ended: End | None, rules: _Rules) -> KeyResultFigures:
        begins_at, due_at = max(of.created_at, rules.begins_at), rules.due_at.get(of.due)
        if due_at is None:
            due_at = rules.due_at[of.due] = rules.calendar.day_end(of.due)
        share = of.share if of.share is not None or ended is None else self._personal_score(of)
        facts = _Facts(
            self._row.kind, begins_at, due_at, rules.cadence, of.is_dropped or self._is_dropped, self._is_planned,
            None if ended is None else ended.at, of.score, of.last_measured_at,
        )  # fmt: skip
        value, at = clamped(share), self._reader.at
        due = 1.0 if ended is not None else _expected(of, begins_at, due_at, at, rules.calendar)
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


def _expected(of: Kept, begins_at: datetime, due_at: datetime, at: datetime, calendar: Calendar) -> float:
    if of.metric is None:
        return progress.straight(begins_at, due_at, at, is_level=of.is_level)
    plan = tuple(Planned(calendar.day_end(point.on), point.value) for point in _PLAN(of.plan))
    return progress.expected(_METRIC(of.metric), begins_at, due_at, at, plan)
