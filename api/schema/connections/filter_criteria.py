"""The criteria of filters: what of a filter the database decides, and what is computed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from api.schema.connections.comparators import day_range, number_range, time_range
from api.schema.connections.criteria import Computed, Criteria, check_size, combined
from api.schema.connections.filters import (
    CycleFilter,
    KeyResultFilter,
    KpiFilter,
    ObjectiveFilter,
    PersonFilter,
    TeamFilter,
    all_named,
    check_length,
    identified,
    labelled,
    named,
    searched,
)
from api.schema.connections.owing import Owed
from api.snapshot.snapshot import View
from domain.metrics.rating import Health
from domain.primitives.values import KeyResultState, Kind, ObjectiveState
from projections.tables import cycle, key_result, kpi, objective, people

LIVE = (KeyResultState.ACTIVE, KeyResultState.SCORED)

OPEN: Final = (ObjectiveState.DRAFT, ObjectiveState.ACTIVE)
STATES: Final[Mapping[Health, Sequence[ObjectiveState]]] = {
    **dict.fromkeys((Health.PENDING, Health.ON_TRACK, Health.AT_RISK, Health.OFF_TRACK, Health.OUTDATED), OPEN),
    **dict.fromkeys((Health.ACHIEVED, Health.PARTIAL, Health.MISSED), (ObjectiveState.CLOSED,)),
    Health.DROPPED: (ObjectiveState.DROPPED,),
}
"""The states of objectives in which each health occurs. The database leaves out the others before any is computed."""
RATED: Final = frozenset({Health.ON_TRACK, Health.AT_RISK, Health.OFF_TRACK, Health.OUTDATED})
"""The health values of key results that occur in active objectives only."""


def objectives(view: View, given: ObjectiveFilter | None) -> Criteria:
    """The criteria of a filter of objectives. Raises `INVALID` or `TOO_LARGE`, like those below."""
    if given is None:
        return Criteria(objective.ObjectiveFilter())
    check_size(given)
    return _objectives(view, given)


def _objectives(view: View, given: ObjectiveFilter) -> Criteria:
    stored = objective.ObjectiveFilter(
        **_of_goal(view, Kind.OBJECTIVE, given),
        states=None if given.state is None else tuple(given.state),
        kind=given.kind,
        aligned=given.aligned,
    )
    states = _states(given)
    if states is not None:
        stored = replace(stored, all_of=(objective.ObjectiveFilter(states=states),))
    computed = Computed(due=day_range(view, given.due, "due"), **_judged(view, given))
    return combined(given, stored, computed, lambda one: _objectives(view, one))


def _states(given: ObjectiveFilter) -> tuple[ObjectiveState, ...] | None:
    """The states in which objectives may have what a filter requires of computed values; None if in all."""
    healthy = None if given.health is None else {state for health in given.health for state in STATES[health]}
    if not _requires_active(given):
        return None if healthy is None else tuple(healthy)
    return (ObjectiveState.ACTIVE,) if healthy is None or ObjectiveState.ACTIVE in healthy else ()


def _requires_active(given: ObjectiveFilter | KeyResultFilter) -> bool:
    """Whether only active objectives and their key results may turn worse, or owe, what a filter requires."""
    return given.worse_since is not None or given.due_before is not None or given.overdue is True


def key_results(view: View, given: KeyResultFilter | None) -> Criteria:
    """The criteria of a filter of key results; dropped ones are left out unless it names them."""
    if given is None:
        return Criteria(key_result.KeyResultFilter(states=LIVE))
    check_size(given)
    names_dropped = any(one.state is not None or Health.DROPPED in (one.health or ()) for one in _all(given))
    return _key_results(view, given, None if names_dropped else LIVE)


def _key_results(view: View, given: KeyResultFilter, default: tuple[KeyResultState, ...] | None) -> Criteria:
    stored = key_result.KeyResultFilter(
        **_of_goal(view, Kind.KEY_RESULT, given),
        kpi=named(view, Kind.KPI, given.kpi),
        states=default if given.state is None else tuple(given.state),
        due=day_range(view, given.due, "due"),
        objective_state=_objective_state(given),
    )
    return combined(given, stored, Computed(**_judged(view, given)), lambda one: _key_results(view, one, None))


def _objective_state(given: KeyResultFilter) -> ObjectiveState | None:
    """The state of objectives whose key results alone may have what a filter requires of computed values."""
    is_rated = given.health is not None and RATED.issuperset(given.health)
    return ObjectiveState.ACTIVE if is_rated or _requires_active(given) else None


def kpis(view: View, given: KpiFilter | None) -> Criteria:
    """The criteria of a filter of KPIs."""
    if given is None:
        return Criteria(kpi.KpiFilter())
    check_size(given)
    return _kpis(view, given)


def _kpis(view: View, given: KpiFilter) -> Criteria:
    stored = kpi.KpiFilter(**_owned(view, Kind.KPI, given))
    computed = Computed(
        conditions=None if given.status is None else tuple(given.status),
        measured_at=time_range(view, given.measured_at, "measuredAt"),
        owed=Owed.of(given, view.basis.at),
    )
    return combined(given, stored, computed, lambda one: _kpis(view, one))


def cycles(view: View, given: CycleFilter | None) -> Criteria:
    """The criteria of a filter of cycles."""
    if given is None:
        return Criteria(cycle.CycleFilter())
    check_size(given)
    return _cycles(view, given)


def _cycles(view: View, given: CycleFilter) -> Criteria:
    stored = cycle.CycleFilter(
        state=given.state,
        states=None if given.states is None else tuple(given.states),
        overlaps=given.overlaps,
        starts=day_range(view, given.starts_on, "startsOn"),
        ends=day_range(view, given.ends_on, "endsOn"),
        search=searched(given.search),
    )
    return combined(given, stored, Computed(), lambda one: _cycles(view, one))


def teams(given: TeamFilter | None) -> Criteria:
    """The criteria of a filter of teams that are not disbanded."""
    if given is None:
        return Criteria(people.TeamFilter(disbanded=False))
    check_size(given)
    return _teams_of(given)


def _teams_of(given: TeamFilter) -> Criteria:
    stored = people.TeamFilter(
        disbanded=False,
        labels=labelled(given.labels),
        any_labels=labelled(given.any_labels),
        search=searched(given.search),
    )
    return combined(given, stored, Computed(), _teams_of)


def persons(view: View, given: PersonFilter | None) -> Criteria:
    """The criteria of a filter of people."""
    if given is None:
        return Criteria(people.PersonFilter())
    check_size(given)
    return _persons(view, given)


def _persons(view: View, given: PersonFilter) -> Criteria:
    team = named(view, Kind.TEAM, given.team)
    inside = () if team is None else view.teams_inside(team) if given.include_subteams else (team,)
    stored = people.PersonFilter(
        active=given.active, search=searched(given.search), teams=None if team is None else tuple(inside)
    )
    return combined(given, stored, Computed(), lambda one: _persons(view, one))


# ── parts ────────────────────────────────────────────────────────────────────────────────────────


def _of_goal(view: View, kind: Kind, given: ObjectiveFilter | KeyResultFilter) -> dict[str, Any]:
    """What filters of objectives and of key results require of stored values alike."""
    return {
        "cycle": named(view, Kind.CYCLE, given.cycle),
        "cycles": all_named(view, Kind.CYCLE, given.cycles),
        "contributor": identified(Kind.PERSON, given.contributor),
        **_owned(view, kind, given),
    }


def _owned(view: View, kind: Kind, given: ObjectiveFilter | KeyResultFilter | KpiFilter) -> dict[str, Any]:
    """What filters of goals and of KPIs require of stored values alike."""
    return {
        "ids": _identified(kind, given.ids),
        "teams": _teams(view, given),
        "owner": identified(Kind.PERSON, given.owner),
        "owners": _identified(Kind.PERSON, given.owners),
        "owned": None if given.unowned is None else not given.unowned,
        "labels": labelled(given.labels),
        "any_labels": labelled(given.any_labels),
        "created": time_range(view, given.created_at, "createdAt"),
        "changed": time_range(view, given.changed_at, "changedAt"),
        "search": searched(given.search),
    }


def _judged(view: View, given: ObjectiveFilter | KeyResultFilter) -> dict[str, Any]:
    """What a filter requires of figures."""
    return {
        "conditions": None if given.health is None else tuple(given.health),
        "progress": number_range(given.progress, "progress"),
        "confidence": number_range(given.confidence, "confidence"),
        "measured_at": time_range(view, given.measured_at, "measuredAt"),
        "worse_since": given.worse_since,
        "owed": Owed.of(given, view.basis.at),
    }


def _teams(view: View, given: ObjectiveFilter | KeyResultFilter | KpiFilter) -> tuple[UUID, ...] | None:
    """The teams of a filter, by default with the teams inside them; those of both fields if both are set."""
    found = [
        frozenset(view.teams_inside(*teams) if given.include_subteams else teams)
        for teams in (_one(named(view, Kind.TEAM, given.team)), all_named(view, Kind.TEAM, given.teams))
        if teams is not None
    ]
    return tuple(frozenset.intersection(*found)) if found else None


def _one(id: UUID | None) -> tuple[UUID, ...] | None:
    return None if id is None else (id,)


def _identified(kind: Kind, ids: Sequence[str] | None) -> tuple[UUID, ...] | None:
    if ids is None:
        return None
    check_length(ids)
    return tuple(found for id in ids if (found := identified(kind, id)) is not None)


def _all(given: Any) -> Iterator[Any]:
    """A filter and all filters inside it."""
    yield given
    for one in (*(given.and_ or ()), *(given.or_ or ()), *([] if given.not_ is None else [given.not_])):
        yield from _all(one)
