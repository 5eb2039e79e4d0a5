"""People, teams, initiatives, comments and reflections."""

from datetime import date
from uuid import uuid4

import pytest

from domain.commands.command import Command, verb
from domain.commands.discussion_commands import AddComment, EditInitiative, MoveInitiative, PlanInitiative, Reflect
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
from domain.handlers.dispatcher import command_id, input_digest
from domain.handlers.unit_of_work import keyed_id
from domain.model.discussion import (
    CommentAdded,
    Initiative,
    InitiativeEdited,
    InitiativeMoved,
    InitiativePlanned,
    Reflected,
)
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
    """The decrypted personal data of Ada's last event."""
    key = then.given.log.person_keys([ADA])[ADA]
    return personal_data.unseal(key, ADA, then.aggregate(Person, ADA).sealed)


# ── people ───────────────────────────────────────────────────────────────────────────────────────


def test_personal_data_of_a_person_is_encrypted() -> None:
    lovelace = AddPerson(handle="lovelace", name="Ada Lovelace", email=" lovelace@example.com ")
    then = given().when(called("ada", lovelace))
    assert personal(then) == Personal("lovelace", "Ada Lovelace", "lovelace@example.com")
    assert b"lovelace" not in then.entries[0].row.state.lower()


def test_a_handle_is_unique_even_after_deactivation() -> None:
    given(ada, ada_left).when(AddPerson(handle="ada", name="Another")).then_refused("DUPLICATE", "handle")


@pytest.mark.parametrize("email", ["ada", "ada@", "@example.com", "a da@example.com", "ada@example.com\x00"])
def test_an_email_address_has_two_parts(email: str) -> None:
    given().when(AddPerson(handle="ada", name="Ada", email=email)).then_refused("INVALID", "email")


def test_renaming_a_person_keeps_omitted_fields() -> None:
    with_email = called("ada", AddPerson(handle="ada", name="Ada", email="ada@example.com"))
    renamed = given(with_email).when(RenamePerson(person=ADA, name="Ada King"))
    assert personal(renamed) == Personal("ada", "Ada King", "ada@example.com")
    cleared = given(with_email).when(RenamePerson(person=ADA, email=None))
    assert personal(cleared) == Personal("ada", "Ada")


def test_erasing_an_active_or_deactivated_person_deletes_the_key() -> None:
    for history in ((ada,), (ada, ada_left)):
        then = given(*history).when(erased)
        then.then(PersonErased())
        assert then.given.log.person_keys([ADA]) == {}
        assert not then.aggregate(Person, ADA).active


def test_erasing_requires_a_reason() -> None:
    given(ada).when(ErasePerson(person=ADA)).then_refused("INVALID", "reason")


def test_erased_person_cannot_be_renamed() -> None:
    given(ada, erased).when(RenamePerson(person=ADA, name="Someone")).then_refused("CLOSED", "person")


def test_erased_person_cannot_join_a_team_and_is_already_inactive() -> None:
    given(ada, erased, sales).when(JoinTeam(team=SALES, person=ADA)).then_refused("CONFLICT", "person")
    given(ada, erased).when(ada_left).then_nothing()


def test_team_membership_and_lead_survive_erasure() -> None:
    then = given(ada, sales, JoinTeam(team=SALES, person=ADA), AppointLead(team=SALES, person=ADA), erased)
    team = then.aggregate(Team, SALES)
    assert (team.members, team.lead) == ((ADA,), ADA)
    then.when(LeaveTeam(team=SALES, person=ADA)).then(TeamLeft(person=ADA))


def test_handle_of_an_erased_person_can_be_reused() -> None:
    given(ada, erased).when(AddPerson(handle="ada", name="Another")).topics()


def test_repeated_creation_of_an_erased_person_records_nothing() -> None:
    again = given(ada, erased).when(ada)
    again.then_nothing()
    assert again.outcome is not None and again.outcome.repeated


def test_command_digest_with_personal_data_is_keyed() -> None:
    log = given(ada).log
    done = log.command(command_id(ACTOR, "ada"))
    assert done is not None
    key = log.person_keys([ADA])[ADA]
    assert done.digest == personal_data.keyed_digest(key, input_digest(ada)) != input_digest(ada)


def test_idempotency_key_with_other_personal_data_is_a_mismatch() -> None:
    otherwise = called("ada", AddPerson(handle="ada", name="Another"))
    given(ada).when(otherwise).then_refused("IDEMPOTENCY_MISMATCH", "idempotencyKey")
    given(ada).when(called("ada", sales)).then_refused("IDEMPOTENCY_MISMATCH", "idempotencyKey")
    given(called("ada", sales)).when(ada).then_refused("IDEMPOTENCY_MISMATCH", "idempotencyKey")


def test_idempotency_keys_of_an_erased_person_are_not_reused_for_another_person() -> None:
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


def test_a_team_may_have_a_parent_and_a_lead() -> None:
    inner = FormTeam(key="north", name="North", parent=SALES, lead=ADA)
    given(ada, sales).when(inner).then(TeamFormed(key="north", name="North", parent=SALES, lead=ADA))


def test_a_teams_key_is_unique() -> None:
    given(sales).when(sales).then_refused("DUPLICATE", "key")


def test_a_team_is_not_its_own_parent() -> None:
    given(sales).when(MoveTeam(team=SALES, parent=SALES)).then_refused("CIRCULAR", "parent")


def test_a_team_is_not_moved_under_its_descendants() -> None:
    given(sales, north).when(MoveTeam(team=SALES, parent=NORTH)).then_refused("CIRCULAR", "parent")
    far = FormTeam(key="far", name="Far north", parent=NORTH)
    given(sales, north, far).when(MoveTeam(team=SALES, parent=keyed_id(Kind.TEAM, "far"))).then_refused("CIRCULAR")


def test_each_attribute_of_a_team_has_its_own_command() -> None:
    base = (ada, sales, north)
    given(*base).when(RenameTeam(team=SALES, name="Growth")).then(TeamRenamed(name="Growth"))
    given(*base).when(MoveTeam(team=NORTH, parent=None)).then(TeamMoved())
    given(*base).when(AppointLead(team=SALES, person=ADA)).then(TeamLeadAppointed(lead=ADA))
    given(*base).when(JoinTeam(team=SALES, person=ADA)).then(TeamJoined(person=ADA))
    given(*base, JoinTeam(team=SALES, person=ADA)).when(LeaveTeam(team=SALES, person=ADA)).then(TeamLeft(person=ADA))


def test_members_keep_the_order_in_which_they_joined() -> None:
    joined = [JoinTeam(team=SALES, person=person) for person in (BEN, ADA)]
    assert given(ada, ben, sales).when(joined[0]).aggregate(Team, SALES).members == (BEN,)
    assert given(ada, ben, sales, joined[0]).when(joined[1]).aggregate(Team, SALES).members == (BEN, ADA)


def test_deactivated_person_cannot_lead_or_join_a_team() -> None:
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
def test_disbanded_team_refuses_changes(command: Command) -> None:
    apart = FormTeam(key="north", name="North")
    given(ada, sales, apart, DisbandTeam(team=SALES)).when(command).then_refused("CONFLICT", "team")


def test_disbanded_team_cannot_be_a_parent() -> None:
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


def test_an_initiative_moves_between_any_states() -> None:
    done = MoveInitiative(initiative=INITIATIVE, to=InitiativeState.DONE)
    again = MoveInitiative(initiative=INITIATIVE, to=InitiativeState.DOING)
    then = given(*working, planned, done).when(again)
    then.then(InitiativeMoved(to=InitiativeState.DOING))
    assert then.aggregate(Initiative, INITIATIVE).state is InitiativeState.DOING


def test_initiative_in_a_closed_cycle_refuses_to_move() -> None:
    move = MoveInitiative(initiative=INITIATIVE, to=InitiativeState.DONE)
    given(*working, planned, closed).when(move).then_refused("CLOSED")


def test_editing_an_initiative_keeps_what_is_omitted() -> None:
    base = given(ada, *working, planned)
    base.when(EditInitiative(initiative=INITIATIVE, owner=ADA)).then(
        InitiativeEdited(title="Ask ten people", owner=ADA)
    )
    base.when(EditInitiative(initiative=INITIATIVE, title="Ask twenty", due=date(2026, 3, 1))).then(
        InitiativeEdited(title="Ask twenty", owner=ADA, due=date(2026, 3, 1))
    )
    base.when(EditInitiative(initiative=INITIATIVE, owner=None, due=None)).then(InitiativeEdited(title="Ask twenty"))


def test_an_initiative_is_edited_in_any_state_of_its_work() -> None:
    done = MoveInitiative(initiative=INITIATIVE, to=InitiativeState.DONE)
    given(*working, planned, done).when(EditInitiative(initiative=INITIATIVE, title="Asked")).then(
        InitiativeEdited(title="Asked")
    )


def test_initiative_in_a_closed_cycle_refuses_to_be_edited() -> None:
    given(*working, planned, closed).when(EditInitiative(initiative=INITIATIVE, title="Asked")).then_refused("CLOSED")


def test_an_initiative_is_not_given_to_a_person_who_has_left() -> None:
    edit = EditInitiative(initiative=INITIATIVE, owner=ADA)
    given(ada, ada_left, *working, planned).when(edit).then_refused("CONFLICT", "owner")


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
def test_every_kind_of_node_accepts_comments(subject: Ref) -> None:
    given(ada, sales, *working, checked_in(1), planned).when(AddComment(subject=subject, body="Well *done*")).then(
        CommentAdded(subject=subject, body="Well *done*")
    )


def test_a_comment_may_be_on_a_comment() -> None:
    comment = called("comment", AddComment(subject=objective_ref(), body="So?"))
    reply = AddComment(subject=Ref(Kind.COMMENT, made("comment")), body="So!")
    assert given(*working, comment).when(reply).topics() == ["comment-added"]


def test_the_scoring_policy_refuses_comments() -> None:
    given().when(AddComment(subject=Ref(Kind.POLICY, uuid4()), body="Hm")).then_refused("INVALID", "subject")


def test_a_reflection_is_on_a_cycle_or_an_objective() -> None:
    for subject in (Ref(Kind.CYCLE, Q1_ID), objective_ref()):
        given(*working).when(Reflect(subject=subject, kind=ReflectionKind.NEXT, body="Ask sooner")).then(
            Reflected(subject=subject, kind=ReflectionKind.NEXT, body="Ask sooner")
        )
    wrong = Reflect(subject=key_result_ref(), kind=ReflectionKind.NEXT, body="Ask sooner")
    given(*working).when(wrong).then_refused("INVALID", "subject")


def test_a_repeated_comment_is_recorded_again() -> None:
    comment = AddComment(subject=objective_ref(), body="Again!")
    assert given(*working, comment).when(comment).topics() == ["comment-added"]


@pytest.mark.parametrize("body", ["", " \n\t "])
def test_empty_comments_and_reflections_are_refused(body: str) -> None:
    given(*working).when(AddComment(subject=objective_ref(), body=body)).then_refused("INVALID", "body")
    wrong = Reflect(subject=objective_ref(), kind=ReflectionKind.NEXT, body=body)
    given(*working).when(wrong).then_refused("INVALID", "body")


def test_dropped_objective_accepts_comments() -> None:
    comment = AddComment(subject=objective_ref(), body="A pity")
    assert given(opened, drafted, dropped).when(comment).topics() == ["comment-added"]
