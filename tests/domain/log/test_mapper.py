"""An event comes out of storage as it went in, whatever version it was written in."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from domain.log.event_store import EventMapper, StoredRow
from domain.model.event import EVENTS, WHEN_RECORDED, Event
from domain.model.kpi import KpiDefined, ReadingCorrected, ReadingRecorded
from domain.primitives.values import Cadence, GoalDirection, Kind, KpiGoal, Unit, UnitKind

AT = datetime(2026, 3, 1, 12, 30, 15, 123_456, UTC)


class Weighed(Event, frozen=True, kw_only=True):
    """At first in pounds, then in grams, then with the scale's name."""

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
    return EventMapper()


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
def test_an_event_comes_back_as_it_was(mapper: EventMapper, event: Event) -> None:
    again = mapper.to_domain_event(mapper.to_stored_event(event))
    assert again == event
    assert type(again) is type(event)


def test_the_body_is_stored_and_the_header_stands_in_columns(mapper: EventMapper) -> None:
    kpi, stream = uuid4(), uuid4()
    row = mapper.to_stored_event(
        ReadingRecorded(kpi=kpi, value=1.5, originator_id=stream, originator_version=1, timestamp=AT)
    )
    assert row == StoredRow(stream, 1, "reading-recorded.v1", f'{{"kpi":"{kpi}","value":1.5}}'.encode(), AT, kpi)


def test_only_a_first_event_says_what_it_belongs_to(mapper: EventMapper) -> None:
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
def test_an_old_version_is_brought_up_step_by_step(
    mapper: EventMapper, topic: str, state: bytes, grams: float, scale: str
) -> None:
    event = mapper.to_domain_event(stored(topic, state))
    assert event == Weighed(grams=grams, scale=scale, originator_id=UUID(int=1), originator_version=1, timestamp=AT)


def test_a_new_event_is_stored_in_its_newest_version(mapper: EventMapper) -> None:
    event = Weighed(grams=1, scale="kitchen", originator_id=uuid4(), originator_version=1)
    assert mapper.to_stored_event(event).topic == "weighed.v3"


def test_a_version_from_the_future_says_that_the_program_is_old(mapper: EventMapper) -> None:
    with pytest.raises(LookupError, match="newer Keyframe"):
        mapper.to_domain_event(stored("weighed.v4", b"{}"))


@pytest.mark.parametrize("topic", ["never-heard-of.v1", "weighed", "weighed.vx"])
def test_an_unknown_topic_is_named(mapper: EventMapper, topic: str) -> None:
    with pytest.raises(LookupError, match=topic):
        mapper.to_domain_event(stored(topic, b"{}"))


def test_a_body_of_another_shape_is_refused(mapper: EventMapper) -> None:
    with pytest.raises(msgspec.ValidationError, match="scale"):
        mapper.to_domain_event(stored("weighed.v3", b'{"grams": 5}'))
