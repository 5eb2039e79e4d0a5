"""Claims of imports, and changes that were recorded more than a cadence after they took effect."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.facts.importer import Import
from api.runtime.database import Database
from domain.commands.command import KpiBy
from domain.commands.key_result_commands import ReweighKeyResult
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, RedefineKpi
from domain.commands.people_commands import FormTeam
from domain.primitives.values import Cadence
from projections.engine import rebuild
from tests.api.facts.round_trip import lines
from tests.api.schema import goals
from tests.api.schema.goals import day
from tests.api.schema.history.asked_changes import FIELDS, Asked
from tests.asking import AskedWorld

KR1 = {"ref": "kr1"}
NOW = datetime.now(UTC)
GOALS = [
    ("openCycle", "q1", 0, {"key": "2026-q1", "name": "Q1", "startsOn": "2026-01-01", "endsOn": "2026-03-31"}),
    ("draftObjective", "o1", 0, {"cycle": {"key": "2026-q1"}, "title": "Grow well"}),
    (
        "addKeyResult",
        "kr1",
        0,
        {
            "objective": {"ref": "o1"},
            "title": "Sessions",
            "metric": {"direction": "INCREASE", "start": 0, "target": 10},
        },
    ),
    ("defineKpi", "kpi", 0, {"key": "nps", "name": "Promoters"}),
]


@pytest.fixture
def world(database: Database) -> AskedWorld:
    return AskedWorld(database)


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def imported(world: AskedWorld, *facts: tuple[str, str | None, float, Any]) -> None:
    """Import these facts after `GOALS`: the command, a name, the day of `at`, and the input."""
    file = [
        {"at": day(at).isoformat(), "do": do, "input": given} | ({} if name is None else {"ref": name})
        for do, name, at, given in (*GOALS, *facts)
    ]
    tally = Import(world.keyframe, world.log, "machine:console").run(lines(file).splitlines())
    assert tally.refusals == []
    world.catch_up()


def measured(value: float, at: float) -> dict[str, Any]:
    return {"keyResult": KR1, "value": value, "measuredAt": day(at).isoformat()}


def written(at: float) -> str:
    return day(at).isoformat().replace("+00:00", "Z")


def backdated(asked: Asked, *types: str) -> list[bool]:
    return [change["backdated"] for change in asked.changes("backdated", filter={"types": list(types)})]


# ── claims ────────────────────────────────────────────────────────────────────────────────────────


def test_change_and_measurement_show_the_claim_of_an_import(asked: Asked, world: AskedWorld) -> None:
    reading = {"kpi": {"key": "nps"}, "value": 30, "measuredAt": day(5).isoformat()}
    imported(
        world,
        ("checkIn", "c1", 12, measured(3, 10)),
        ("correctCheckIn", None, 14, {"checkIn": {"ref": "c1"}, "value": 4, "reason": "A slip."}),
        ("checkIn", None, 20, {"keyResult": KR1, "value": 5}),
        ("recordReadings", "r", 6, {"readings": [reading]}),
        ("retractReading", None, 8, {"reading": {"ref": "r/0"}, "reason": "A wrong meter."}),
    )
    rebuild.rebuild(world.log, world.database.connect, workspace=world.workspace)
    shown = "checkIn { claimedAt corrected { claimedAt } }"
    kinds = f"... on KeyResultCheckedIn {{ {shown} }} ... on CheckInCorrected {{ {shown} }}"
    claims = asked.changes(f"claimedAt {FIELDS} {kinds} ... on ReadingRecorded {{ reading {{ claimedAt }} }}")[4:]
    assert [change["claimedAt"] for change in claims] == [written(12), written(14), None, written(6), written(8)]
    assert claims[0]["checkIn"] == {"claimedAt": written(12), "corrected": None}
    assert claims[1]["checkIn"] == {"claimedAt": written(14), "corrected": {"claimedAt": written(12)}}
    assert claims[3]["reading"] == {"claimedAt": written(6)}
    assert {field["field"] for change in claims for field in change["fields"]} == {"value"}


def test_import_is_backdated_by_its_claim(asked: Asked, world: AskedWorld) -> None:
    imported(
        world,
        ("checkIn", None, 17, measured(1, 10)),
        ("checkIn", None, 17, measured(2, 9)),
        ("checkIn", None, 9, measured(3, 10)),
        ("checkIn", None, 20, {"keyResult": KR1, "value": 5}),
    )
    assert backdated(asked, "KeyResultCheckedIn") == [False, True, False, False]
    assert not any(backdated(asked, "CycleOpened", "ObjectiveDrafted", "KpiDefined"))


# ── backdated changes ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def key_result(world: AskedWorld) -> UUID:
    goals.cycle(world)
    return goals.key_result(world, goals.objective(world))


def test_change_is_backdated_beyond_the_cadence_of_its_cycle(asked: Asked, world: AskedWorld, key_result: UUID) -> None:
    for at in (ago(days=8), ago(days=6), NOW):
        goals.check_in(world, key_result, 3, (at - day(0)) / timedelta(days=1))
    assert backdated(asked, "KeyResultCheckedIn") == [True, False, False]
    for weight, at in ((2, ago(days=8)), (3, ago(days=6))):
        world.record(ReweighKeyResult(key_result=key_result, weight=weight, reason="it matters", effective_at=at))
    assert backdated(asked, "KeyResultReweighed") == [True, False]


def test_reading_is_backdated_beyond_the_cadence_of_its_kpi_at_that_time(asked: Asked, world: AskedWorld) -> None:
    kpi = KpiBy(id=world.record(DefineKpi(key="nps", name="Promoters", cadence=Cadence.MONTHLY)))

    def read(*moments: datetime) -> None:
        for at in moments:
            world.write(RecordReadings(readings=[ReadingInput(kpi=kpi, value=1, measured_at=at)]))

    read(ago(days=32), ago(days=30))
    world.write(RedefineKpi(kpi=kpi, cadence=Cadence.DAILY, reason="read by a machine now"))
    read(ago(days=29), ago(hours=23))
    world.catch_up()
    assert backdated(asked, "ReadingRecorded") == [True, False, True, False]


def test_change_outside_of_cycles_and_kpis_is_backdated_beyond_a_week(asked: Asked, world: AskedWorld) -> None:
    for key, at in (("a", ago(days=8)), ("b", ago(days=6)), ("c", None)):
        world.record(FormTeam(key=key, name=key, effective_at=at))
    assert backdated(asked, "TeamFormed") == [True, False, False]


def test_changes_are_filtered_by_the_days_between_effect_and_recording(asked: Asked, world: AskedWorld) -> None:
    imported(world, ("checkIn", None, 17, measured(1, 10)), ("checkIn", None, 12.5, measured(2, 10)))
    for key, at in (("a", ago(days=8)), ("b", ago(days=6)), ("c", None)):
        world.record(FormTeam(key=key, name=key, effective_at=at))

    def found(days: float) -> list[str]:
        shown = "__typename ... on KeyResultCheckedIn { value } ... on TeamFormed { key }"
        nodes = asked.changes(shown, filter={"recordedAfterEffectiveBy": days})
        return [str(node.get("value") or node.get("key")) for node in nodes]

    assert found(0) == ["1.0", "2.0", "a", "b"]
    assert found(2.5) == ["1.0", "a", "b"]
    assert found(7) == ["a"]
    for days in (-1, 100_001):
        query = "query($days: Float) { changes(filter: {recordedAfterEffectiveBy: $days}) { totalCount } }"
        assert asked.refused(query, days=days) == ("INVALID", ["recordedAfterEffectiveBy"])


def test_backdated_takes_one_statement_for_all_changes(asked: Asked, world: AskedWorld, key_result: UUID) -> None:
    query = "{ changes { nodes { position backdated } } }"
    goals.check_in(world, key_result, 1, 1)
    one = asked.count(query)
    for number in range(2, 9):
        goals.check_in(world, key_result, number, number)
    assert asked.count(query) == one
