"""The export of a log as facts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from api.cli.export_facts import export_facts
from api.cli.output import Failure
from api.facts import event_to_command, exporter
from domain.commands.command import Command, CycleBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle, OpenCycle
from domain.commands.discussion_commands import AddComment
from domain.commands.key_result_commands import CheckIn, CorrectCheckIn, LinkKpi
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, RedefineKpi, SetKpiTargets
from domain.commands.objective_commands import AssignObjective, CarryObjective, DraftObjective, RewordObjective
from domain.commands.people_commands import (
    AddPerson,
    AppointLead,
    DeactivatePerson,
    ErasePerson,
    FormTeam,
    RenamePerson,
)
from domain.commands.permissions import Author, Role
from domain.model.event import EVENTS
from domain.model.key_result import KeyResultReopened
from domain.model.measurements.reading import ReadingRecorded
from domain.primitives.values import Direction, GoalDirection, Kind, KpiGoal, KpiTarget, Metric, Ref, Source
from tests.api.facts.exported_company import (
    CONSOLE,
    LONG_AGO,
    NPS,
    Q1,
    Q2,
    Company,
    assert_round_trip,
    day,
    facts_of,
    importing,
    only,
    written,
)
from tests.api.facts.round_trip import exported, facts, imported, lines, log_contents
from tests.properties.conftest import World

# ── coverage and refs ─────────────────────────────────────────────────────────────────────────────


def test_every_event_type_is_exported() -> None:
    by_the_way = {ReadingRecorded, KeyResultReopened}
    exported = {*event_to_command.DERIVED, *event_to_command.command.registry, *by_the_way}
    assert set(EVENTS.values()) <= exported


def test_derived_command_has_only_fields_of_its_event() -> None:
    for event, command in event_to_command.DERIVED.items():
        subject = event_to_command._subject(command, event)
        given = {*event.__struct_fields__, subject, "close_objectives", "external"}
        assert {*command.__struct_fields__} - {*Command.__struct_fields__} <= given


def test_defaults_are_left_out(company: Company) -> None:
    company.objective("Grow well")
    (draft,) = [fact for fact in facts(company.world) if fact["do"] == "draftObjective"]
    assert draft["input"].keys() == {"cycle", "title"}


def test_refs_are_keys_or_paths(company: Company) -> None:
    company.ada()
    company.do(FormTeam(key="care", name="Care"))
    company.do(DefineKpi(key="nps", name="Promoters"))
    objective = company.objective()
    company.key_result(company.objective("Last well"))
    key_result = company.key_result(objective)
    check_in = company.check_in(key_result, 3.0, day(1))
    company.check_in(key_result, 4.0, day(2))
    company.do(AddComment(subject=Ref(Kind.CHECK_IN, check_in), body="Well done"))
    names = [fact["ref"] for fact in facts(company.world) if "ref" in fact]
    assert names == [
        "2026-q1", "2026-q2", "person:ada", "team/care", "kpi/nps", "2026-q1/O1", "2026-q1/O2", "2026-q1/O2/KR1",
        "2026-q1/O1/KR1", "2026-q1/O1/KR1/CheckIn1",
    ]  # fmt: skip


def test_refs_of_teams_and_objectives_never_collide(world: World, another: World) -> None:
    company = Company(world)
    company.do(OpenCycle(key="team", name="Q", starts_on=date(2026, 1, 1), ends_on=date(2026, 3, 31)))
    company.do(FormTeam(key="o1", name="One"))
    company.do(DraftObjective(cycle=CycleBy(key="team"), title="Grow well"))
    assert_round_trip(company, another)


def test_whole_numbers_are_written_without_fraction(company: Company) -> None:
    metric = Metric(Direction.DECREASE, start=2.5, target=-1e22)
    company.key_result(company.objective(), metric=metric)
    assert b'"start":2.5,"target":-1e22' in exported(company.world)
    assert b'"weight"' not in exported(company.world)


def test_export_does_not_depend_on_the_batch_size(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    objective = company.objective()
    company.check_in(company.key_result(objective), 3.0, day(1))
    company.do(ActivateCycle(cycle=Q1))
    company.do(CloseCycle(cycle=Q1, close_objectives=True))
    whole = exported(company.world)
    for size in (1, 2, 3):
        monkeypatch.setattr(exporter, "BATCH", size)
        assert exported(company.world) == whole


def test_unknown_event_is_an_error(company: Company) -> None:
    with company.world.database.connect() as conn:
        conn.execute(
            "insert into log select position + 1, recorded_at + interval '1 hour', effective_at, gen_random_uuid(), 1, "
            "'tea-brewed.v1', null, metadata, data, leaf_hash from log order by position desc limit 1"
        )
    with pytest.raises(Failure, match="tea-brewed"):
        exported(company.world)


def test_empty_workspace_exports_no_facts(world: World, tmp_path: Any) -> None:
    with (tmp_path / "facts").open("wb") as file:
        export_facts(world.database, file)
    assert (tmp_path / "facts").read_bytes() == b""


# ── actors ────────────────────────────────────────────────────────────────────────────────────────


def test_fact_is_by_the_acting_or_represented_person(company: Company, another: World) -> None:
    ada = company.ada()
    company.do(FormTeam(key="a", name="A"), Author(f"person:{ada}", Source.API, frozenset(Role)))
    company.do(FormTeam(key="b", name="B"), Author("machine:console", Source.IMPORT, frozenset(Role), ada))
    assert [fact["by"] for fact in facts_of(facts(company.world), "formTeam")] == ["person:ada"] * 2
    assert_round_trip(company, another)


def test_fact_of_a_machine_has_no_by(company: Company, another: World) -> None:
    company.do(FormTeam(key="a", name="A"), Author("machine:robot", Source.INGEST, frozenset(Role)))
    assert all("by" not in fact for fact in facts(company.world))
    imported(another, exported(company.world))
    assert all(entry.by.on_behalf_of is None for entry in another.log.entries(0, 100))


def test_people_created_by_an_import_keep_their_names(another: World, company: Company) -> None:
    fact = {"at": "2026-02-01T00:00:00Z", "by": "person:ben", "do": "formTeam", "input": {"key": "a", "name": "A"}}
    named = {**fact, "do": "addPerson", "input": {"handle": "ben", "name": "Ben"}}
    imported(company.world, lines([fact, named]))
    assert [fact["do"] for fact in facts(company.world)][-3:] == ["addPerson", "formTeam", "renamePerson"]
    assert_round_trip(company, another)


def test_erased_person_is_exported_without_a_name(company: Company, another: World) -> None:
    ada = company.ada()
    company.do(RenamePerson(person=ada, name="Ada Lovelace"))
    company.objective(owner=ada)
    company.do(FormTeam(key="a", name="A"), Author(f"person:{ada}", Source.API, frozenset(Role)))
    company.do(ErasePerson(person=ada, reason="asked to be"))
    file = exported(company.world)
    exported_facts = facts(company.world)
    assert only(exported_facts, "addPerson")["input"] == {"handle": "erased-1", "name": "Erased person"}
    assert only(exported_facts, "draftObjective")["input"]["owner"] == {"ref": "person:erased-1"}
    assert only(exported_facts, "formTeam")["by"] == "person:erased-1"
    assert only(exported_facts, "renamePerson")["input"] == {
        "person": {"ref": "person:erased-1"},
        "name": "Erased person 2",
    }
    assert only(exported_facts, "erasePerson")["reason"] == "asked to be"
    assert b'"Ada"' not in file and b"Lovelace" not in file and b"ada@" not in file
    assert_round_trip(company, another)


def test_exported_handle_of_an_erased_person_is_unique(company: Company, another: World) -> None:
    ada = company.ada()
    company.do(AddPerson(handle="erased-1", name="Ben"))
    company.do(ErasePerson(person=ada, reason="asked to be"))
    company.do(AddPerson(handle="ada", name="Another Ada"))
    called = [fact["input"]["handle"] for fact in facts_of(facts(company.world), "addPerson")]
    assert called == ["erased-2", "erased-1", "ada"]
    assert_round_trip(company, another)


# ── resolved values ───────────────────────────────────────────────────────────────────────────────


def test_baseline_taken_from_a_kpi_is_exported(company: Company, another: World) -> None:
    company.do(DefineKpi(key="nps", name="Promoters", effective_at=LONG_AGO))
    company.readings((1, 40.0))
    metric = Metric(Direction.INCREASE, change_by=0.2)
    company.key_result(company.objective(), metric=metric, kpi=NPS, effective_at=day(2))
    exported_facts = only(facts(company.world), "addKeyResult")["input"]["metric"]
    unit = {"kind": "NUMBER"}
    assert exported_facts == {"direction": "INCREASE", "unit": unit, "start": 40, "target": 48, "changeBy": 0.2}
    assert_round_trip(company, another)


def test_slightly_future_times_are_exported_as_recorded(company: Company, another: World) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=30)
    company.do(DefineKpi(key="nps", name="Promoters", effective_at=soon))
    ahead = [ReadingInput(kpi=NPS, value=one, measured_at=soon + timedelta(seconds=one)) for one in (1.0, 2.0)]
    company.world.keyframe.execute(RecordReadings(readings=ahead), CONSOLE)
    key_result = company.key_result(company.objective())
    company.check_in(key_result, 4.0, soon)
    company.do(ActivateCycle(cycle=Q1, effective_at=soon))
    assert_round_trip(company, another)


def test_claims_of_check_ins_and_corrections_are_exported_as_at(company: Company, another: World) -> None:
    key_result = company.key_result(company.objective())
    measured = CheckIn(key_result=key_result, value=3.0, measured_at=day(1))
    check_in = company.do(measured, importing(day(4)))
    company.do(CorrectCheckIn(check_in=check_in, value=4.0, reason="A slip."), importing(day(6)))
    company.do(CheckIn(key_result=key_result, value=5.0, measured_at=day(5)), importing(day(5)))
    exported_facts = facts(company.world)
    claimed, unclaimed = facts_of(exported_facts, "checkIn")
    assert (claimed["at"], claimed["input"]["measuredAt"]) == (written(day(4)), written(day(1)))
    assert (unclaimed["at"], "measuredAt" in unclaimed["input"]) == (written(day(5)), False)
    assert only(exported_facts, "correctCheckIn")["at"] == written(day(6))
    assert_round_trip(company, another)


def test_late_check_in_stays_late(company: Company, another: World) -> None:
    key_result = company.key_result(company.objective())
    check_in = company.check_in(key_result, 3.0, day(1))
    company.do(ActivateCycle(cycle=Q1))
    company.do(CloseCycle(cycle=Q1, close_objectives=True))
    company.do(CheckIn(key_result=key_result, value=4.0, measured_at=day(3), reason="The report came late."))
    company.do(CorrectCheckIn(check_in=check_in, value=3.5, reason="A comma was missing."))
    assert sum(bool(fact.get("late")) for fact in log_contents(company.world)) == 2
    assert_round_trip(company, another)


def test_deactivated_owner_stays_when_other_fields_change(company: Company, another: World) -> None:
    ada = company.ada()
    objective = company.objective(owner=ada)
    company.do(DefineKpi(key="nps", name="Promoters", owner=ada))
    company.do(FormTeam(key="a", name="A"))
    company.do(DeactivatePerson(person=ada))
    ben = company.do(AddPerson(handle="ben", name="Ben"))
    company.do(AssignObjective(objective=objective, contributors=[ben]))
    company.do(RedefineKpi(kpi=NPS, name="Net promoters", reason="Its name."))
    company.do(CarryObjective(objective=objective, into=Q2))
    assert set(only(facts(company.world), "assignObjective")["input"]) == {"objective", "contributors"}
    assert set(only(facts(company.world), "redefineKpi")["input"]) == {"kpi", "name"}
    assert_round_trip(company, another)


def test_goals_and_targets_of_a_kpi_keep_their_days(company: Company, another: World) -> None:
    at_least = KpiGoal(GoalDirection.AT_LEAST, target=10)
    company.do(DefineKpi(key="nps", name="Promoters", goal=at_least, goal_from=date(2026, 1, 1)))
    days = [KpiTarget(date(2027, month, 1), target=month) for month in (1, 2, 3)]
    company.do(SetKpiTargets(kpi=NPS, targets=days, reason="Budget"))
    company.do(SetKpiTargets(kpi=NPS, targets=[KpiTarget(date(2027, 2, 1), remove=True)], reason="Later."))
    company.do(RedefineKpi(kpi=NPS, goal=at_least, goal_from=date(2027, 1, 1), reason="From scratch."))
    company.do(RedefineKpi(kpi=NPS, name="Net promoters", reason="Its name."))
    again, renamed = [one["input"] for one in facts(company.world) if one["do"] == "redefineKpi"]
    assert (again["from"], again["goal"]) == ("2027-01-01", {"direction": "AT_LEAST", "target": 10})
    assert set(renamed) == {"kpi", "name"}
    assert_round_trip(company, another)


def test_correction_of_a_note_omits_the_value(company: Company, another: World) -> None:
    company.do(DefineKpi(key="nps", name="Promoters", effective_at=LONG_AGO))
    key_result = company.key_result(company.objective())
    check_in = company.check_in(key_result, 3.0, day(1))
    company.do(LinkKpi(key_result=key_result, kpi=NPS))
    company.do(CorrectCheckIn(check_in=check_in, note="As announced.", reason="It was missing."))
    assert set(only(facts(company.world), "correctCheckIn")["input"]) == {"checkIn", "note"}
    assert_round_trip(company, another)


def test_cleared_fields_are_exported_as_null(company: Company, another: World) -> None:
    team = company.do(FormTeam(key="a", name="A", lead=company.ada()))
    company.do(AppointLead(team=team, person=None))
    objective = company.objective(description="Much")
    company.do(RewordObjective(objective=objective, description=None))
    exported_facts = facts(company.world)
    assert only(exported_facts, "appointLead")["input"] == {"team": {"ref": "team/a"}, "person": None}
    assert only(exported_facts, "rewordObjective")["input"] == {"objective": {"ref": "2026-q1/O1"}, "description": None}
    assert_round_trip(company, another)
