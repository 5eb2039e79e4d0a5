"""The figures of wholes: objectives, cycles and teams as the means of their parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.primitives.values import CycleState, Kind, ObjectiveState, Ref, ScoringPolicy
from tests.reference.entities import Basis, Cycle, End, KeyResult, Objective
from tests.reference.figures import Figures, band, figures, policy_in_force
from tests.reference.fold import View


@dataclass(frozen=True)
class Part:
    weight: float
    figures: Figures


NOTHING = Figures(None, None, "PENDING", None, None, 0.0, 0.0)
"""A whole without parts: nothing of it can be measured, so the measured share is 0."""


def mean_of(parts: Sequence[Part], policy: ScoringPolicy, divisor: float | None = None) -> Figures:
    """The figures of a whole. A mean counts everything that could have been measured: null parts count 0, and the
    value is null while none is measured. `divisor` replaces the sum of weights for value and expected progress.

    Confidence is the mean over the parts that state one. The gap is the mean of the parts' gaps, 0 for a PENDING one.
    """
    if not parts:
        return NOTHING
    weight = sum(part.weight for part in parts)
    divisor = weight if divisor is None else divisor
    is_measured = any(part.figures.value is not None for part in parts)
    gap = sum(part.weight * (0 if part.figures.health == "PENDING" else part.figures.gap) for part in parts) / weight
    stating = [(part.weight, part.figures.confidence) for part in parts]
    lowest = [part.figures.confidence_lowest for part in parts]
    return Figures(
        value=sum(part.weight * (part.figures.value or 0) for part in parts) / divisor if is_measured else None,
        expected=sum(part.weight * (part.figures.expected or 0) for part in parts) / divisor,
        health=health_of(parts, gap, policy),
        confidence=mean_of_stated(stating),
        confidence_lowest=min((one for one in lowest if one is not None), default=None),
        measured_share=sum(part.weight * (part.figures.measured_share or 0) for part in parts) / weight,
        gap=gap,
    )


def mean_of_stated(weighted: Sequence[tuple[float, float | None]]) -> float | None:
    """The weighted mean over the parts that state a value; None if none does."""
    stated = [(weight, value) for weight, value in weighted if value is not None]
    if not stated:
        return None
    return sum(weight * value for weight, value in stated) / sum(weight for weight, _ in stated)


def health_of(parts: Sequence[Part], gap: float, policy: ScoringPolicy) -> str:
    """PENDING if all parts are; OUTDATED if more than half of the weight that is not PENDING is; else by the gap."""
    begun = [part for part in parts if part.figures.health != "PENDING"]
    if not begun:
        return "PENDING"
    outdated = sum(part.weight for part in begun if part.figures.health == "OUTDATED")
    return "OUTDATED" if outdated > sum(part.weight for part in begun) / 2 else band(gap, policy)


def with_health(given: Figures, health: str | None) -> Figures:
    return Figures(**{**vars(given), "health": health})


# ── objectives ───────────────────────────────────────────────────────────────────────────────────


def key_results_of(view: View, objective: Objective) -> list[KeyResult]:
    """The key results that are not dropped; of an objective that has ended, those that were not dropped by then."""
    own = [one for one in view.key_results.values() if one.objective == objective.id]
    return [one for one in own if one.end is None or (objective.end is not None and before(objective.end, one.end))]


def before(one: End, other: End) -> bool:
    return (one.at, one.position) < (other.at, other.position)


def supporters_of(view: View, objective: Objective) -> list[Objective]:
    """The objectives that directly support it in the same or an overlapping cycle; no drafts, none dropped, and none
    that can have no value."""
    found = [one for one in view.objectives.values() if Ref(Kind.OBJECTIVE, objective.id) in one.supports]
    found = [one for one in found if one.counts and overlap(view.cycles[one.cycle], view.cycles[objective.cycle])]
    return [one for one in found if can_have_value(view, one)]


def overlap(one: Cycle, other: Cycle) -> bool:
    return one.starts_on <= other.ends_on and other.starts_on <= one.ends_on


def takes_from_others(view: View, objective: Objective) -> bool:
    """Whether it has no key results of its own: none, or all dropped."""
    return not key_results_of(view, objective)


def can_have_value(now: View, objective: Objective) -> bool:
    """Whether there is something that could be measured: key results of its own, or objectives that support it."""
    if not takes_from_others(now, objective):
        return True
    view = at_own_end(now, objective)
    return bool(supporters_of(view, view.objectives[objective.id]))


def end_of(view: View, objective: Objective) -> End | None:
    """An objective ends with its closing or dropping, at the latest with its cycle."""
    ends = [objective.end, view.cycles[objective.cycle].end]
    return min((end for end in ends if end is not None), key=lambda end: end.at, default=None)


def at_own_end(view: View, objective: Objective) -> View:
    """The view at the objective's end, or this one while it goes on."""
    end = end_of(view, objective)
    return view if end is None else view.at_end(end)


def parts_of(now: View, objective: Objective) -> list[Part]:
    """Its key results by weight, each as of its own end, or without any the objectives that support it, all alike, as
    they stood at the objective's end."""
    if own := key_results_of(now, objective):
        return [Part(one.weight, figures(now, one)) for one in own]
    view = at_own_end(now, objective)
    return [Part(1, objective_figures(view, one)) for one in supporters_of(view, view.objectives[objective.id])]


def objective_figures(now: View, objective: Objective) -> Figures:
    """The figures of an objective, which DROPPED and its verdict, once it is closed, take the health of."""
    given = mean_of(parts_of(now, objective), policy_in_force(now, end_of(now, objective)))
    if objective.state is ObjectiveState.DROPPED:
        return with_health(given, "DROPPED")
    return with_health(given, objective.verdict) if objective.state is ObjectiveState.CLOSED else given


# ── cycles and teams ─────────────────────────────────────────────────────────────────────────────


def counted(view: View, objectives: Sequence[Objective]) -> list[Objective]:
    """The objectives that a cycle's or team's mean is over: those that can have a value; those that take it from
    others only if there is nothing else, so that nothing counts twice."""
    able = [one for one in objectives if one.counts and can_have_value(view, one)]
    return [one for one in able if not takes_from_others(view, one)] or able


def objectives_in(view: View, cycle: Cycle) -> list[Objective]:
    return [one for one in view.objectives.values() if one.cycle == cycle.id]


def children_of(view: View, cycle: Cycle) -> list[Cycle]:
    """The child cycles that have begun: neither PLANNING nor abandoned."""
    children = [one for one in view.cycles.values() if one.parent == cycle.id]
    return [one for one in children if one.state in (CycleState.ACTIVE, CycleState.CLOSED)]


def at_cycle_end(view: View, cycle: Cycle) -> View:
    """The view at the cycle's closing, or this one while it is open."""
    return view if cycle.end is None else view.at_end(cycle.end)


def cycle_figures(now: View, cycle: Cycle) -> Figures:
    """The plain mean of its objectives; without objectives of its own, the mean of its children by days, divided by
    its own days, so that a year fills up quarter by quarter."""
    view = at_cycle_end(now, cycle)
    policy = policy_in_force(view, cycle.end)
    own = counted(view, objectives_in(view, cycle))
    if own:
        given = mean_of([Part(1, objective_figures(view, one)) for one in own], policy)
    else:
        children = [Part(one.days, cycle_figures(view, one)) for one in children_of(view, cycle)]
        given = mean_of(children, policy, divisor=cycle.days)
    if cycle.state is CycleState.ABANDONED:
        return with_health(given, "DROPPED")
    return with_health(given, ended_health(now, cycle)) if cycle.end is not None else given


def ended_health(view: View, cycle: Cycle) -> str | None:
    """A closed cycle is ACHIEVED from scoreGreen, PARTIAL from scoreAmber on, else MISSED; null without a score."""
    policy, score = policy_in_force(view, cycle.end), cycle_score(view, cycle)
    if score is None:
        return None
    if score >= policy.score_green:
        return "ACHIEVED"
    return "PARTIAL" if score >= policy.score_amber else "MISSED"


def cycle_score(view: View, cycle: Cycle) -> float | None:
    """The score of a closed cycle; None while it is open.

    The plain mean of the scores of its objectives that do not take their value from others (of those, if there are
    no others). Late facts alter no score: it is computed from what was known at the closing.
    """
    if cycle.end is None:
        return None
    closing = view.log.view(Basis(cycle.end.at, cycle.end.position, cycle.end.position))
    own = [one for one in objectives_in(closing, cycle) if one.state is ObjectiveState.CLOSED]
    own = [one for one in own if not takes_from_others(closing, one)] or own
    scores = [one.score for one in own if one.score is not None]
    if scores:
        return sum(scores) / len(scores)
    return score_of_children(closing, cycle)


def score_of_children(view: View, cycle: Cycle) -> float | None:
    """Σ days · (score where closed, else value, 0 where null) over the children, divided by the cycle's own days;
    None if no child has either."""
    children = children_of(view, cycle)
    results = [cycle_score(view, one) if one.end is not None else cycle_figures(view, one).value for one in children]
    if all(result is None for result in results):
        return None
    return sum(one.days * (result or 0) for one, result in zip(children, results, strict=True)) / cycle.days


def subtree(view: View, team: UUID) -> set[UUID]:
    """The team and all teams below it."""
    below = {team}
    while more := {one.id for one in view.teams.values() if one.parent in below} - below:
        below |= more
    return below


def objectives_of_team(view: View, team: UUID, cycle: Cycle | None, *, include_subteams: bool) -> list[Objective]:
    """The objectives that the team owns, in one cycle or in all ACTIVE ones."""
    teams = subtree(view, team) if include_subteams else {team}
    owned = [one for one in view.objectives.values() if one.team in teams]
    if cycle is not None:
        return [one for one in owned if one.cycle == cycle.id]
    return [one for one in owned if view.cycles[one.cycle].state is CycleState.ACTIVE]


def team_figures(now: View, team: UUID, cycle: Cycle | None, *, include_subteams: bool = True) -> Figures:
    """The plain mean of a team's objectives. For a closed cycle, subtree, owners and parts are those of its closing."""
    view = now if cycle is None else at_cycle_end(now, cycle)
    policy = policy_in_force(view, None if cycle is None else cycle.end)
    owned = objectives_of_team(view, team, cycle, include_subteams=include_subteams)
    return mean_of([Part(1, objective_figures(view, one)) for one in counted(view, owned)], policy)
