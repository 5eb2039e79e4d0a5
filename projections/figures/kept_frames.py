"""The frames in which kept standings are judged: what is in force in a cycle, and an objective in it, at a moment.

Without them each key result would look up the policy, the calendar and the states of its objective and cycle by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

import numpy as np

from domain.metrics import progress
from domain.metrics.columns.arrays import Times
from domain.primitives.calendar import Calendar
from domain.primitives.lazy import cached_property
from domain.primitives.values import Cadence, CycleState, ObjectiveKind, ObjectiveState, ScoringPolicy
from projections.figures import formula_inputs
from projections.figures.window import End, end_of_goal
from projections.standings.kept_columns import Few
from projections.standings.kept_rows import KEPT, Since
from projections.store.columnar import distinct_of, values_of
from projections.store.stored_times import MICROSECOND, day, moment, stored
from projections.tables.cycle import CycleRow, Settings
from projections.tables.objective import AnyObjective

# ── what is in force ─────────────────────────────────────────────────────────────────────────────


class Rules:
    """What is in force at an end in a cycle, or at the basis. Times are numbers, see
    `projections.store.stored_times`."""

    def __init__(self, policy: ScoringPolicy, calendar: Calendar, begins_on: date, cadence: Cadence) -> None:
        self.policy = policy
        self.calendar = calendar
        self.begins_at = stored(calendar.day_start(begins_on))
        self.cadence = cadence
        self._ends: dict[int, int] = {}

    @cached_property
    def silence(self) -> int:
        """The microseconds without a measurement after which a key result is stale."""
        return self.policy.stale_after(self.cadence) // MICROSECOND

    def day_end(self, stored_day: int) -> int:
        """The end of a day, looked up once."""
        found = self._ends.get(stored_day)
        if found is None:
            found = self._ends[stored_day] = stored(self.calendar.day_end(day(stored_day)))
        return found

    def ends(self, days: Times) -> Times | int:
        """The end of each of these days, of which there is at least one, or one for all if they are the same day."""
        if np.count_nonzero(days != days[0]) == 0:
            return self.day_end(int(days[0]))
        distinct, places = np.unique(days, return_inverse=True)
        return np.array(list(map(self.day_end, distinct.tolist())))[places]

    def beginnings(self, created_at: Times) -> Times | int:
        """The beginning of each of the key results that were added at these moments, or one for all if they were added
        before the cycle began."""
        are_late = created_at > self.begins_at
        return np.maximum(created_at, self.begins_at) if np.count_nonzero(are_late) else self.begins_at


RulesByEnd: TypeAlias = dict[tuple[int, End | None], Rules]
"""Rules by the position at which the cycle was created, and by the end."""


@dataclass
class Rulebook:
    """The rules of cycles at a basis, each looked up once. `at`: the moment at which goals are judged by them. `open`:
    those without an end, which are kept while the settings and the cycles stay the same."""

    at: datetime
    cycles: Mapping[UUID, CycleRow]
    settings: Settings
    open: RulesByEnd = field(default_factory=dict)
    _ended: RulesByEnd = field(default_factory=dict)
    _moments: dict[int, datetime] = field(default_factory=dict)

    def moment(self, stored: int) -> datetime:
        """The moment of a number. Most key results share their beginning and the end of their due day."""
        found = self._moments.get(stored)
        if found is None:
            found = self._moments[stored] = moment(stored)
        return found

    def of(self, cycle: CycleRow, ended: End | None) -> Rules:
        """The rules in a cycle at an end, or at the basis."""
        known = self.open if ended is None else self._ended
        found = known.get((cycle.born, ended))
        if found is None:
            policy, calendar = self.settings.in_force(ended)
            found = Rules(policy, calendar, cycle.at_end(ended).starts_on, cycle.check_in_cadence)
            known[cycle.born, ended] = found
        return found

    def frames(self, rows: Sequence[AnyObjective]) -> "dict[int, Frame]":
        """The frame of each of these objectives, by the position at which it was drafted: one for all open ones of a
        cycle in one state, since their key results are judged in the same way."""
        if len(rows) == 1:
            return {rows[0].born: Frame(self, rows[0])}
        births = values_of(rows, "born")
        if len(self.cycles) == 1 and len(distinct_of(rows, "state")) == 1 and distinct_of(rows, "ended_at") == {None}:
            only = Frame(self, rows[0])
            if only.ended is None:
                return dict.fromkeys(births, only)
        states, ends = values_of(rows, "state"), values_of(rows, "ended_at")
        keys = zip(
            map(_AS_NUMBER, values_of(rows, "cycle")), map(id, states), strict=True
        )  # Python computes their hashes
        shared: dict[tuple[int, int], Frame] = {}
        found = {}
        for number, (born, key, ended_at) in enumerate(zip(births, keys, ends, strict=True)):
            frame = shared.get(key) if ended_at is None else None
            if frame is None:
                frame = Frame(self, rows[number])
                if frame.ended is None:
                    shared[key] = frame
            found[born] = frame
        return found


_AS_NUMBER: Final = attrgetter("int")


# ── objectives ───────────────────────────────────────────────────────────────────────────────────


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


class Span(NamedTuple):
    """The time over which progress is expected, in numbers."""

    begins_at: int
    due_at: int


class Frame:
    """An objective in its cycle, in which its key results are judged. `ended`: its end, if it has ended. `rules`: those
    of its end, or of the basis of the `book`."""

    def __init__(self, book: Rulebook, row: AnyObjective) -> None:
        self.book = book
        self.row = row
        self.cycle = book.cycles[row.cycle]
        self.ended = end_of_goal(row, self.cycle)
        self.rules = book.of(self.cycle, self.ended)
        self.policy = self.rules.policy
        self.is_dropped = row.state is ObjectiveState.DROPPED
        self.is_planned = row.state is ObjectiveState.DRAFT or self.cycle.state is CycleState.PLANNING

    def span(self, created_at: int, due: int) -> Span:
        """The time over which the progress of a key result is expected that was added at a moment and is due on a
        day."""
        return Span(max(self.rules.begins_at, created_at), self.rules.day_end(due))

    def facts(self, span: Span, of: Few | Since, last_measured_at: int | None, *, is_dropped: bool) -> JudgedFacts:
        """What the health of a key result depends on."""
        return JudgedFacts(
            self.row.kind, self.book.moment(span.begins_at), self.book.moment(span.due_at), self.rules.cadence,
            is_dropped or self.is_dropped, self.is_planned, None if self.ended is None else self.ended.at, of.score,
            None if last_measured_at is None else self.book.moment(last_measured_at),
        )  # fmt: skip

    def planned(self, span: Span, of: Few | Since) -> float:
        """The expected progress of an open key result by its plan."""
        plan = formula_inputs.curve(_PLAN(of.plan), self.rules.calendar)
        begins_at, due_at = map(moment, span)
        return progress.expected(_METRIC(of.metric), begins_at, due_at, self.book.at, plan)

    def personal_score(self, of: Few | Since) -> float | None:
        """The score of a key result, unless the command that closed its objective recorded it."""
        is_of_closing = self.row.closed_in is not None and of.scored_in == self.row.closed_in
        return None if is_of_closing else of.score


_METRIC, _PLAN = KEPT.loads("metric"), KEPT.loads("plan")
