"""The field values of a row, the field changes between two versions, the versions around an event, and what people call
the nodes that fields name."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from domain.model.measurements.check_in import KeyResultCheckedIn
from domain.model.measurements.reading import ReadingRecorded
from domain.primitives.goal_schedule import GoalSchedule
from domain.primitives.kpi_formula import KpiTerm
from domain.primitives.values import Aggregation, Basis, Kind, Milestone, PlanPoint, Ref
from projections.store.rows import EventRow, Version
from projections.store.versioned_tables import Connection, Table, VersionedTable, basis_params, fetch
from projections.tables.across.external_reference import EXTERNAL_REFERENCE, ExternalReferenceRow
from projections.tables.across.template import TEMPLATE
from projections.tables.cycle import CALENDAR, CYCLE, POLICY, CycleRow
from projections.tables.discussion import COMMENT, INITIATIVE, REFLECTION
from projections.tables.key_result import KEY_RESULT, KeyResultRow
from projections.tables.kpi import KPI, KpiRow
from projections.tables.measurements import CHECK_IN, READING, CheckInRow, ReadingRow
from projections.tables.objective import OBJECTIVE, ObjectiveRow
from projections.tables.people import PERSON, TEAM, TeamRow

TABLES_OF: dict[Kind, Table[Any]] = {
    Kind.PERSON: PERSON, Kind.TEAM: TEAM, Kind.CYCLE: CYCLE, Kind.POLICY: POLICY, Kind.CALENDAR: CALENDAR,
    Kind.OBJECTIVE: OBJECTIVE, Kind.KEY_RESULT: KEY_RESULT, Kind.CHECK_IN: CHECK_IN, Kind.KPI: KPI,
    Kind.READING: READING, Kind.INITIATIVE: INITIATIVE, Kind.COMMENT: COMMENT, Kind.REFLECTION: REFLECTION,
    Kind.EXTERNAL_REFERENCE: EXTERNAL_REFERENCE, Kind.TEMPLATE: TEMPLATE,
}  # fmt: skip
"""By kind: the table with the versions."""

Value: TypeAlias = str | float | bool | date | datetime | Ref | None
FieldValues: TypeAlias = Mapping[str, "Value | tuple[Value, ...]"]
"""The values of a row by field name, a tuple for a list. Nested fields are named with a dot; fields without a value are
left out."""


class Field(msgspec.Struct, frozen=True, gc=False):
    """A field whose value changed. A list has one change per item: `before` is None for an added item, `after` is None
    for a removed one."""

    name: str
    before: Value
    after: Value


# ── differences ──────────────────────────────────────────────────────────────────────────────────


def differences(before: FieldValues, after: FieldValues) -> list[Field]:
    """The fields whose values differ, in the order of the fields."""
    found: list[Field] = []
    for name in dict.fromkeys([*after, *before]):
        was, became = before.get(name), after.get(name)
        if isinstance(was, tuple) or isinstance(became, tuple):
            found += _items(name, _as_tuple(was), _as_tuple(became))
        elif was != became:
            found.append(Field(name, was, became))
    return found


def _items(name: str, was: Sequence[Value], became: Sequence[Value]) -> list[Field]:
    gone = [Field(name, item, None) for item in was if item not in became]
    return [*gone, *(Field(name, None, item) for item in became if item not in was)]


def _as_tuple(value: Value | tuple[Value, ...]) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def target_fields(schedule: GoalSchedule) -> FieldValues:
    """The bounds of each target of a KPI, by its first day: `targets.2027-01-01.target`."""
    return {
        f"targets.{day}.{name}": value
        for day, target in sorted(schedule.targets.items())
        for name in ("target", "lower", "upper")
        if (value := getattr(target, name)) is not None
    }


def reference_fields(rows: Iterable[ExternalReferenceRow]) -> FieldValues:
    """Id and address of references to other systems, by system: `externalReferences.jira.id`."""
    return {
        f"externalReferences.{row.system}.{name}": value
        for row in rows
        for name, value in (("id", row.external_id), ("url", row.url))
        if value is not None
    }


# ── field values of a row ────────────────────────────────────────────────────────────────────────

_HEADERS = frozenset({*Version.__struct_fields__, *EventRow.__struct_fields__})
_OMITTED: dict[type[Any], frozenset[str]] = {
    CycleRow: frozenset({"plan_at", "plan_position", "outcome_at", "outcome_position", "former_days"}),
    ObjectiveRow: frozenset({"closed_at", "closed_in", "ended_at", "ended_position", "arrived"}),
    KeyResultRow: frozenset({"cycle", "scored_in", "scored_position", "former", "plan_ended", "arrived"}),
    KpiRow: frozenset({"goal_from", "targets", "inputs"}),
    CheckInRow: frozenset(
        {"first_position", "key_result", "measured_at", "late", "claimed_at", "until_position", "ended"}
    ),
    ReadingRow: frozenset({"first_position", "kpi", "measured_at", "claimed_at", "until_position", "ended"}),
    TEMPLATE.row: frozenset({"template_goals"}),
    INITIATIVE.row: frozenset({"subject_kind", "subject_id"}),
    COMMENT.row: frozenset({"subject_kind", "subject_id", "effective_at"}),
    REFLECTION.row: frozenset({"subject_kind", "subject_id", "effective_at"}),
}
"""By row class: columns that follow from other columns, from the node itself, or from the time of the event, and those
of a single version."""
_DEFAULTS: dict[type[Any], Mapping[str, Any]] = {KpiRow: {"aggregation": Aggregation.LAST}}
"""By row class: the value of a column that was added by a later version, in rows of earlier versions. It is left out,
so that the changes of an old log stay the same."""
_KIND_BY_COLUMN = {
    "owner": Kind.PERSON, "lead": Kind.PERSON, "contributors": Kind.PERSON, "team": Kind.TEAM, "cycle": Kind.CYCLE,
    "objective": Kind.OBJECTIVE, "kpi": Kind.KPI, "formula": Kind.KPI,
}  # fmt: skip
_KIND_BY_ROW_COLUMN: dict[tuple[type[Any], str], Kind] = {
    (CycleRow, "parent"): Kind.CYCLE,
    (TeamRow, "parent"): Kind.TEAM,
    (ObjectiveRow, "carried_from"): Kind.OBJECTIVE,
    (KeyResultRow, "carried_from"): Kind.KEY_RESULT,
}
"""The kind of the nodes that the ids in a column refer to, where it depends on the row class."""


def field_values(row: Any) -> FieldValues:
    """The field values of a row; empty for None."""
    if row is None:
        return {}
    if isinstance(row, ExternalReferenceRow):
        return reference_fields([row])
    found: dict[str, Value | tuple[Value, ...]] = {}
    row_class: Any = type(row)
    for column in _shown_columns(row_class):
        value = getattr(row, column.name)
        if value != column.default:
            _add_value(found, column.field, value, column.kind)
    if isinstance(row, INITIATIVE.row):
        found["subject"] = row.subject
    return found


MEASURED = (KeyResultCheckedIn, ReadingRecorded)
"""The events of new measurements."""


def measured_values(event: KeyResultCheckedIn | ReadingRecorded) -> FieldValues:
    """The field values of a new measurement, those of its row."""
    given = ((name, getattr(event, name, None)) for name in ("value", "reached", "confidence", "note"))
    return {name: value for name, value in given if value is not None}


class _Shown(NamedTuple):
    """A column, the name of its field, the kind of the nodes that it refers to, and the value that is left out."""

    name: str
    field: str
    kind: Kind | None
    default: Any


@cache
def _shown_columns(row: type[Any]) -> tuple[_Shown, ...]:
    omitted = _HEADERS | _OMITTED.get(row, frozenset()) | {"version"}
    defaults, names = _DEFAULTS.get(row, {}), [name for name in row.__struct_fields__ if name not in omitted]
    return tuple(_Shown(name, camel(name), kind_named(row, name), defaults.get(name)) for name in names)


def kind_named(row: type[Any], column: str) -> Kind | None:
    """The kind of the nodes that the ids in a column of these rows refer to; None for a column without ids."""
    return _KIND_BY_ROW_COLUMN.get((row, column)) or _KIND_BY_COLUMN.get(column)


def _add_value(found: dict[str, Any], name: str, value: Any, kind: Kind | None) -> None:
    if value is None:
        return
    if isinstance(value, UUID):
        assert kind is not None, name
        found[name] = Ref(kind, value)
    elif isinstance(value, tuple):
        _add_items(found, name, value, kind)
    elif isinstance(value, msgspec.Struct):
        for part in value.__struct_fields__:
            _add_value(found, f"{name}.{camel(part)}", getattr(value, part), kind)
    else:
        found[name] = value


def _add_items(found: dict[str, Any], name: str, items: tuple[Any, ...], kind: Kind | None) -> None:
    """A list as one value, or one value for each part of its items: milestones by key, points by day, terms by
    place."""
    match items:
        case (Milestone(), *_):
            for milestone in items:
                _add_value(found, f"{name}.{milestone.key}.title", milestone.title, None)
                _add_value(found, f"{name}.{milestone.key}.weight", milestone.weight, None)
        case (PlanPoint(), *_):
            found |= {f"{name}.{point.on}": point.value for point in items}
        case (KpiTerm(), *_):
            for place, term in enumerate(items):
                _add_value(found, f"{name}.{place}", term, kind)
        case _:
            found[name] = tuple(Ref(kind, item) if kind is not None else item for item in items)


@cache
def camel(name: str) -> str:
    """A name in camel case, as in the API."""
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


# ── the versions around an event ─────────────────────────────────────────────────────────────────


class Around(NamedTuple):
    """The row of a node right before an event of its own stream and right after it; None where there is no row."""

    before: Any = None
    after: Any = None


def around(conn: Connection, kind: Kind, events: Iterable[tuple[UUID, int]]) -> dict[int, Around]:
    """By position: the versions around each of these events, given as (node id, position), of nodes of one kind."""
    table = TABLES_OF[kind]
    ids, positions = zip(*events, strict=True)
    versions = f"select {table.names} from {table.name} where id = c.id and position <= c.position"
    last = f"{versions} order by position desc limit 2"
    sql = (
        f"select c.position, v.* from unnest(%(ids)b::uuid[], %(positions)b::bigint[]) as c (id, position)"
        f" cross join lateral ({last}) v"
    )
    found = dict.fromkeys(positions, Around())
    for position, *columns in fetch(conn, sql, {"ids": list(ids), "positions": list(positions)}):
        row = table.loaded(columns)
        if row.position == position:
            found[position] = found[position]._replace(after=row)
        elif getattr(row, "until_position", position) == position:
            found[position] = found[position]._replace(before=row)
    return found


# ── labels ───────────────────────────────────────────────────────────────────────────────────────


class Label(NamedTuple):
    """What people call a node at a basis: its title or name, for a person the handle (None if erased); its key; the
    team that owns it, itself for a team; and for a key result the titles of its milestones by key."""

    title: str | None
    key: str | None
    team: UUID | None
    milestones: Mapping[str, str]


def labels(conn: Connection, basis: Basis, kind: Kind, ids: Iterable[UUID]) -> dict[UUID, Label]:
    """The labels of nodes of one kind at a basis; those that do not exist there are left out, and all of a kind that
    has no names."""
    if kind not in _LABELS:
        return {}
    table = TABLES_OF[kind]
    assert isinstance(table, VersionedTable)
    sql = table.query(basis, "select unnest(%(ids)b::uuid[]) as id", columns=f"v.id, {_LABELS[kind]}")
    rows = fetch(conn, sql, basis_params(basis, ids=list(ids)))
    return {id: Label(title, key, team, _milestones(metric)) for id, title, key, team, metric in rows}


def _milestones(metric: bytes | None) -> Mapping[str, str]:
    return {} if metric is None else {one.key: one.title for one in _METRIC(metric).milestones}


_METRIC = KEY_RESULT.loads("metric")
_NO = {type: f"null::{type}" for type in ("text", "uuid", "bytea")}
_LABELS: dict[Kind, str] = {
    Kind.PERSON: f"v.handle, v.handle, {_NO['uuid']}, {_NO['bytea']}",
    Kind.TEAM: f"v.name, v.key, v.id, {_NO['bytea']}",
    Kind.CYCLE: f"v.name, v.key, {_NO['uuid']}, {_NO['bytea']}",
    Kind.OBJECTIVE: f"v.title, {_NO['text']}, v.team, {_NO['bytea']}",
    Kind.KEY_RESULT: f"v.title, {_NO['text']}, {_NO['uuid']}, v.metric",
    Kind.KPI: f"v.name, v.key, v.team, {_NO['bytea']}",
    Kind.INITIATIVE: f"v.title, {_NO['text']}, {_NO['uuid']}, {_NO['bytea']}",
    Kind.TEMPLATE: f"v.name, {_NO['text']}, {_NO['uuid']}, {_NO['bytea']}",
}
"""By kind: the columns of a label, in the order of `Label`, the last one with the milestones."""
