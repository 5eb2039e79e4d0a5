"""Figures of goals at a basis from kept standings: without the definitions and measurements of key results.

Key results that depend on a KPI are computed by the formula from rows, and so are those that were changed after their
end; see docs/adr/0052.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple, cast

from domain.metrics import progress
from domain.metrics.formulas import clamped
from domain.metrics.plan_curve import Planned
from domain.metrics.progress import Judged, KeyResultProgress
from domain.metrics.rating import Health
from domain.primitives.calendar import Calendar
from domain.primitives.lazy import cached_property
from domain.primitives.values import (
    Cadence,
    CycleState,
    ObjectiveKind,
    ObjectiveState,
    ScoringPolicy,
)
from projections.figures import latest_standings, timeline
from projections.figures.figures import Figures
from projections.figures.goal_columns import Goals, Judgement, Part, PartColumns
from projections.figures.horizon import Horizon
from projections.figures.window import End, end_of_goal
from projections.standings import kept_rows
from projections.standings.kept_rows import KEPT, Kept
from projections.store.versioned_tables import Connection
from projections.tables.cycle import CycleRow
from projections.tables.key_result import KeyResultRow, key_results_by_birth
from projections.tables.kpi import KPI
from projections.tables.objective import AnyObjective


def add_parts(conn: Connection, of: Goals, to: PartColumns) -> None:
    """Add the key results of those of these objectives that are missing there, from their kept standings."""
    rules = _Rulebook(of)
    frames = {row.born: _Frame(rules, row) for row in of.rows if row.born not in to.policies}
    ended = any(map(attrgetter("ended"), frames.values()))
    kept = kept_rows.of_objectives(conn, of.basis, list(map(attrgetter("id"), frames.values())), ended=ended)
    figures: list[Any] = [frames[one.parent].judgement(one) for one in kept]
    by_rows: dict[int, Part] = {}
    if None in figures:
        others = [one for one, own in zip(kept, figures, strict=True) if own is None]
        by_rows = {part.kept.born: part for part in _by_rows(conn, of, others)}
        figures = [own or by_rows[one.born].judgement for one, own in zip(kept, figures, strict=True)]
    to.add(dict(zip(frames, map(attrgetter("policy"), frames.values()), strict=True)), kept, figures, by_rows)


def is_open_heading(of: Goals, row: AnyObjective, parts: PartColumns) -> bool:
    """Whether an objective takes its value from others, and has not ended."""
    return parts.is_bare(row.born) and end_of_goal(row, of.cycles[row.cycle]) is None


def judged(of: Goals, parts: PartColumns) -> Iterator[tuple[int, Judged, bool]]:
    """The key results of those of these objectives that are open, dropped ones aside, by their places: what the health
    of each depends on, and whether its goal is to hold what is given."""
    rules = _Rulebook(of)
    for row in of.rows:
        frame = _Frame(rules, row)
        for place in parts.live(row.born) if frame.ended is None else ():
            if place in parts.by_rows:
                facts = cast("KeyResultProgress", parts.by_rows[place].progress).of
                yield place, facts, progress.is_level(facts.measured_metric)
            else:
                kept = parts.kept[place]
                yield place, frame.facts(kept), kept.is_level


def _is_after(of: Kept, ended: End) -> bool:
    """Whether a key result was changed or measured after its end, which happens only if the end was recorded later than
    it was effective."""
    assert of.since is not None
    return ended < _changed(of) or ended.at < of.since


def _changed(of: Kept) -> End:
    """The last change of a key result that has ended."""
    assert of.changed_at is not None
    assert of.changed_position is not None
    return End(of.changed_at, of.changed_position)


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


class _Rules:
    """What is in force at an end in a cycle, or at the basis."""

    def __init__(self, policy: ScoringPolicy, calendar: Calendar, begins_on: date, cadence: Cadence) -> None:
        self.policy = policy
        self.calendar = calendar
        self.begins_at = calendar.day_start(begins_on)
        self.cadence = cadence
        self._ends: dict[date, datetime] = {}

    @cached_property
    def silence(self) -> timedelta:
        """The time without a measurement after which a key result is stale."""
        return self.policy.stale_after(self.cadence)

    def day_end(self, day: date) -> datetime:
        """The end of a day, looked up once."""
        found = self._ends.get(day)
        if found is None:
            found = self._ends[day] = self.calendar.day_end(day)
        return found


class _Rulebook:
    """The rules of the cycles at a basis, each looked up once."""

    def __init__(self, of: Goals) -> None:
        self.at = of.basis.at
        self.cycles = of.cycles
        self._settings = of.settings
        self._rules: dict[tuple[int, End | None], _Rules] = {}

    def of(self, cycle: CycleRow, ended: End | None) -> _Rules:
        """The rules in a cycle at an end, or at the basis."""
        found = self._rules.get((cycle.born, ended))
        if found is None:
            policies, calendars = self._settings
            begins_on = cycle.at_end(ended).starts_on
            found = _Rules(policies.in_force(ended), calendars.in_force(ended), begins_on, cycle.check_in_cadence)
            self._rules[cycle.born, ended] = found
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
        self.id = row.id
        self._rules = rules
        self._row = row
        self._cycle = rules.cycles[row.cycle]
        self.ended = end_of_goal(row, self._cycle)
        self._of_ended = rules.of(self._cycle, self.ended)
        self.policy = self._of_ended.policy
        self._is_dropped = row.state is ObjectiveState.DROPPED
        self._is_planned = row.state is ObjectiveState.DRAFT or self._cycle.state is CycleState.PLANNING

    def end_of_dropped(self, of: Kept) -> End:
        """The end of the window of a dropped key result; that of the others is `ended`."""
        dropped = _changed(of)
        return dropped if self.ended is None else min(dropped, self.ended)

    def facts(self, of: Kept) -> Judged:
        """What the health of an open key result depends on."""
        return self._facts(of, None, self._of_ended)

    def _facts(self, of: Kept, ended: End | None, rules: _Rules) -> Judged:
        return _Facts(
            self._row.kind, max(of.created_at, rules.begins_at), rules.day_end(of.due), rules.cadence,
            of.is_dropped or self._is_dropped, self._is_planned, None if ended is None else ended.at, of.score,
            of.last_measured_at,
        )  # fmt: skip

    def judgement(self, of: Kept) -> Judgement | None:
        """The figures of a key result; None if it depends on a KPI, or was changed or measured after its end."""
        ended = self.end_of_dropped(of) if of.is_dropped else self.ended
        if not of.is_kept or (ended is not None and _is_after(of, ended)):
            return None
        return self._open(of) if ended is None else self._ended(of, ended)

    def _open(self, of: Kept) -> Judgement:
        rules, at, share, is_level = self._of_ended, self._rules.at, of.share, of.is_level
        begins_at = max(rules.begins_at, of.created_at)
        due_at, value = rules.day_end(of.due), clamped(share)
        if of.metric is None:
            due = 1.0 if is_level else progress.elapsed(begins_at, due_at, at)
        else:
            due = _planned(of, begins_at, due_at, at, rules.calendar)
        if self._is_planned:
            return value, share, due, Health.PENDING, 0.0
        gap = due - (value or 0.0)
        pace = progress.open_pace(
            begins_at, due_at, of.last_measured_at, rules.silence, value, rules.policy, is_level=is_level
        )
        health = pace.health(at, gap)
        return value, share, due, health, 0.0 if health is Health.PENDING else gap

    def _ended(self, of: Kept, ended: End) -> Judgement:
        rules = self._of_ended if ended == self.ended else self._rules.of(self._cycle, ended)
        share = of.share if of.share is not None else self._personal_score(of)
        value = clamped(share)
        gap = 1.0 - (value or 0.0)
        pace = progress.pace(self._facts(of, ended, rules), value, rules.policy, is_level=of.is_level)
        health = pace.health(self._rules.at, gap)
        return value, share, 1.0, health, 0.0 if health is Health.PENDING else gap

    def _personal_score(self, of: Kept) -> float | None:
        """The score, unless the command that closed the objective recorded it."""
        closed_in = self._row.closed_in
        return None if closed_in is not None and of.scored_in == closed_in else of.score


_METRIC, _PLAN = KEPT.loads("metric"), KEPT.loads("plan")


def _planned(of: Kept, begins_at: datetime, due_at: datetime, at: datetime, calendar: Calendar) -> float:
    """The expected progress by a plan."""
    plan = tuple(Planned(calendar.day_end(point.on), point.value) for point in _PLAN(of.plan))
    return progress.expected(_METRIC(of.metric), begins_at, due_at, at, plan)
