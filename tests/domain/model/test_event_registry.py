"""An event without description or handlers fails at import with an error that names the event."""

from datetime import date
from pathlib import Path
from typing import Annotated

import pytest

import domain.model
from api.facts import event_to_command
from api.schema.history import event_overrides
from domain.commands.registry import VERBS
from domain.metrics import cause
from domain.model import event_registry
from domain.model.event import EVENTS, Event, body_fields, description, field_description, stored
from domain.model.fields import Due, Title
from domain.primitives.documentation import doc
from domain.primitives.values import Kind
from projections.engine import registry


class KeyResultFrozen(Event, frozen=True, kw_only=True):
    """A key result was frozen for a while;
    it takes no check-ins.

    This paragraph is for developers.
    """

    KIND = Kind.KEY_RESULT
    TOPIC = "key-result-frozen"
    title: Title
    until: Annotated[date, doc("The first day it takes check-ins again.")]
    due: Due | None = None


# ── the event class ──────────────────────────────────────────────────────────────────────────────


def test_the_first_paragraph_of_the_docstring_describes_the_event() -> None:
    assert description(KeyResultFrozen) == "A key result was frozen for a while; it takes no check-ins."


def test_fields_are_described_by_their_annotations() -> None:
    assert {field: field_description(KeyResultFrozen, field) for field in body_fields(KeyResultFrozen)} == {
        "title": "The title, one line of text.",
        "until": "The first day it takes check-ins again.",
        "due": "The due date.",
    }


def test_an_event_without_description_is_refused() -> None:
    class Undescribed(Event, frozen=True, kw_only=True):
        KIND = Kind.KEY_RESULT
        TOPIC = "undescribed"

    with pytest.raises(TypeError, match="Undescribed has no description: write one sentence as its docstring"):
        stored(Undescribed)
    assert "undescribed" not in EVENTS


def test_an_event_with_an_undescribed_field_is_refused() -> None:
    class HalfDescribed(Event, frozen=True, kw_only=True):
        """Something happened."""

        KIND = Kind.KEY_RESULT
        TOPIC = "half-described"
        title: Title
        until: date

    with pytest.raises(TypeError, match="the field 'until' of the event HalfDescribed has no description: annotate it"):
        stored(HalfDescribed)
    assert "half-described" not in EVENTS


def test_an_event_without_topic_is_refused() -> None:
    class Topicless(Event, frozen=True, kw_only=True):
        """Something happened."""

        KIND = Kind.KEY_RESULT

    with pytest.raises(TypeError, match="the event Topicless has no KIND or no TOPIC"):
        stored(Topicless)


def test_two_events_with_one_topic_are_refused() -> None:
    class Reopened(Event, frozen=True, kw_only=True):
        """Something happened."""

        KIND = Kind.KEY_RESULT
        TOPIC = "key-result-reopened"

    with pytest.raises(TypeError, match="KeyResultReopened and Reopened both have the topic 'key-result-reopened'"):
        stored(Reopened)


def test_every_module_of_the_model_that_stores_events_is_loaded_by_the_registry() -> None:
    folder = Path(next(iter(domain.model.__path__)))
    storing = {path.stem for path in folder.rglob("*.py") if "\n@stored\n" in path.read_text(encoding="utf-8")}
    assert {module.__name__.rpartition(".")[2] for module in event_registry.MODULES} == storing


# ── handlers of other layers ─────────────────────────────────────────────────────────────────────


def test_an_event_without_projection_handler_is_refused() -> None:
    with pytest.raises(TypeError, match="no projection handles the event KeyResultFrozen: register a handler"):
        registry.require_handlers([KeyResultFrozen])


def test_an_event_may_be_listed_as_not_projected(monkeypatch: pytest.MonkeyPatch) -> None:
    event: type[Event] = KeyResultFrozen
    monkeypatch.setitem(registry.NOT_PROJECTED, event, "only its change is shown")
    registry.require_handlers([KeyResultFrozen])


def test_an_event_that_may_move_progress_needs_a_cause() -> None:
    with pytest.raises(TypeError, match="the event KeyResultFrozen has no cause: add it to CAUSES, or to NEUTRAL"):
        cause.require_causes([KeyResultFrozen])


def test_an_event_without_command_is_refused() -> None:
    with pytest.raises(TypeError, match="The event KeyResultFrozen is recorded by no command: name it as RECORDS"):
        event_to_command.derivable([KeyResultFrozen], VERBS.values())


def test_an_override_of_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError, match="COLUMN_OF names the field 'state' of the event KeyResultFrozen, which has no"):
        event_overrides.require_fields({(KeyResultFrozen, "state"): "state"}, "COLUMN_OF")
