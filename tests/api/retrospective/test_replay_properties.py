"""On random histories every frame of a replay matches its basis, and every change is listed once."""

from collections import Counter
from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.snapshot import global_ids
from domain.model.cycle import CycleOpened
from domain.model.event import Recorded
from domain.model.objective import ObjectiveDrafted
from domain.primitives.values import Kind
from tests.api.retrospective.conftest import Worlds, laws
from tests.api.retrospective.random_quarter import LENGTH, Life
from tests.asking import AskedWorld
from tests.properties.drawing import LONG_AGO
from tests.properties.histories import History

pytestmark = [pytest.mark.long, pytest.mark.no_cover]

FRAMES_MAX = 10
"""The maximum number of frames of a replay that are compared with their bases."""

FIGURES = """value unclamped expected health confidence confidenceLowest measuredShare
    explain { label weight value contribution position }"""
COUNTS = "keyResultsBy: healthCounts { health count } objectivesBy: healthCounts(of: OBJECTIVES) { health count }"
REPLAY = f"""
    query($cycle: ID!, $every: Step!, $from: DateTime, $known: DateTime) {{
        replay(cycle: {{id: $cycle}}, every: $every, from: $from, known: $known) {{ frames {{
            basis {{ at position }} objectives keyResults byHealth {{ health count }} changes {{ position }}
            progress {{ {FIGURES} }} {COUNTS}
        }} }}
    }}
"""
AS_OF = f"""
    query($cycle: ID!, $at: DateTime!, $position: Position!) {{
        asOf(at: $at, position: $position) {{
            cycle(by: {{id: $cycle}}) {{ progress {{ {FIGURES} }} {COUNTS} }}
            objectives(first: 1000, filter: {{cycle: {{id: $cycle}}, state: [ACTIVE, CLOSED]}}) {{
                nodes {{ progress {{ expected health }} keyResults {{ progress {{ health }} }} }}
            }}
        }}
    }}
"""
SPANS: list[dict[str, Any]] = [
    {"every": "CHANGE", "from": LONG_AGO.isoformat()},
    {"every": "MONTH", "from": LONG_AGO.isoformat()},
    {"every": "WEEK"},
]


@laws
@given(seed=st.integers(0, 2**32))
def test_every_frame_matches_its_basis_and_lists_new_changes(worlds: Worlds, seed: int) -> None:
    chance = Random(seed)
    with worlds() as world:
        if chance.random() < 0.5:
            History(world.keyframe, chance).live(150)
        else:
            _live_on(world, chance)
        log = world.log.entries(0, world.catch_up())
        hindsight = {"every": "MONTH", "known": chance.choice(log).recorded_at.isoformat()}
        for cycle in [entry.event.originator_id for entry in log if isinstance(entry.event, CycleOpened)]:
            own, id = _of_cycle(log, cycle), global_ids.encode(Kind.CYCLE, cycle)
            for span in (*SPANS, hindsight):
                frames = world.ask(REPLAY, cycle=id, **span)["replay"]["frames"]
                _assert_each_change_is_listed_once(own, frames)
                for frame in chance.sample(frames, min(FRAMES_MAX, len(frames))):
                    _assert_matches_its_basis(world, id, frame)


def _live_on(world: AskedWorld, chance: Random) -> None:
    """A quarter that was imported, continued live, and was corrected."""
    life = Life(world, chance)
    life.live(40, LENGTH)
    life.activate()
    life.now()
    life.live(40, LENGTH + 9)


# ── figures ───────────────────────────────────────────────────────────────────────────────────────


def _assert_matches_its_basis(world: AskedWorld, cycle: str, frame: dict[str, Any]) -> None:
    view = world.ask(AS_OF, cycle=cycle, **frame["basis"])["asOf"]
    own = [one for one in view["objectives"]["nodes"] if one["progress"]["expected"] is not None]
    if own:
        parts = [part["progress"]["health"] for one in own for part in one["keyResults"]]
        assert (frame["objectives"], frame["keyResults"]) == (len(own), len(parts))
        assert _counted(frame["keyResultsBy"]) == Counter(parts)
        assert _counted(frame["objectivesBy"]) == Counter(filter(None, (one["progress"]["health"] for one in own)))
    assert frame["byHealth"] == frame["keyResultsBy"]
    if view["cycle"] is None:
        assert frame["objectives"] == 0
    else:
        assert {name: frame[name] for name in view["cycle"]} == _nearly(view["cycle"])


def _counted(counts: list[dict[str, Any]]) -> Counter[str]:
    return Counter({one["health"]: one["count"] for one in counts if one["count"]})


def _nearly(progress: Any) -> Any:
    """The same, with figures compared to 1e-9."""
    if isinstance(progress, dict):
        return {name: _nearly(value) for name, value in progress.items()}
    if isinstance(progress, list):
        return [_nearly(value) for value in progress]
    return pytest.approx(progress, abs=1e-9) if isinstance(progress, float) else progress


# ── changes ───────────────────────────────────────────────────────────────────────────────────────


def _assert_each_change_is_listed_once(own: list[Recorded], frames: list[dict[str, Any]]) -> None:
    seen = [_visible(own, frame["basis"]) for frame in frames]
    calls = [{change["position"] for change in frame["changes"]} for frame in frames]
    positions = {entry.position for entry in own}
    expected = [set(), *(after - before for before, after in pairwise(seen))]
    assert [some & positions for some in calls] == expected
    assert sum(map(len, calls)) == len(set().union(*calls))


def _of_cycle(log: list[Recorded], cycle: UUID) -> list[Recorded]:
    """The events of a cycle, of its goals, and of their check-ins."""
    own = {cycle}
    for entry in log:
        event = entry.event
        home = event.cycle if isinstance(event, ObjectiveDrafted) else event.belongs_to
        if event.KIND in (Kind.OBJECTIVE, Kind.KEY_RESULT, Kind.CHECK_IN) and home in own:
            own.add(event.originator_id)
    return [entry for entry in log if entry.event.originator_id in own]


def _visible(events: list[Recorded], basis: dict[str, Any]) -> set[int]:
    at = datetime.fromisoformat(basis["at"])
    return {entry.position for entry in events if entry.position <= basis["position"] and entry.effective_at <= at}
