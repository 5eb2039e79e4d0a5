"""Ownership: a goal and its children belong to the goal's owner, its contributors and its team's lead."""

from uuid import UUID, uuid4

import msgspec
import pytest

from domain.commands.command import Command, verb
from domain.commands.discussion_commands import AddComment, MoveInitiative, PlanInitiative
from domain.commands.key_result_commands import AssignKeyResult, CheckIn, MoveKeyResult, RewordKeyResult
from domain.commands.kpi_commands import CorrectReading, ReadingInput, RecordReadings, RedefineKpi, RetractReading
from domain.commands.objective_commands import (
    AssignObjective,
    DraftObjective,
    DropObjective,
    ReopenObjective,
    RewordObjective,
)
from domain.commands.people_commands import AppointLead, JoinTeam
from domain.commands.permissions import Permission, Role
from domain.commands.registry import VERBS
from domain.handlers.unit_of_work import keyed_id
from domain.primitives.values import Kind, Ref
from tests.api.authorization.two_teams import (
    CARL,
    COMMANDS,
    DORA,
    OUR,
    OURS,
    QUARTER,
    THEIR,
    THEIRS,
    by,
    company,
    goal,
    goal_ref,
    kpi,
    proof,
    reading,
)
from tests.domain.given_goals import ADA, BEN
from tests.domain.scenario import Given, Then, made, on

OF_GOALS = [
    kind for kind in VERBS.values() if kind.NEEDS.own is Permission.EDIT_OWN_GOALS and kind.NEEDS.of is not None
]
OF_KEY_RESULTS = [
    kind for kind in OF_GOALS if kind.NEEDS.of in ("key_result", "check_in") and kind is not MoveKeyResult
]
OF_READINGS = [kind for kind in VERBS.values() if kind.NEEDS.own is Permission.RECORD_OWN_READINGS]


def after(*history: Command) -> Given:
    there = company()
    for command in history:
        then = there.when(command)
        assert then.refused is None, then.refused
    return there


def carl_contributes(which: str) -> Command:
    return AssignObjective(objective=goal(OUR, which), contributors=[DORA, CARL])


def carl_owns(which: str) -> Command:
    return AssignObjective(objective=goal(OUR, which), owner=CARL)


REOPENED = ReopenObjective(objective=goal(OUR, "dropped"), reason="to give it away")
DROPPED = DropObjective(objective=goal(OUR, "dropped"), reason="again")
TO_CARL: dict[str, list[Command]] = {
    "contributor": [*map(carl_contributes, ("active", "draft")), REOPENED, carl_contributes("dropped"), DROPPED],
    "owner": [*map(carl_owns, ("active", "draft")), REOPENED, carl_owns("dropped"), DROPPED],
    "lead": [AppointLead(team=OURS, person=CARL)],
}


@pytest.mark.parametrize("as_what", TO_CARL)
@pytest.mark.parametrize("kind", OF_GOALS, ids=verb)
def test_owner_contributor_and_team_lead_may_edit_a_goal(kind: type[Command], as_what: str) -> None:
    carl = by(Role.MEMBER, person=CARL)
    after().when(COMMANDS[kind](OUR), carl).then_refused("FORBIDDEN")
    after(*TO_CARL[as_what]).when(COMMANDS[kind](OUR), carl).topics()


@pytest.mark.parametrize("kind", OF_GOALS, ids=verb)
def test_team_members_may_not_edit_the_teams_goals(kind: type[Command]) -> None:
    joined = JoinTeam(team=OURS, person=CARL)
    after(joined).when(COMMANDS[kind](OUR), by(Role.MEMBER, person=CARL)).then_refused("FORBIDDEN")


@pytest.mark.parametrize("kind", OF_KEY_RESULTS, ids=verb)
def test_owner_of_a_key_result_may_edit_it(kind: type[Command]) -> None:
    given = [AssignKeyResult(key_result=proof(OUR, which), owner=CARL) for which in ("measured", "linked")]
    after(*given).when(COMMANDS[kind](OUR), by(Role.MEMBER, person=CARL)).topics()


def test_owner_of_a_key_result_may_move_it_only_to_an_own_goal() -> None:
    given = AssignKeyResult(key_result=proof(OUR), owner=CARL)
    command, carl = COMMANDS[MoveKeyResult](OUR), by(Role.MEMBER, person=CARL)
    after(given).when(command, carl).then_refused("FORBIDDEN")
    assert isinstance(command, MoveKeyResult)
    assert isinstance(command.to, UUID)
    after(given, AssignObjective(objective=command.to, owner=CARL)).when(command, carl).topics()


def test_owner_of_a_key_result_may_not_edit_its_goal() -> None:
    given = AssignKeyResult(key_result=proof(OUR), owner=CARL)
    command = COMMANDS[RewordObjective](OUR)
    after(given).when(command, by(Role.MEMBER, person=CARL)).then_refused("FORBIDDEN")


def test_owner_of_an_initiative_may_move_it() -> None:
    planned = PlanInitiative(title="Work", subject=goal_ref(OUR), owner=CARL, idempotency_key="carl's work")
    moved = msgspec.structs.replace(COMMANDS[MoveInitiative](OUR), initiative=made("carl's work"))
    after(planned).when(moved, by(Role.MEMBER, person=CARL)).topics()


@pytest.mark.parametrize("kind", OF_READINGS, ids=verb)
def test_owner_of_a_kpi_may_write_its_readings(kind: type[Command]) -> None:
    carl = by(Role.MEMBER, person=CARL)
    after().when(COMMANDS[kind](OUR), carl).then_refused("FORBIDDEN")
    given = RedefineKpi(kpi=kpi(OUR), owner=CARL, reason="agreed")
    after(given).when(COMMANDS[kind](OUR), carl).topics()


def test_batch_with_a_reading_of_another_owners_kpi_is_refused() -> None:
    def read(whose: str) -> ReadingInput:
        return ReadingInput(kpi=kpi(whose), value=2, measured_at=on(2, 2))

    member = by(Role.MEMBER)
    after().when(RecordReadings(readings=[read(OUR), read(THEIR)]), member).then_refused("FORBIDDEN")
    assert after().when(RecordReadings(readings=[read(OUR)]), member).topics() == ["reading-recorded"]


@pytest.mark.parametrize(
    ("owner", "contributors", "team", "may"),
    [
        (ADA, [], None, True),
        (BEN, [ADA], None, True),
        (None, [], OURS, True),
        (None, [], None, False),
        (BEN, [CARL], THEIRS, False),
    ],
)
def test_member_drafts_only_goals_they_are_involved_in(
    owner: UUID | None, contributors: list[UUID], team: UUID | None, may: bool
) -> None:
    drafting = DraftObjective(cycle=QUARTER, title="New", owner=owner, contributors=contributors, team=team)
    then = company().when(drafting, by(Role.MEMBER))
    if may:
        assert then.topics() == ["objective-drafted"]
    else:
        then.then_refused("FORBIDDEN", "")


@pytest.mark.parametrize(
    ("subject", "may"),
    [
        (Ref(Kind.KEY_RESULT, proof(OUR)), True),
        (Ref(Kind.CHECK_IN, made("our check-in")), True),
        (Ref(Kind.INITIATIVE, made("our work")), True),
        (Ref(Kind.COMMENT, made("our comment")), True),
        (Ref(Kind.REFLECTION, made("our thought")), True),
        (Ref(Kind.KPI, keyed_id(Kind.KPI, "our-kpi")), True),
        (Ref(Kind.READING, reading(OUR)), True),
        (Ref(Kind.CHECK_IN, made("their check-in")), False),
        (Ref(Kind.COMMENT, made("their comment")), False),
        (Ref(Kind.READING, reading(THEIR)), False),
        (Ref(Kind.PERSON, ADA), False),
        (Ref(Kind.TEAM, OURS), False),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Ref) else str(value),
)
def test_member_comments_only_on_subjects_of_own_goals_and_kpis(subject: Ref, may: bool) -> None:
    then = company().when(AddComment(subject=subject, body="Well"), by(Role.MEMBER))
    if may:
        assert then.topics() == ["comment-added"]
    else:
        then.then_refused("FORBIDDEN", "")


@pytest.mark.parametrize("kind", [*OF_GOALS, CorrectReading, RetractReading], ids=verb)
def test_unknown_id_is_not_found_for_members_too(kind: type[Command]) -> None:
    of, nowhere = kind.NEEDS.of, uuid4()
    assert of is not None
    command = COMMANDS[kind](OUR)
    named = getattr(command, of)
    unknown = msgspec.structs.replace(named, id=nowhere) if isinstance(named, Ref) else nowhere
    refused = (
        company().when(msgspec.structs.replace(command, **{of: unknown}), by(Role.MEMBER)).then_refused("NOT_FOUND")
    )
    assert str(nowhere) in refused.message


# ── concurrent changes ────────────────────────────────────────────────────────────────────────────


def assert_refused_after_retry(then: Then) -> None:
    """The command is refused after a retry; only the concurrent change is recorded."""
    assert then.refused is not None and then.refused.code == "FORBIDDEN"
    assert len(then.entries) == 1


@pytest.mark.parametrize(
    "meanwhile",
    [
        AssignObjective(objective=goal(OUR), owner=CARL, team=THEIRS),
        AssignObjective(objective=goal(OUR), owner=None, team=None),
    ],
)
def test_concurrent_reassignment_ends_ownership(meanwhile: Command) -> None:
    there = company().meanwhile("append", meanwhile)
    assert_refused_after_retry(there.when(COMMANDS[CheckIn](OUR), by(Role.MEMBER)))


def test_concurrent_change_of_lead_ends_permission() -> None:
    there = after(AssignObjective(objective=goal(OUR), owner=BEN))
    there.meanwhile("append", AppointLead(team=OURS, person=BEN))
    assert_refused_after_retry(there.when(COMMANDS[RewordKeyResult](OUR), by(Role.MEMBER)))


# ── idempotent repetition ─────────────────────────────────────────────────────────────────────────


def test_repeated_command_is_answered_after_it_gave_the_goal_away() -> None:
    away = AssignObjective(objective=goal(OUR), owner=CARL, team=THEIRS, idempotency_key="away")
    there = company()
    first = there.when(away, by(Role.MEMBER)).outcome
    again = there.when(away, by(Role.MEMBER)).outcome
    assert first is not None and again is not None and again.repeated
    assert again.result == first.result


def test_repeated_command_is_answered_only_to_a_caller_with_a_permitted_role() -> None:
    reworded = RewordObjective(objective=goal(OUR), title="Other", idempotency_key="reworded")
    there = company()
    assert there.when(reworded, by(Role.LEAD)).topics() == ["objective-reworded"]
    there.when(reworded, by(Role.AUDITOR)).then_refused("FORBIDDEN", "")
    assert there.when(reworded, by(Role.MEMBER)).outcome is not None
