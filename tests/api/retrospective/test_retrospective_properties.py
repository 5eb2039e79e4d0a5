"""On random histories a retrospective adds up, matches plan and outcome, and is stable."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.snapshot import global_ids
from domain.commands.cycle_commands import CloseCycle
from domain.metrics.cause import CAUSES, Cause
from domain.model.event import Event, Recorded
from domain.model.key_result import (
    KeyResultLinked,
    KeyResultPlanned,
    KeyResultRescheduled,
    KeyResultRetargeted,
    KeyResultUnlinked,
)
from domain.primitives.values import Kind
from tests.api.retrospective.conftest import Worlds, laws
from tests.api.retrospective.random_quarter import LENGTH, Life
from tests.api.schema.goals import CYCLE, day
from tests.asking import AskedWorld

pytestmark = [pytest.mark.long, pytest.mark.no_cover]

GOALPOSTS = (KeyResultRetargeted, KeyResultRescheduled, KeyResultPlanned, KeyResultLinked, KeyResultUnlinked)
RETROSPECTIVE = """query($known: DateTime) { retrospective(cycle: {key: "2026-q1"}, known: $known) {
    isFinal plan { at position } outcome { at position }
    cycle { progress { value } }
    attainment { againstOriginal againstFinal score }
    attribution { ...Booked }
    objectives {
        presence objective { entityId state progress { value } outcome { score } } planned { state }
        attainment { againstOriginal againstFinal score } attribution { ...Booked }
        keyResults {
            presence revisions attainment { againstOriginal againstFinal score }
            keyResult { entityId state progress { value } targets { position } } planned { state progress { value } }
        }
    }
    goalposts { position }
    goalpostChanges(first: 1000) { nodes { position } totalCount }
    silences { from to days }
    calibration { brier buckets { count stated hit lower upper } }
    kpis(all: true) { kpi { key status latest { value } } before after change statusBefore statusAfter }
} }
fragment Booked on Attribution {
    initial movement goalpost scope final explain { cause before after amount change { __typename position } }
}"""
THEN = """query($at: DateTime!, $position: Position!, $id: ID!) { asOf(at: $at, position: $position) {
    objective(id: $id) { progress { value } }
} }"""
CAUSES_OF = {(event.__name__, cause) for event, cause in CAUSES.items()} | {
    ("ObjectiveCommitted", Cause.SCOPE),
    ("ObjectiveDropped", Cause.SCOPE),
    ("ObjectiveClosed", Cause.MOVEMENT),
    ("ObjectiveReopened", Cause.MOVEMENT),  # after a closing
    ("ObjectiveReopened", Cause.SCOPE),  # after a dropping
    ("CycleClosed", Cause.MOVEMENT),
}


@laws
@given(seed=st.integers(0, 2**32))
def test_random_retrospective_adds_up_and_is_stable(worlds: Worlds, seed: int) -> None:
    chance = Random(seed)
    with worlds() as world:
        life = Life(world, chance)
        life.live(20, 5)
        life.activate()
        life.live(60, LENGTH / 2)
        _assert_adds_up(world, _retrospective(world))
        life.live(60, LENGTH)
        world.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(LENGTH)))
        final = _retrospective(world)
        _assert_adds_up(world, final)
        assert final["isFinal"]
        life.live(20, LENGTH + 5)
        assert _retrospective(world) == final
        _assert_adds_up(world, _retrospective(world, known=world.ask("{ basis { known } }")["basis"]["known"]))


def _retrospective(world: AskedWorld, **known: str) -> Any:
    return world.ask(RETROSPECTIVE, **known)["retrospective"]


# ── properties ────────────────────────────────────────────────────────────────────────────────────


def _assert_adds_up(world: AskedWorld, look: dict[str, Any]) -> None:
    _sums(look["attribution"])
    progress = look["cycle"]["progress"]["value"]
    assert look["attribution"]["final"] == pytest.approx(progress or 0, abs=1e-9)
    assert look["attainment"]["againstFinal"] == _nearly(progress)
    for one in look["objectives"]:
        _sums(one["attribution"])
        _assert_matches_plan_and_outcome(world, look, one)
        for part in one["keyResults"]:
            _assert_part_matches_its_state(part)
    assert _positions(look["goalposts"]) == _edits(world, look, KeyResultRetargeted)
    changes = look["goalpostChanges"]
    assert _positions(changes["nodes"]) == _edits(world, look, *GOALPOSTS)
    assert changes["totalCount"] == len(changes["nodes"])
    assert all(one["days"] >= 1 for one in look["silences"])
    assert sum(bucket["count"] for bucket in look["calibration"]["buckets"]) >= (
        look["calibration"]["brier"] is not None
    )
    for kpi in look["kpis"]:
        now = kpi["kpi"]
        assert (now["status"], now["latest"] and now["latest"]["value"]) == (kpi["statusAfter"], kpi["after"])


def _sums(attributed: dict[str, Any]) -> None:
    whole = attributed["movement"] + attributed["goalpost"] + attributed["scope"]
    assert whole == pytest.approx(attributed["final"] - attributed["initial"], abs=1e-9)
    for cause in ("MOVEMENT", "GOALPOST", "SCOPE"):
        amounts = [term["amount"] for term in attributed["explain"] if term["cause"] == cause]
        assert sum(amounts) == pytest.approx(attributed[cause.lower()], abs=1e-9)
    causes = {(term["change"]["__typename"], term["cause"]) for term in attributed["explain"]}
    assert causes <= CAUSES_OF
    positions = [term["change"]["position"] for term in attributed["explain"]]
    assert positions == sorted(positions)


def _assert_matches_plan_and_outcome(world: AskedWorld, look: dict[str, Any], one: dict[str, Any]) -> None:
    """The attribution of an objective goes from its progress at the plan to its progress at the outcome."""
    then = world.ask(THEN, id=one["objective"]["entityId"], **look["plan"])["asOf"]["objective"]
    assert one["attribution"]["initial"] == pytest.approx((then and then["progress"]["value"]) or 0, abs=1e-9)
    final = one["objective"]["progress"]["value"]
    assert one["attribution"]["final"] == pytest.approx(final or 0, abs=1e-9)
    assert one["attainment"]["againstFinal"] == _nearly(final)
    outcome = one["objective"]["outcome"]
    assert one["attainment"]["score"] == (outcome and outcome["score"])
    is_dropped = one["objective"]["state"] == "DROPPED"
    assert one["presence"] == ("DROPPED" if is_dropped else "KEPT" if one["planned"] else "ADDED_LATER")
    assert one["planned"] is None or one["planned"]["state"] != "DROPPED"


def _assert_part_matches_its_state(part: dict[str, Any]) -> None:
    if part["keyResult"]["state"] != "DROPPED":
        assert part["attainment"]["againstFinal"] == _nearly(part["keyResult"]["progress"]["value"])
    if part["planned"] is None:
        assert part["attainment"]["againstOriginal"] is None
        assert part["presence"] in ("ADDED_LATER", "DROPPED")
    assert 0 <= part["revisions"] <= len(part["keyResult"]["targets"]) - 1


def _edits(world: AskedWorld, look: dict[str, Any], *kinds: type[Event]) -> list[int]:
    """The edits of key results between plan and outcome, from the log."""
    shown = {global_ids.entity(part["keyResult"]["entityId"], Kind.KEY_RESULT) for part in _parts(look)}
    events = [entry for entry in world.log.entries(0, world.catch_up()) if isinstance(entry.event, kinds)]
    own = [entry for entry in events if entry.event.originator_id in shown]
    return [entry.position for entry in own if _knows(look["outcome"], entry) and not _knows(look["plan"], entry)]


def _parts(look: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for one in look["objectives"] for part in one["keyResults"]]


def _knows(basis: dict[str, Any], entry: Recorded) -> bool:
    at = entry.effective_at.isoformat().removesuffix("+00:00") + "Z"
    return bool(entry.position <= basis["position"] and at <= basis["at"])


def _positions(changes: list[dict[str, Any]]) -> list[int]:
    return [change["position"] for change in changes]


def _nearly(figure: float | None) -> Any:
    return figure if figure is None else pytest.approx(figure, abs=1e-9)
