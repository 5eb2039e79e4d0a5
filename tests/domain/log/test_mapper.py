"""Events are stored and read without loss, and old versions are upcast."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from domain.log.mapper import EventMapper, StoredRow, decoders
from domain.model.event import EVENTS, WHEN_RECORDED, Event
from domain.model.kpi import KpiDefined
from domain.model.measurements.reading import ReadingCorrected, ReadingRecorded
from domain.primitives.values import Cadence, GoalDirection, Kind, KpiGoal, Unit, UnitKind

AT = datetime(2026, 3, 1, 12, 30, 15, 123_456, UTC)


class Weighed(Event, frozen=True, kw_only=True):
    """Version 1 has pounds, version 2 grams, version 3 the name of the scale, too."""

    KIND = Kind.READING
    TOPIC = "weighed"
    VERSION = 3
    grams: float
    scale: str

    @classmethod
    def upcast(cls, version: int, body: dict[str, Any]) -> dict[str, Any]:
        if version == 1:
            return {"grams": body["pounds"] * 453.59237}
        return body | {"scale": "unknown"}


@pytest.fixture
def mapper(monkeypatch: pytest.MonkeyPatch) -> EventMapper:
    monkeypatch.setitem(EVENTS, "weighed", Weighed)
    return EventMapper(decoders(EVENTS.values()))


def stored(topic: str, state: bytes) -> StoredRow:
    return StoredRow(UUID(int=1), 1, topic, state, AT, None)


@pytest.mark.parametrize(
    "event",
    [
        ReadingRecorded(kpi=uuid4(), value=1.5, note="n", originator_id=uuid4(), originator_version=1, timestamp=AT),
        ReadingCorrected(value=-0.1, originator_id=uuid4(), originator_version=7, timestamp=WHEN_RECORDED),
        KpiDefined(
            key="signups",
            name="Sign-ups, «täglich»",
            unit=Unit(UnitKind.NUMBER, "users"),
            goal=KpiGoal(GoalDirection.WITHIN, lower=1, upper=2, tolerance=0.5),
            cadence=Cadence.DAILY,
            owner=uuid4(),
            originator_id=uuid4(),
            originator_version=1,
            timestamp=AT,
        ),
    ],
)
def test_an_event_survives_a_round_trip(mapper: EventMapper, event: Event) -> None:
    again = mapper.to_domain_event(mapper.to_stored_event(event))
    assert again == event
    assert type(again) is type(event)


def test_the_body_is_stored_as_json_and_the_header_in_columns(mapper: EventMapper) -> None:
    kpi, stream = uuid4(), uuid4()
    row = mapper.to_stored_event(
        ReadingRecorded(kpi=kpi, value=1.5, originator_id=stream, originator_version=1, timestamp=AT)
    )
    assert row == StoredRow(stream, 1, "reading-recorded.v1", f'{{"kpi":"{kpi}","value":1.5}}'.encode(), AT, kpi)


def test_only_the_first_event_of_a_stream_has_a_parent(mapper: EventMapper) -> None:
    later = ReadingRecorded(kpi=uuid4(), value=1.5, originator_id=uuid4(), originator_version=2)
    assert mapper.to_stored_event(later).belongs_to is None


@pytest.mark.parametrize(
    ("topic", "state", "grams", "scale"),
    [
        ("weighed.v1", b'{"pounds": 2}', 907.18474, "unknown"),
        ("weighed.v2", b'{"grams": 5}', 5, "unknown"),
        ("weighed.v3", b'{"grams": 5, "scale": "kitchen"}', 5, "kitchen"),
    ],
)
def test_old_versions_are_upcast_step_by_step(
    mapper: EventMapper, topic: str, state: bytes, grams: float, scale: str
) -> None:
    event = mapper.to_domain_event(stored(topic, state))
    assert event == Weighed(grams=grams, scale=scale, originator_id=UUID(int=1), originator_version=1, timestamp=AT)


def test_a_new_event_is_stored_in_the_current_version(mapper: EventMapper) -> None:
    event = Weighed(grams=1, scale="kitchen", originator_id=uuid4(), originator_version=1)
    assert mapper.to_stored_event(event).topic == "weighed.v3"


def test_an_event_of_a_newer_version_asks_for_an_upgrade(mapper: EventMapper) -> None:
    with pytest.raises(LookupError, match="newer Keyframe"):
        mapper.to_domain_event(stored("weighed.v4", b"{}"))


@pytest.mark.parametrize("topic", ["no-such-event.v1", "weighed", "weighed.vx", "weighed.v0"])
def test_an_unknown_topic_is_reported(mapper: EventMapper, topic: str) -> None:
    with pytest.raises(LookupError, match=topic):
        mapper.to_domain_event(stored(topic, b"{}"))


def test_a_body_with_missing_fields_is_refused(mapper: EventMapper) -> None:
    with pytest.raises(msgspec.ValidationError, match="scale"):
        mapper.to_domain_event(stored("weighed.v3", b'{"grams": 5}'))
