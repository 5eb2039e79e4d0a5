"""Run in a process of its own: prints the events and commands that their registries have not prepared, then decodes
each stored event for the first time on several threads at once, which crashes the process if it is not prepared."""

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from gc import get_referents
from pathlib import Path
from threading import Barrier
from uuid import UUID

from domain.commands.registry import MUTATIONS
from domain.log.mapper import EventMapper
from domain.model.event_registry import EVENTS

THREADS = 6
EXAMPLES = Path(__file__).parents[2] / "stored_events"


def is_prepared(kind: type) -> bool:
    """Whether a struct refers to what msgspec has prepared for its decoding."""
    return any(type(part).__name__ == "StructInfo" for part in get_referents(kind))


def decode_together(mapper: EventMapper, example: Path, pool: ThreadPoolExecutor) -> None:
    """Decode a stored event on all threads of the pool at the same moment."""
    start, data = Barrier(THREADS), example.read_bytes()
    decode = partial(mapper.decode, example.stem, data, UUID(int=1), 1, datetime(2026, 1, 1, tzinfo=UTC))
    for done in [pool.submit(lambda: (start.wait(), decode())) for _ in range(THREADS)]:
        done.result()


if __name__ == "__main__":
    unprepared = [kind.__name__ for kind in (*EVENTS.values(), *MUTATIONS.values()) if not is_prepared(kind)]
    sys.stdout.write(f"{unprepared}\n")
    sys.setswitchinterval(1e-6)
    with ThreadPoolExecutor(THREADS) as threads:
        for stored in EXAMPLES.glob("*.json"):
            decode_together(EventMapper(), stored, threads)
