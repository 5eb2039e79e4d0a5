"""The handler of each command, registered by a decorator. Complete once the dispatcher is imported."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from domain.commands.command import Command
from domain.commands.registry import VERBS
from domain.handlers.unit_of_work import UnitOfWork

C = TypeVar("C", bound=Command)
R = TypeVar("R")

HANDLERS: Final[dict[type[Command], Callable[[UnitOfWork, Any], Any]]] = {}


def handles(handler: Callable[[UnitOfWork, C], R]) -> Callable[[UnitOfWork, C], R]:
    """Register a function as the handler of the command that its second parameter is annotated with.

    Raises `TypeError` for a function without a command, an unregistered command, or a second handler.
    """
    command = _command_of(handler)
    if command not in VERBS.values():
        raise TypeError(
            f"The command {command.__name__} of the handler {_name(handler)} is not registered: "
            "add its module to domain.commands.registry."
        )
    if command in HANDLERS:
        raise TypeError(
            f"The command {command.__name__} has two handlers, {_name(HANDLERS[command])} and {_name(handler)}: "
            "remove one."
        )
    HANDLERS[command] = handler
    return handler


def _command_of(handler: Callable[..., Any]) -> type[Command]:
    annotations = [value for name, value in handler.__annotations__.items() if name != "return"]
    found = [value for value in annotations if isinstance(value, type) and issubclass(value, Command)]
    if len(found) != 1:
        raise TypeError(f"The handler {_name(handler)} has no command: annotate its second parameter with one.")
    return found[0]


def require_handlers(commands: Iterable[type[Command]], handlers: Mapping[type[Command], Any]) -> None:
    """Raises `TypeError` if a command has no handler."""
    missing = [command.__name__ for command in commands if command not in handlers]
    if missing:
        raise TypeError(
            f"No handler for {', '.join(missing)}: write a function in domain.handlers that takes a UnitOfWork and the "
            "command, decorate it with @handles, and import its module in domain.handlers.dispatcher."
        )


def _name(handler: Callable[..., Any]) -> str:
    return f"{handler.__module__}.{handler.__qualname__}"
