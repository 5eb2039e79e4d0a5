"""Figures of goals at a basis from kept standings: without the definitions and measurements of key results.

Key results that depend on a KPI are computed by the formula from rows, and so are those that were changed after their
end; see docs/adr/0052.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from operator import attrgetter
from typing import Any, NamedTuple, cast

from domain.metrics import open_columns, progress
from domain.metrics.formulas import clamped
from domain.metrics.open_columns import OpenKeyResults
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
from projections.figures import formula_inputs, latest_standings, timeline
from projections.figures.figures import Figures
from projections.figures.goal_columns import JUDGED, Goals, Judgement, Part, PartColumns
from projections.figures.horizon import Horizon
from projections.figures.window import End, end_of_goal
from projections.standings import kept_rows
from projections.standings.kept_rows import KEPT, Few, Kept, KeptColumns
from projections.store.columnar import at_places, values_of
from projections.store.stored_columns import MICROSECOND, day, moment, stored
from projections.store.stored_ids import keys_of
from projections.store.versioned_tables import Connection
from projections.tables.cycle import CycleRow
from projections.tables.key_result import KeyResultRow, key_results_by_birth
from projections.tables.kpi import KPI
from projections.tables.objective import AnyObjective


def add_parts(conn: Connection, of: Goals, to: PartColumns, shown: tuple[str, ...] = ()) -> KeptColumns:
    """Add the key results of those of these objectives that are missing there, from their kept standings. Returns
    these, with the columns `shown`, see `projections.standings.kept_rows.SHOWN`."""
    rows = [row for row in of.rows if row.born not in to.policies] if to.policies else of.rows
    frames = dict(zip(values_of(rows, "born"), _Rulebook(of).frames(rows), strict=True))
    ended = any(map(attrgetter("ended"), set(frames.values())))
    kept = kept_rows.of_objectives(conn, of.basis, values_of(rows, "id"), ended=ended, shown=shown)
    figures, others = _judged(frames, kept)
    by_rows = dict(zip(others, _by_rows(conn, of, list(map(kept.at, others))), strict=True)) if others else {}
    for place, part in by_rows.items():
        _put(figures, place, part.judgement)
    to.add(dict(zip(frames, map(attrgetter("policy"), frames.values()), strict=True)), kept, figures, by_rows)
    return kept


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
                yield place, frame.facts(parts.kept, place), parts.kept.columns["is_level"][place]


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


def _judged(frames: Mapping[int, "_Frame"], kept: KeptColumns) -> tuple[list[list[Any]], list[int]]:
    """The figures of key results as columns, see `JUDGED`, and the places of those that depend on a KPI, or were
    changed or measured after their end. `frames`: by the position at which each objective was drafted."""
    distinct = set(frames.values())
    if len(distinct) == 1 and all(kept.columns["is_kept"]) and not any(kept.columns["is_dropped"]):
        (frame,) = distinct
        if frame.ended is None:
            return frame.open(kept, range(len(kept.columns["born"]))), []
    of_each = list(map(frames.__getitem__, kept.columns["parent"]))
    together, alone = _grouped(of_each, kept)
    figures: list[list[Any]] = [[None] * len(kept) for _ in JUDGED]
    for frame, places in together.items():
        for place, *own in zip(places, *frame.open(kept, places), strict=True):
            _put(figures, place, own)
    others = []
    for place in alone:
        judgement = of_each[place].ended_or_dropped(kept, place) if kept.columns["is_kept"][place] else None
        if judgement is None:
            others.append(place)
        else:
            _put(figures, place, judgement)
    return figures, others


def _grouped(of_each: Sequence["_Frame"], kept: KeptColumns) -> tuple[dict["_Frame", Sequence[int]], list[int]]:
    """The places of the open key results by frame, and those of all others."""
    are_kept, are_dropped = kept.columns["is_kept"], kept.columns["is_dropped"]
    together: dict[_Frame, list[int]] = {frame: [] for frame in of_each}
    alone: list[int] = []
    for place, (frame, is_kept, is_dropped) in enumerate(zip(of_each, are_kept, are_dropped, strict=True)):
        is_open = is_kept and not is_dropped and frame.ended is None
        (together[frame] if is_open else alone).append(place)
    return {frame: places for frame, places in together.items() if places}, alone


def _put(figures: Sequence[list[Any]], place: int, of: Iterable[Any]) -> None:
    """Put the figures of one key result into the columns."""
    for column, value in zip(figures, of, strict=True):
        column[place] = value


class _Rules:
    """What is in force at an end in a cycle, or at the basis."""

    def __init__(self, policy: ScoringPolicy, calendar: Calendar, begins_on: date, cadence: Cadence) -> None:
        self.policy = policy
        self.calendar = calendar
        self.begins_at = calendar.day_start(begins_on)
        self.cadence = cadence
        self._ends: dict[int, datetime] = {}

    @cached_property
    def silence(self) -> int:
        """The microseconds without a measurement after which a key result is stale."""
        return self.policy.stale_after(self.cadence) // MICROSECOND

    def day_end(self, stored_day: int) -> datetime:
        """The end of a day, looked up once."""
        found = self._ends.get(stored_day)
        if found is None:
            found = self._ends[stored_day] = self.calendar.day_end(day(stored_day))
        return found

    def ends(self, days: Sequence[int]) -> list[int]:
        """The ends of these days, all as stored."""
        distinct = set(days)
        ends = dict(zip(distinct, map(stored, map(self.day_end, distinct)), strict=True))
        return [*ends.values()] * len(days) if len(ends) == 1 else list(map(ends.__getitem__, days))


def _not_before(first: int, moments: Sequence[int]) -> list[int]:
    """These moments, or `first` instead of earlier ones."""
    if max(moments, default=first) <= first:
        return [first] * len(moments)
    return [first if one < first else one for one in moments]  # noqa: FURB136 - takes a third of the time


@dataclass
class _Rulebook:
    """The rules of the cycles of goals at a basis, each looked up once."""

    goals: Goals
    _rules: dict[tuple[int, End | None], _Rules] = field(default_factory=dict)

    def of(self, cycle: CycleRow, ended: End | None) -> _Rules:
        """The rules in a cycle at an end, or at the basis."""
        found = self._rules.get((cycle.born, ended))
        if found is None:
            policy, calendar = self.goals.settings.in_force(ended)
            found = _Rules(policy, calendar, cycle.at_end(ended).starts_on, cycle.check_in_cadence)
            self._rules[cycle.born, ended] = found
        return found

    def frames(self, rows: Sequence[AnyObjective]) -> "list[_Frame]":
        """The frame of each of these objectives: one for all open ones of a cycle in one state, since their key results
        are judged in the same way."""
        states, ended_at = values_of(rows, "state"), values_of(rows, "ended_at")
        keys = list(zip(keys_of(values_of(rows, "cycle")), map(id, states), strict=True))
        shared = {key: _Frame(self, rows[number]) for key, number in dict(zip(keys, count(), strict=False)).items()}
        found = list(map(shared.__getitem__, keys))
        for number, at in enumerate(ended_at):
            if at is not None or found[number].ended is not None:
                found[number] = _Frame(self, rows[number])
        return found


class JudgedFacts(NamedTuple):
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
    """An objective in its cycle at a basis, in which its key results are judged. `ended`: its end, if it has ended."""

    def __init__(self, rules: _Rulebook, row: AnyObjective) -> None:
        self._rules = rules
        self._row = row
        self._cycle = rules.goals.cycles[row.cycle]
        self.ended = end_of_goal(row, self._cycle)
        self._of_ended = rules.of(self._cycle, self.ended)
        self.policy = self._of_ended.policy
        self._is_dropped = row.state is ObjectiveState.DROPPED
        self._is_planned = row.state is ObjectiveState.DRAFT or self._cycle.state is CycleState.PLANNING

    def facts(self, kept: KeptColumns, place: int) -> Judged:
        """What the health of the open key result at a place depends on."""
        rules, last = self._of_ended, kept.columns["last_measured_at"][place]
        created, due, is_dropped = [kept.columns[name][place] for name in ("created_at", "due", "is_dropped")]
        return JudgedFacts(
            self._row.kind, max(moment(created), rules.begins_at), rules.day_end(due), rules.cadence,
            is_dropped or self._is_dropped, self._is_planned, None, kept.few(place).score,
            None if last is None else moment(last),
        )  # fmt: skip

    # ── open ones ────────────────────────────────────────────────────────────────────────────────

    def open(self, kept: KeptColumns, places: Sequence[int]) -> list[list[Any]]:
        """The figures of the open key results at these places, as columns."""
        rules = self._of_ended
        are_all = isinstance(places, range)  # see `_grouped`
        shares, levels, created, due, measured = [
            kept.columns[name] if are_all else at_places(kept.columns[name], places)
            for name in ("share", "is_level", "created_at", "due", "last_measured_at")
        ]
        begins_at = _not_before(stored(rules.begins_at), created)
        planned = (
            {number: self._planned(kept, place) for number, place in kept.planned(places)} if kept.by_birth else {}
        )
        of = OpenKeyResults(shares, levels, begins_at, rules.ends(due), measured, planned)
        figures = open_columns.at_moment(of, stored(self._rules.goals.basis.at), rules.silence, rules.policy)
        if self._is_planned:
            pending = [Health.PENDING] * len(places), [0.0] * len(places)
            figures = figures._replace(health=pending[0], gap=pending[1])
        return [figures.value, shares, figures.expected, figures.health, figures.gap]

    def _planned(self, kept: KeptColumns, place: int) -> float:
        """The expected progress of an open key result by its plan."""
        few, facts, calendar = kept.few(place), self.facts(kept, place), self._of_ended.calendar
        plan = formula_inputs.curve(_PLAN(few.plan), calendar)
        return progress.expected(_METRIC(few.metric), facts.begins_at, facts.due_at, self._rules.goals.basis.at, plan)

    # ── ended and dropped ones ───────────────────────────────────────────────────────────────────

    def ended_or_dropped(self, kept: KeptColumns, place: int) -> Judgement | None:
        """The figures of a key result that has ended or been dropped; None if it was changed or measured after its
        end, which happens only if the end was recorded later than it was effective."""
        few, is_dropped = kept.few(place), kept.columns["is_dropped"][place]
        assert few.changed_at is not None
        assert few.changed_position is not None
        assert few.since is not None
        changed = End(moment(few.changed_at), few.changed_position)
        ended = self._end_of(changed) if is_dropped else self.ended
        assert ended is not None
        if ended.precedes_standing(changed, moment(few.since)):
            return None
        rules = self._of_ended if ended == self.ended else self._rules.of(self._cycle, ended)
        share = kept.columns["share"][place]
        if share is None:
            share = personal_score(self._row, few)
        value = clamped(share)
        health = progress.fixed_health(
            self._row.kind, value, few.score, rules.policy,
            is_dropped=is_dropped or self._is_dropped, is_planned=self._is_planned, has_ended=True,
        )  # fmt: skip
        return value, share, 1.0, health, 0.0 if health is Health.PENDING else 1.0 - (value or 0.0)

    def _end_of(self, dropped: End) -> End:
        """The end of the window of a key result that was dropped."""
        return dropped if self.ended is None else min(dropped, self.ended)


def personal_score(objective: AnyObjective, of: Few | Kept) -> float | None:
    """The score of a key result, unless the command that closed its objective recorded it."""
    is_of_closing = objective.closed_in is not None and of.scored_in == objective.closed_in
    return None if is_of_closing else of.score


_METRIC, _PLAN = KEPT.loads("metric"), KEPT.loads("plan")
