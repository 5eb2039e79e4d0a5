"""The export of a log as facts."""

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec import UNSET, structs

from api.cli.export_facts import export_facts
from api.cli.import_facts import run_import
from api.cli.output import Failure
from api.facts import event_to_command, exporter
from domain.commands.command import Command, CycleBy, External, ExternalReferenceInput, KpiBy
from domain.commands.cycle_commands import (
    AbandonCycle,
    ActivateCycle,
    CloseCycle,
    OpenCycle,
    RenameCycle,
    RescheduleCycle,
)
from domain.commands.discussion_commands import AddComment, EditInitiative, PlanInitiative
from domain.commands.key_result_commands import (
    AddKeyResult,
    CheckIn,
    CorrectCheckIn,
    LinkKpi,
    MoveKeyResult,
    ScoreKeyResult,
)
from domain.commands.kpi_commands import (
    CorrectReading,
    DefineKpi,
    ReadingInput,
    RecordReadings,
    RedefineKpi,
    RetireKpi,
    RetractReading,
    ReviveKpi,
    SetKpiTargets,
)
from domain.commands.objective_commands import (
    AlignObjective,
    AssignObjective,
    CarriedTarget,
    CarryObjective,
    CloseObjective,
    CommitObjective,
    DraftObjective,
    MoveObjective,
    ReopenObjective,
    RewordObjective,
)
from domain.commands.people_commands import (
    AddPerson,
    AppointLead,
    DeactivatePerson,
    DisbandTeam,
    ErasePerson,
    FormTeam,
    HandOver,
    ReactivatePerson,
    RenamePerson,
    ReviveTeam,
)
from domain.commands.permissions import Author, Role
from domain.commands.subject_commands import SetExternalReference, SetLabels
from domain.handlers import identity
from domain.handlers.unit_of_work import keyed_id
from domain.model.event import EVENTS
from domain.model.key_result import KeyResultReopened
from domain.model.measurements.reading import ReadingRecorded
from domain.primitives.values import (
    Aggregation,
    Direction,
    GoalDirection,
    Kind,
    KpiGoal,
    KpiTarget,
    Metric,
    Milestone,
    PlanPoint,
    Ref,
    Source,
)
from tests.api.facts.round_trip import Json, exported, facts, imported, lines, log_contents
from tests.metric_input import as_input
from tests.properties.conftest import World, Worlds

CONSOLE = Author("machine:console", Source.CONSOLE, frozenset(Role))
Q1, Q2, NPS = CycleBy(key="2026-q1"), CycleBy(key="2026-q2"), KpiBy(key="nps")
LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TO_TEN = Metric(Direction.INCREASE, start=0.0, target=10.0)


def day(number: int) -> datetime:
    return LONG_AGO + timedelta(days=number)


@pytest.fixture
def world(worlds: Worlds) -> Iterator[World]:
    with worlds() as made:
        yield made


@pytest.fixture
def another(worlds: Worlds) -> Iterator[World]:
    with worlds() as made:
        yield made


class Company:
    """A workspace to write into: each method returns the id of the subject."""

    def __init__(self, world: World) -> None:
        self.world = world

    def do(self, command: Command, author: Author = CONSOLE) -> UUID:
        subject = self.world.keyframe.execute(command, author).result.subject
        assert subject is not None
        return subject.id

    def cycles(self) -> None:
        for by, first, last in ((Q1, date(2026, 1, 1), date(2026, 3, 31)), (Q2, date(2026, 4, 1), date(2026, 6, 30))):
            self.do(OpenCycle(key=by.key or "", name="Q", starts_on=first, ends_on=last, effective_at=LONG_AGO))

    def objective(self, title: str = "Grow well", **more: Any) -> UUID:
        return self.do(DraftObjective(cycle=Q1, title=title, effective_at=LONG_AGO, **more))

    def key_result(self, objective: UUID, title: str = "Sessions", metric: Metric = TO_TEN, **more: Any) -> UUID:
        more = {"effective_at": LONG_AGO, **more}
        return self.do(AddKeyResult(objective=objective, title=title, metric=as_input(metric), **more))

    def check_in(self, key_result: UUID, value: float, at: datetime) -> UUID:
        return self.do(CheckIn(key_result=key_result, value=value, measured_at=at))

    def readings(self, *dated_values: tuple[int, float]) -> list[UUID]:
        readings = [ReadingInput(kpi=NPS, value=value, measured_at=day(number)) for number, value in dated_values]
        outcome = self.world.keyframe.execute(RecordReadings(readings=readings), CONSOLE)
        return [id for id, _ in outcome.result.readings]

    def ada(self) -> UUID:
        return self.do(AddPerson(handle="ada", name="Ada", email="ada@example.com", effective_at=LONG_AGO))


@pytest.fixture
def company(world: World) -> Company:
    made = Company(world)
    made.cycles()
    return made


def facts_of(facts: list[Json], *names: str) -> list[Json]:
    """The facts of these commands."""
    return [fact for fact in facts if fact["do"] in names]


def only(facts: list[Json], name: str) -> Json:
    (fact,) = facts_of(facts, name)
    return fact


def assert_round_trip(company: Company, another: World) -> None:
    """Importing the export gives the same log and the same export."""
    file = exported(company.world)
    imported(another, file)
    assert log_contents(another) == log_contents(company.world)
    assert exported(another) == file


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


# ── one command, one fact or several ──────────────────────────────────────────────────────────────


def test_activating_a_cycle_is_one_fact(company: Company, another: World) -> None:
    company.objective("Grow well")
    company.objective("Last well")
    company.do(ActivateCycle(cycle=Q1))
    assert [fact["do"] for fact in facts(company.world)][-1:] == ["activateCycle"]
    assert facts_of(facts(company.world), "commitObjective") == []
    assert_round_trip(company, another)


def test_computed_closing_scores_are_exported(company: Company, another: World) -> None:
    objective = company.objective()
    company.check_in(company.key_result(objective), 3.0, day(1))
    company.key_result(objective, "Never measured")
    company.do(ActivateCycle(cycle=Q1))
    company.do(CloseCycle(cycle=Q1, close_objectives=True, reason="It is over."))
    closing = facts(company.world)[-2:]
    assert [fact["do"] for fact in closing] == ["closeObjective", "closeCycle"]
    assert (closing[0]["input"]["verdict"], closing[0]["input"]["score"]) == ("MISSED", 0.15)
    assert [one["score"] for one in closing[0]["input"]["scores"]] == [0.3, 0]
    assert {(fact["at"], fact["reason"]) for fact in closing} == {(closing[0]["at"], "It is over.")}
    assert_round_trip(company, another)


def test_scores_given_by_people_are_facts_of_their_own(company: Company, another: World) -> None:
    objective = company.objective()
    scored = company.key_result(objective)
    company.key_result(objective, "Never measured")
    company.do(CommitObjective(objective=objective))
    company.do(ScoreKeyResult(key_result=scored, score=0.5))
    company.do(CloseObjective(objective=objective))
    company.do(ReopenObjective(objective=objective, reason="Not yet."))
    last = facts(company.world)[-3:]
    assert [fact["do"] for fact in last] == ["scoreKeyResult", "closeObjective", "reopenObjective"]
    assert [one["score"] for one in last[1]["input"]["scores"]] == [0]
    assert_round_trip(company, another)


def test_objective_closed_without_a_score_round_trips(company: Company, another: World) -> None:
    objective = company.objective()
    company.do(CommitObjective(objective=objective))
    company.do(CloseObjective(objective=objective))
    assert facts(company.world)[-1]["input"].keys() == {"objective"}
    assert_round_trip(company, another)


def test_carried_targets_and_kept_alignment_round_trip(company: Company, another: World) -> None:
    above, objective = company.objective("Above"), company.objective()
    company.do(AlignObjective(objective=objective, to=Ref(Kind.OBJECTIVE, above)))
    company.check_in(company.key_result(objective), 10.0, day(1))
    company.do(CarryObjective(objective=above, into=Q2))
    targets = [CarriedTarget(company.key_result(objective, "Half done"), target=20.0)]
    company.do(CarryObjective(objective=objective, into=Q2, targets=targets, keep_alignment=True))
    carried = facts(company.world)[-1]["input"]
    assert carried["keepAlignment"] is True
    assert [one["target"] for one in carried["targets"]] == [20]
    assert_round_trip(company, another)


def test_aggregate_of_a_link_is_explicit(company: Company, another: World) -> None:
    key_result = company.key_result(company.objective())
    company.do(DefineKpi(key="visits", name="Visits"))
    link = LinkKpi(key_result=key_result, kpi=KpiBy(key="visits"))
    company.do(link)
    company.do(structs.replace(link, aggregate=Aggregation.SUM, count_from=date(2026, 2, 1)))
    company.do(structs.replace(link, count_from=None))
    links = [fact["input"] for fact in facts(company.world)[-3:]]
    assert [one["aggregate"] for one in links] == ["LAST", "SUM", "SUM"]
    assert [one.get("countFrom", "") for one in links] == ["", "2026-02-01", None]
    assert_round_trip(company, another)


def test_reopening_an_objective_is_one_fact(company: Company, another: World) -> None:
    objective = company.objective()
    company.key_result(objective)
    company.do(CommitObjective(objective=objective))
    company.do(CloseObjective(objective=objective, score=0.5))
    company.do(ReopenObjective(objective=objective, reason="Not yet."))
    assert [fact["do"] for fact in facts(company.world)][-2:] == ["closeObjective", "reopenObjective"]
    assert_round_trip(company, another)


def test_carried_key_results_are_named_by_index(company: Company, another: World) -> None:
    objective = company.objective()
    company.check_in(company.key_result(objective, "Half done"), 5.0, day(1))
    steps = (Milestone("a", "A"), Milestone("b", "B"))
    milestones = company.key_result(objective, "Steps", Metric(Direction.MILESTONES, milestones=steps))
    company.do(CheckIn(key_result=milestones, reached=["a"]))
    company.check_in(company.key_result(objective, "Reached"), 10.0, day(1))
    carried = company.do(CarryObjective(objective=objective, into=Q2))
    brought = company.world.log.children(carried, "key-result-added").ids
    company.check_in(brought[0], 7.0, day(100))
    company.key_result(carried, "New", effective_at=None)
    exported_facts = facts(company.world)
    assert only(exported_facts, "carryObjective")["ref"] == "2026-q2/O1"
    assert facts_of(exported_facts, "checkIn")[-1]["input"]["keyResult"] == {"ref": "2026-q2/O1/0"}
    assert facts_of(exported_facts, "addKeyResult")[-1]["ref"] == "2026-q2/O1/KR3"
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


def importing(at: datetime) -> Author:
    """The author of an imported fact with this `at`."""
    return Author("machine:console", Source.IMPORT, frozenset(Role), claimed_at=at)


def written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


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


# ── readings ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def measured(company: Company) -> Company:
    company.do(DefineKpi(key="nps", name="Promoters", effective_at=LONG_AGO))
    return company


def test_batch_of_readings_is_one_fact(measured: Company, another: World) -> None:
    measured.readings((1, 10.0), (3, 30.0), (2, 20.0))
    batch = only(facts(measured.world), "recordReadings")
    assert [one["value"] for one in batch["input"]["readings"]] == [10, 30, 20]
    assert "ref" not in batch
    assert_round_trip(measured, another)


def test_claims_of_readings_are_exported_as_at(measured: Company, another: World) -> None:
    batch = [ReadingInput(kpi=NPS, value=float(number), measured_at=day(number)) for number in (3, 1, 2)]
    outcome = measured.world.keyframe.execute(RecordReadings(readings=batch), importing(day(2)))
    first, second, _ = [id for id, _ in outcome.result.readings]
    measured.do(CorrectReading(reading=first, value=30.0, reason="A slip."), importing(day(8)))
    measured.do(RetractReading(reading=second, reason="Twice counted."), importing(day(9)))
    again = [ReadingInput(kpi=NPS, value=10.0, measured_at=day(1))]
    measured.world.keyframe.execute(RecordReadings(readings=again), importing(day(10)))
    exported_facts = facts(measured.world)
    assert [fact["at"] for fact in exported_facts[-4:]] == [written(day(number)) for number in (2, 8, 9, 10)]
    claims = [fact["claimed_at"] for fact in log_contents(measured.world) if "claimed_at" in fact]
    assert claims == [None, written(day(2)), None, written(day(8)), written(day(9)), written(day(10))]
    assert_round_trip(measured, another)


def test_batch_without_a_claim_is_exported_with_the_time_of_its_earliest_reading(
    measured: Company, another: World
) -> None:
    measured.readings((3, 30.0), (1, 10.0), (2, 20.0))
    assert only(facts(measured.world), "recordReadings")["at"] == written(day(1))
    assert_round_trip(measured, another)


def test_retracted_and_recorded_again_readings_keep_their_order(measured: Company, another: World) -> None:
    first, second, _ = measured.readings((1, 10.0), (2, 20.0), (3, 30.0))
    for reading in (first, second):
        measured.do(RetractReading(reading=reading, reason="Twice counted."))
    _, *new = measured.readings((4, 40.0), (1, 11.0), (2, 22.0), (5, 50.0))
    measured.do(CorrectReading(reading=new[-1], value=51.0, reason="A slip."))
    measured.do(CorrectReading(reading=new[0], value=12.0, note="Well", reason="A slip."))
    exported_facts = facts(measured.world)
    batches = facts_of(exported_facts, "recordReadings")
    assert [one["value"] for one in batches[1]["input"]["readings"]] == [11, 22, 40, 50]
    assert [fact["input"]["reading"]["ref"] for fact in facts_of(exported_facts, "correctReading")] == [
        "Readings2/3",
        "Readings1/0",
    ]
    assert_round_trip(measured, another)


def test_too_long_batch_of_readings_is_split(
    measured: Company, another: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter, "READINGS_BYTES_MAX", 450)
    readings = measured.readings(*((number, float(number)) for number in range(5)))
    measured.do(CorrectReading(reading=readings[3], value=33.0, reason="A slip."))
    exported_facts = facts(measured.world)
    assert [len(fact["input"]["readings"]) for fact in facts_of(exported_facts, "recordReadings")] == [2, 2, 1]
    assert only(exported_facts, "correctReading")["input"]["reading"] == {"ref": "Readings1/1"}
    assert_round_trip(measured, another)


def test_empty_workspace_exports_no_facts(world: World, tmp_path: Any) -> None:
    with (tmp_path / "facts").open("wb") as file:
        export_facts(world.database, file)
    assert (tmp_path / "facts").read_bytes() == b""


# ── verbs on things of several kinds ─────────────────────────────────────────────────────────────


def test_handing_over_is_one_fact(company: Company, another: World) -> None:
    ada, ben = company.ada(), company.do(AddPerson(handle="ben", name="Ben", effective_at=LONG_AGO))
    company.do(FormTeam(key="north", name="North", lead=ada, effective_at=LONG_AGO))
    objective = company.objective(owner=ada)
    company.key_result(objective, owner=ada)
    company.do(DefineKpi(key="nps", name="Promoters", owner=ada, effective_at=LONG_AGO))
    company.do(PlanInitiative(title="Ask", subject=Ref(Kind.OBJECTIVE, objective), owner=ada, effective_at=LONG_AGO))
    company.do(HandOver(from_=ada, to=ben, reason="She moves on."))
    assert [entry.event.TOPIC for entry in company.world.log.entries(0, 100)][-6:] == [
        "team-lead-appointed", "objective-assigned", "key-result-assigned", "kpi-redefined", "initiative-edited",
        "work-handed-over",
    ]  # fmt: skip
    assert facts(company.world)[-1]["input"] == {"from": {"ref": "person:ada"}, "to": {"ref": "person:ben"}}
    assert_round_trip(company, another)


def test_abandoning_a_cycle_is_one_fact(company: Company, another: World) -> None:
    company.objective()
    company.do(RenameCycle(cycle=Q1, name="Mistyped"))
    company.do(AbandonCycle(cycle=Q1, reason="mistyped"))
    assert [fact["do"] for fact in facts(company.world)][-3:] == ["draftObjective", "renameCycle", "abandonCycle"]
    assert_round_trip(company, another)


def test_rescheduling_a_cycle_is_one_fact_with_what_follows_it(company: Company, another: World) -> None:
    objective = company.objective()
    planned = AddKeyResult(
        objective=objective,
        title="Reply",
        metric=as_input(TO_TEN),
        plan=[PlanPoint(date(2026, 2, 1), 1.0)],
        effective_at=LONG_AGO,
    )
    company.do(planned)
    company.do(structs.replace(planned, title="Call", due=date(2026, 3, 1)))
    company.do(CommitObjective(objective=objective))
    company.do(CloseObjective(objective=objective, score=0.5))
    company.do(RescheduleCycle(cycle=Q1, starts_on=date(2026, 1, 20), ends_on=date(2026, 4, 30), reason="later"))
    company.do(ReopenObjective(objective=objective, reason="early"))
    company.do(RescheduleCycle(cycle=Q1, ends_on=date(2026, 4, 15), reason="less late"))
    found = facts(company.world)
    assert [fact["do"] for fact in found][-3:] == ["rescheduleCycle", "reopenObjective", "rescheduleCycle"]
    assert found[-1]["input"] == {"cycle": {"key": "2026-q1"}, "endsOn": "2026-04-15"}
    assert_round_trip(company, another)


def test_moves_are_one_fact_each(company: Company, another: World) -> None:
    first, second, third = (company.objective(title) for title in ("Grow well", "Grow better", "Grow best"))
    moved = company.key_result(first, plan=[PlanPoint(date(2026, 2, 1), 1.0)])
    company.check_in(moved, 3, day(3))
    company.do(CommitObjective(objective=second))
    for target in (Ref(Kind.KEY_RESULT, moved), Ref(Kind.OBJECTIVE, second)):
        company.do(AlignObjective(objective=third, to=target))
    company.do(MoveKeyResult(key_result=moved, to=second))
    company.do(MoveObjective(objective=second, to=Q2, reason="later"))
    company.check_in(moved, 5, day(6))
    company.do(CloseObjective(objective=second))
    company.do(ReopenObjective(objective=second, reason="early"))
    found = facts(company.world)
    assert [fact["do"] for fact in found][-5:] == [
        "moveKeyResult", "moveObjective", "checkIn", "closeObjective", "reopenObjective",
    ]  # fmt: skip
    assert [fact["input"] for fact in found if fact["do"].startswith("move")] == [
        {"keyResult": {"ref": "2026-q1/O1/KR1"}, "to": {"ref": "2026-q1/O2"}},
        {"objective": {"ref": "2026-q1/O2"}, "to": {"key": "2026-q2"}},
    ]
    assert_round_trip(company, another)


def test_what_was_revived_edited_labelled_and_referred_to_round_trips(company: Company, another: World) -> None:
    ada, objective = company.ada(), company.objective()
    work = company.do(PlanInitiative(title="Ask", subject=Ref(Kind.OBJECTIVE, objective), due=date(2026, 3, 1)))
    for title, due in (("Ask more", UNSET), (UNSET, None)):
        company.do(EditInitiative(initiative=work, title=title, due=due))
    company.do(DeactivatePerson(person=ada))
    company.do(ReactivatePerson(person=ada))
    team = company.do(FormTeam(key="north", name="North"))
    company.do(DisbandTeam(team=team))
    company.do(ReviveTeam(team=team))
    kpi = company.do(DefineKpi(key="nps", name="Promoters"))
    company.do(RetireKpi(kpi=NPS, reason="unused"))
    company.do(ReviveKpi(kpi=NPS))
    for kind, id in ((Kind.OBJECTIVE, objective), (Kind.KPI, kpi), (Kind.TEAM, team)):
        company.do(SetLabels(subject=Ref(kind, id), labels=["b", "a"]))
        company.do(SetExternalReference(subject=Ref(kind, id), system="jira", id=f"{kind}-1", url="https://e.com/1"))
    company.do(SetExternalReference(subject=Ref(Kind.TEAM, team), system="jira", id=None))
    company.do(SetExternalReference(subject=Ref(Kind.INITIATIVE, work), system="jira", id="Team-1"))
    file = facts(company.world)
    assert facts_of(file, "setExternalReference")[-2]["input"] == {
        "subject": {"ref": "team/north"}, "system": "jira", "id": None,
    }  # fmt: skip
    assert_round_trip(company, another)


def test_the_reference_of_a_team_that_is_formed_with_members_follows_them(company: Company, another: World) -> None:
    external = ExternalReferenceInput("sheet", "1")
    company.do(FormTeam(key="north", name="North", members=[company.ada()], external=external))
    file = facts(company.world)
    assert [fact["do"] for fact in file][-3:] == ["formTeam", "joinTeam", "setExternalReference"]
    assert_round_trip(company, another)


def test_a_thing_that_begins_with_a_reference_is_one_fact(company: Company, another: World) -> None:
    external = ExternalReferenceInput("sheet", "1", "https://e.com/1")
    ada = company.do(AddPerson(handle="ada", name="Ada", external=external))
    company.do(FormTeam(key="north", name="North", external=ExternalReferenceInput("sheet", "2")))
    company.do(DefineKpi(key="nps", name="Promoters", external=ExternalReferenceInput("sheet", "3")))
    company.do(SetExternalReference(subject=Ref(Kind.PERSON, ada), system="sheet", id="4"))
    file = facts(company.world)
    assert facts_of(file, "addPerson")[0]["input"]["external"] == {
        "system": "sheet", "id": "1", "url": "https://e.com/1",
    }  # fmt: skip
    assert len(facts_of(file, "setExternalReference")) == 1
    assert_round_trip(company, another)


def test_a_person_added_as_an_author_before_gets_the_reference_of_its_own_fact(company: Company) -> None:
    at = day(1).isoformat()
    external = {"system": "hr", "id": "E-7"}
    written = [
        {"at": at, "by": "person:eve", "do": "addPerson", "input": {"handle": "fay", "name": "Fay"}},
        {"at": at, "do": "addPerson", "input": {"handle": "eve", "name": "Eve", "external": external}},
    ]
    for _ in range(2):
        assert run_import(company.world.database, io.BytesIO(lines(written)), None).refusals == []
    topics = [entry.event.TOPIC for entry in company.world.log.entries(0, 100)]
    assert topics[-3:] == ["person-added", "person-renamed", "external-reference-set"]
    assert identity.by_external(company.world.log, External("hr", "E-7")) is not None


def test_a_fact_refers_to_a_thing_by_its_counterpart(company: Company) -> None:
    objective = company.objective()
    company.do(SetExternalReference(subject=Ref(Kind.OBJECTIVE, objective), system="jira", id="OKR-7"))
    company.do(SetExternalReference(subject=Ref(Kind.CYCLE, keyed_id(Kind.CYCLE, "2026-q2")), system="jira", id="Q2"))
    goal, cycle = ({"external": {"system": "jira", "id": id}} for id in ("OKR-7", "Q2"))
    at = day(1).isoformat()
    written = [
        {"at": at, "do": "rewordObjective", "input": {"objective": goal, "title": "Grow better"}},
        {"at": at, "do": "addComment", "input": {"subject": goal, "body": "Well"}},
        {"at": at, "do": "draftObjective", "input": {"cycle": cycle, "title": "Last well", "supports": []}},
    ]
    imported(company.world, lines(written))
    topics = [entry.event.TOPIC for entry in company.world.log.entries(0, 100)][-3:]
    assert topics == ["objective-reworded", "comment-added", "objective-drafted"]
    wrong = [
        {"at": at, "do": "rewordObjective", "input": {"objective": cycle, "title": "No"}},
        {
            "at": at,
            "do": "rewordObjective",
            "input": {"objective": {"external": {"system": "hr", "id": "Q2"}}, "title": "No"},
        },
        {"at": at, "do": "rewordObjective", "input": {"objective": {"external": "Q2"}, "title": "No"}},
    ]
    for one, code in zip(wrong, ("INVALID", "NOT_FOUND", "INVALID"), strict=True):
        (refusal,) = run_import(company.world.database, io.BytesIO(lines([one])), None).refusals
        assert [problem.code for problem in refusal.problems] == [code]
