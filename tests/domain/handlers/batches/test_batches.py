"""Batches: people, teams, objectives and KPIs, all or nothing, and all faults at once."""

from uuid import UUID, uuid4

import pytest
from msgspec import structs

from domain.commands.batch_commands import ITEMS_MAX, AddPeople, DefineKpis, DraftObjectives, FormTeams, items_of
from domain.commands.command import Command, CycleBy, ExternalReferenceInput, KpiBy
from domain.commands.kpi_commands import DefineKpi
from domain.commands.objective_commands import DraftObjective
from domain.commands.people_commands import AddPerson, ErasePerson, FormTeam
from domain.commands.permissions import Author, Role
from domain.commands.registry import MUTATIONS
from domain.handlers.dispatcher import Outcome
from domain.handlers.unit_of_work import keyed_id
from domain.model.people import Team
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Kind, Source
from tests.domain.given_goals import ADA, BEN, Q1, SALES, ada, ben, defined, opened, sales
from tests.domain.handlers.batches.batches import brief, execute, refused, topics
from tests.domain.handlers.test_drafting import PROMOTERS, SESSIONS
from tests.domain.scenario import given, on

CARL, DORA = AddPerson(handle="carl", name="Carl"), AddPerson(handle="dora", name="Dora")
PEOPLE = AddPeople(people=[CARL, DORA], idempotency_key="people")
NORTH = FormTeam(key="north", name="North", parent_key="europe", lead=ADA, members=[ADA, BEN, ADA])
EUROPE = FormTeam(key="europe", name="Europe", parent=SALES)
MEMBER = Author(f"person:{ADA}", Source.API, frozenset({Role.MEMBER}))


def subject(done: Outcome | CommandRejected) -> UUID:
    assert isinstance(done, Outcome) and done.result.subject is not None
    return done.result.subject.id


@pytest.mark.parametrize("kind", [kind for kind in MUTATIONS.values() if kind.ITEMS is not None])
def test_batch_needs_the_permission_of_its_items(kind: type[Command]) -> None:
    assert kind.NEEDS == items_of(kind).of.NEEDS


# ── all or nothing ────────────────────────────────────────────────────────────────────────────────


def test_batch_records_the_events_of_the_single_commands_each_under_a_command_of_its_own() -> None:
    history = given(opened)
    done = execute(history, PEOPLE)
    assert brief(done) == ["recorded", "recorded"]
    assert topics(history, 1) == ["person-added", "person-added"]
    assert len({one.by.command for one in history.log.entries_made[1:]}) == 2


def test_one_rejected_item_keeps_all_others_from_being_recorded() -> None:
    batch = AddPeople(people=[CARL, structs.replace(DORA, handle="ada"), structs.replace(DORA, email="nowhere")])
    assert refused(given(ada), batch) == [
        ("people.1.handle", "DUPLICATE", "HANDLE_TAKEN"),
        ("people.2.email", "INVALID", "EMAIL_MALFORMED"),
    ]


def test_two_items_with_the_same_handle_or_key_are_a_duplicate() -> None:
    twice = AddPeople(people=[CARL, CARL])
    assert refused(given(opened), twice) == [("people.1.handle", "DUPLICATE", "HANDLE_TAKEN")]
    kpi = DefineKpi(key="nps", name="Promoters")
    assert refused(given(opened), DefineKpis(kpis=[kpi, kpi])) == [("kpis.1.key", "DUPLICATE", "KEY_TAKEN")]


@pytest.mark.parametrize(
    ("count", "problem"), [(0, ("people", "INVALID", "BATCH_EMPTY")), (501, ("people", "TOO_LARGE", "BATCH_TOO_MANY"))]
)
def test_batch_has_one_to_five_hundred_items(count: int, problem: tuple[str, str, str]) -> None:
    assert ITEMS_MAX == 500
    assert refused(given(opened), AddPeople(people=[CARL] * count)) == [problem]


def test_batch_that_would_record_too_many_events_is_refused() -> None:
    objective = DraftObjective(
        cycle=Q1, title="Delight people", key_results=[structs.replace(SESSIONS, owner=None)] * 50
    )
    problem = ("", "TOO_LARGE", "BATCH_TOO_LARGE")
    assert refused(given(opened), DraftObjectives(objectives=[objective] * 200)) == [problem]


# ── what the items take from the batch ────────────────────────────────────────────────────────────


def test_items_take_reason_and_effective_time_from_the_batch_unless_they_have_their_own() -> None:
    history = given(on(2, 1))
    own = structs.replace(DORA, reason="came back", effective_at=on(1, 9))
    execute(history, AddPeople(people=[CARL, own], reason="founded", effective_at=on(1, 7)))
    found = [(one.by.reason, one.effective_at) for one in history.log.entries_made]
    assert found == [("founded", on(1, 7)), ("came back", on(1, 9))]


def test_item_with_an_effective_time_needs_the_permission_of_the_single_command() -> None:
    batch = DraftObjectives(objectives=[DraftObjective(cycle=Q1, title="Mine", owner=ADA, effective_at=on(1, 9))])
    assert refused(given(opened, ada), batch, MEMBER) == [("effectiveAt", "FORBIDDEN", "FORBIDDEN")]


def test_expected_version_is_refused_where_nothing_exists_yet() -> None:
    batch = AddPeople(people=[structs.replace(CARL, expected_version=1)])
    assert refused(given(opened), batch) == [("expectedVersion", "INVALID", "VERSION_NOT_COMPARABLE")]


# ── idempotency ───────────────────────────────────────────────────────────────────────────────────


def test_repeated_batch_returns_the_first_results_and_records_nothing() -> None:
    history = given(opened)
    first = execute(history, PEOPLE)
    again = execute(history, PEOPLE)
    assert brief(again) == ["repeated", "repeated"]
    assert list(map(subject, again)) == list(map(subject, first))
    assert len(history.log.entries_made) == 3


@pytest.mark.parametrize("people", [[CARL], [DORA, CARL], [CARL, DORA, AddPerson(handle="emil", name="Emil")]])
def test_key_of_another_batch_is_a_mismatch(people: list[AddPerson]) -> None:
    history = given(opened)
    execute(history, PEOPLE)
    other = structs.replace(PEOPLE, people=people)
    assert refused(history, other) == [("idempotencyKey", "IDEMPOTENCY_MISMATCH", "IDEMPOTENCY_MISMATCH")]


def test_repeated_batch_returns_the_first_results_after_one_of_its_people_was_erased() -> None:
    history = given(opened)
    first = execute(history, PEOPLE)
    history.keyframe.execute(ErasePerson(person=subject(first[0]), reason="asked for"), MEMBER_OF_ALL)
    assert brief(execute(history, PEOPLE)) == ["repeated", "repeated"]


MEMBER_OF_ALL = Author("machine:test", Source.API, frozenset(Role))


# ── teams ─────────────────────────────────────────────────────────────────────────────────────────


def test_teams_name_parents_of_the_same_request_by_key_in_any_order() -> None:
    history = given(ada, ben, sales)
    done = execute(history, FormTeams(teams=[NORTH, EUROPE]))
    assert topics(history, 3) == ["team-formed", "team-formed", "team-joined", "team-joined"]
    assert list(map(subject, done)) == [keyed_id(Kind.TEAM, "north"), keyed_id(Kind.TEAM, "europe")]
    north = history.aggregate(Team, keyed_id(Kind.TEAM, "north"))
    assert (north.parent, north.lead, north.members) == (keyed_id(Kind.TEAM, "europe"), ADA, (ADA, BEN))


def test_team_may_name_a_parent_that_exists_by_key() -> None:
    done = given(sales).when(FormTeam(key="east", name="East", parent_key="sales"))
    assert done.aggregate(Team, keyed_id(Kind.TEAM, "east")).parent == SALES


def test_teams_inside_each_other_are_circular() -> None:
    loop = FormTeams(
        teams=[structs.replace(EUROPE, parent=None, parent_key="north"), NORTH, FormTeam(key="x", name="X")]
    )
    codes = [(path, code) for path, code, _ in refused(given(ada, ben, sales), loop)]
    assert codes == [("teams.0.parentKey", "CIRCULAR"), ("teams.1.parentKey", "CIRCULAR")]


def test_parent_and_members_that_cannot_be_are_told_by_path() -> None:
    batch = FormTeams(teams=[structs.replace(NORTH, parent=SALES), structs.replace(EUROPE, members=[ADA, uuid4()])])
    assert refused(given(ada, ben, sales), batch) == [
        ("teams.0.parentKey", "INVALID", "PARENT_NAMED_TWICE"),
        ("teams.1.members.1", "NOT_FOUND", "NOT_FOUND"),
    ]


# ── objectives and KPIs ───────────────────────────────────────────────────────────────────────────


def test_objectives_are_drafted_with_their_key_results() -> None:
    history = given(opened, ada, defined)
    objective = DraftObjective(cycle=Q1, title="Delight people", key_results=[SESSIONS, PROMOTERS], commit=True)
    execute(history, DraftObjectives(objectives=[objective, structs.replace(objective, commit=False)]))
    drafted = ["objective-drafted", "key-result-added", "key-result-added"]
    assert topics(history, 3) == [*drafted, "objective-committed", *drafted]


def test_faults_of_key_results_of_items_have_the_whole_path() -> None:
    bad = structs.replace(PROMOTERS, kpi=KpiBy(key="none"))
    batch = DraftObjectives(
        objectives=[
            DraftObjective(cycle=Q1, title="Delight people", key_results=[SESSIONS, bad]),
            DraftObjective(cycle=CycleBy(key="none"), title="Elsewhere"),
        ]
    )
    paths = [path for path, *_ in refused(given(opened, ada), batch)]
    assert paths == ["objectives.0.keyResults.1.kpi.key", "objectives.1.cycle.key"]


def test_two_items_with_one_counterpart_in_another_system_are_a_duplicate() -> None:
    jira = ExternalReferenceInput("jira", "OKR-7")
    one = DraftObjective(cycle=Q1, title="Delight people", external=jira)
    with_it = DraftObjective(cycle=Q1, title="Be known", key_results=[structs.replace(SESSIONS, external=jira)])
    problem = ("objectives.1.keyResults.0.external.id", "DUPLICATE", "EXTERNAL_REFERENCE_TAKEN")
    assert refused(given(opened, ada), DraftObjectives(objectives=[one, with_it])) == [problem]
    history = given(opened, ada, one)
    assert refused(history, DraftObjectives(objectives=[with_it])) == [(problem[0].replace("1", "0", 1), *problem[1:])]


def test_member_drafts_only_own_objectives_in_a_batch_too() -> None:
    mine, other = (DraftObjective(cycle=Q1, title="Delight people", owner=owner) for owner in (ADA, BEN))
    history = given(opened, ada, ben)
    assert brief(execute(history, DraftObjectives(objectives=[mine]), MEMBER)) == ["recorded"]
    batch = DraftObjectives(objectives=[mine, other])
    assert refused(history, batch, MEMBER) == [("objectives.1", "FORBIDDEN", "FORBIDDEN")]


def test_roles_without_any_such_permission_learn_nothing_of_the_items() -> None:
    batch: Command = AddPeople(people=[CARL, CARL])
    assert refused(given(ada), batch, MEMBER) == [("", "FORBIDDEN", "FORBIDDEN")]
