"""Turns the input of a fact into its command."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from domain.commands.command import Command, verb
from domain.primitives.errors import Faults, invalid
from domain.primitives.rules import Rule

Part = TypeVar("Part", bound=msgspec.Struct)


def converted(given: Mapping[str, Any], kind: type[Command]) -> Command:
    """The command of an input. Raises `InputRejected` with a problem for each field that does not fit."""
    faults, left = Faults(), dict(given)
    while True:
        try:
            command = msgspec.convert(left, kind)
        except msgspec.ValidationError as error:
            name = _misfit(error)
            if name in left or not faults:  # a field that is missing because it did not fit is no other fault
                with faults:
                    raise invalid(
                        f"The input does not fit {verb(kind)}: {error}.",
                        "input",
                        *([name] if name else []),
                        rule=Rule.INPUT_MALFORMED,
                        cause=str(error),
                    ) from error
            if name not in left:
                faults.refuse()
            del left[name]
        else:
            faults.refuse()
            return command


def converted_part(given: Any, kind: type[Part], name: str) -> Part:
    """A part of an input. Raises `INVALID` if it does not fit."""
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        message = f"This is no reference to another system: {error}."
        raise invalid(message, "input", name, rule=Rule.INPUT_MALFORMED, cause=str(error)) from error


def _misfit(error: msgspec.ValidationError) -> str:
    """The field of the command that a message of msgspec is about; empty without one."""
    found = re.search(r"at `\$\.(\w+)", str(error)) or re.search(r"field `(\w+)`", str(error))
    return "" if found is None else found[1]
