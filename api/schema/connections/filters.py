"""What a list can be asked for: filters and orders as clients give them, and as the projections take them."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import strawberry

from api.schema.primitives import enums
from api.schema.primitives.lookup import By, CycleBy, KpiBy, TeamBy, id_of, key_of
from api.snapshot import global_ids
from api.snapshot.dataloaders import BY_KEY
from api.snapshot.snapshot import View
from domain.metrics.progress import Health
from domain.primitives.errors import invalid
from domain.primitives.values import Kind
from projections.store.versioned_tables import Order
from projections.tables import cycle, key_result, kpi, objective, people

SEARCH_LENGTH_MAX = 300

NOTHING = UUID(int=0)
"""Stands for a thing that is asked for and does not exist: a list that must have it is empty."""


# ── filters ──────────────────────────────────────────────────────────────────────────────────────


@strawberry.input(description="Cycles for which every part given holds.")
class CycleFilter:
    state: enums.CycleState | None = strawberry.field(default=None, description="In this state.")
    overlaps: date | None = strawberry.field(default=None, description="This day lies in it.")


@strawberry.input(description="Objectives for which every part given holds.")
class ObjectiveFilter:
    cycle: CycleBy | None = strawberry.field(default=None, description="In this cycle.")
    team: TeamBy | None = strawberry.field(default=None, description="Of this team itself.")
    owner: strawberry.ID | None = strawberry.field(default=None, description="Owned by this person.")
    state: list[enums.ObjectiveState] | None = strawberry.field(default=None, description="In one of these states.")
    kind: enums.ObjectiveKind | None = strawberry.field(default=None, description="Of this kind.")
    health: list[enums.Health] | None = strawberry.field(default=None, description="In one of these conditions.")
    aligned: bool | None = strawberry.field(
        default=None, description="Whether it supports anything that is not dropped."
    )
    search: str | None = strawberry.field(
        default=None, description="A part of its title or description, whatever the case."
    )


@strawberry.input(
    description="Key results for which every part given holds; those that were dropped themselves are left out, "
    "unless a state or DROPPED is asked for."
)
class KeyResultFilter:
    cycle: CycleBy | None = strawberry.field(default=None, description="Of an objective in this cycle.")
    team: TeamBy | None = strawberry.field(default=None, description="Of an objective of this team itself.")
    owner: strawberry.ID | None = strawberry.field(default=None, description="Owned by this person.")
    health: list[enums.Health] | None = strawberry.field(
        default=None,
        description="In one of these conditions; DROPPED asks for those that were dropped, by themselves or with their "
        "objective.",
    )
    state: list[enums.KeyResultState] | None = strawberry.field(default=None, description="In one of these states.")
    kpi: KpiBy | None = strawberry.field(default=None, description="Measured by this KPI.")
    search: str | None = strawberry.field(
        default=None, description="A part of its title or description, whatever the case."
    )


@strawberry.input(description="KPIs for which every part given holds.")
class KpiFilter:
    team: TeamBy | None = strawberry.field(default=None, description="Of this team itself.")
    owner: strawberry.ID | None = strawberry.field(default=None, description="Owned by this person.")
    status: list[enums.KpiStatus] | None = strawberry.field(default=None, description="In one of these conditions.")
    search: str | None = strawberry.field(
        default=None, description="A part of its key, name or description, whatever the case."
    )


# ── orders ───────────────────────────────────────────────────────────────────────────────────────


@strawberry.enum(description="Which way a list goes.")
class SortDirection(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


@strawberry.enum(description="What objectives can be ordered by; PROGRESS puts those without a value last.")
class ObjectiveOrderField(StrEnum):
    RECORDED = "RECORDED"
    TITLE = "TITLE"
    PROGRESS = "PROGRESS"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


@strawberry.enum(description="What key results can be ordered by; PROGRESS puts those without a value last.")
class KeyResultOrderField(StrEnum):
    RECORDED = "RECORDED"
    TITLE = "TITLE"
    PROGRESS = "PROGRESS"
    DUE = "DUE"
    WEIGHT = "WEIGHT"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


@strawberry.enum(description="What KPIs can be ordered by.")
class KpiOrderField(StrEnum):
    RECORDED = "RECORDED"
    KEY = "KEY"
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


@strawberry.input(description="An order of objectives; equal ones follow in a fixed order of their own.")
class ObjectiveOrder:
    field: ObjectiveOrderField = strawberry.field(description="What to order by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


@strawberry.input(description="An order of key results; equal ones follow in a fixed order of their own.")
class KeyResultOrder:
    field: KeyResultOrderField = strawberry.field(description="What to order by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


@strawberry.input(description="An order of KPIs; equal ones follow in a fixed order of their own.")
class KpiOrder:
    field: KpiOrderField = strawberry.field(description="What to order by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


def order(given: Any, default: StrEnum) -> Order[Any]:
    """The order asked for, or the default."""
    if given is None:
        return Order(default)
    return Order(given.field, given.direction is SortDirection.DESC)


# ── as the projections take them ─────────────────────────────────────────────────────────────────


def named(view: View, kind: Kind, by: By | None) -> UUID | None:
    """The thing that is named by its id or key; `NOTHING` if there is none, None if nothing was named."""
    if by is None:
        return None
    id = id_of(by)
    if id is not None:
        return identified(kind, id)
    row = view.by_key(BY_KEY[kind], key_of(by))
    found: UUID = NOTHING if row is None else row.id
    return found


def identified(kind: Kind, id: str | None) -> UUID | None:
    """The thing that a global id names; `NOTHING` if it is not one of this kind, None if none was given."""
    if id is None:
        return None
    return global_ids.entity(id, kind) or NOTHING


def searched(text: str | None) -> str | None:
    """A text to search for. Raises `INVALID` for one that no text can contain."""
    if text is None:
        return None
    if len(text) > SEARCH_LENGTH_MAX or "\0" in text or (not text.isascii() and _has_surrogates(text)):
        raise invalid(f"Search for up to {SEARCH_LENGTH_MAX} characters, without control characters.", "search")
    return text


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def cycle_filter(given: CycleFilter | None) -> cycle.CycleFilter:
    return cycle.CycleFilter() if given is None else cycle.CycleFilter(state=given.state, overlaps=given.overlaps)


def objective_filter(view: View, given: ObjectiveFilter | None) -> objective.ObjectiveFilter:
    if given is None:
        return objective.ObjectiveFilter()
    return objective.ObjectiveFilter(
        cycle=named(view, Kind.CYCLE, given.cycle),
        team=named(view, Kind.TEAM, given.team),
        owner=identified(Kind.PERSON, given.owner),
        states=None if given.state is None else tuple(given.state),
        kind=given.kind,
        aligned=given.aligned,
        search=searched(given.search),
    )


def key_result_filter(view: View, given: KeyResultFilter | None) -> key_result.KeyResultFilter:
    if given is None:
        return key_result.KeyResultFilter(states=LIVE)
    return key_result.KeyResultFilter(
        cycle=named(view, Kind.CYCLE, given.cycle),
        team=named(view, Kind.TEAM, given.team),
        owner=identified(Kind.PERSON, given.owner),
        kpi=named(view, Kind.KPI, given.kpi),
        states=_key_result_states(given),
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
        team=named(view, Kind.TEAM, given.team),
        owner=identified(Kind.PERSON, given.owner),
        search=searched(given.search),
    )


def person_filter(search: str | None) -> people.PersonFilter:
    return people.PersonFilter(search=searched(search))


LIVE = (enums.KeyResultState.ACTIVE, enums.KeyResultState.SCORED)
