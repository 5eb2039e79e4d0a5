"""Orders of lists: the GraphQL inputs, and the keys they stand for."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import strawberry

from api.schema.connections.sorting import KEYS_MAX, Key, Keys
from api.schema.primitives.described_enum import described
from domain.primitives.errors import invalid

# ── fields ───────────────────────────────────────────────────────────────────────────────────────

_RECORDED_FIELDS = {
    "RECORDED": "The order of recording in the log.",
    "CREATED_AT": "The time of creation, as in `createdAt`.",
    "CHANGED_AT": "The time of the last change, as in `changedAt`.",
}
_OWNED_FIELDS = {
    "OWNER": "The name of the owner, in alphabetical order; without an owner comes last.",
    "MEASURED_AT": "The time of the latest check-in or reading, with or without a value; without one comes last.",
}
_GOAL_FIELDS = {
    **_RECORDED_FIELDS,
    **_OWNED_FIELDS,
    "TITLE": "The title, in alphabetical order.",
    "PROGRESS": "The value of the progress; goals without one come last.",
    "CONFIDENCE": "The confidence, as in `progress`; goals without one come last.",
    "HEALTH": "The health, the worst first: OFF_TRACK, AT_RISK, OUTDATED, PENDING, ON_TRACK, then MISSED, PARTIAL, "
    "ACHIEVED and DROPPED. Goals without one come last.",
}


@described("The direction of an order.", {"ASC": "From low to high.", "DESC": "From high to low."})
class SortDirection(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


@described(
    "The fields by which objectives can be ordered.",
    _GOAL_FIELDS
    | {
        "DUE": "The first due day of its key results that are not dropped; the last day of its cycle without any.",
    },
)
class ObjectiveOrderField(StrEnum):
    RECORDED = "RECORDED"
    TITLE = "TITLE"
    PROGRESS = "PROGRESS"
    CONFIDENCE = "CONFIDENCE"
    HEALTH = "HEALTH"
    MEASURED_AT = "MEASURED_AT"
    DUE = "DUE"
    OWNER = "OWNER"
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
    CONFIDENCE = "CONFIDENCE"
    HEALTH = "HEALTH"
    MEASURED_AT = "MEASURED_AT"
    DUE = "DUE"
    OWNER = "OWNER"
    WEIGHT = "WEIGHT"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


@described(
    "The fields by which KPIs can be ordered.",
    {
        **_RECORDED_FIELDS,
        "OWNER": _OWNED_FIELDS["OWNER"],
        "MEASURED_AT": "The time of the latest reading; without one comes last.",
        "KEY": "The key, in alphabetical order.",
        "NAME": "The name, in alphabetical order.",
        "STATUS": "The status, the worst first: BREACHED, WARNING, STALE, NO_DATA, HEALTHY, RETIRED.",
    },
)
class KpiOrderField(StrEnum):
    RECORDED = "RECORDED"
    KEY = "KEY"
    NAME = "NAME"
    STATUS = "STATUS"
    MEASURED_AT = "MEASURED_AT"
    OWNER = "OWNER"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


@described(
    "The fields by which cycles can be ordered.",
    _RECORDED_FIELDS
    | {
        "STARTS_ON": "The first day of the cycle.",
        "KEY": "The key, in alphabetical order.",
        "NAME": "The name, in alphabetical order.",
    },
)
class CycleOrderField(StrEnum):
    RECORDED = "RECORDED"
    STARTS_ON = "STARTS_ON"
    KEY = "KEY"
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


@described(
    "The fields by which teams can be ordered.",
    _RECORDED_FIELDS | {"KEY": "The key, in alphabetical order.", "NAME": "The name, in alphabetical order."},
)
class TeamOrderField(StrEnum):
    RECORDED = "RECORDED"
    KEY = "KEY"
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


@described(
    "The fields by which people can be ordered.",
    _RECORDED_FIELDS | {"HANDLE": "The handle, in alphabetical order.", "NAME": "The name, in alphabetical order."},
)
class PersonOrderField(StrEnum):
    RECORDED = "RECORDED"
    HANDLE = "HANDLE"
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


# ── inputs ───────────────────────────────────────────────────────────────────────────────────────


def _field() -> Any:
    return strawberry.field(description="The field to order by.")


def _direction() -> Any:
    return strawberry.field(default=SortDirection.ASC, description="The direction of the order.")


@strawberry.input(description="An order of objectives. Objectives with equal values have a fixed order.")
class ObjectiveOrder:
    field: ObjectiveOrderField = _field()
    direction: SortDirection = _direction()


@strawberry.input(description="An order of key results. Key results with equal values have a fixed order.")
class KeyResultOrder:
    field: KeyResultOrderField = _field()
    direction: SortDirection = _direction()


@strawberry.input(description="An order of KPIs. KPIs with equal values have a fixed order.")
class KpiOrder:
    field: KpiOrderField = _field()
    direction: SortDirection = _direction()


@strawberry.input(description="An order of cycles. Cycles with equal values have a fixed order.")
class CycleOrder:
    field: CycleOrderField = _field()
    direction: SortDirection = _direction()


@strawberry.input(description="An order of teams. Teams with equal values have a fixed order.")
class TeamOrder:
    field: TeamOrderField = _field()
    direction: SortDirection = _direction()


@strawberry.input(description="An order of people. People with equal values have a fixed order.")
class PersonOrder:
    field: PersonOrderField = _field()
    direction: SortDirection = _direction()


def keys(default: StrEnum, sort: Sequence[Any] | None, order_by: Any = None) -> Keys:
    """The requested order, or the default. Raises `INVALID` for two orders, too many keys, or a repeated field."""
    if sort is not None and order_by is not None:
        raise invalid("Give `sort` or `orderBy`, not both.", "sort")
    given = [order_by] if order_by is not None else list(sort or ())
    if len(given) > KEYS_MAX:
        raise invalid(f"Sort by up to {KEYS_MAX} fields, not {len(given)}.", "sort")
    if len({one.field for one in given}) < len(given):
        raise invalid("Sorts by one field twice; name each field once.", "sort")
    return [Key(str(one.field), one.direction is SortDirection.DESC) for one in given] or [Key(str(default))]
