"""An incomplete command fails at import with an error that names the command and what to write."""

import re
from functools import partial
from types import ModuleType, new_class
from typing import Annotated, Any

import pytest

from domain.commands import registry
from domain.commands.command import Command, KeyResultId, verb
from domain.commands.discussion_commands import Reflect
from domain.commands.key_result_commands import CheckIn
from domain.commands.permissions import ADOPT_POLICY, edit_goals
from domain.commands.registry import VERBS
from domain.handlers import dispatcher  # noqa: F401  imports every handler
from domain.handlers.handler_registry import HANDLERS, handles, require_handlers
from domain.handlers.unit_of_work import UnitOfWork
from domain.model.key_result import KeyResultDropped
from domain.primitives.documentation import doc
from domain.primitives.values import Kind


def refused(*sentences: str) -> Any:
    return pytest.raises(TypeError, match=".*".join(map(re.escape, sentences)))


# ── commands ─────────────────────────────────────────────────────────────────────────────────────


def test_command_without_docstring_permission_result_and_event_is_refused() -> None:
    with refused(
        "The command PauseKeyResult is incomplete: write a docstring, its description in the schema; "
        "set NEEDS to the required permission, from domain.commands.permissions; "
        "set ANSWERS to the Kind of aggregate that it returns; "
        "set RECORDS to the event by which an export recognizes it."
    ):

        class PauseKeyResult(Command, frozen=True):
            key_result: KeyResultId


def test_command_with_an_undescribed_field_is_refused() -> None:
    with refused("The command PauseKeyResult is incomplete: describe the field days with Annotated["):

        class PauseKeyResult(Command, frozen=True):
            """Pause a key result."""

            NEEDS = edit_goals("key_result")
            ANSWERS = Kind.KEY_RESULT
            RECORDS = KeyResultDropped

            key_result: KeyResultId
            days: int


def test_command_whose_subject_is_not_a_field_is_refused() -> None:
    with refused("command PauseKeyResult is incomplete: name an existing field in NEEDS, not keyresult."):

        class PauseKeyResult(Command, frozen=True):
            """Pause a key result."""

            NEEDS = edit_goals("keyresult")
            ANSWERS = Kind.KEY_RESULT
            RECORDS = KeyResultDropped

            key_result: KeyResultId


def test_creating_command_without_subject_or_owner_fields_is_refused() -> None:
    with refused("command PlanParty is incomplete: name in NEEDS the field with its subject, or give it the fields"):

        class PlanParty(Command, frozen=True):
            """Plan a party."""

            NEEDS = edit_goals(None)
            ANSWERS = Kind.INITIATIVE
            RECORDS = KeyResultDropped

            place: Annotated[str, doc("Where it is.")]


class Unregistered(Command, frozen=True):
    """A complete command outside the modules of the registry."""

    NEEDS = ADOPT_POLICY
    ANSWERS = Kind.POLICY
    RECORDS = KeyResultDropped


def _fill(body: dict[str, str], namespace: dict[str, object]) -> None:
    namespace.update(body)


def test_two_commands_with_the_same_name_are_refused() -> None:
    modules = [ModuleType("first"), ModuleType("second")]
    for module in modules:
        body = {"__module__": module.__name__, "__doc__": "Reflect."}
        vars(module)["Reflect"] = new_class("Reflect", (Reflect,), exec_body=partial(_fill, body))
    with refused("Two commands are named Reflect, in first and in second: rename one."):
        registry.by_verb(modules)


# ── handlers ─────────────────────────────────────────────────────────────────────────────────────


def test_every_command_has_a_handler() -> None:
    assert set(HANDLERS) == set(VERBS.values())
    assert [verb(command) for command in VERBS.values()] == list(VERBS)


def test_a_command_without_a_handler_is_refused() -> None:
    handlers = {command: handler for command, handler in HANDLERS.items() if command is not CheckIn}
    with refused("No handler for CheckIn: write a function in domain.handlers", "decorate it with @handles"):
        require_handlers(VERBS.values(), handlers)


def test_a_second_handler_of_a_command_is_refused() -> None:
    before = HANDLERS[CheckIn]
    with refused("The command CheckIn has two handlers, domain.handlers.check_ins.check_in and ", "again: remove one."):

        @handles
        def again(uow: UnitOfWork, do: CheckIn) -> None: ...

    assert HANDLERS[CheckIn] is before


def test_a_handler_without_a_command_is_refused() -> None:
    with refused("The handler ", "no_command has no command: annotate its second parameter with one."):

        @handles  # type: ignore[type-var]
        def no_command(uow: UnitOfWork, do: str) -> None: ...


def test_a_handler_of_an_unregistered_command_is_refused() -> None:
    with refused("The command Unregistered of the handler ", "add its module to domain.commands.registry."):

        @handles
        def unregistered(uow: UnitOfWork, do: Unregistered) -> None: ...
