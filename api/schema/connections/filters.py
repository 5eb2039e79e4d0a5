"""Filters of lists: the GraphQL inputs, and the entities that they name."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Optional
from uuid import UUID

import strawberry

from api.schema.connections.comparators import DayRange, NumberRange, TimeRange
from api.schema.primitives import enums
from api.schema.primitives.lookup import By, CycleBy, KpiBy, TeamBy, external_of, id_of, key_of
from api.snapshot import global_ids
from api.snapshot.dataloaders import BY_KEY
from api.snapshot.snapshot import View
from domain.commands.command import External
from domain.primitives.checks import label_checks
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.values import Kind
from projections.tables.across.external_reference import externally_named

SEARCH_LENGTH_MAX = 300
NAMES_MAX = 1_000
"""The most entries of a list in a filter."""
SEARCHED = "Each word must occur as a part of a word, in any order, ignoring case, accents and Unicode form."

NOTHING = UUID(int=0)
"""The id of an entity that does not exist: a list that is filtered by it is empty."""


# ── filters ──────────────────────────────────────────────────────────────────────────────────────


def _include_subteams() -> Any:
    return strawberry.field(
        default=True, description="Whether `team` and `teams` include the teams inside them, directly or not."
    )


def _labels() -> Any:
    return strawberry.field(default=None, description="What it must have: all of these labels.")


def _any_labels() -> Any:
    return strawberry.field(default=None, description="What it must have: at least one of these labels.")


def _owners() -> Any:
    return strawberry.field(default=None, description="What one of these people owns.")


def _unowned() -> Any:
    return strawberry.field(default=None, description="Whether it has no owner.")


def _created_at() -> Any:
    return strawberry.field(default=None, description="The time of creation, as in `createdAt`.")


def _changed_at() -> Any:
    return strawberry.field(default=None, description="The time of the last change, as in `changedAt`.")


def _measured_at(of: str = "check-in or reading, with or without a value") -> Any:
    return strawberry.field(default=None, description=f"The time of the latest {of}.")


def _confidence() -> Any:
    return strawberry.field(default=None, description="The confidence, as in `progress { confidence }`.")


def _progress() -> Any:
    return strawberry.field(default=None, description="The value of the progress, as in `progress { value }`.")


def _worse_since() -> Any:
    return strawberry.field(
        default=None,
        description="Goals that are AT_RISK or OFF_TRACK at the basis and were rated better at this time, by what is "
        "known at the basis. A goal that was OUTDATED or PENDING then counts as one that was ON_TRACK.",
    )


def _due_before(what: str) -> Any:
    return strawberry.field(default=None, description=f"{what} is due before this day, by the calendar.")


def _overdue(what: str) -> Any:
    return strawberry.field(
        default=None, description=f"Whether {what} is overdue: the day on which it was due has passed."
    )


def _ids() -> Any:
    return strawberry.field(default=None, description="Those with one of these ids.")


def _and() -> Any:
    return strawberry.field(name="and", default=None, description="What it must match besides: all of these filters.")


def _or() -> Any:
    return strawberry.field(
        name="or",
        default=None,
        description="What it must match besides: at least one of these filters; an empty list matches nothing.",
    )


def _not() -> Any:
    return strawberry.field(name="not", default=None, description="The filter that it must not match.")


@strawberry.input(description="A filter of cycles. A cycle must match every field that is set.")
class CycleFilter:
    state: enums.CycleState | None = strawberry.field(
        default=None, description="Cycles in this state.", deprecation_reason="Use `states`. Removed in 0.5."
    )
    states: list[enums.CycleState] | None = strawberry.field(default=None, description="Cycles in one of these states.")
    overlaps: date | None = strawberry.field(default=None, description="Cycles that include this day.")
    starts_on: DayRange | None = strawberry.field(default=None, description="The first day of the cycle.")
    ends_on: DayRange | None = strawberry.field(default=None, description="The last day of the cycle.")
    search: str | None = strawberry.field(default=None, description=f"Words in the key or name. {SEARCHED}")
    and_: list["CycleFilter"] | None = _and()
    or_: list["CycleFilter"] | None = _or()
    not_: Optional["CycleFilter"] = _not()


@strawberry.input(description="A filter of objectives. An objective must match every field that is set.")
class ObjectiveFilter:
    ids: list[strawberry.ID] | None = _ids()
    cycle: CycleBy | None = strawberry.field(default=None, description="Objectives of this cycle.")
    cycles: list[CycleBy] | None = strawberry.field(default=None, description="Objectives of one of these cycles.")
    team: TeamBy | None = strawberry.field(
        default=None, description="Objectives of this team, with those of the teams inside it."
    )
    teams: list[TeamBy] | None = strawberry.field(default=None, description="Objectives of one of these teams.")
    include_subteams: bool = _include_subteams()
    owner: strawberry.ID | None = strawberry.field(default=None, description="Objectives owned by this person.")
    owners: list[strawberry.ID] | None = _owners()
    unowned: bool | None = _unowned()
    contributor: strawberry.ID | None = strawberry.field(
        default=None, description="Objectives to which this person contributes."
    )
    state: list[enums.ObjectiveState] | None = strawberry.field(
        default=None, description="Objectives in one of these states."
    )
    kind: enums.ObjectiveKind | None = strawberry.field(default=None, description="Objectives of this kind.")
    health: list[enums.Health] | None = strawberry.field(
        default=None, description="Objectives with one of these health values."
    )
    worse_since: datetime | None = _worse_since()
    progress: NumberRange | None = _progress()
    confidence: NumberRange | None = _confidence()
    measured_at: TimeRange | None = _measured_at("check-in or reading of a key result that is not dropped")
    due: DayRange | None = strawberry.field(
        default=None,
        description="The first due day of its key results that are not dropped; the last day of its cycle without any.",
    )
    due_before: date | None = _due_before("Objectives with a key result whose next check-in (`nextCheckInDue`)")
    overdue: bool | None = _overdue("the check-in of one of its key results")
    never_checked_in: bool | None = strawberry.field(
        default=None,
        description="Whether it has key results, dropped ones aside, and none of them was ever checked in, nor has a "
        "reading of its KPI.",
    )
    last_check_in_before: datetime | None = strawberry.field(
        default=None,
        description="Objectives whose key results had their last check-in, or reading of their KPI, before this "
        "moment; without those that were never checked in.",
    )
    aligned: bool | None = strawberry.field(
        default=None, description="Whether the objective supports a goal that is not dropped."
    )
    labels: list[str] | None = _labels()
    any_labels: list[str] | None = _any_labels()
    created_at: TimeRange | None = _created_at()
    changed_at: TimeRange | None = _changed_at()
    search: str | None = strawberry.field(default=None, description=f"Words in the title or description. {SEARCHED}")
    and_: list["ObjectiveFilter"] | None = _and()
    or_: list["ObjectiveFilter"] | None = _or()
    not_: Optional["ObjectiveFilter"] = _not()


@strawberry.input(
    description="A filter of key results. A key result must match every field that is set. Without `state` or health "
    "DROPPED, in it or in a filter inside it, key results that were dropped are left out."
)
class KeyResultFilter:
    ids: list[strawberry.ID] | None = _ids()
    cycle: CycleBy | None = strawberry.field(default=None, description="Key results of this cycle.")
    cycles: list[CycleBy] | None = strawberry.field(default=None, description="Key results of one of these cycles.")
    team: TeamBy | None = strawberry.field(
        default=None, description="Key results of objectives of this team, with those of the teams inside it."
    )
    teams: list[TeamBy] | None = strawberry.field(
        default=None, description="Key results of objectives of one of these teams."
    )
    include_subteams: bool = _include_subteams()
    owner: strawberry.ID | None = strawberry.field(default=None, description="Key results owned by this person.")
    owners: list[strawberry.ID] | None = _owners()
    unowned: bool | None = _unowned()
    contributor: strawberry.ID | None = strawberry.field(
        default=None, description="Key results of objectives to which this person contributes."
    )
    health: list[enums.Health] | None = strawberry.field(
        default=None,
        description="Key results with one of these health values. DROPPED includes those dropped with their objective.",
    )
    worse_since: datetime | None = _worse_since()
    progress: NumberRange | None = _progress()
    confidence: NumberRange | None = _confidence()
    measured_at: TimeRange | None = _measured_at()
    due: DayRange | None = strawberry.field(default=None, description="The day it is due.")
    due_before: date | None = _due_before("Key results whose next check-in (`nextCheckInDue`)")
    overdue: bool | None = _overdue("its next check-in")
    never_checked_in: bool | None = strawberry.field(
        default=None, description="Whether it was never checked in, nor has a reading of its KPI."
    )
    last_check_in_before: datetime | None = strawberry.field(
        default=None,
        description="Key results that had their last check-in, or reading of their KPI, before this moment; without "
        "those that were never checked in.",
    )
    state: list[enums.KeyResultState] | None = strawberry.field(
        default=None, description="Key results in one of these states."
    )
    kpi: KpiBy | None = strawberry.field(default=None, description="Key results measured by this KPI.")
    labels: list[str] | None = _labels()
    any_labels: list[str] | None = _any_labels()
    created_at: TimeRange | None = _created_at()
    changed_at: TimeRange | None = _changed_at()
    search: str | None = strawberry.field(default=None, description=f"Words in the title or description. {SEARCHED}")
    and_: list["KeyResultFilter"] | None = _and()
    or_: list["KeyResultFilter"] | None = _or()
    not_: Optional["KeyResultFilter"] = _not()


@strawberry.input(description="A filter of KPIs. A KPI must match every field that is set.")
class KpiFilter:
    ids: list[strawberry.ID] | None = _ids()
    team: TeamBy | None = strawberry.field(
        default=None, description="KPIs of this team, with those of the teams inside it."
    )
    teams: list[TeamBy] | None = strawberry.field(default=None, description="KPIs of one of these teams.")
    include_subteams: bool = _include_subteams()
    owner: strawberry.ID | None = strawberry.field(default=None, description="KPIs owned by this person.")
    owners: list[strawberry.ID] | None = _owners()
    unowned: bool | None = _unowned()
    status: list[enums.KpiStatus] | None = strawberry.field(
        default=None, description="KPIs with one of these status values."
    )
    measured_at: TimeRange | None = _measured_at("reading")
    due_before: date | None = _due_before("KPIs whose next reading (`nextReadingDue`)")
    overdue: bool | None = _overdue("its next reading")
    labels: list[str] | None = _labels()
    any_labels: list[str] | None = _any_labels()
    created_at: TimeRange | None = _created_at()
    changed_at: TimeRange | None = _changed_at()
    search: str | None = strawberry.field(
        default=None, description=f"Words in the key, name or description. {SEARCHED}"
    )
    and_: list["KpiFilter"] | None = _and()
    or_: list["KpiFilter"] | None = _or()
    not_: Optional["KpiFilter"] = _not()


@strawberry.input(description="A filter of teams. A team must match every field that is set.")
class TeamFilter:
    labels: list[str] | None = _labels()
    any_labels: list[str] | None = _any_labels()
    search: str | None = strawberry.field(default=None, description=f"Words in the key or name. {SEARCHED}")
    and_: list["TeamFilter"] | None = _and()
    or_: list["TeamFilter"] | None = _or()
    not_: Optional["TeamFilter"] = _not()


@strawberry.input(description="A filter of people. A person must match every field that is set.")
class PersonFilter:
    active: bool | None = strawberry.field(default=None, description="Whether the person is active.")
    team: TeamBy | None = strawberry.field(
        default=None, description="Members of this team, or of one of the teams inside it."
    )
    include_subteams: bool = strawberry.field(
        default=True, description="Whether `team` includes the teams inside it, directly or not."
    )
    search: str | None = strawberry.field(default=None, description=f"Words in the handle, name or email. {SEARCHED}")
    and_: list["PersonFilter"] | None = _and()
    or_: list["PersonFilter"] | None = _or()
    not_: Optional["PersonFilter"] = _not()


# ── what filters name ────────────────────────────────────────────────────────────────────────────


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


def all_named(view: View, kind: Kind, given: Sequence[By] | None) -> tuple[UUID, ...] | None:
    """The ids of these entities, which are read by their keys in one statement; None for None. Raises `TOO_LARGE`."""
    if given is None:
        return None
    check_length(given)
    view.read_keys(BY_KEY[kind], [key_of(by) for by in given if id_of(by) is None and external_of(by) is None])
    return tuple(named(view, kind, by) or NOTHING for by in given)


def check_length(given: Sequence[Any]) -> None:
    """Raises `TOO_LARGE` for a list of a filter that is too long."""
    if len(given) > NAMES_MAX:
        raise CommandRejected(Code.TOO_LARGE, f"A list of a filter has up to {NAMES_MAX} entries.", "filter")


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
