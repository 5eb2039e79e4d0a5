"""Exported commands: which are one fact, and which several."""

import io
from datetime import date

import pytest
from msgspec import UNSET, structs

from api.cli.import_facts import run_import
from api.facts import exporter
from domain.commands.command import External, ExternalReferenceInput, KpiBy
from domain.commands.cycle_commands import (
    AbandonCycle,
    ActivateCycle,
    CloseCycle,
    RenameCycle,
    RescheduleCycle,
)
from domain.commands.discussion_commands import EditInitiative, PlanInitiative
from domain.commands.key_result_commands import (
    AddKeyResult,
    CheckIn,
    LinkKpi,
    MoveKeyResult,
    ScoreKeyResult,
)
from domain.commands.kpi_commands import (
    CorrectReading,
    DefineKpi,
    ReadingInput,
    RecordReadings,
    RetireKpi,
    RetractReading,
    ReviveKpi,
)
from domain.commands.objective_commands import (
    AlignObjective,
    CarriedTarget,
    CarryObjective,
    CloseObjective,
    CommitObjective,
    MoveObjective,
    ReopenObjective,
)
from domain.commands.people_commands import (
    AddPerson,
    DeactivatePerson,
    DisbandTeam,
    FormTeam,
    HandOver,
    ReactivatePerson,
    ReviveTeam,
)
from domain.commands.subject_commands import SetExternalReference, SetLabels
from domain.handlers import identity
from domain.handlers.unit_of_work import keyed_id
from domain.primitives.values import (
    Aggregation,
    Direction,
    Kind,
    Metric,
    Milestone,
    PlanPoint,
    Ref,
)
from tests.api.facts.exported_company import (
    LONG_AGO,
    NPS,
    Q1,
    Q2,
    TO_TEN,
    Company,
    assert_round_trip,
    day,
    facts_of,
    importing,
    only,
    written,
)
from tests.api.facts.round_trip import facts, imported, lines, log_contents
from tests.metric_input import as_input
from tests.properties.conftest import World

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
