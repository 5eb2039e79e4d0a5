"""Events of evidence in sentences: who, on whose behalf, what, when, and why."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from domain.log.mapper import EventMapper, LogRow, leaf_hash
from domain.model.event import Authorship, Event, description
from domain.model.event_registry import EVENTS
from domain.model.key_result import KeyResultAdded, KeyResultRetargeted, KeyResultReworded
from domain.model.measurements.check_in import KeyResultCheckedIn
from domain.model.objective import ObjectiveAligned, ObjectiveAssigned, ObjectiveDrafted
from domain.primitives.values import Direction, Kind, Metric, ObjectiveKind, Ref, Source
from domain.proof.event_descriptions import EventDescription, described
from domain.proof.evidence import Entry
from domain.proof.legend import Legend

ADA, EVE, MAX = UUID(int=1), UUID(int=2), UUID(int=3)
CYCLE, GOAL, MEASURE, CHECK_IN, ABOVE = (UUID(int=number) for number in range(11, 16))
LEGEND = Legend(names={Kind.PERSON: {ADA: "ada", EVE: None}, Kind.OBJECTIVE: {ABOVE: "Delight people"}})
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
METRIC = Metric(Direction.INCREASE, start=0, target=100)
MAPPER = EventMapper()


def row(position: int, event: Event, **by: Any) -> LogRow:
    """The row of an event that was recorded `position` days after the start."""
    recorded = START + timedelta(days=position)
    stored = MAPPER.to_stored_event(msgspec.structs.replace(event, timestamp=min(event.timestamp, recorded)))
    author = Authorship(**{"actor": f"person:{ADA}", "source": Source.API, "command": UUID(int=99), **by})
    made = LogRow(
        position, recorded, stored.effective_at, stored.originator_id, stored.originator_version, stored.topic,
        stored.belongs_to, msgspec.json.encode(author), stored.state, b"",
    )  # fmt: skip
    return made._replace(leaf_hash=leaf_hash(made))


def descriptions_of(rows: Sequence[LogRow]) -> list[EventDescription]:
    entries = [Entry.of(one, []) for one in rows]
    return list(described(entries, LEGEND, frozenset(one.stream for one in rows)))


def drafted(**more: Any) -> ObjectiveDrafted:
    return ObjectiveDrafted(
        cycle=CYCLE, title="Grow", kind=ObjectiveKind.COMMITTED, originator_id=GOAL, originator_version=1, **more
    )


def added(**more: Any) -> KeyResultAdded:
    return KeyResultAdded(
        objective=GOAL, title="Orders", metric=METRIC, due=date(2026, 3, 31), originator_id=MEASURE,
        originator_version=1, **more,
    )  # fmt: skip


def test_event_is_described_as_the_api_describes_its_type() -> None:
    (one,) = descriptions_of([row(1, drafted())])
    assert one.what == description(ObjectiveDrafted) == "An objective was drafted."
    assert (one.position, one.subject, one.actor) == (1, "“Grow”", "ada")
    assert one.details == "“Grow”: cycle id 00000000; kind COMMITTED."


def test_change_tells_the_values_before_and_after() -> None:
    retargeted = KeyResultRetargeted(
        metric=Metric(Direction.INCREASE, start=0, target=80), originator_id=MEASURE, originator_version=2
    )
    one = descriptions_of([row(1, added()), row(2, retargeted, reason="The market shrank.")])[1]
    assert [field.text for field in one.fields] == ["metric.target 100 → 80"]
    assert (one.reason, one.subject) == ("The market shrank.", "“Orders”")


def test_change_tells_a_removed_value() -> None:
    reworded = KeyResultReworded(title="Orders", originator_id=MEASURE, originator_version=2)
    assigned = ObjectiveAssigned(originator_id=GOAL, originator_version=2)
    rows = [row(1, added(description="Of all kinds")), row(2, reworded), row(3, drafted(owner=ADA)), row(4, assigned)]
    _, first, _, second = descriptions_of(rows)
    assert first.changes == "description Of all kinds → none"
    assert second.changes == "owner ada → none"


def test_item_of_a_list_has_no_value_before() -> None:
    rows = [
        row(number, ObjectiveAligned(to=Ref(Kind.OBJECTIVE, id), originator_id=GOAL, originator_version=number))
        for number, id in enumerate((ABOVE, CYCLE), 2)
    ]
    assert [one.changes for one in descriptions_of([row(1, drafted()), *rows])[1:]] == [
        "to “Delight people”",
        "to id 00000000",
    ]


def test_measurement_names_its_key_result() -> None:
    checked = KeyResultCheckedIn(key_result=MEASURE, value=46.0, originator_id=CHECK_IN, originator_version=1)
    one = descriptions_of([row(1, added()), row(2, checked)])[1]
    assert one.subject == "“Orders”"
    assert "value 46" in one.changes


def test_author_is_named_with_the_person_on_whose_behalf_an_import_acted() -> None:
    by = {"actor": "machine:console", "source": Source.IMPORT, "on_behalf_of": ADA}
    (one,) = descriptions_of([row(1, drafted(), **by)])
    assert one.actor == "console on behalf of ada by an import"
    assert descriptions_of([row(1, drafted(), source=Source.IMPORT)])[0].actor == "ada by an import"


@pytest.mark.parametrize(("person", "name"), [(ADA, "ada"), (EVE, "erased-00000000"), (MAX, "id 00000000")])
def test_person_is_named_by_handle_unless_erased_or_unknown(person: UUID, name: str) -> None:
    (one,) = descriptions_of([row(1, drafted(), actor=f"person:{person}")])
    assert one.actor == name


def test_both_times_are_told() -> None:
    earlier = msgspec.structs.replace(drafted(), timestamp=START)
    one, other = descriptions_of([row(1, drafted()), row(2, earlier)])
    assert one.times == "True and recorded at 2026-01-06 09:00:00 UTC."
    assert other.times == "True at 2026-01-05 09:00:00 UTC, recorded at 2026-01-07 09:00:00 UTC."


def test_event_of_a_later_version_is_described_by_its_topic() -> None:
    unknown = row(1, drafted())._replace(topic="objective-celebrated.v1")
    (one,) = descriptions_of([unknown._replace(leaf_hash=leaf_hash(unknown))])
    assert one.what == "objective-celebrated.v1 was recorded, which this version does not know."
    assert "title Grow" in one.details


def test_characters_that_control_a_terminal_are_left_out() -> None:
    (one,) = descriptions_of([row(1, drafted(), reason="a\x1b[31m\nb\u202ec")])
    assert one.reason == "a [31m b c"


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)
def test_every_stored_event_has_a_sentence(event: type[Event]) -> None:
    assert description(event).endswith(".")
