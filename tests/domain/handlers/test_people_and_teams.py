"""What may be done with people, teams, and what is said and done around goals."""

from uuid import uuid4

import pytest

from domain.commands.command import Command, verb
from domain.commands.discussion_commands import AddComment, MoveInitiative, PlanInitiative, Reflect
from domain.commands.people_commands import (
    AddPerson,
    AppointLead,
    DeactivatePerson,
    DisbandTeam,
    ErasePerson,
    FormTeam,
    JoinTeam,
    LeaveTeam,
    MoveTeam,
    RenamePerson,
    RenameTeam,
)
from domain.handlers.dispatcher import _digest, command_id
from domain.handlers.unit_of_work import keyed_id
from domain.model.discussion import CommentAdded, Initiative, InitiativeMoved, InitiativePlanned, Reflected
from domain.model.people import (
    Person,
    PersonErased,
    Team,
    TeamFormed,
    TeamJoined,
    TeamLeadAppointed,
    TeamLeft,
    TeamMoved,
    TeamRenamed,
)
from domain.primitives import personal_data
from domain.primitives.personal_data import Personal
from domain.primitives.values import InitiativeState, Kind, Ref, ReflectionKind
from tests.domain.given_goals import (
    ADA,
    BEN,
    CHECK_IN,
    NORTH,
    Q1_ID,
    SALES,
    ada,
    ada_left,
    ben,
    checked_in,
    closed,
    drafted,
    dropped,
    key_result_ref,
    north,
    objective_ref,
    opened,
    sales,
    working,
)
from tests.domain.scenario import ACTOR, Then, called, given, made

erased = ErasePerson(person=ADA, reason="asked to be")


def personal(then: Then) -> Personal:
    """What stands sealed in Ada's last event."""
    key = then.given.log.person_keys([ADA])[ADA]
    return personal_data.unseal(key, ADA, then.thing(Person, ADA).sealed)


# ── people ───────────────────────────────────────────────────────────────────────────────────────


def test_a_person_is_added_with_what_names_them_sealed() -> None:
    then = given().when(called("ada", AddPerson(handle="ada", name="Ada", email=" ada@example.com ")))
    assert personal(then) == Personal("ada", "Ada", "ada@example.com")
    assert b"ada" not in then.entries[0].row.state.lower()


def test_a_handle_is_unique_even_after_its_person_has_left() -> None:
    given(ada, ada_left).when(AddPerson(handle="ada", name="Another")).then_refused("DUPLICATE", "handle")


@pytest.mark.parametrize("email", ["ada", "ada@", "@example.com", "a da@example.com", "ada@example.com\x00"])
def test_an_email_address_has_two_parts(email: str) -> None:
    given().when(AddPerson(handle="ada", name="Ada", email=email)).then_refused("INVALID", "email")


def test_a_person_is_renamed_and_keeps_what_is_left_out() -> None:
    with_email = called("ada", AddPerson(handle="ada", name="Ada", email="ada@example.com"))
    renamed = given(with_email).when(RenamePerson(person=ADA, name="Ada King"))
    assert personal(renamed) == Personal("ada", "Ada King", "ada@example.com")
    cleared = given(with_email).when(RenamePerson(person=ADA, email=None))
    assert personal(cleared) == Personal("ada", "Ada")


def test_a_person_is_erased_with_their_key_whether_they_had_left_or_not() -> None:
    for history in ((ada,), (ada, ada_left)):
        then = given(*history).when(erased)
        then.then(PersonErased())
        assert then.given.log.person_keys([ADA]) == {}
        assert not then.thing(Person, ADA).active


def test_a_person_is_erased_for_a_reason() -> None:
    given(ada).when(ErasePerson(person=ADA)).then_refused("INVALID", "reason")


def test_a_person_who_was_erased_has_no_name_to_change() -> None:
    given(ada, erased).when(RenamePerson(person=ADA, name="Someone")).then_refused("CLOSED", "person")


def test_a_person_who_was_erased_is_given_nothing_new_and_need_not_leave() -> None:
    given(ada, erased, sales).when(JoinTeam(team=SALES, person=ADA)).then_refused("CONFLICT", "person")
    given(ada, erased).when(ada_left).then_nothing()


def test_whom_a_person_belonged_to_stays_when_they_are_erased() -> None:
    then = given(ada, sales, JoinTeam(team=SALES, person=ADA), AppointLead(team=SALES, person=ADA), erased)
    team = then.thing(Team, SALES)
    assert (team.members, team.lead) == ((ADA,), ADA)
    then.when(LeaveTeam(team=SALES, person=ADA)).then(TeamLeft(person=ADA))


def test_the_handle_of_a_person_who_was_erased_may_be_taken() -> None:
    given(ada, erased).when(AddPerson(handle="ada", name="Another")).topics()


def test_a_command_that_named_a_person_who_was_erased_is_never_done_again() -> None:
    again = given(ada, erased).when(ada)
    again.then_nothing()
    assert again.outcome is not None and again.outcome.repeated


def test_what_a_person_is_called_cannot_be_guessed_from_the_digest_of_a_command() -> None:
    log = given(ada).log
    done = log.command(command_id(ACTOR, "ada"))
    assert done is not None
    key = log.person_keys([ADA])[ADA]
    assert done.digest == personal_data.keyed_digest(key, _digest(ada)) != _digest(ada)


def test_naming_a_person_otherwise_under_the_same_idempotency_key_is_a_mismatch() -> None:
    otherwise = called("ada", AddPerson(handle="ada", name="Another"))
    given(ada).when(otherwise).then_refused("IDEMPOTENCY_MISMATCH", "idempotencyKey")
    given(ada).when(called("ada", sales)).then_refused("IDEMPOTENCY_MISMATCH", "idempotencyKey")
    given(called("ada", sales)).when(ada).then_refused("IDEMPOTENCY_MISMATCH", "idempotencyKey")


def test_what_was_asked_of_a_person_who_was_erased_is_not_what_is_asked_of_another() -> None:
    left = called("once", DeactivatePerson(person=ADA))
    renamed = called("once", RenamePerson(person=ADA, name="Ada King"))
    gone = ErasePerson(person=ADA, reason="asked to be")
    for first in (left, renamed):
        again = given(ada, ben, first, gone)
        again.when(called("once", AddPerson(handle="carl", name="Carl"))).then_refused("IDEMPOTENCY_MISMATCH")
        again.when(called("once", RenamePerson(person=BEN, name="B"))).then_refused("IDEMPOTENCY_MISMATCH")
    given(ada, ben, renamed, gone).when(renamed).then_nothing()
    given(ada, ben, gone).when(called("ada", RenamePerson(person=BEN, name="B"))).then_refused("IDEMPOTENCY_MISMATCH")


# ── teams ────────────────────────────────────────────────────────────────────────────────────────


def test_a_team_is_formed_inside_another_with_a_lead() -> None:
    inner = FormTeam(key="north", name="North", parent=SALES, lead=ADA)
    given(ada, sales).when(inner).then(TeamFormed(key="north", name="North", parent=SALES, lead=ADA))


def test_a_teams_key_is_unique() -> None:
    given(sales).when(sales).then_refused("DUPLICATE", "key")


def test_a_team_never_stands_under_itself() -> None:
    given(sales).when(MoveTeam(team=SALES, parent=SALES)).then_refused("CIRCULAR", "parent")


def test_a_team_never_stands_under_one_of_its_own() -> None:
    given(sales, north).when(MoveTeam(team=SALES, parent=NORTH)).then_refused("CIRCULAR", "parent")
    far = FormTeam(key="far", name="Far north", parent=NORTH)
    given(sales, north, far).when(MoveTeam(team=SALES, parent=keyed_id(Kind.TEAM, "far"))).then_refused("CIRCULAR")


def test_a_team_changes_part_by_part() -> None:
    base = (ada, sales, north)
    given(*base).when(RenameTeam(team=SALES, name="Growth")).then(TeamRenamed(name="Growth"))
    given(*base).when(MoveTeam(team=NORTH, parent=None)).then(TeamMoved())
    given(*base).when(AppointLead(team=SALES, person=ADA)).then(TeamLeadAppointed(lead=ADA))
    given(*base).when(JoinTeam(team=SALES, person=ADA)).then(TeamJoined(person=ADA))
    given(*base, JoinTeam(team=SALES, person=ADA)).when(LeaveTeam(team=SALES, person=ADA)).then(TeamLeft(person=ADA))


def test_members_keep_the_order_in_which_they_joined() -> None:
    joined = [JoinTeam(team=SALES, person=person) for person in (BEN, ADA)]
    assert given(ada, ben, sales).when(joined[0]).thing(Team, SALES).members == (BEN,)
    assert given(ada, ben, sales, joined[0]).when(joined[1]).thing(Team, SALES).members == (BEN, ADA)


def test_who_has_left_neither_leads_nor_joins() -> None:
    given(ada, sales, ada_left).when(AppointLead(team=SALES, person=ADA)).then_refused("CONFLICT", "person")
    given(ada, sales, ada_left).when(JoinTeam(team=SALES, person=ADA)).then_refused("CONFLICT", "person")


@pytest.mark.parametrize(
    "command",
    [
        RenameTeam(team=SALES, name="Growth"),
        MoveTeam(team=SALES, parent=NORTH),
        AppointLead(team=SALES, person=ADA),
        JoinTeam(team=SALES, person=ADA),
    ],
    ids=lambda command: verb(type(command)),
)
def test_a_disbanded_team_takes_no_change(command: Command) -> None:
    apart = FormTeam(key="north", name="North")
    given(ada, sales, apart, DisbandTeam(team=SALES)).when(command).then_refused("CONFLICT", "team")


def test_nothing_is_put_under_a_disbanded_team() -> None:
    given(sales, DisbandTeam(team=SALES)).when(north).then_refused("CONFLICT", "parent")


# ── initiatives ──────────────────────────────────────────────────────────────────────────────────

INITIATIVE = made("work")
planned = called("work", PlanInitiative(title="Ask ten people", subject=key_result_ref()))


def test_an_initiative_is_planned_for_an_objective_or_key_result() -> None:
    given(*working).when(planned).then(InitiativePlanned(title="Ask ten people", subject=key_result_ref()))
    given(*working).when(PlanInitiative(title="Ask", subject=objective_ref())).then(
        InitiativePlanned(title="Ask", subject=objective_ref())
    )
    given(*working).when(PlanInitiative(title="Ask", subject=Ref(Kind.CYCLE, Q1_ID))).then_refused("INVALID", "subject")


def test_an_initiative_moves_any_way_as_work_goes() -> None:
    done = MoveInitiative(initiative=INITIATIVE, to=InitiativeState.DONE)
    again = MoveInitiative(initiative=INITIATIVE, to=InitiativeState.DOING)
    then = given(*working, planned, done).when(again)
    then.then(InitiativeMoved(to=InitiativeState.DOING))
    assert then.thing(Initiative, INITIATIVE).state is InitiativeState.DOING


def test_an_initiative_of_a_closed_cycle_no_longer_moves() -> None:
    move = MoveInitiative(initiative=INITIATIVE, to=InitiativeState.DONE)
    given(*working, planned, closed).when(move).then_refused("CLOSED")


# ── comments and reflections ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "subject",
    [
        Ref(Kind.PERSON, ADA),
        Ref(Kind.TEAM, SALES),
        Ref(Kind.CYCLE, Q1_ID),
        objective_ref(),
        key_result_ref(),
        Ref(Kind.CHECK_IN, CHECK_IN),
        Ref(Kind.INITIATIVE, INITIATIVE),
    ],
    ids=lambda subject: subject.kind,
)
def test_anything_can_be_commented_on(subject: Ref) -> None:
    given(ada, sales, *working, checked_in(1), planned).when(AddComment(subject=subject, body="Well *done*")).then(
        CommentAdded(subject=subject, body="Well *done*")
    )


def test_comments_of_comments_are_fine() -> None:
    comment = called("comment", AddComment(subject=objective_ref(), body="So?"))
    reply = AddComment(subject=Ref(Kind.COMMENT, made("comment")), body="So!")
    assert given(*working, comment).when(reply).topics() == ["comment-added"]


def test_the_policy_is_not_commented_on() -> None:
    given().when(AddComment(subject=Ref(Kind.POLICY, uuid4()), body="Hm")).then_refused("INVALID", "subject")


def test_a_reflection_is_on_a_cycle_or_an_objective() -> None:
    for subject in (Ref(Kind.CYCLE, Q1_ID), objective_ref()):
        given(*working).when(Reflect(subject=subject, kind=ReflectionKind.NEXT, body="Ask sooner")).then(
            Reflected(subject=subject, kind=ReflectionKind.NEXT, body="Ask sooner")
        )
    wrong = Reflect(subject=key_result_ref(), kind=ReflectionKind.NEXT, body="Ask sooner")
    given(*working).when(wrong).then_refused("INVALID", "subject")


def test_the_same_words_twice_are_said_twice() -> None:
    said = AddComment(subject=objective_ref(), body="Again!")
    assert given(*working, said).when(said).topics() == ["comment-added"]


@pytest.mark.parametrize("body", ["", " \n\t "])
def test_something_has_to_be_said(body: str) -> None:
    given(*working).when(AddComment(subject=objective_ref(), body=body)).then_refused("INVALID", "body")
    wrong = Reflect(subject=objective_ref(), kind=ReflectionKind.NEXT, body=body)
    given(*working).when(wrong).then_refused("INVALID", "body")


def test_what_was_dropped_may_still_be_talked_about() -> None:
    said = AddComment(subject=objective_ref(), body="A pity")
    assert given(opened, drafted, dropped).when(said).topics() == ["comment-added"]
