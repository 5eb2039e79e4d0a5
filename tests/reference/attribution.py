"""The attribution of a change of progress, from a cycle's plan to its outcome, to its causes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.model.cycle import CycleClosed, CycleRescheduled
from domain.model.event import Event, Recorded
from domain.model.key_result import (
    KeyResultLinked,
    KeyResultReopened,
    KeyResultRescheduled,
    KeyResultRetargeted,
    KeyResultScored,
    KeyResultUnlinked,
)
from domain.model.kpi import KpiRedefined
from domain.model.measurements.check_in import CheckInCorrected, KeyResultCheckedIn
from domain.model.measurements.reading import ReadingCorrected, ReadingRecorded, ReadingRetracted
from domain.model.objective import ObjectiveClosed, ObjectiveReopened
from domain.model.workspace import CalendarSet
from domain.primitives.values import ObjectiveState
from tests.reference.entities import Basis
from tests.reference.figures import policy_in_force
from tests.reference.fold import Log, View, shows
from tests.reference.formulas import INSTANT, ends, has_formula
from tests.reference.wholes import Part, counted, cycle_figures, mean_of, objective_figures, objectives_of_team

MOVEMENT = (
    KeyResultCheckedIn,
    CheckInCorrected,
    ReadingRecorded,
    ReadingCorrected,
    ReadingRetracted,
    KeyResultScored,
    KeyResultReopened,
    ObjectiveClosed,
    CycleClosed,
)
GOALPOST = (
    KeyResultRetargeted,
    KeyResultRescheduled,
    KeyResultLinked,
    KeyResultUnlinked,
    CalendarSet,
    KpiRedefined,
    CycleRescheduled,
)


@dataclass(frozen=True)
class Attribution:
    """initial + movement + goalpost + scope = final."""

    initial: float
    movement: float
    goalpost: float
    scope: float
    final: float


def cause(event: Event, before: View) -> str:
    """MOVEMENT: a measurement or a scoring, and the end or the reopening that makes a person's score count or not.
    GOALPOST: a changed metric, due day, link, calendar or cycle. SCOPE: anything else makes parts come, go or weigh
    differently."""
    if isinstance(event, MOVEMENT):
        return "movement"
    if isinstance(event, ObjectiveReopened):
        was = before.objectives[event.originator_id].state
        return "movement" if was is ObjectiveState.CLOSED else "scope"
    return "goalpost" if isinstance(event, GOALPOST) else "scope"


def attributed(log: Log, plan: Basis, outcome: Basis, value: Callable[[View], float | None]) -> Attribution:
    """Each change of a value from plan to outcome, booked to the event that makes it.

    What the plan shows comes first, all at once; every other event that the outcome shows follows in log order. A
    period of a formula that completes is movement, between the events recorded before and after it. A value that is
    null counts 0.
    """
    shown = [recorded for recorded in log.events if shows(plan, recorded)]
    later = [recorded for recorded in log.events if shows(outcome, recorded) and not shows(plan, recorded)]
    steps: list[tuple[int, int, Recorded | datetime]] = [(recorded.position, 0, recorded) for recorded in later]
    steps += [(last_by(log, at), 1, at) for at in sorted(completions(log, plan, outcome))]
    position, clock = plan.position, plan.at
    view = seen(log, Basis(outcome.at, position), shown, clock)
    initial = before = value(view) or 0.0
    booked = {"movement": 0.0, "goalpost": 0.0, "scope": 0.0}
    for _, _, step in sorted(steps, key=lambda one: one[:2]):
        if isinstance(step, datetime):
            booking, clock = "movement", step
        else:
            booking, position = cause(step.event, view), max(plan.position, step.position)
            shown = sorted([*shown, step], key=lambda one: one.position)
        view = seen(log, Basis(outcome.at, position), shown, clock)
        after = value(view) or 0.0
        booked[booking] += after - before
        before = after
    return Attribution(initial, **booked, final=before)


def seen(log: Log, basis: Basis, shown: list[Recorded], clock: datetime) -> View:
    """These events, with the periods of formulas that are complete at a moment."""
    view = View(log, basis, shown)
    view.complete_until = clock
    return view


def completions(log: Log, plan: Basis, outcome: Basis) -> set[datetime]:
    """The last instants of the periods of formulas that complete after the plan and by the outcome: by the definitions
    and calendars known at the outcome, and by those known before each later one of them."""
    changes = [one.position for one in log.events if isinstance(one.event, KpiRedefined | CalendarSet)]
    known = [one - 1 for one in changes if plan.position < one <= outcome.position]
    views = [log.view(Basis(outcome.at, position)) for position in (*known, outcome.position)]
    found = {
        end - INSTANT for view in views for kpi in view.kpis if has_formula(view, kpi) for end, _, _ in ends(view, kpi)
    }
    return {at for at in found if plan.at < at <= outcome.at}


def last_by(log: Log, at: datetime) -> int:
    """The last position recorded by a moment; 0 before the first."""
    return max((one.position for one in log.events if one.recorded_at <= at), default=0)


def of_objective(log: Log, objective: UUID, plan: Basis, outcome: Basis) -> Attribution:
    """What changed the progress of an objective; one that was added later begins at 0."""

    def value(view: View) -> float | None:
        found = view.objectives.get(objective)
        return None if found is None else objective_figures(view, found).value

    return attributed(log, plan, outcome, value)


def of_cycle(log: Log, cycle: UUID, plan: Basis, outcome: Basis) -> Attribution:
    """What changed the progress of a cycle, by its own mean."""
    return attributed(log, plan, outcome, lambda view: cycle_figures(view, view.cycles[cycle]).value)


def of_team(log: Log, team: UUID, cycle: UUID, plan: Basis, outcome: Basis) -> Attribution:
    """What changed the mean over the objectives of a cycle that a team, with the teams inside it, owns at the
    outcome."""
    end = log.view(outcome)
    owned = objectives_of_team(end, team, end.cycles[cycle], include_subteams=True)

    def value(view: View) -> float | None:
        there = [view.objectives[one.id] for one in owned if one.id in view.objectives]
        parts = [Part(1, objective_figures(view, one)) for one in counted(view, there)]
        return mean_of(parts, policy_in_force(view, None)).value

    return attributed(log, plan, outcome, value)
