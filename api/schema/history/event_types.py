"""One GraphQL type for each stored event, made from its class.

A field of an event becomes a field of the same name; one that replaces an earlier value becomes two, `before…` and
`after…`. The descriptions come from the event class. Fields of one name have one type throughout, so that one query
can ask all changes at once.
"""

from collections.abc import Callable, Iterable, Sequence
from types import NoneType, UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import strawberry

from api.schema.connections import change_lists
from api.schema.history import event_fields
from api.schema.history.change import Change
from api.schema.history.event_fields import AFTER, BEFORE, SAID, Source
from api.schema.history.event_overrides import BESIDE, COLUMN_OF, ENDINGS, SHOWN_AS, UNTOLD, Part, side_description
from api.schema.primitives import metric, refs
from api.schema.primitives.field import related
from api.schema.primitives.scalars import Markdown
from api.schema.types.kpi import KpiGoal
from domain.model import key_result
from domain.model.event import Event, body_fields, description, field_description
from domain.model.event_registry import EVENTS
from domain.primitives import values
from domain.primitives.values import Kind, Ref
from projections.history.field_changes import TABLES_OF, kind_named

# ── fields of events ─────────────────────────────────────────────────────────────────────────────

_MARKDOWN = frozenset({"description", "note", "reflection", "body"})
_SHOWN: dict[Any, Any] = {values.Metric: metric.Metric, values.Unit: metric.Unit, values.KpiGoal: KpiGoal}
_THINGS: dict[Kind, Any] = {
    Kind.PERSON: refs.PersonRef, Kind.TEAM: refs.TeamRef, Kind.CYCLE: refs.CycleRef, Kind.OBJECTIVE: refs.ObjectiveRef,
    Kind.KEY_RESULT: refs.KeyResultRef, Kind.KPI: refs.KpiRef,
}  # fmt: skip
_NAMED = {"person": Kind.PERSON, "key_result": Kind.KEY_RESULT}


def _parts(event: type[Event]) -> list[Part]:
    """The fields of the type of this event beside those of every change."""
    told = [name for name in body_fields(event) if name not in UNTOLD or (event, name) in SHOWN_AS]
    hints = get_type_hints(event)
    return [part for name in told for part in _told(event, name, hints[name])] + BESIDE.get(event, [])


def _told(event: type[Event], name: str, hint: Any) -> list[Part]:
    label, column = SHOWN_AS.get((event, name), name), COLUMN_OF.get((event, name), name)
    said, before = Source(event, SAID, name), Source(event, BEFORE, column)
    meaning = field_description(event, name)
    if event.FIRST or event in ENDINGS or column not in TABLES_OF[event.KIND].row.__struct_fields__:
        return [_part(label, meaning, hint, said)]
    if event is key_result.KeyResultRetargeted:
        return [
            _part("before", "What it was measured by before.", hint, before),
            _part("after", "What it is measured by since then.", hint, said),
        ]
    return [
        _part(f"before_{label}", side_description(BEFORE, meaning), hint, before),
        _part(f"after_{label}", side_description(AFTER, meaning), hint, said),
    ]


def _part(name: str, meaning: str, hint: Any, source: Source) -> Part:
    """A field with the type that its annotation calls for. An id whose target is not visible at the basis is null."""
    base, optional = _without_none(hint)
    row: Any = TABLES_OF[source.event.KIND].row
    kind = _NAMED.get(source.name) or kind_named(row, source.name)
    if base is UUID:
        if kind not in _THINGS:
            raise TypeError(
                f"the field '{source.name}' of the event {source.event.__name__} is an id of nothing known: add "
                "the kind that it names to _NAMED"
            )
        return Part(name, meaning, _THINGS[kind] | None, event_fields.thing, (source, kind))
    if base is Ref:
        return Part(name, meaning, refs.AlignmentTarget | None, event_fields.ref, (source,))
    if get_origin(base) is tuple:
        return Part(name, meaning, *_list(get_args(base)[0], optional, source))
    shown = Markdown if base is str and name.rpartition("_")[2] in _MARKDOWN else _SHOWN.get(base, base)
    return Part(name, meaning, shown | None if optional else shown, event_fields.value, (source,))


def _list(item: Any, optional: bool, source: Source) -> tuple[Any, Callable[..., Sequence[Any]], tuple[object, ...]]:
    """The type of a list of such items, and how it is read."""
    listed: Any = list
    if item is UUID:
        kind = Kind.PERSON  # contributors: nothing else is listed by id
        return listed[_THINGS[kind]], event_fields.things, (source, kind)
    if item is Ref:
        return listed[refs.AlignmentTarget], event_fields.refs, (source,)
    return listed[item] | None if optional else listed[item], event_fields.value, (source,)


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) not in (Union, UnionType):
        return hint, False
    (base,) = (one for one in get_args(hint) if one is not NoneType)
    return base, True


# ── types ────────────────────────────────────────────────────────────────────────────────────────

_Shapes: TypeAlias = dict[type[Event], list[Part]]


def _agreed(shapes: _Shapes) -> _Shapes:
    """The same, where parts of one name may be null everywhere if they may be anywhere."""
    optional = {part.name for each in shapes.values() for part in each if _without_none(part.type)[1]}
    return {
        event: [_or_none(part) if part.name in optional else part for part in each] for event, each in shapes.items()
    }


def _or_none(part: Part) -> Part:
    return part._replace(type=_without_none(part.type)[0] | None)


def _type(event: type[Event], shape: Iterable[Part]) -> type[Change]:
    """The type that tells this kind of event."""
    fields = {part.name: _field(part) for part in shape}
    types = {part.name: part.type for part in shape}
    cls = type(event.__name__, (Change,), {"__module__": __name__, "__annotations__": types, **fields})
    told: type[Change] = strawberry.type(cls, description=description(event))
    return told


def _field(part: Part) -> Any:
    """A field of a type; a name that Python keeps for itself ends with `_`."""
    name = part.name.removesuffix("_") if part.name.endswith("_") else None
    return related(part.description, part.load, *part.args, name=name)


CHANGES = change_lists.TYPES
"""The type that tells each kind of event."""

_SHAPES = _agreed({event: _parts(event) for event in EVENTS.values()})
CHANGES.update({event: _type(event, shape) for event, shape in _SHAPES.items()})
