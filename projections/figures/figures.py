"""Progress and health of goals at one horizon of a timeline.

An ended objective that takes its value from others, and an ended cycle of cycles, stand as their parts stood at the
end: their parts are computed at the horizon that is cut there.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import structs

from domain.metrics import progress, wholes
from domain.metrics.progress import Course, KeyResultProgress, PersonalScore
from domain.metrics.wholes import CycleProgress, GroupProgress, ObjectiveProgress, Part, Worth
from domain.primitives.calendar import Calendar
from domain.primitives.values import ScoringPolicy
from projections.figures import formula_inputs
from projections.figures.horizon import Horizon
from projections.figures.running import RunningPart, running_part
from projections.figures.standing import Reader, Standing
from projections.figures.timeline import Timeline, is_live
from projections.figures.window import End, Window, end_of_cycle, end_of_goal, window
from projections.store.deadline import raise_if_late
from projections.tables.cycle import CycleRow
from projections.tables.key_result import KeyResultRow
from projections.tables.objective import ObjectiveRow


def _with_score_of(before: KeyResultRow, row: KeyResultRow) -> KeyResultRow:
    """The version at the end of a key result, with the score that was recorded since."""
    return structs.replace(before, score=row.score, scored_in=row.scored_in, scored_position=row.scored_position)


class _Outline(NamedTuple):
    """What an objective is computed from, until an event changes it: its version, its end, and its key results that are
    not dropped."""

    row: ObjectiveRow
    ended: End | None
    live: Sequence[UUID]


class _Frame(NamedTuple):
    """What a key result is measured in, until an event changes more than its measurements. `reader`: reads these in its
    window."""

    row: KeyResultRow
    objective: ObjectiveRow
    cycle: CycleRow
    reader: Reader


def _score(of: _Frame) -> PersonalScore | None:
    """The score of a person, after the end."""
    return None if of.reader.window.ended is None else formula_inputs.personal_score(of.row, of.objective)


class _Open(NamedTuple):
    """An open objective until its next event: the courses of its key results, and its progress at one moment."""

    courses: Sequence[Course]
    before: ObjectiveProgress


class Figures:
    """The figures of goals at a horizon. Each goal is computed once, until it is forgotten or time passes."""

    def __init__(self, timeline: Timeline, horizon: Horizon) -> None:
        self.timeline = timeline
        self.horizon = horizon
        self._at = horizon.at
        self._policy: ScoringPolicy | None = None
        self._calendar: Calendar | None = None
        self._frames: dict[UUID, _Frame | None] = {}
        self._courses: dict[UUID, Course | None] = {}
        self._parts: dict[UUID, Part | None] = {}
        self._key_results: dict[UUID, KeyResultProgress | None] = {}
        self._outlines: dict[UUID, _Outline | None] = {}
        self._open: dict[UUID, _Open] = {}
        self._objectives: dict[UUID, ObjectiveProgress | None] = {}
        self._passing: list[UUID] = []
        """The computed objectives that change with time."""
        self._ended_headings: list[UUID] = []
        """Those that have ended, and take their value from others: late facts about these change it."""
        self._ended: dict[End, Figures] = {}
        self._scored: dict[tuple[UUID, End], list[CycleProgress]] = {}

    @property
    def policy(self) -> ScoringPolicy:
        """The scoring policy in force at the horizon."""
        if self._policy is None:
            self._policy = self.timeline.policy(self.horizon)
        return self._policy

    @property
    def calendar(self) -> Calendar:
        """The calendar in force at the horizon."""
        if self._calendar is None:
            self._calendar = self.timeline.calendar(self.horizon)
        return self._calendar

    def calendar_of(self, end: End | None) -> Calendar:
        """The calendar in force at an end; without one, at the horizon."""
        return self.at_end(end).calendar

    def at_end(self, end: End | None) -> "Figures":
        """The figures at the same horizon, cut at an end; without one, these."""
        if end is None:
            return self
        found = self._ended.get(end)
        if found is None:
            found = self._ended[end] = Figures(self.timeline, self.horizon.ended(*end))
        return found

    # ── other moments ────────────────────────────────────────────────────────────────────────────

    def forget(self, objectives: Iterable[UUID], changed: Iterable[UUID] = (), measured: Iterable[UUID] = ()) -> None:
        """Compute these objectives and their key results anew at their next use, because the horizon has moved; of
        other objectives these key results, which have another version, and those which were only measured."""
        self._drop(objectives)
        self._drop_changed(changed)
        self._drop_measured(measured)
        self._ended.clear()
        self._policy = None
        self._calendar = None

    def advance(self, horizon: Horizon, changed: Iterable[UUID], measured: Iterable[UUID]) -> None:
        """Move to a later horizon. Events in between changed these objectives, and measured these key results. At the
        same position, the figures at an end stay: all that they see was effective by then."""
        if horizon.position != self.horizon.position:
            self._ended.clear()
            self._passing += self._ended_headings
            self._ended_headings.clear()
        self.horizon = horizon
        self._drop(changed)
        self._drop_measured(measured)
        self.wait(horizon.at)

    def wait(self, until: datetime) -> None:
        """Let time pass without events, also beyond the horizon: values stay, expected progress and health follow the
        clock, and what has ended stays as it is."""
        self._at = until
        self._policy = None
        self._calendar = None
        self._key_results.clear()
        for id in self._passing:
            self._objectives.pop(id, None)
        self._passing.clear()

    def _drop(self, objectives: Iterable[UUID]) -> None:
        for objective in objectives:
            self._objectives.pop(objective, None)
            self._outlines.pop(objective, None)
            self._open.pop(objective, None)
            for id in self.timeline.of_objective.get(objective, ()):
                self._drop_frame(id)

    def _drop_changed(self, key_results: Iterable[UUID]) -> None:
        for id in key_results:
            self._drop_frame(id)
            for objective in self.timeline.homes_of(id):
                self._open.pop(objective, None)
                self._objectives.pop(objective, None)
                self._outlines.pop(objective, None)

    def _drop_frame(self, id: UUID) -> None:
        self._drop_course(id)
        self._frames.pop(id, None)

    def _drop_measured(self, key_results: Iterable[UUID]) -> None:
        for id in key_results:
            self._drop_course(id)
            for objective in self.timeline.homes_of(id):
                self._open.pop(objective, None)
                self._objectives.pop(objective, None)

    def _drop_course(self, id: UUID) -> None:
        self._key_results.pop(id, None)
        self._courses.pop(id, None)
        self._parts.pop(id, None)

    # ── key results ──────────────────────────────────────────────────────────────────────────────

    def key_result(self, id: UUID) -> KeyResultProgress | None:
        """The progress of a key result; None before it was added. Raises `DeadlineExceeded`: every long computation of
        figures comes here."""
        if id not in self._key_results:
            raise_if_late()
            course = self._course(id)
            self._key_results[id] = None if course is None else course.at(self._at)
        return self._key_results[id]

    def key_result_row(self, id: UUID) -> KeyResultRow | None:
        """The version of a key result; None before it was added."""
        frame = self._frame(id)
        return None if frame is None else frame.row

    def of_version(self, row: KeyResultRow) -> KeyResultProgress:
        """The progress of a version of a key result, or of an earlier one if it was changed after its end."""
        return self._course_of(row).at(self._at)

    def _course(self, id: UUID) -> Course | None:
        if id not in self._courses:
            frame = self._frame(id)
            self._courses[id] = None if frame is None else self._measured(frame)
        return self._courses[id]

    def _course_of(self, row: KeyResultRow) -> Course:
        return self._measured(self._framed(row))

    def _frame(self, id: UUID) -> _Frame | None:
        if id not in self._frames:
            row = self.timeline.key_results[id].at(self.horizon)
            self._frames[id] = None if row is None else self._framed(row)
        return self._frames[id]

    def _framed(self, row: KeyResultRow) -> _Frame:
        objective = self._objective_row(row.objective)
        cycle = self.cycle_row(objective.cycle)
        span = window(row, objective, cycle, self.horizon.at, self.calendar_of)
        return _Frame(row, objective, cycle, Reader(self.timeline, row, cycle, span, self.horizon))

    def _measured(self, frame: _Frame) -> Course:
        then, (row, objective, cycle, reader) = self._placed(frame)
        span = reader.window
        kpi = None if row.kpi is None else self.timeline.kpis[row.kpi].at(then.horizon)
        facts = formula_inputs.of_key_result(row, reader.standing(), span, cycle, objective, kpi)
        return progress.course(facts, then.at_end(span.ended).policy)

    def _placed(self, frame: _Frame) -> "tuple[Figures, _Frame]":
        """A frame with its window at the horizon, and these figures; or those at its end with the version of then, if
        it was changed after its end."""
        row, span = frame.row, frame.reader.window.at(self.horizon.at)
        if span.ended is not None and span.ended.precedes(row):
            then = self.at_end(span.ended)
            before = self.timeline.key_results[row.id].at(then.horizon)
            if before is not None:
                return then._placed(then._framed(_with_score_of(before, row)))  # noqa: SLF001
        frame.reader.move(span, self.horizon)
        return self, frame

    def part(self, id: UUID) -> Part | None:
        """What a key result is in the mean of its objective: the same value as its progress, without the figures that
        the clock moves. None before it was added. Raises `DeadlineExceeded`, like `key_result`."""
        if id in self._parts:
            return self._parts[id]
        raise_if_late()
        course = self._courses.get(id)
        if course is None:
            frame = self._frame(id)
            part = None if frame is None else self._part_of(frame)
        else:
            part = Part(course.value, course.of.weight, course.of.latest, course.of.baseline)
        self._parts[id] = part
        return part

    def _part_of(self, frame: _Frame) -> Part:
        _, placed = self._placed(frame)
        row = placed.row
        latest, baseline = placed.reader.measured()
        return Part(progress.value(row.metric, baseline, latest, _score(placed)), row.weight, latest, baseline)

    def running_part(self, id: UUID, before: RunningPart | None = None) -> RunningPart | None:
        """The same, kept up to date while the horizon moves along the log and nothing changes but measurements; None
        before it was added, and where `running.running_part` has none. `before`: the one before an event."""
        frame = self._frame(id)
        if frame is None:
            return None
        then, placed = self._placed(frame)
        reader, score = placed.reader, _score(placed)
        return running_part(self.timeline, placed.row, reader.link, reader.window, then.horizon, score, before)

    def standing(self, id: UUID) -> Standing:
        """The standing of a key result; an empty one before it was added."""
        row = self.timeline.key_results[id].at(self.horizon)
        return Standing() if row is None else self._framed(row).reader.standing()

    def moments(self, row: KeyResultRow) -> list[datetime]:
        """The times of the check-ins and readings that the standing of a key result is read from, in any order."""
        return self._framed(row).reader.moments()

    def window(self, row: KeyResultRow) -> Window:
        """The window of a version of a key result."""
        return self._framed(row).reader.window

    def _objective_row(self, id: UUID) -> ObjectiveRow:
        history = self.timeline.objectives[id]
        return history.at(self.horizon) or history.versions[0]

    def cycle_row(self, id: UUID) -> CycleRow:
        """The version of a cycle, the first one before its opening."""
        history = self.timeline.cycles[id]
        return history.at(self.horizon) or history.versions[0]

    # ── objectives ───────────────────────────────────────────────────────────────────────────────

    def objective(self, id: UUID) -> ObjectiveProgress | None:
        """The progress of an objective; None before it was drafted. Raises `DeadlineExceeded`, like `key_result`."""
        if id not in self._objectives:
            raise_if_late()
            known = self._open.get(id)
            self._objectives[id] = self._of_latest(id) if known is None else self._of_open(known)
        return self._objectives[id]

    def worth(self, id: UUID) -> Worth | None:
        """What an objective is in the mean of its cycle: the same value as its progress, without the figures that the
        clock moves. None before it was drafted."""
        of = self._outline(id)
        if of is None:
            return None
        parts = [part for one in of.live if (part := self.part(one)) is not None]
        if not parts:
            return self.worth_of_heading(id)
        return wholes.worth(of.row.state, [part.value for part in parts], [part.weight for part in parts])

    def worth_of_heading(self, id: UUID) -> Worth | None:
        """The same of an objective without key results of its own."""
        whole = self.objective(id)
        return None if whole is None else Worth(whole.value, whole.counts, whole.is_heading)

    def _of_open(self, of: _Open) -> ObjectiveProgress:
        self._passing.append(of.before.of.id)
        return wholes.at_moment(of.before, [course.at(self._at) for course in of.courses], self.policy)

    def _of_latest(self, id: UUID) -> ObjectiveProgress | None:
        of = self._outline(id)
        if of is None:
            return None
        if of.ended is not None:
            return self._of_ended(of, of.ended)
        self._passing.append(id)
        facts, courses = formula_inputs.of_objective(of.row), [one for id in of.live if (one := self._course(id))]
        if not courses:
            return wholes.of_heading(facts, [part for part in self.supporters(id) if part is not None], self.policy)
        found = wholes.of_objective(facts, [course.at(self._at) for course in courses], self.policy)
        self._open[id] = _Open(courses, found)
        return found

    def _of_ended(self, of: _Outline, ended: End) -> ObjectiveProgress:
        facts, then = formula_inputs.of_objective(of.row), self.at_end(ended)
        if of.live:
            return wholes.of_objective(facts, [part for id in of.live if (part := self.key_result(id))], then.policy)
        self._ended_headings.append(of.row.id)
        return wholes.of_heading(facts, [part for part in then.supporters(of.row.id) if part is not None], then.policy)

    def end_of(self, objective: UUID) -> End | None:
        """The end of an objective; None while it is open."""
        outline = self._outline(objective)
        return None if outline is None else outline.ended

    def live_key_results(self, id: UUID) -> Sequence[UUID]:
        """The key results of an objective that are not dropped; of what has ended, those that were not at its end."""
        outline = self._outline(id)
        return () if outline is None else outline.live

    def objective_row(self, id: UUID) -> ObjectiveRow | None:
        """The version of an objective; None before it was drafted."""
        outline = self._outline(id)
        return None if outline is None else outline.row

    def _outline(self, id: UUID) -> _Outline | None:
        if id not in self._outlines:
            row = self.timeline.objectives[id].at(self.horizon)
            self._outlines[id] = None if row is None else self._outlined(row)
        return self._outlines[id]

    def _outlined(self, row: ObjectiveRow) -> _Outline:
        ended = end_of_goal(row, self.cycle_row(row.cycle))
        then = self.at_end(ended)
        return _Outline(row, ended, [id for id in self.timeline.of_objective[row.id] if then.is_live_in(id, row.id)])

    def is_live_in(self, key_result: UUID, objective: UUID) -> bool:
        """Whether a key result exists in an objective and is not dropped."""
        row = self.timeline.key_results[key_result].at(self.horizon)
        return row is not None and row.objective == objective and is_live(row)

    def supporters(self, objective: UUID) -> Iterator[ObjectiveProgress | None]:
        """The progress of the objectives that directly support an objective, in the same or an overlapping cycle, in
        the order of alignment."""
        sees = self.horizon.sees
        cycle = self._cycle_of(objective)
        for edge in self.timeline.edges.get(objective, ()):
            if (
                edge.objective in self.timeline.objectives
                and sees(edge.position, edge.effective_at)
                and not sees(edge.until_position, edge.until_at)
                and cycle.overlaps(self._cycle_of(edge.objective))
            ):
                yield self.objective(edge.objective)

    def _cycle_of(self, objective: UUID) -> CycleRow:
        return self.cycle_row(self._objective_row(objective).cycle)

    def group(self, objectives: Iterable[UUID]) -> GroupProgress:
        """The progress of the plain mean over these objectives, as of a team."""
        return wholes.of_team([part for id in objectives if (part := self.objective(id)) is not None], self.policy)

    def group_value(self, objectives: Iterable[UUID]) -> float | None:
        """The value of the plain mean over these objectives, as of `group`."""
        return wholes.mean_worth([one for id in objectives if (one := self.worth(id)) is not None])

    def objectives_in(self, cycle: UUID) -> list[UUID]:
        """The objectives that are in a cycle, in the order of drafting."""
        rows = [(id, self.objective_row(id)) for id in self.timeline.objectives_of_cycle(cycle)]
        return [id for id, row in rows if row is not None and row.cycle == cycle]

    # ── cycles ───────────────────────────────────────────────────────────────────────────────────

    def cycle(self, id: UUID) -> CycleProgress:
        """The progress of a cycle."""
        row = self.cycle_row(id)
        ended = end_of_cycle(row)
        then = self.at_end(ended)
        own = [part for one in self.objectives_in(id) if (part := self.objective(one)) is not None]
        facts = formula_inputs.of_cycle(row)
        if wholes.in_mean(own):
            return wholes.of_cycle(facts, own, (), then.policy)
        scored = () if ended is None else self._children_at(id, ended)
        return wholes.of_cycle(facts, own, then.children(id), then.policy, scored)

    def cycle_value(self, id: UUID) -> float | None:
        """The value of a cycle's progress, without the figures that the clock moves."""
        own = [one for id in self.objectives_in(id) if (one := self.worth(id)) is not None]
        return wholes.mean_worth(own) if any(one.counts for one in own) else self.cycle(id).value

    def cycle_score(self, id: UUID) -> float | None:
        """The score of a cycle; None while it is open."""
        if end_of_cycle(self.cycle_row(id)) is None:
            return None
        own = [(one, self.worth(one)) for one in self.objectives_in(id)]
        known = [(self.objective_row(one), worth) for one, worth in own if worth is not None]
        if not any(worth.counts for _, worth in known):
            return self.cycle(id).score
        return wholes.mean_score([(row.state, row.score, worth.is_heading) for row, worth in known if row is not None])

    def _children_at(self, cycle: UUID, ended: End) -> Sequence[CycleProgress]:
        """The cycles inside a cycle as they were known at its closing: late facts alter no score."""
        if (cycle, ended) not in self._scored:
            known = Figures(self.timeline, Horizon(*ended))
            self._scored[cycle, ended] = known.at_end(ended).children(cycle)
        return self._scored[cycle, ended]

    def children(self, cycle: UUID) -> list[CycleProgress]:
        """The progress of the cycles inside a cycle that have been activated, by their first day."""
        rows = [history.at(self.horizon) for history in self.timeline.cycles.values()]
        inside = [row for row in rows if row is not None and row.parent == cycle and row.state.was_activated]
        return [self.cycle(row.id) for row in sorted(inside, key=lambda row: (row.starts_on, row.born))]
