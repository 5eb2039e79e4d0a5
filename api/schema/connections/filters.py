"""Filters and orders of lists: the GraphQL inputs, and their translation to the filters of the projections."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import strawberry

from api.schema.primitives import enums
from api.schema.primitives.described_enum import described
from api.schema.primitives.lookup import By, CycleBy, KpiBy, TeamBy, external_of, id_of, key_of
from api.snapshot import global_ids
from api.snapshot.dataloaders import BY_KEY
from api.snapshot.snapshot import View
from domain.commands.command import External
from domain.metrics.rating import Health
from domain.primitives import label_checks
from domain.primitives.errors import invalid
from domain.primitives.values import Kind
from projections.store.versioned_tables import Order
from projections.tables import cycle, key_result, kpi, objective, people
from projections.tables.across.external_reference import externally_named

SEARCH_LENGTH_MAX = 300
SEARCHED = "Each word must occur as a part of a word, in any order, ignoring case, accents and Unicode form."

NOTHING = UUID(int=0)
"""The id of an entity that does not exist: a list that is filtered by it is empty."""


# ── filters ──────────────────────────────────────────────────────────────────────────────────────


def _include_subteams() -> Any:
    return strawberry.field(default=True, description="Whether `team` includes the teams inside it, directly or not.")


def _labels() -> Any:
    return strawberry.field(default=None, description="What it must have: all of these labels.")


@strawberry.input(description="A filter of cycles. A cycle must match every field that is set.")
class CycleFilter:
    state: enums.CycleState | None = strawberry.field(default=None, description="Cycles in this state.")
    overlaps: date | None = strawberry.field(default=None, description="Cycles that include this day.")


@strawberry.input(description="A filter of objectives. An objective must match every field that is set.")
class ObjectiveFilter:
    cycle: CycleBy | None = strawberry.field(default=None, description="Objectives of this cycle.")
    team: TeamBy | None = strawberry.field(
        default=None, description="Objectives of this team, with those of the teams inside it."
    )
    include_subteams: bool = _include_subteams()
    owner: strawberry.ID | None = strawberry.field(default=None, description="Objectives owned by this person.")
    state: list[enums.ObjectiveState] | None = strawberry.field(
        default=None, description="Objectives in one of these states."
    )
    kind: enums.ObjectiveKind | None = strawberry.field(default=None, description="Objectives of this kind.")
    health: list[enums.Health] | None = strawberry.field(
        default=None, description="Objectives with one of these health values."
    )
    aligned: bool | None = strawberry.field(
        default=None, description="Whether the objective supports a goal that is not dropped."
    )
    labels: list[str] | None = _labels()
    search: str | None = strawberry.field(default=None, description=f"Words in the title or description. {SEARCHED}")


@strawberry.input(
    description="A filter of key results. A key result must match every field that is set. Dropped key results are "
    "left out unless `state` is set or `health` includes DROPPED."
)
class KeyResultFilter:
    cycle: CycleBy | None = strawberry.field(default=None, description="Key results of objectives in this cycle.")
    team: TeamBy | None = strawberry.field(
        default=None, description="Key results of this team's objectives, with those of the teams inside it."
    )
    include_subteams: bool = _include_subteams()
    owner: strawberry.ID | None = strawberry.field(default=None, description="Key results owned by this person.")
    health: list[enums.Health] | None = strawberry.field(
        default=None,
        description="Key results with one of these health values. DROPPED includes those dropped with their objective.",
    )
    state: list[enums.KeyResultState] | None = strawberry.field(
        default=None, description="Key results in one of these states."
    )
    kpi: KpiBy | None = strawberry.field(default=None, description="Key results measured by this KPI.")
    labels: list[str] | None = _labels()
    search: str | None = strawberry.field(default=None, description=f"Words in the title or description. {SEARCHED}")


@strawberry.input(description="A filter of KPIs. A KPI must match every field that is set.")
class KpiFilter:
    team: TeamBy | None = strawberry.field(
        default=None, description="KPIs of this team, with those of the teams inside it."
    )
    include_subteams: bool = _include_subteams()
    owner: strawberry.ID | None = strawberry.field(default=None, description="KPIs owned by this person.")
    status: list[enums.KpiStatus] | None = strawberry.field(
        default=None, description="KPIs with one of these status values."
    )
    labels: list[str] | None = _labels()
    search: str | None = strawberry.field(
        default=None, description=f"Words in the key, name or description. {SEARCHED}"
    )


@strawberry.input(description="A filter of teams. A team must match every field that is set.")
class TeamFilter:
    labels: list[str] | None = _labels()


# ── orders ───────────────────────────────────────────────────────────────────────────────────────


_RECORDED_FIELDS = {
    "RECORDED": "The order of recording in the log.",
    "CREATED_AT": "The time of creation, as in `createdAt`.",
    "CHANGED_AT": "The time of the last change, as in `changedAt`.",
}
_GOAL_FIELDS = _RECORDED_FIELDS | {
    "TITLE": "The title, in alphabetical order.",
    "PROGRESS": "The value of the progress; goals without one come last.",
}


@described("The direction of an order.", {"ASC": "From low to high.", "DESC": "From high to low."})
class SortDirection(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


@described("The fields by which objectives can be ordered.", _GOAL_FIELDS)
class ObjectiveOrderField(StrEnum):
    RECORDED = "RECORDED"
    TITLE = "TITLE"
    PROGRESS = "PROGRESS"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


@described(
    "The fields by which key results can be ordered.",
    _GOAL_FIELDS | {"DUE": "The day it is due.", "WEIGHT": "The weight within the objective."},
)
class KeyResultOrderField(StrEnum):
    RECORDED = "RECORDED"
    TITLE = "TITLE"
    PROGRESS = "PROGRESS"
    DUE = "DUE"
    WEIGHT = "WEIGHT"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


@described(
    "The fields by which KPIs can be ordered.",
    _RECORDED_FIELDS | {"KEY": "The key, in alphabetical order.", "NAME": "The name, in alphabetical order."},
)
class KpiOrderField(StrEnum):
    RECORDED = "RECORDED"
    KEY = "KEY"
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


@strawberry.input(description="An order of objectives. Objectives with equal values have a fixed order.")
class ObjectiveOrder:
    field: ObjectiveOrderField = strawberry.field(description="The field to order by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="The direction of the order.")


@strawberry.input(description="An order of key results. Key results with equal values have a fixed order.")
class KeyResultOrder:
    field: KeyResultOrderField = strawberry.field(description="The field to order by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="The direction of the order.")


@strawberry.input(description="An order of KPIs. KPIs with equal values have a fixed order.")
class KpiOrder:
    field: KpiOrderField = strawberry.field(description="The field to order by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="The direction of the order.")


def order(given: Any, default: StrEnum) -> Order[Any]:
    """The requested order, or the default."""
    if given is None:
        return Order(default)
    return Order(given.field, given.direction is SortDirection.DESC)


# ── translation to the projections ───────────────────────────────────────────────────────────────


def named(view: View, kind: Kind, by: By | None) -> UUID | None:
    """The id of the entity with this id or key; `NOTHING` if it does not exist, None if `by` is None."""
    if by is None:
        return None
    id, external = id_of(by), external_of(by)
    if id is not None:
        return identified(kind, id)
    if external is not None:
        return referring(view, kind, external) or NOTHING
    row = view.by_key(BY_KEY[kind], key_of(by))
    found: UUID = NOTHING if row is None else row.id
    return found


def referring(view: View, kind: Kind, external: External) -> UUID | None:
    """The id of the entity of this kind with a counterpart in another system; None if there is none."""
    name = external.stored
    row = None if name is None else view.read(externally_named, name.system, [name.id]).get(name.id)
    return row.subject_id if row is not None and row.subject_kind is kind else None


def identified(kind: Kind, id: str | None) -> UUID | None:
    """The entity's id in a global id; `NOTHING` if it is not of this kind, None if `id` is None."""
    if id is None:
        return None
    return global_ids.entity(id, kind) or NOTHING


def _teams(view: View, given: ObjectiveFilter | KeyResultFilter | KpiFilter) -> tuple[UUID, ...] | None:
    """The team of a filter, by default with the teams inside it."""
    team = named(view, Kind.TEAM, given.team)
    if team is None:
        return None
    return tuple(view.teams_inside(team)) if given.include_subteams else (team,)


def searched(text: str | None, field: str = "search") -> str | None:
    """The search text. Raises `INVALID` if it is too long or contains NUL or surrogates."""
    if text is None:
        return None
    if len(text) > SEARCH_LENGTH_MAX or "\0" in text or (not text.isascii() and _has_surrogates(text)):
        raise invalid(f"Search for up to {SEARCH_LENGTH_MAX} characters, without control characters.", field)
    return text


def labelled(labels: Sequence[str] | None) -> tuple[str, ...] | None:
    """The labels of a filter; none of them filters nothing. Raises `INVALID` or `TOO_LARGE` for what can be no
    labels."""
    return tuple(label_checks.labels(labels, "filter", "labels")) or None if labels is not None else None


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def cycle_filter(given: CycleFilter | None) -> cycle.CycleFilter:
    return cycle.CycleFilter() if given is None else cycle.CycleFilter(state=given.state, overlaps=given.overlaps)


def objective_filter(view: View, given: ObjectiveFilter | None) -> objective.ObjectiveFilter:
    if given is None:
        return objective.ObjectiveFilter()
    return objective.ObjectiveFilter(
        cycle=named(view, Kind.CYCLE, given.cycle),
        teams=_teams(view, given),
        owner=identified(Kind.PERSON, given.owner),
        states=None if given.state is None else tuple(given.state),
        kind=given.kind,
        aligned=given.aligned,
        labels=labelled(given.labels),
        search=searched(given.search),
    )


def key_result_filter(view: View, given: KeyResultFilter | None) -> key_result.KeyResultFilter:
    if given is None:
        return key_result.KeyResultFilter(states=LIVE)
    return key_result.KeyResultFilter(
        cycle=named(view, Kind.CYCLE, given.cycle),
        teams=_teams(view, given),
        owner=identified(Kind.PERSON, given.owner),
        kpi=named(view, Kind.KPI, given.kpi),
        states=_key_result_states(given),
        labels=labelled(given.labels),
        search=searched(given.search),
    )


def _key_result_states(given: KeyResultFilter) -> tuple[enums.KeyResultState, ...] | None:
    if given.state is not None:
        return tuple(given.state)
    return None if Health.DROPPED in (given.health or ()) else LIVE


def kpi_filter(view: View, given: KpiFilter | None) -> kpi.KpiFilter:
    if given is None:
        return kpi.KpiFilter()
    return kpi.KpiFilter(
        teams=_teams(view, given),
        owner=identified(Kind.PERSON, given.owner),
        labels=labelled(given.labels),
        search=searched(given.search),
    )


def team_filter(given: TeamFilter | None) -> people.TeamFilter:
    """Teams that are not disbanded."""
    return people.TeamFilter(disbanded=False, labels=None if given is None else labelled(given.labels))


def person_filter(search: str | None) -> people.PersonFilter:
    return people.PersonFilter(search=searched(search))


LIVE = (enums.KeyResultState.ACTIVE, enums.KeyResultState.SCORED)
