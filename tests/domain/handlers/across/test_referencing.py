"""References of things to their counterparts in other systems."""

import msgspec
import pytest

from domain.commands.command import Command, CycleBy, External, ExternalReferenceInput, KpiBy
from domain.commands.cycle_commands import ActivateCycle, OpenCycle
from domain.commands.discussion_commands import PlanInitiative
from domain.commands.key_result_commands import AddKeyResult, MetricInput
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, RedefineKpi
from domain.commands.objective_commands import DraftObjective
from domain.commands.people_commands import AddPerson, FormTeam
from domain.commands.permissions import Author, Role
from domain.commands.subject_commands import SetExternalReference
from domain.model.discussion import ExternalReferenceRemoved, ExternalReferenceSet
from domain.primitives.values import Direction, Kind, Ref, Source, Visibility
from tests.domain.given_goals import (
    ADA,
    BEN,
    KPI,
    KPI_ID,
    Q1,
    Q1_ID,
    SALES,
    ada,
    ben,
    closed,
    defined,
    key_result_ref,
    objective_ref,
    opened,
    other,
    retired,
    sales,
    working,
)
from tests.domain.scenario import called, given, made, on

GOAL, OTHER = objective_ref(), objective_ref(made("other"))
URL = "https://jira.example.com/OKR-7"
planned = called("work", PlanInitiative(title="Ask", subject=GOAL))
everything = (ada, ben, sales, defined, *working, other, planned)
THINGS = [
    GOAL,
    key_result_ref(),
    Ref(Kind.KPI, KPI_ID),
    Ref(Kind.CYCLE, Q1_ID),
    Ref(Kind.TEAM, SALES),
    Ref(Kind.PERSON, ADA),
    Ref(Kind.INITIATIVE, made("work")),
]


def referred(subject: Ref = GOAL, id: str | None = "OKR-7", url: str | None = None) -> SetExternalReference:
    return SetExternalReference(subject=subject, system="jira", id=id, url=url)


def set_to(subject: Ref, id: str = "OKR-7", url: str | None = None) -> ExternalReferenceSet:
    return ExternalReferenceSet(subject=subject, system="jira", external_id=id, url=url)


@pytest.mark.parametrize("thing", THINGS, ids=lambda one: one.kind)
def test_each_thing_has_one_counterpart_in_a_system(thing: Ref) -> None:
    base = given(*everything)
    base.when(referred(thing, url=URL)).then(set_to(thing, url=URL))
    base.when(referred(thing, "OKR-8")).then(set_to(thing, "OKR-8"))
    base.when(referred(thing, None)).then(ExternalReferenceRemoved(subject=thing))
    base.when(referred(thing, None)).then_nothing()


def test_measurements_and_remarks_have_no_counterparts() -> None:
    given(*everything).when(referred(Ref(Kind.COMMENT, ADA))).then_refused("INVALID", "subject")


@pytest.mark.parametrize("thing", THINGS[1:], ids=lambda one: one.kind)
def test_a_counterpart_belongs_to_one_thing(thing: Ref) -> None:
    base = given(*everything, referred())
    refused = base.when(referred(thing)).then_refused("DUPLICATE", "id")
    assert refused.problems[0].rule == "EXTERNAL_REFERENCE_TAKEN"
    hr = SetExternalReference(subject=thing, system="hr", id="OKR-7")
    assert base.when(hr).topics() == ["external-reference-set"]


def test_a_counterpart_is_free_once_its_reference_is_removed_or_replaced() -> None:
    base = given(*everything, referred(), referred(id=None))
    base.when(referred(OTHER)).then(set_to(OTHER))
    base.when(referred(OTHER, "OKR-8")).then(set_to(OTHER, "OKR-8"))
    base.when(referred()).then(set_to(GOAL))


def test_of_two_that_take_a_counterpart_at_once_one_gets_it() -> None:
    base = given(*everything).meanwhile("append", referred(OTHER))
    assert base.when(referred()).refused is not None
    base.when(referred(OTHER)).then_nothing()


def test_a_counterpart_of_what_has_ended_can_be_set() -> None:
    base = given(*everything, closed, retired)
    for thing, id in ((GOAL, "1"), (Ref(Kind.CYCLE, Q1_ID), "2"), (Ref(Kind.KPI, KPI_ID), "3")):
        base.when(referred(thing, id)).then(set_to(thing, id))


def test_the_version_of_the_thing_is_compared_and_stays() -> None:
    base = given(*everything)
    then = base.when(SetExternalReference(subject=OTHER, system="jira", id="1", expected_version=1))
    assert then.outcome is not None
    assert then.outcome.result.version == 1
    stale = SetExternalReference(subject=OTHER, system="jira", id="2", expected_version=2)
    base.when(stale).then_refused("STALE", "expectedVersion")


@pytest.mark.parametrize(
    ("command", "rule", "field"),
    [
        (referred(id=" "), "TITLE_EMPTY", "id"),
        (referred(id="x" * 301), "TITLE_TOO_LONG", "id"),
        (referred(id=None, url=URL), "URL_WITHOUT_ID", "url"),
        (SetExternalReference(subject=GOAL, system="Jira Cloud", id="1"), "KEY_MALFORMED", "system"),
        *(
            (referred(url=url), "URL_MALFORMED", "url")
            for url in (
                "jira",
                "javascript:alert(1)",
                "https://",
                "https://a b",
                "http://[",
                "https://e.com/" + "x" * 2000,
            )
        ),
    ],
)
def test_malformed_references_are_refused(command: Command, rule: str, field: str) -> None:
    refused = given(*everything).when(command).then_refused("INVALID", field)
    assert refused.problems[0].rule == rule


# ── things that begin with a reference ──────────────────────────────────────────────────────────

COUNTERPART = ExternalReferenceInput("jira", "NEW-1", URL)


def creating(external: ExternalReferenceInput) -> list[Command]:
    """A command for each kind of thing, that begins with a reference."""
    goal = MetricInput(direction=Direction.DONE)
    return [
        DraftObjective(cycle=Q1, title="Open the second shop", external=external),
        AddKeyResult(objective=GOAL.id, title="Opened", metric=goal, external=external),
        DefineKpi(key="visits", name="Visits", external=external),
        AddPerson(handle="cyd", name="Cyd", external=external),
        FormTeam(key="care", name="Care", external=external),
        OpenCycle(key="2026-q4", name="Q4", starts_on=on(10, 1).date(), ends_on=on(12, 31).date(), external=external),
        PlanInitiative(title="Rent", subject=GOAL, external=external),
    ]


@pytest.mark.parametrize("command", creating(COUNTERPART), ids=lambda one: type(one).__name__)
def test_a_thing_begins_with_its_counterpart_in_the_same_command(command: Command) -> None:
    base = given(*everything)
    then = base.when(called("new", command))
    assert then.outcome is not None and then.outcome.result.subject is not None
    subject = then.outcome.result.subject
    assert then.the(ExternalReferenceSet) == set_to(subject, "NEW-1", URL)
    assert len({one.by.command for one in then.entries}) == 1
    base.when(called("new", command)).then_nothing()


@pytest.mark.parametrize(
    "command", creating(ExternalReferenceInput("jira", "OKR-7")), ids=lambda one: type(one).__name__
)
def test_a_thing_whose_counterpart_is_taken_is_not_created(command: Command) -> None:
    refused = given(*everything, referred()).when(command).then_refused("DUPLICATE", "external.id")
    assert refused.problems[0].rule == "EXTERNAL_REFERENCE_TAKEN"


def test_of_two_things_that_begin_with_one_counterpart_at_once_one_is_created() -> None:
    first, second = creating(COUNTERPART)[0], creating(COUNTERPART)[4]
    base = given(*everything).meanwhile("append", first)
    assert base.when(second).refused is not None
    base.when(second).then_refused("DUPLICATE", "external.id")


def test_all_faults_of_a_new_reference_are_told_with_those_of_the_thing() -> None:
    command = DraftObjective(cycle=Q1, title=" ", external=ExternalReferenceInput("Jira Cloud", "", "jira"))
    refused = given(*everything).when(command).refused
    assert refused is not None
    fields = [".".join(one.field) for one in refused.problems]
    assert fields == ["title", "external.system", "external.id", "external.url"]


# ── privacy ──────────────────────────────────────────────────────────────────────────────────────

BEN_ALONE = Author(f"person:{BEN}", Source.API, frozenset({Role.LEAD}))
hidden = called("hidden", DraftObjective(cycle=Q1, title="Quietly", owner=ADA, team=SALES, visibility=Visibility.TEAM))
HIDDEN = objective_ref(made("hidden"))


def test_the_refusal_is_the_same_whether_the_other_thing_is_hidden_or_not() -> None:
    shown = given(*everything, referred(OTHER)).when(referred(), BEN_ALONE)
    secret = given(*everything, hidden, referred(HIDDEN)).when(referred(), BEN_ALONE)
    assert shown.refused is not None and secret.refused is not None
    assert shown.refused.problems == secret.refused.problems
    assert str(HIDDEN.id) not in str(secret.refused)


def test_a_hidden_thing_is_not_found_by_its_author_nor_by_its_counterpart() -> None:
    base = given(*everything, hidden, referred(HIDDEN))
    base.when(referred(HIDDEN, "OKR-9"), BEN_ALONE).then_refused("NOT_FOUND", "subject")
    base.when(DraftObjective(cycle=CycleBy(external=External("jira", "OKR-7")), title="New"), BEN_ALONE).then_refused(
        "NOT_FOUND", "cycle.external"
    )


# ── look-ups ─────────────────────────────────────────────────────────────────────────────────────


def test_cycles_and_kpis_are_found_by_their_counterparts() -> None:
    base = given(ada, defined, opened, on(2, 10), referred(Ref(Kind.CYCLE, Q1_ID), "Q"), referred(THINGS[2], "K"))
    assert base.when(ActivateCycle(cycle=CycleBy(external=External("jira", "Q")))).topics() == ["cycle-activated"]
    reading = ReadingInput(kpi=KpiBy(external=External("jira", "K")), value=3)
    assert base.when(RecordReadings(readings=[reading])).topics() == ["reading-recorded"]
    unknown = ActivateCycle(cycle=CycleBy(external=External("jira", "K")))
    base.when(unknown).then_refused("NOT_FOUND", "cycle.external")
    for malformed in (External("jira", "a\0b"), External("Jira", "Q")):
        base.when(ActivateCycle(cycle=CycleBy(external=malformed))).then_refused("NOT_FOUND", "cycle.external")
    both = ActivateCycle(cycle=CycleBy(key="2026-q1", external=External("jira", "Q")))
    base.when(both).then_refused("INVALID", "cycle")


def test_the_digest_of_a_command_without_a_counterpart_is_that_of_earlier_versions() -> None:
    assert msgspec.json.encode(CycleBy(key="2026-q1")) == b'{"id":null,"key":"2026-q1"}'
    assert msgspec.json.encode(KpiBy(id=KPI_ID)) == f'{{"id":"{KPI_ID}","key":null}}'.encode()


def test_a_counterpart_gives_no_permission_to_record_readings() -> None:
    member = Author(f"person:{ADA}", Source.API, frozenset({Role.MEMBER}))
    record = RecordReadings(readings=[ReadingInput(kpi=KpiBy(external=External("jira", "K")), value=3)])
    base = given(ada, defined, on(2, 10), referred(THINGS[2], "K"))
    base.when(record, member).then_refused("FORBIDDEN")
    assert base.when(RedefineKpi(kpi=KPI, owner=ADA, reason="agreed")).topics()
    assert base.when(record, member).topics() == ["reading-recorded"]


def test_references_take_the_permission_of_editing_the_thing() -> None:
    lead = Author(f"person:{ADA}", Source.API, frozenset({Role.LEAD}))
    base = given(*everything)
    for number, thing in enumerate(THINGS):
        then = base.when(referred(thing, str(number)), lead)
        if thing.kind in (Kind.TEAM, Kind.PERSON):
            then.then_refused("FORBIDDEN", containing="ADMIN.")
        else:
            then.then(set_to(thing, str(number)))
