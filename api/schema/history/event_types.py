"""One type for each kind of event, made from its class: what it says, and what was said before where it replaces that.

A part of an event is told in a field of its own name; one that replaces what was said before in two, `before…` and
`after…`. Fields of one name have one type throughout, so that one query can ask all changes at once.
"""

from collections.abc import Callable, Iterable, Sequence
from types import NoneType, UnionType
from typing import Any, NamedTuple, TypeAlias, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import strawberry

from api.schema.connections import change_lists
from api.schema.history import event_descriptions as glossary
from api.schema.history import event_fields
from api.schema.history.change import Change
from api.schema.history.event_fields import AFTER, BEFORE, SAID, Source
from api.schema.primitives import metric, refs
from api.schema.primitives.field import related
from api.schema.primitives.scalars import Markdown
from api.schema.types import workspace
from api.schema.types.kpi import KpiGoal
from domain.model import cycle, discussion, key_result, kpi, objective, people
from domain.model.event import EVENTS, Event
from domain.primitives import values
from domain.primitives.values import Kind, Ref
from projections.history.field_changes import TABLES_OF, kind_named


class Part(NamedTuple):
    """A field of a type: its name and type, and how it is read for all siblings."""

    name: str
    type: Any
    load: Callable[..., Sequence[Any]]
    args: tuple[object, ...]


# ── what is told otherwise than its class says ───────────────────────────────────────────────────

_BEGINNINGS = frozenset(
    {
        people.PersonAdded, people.TeamFormed, cycle.CycleOpened, objective.ObjectiveDrafted,
        key_result.KeyResultAdded, key_result.KeyResultCheckedIn, kpi.KpiDefined, kpi.ReadingRecorded,
        discussion.InitiativePlanned, discussion.CommentAdded, discussion.Reflected,
    }
)  # fmt: skip
"""There is nothing before these."""
_ENDINGS = frozenset({objective.ObjectiveClosed})
"""What these say was never said before, or was taken back."""
_UNTOLD = frozenset({"sealed", "late", "cycle", "subject", "policy"})
"""Parts that every change tells, or that are told in fields of their own."""
_AS: dict[tuple[type[Event], str], str] = {
    (people.TeamFormed, "parent"): "parent_team",
    (people.TeamMoved, "parent"): "parent_team",
    (cycle.CycleOpened, "parent"): "parent_cycle",
    (objective.ObjectiveUnaligned, "to"): "from_",
    (key_result.KeyResultAdded, "carried_from"): "carried_from_key_result",
    (discussion.InitiativePlanned, "subject"): "planned_for",
    (discussion.InitiativeMoved, "to"): "state",
    (discussion.Reflected, "kind"): "reflection_kind",
}
"""What a part is told as, where its own name means something else elsewhere."""
_COLUMN: dict[tuple[type[Event], str], str] = {
    (discussion.InitiativeMoved, "to"): "state",
    (key_result.KeyResultScored, "note"): "score_note",
}
"""Where the versions of a thing keep a part, if not under its name."""


def _sides(name: str, shown: Any, load: Any, event: type[Event]) -> list[Part]:
    return [Part(f"{side}_{name}", shown, load, (Source(event, side, name),)) for side in (BEFORE, AFTER)]


def _kept(name: str, side: str, shown: Any, load: Any, event: type[Event], *args: object) -> Part:
    """What the versions of a thing keep, before or after the event."""
    return Part(f"before_{name}" if side == BEFORE else name, shown, load, (Source(event, side, name), *args))


_CHECK_IN = Part("check_in", refs.CheckInRef, event_fields.measurement, (Kind.CHECK_IN,))
_READING = Part("reading", refs.ReadingRef | None, event_fields.measurement, (Kind.READING,))
_BESIDE: dict[type[Event], list[Part]] = {
    people.PersonAdded: [
        _kept("handle", AFTER, str, event_fields.handle, people.PersonAdded),
        _kept("name", AFTER, str, event_fields.name, people.PersonAdded),
        _kept("email", AFTER, str | None, event_fields.value, people.PersonAdded),
    ],
    people.PersonRenamed: [
        *_sides("name", str, event_fields.name, people.PersonRenamed),
        *_sides("email", str | None, event_fields.value, people.PersonRenamed),
    ],
    cycle.ScoringPolicyAdopted: _sides(
        "policy", workspace.ScoringPolicy, event_fields.policy, cycle.ScoringPolicyAdopted
    ),
    key_result.KeyResultRetargeted: [Part("days_before_close", int, event_fields.days_before_close, ())],
    key_result.KeyResultUnlinked: [
        _kept("kpi", BEFORE, refs.KpiRef | None, event_fields.thing, key_result.KeyResultUnlinked, Kind.KPI)
    ],
    key_result.KeyResultReopened: [
        _kept("score", BEFORE, float | None, event_fields.value, key_result.KeyResultReopened)
    ],
    key_result.KeyResultCheckedIn: [
        _CHECK_IN,
        Part("previous_value", float | None, event_fields.previous, ("value",)),
        Part("previous_confidence", float | None, event_fields.previous, ("confidence",)),
    ],
    key_result.CheckInCorrected: [_CHECK_IN],
    kpi.ReadingRecorded: [_READING],
    kpi.ReadingCorrected: [_READING],
    kpi.ReadingRetracted: [_READING, _kept("value", BEFORE, float | None, event_fields.value, kpi.ReadingRetracted)],
    discussion.CommentAdded: [Part("comment", refs.CommentRef | None, event_fields.said_thing, (Kind.COMMENT,))],
    discussion.Reflected: [Part("reflected", refs.ReflectionRef | None, event_fields.said_thing, (Kind.REFLECTION,))],
}
"""What is told of events beside what their classes say."""


# ── parts of events ──────────────────────────────────────────────────────────────────────────────

_MARKDOWN = frozenset({"description", "note", "reflection", "body"})
_SHOWN: dict[Any, Any] = {values.Metric: metric.Metric, values.Unit: metric.Unit, values.KpiGoal: KpiGoal}
_THINGS: dict[Kind, Any] = {
    Kind.PERSON: refs.PersonRef, Kind.TEAM: refs.TeamRef, Kind.CYCLE: refs.CycleRef, Kind.OBJECTIVE: refs.ObjectiveRef,
    Kind.KEY_RESULT: refs.KeyResultRef, Kind.KPI: refs.KpiRef,
}  # fmt: skip
_NAMED = {"person": Kind.PERSON, "key_result": Kind.KEY_RESULT}


def _parts(event: type[Event]) -> list[Part]:
    """What the type of this event has beside what every change has."""
    said = [name for name in event.__struct_fields__ if name not in Event.__struct_fields__]
    told = [name for name in said if name not in _UNTOLD or (event, name) in _AS]
    hints = get_type_hints(event)
    return [part for name in told for part in _told(event, name, hints[name])] + _BESIDE.get(event, [])


def _told(event: type[Event], name: str, hint: Any) -> list[Part]:
    label, column = _AS.get((event, name), name), _COLUMN.get((event, name), name)
    said = Source(event, SAID, name)
    if event in _BEGINNINGS | _ENDINGS or column not in TABLES_OF[event.KIND].row.__struct_fields__:
        return [_part(label, hint, said)]
    if event is key_result.KeyResultRetargeted:
        return [_part("before", hint, Source(event, BEFORE, column)), _part("after", hint, said)]
    return [_part(f"before_{label}", hint, Source(event, BEFORE, column)), _part(f"after_{label}", hint, said)]


def _part(name: str, hint: Any, source: Source) -> Part:
    """A part, shown by what its class says it is. What it names may not be there at a view: then it is null."""
    base, optional = _without_none(hint)
    row: Any = TABLES_OF[source.event.KIND].row
    kind = _NAMED.get(source.name) or kind_named(row, source.name)
    if base is UUID and kind is not None:
        return Part(name, _THINGS[kind] | None, event_fields.thing, (source, kind))
    if base is Ref:
        return Part(name, refs.AlignmentTarget | None, event_fields.ref, (source,))
    if get_origin(base) is tuple:
        return _list(name, get_args(base)[0], hint, source)
    shown = Markdown if base is str and name.rpartition("_")[2] in _MARKDOWN else _SHOWN.get(base, base)
    return Part(name, shown | None if optional else shown, event_fields.value, (source,))


def _list(name: str, item: Any, hint: Any, source: Source) -> Part:
    listed: Any = list
    if item is UUID:
        kind = Kind.PERSON  # contributors: nothing else is listed by id
        return Part(name, listed[_THINGS[kind]], event_fields.things, (source, kind))
    if item is Ref:
        return Part(name, listed[refs.AlignmentTarget], event_fields.refs, (source,))
    return Part(name, listed[item] | None if _without_none(hint)[1] else listed[item], event_fields.value, (source,))


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
    told: type[Change] = strawberry.type(cls, description=glossary.EVENTS[event])
    return told


def _field(part: Part) -> Any:
    """A field of a type; a name that Python keeps for itself ends with `_`."""
    name = part.name.removesuffix("_") if part.name.endswith("_") else None
    return related(glossary.meaning(part.name), part.load, *part.args, name=name)


CHANGES = change_lists.TYPES
"""The type that tells each kind of event."""

_SHAPES = _agreed({event: _parts(event) for event in EVENTS.values()})
CHANGES.update({event: _type(event, shape) for event, shape in _SHAPES.items()})
