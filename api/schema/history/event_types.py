"""One GraphQL type per stored event, generated from the event class.

A field of an event becomes a field of the same name. A field that replaces an earlier value becomes two fields,
`before…` and `after…`. The descriptions come from the event class. Fields of the same name have the same type in all
event types, so that one query can select all changes at once.
"""

from collections.abc import Callable, Iterable, Sequence
from types import NoneType, UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import strawberry

from api.schema.connections import change_lists
from api.schema.history import event_fields
from api.schema.history.change import Change
from api.schema.history.event_fields import AFTER, BEFORE, EVENT, Source
from api.schema.history.event_overrides import (
    ADDITIONAL,
    COLUMN_OF,
    CONCEALED,
    ENDINGS,
    OMITTED,
    SHOWN_AS,
    EventField,
    side_description,
)
from api.schema.metrics.kpi_formula import KpiFormula
from api.schema.metrics.kpi_plan import KpiGoal
from api.schema.primitives import metric, refs
from api.schema.primitives.field import related
from api.schema.primitives.scalars import Markdown
from api.schema.primitives.template_goals import TemplateObjective
from domain.model import key_result
from domain.model.event import Event, body_fields, description, field_description
from domain.model.event_registry import EVENTS
from domain.model.templates.template_goals import TemplateGoal
from domain.primitives import values
from domain.primitives.kpi_formula import Formula
from domain.primitives.values import Kind, Ref
from projections.history.field_changes import TABLES_OF, kind_named

# ── fields of events ─────────────────────────────────────────────────────────────────────────────

_MARKDOWN = frozenset({"description", "note", "reflection", "body"})
_SHOWN: dict[Any, Any] = {
    values.Metric: metric.Metric, values.Unit: metric.Unit, values.KpiGoal: KpiGoal,
    values.PlanPoint: metric.PlanPoint, Formula: KpiFormula, TemplateGoal: TemplateObjective,
}  # fmt: skip
_LOADERS: dict[Any, Callable[..., Sequence[Any]]] = {Formula: event_fields.formula}
"""The loader of a type whose values name nodes."""
_NODES: dict[Kind, Any] = {
    Kind.PERSON: refs.PersonRef, Kind.TEAM: refs.TeamRef, Kind.CYCLE: refs.CycleRef, Kind.OBJECTIVE: refs.ObjectiveRef,
    Kind.KEY_RESULT: refs.KeyResultRef, Kind.KPI: refs.KpiRef,
}  # fmt: skip
_NAMED = {
    "person": Kind.PERSON, "taker": Kind.PERSON, "key_result": Kind.KEY_RESULT, "supported_by": Kind.OBJECTIVE,
}  # fmt: skip


def _event_fields(event: type[Event]) -> list[EventField]:
    """The fields of the type of this event, without those of every change."""
    names = [name for name in body_fields(event) if name not in OMITTED or (event, name) in SHOWN_AS]
    hints = get_type_hints(event)
    return [field for name in names for field in _fields_of(event, name, hints[name])] + ADDITIONAL.get(event, [])


def _fields_of(event: type[Event], name: str, hint: Any) -> list[EventField]:
    label, column = SHOWN_AS.get((event, name), name), COLUMN_OF.get((event, name), name)
    own, before = Source(event, EVENT, name), Source(event, BEFORE, column)
    meaning = field_description(event, name)
    if (
        event.FIRST
        or event in ENDINGS
        or (event, name) in CONCEALED
        or column not in TABLES_OF[event.KIND].row.__struct_fields__
    ):
        return [_event_field(label, meaning, hint, own)]
    if (event, name) == (key_result.KeyResultRetargeted, "metric"):
        return [
            _event_field("before", "The metric before the event.", hint, before),
            _event_field("after", "The metric after the event.", hint, own),
        ]
    return [
        _event_field(f"before_{label}", side_description(BEFORE, meaning), hint, before),
        _event_field(f"after_{label}", side_description(AFTER, meaning), hint, own),
    ]


def _event_field(name: str, meaning: str, hint: Any, source: Source) -> EventField:
    """A field of the type that its annotation requires. An id whose target is not visible at the basis is null."""
    base, optional = _without_none(hint)
    row: Any = TABLES_OF[source.event.KIND].row
    kind = _NAMED.get(source.name) or kind_named(row, source.name)
    if base is UUID:
        if kind not in _NODES:
            raise TypeError(
                f"the field '{source.name}' of the event {source.event.__name__} is an id of an unknown kind: add "
                "the kind that it names to _NAMED"
            )
        return EventField(name, meaning, _NODES[kind] | None, event_fields.node, (source, kind))
    if base is Ref:
        return EventField(name, meaning, refs.AlignmentTarget | None, event_fields.ref, (source,))
    if get_origin(base) is tuple:
        return EventField(name, meaning, *_list(get_args(base)[0], optional, source))
    shown = Markdown if base is str and name.rpartition("_")[2] in _MARKDOWN else _SHOWN.get(base, base)
    load = _LOADERS.get(base, event_fields.value)
    return EventField(name, meaning, shown | None if optional else shown, load, (source,))


def _list(item: Any, optional: bool, source: Source) -> tuple[Any, Callable[..., Sequence[Any]], tuple[object, ...]]:
    """The type of a list of such items, its loader and the loader's arguments."""
    listed: Any = list
    if item is UUID:
        kind = _NAMED.get(source.name, Kind.PERSON)  # else the contributors
        return listed[_NODES[kind]], event_fields.nodes, (source, kind)
    if item is Ref:
        return listed[refs.AlignmentTarget], event_fields.refs, (source,)
    shown = listed[_SHOWN.get(item, item)]
    return shown | None if optional else shown, event_fields.value, (source,)


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) not in (Union, UnionType):
        return hint, False
    (base,) = (one for one in get_args(hint) if one is not NoneType)
    return base, True


# ── types ────────────────────────────────────────────────────────────────────────────────────────

_Shapes: TypeAlias = dict[type[Event], list[EventField]]


def _with_equal_nullability(shapes: _Shapes) -> _Shapes:
    """The same fields; a field that is nullable in one type is nullable in all types."""
    optional = {field.name for each in shapes.values() for field in each if _without_none(field.type)[1]}
    return {
        event: [_or_none(field) if field.name in optional else field for field in each]
        for event, each in shapes.items()
    }


def _or_none(field: EventField) -> EventField:
    return field._replace(type=_without_none(field.type)[0] | None)


def _type(event: type[Event], shape: Iterable[EventField]) -> type[Change]:
    """The GraphQL type of this event class."""
    fields = {field.name: _field(field) for field in shape}
    types = {field.name: field.type for field in shape}
    cls = type(event.__name__, (Change,), {"__module__": __name__, "__annotations__": types, **fields})
    change_type: type[Change] = strawberry.type(cls, description=description(event))
    return change_type


def _field(field: EventField) -> Any:
    """A strawberry field; the trailing `_` of a Python keyword is removed from its GraphQL name."""
    name = field.name.removesuffix("_") if field.name.endswith("_") else None
    return related(field.description, field.load, *field.args, name=name)


CHANGES = change_lists.TYPES
"""The GraphQL type of each event class."""

_SHAPES = _with_equal_nullability({event: _event_fields(event) for event in EVENTS.values()})
CHANGES.update({event: _type(event, shape) for event, shape in _SHAPES.items()})
