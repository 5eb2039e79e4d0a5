"""The schema refuses at import a command whose answer or input it cannot show, and says what to write."""

import msgspec
import pytest

from api.schema.mutations import inputs, mutation
from api.schema.mutations.payloads import PAYLOADS
from domain.commands.cycle_commands import AdoptScoringPolicy
from domain.commands.registry import VERBS
from domain.primitives.values import Kind


def test_every_kind_that_a_command_answers_with_has_a_payload_type_and_no_other() -> None:
    assert {command.ANSWERS for command in VERBS.values()} == PAYLOADS.keys()


def test_a_command_whose_answer_has_no_payload_type_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(PAYLOADS, Kind.POLICY)
    said = "The command AdoptScoringPolicy has the result kind ScoringPolicy, which has no payload type: write one"
    with pytest.raises(TypeError, match=said):
        mutation._payload(AdoptScoringPolicy)


def test_an_input_without_descriptions_is_refused() -> None:
    class Colour(msgspec.Struct):
        hue: float

    said = r"The input Colour is not described: write a docstring and Annotated.* at the field hue"
    with pytest.raises(TypeError, match=said):
        inputs._input(Colour)
