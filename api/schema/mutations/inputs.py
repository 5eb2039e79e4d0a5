"""Mutation inputs: one input type per command, generated from the command structs of `domain.commands`."""

import types
import typing
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import Enum
from functools import cache, partial
from typing import Annotated, Any, Final, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

import msgspec
import strawberry
from msgspec import UNSET

from api.schema.primitives import enums, lookup
from api.snapshot import global_ids
from api.snapshot.global_ids import GlobalId
from domain.commands.batch_commands import items_of
from domain.commands.command import By, Command, CycleBy, External, KpiBy, id_kind
from domain.commands.kpi_commands import ReadingInput
from domain.commands.parsing import parsed_fields
from domain.commands.registry import MUTATIONS
from domain.primitives.documentation import description, field_descriptions
from domain.primitives.errors import CommandRejected, Faults, invalid
from domain.primitives.parsers import FUTURE_TOLERANCE
from domain.primitives.rules import Rule
from domain.primitives.values import Kind, Ref, Unit

__all__ = ["INPUTS", "command", "enums"]

Path: TypeAlias = tuple[str, ...]
Reader: TypeAlias = Callable[[Any, Path], Any]
"""Converts a GraphQL value to a domain value. Raises `INVALID` at that path of the input, with a problem for each field
at fault."""

AnyCommand = TypeVar("AnyCommand", bound=Command)

_BY: Final[dict[type[By], type]] = {CycleBy: lookup.CycleBy, KpiBy: lookup.KpiBy}
_REQUIRED: Final[set[tuple[type, str]]] = {(ReadingInput, "measured_at"), (Unit, "kind")}
"""Fields that are required here and optional in the command: the instant is half of a reading's identity, and a
symbol means little without its kind."""

LATEST: Final = datetime.max.replace(tzinfo=UTC) - FUTURE_TOLERANCE
"""A clock for checks without a clock: no time is in the future."""


class Field(NamedTuple):
    """A field of an input: its Python and GraphQL names, its GraphQL type and default, its reader, the domain value of
    null, and whether it may be left out. `NODEFAULT` means that there is no default, or that null is not allowed."""

    attribute: str
    name: str
    type: Any
    default: Any
    read: Reader | None
    null: Any = msgspec.NODEFAULT
    optional: bool = False


# ── conversion ───────────────────────────────────────────────────────────────────────────────────


def command(kind: type[AnyCommand], given: Any) -> AnyCommand:
    """The command of an input. Raises `InputRejected` for ids of the wrong kind, and for null in fields that cannot be
    cleared; with these it names the faults of all other fields, too, except times in the future."""
    faults = Faults()
    read = kind(**_values(kind, given, (), faults))
    if faults:
        parsed_fields(read, lambda: LATEST, faults)
        faults.refuse()
    return read


def batch(kind: type[AnyCommand], given: Any) -> tuple[AnyCommand, list[Command | CommandRejected]]:
    """The batch of an input without its items, and its items: each as its command, or why its input is none."""
    field, of = items_of(kind)
    faults, items = Faults(), [_item(of, one) for one in getattr(given, field)]
    values = _values(kind, given, (), faults, but=field)
    faults.refuse()
    values[field] = [one for one in items if isinstance(one, Command)]
    return kind(**values), items


def _item(kind: type[Command], given: Any) -> Command | CommandRejected:
    try:
        return command(kind, given)
    except CommandRejected as rejection:
        return rejection


def _struct(kind: Any, given: Any, path: Path) -> Any:
    faults = Faults()
    values = _values(kind, given, path, faults)
    faults.refuse()
    return kind(**values)


def _values(kind: Any, given: Any, path: Path, faults: Faults, but: str = "") -> dict[str, Any]:
    """The domain values by field, but for one; None for a field at fault."""
    values: dict[str, Any] = {}
    for field in _fields(kind):
        value = getattr(given, field.attribute)
        if field.attribute == but or (value is strawberry.UNSET and field.optional):
            continue
        try:
            if value is None or value is strawberry.UNSET:
                value = _absent(field, value, (*path, field.name))
            elif field.read is not None:
                value = field.read(value, (*path, field.name))
        except CommandRejected as rejection:
            faults.keep(rejection)
            value = None
        values[field.attribute] = value
    return values


def _absent(field: Field, value: Any, path: Path) -> Any:
    """The domain value of a field that was left out or is null. Raises `INVALID`."""
    if value is strawberry.UNSET:
        raise invalid("Is missing; pass a value, or null for none.", *path, rule=Rule.FIELD_MISSING)
    if field.null is msgspec.NODEFAULT:
        raise invalid("Cannot be cleared; leave it out to keep the value.", *path, rule=Rule.FIELD_NOT_CLEARABLE)
    return field.null


def _id(kind: Kind, text: str, path: Path) -> UUID:
    found = global_ids.decode(text)
    if not isinstance(found, GlobalId):
        raise _malformed(path)
    if found.kind is not kind:
        raise invalid(
            f"Is an id of the kind {found.kind}; pass one of the kind {kind}.",
            *path,
            rule=Rule.ID_OF_OTHER_KIND,
            kind=found.kind,
            allowed=kind,
        )
    return found.id


def _ref(text: str, path: Path) -> Ref:
    found = global_ids.decode(text)
    if not isinstance(found, GlobalId):
        raise _malformed(path)
    return Ref(found.kind, found.id)


def _malformed(path: Path) -> CommandRejected:
    return invalid("Is not the id of an entity; pass an id that a query returned.", *path, rule=Rule.ID_MALFORMED)


def _by(kind: type[By], given: Any, path: Path) -> By:
    if given.id is not strawberry.UNSET:
        return kind(id=_id(kind.KIND, given.id, (*path, "id")))
    if given.external is not strawberry.UNSET:
        return kind(external=External(given.external.system, given.external.id))
    return kind(key=given.key)


def _each(read: Reader | None, into: type, given: Sequence[Any], path: Path) -> Any:
    if read is None:
        return into(given)
    faults, found = Faults(), []
    for index, one in enumerate(given):
        with faults:
            found.append(read(one, (*path, str(index))))
    faults.refuse()
    return into(found)


# ── the fields of a command or value ─────────────────────────────────────────────────────────────


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[Field, ...]:
    """The fields of a command or value: its own first, then those of every command."""
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = [
        _field(kind, found.name, found.encode_name, hints[found.name], _default(found))
        for found in msgspec.structs.fields(kind)
    ]
    return tuple(sorted(fields, key=lambda field: field.attribute in Command.__struct_fields__))


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default


def _field(kind: type, attribute: str, name: str, hint: Any, default: Any) -> Field:
    hint = _undescribed(hint)
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    options = set(typing.get_args(hint)) if union else {hint}
    (hint,) = options - {types.NoneType, msgspec.UnsetType}
    taken, read = _type(hint)
    nullable, optional = types.NoneType in options, default is not msgspec.NODEFAULT
    if (kind, attribute) in _REQUIRED or _needs_reason(kind, attribute) or not (nullable or optional):
        return Field(attribute, name, taken, msgspec.NODEFAULT, read)
    if isinstance(default, str | int | float | Enum):
        return Field(attribute, name, taken, default, read)
    null = None if nullable else msgspec.NODEFAULT if default is UNSET else default
    return Field(attribute, name, taken | None, strawberry.UNSET, read, null, optional)


def _needs_reason(kind: type, attribute: str) -> bool:
    return attribute == "reason" and issubclass(kind, Command) and kind.REASON_REQUIRED


def _undescribed(hint: Any) -> Any:
    """The type without its description; that of an id keeps its kind."""
    return hint.__origin__ if typing.get_origin(hint) is Annotated and id_kind(hint) is None else hint


def _type(hint: Any) -> tuple[Any, Reader | None]:
    """The GraphQL input type of a domain type, and its reader; None if no conversion is needed."""
    if (kind := id_kind(hint)) is not None:
        return strawberry.ID, partial(_id, kind)
    hint = _undescribed(hint)
    origin = typing.get_origin(hint)
    if origin in (list, tuple):
        one, read = _type(typing.get_args(hint)[0])
        return types.GenericAlias(list, one), partial(_each, read, origin)
    if hint is Ref:
        return strawberry.ID, _ref
    if hint in _BY:
        return _BY[hint], partial(_by, hint)
    if issubclass(hint, msgspec.Struct):
        return _input(hint), partial(_struct, hint)
    return hint, None


# ── the inputs ───────────────────────────────────────────────────────────────────────────────────


@cache
def _input(kind: type[msgspec.Struct]) -> Any:
    """The GraphQL input of a command or value: `CheckInInput`, `MetricInput`."""
    name = f"{kind.__name__.removesuffix('Input')}Input"
    descriptions = _descriptions(kind)
    made: dict[str, Any] = {"__module__": __name__, "__annotations__": {}}
    for field in _fields(kind):
        default = {} if field.default is msgspec.NODEFAULT else {"default": field.default}
        made["__annotations__"][field.attribute] = field.type
        made[field.attribute] = strawberry.field(name=field.name, description=descriptions[field.attribute], **default)
    return strawberry.input(type(name, (), made), name=name, description=description(kind))


def _descriptions(kind: type[msgspec.Struct]) -> dict[str, str]:
    """The description of each field. Raises `TypeError` if one, or the docstring of the class, is missing."""
    found = field_descriptions(kind)
    missing = ["a docstring"] * (not description(kind))
    missing += [f'Annotated[..., doc("...")] at the field {name}' for name, text in found.items() if not text]
    if missing:
        raise TypeError(f"The input {kind.__name__} is not described: write {' and '.join(missing)}.")
    return found


INPUTS: Final[dict[type[Command], Any]] = {kind: _input(kind) for kind in MUTATIONS.values()}
