"""How what was recorded is told as facts."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.cli.export_facts import export_facts
from api.cli.output import Failure
from api.facts import event_to_command, exporter
from domain.commands.command import Command, CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle, OpenCycle
from domain.commands.discussion_commands import AddComment
from domain.commands.key_result_commands import AddKeyResult, CheckIn, CorrectCheckIn, LinkKpi
from domain.commands.kpi_commands import (
    CorrectReading,
    DefineKpi,
    ReadingInput,
    RecordReadings,
    RedefineKpi,
    RetractReading,
)
from domain.commands.objective_commands import (
    AssignObjective,
    CarryObjective,
    CloseObjective,
    CommitObjective,
    DraftObjective,
    ReopenObjective,
    RewordObjective,
)
from domain.commands.people_commands import (
    AddPerson,
    AppointLead,
    DeactivatePerson,
    ErasePerson,
    FormTeam,
    RenamePerson,
)
from domain.commands.permissions import Role
from domain.handlers.unit_of_work import Author
from domain.model.event import EVENTS
from domain.model.key_result import KeyResultReopened
from domain.model.kpi import ReadingRecorded
from domain.primitives.values import Direction, Kind, Metric, Milestone, Ref, Source
from tests.api.facts.round_trip import Json, exported, facts, imported, lines, told
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
    """A workspace to write into: each of these says the id of what it was about."""

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

    def readings(self, *said: tuple[int, float]) -> list[UUID]:
        readings = [ReadingInput(kpi=NPS, value=value, measured_at=day(number)) for number, value in said]
        outcome = self.world.keyframe.execute(RecordReadings(readings=readings), CONSOLE)
        return [id for id, _ in outcome.result.readings]

    def ada(self) -> UUID:
        return self.do(AddPerson(handle="ada", name="Ada", email="ada@example.com", effective_at=LONG_AGO))


@pytest.fixture
def company(world: World) -> Company:
    made = Company(world)
    made.cycles()
    return made


def done(told: list[Json], *names: str) -> list[Json]:
    """The facts of these commands."""
    return [fact for fact in told if fact["do"] in names]


def only(told: list[Json], name: str) -> Json:
    (fact,) = done(told, name)
    return fact


def comes_back(company: Company, another: World) -> None:
    """The same log, and the same facts again."""
    file = exported(company.world)
    imported(another, file)
    assert told(another) == told(company.world)
    assert exported(another) == file


# ── what is told ──────────────────────────────────────────────────────────────────────────────────


def test_every_event_that_can_be_stored_can_be_told() -> None:
    by_the_way = {ReadingRecorded, KeyResultReopened}
    told = {*event_to_command.DERIVED, *event_to_command.command.registry, *by_the_way}
    assert set(EVENTS.values()) <= told


def test_a_derived_command_takes_nothing_that_its_event_lacks() -> None:
    for event, command in event_to_command.DERIVED.items():
        subject = event_to_command._subject(command, event)
        given = {*event.__struct_fields__, subject, "measured_at", "close_objectives"}
        assert {*command.__struct_fields__} - {*Command.__struct_fields__} <= given


def test_things_are_called_by_their_keys_or_by_where_they_belong(company: Company) -> None:
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


def test_a_team_and_an_objective_never_have_one_name(world: World, another: World) -> None:
    company = Company(world)
    company.do(OpenCycle(key="team", name="Q", starts_on=date(2026, 1, 1), ends_on=date(2026, 3, 31)))
    company.do(FormTeam(key="o1", name="One"))
    company.do(DraftObjective(cycle=CycleBy(key="team"), title="Grow well"))
    comes_back(company, another)


def test_whole_figures_are_written_as_such(company: Company) -> None:
    metric = Metric(Direction.DECREASE, start=2.5, target=-1e22)
    company.key_result(company.objective(), metric=metric)
    assert b'"start":2.5,"target":-1e22' in exported(company.world)
    assert b'"weight"' not in exported(company.world)


def test_how_much_is_read_at_once_changes_nothing(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    objective = company.objective()
    company.check_in(company.key_result(objective), 3.0, day(1))
    company.do(ActivateCycle(cycle=Q1))
    company.do(CloseCycle(cycle=Q1, close_objectives=True))
    whole = exported(company.world)
    for size in (1, 2, 3):
        monkeypatch.setattr(exporter, "BATCH", size)
        assert exported(company.world) == whole


def test_an_event_of_a_newer_program_is_said_to_be_one(company: Company) -> None:
    with company.world.database.connect() as conn:
        conn.execute(
            "insert into log select position + 1, recorded_at + interval '1 hour', effective_at, gen_random_uuid(), 1, "
            "'tea-brewed.v1', null, metadata, data, leaf_hash from log order by position desc limit 1"
        )
    with pytest.raises(Failure, match="tea-brewed"):
        exported(company.world)


# ── who did it ────────────────────────────────────────────────────────────────────────────────────


def test_a_fact_is_by_the_person_who_did_it_or_for_whom_it_was_done(company: Company, another: World) -> None:
    ada = company.ada()
    company.do(FormTeam(key="a", name="A"), Author(f"person:{ada}", Source.API, frozenset(Role)))
    company.do(FormTeam(key="b", name="B"), Author("machine:console", Source.IMPORT, frozenset(Role), ada))
    assert [fact["by"] for fact in done(facts(company.world), "formTeam")] == ["person:ada"] * 2
    comes_back(company, another)


def test_what_a_machine_did_is_said_to_be_by_nobody(company: Company, another: World) -> None:
    company.do(FormTeam(key="a", name="A"), Author("machine:robot", Source.INGEST, frozenset(Role)))
    assert all("by" not in fact for fact in facts(company.world))
    imported(another, exported(company.world))
    assert all(entry.by.on_behalf_of is None for entry in another.log.entries(0, 100))


def test_people_that_an_import_met_come_back_with_their_names(another: World, company: Company) -> None:
    fact = {"at": "2026-02-01T00:00:00Z", "by": "person:ben", "do": "formTeam", "input": {"key": "a", "name": "A"}}
    named = {**fact, "do": "addPerson", "input": {"handle": "ben", "name": "Ben"}}
    imported(company.world, lines([fact, named]))
    assert [fact["do"] for fact in facts(company.world)][-3:] == ["addPerson", "formTeam", "renamePerson"]
    comes_back(company, another)


def test_an_erased_person_is_told_without_a_name_and_comes_back_as_one(company: Company, another: World) -> None:
    ada = company.ada()
    company.do(RenamePerson(person=ada, name="Ada Lovelace"))
    company.objective(owner=ada)
    company.do(FormTeam(key="a", name="A"), Author(f"person:{ada}", Source.API, frozenset(Role)))
    company.do(ErasePerson(person=ada, reason="asked to be"))
    file = exported(company.world)
    told_of = facts(company.world)
    assert only(told_of, "addPerson")["input"] == {"handle": "erased-1", "name": "Erased person"}
    assert only(told_of, "draftObjective")["input"]["owner"] == {"ref": "person:erased-1"}
    assert only(told_of, "formTeam")["by"] == "person:erased-1"
    assert only(told_of, "renamePerson")["input"] == {"person": {"ref": "person:erased-1"}, "name": "Erased person 2"}
    assert only(told_of, "erasePerson")["reason"] == "asked to be"
    assert b"Ada" not in file and b"ada@" not in file
    comes_back(company, another)


def test_an_erased_person_is_never_called_as_somebody_is_who_is_there(company: Company, another: World) -> None:
    ada = company.ada()
    company.do(AddPerson(handle="erased-1", name="Ben"))
    company.do(ErasePerson(person=ada, reason="asked to be"))
    company.do(AddPerson(handle="ada", name="Another Ada"))
    called = [fact["input"]["handle"] for fact in done(facts(company.world), "addPerson")]
    assert called == ["erased-2", "erased-1", "ada"]
    comes_back(company, another)


# ── one command, one fact or several ──────────────────────────────────────────────────────────────


def test_activating_a_cycle_is_one_fact_and_one_moment(company: Company, another: World) -> None:
    company.objective("Grow well")
    company.objective("Last well")
    company.do(ActivateCycle(cycle=Q1))
    assert [fact["do"] for fact in facts(company.world)][-1:] == ["activateCycle"]
    assert done(facts(company.world), "commitObjective") == []
    comes_back(company, another)


def test_scores_that_were_worked_out_at_the_closing_are_said(company: Company, another: World) -> None:
    objective = company.objective()
    company.check_in(company.key_result(objective), 3.0, day(1))
    company.key_result(objective, "Never measured")
    company.do(ActivateCycle(cycle=Q1))
    company.do(CloseCycle(cycle=Q1, close_objectives=True, reason="It is over."))
    closing = facts(company.world)[-4:]
    assert [fact["do"] for fact in closing] == ["scoreKeyResult", "scoreKeyResult", "closeObjective", "closeCycle"]
    assert [fact["input"].get("score") for fact in closing] == [0, 0.3, 0.3, None]
    assert closing[2]["input"]["verdict"] == "MISSED"
    assert {(fact["at"], fact["reason"]) for fact in closing} == {(closing[0]["at"], "It is over.")}
    comes_back(company, another)


def test_reopening_takes_the_scores_back_in_one_fact(company: Company, another: World) -> None:
    objective = company.objective()
    company.key_result(objective)
    company.do(CommitObjective(objective=objective))
    company.do(CloseObjective(objective=objective, score=0.5))
    company.do(ReopenObjective(objective=objective, reason="Not yet."))
    assert [fact["do"] for fact in facts(company.world)][-2:] == ["closeObjective", "reopenObjective"]
    comes_back(company, another)


def test_key_results_that_came_along_are_called_by_their_place(company: Company, another: World) -> None:
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
    told_ = facts(company.world)
    assert only(told_, "carryObjective")["ref"] == "2026-q2/O1"
    assert done(told_, "checkIn")[-1]["input"]["keyResult"] == {"ref": "2026-q2/O1/0"}
    assert done(told_, "addKeyResult")[-1]["ref"] == "2026-q2/O1/KR3"
    comes_back(company, another)


# ── what is said as it was resolved ───────────────────────────────────────────────────────────────


def test_a_baseline_that_came_from_a_kpi_is_said(company: Company, another: World) -> None:
    company.do(DefineKpi(key="nps", name="Promoters", effective_at=LONG_AGO))
    company.readings((1, 40.0))
    metric = Metric(Direction.INCREASE, change_by=0.2)
    company.key_result(company.objective(), metric=metric, kpi=NPS, effective_at=day(2))
    told_ = only(facts(company.world), "addKeyResult")["input"]["metric"]
    assert told_ == {"direction": "INCREASE", "start": 40, "target": 48, "changeBy": 0.2}
    comes_back(company, another)


def test_what_was_said_a_little_ahead_is_told_as_it_was_recorded(company: Company, another: World) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=30)
    company.do(DefineKpi(key="nps", name="Promoters", effective_at=soon))
    ahead = [ReadingInput(kpi=NPS, value=one, measured_at=soon + timedelta(seconds=one)) for one in (1.0, 2.0)]
    company.world.keyframe.execute(RecordReadings(readings=ahead), CONSOLE)
    key_result = company.key_result(company.objective())
    company.check_in(key_result, 4.0, soon)
    company.do(ActivateCycle(cycle=Q1, effective_at=soon))
    comes_back(company, another)


def test_a_late_check_in_is_late_again(company: Company, another: World) -> None:
    key_result = company.key_result(company.objective())
    check_in = company.check_in(key_result, 3.0, day(1))
    company.do(ActivateCycle(cycle=Q1))
    company.do(CloseCycle(cycle=Q1, close_objectives=True))
    company.do(CheckIn(key_result=key_result, value=4.0, measured_at=day(3), reason="The report came late."))
    company.do(CorrectCheckIn(check_in=check_in, value=3.5, reason="A comma was missing."))
    assert sum(bool(fact.get("late")) for fact in told(company.world)) == 2
    comes_back(company, another)


def test_an_owner_who_has_left_stays_when_others_change(company: Company, another: World) -> None:
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
    comes_back(company, another)


def test_a_note_is_corrected_although_the_value_would_no_longer_fit(company: Company, another: World) -> None:
    company.do(DefineKpi(key="nps", name="Promoters", effective_at=LONG_AGO))
    key_result = company.key_result(company.objective())
    check_in = company.check_in(key_result, 3.0, day(1))
    company.do(LinkKpi(key_result=key_result, kpi=NPS))
    company.do(CorrectCheckIn(check_in=check_in, note="As I said.", reason="It was missing."))
    assert set(only(facts(company.world), "correctCheckIn")["input"]) == {"checkIn", "note"}
    comes_back(company, another)


def test_what_was_cleared_is_cleared_again(company: Company, another: World) -> None:
    team = company.do(FormTeam(key="a", name="A", lead=company.ada()))
    company.do(AppointLead(team=team, person=None))
    objective = company.objective(description="Much")
    company.do(RewordObjective(objective=objective, description=None))
    told_ = facts(company.world)
    assert only(told_, "appointLead")["input"] == {"team": {"ref": "team/a"}, "person": None}
    assert only(told_, "rewordObjective")["input"] == {"objective": {"ref": "2026-q1/O1"}, "description": None}
    comes_back(company, another)


# ── readings ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def measured(company: Company) -> Company:
    company.do(DefineKpi(key="nps", name="Promoters", effective_at=LONG_AGO))
    return company


def test_a_batch_of_readings_is_one_fact(measured: Company, another: World) -> None:
    measured.readings((1, 10.0), (3, 30.0), (2, 20.0))
    batch = only(facts(measured.world), "recordReadings")
    assert [one["value"] for one in batch["input"]["readings"]] == [10, 30, 20]
    assert "ref" not in batch
    comes_back(measured, another)


def test_readings_that_were_taken_back_and_recorded_anew_come_in_their_order(measured: Company, another: World) -> None:
    first, second, _ = measured.readings((1, 10.0), (2, 20.0), (3, 30.0))
    for reading in (first, second):
        measured.do(RetractReading(reading=reading, reason="Twice counted."))
    _, *new = measured.readings((4, 40.0), (1, 11.0), (2, 22.0), (5, 50.0))
    measured.do(CorrectReading(reading=new[-1], value=51.0, reason="A slip."))
    measured.do(CorrectReading(reading=new[0], value=12.0, note="Well", reason="A slip."))
    told_ = facts(measured.world)
    batches = done(told_, "recordReadings")
    assert [one["value"] for one in batches[1]["input"]["readings"]] == [11, 22, 40, 50]
    assert [fact["input"]["reading"]["ref"] for fact in done(told_, "correctReading")] == ["Readings2/3", "Readings1/0"]
    comes_back(measured, another)


def test_readings_that_are_too_long_for_a_line_take_several(
    measured: Company, another: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter, "READINGS_BYTES_MAX", 450)
    readings = measured.readings(*((number, float(number)) for number in range(5)))
    measured.do(CorrectReading(reading=readings[3], value=33.0, reason="A slip."))
    told_ = facts(measured.world)
    assert [len(fact["input"]["readings"]) for fact in done(told_, "recordReadings")] == [2, 2, 1]
    assert only(told_, "correctReading")["input"]["reading"] == {"ref": "Readings1/1"}
    comes_back(measured, another)


def test_an_empty_workspace_has_no_facts(world: World, tmp_path: Any) -> None:
    with (tmp_path / "facts").open("wb") as file:
        export_facts(world.database, file)
    assert (tmp_path / "facts").read_bytes() == b""
