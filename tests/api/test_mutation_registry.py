"""The schema refuses at import a command without a payload type or a described input, with advice."""

import msgspec
import pytest

from api.schema.mutations import inputs, mutation
from api.schema.mutations.payloads import PAYLOADS
from domain.commands.cycle_commands import AdoptScoringPolicy
from domain.commands.registry import VERBS
from domain.primitives.values import Kind


def test_every_answered_kind_has_exactly_one_payload_type() -> None:
    assert {command.ANSWERS for command in VERBS.values()} == PAYLOADS.keys()


def test_command_without_a_payload_type_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(PAYLOADS, Kind.POLICY)
    message = "The command AdoptScoringPolicy has the result kind ScoringPolicy, which has no payload type: write one"
    with pytest.raises(TypeError, match=message):
        mutation._payload(AdoptScoringPolicy)


def test_input_without_descriptions_is_refused() -> None:
    class Colour(msgspec.Struct):
        hue: float

    message = r"The input Colour is not described: write a docstring and Annotated.* at the field hue"
    with pytest.raises(TypeError, match=message):
        inputs._input(Colour)
