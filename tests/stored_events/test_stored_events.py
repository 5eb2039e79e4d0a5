"""Every released version of every event can be read; this folder has one example of each.

`TOPIC.vN.json` holds the exact bytes of a body as it was written. These files are never edited; a new event or a new
version of one adds a file.
"""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from domain.log.mapper import EventMapper
from domain.model.event import AGGREGATES, EVENTS

CORPUS = {path.name.removesuffix(".json"): path.read_bytes() for path in Path(__file__).parent.glob("*.v*.json")}
STREAM = UUID(int=7)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def test_there_is_an_example_of_every_version_of_every_event() -> None:
    versions = {f"{topic}.v{version}" for topic, event in EVENTS.items() for version in range(1, event.VERSION + 1)}
    assert set(CORPUS) == versions


def test_every_aggregate_type_has_events() -> None:
    assert {event.KIND for event in EVENTS.values()} == AGGREGATES.keys()


@pytest.mark.parametrize("topic", sorted(CORPUS))
def test_a_stored_event_is_read_and_written_as_it_was(topic: str) -> None:
    mapper = EventMapper()
    event = mapper.decode(topic, CORPUS[topic], STREAM, 3, SINCE)
    assert (event.originator_id, event.originator_version, event.timestamp) == (STREAM, 3, SINCE)
    stored = mapper.to_stored_event(event)
    if stored.topic == topic:
        assert stored.state == CORPUS[topic]
