"""The registry of commands: every command by its verb."""

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Final

from domain.commands import (
    batch_commands,
    cycle_commands,
    discussion_commands,
    key_result_commands,
    kpi_commands,
    objective_commands,
    people_commands,
    subject_commands,
    template_commands,
    workspace_commands,
)
from domain.commands.command import Command, verb
from domain.primitives.decoding import prepared

_MODULES: Final = (
    people_commands, workspace_commands, cycle_commands, objective_commands, key_result_commands, kpi_commands,
    discussion_commands, subject_commands, template_commands, batch_commands,
)  # fmt: skip
"""The modules, in the order in which the schema lists the commands."""


def by_verb(modules: Sequence[ModuleType]) -> dict[str, type[Command]]:
    """The commands that these modules define, in their order. Raises `TypeError` for duplicate names."""
    found: dict[str, type[Command]] = {}
    for module in modules:
        for command in _defined_in(module):
            other = found.setdefault(verb(command), command)
            if other is not command:
                raise TypeError(f"Two commands are named {command.__name__}, in {other.__module__} and in "
                                f"{command.__module__}: rename one.")  # fmt: skip
    return found


def _defined_in(module: ModuleType) -> Iterator[type[Command]]:
    """The commands of a module, each prepared: imports on several threads convert their input."""
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Command) and value.__module__ == module.__name__:
            yield prepared(value)


MUTATIONS: Final[dict[str, type[Command]]] = by_verb(_MODULES)
"""All commands, batches of them included."""
VERBS: Final[dict[str, type[Command]]] = {name: kind for name, kind in MUTATIONS.items() if kind.ITEMS is None}
"""The single commands, each with a handler and a form in fact files."""
