"""An event without a derivable command is refused at import, with a message that says what to write."""

import pytest

from api.facts.event_to_command import derivable
from domain.commands.discussion_commands import Reflect
from domain.commands.key_result_commands import CheckIn, DropKeyResult
from domain.model.discussion import Reflected
from domain.model.key_result import KeyResultDropped

REGISTER = "or register a function for the event in api.facts.event_to_command"


def test_event_must_be_recorded_by_exactly_one_command() -> None:
    message = f"The event KeyResultDropped is recorded by %s: name it as RECORDS of one command, {REGISTER}"
    with pytest.raises(TypeError, match=message % "no command"):
        derivable([KeyResultDropped], [CheckIn])
    with pytest.raises(TypeError, match=message % "DropKeyResult and DropKeyResult"):
        derivable([KeyResultDropped], [DropKeyResult, DropKeyResult])


def test_event_must_have_every_field_of_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reflect, "RECORDS", KeyResultDropped)
    message = f"The command Reflect takes subject, kind, body, which its event KeyResultDropped lacks: .*, {REGISTER}"
    with pytest.raises(TypeError, match=message):
        derivable([KeyResultDropped], [Reflect])


def test_event_with_its_own_function_needs_no_command() -> None:
    assert derivable([Reflected], [Reflect]) == {Reflected: Reflect}
