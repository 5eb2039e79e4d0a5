"""Parsing of commands: every text, number and moment in its stored form, or all faults of the input at once.

Parsing needs no state but the clock. What depends on other aggregates is checked by the handlers.
"""

import types
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache, partial
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET

from domain.commands.command import Command, CycleBy, KpiBy, Parsed, exactly_one, reason_needed, verb
from domain.primitives import parsers
from domain.primitives.checks import metric_checks
from domain.primitives.errors import CommandRejected, Faults
from domain.primitives.values import KpiGoal, KpiTarget, Unit

AnyCommand = TypeVar("AnyCommand", bound=Command)
S = TypeVar("S", bound=msgspec.Struct)
Path: TypeAlias = tuple[str, ...]


class Parsing(NamedTuple):
    """One pass over an input: the faults so far, and the clock."""

    faults: Faults
    now: Callable[[], datetime]


Parser: TypeAlias = Callable[[Any, Path, Parsing], Any]
"""Returns the stored form of a value; keeps its faults, and then returns the value as it was given."""


def parsed(command: AnyCommand, now: Callable[[], datetime]) -> AnyCommand:
    """The command in its stored form. Raises `InputRejected` with all faults of its input."""
    faults = Faults()
    command = _parsed_struct(command, (), Parsing(faults, now))
    if command.REASON_REQUIRED and command.reason is None:
        faults.keep(reason_needed(f"{verb(type(command))} changes what was agreed"))
    command.check(faults)
    if faults:
        faults.refuse()
    return command


def parsed_fields(given: S, now: Callable[[], datetime], faults: Faults) -> S:
    """The struct with each field in its stored form. The faults are kept, those of missing fields excepted."""
    return _parsed_struct(given, (), Parsing(faults, now))


def _parsed_struct(given: S, path: Path, parsing: Parsing) -> S:
    changed: dict[str, Any] = {}
    for attribute, name, parse in _fields(type(given)):
        value = getattr(given, attribute)
        if value is not None and value is not UNSET:
            form = parse(value, (*path, name), parsing)
            if form is not value:
                changed[attribute] = form
    return msgspec.structs.replace(given, **changed) if changed else given


# ── parsers ──────────────────────────────────────────────────────────────────────────────────────


def _by_rule(form: Callable[..., Any], value: Any, path: Path, parsing: Parsing) -> Any:
    try:
        return form(value, *path)
    except CommandRejected as rejection:
        parsing.faults.keep(rejection)
        return value


def _moment(value: datetime, path: Path, parsing: Parsing) -> datetime:
    with parsing.faults:
        return parsers.moment(value, parsing.now(), *path)
    return value


def _each(parse: Parser, given: Any, path: Path, parsing: Parsing) -> Any:
    return type(given)(parse(one, (*path, str(index)), parsing) for index, one in enumerate(given))


_BY_TYPE: Final[Mapping[type, Parser]] = {
    float: partial(_by_rule, parsers.number),
    datetime: _moment,
    Unit: partial(_by_rule, metric_checks.unit),
    KpiGoal: partial(_by_rule, metric_checks.kpi_goal),
    KpiTarget: partial(_by_rule, metric_checks.kpi_target),
    CycleBy: partial(_by_rule, exactly_one),
    KpiBy: partial(_by_rule, exactly_one),
}
"""The parsers of types that need no mark."""


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, str, Parser], ...]:
    """The fields with a parser: attribute, name in the input, parser."""
    hints = typing.get_type_hints(kind, include_extras=True)
    found = ((field.name, field.encode_name, _parser(hints[field.name])) for field in msgspec.structs.fields(kind))
    return tuple((attribute, name, parse) for attribute, name, parse in found if parse is not None)


def _parser(hint: Any) -> Parser | None:
    """The parser of a type; None if each of its values is already in the stored form."""
    for part in _parts(hint):
        if isinstance(part, Parsed):
            return partial(_by_rule, part.form)
        if part in _BY_TYPE:
            return _BY_TYPE[part]
        if typing.get_origin(part) in (list, tuple):
            each = _parser(typing.get_args(part)[0])
            return None if each is None else partial(_each, each)
        if isinstance(part, type) and issubclass(part, msgspec.Struct) and _fields(part):
            return _parsed_struct
    return None


def _parts(hint: Any) -> Iterator[Any]:
    """The marks of a type and the types in it, from the outside to the inside."""
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        yield from hint.__metadata__
        yield from _parts(hint.__origin__)
    elif origin in (typing.Union, types.UnionType):
        for member in typing.get_args(hint):
            yield from _parts(member)
    else:
        yield hint
