"""Private goals are indistinguishable from unknown ids to others: identical answers and identical timing."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from domain.commands.command import Command, KpiBy, verb
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.discussion_commands import AddComment, EditInitiative, MoveInitiative, PlanInitiative, Reflect
from domain.commands.key_result_commands import AssignKeyResult, CheckIn, CorrectCheckIn
from domain.commands.kpi_commands import ReadingInput, RecordReadings
from domain.commands.objective_commands import (
    AlignObjective,
    AssignObjective,
    CarryObjective,
    DraftObjective,
    DropObjective,
    RewordObjective,
    SetObjectiveVisibility,
    UnalignObjective,
)
from domain.commands.people_commands import AppointLead, JoinTeam, LeaveTeam, MoveTeam
from domain.commands.permissions import Author, Role, permissions
from domain.commands.registry import VERBS
from domain.commands.subject_commands import SetExternalReference, SetLabels
from domain.handlers import dispatcher
from domain.handlers.authorization import sees
from domain.handlers.unit_of_work import UnitOfWork
from domain.model.objective import Objective
from domain.primitives.values import Kind, Ref, Visibility
from tests.api.authorization.two_teams import (
    CARL,
    COMMANDS,
    NEXT,
    OUR,
    OURS,
    QUARTER,
    THEIR,
    THEIRS,
    by,
    company,
    goal,
    goal_ref,
    proof,
    proof_ref,
)
from tests.domain.given_goals import ADA, BEN
from tests.domain.scenario import Given, Then, made, on

SUBJECTS = [
    goal_ref(THEIR),
    proof_ref(THEIR),
    Ref(Kind.CHECK_IN, made("their check-in")),
    Ref(Kind.INITIATIVE, made("their work")),
    Ref(Kind.COMMENT, made("their comment")),
    Ref(Kind.REFLECTION, made("their thought")),
]
"""One subject of each kind that belongs to the private goal."""
PRIVATE: list[Command] = [
    *(COMMANDS[kind](THEIR) for kind in COMMANDS if "objective" in kind.__struct_fields__),
    *(COMMANDS[kind](THEIR) for kind in COMMANDS if {"key_result", "check_in"} & {*kind.__struct_fields__}),
    COMMANDS[PlanInitiative](THEIR),
    PlanInitiative(title="New", subject=proof_ref(THEIR)),
    COMMANDS[SetLabels](THEIR),
    COMMANDS[SetExternalReference](THEIR),
    COMMANDS[EditInitiative](THEIR),
    COMMANDS[MoveInitiative](THEIR),
    COMMANDS[Reflect](THEIR),
    *(AddComment(subject=subject, body="Well") for subject in SUBJECTS),
    DraftObjective(cycle=QUARTER, title="New", owner=ADA, supports=[goal_ref(THEIR)]),
    DraftObjective(cycle=QUARTER, title="New", owner=ADA, supports=[goal_ref(OUR), proof_ref(THEIR)]),
    AlignObjective(objective=goal(OUR, "draft"), to=goal_ref(THEIR)),
    AlignObjective(objective=goal(OUR, "draft"), to=proof_ref(THEIR)),
    UnalignObjective(objective=goal(OUR), from_=goal_ref(THEIR)),
    UnalignObjective(objective=goal(OUR), from_=proof_ref(THEIR)),
]
"""Every command argument that can name a private aggregate."""
STRANGERS = [by(Role.LEAD), by(Role.MEMBER), by(Role.LEAD, Role.MEMBER, Role.METRICS), by(Role.LEAD, person=None)]


@pytest.fixture(autouse=True)
def _no_not_found_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "NOT_FOUND_SECONDS", 1e-9)


def company_with_private_goals(*history: Command) -> Given:
    """The company after `history`, with the goals of the second team private to it."""
    there = company(Visibility.TEAM)
    for command in history:
        then = there.when(command)
        assert then.refused is None, then.refused
    return there


def ids(command: Command) -> list[UUID]:
    """The private ids named in a command."""
    values = [
        one for value in msgspec.structs.astuple(command) for one in (value if isinstance(value, list) else [value])
    ]
    named = [one.id if isinstance(one, Ref) else one for one in values if isinstance(one, UUID | Ref)]
    known = {goal(THEIR, which) for which in ("draft", "active", "above", "dropped")}
    known |= {proof(THEIR), proof(THEIR, "linked"), *(subject.id for subject in SUBJECTS)}
    return [id for id in named if id in known]


def with_id(command: Command, id: UUID, other: UUID) -> Command:
    """The command with `id` replaced by `other`."""
    encoded = msgspec.json.encode(command).replace(str(id).encode(), str(other).encode())
    return msgspec.json.decode(encoded, type=type(command))


def refusal(then: Then, id: UUID) -> tuple[Any, ...]:
    assert then.refused is not None, then.topics()
    return then.refused.code, then.refused.field, then.refused.message.replace(str(id), "…"), len(then.entries)


# ── private ids are refused like unknown ids ──────────────────────────────────────────────────────


def test_all_commands_that_can_name_a_goal_are_covered() -> None:
    others = {kind for kind in COMMANDS if not ids(COMMANDS[kind](THEIR))}
    assert {type(command) for command in PRIVATE} | others == set(VERBS.values())
    assert all(ids(command) for command in PRIVATE)


def is_by_role(command: Command, author: Author) -> bool:
    """Whether the roles of an author suffice for no command of this kind."""
    needs = command.NEEDS
    return needs.own is None and needs.any_subject not in permissions(author.roles)


@pytest.mark.parametrize("author", STRANGERS)
@pytest.mark.parametrize("command", PRIVATE, ids=lambda command: verb(type(command)))
def test_private_id_is_refused_like_an_unknown_id(command: Command, author: Author) -> None:
    for id in ids(command):
        nowhere = uuid4()
        found = refusal(company_with_private_goals().when(command, author), id)
        missed = refusal(company_with_private_goals().when(with_id(command, id, nowhere), author), nowhere)
        assert found == missed
        assert found[0] == ("FORBIDDEN" if is_by_role(command, author) else "NOT_FOUND")


@pytest.mark.parametrize("expected", [1, 2, 99])
@pytest.mark.parametrize("command", PRIVATE, ids=lambda command: verb(type(command)))
def test_expected_version_does_not_reveal_private_goals(command: Command, expected: int) -> None:
    asked = msgspec.structs.replace(command, expected_version=expected)
    for id in ids(asked)[:1]:
        nowhere = uuid4()
        found = refusal(company_with_private_goals().when(asked, by(Role.LEAD)), id)
        assert found == refusal(company_with_private_goals().when(with_id(asked, id, nowhere), by(Role.LEAD)), nowhere)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.METRICS])
@pytest.mark.parametrize("command", PRIVATE, ids=lambda command: verb(type(command)))
def test_read_only_roles_get_the_same_refusal_for_private_and_unknown_ids(command: Command, role: Role) -> None:
    for id in ids(command):
        nowhere = uuid4()
        found = refusal(company_with_private_goals().when(command, by(role)), id)
        assert found == refusal(company_with_private_goals().when(with_id(command, id, nowhere), by(role)), nowhere)
        assert found[0] == "FORBIDDEN"


@pytest.mark.parametrize("author", [by(Role.MEMBER), by(Role.LEAD), by(Role.METRICS)])
def test_private_id_given_as_a_kpi_id_is_refused_like_an_unknown_id(author: Author) -> None:
    for subject in SUBJECTS:
        nowhere = uuid4()
        reading = ReadingInput(kpi=KpiBy(id=subject.id), value=1, measured_at=on(2, 2))
        asked = RecordReadings(readings=[reading])
        found = refusal(company_with_private_goals().when(asked, author), subject.id)
        assert found == refusal(company_with_private_goals().when(with_id(asked, subject.id, nowhere), author), nowhere)


def test_existing_alignment_with_a_private_goal_is_not_revealed() -> None:
    aligned = AlignObjective(objective=goal(OUR), to=goal_ref(THEIR))
    unaligned = UnalignObjective(objective=goal(OUR), from_=goal_ref(THEIR))
    for asked in (aligned, unaligned):
        nowhere = uuid4()
        found = refusal(company_with_private_goals(aligned).when(asked, by(Role.LEAD)), goal(THEIR))
        assert found == refusal(
            company_with_private_goals(aligned).when(with_id(asked, goal(THEIR), nowhere), by(Role.LEAD)), nowhere
        )


# ── who sees a private goal ───────────────────────────────────────────────────────────────────────

SHOWN = SetObjectiveVisibility(objective=goal(THEIR), visibility=Visibility.WORKSPACE)
HIDDEN = SetObjectiveVisibility(objective=goal(THEIR), visibility=Visibility.TEAM)
TO_SEE: list[tuple[str, list[Command], Author]] = [
    ("its owner", [], by(Role.MEMBER, person=BEN)),
    ("a lead who owns it", [], by(Role.LEAD, person=BEN)),
    (
        "a contributor",
        [AssignObjective(objective=goal(THEIR), contributors=[CARL])],
        by(Role.MEMBER, person=CARL),
    ),
    ("the lead of its team", [AppointLead(team=THEIRS, person=CARL)], by(Role.MEMBER, person=CARL)),
    ("a member of its team", [JoinTeam(team=THEIRS, person=CARL)], by(Role.LEAD, person=CARL)),
    (
        "the owner of a key result",
        [AssignKeyResult(key_result=proof(THEIR), owner=CARL)],
        by(Role.LEAD, person=CARL),
    ),
    ("an admin", [], by(Role.ADMIN)),
    ("a machine that is an admin", [], by(Role.ADMIN, person=None)),
    ("an auditor who leads elsewhere", [], by(Role.AUDITOR, Role.LEAD)),
    ("any lead, once it is visible", [SHOWN], by(Role.LEAD)),
]


@pytest.mark.parametrize(("history", "author"), [to[1:] for to in TO_SEE], ids=[to[0] for to in TO_SEE])
def test_involved_author_sees_the_private_goal(history: list[Command], author: Author) -> None:
    there = company_with_private_goals(*history)
    assert there.when(COMMANDS[CheckIn](THEIR), author).topics() == ["key-result-checked-in"]
    assert _sees(there, author)


NOT_TO_SEE: list[tuple[str, list[Command], Author]] = [
    ("a lead of elsewhere", [], by(Role.LEAD)),
    ("who left its team", [JoinTeam(team=THEIRS, person=CARL), LeaveTeam(team=THEIRS, person=CARL)],
     by(Role.LEAD, person=CARL)),
    ("who led its team", [AppointLead(team=THEIRS, person=CARL), AppointLead(team=THEIRS, person=BEN)],
     by(Role.LEAD, person=CARL)),
    ("who is in the team above", [MoveTeam(team=THEIRS, parent=OURS)], by(Role.LEAD)),
    ("the owner of its initiative", [PlanInitiative(title="Work", subject=goal_ref(THEIR), owner=CARL)],
     by(Role.LEAD, person=CARL)),
    ("any lead, once it is hidden again", [SHOWN, HIDDEN], by(Role.LEAD)),
    ("a machine", [], by(Role.LEAD, person=None)),
]  # fmt: skip


@pytest.mark.parametrize(("history", "author"), [to[1:] for to in NOT_TO_SEE], ids=[to[0] for to in NOT_TO_SEE])
def test_uninvolved_author_does_not_see_the_private_goal(history: list[Command], author: Author) -> None:
    there = company_with_private_goals(*history)
    there.when(COMMANDS[CheckIn](THEIR), author).then_refused("NOT_FOUND", "keyResult")
    assert not _sees(there, author)


def _sees(there: Given, author: Author) -> bool:
    return sees(UnitOfWork(there.log, author, SHOWN, uuid4()), there.aggregate(Objective, goal(THEIR)))


def test_lead_who_hides_a_goal_from_themselves_no_longer_sees_it() -> None:
    there = company()
    hiding = SetObjectiveVisibility(objective=goal(THEIR), visibility=Visibility.TEAM)
    assert there.when(hiding, by(Role.LEAD)).topics() == ["objective-visibility-set"]
    there.when(SHOWN, by(Role.LEAD)).then_refused("NOT_FOUND", "objective")


def test_carried_private_goal_stays_private() -> None:
    carried = CarryObjective(objective=goal(THEIR), into=NEXT, idempotency_key="carried")
    there = company_with_private_goals(carried)
    for id in [made("carried"), made("carried", 2)]:
        comment = AddComment(subject=Ref(Kind.OBJECTIVE if id == made("carried") else Kind.KEY_RESULT, id), body="W")
        there.when(comment, by(Role.LEAD)).then_refused("NOT_FOUND", "subject")


# ── visible aggregates next to private ones ───────────────────────────────────────────────────────


def test_refusal_to_close_a_cycle_names_only_visible_goals() -> None:
    closing = CloseCycle(cycle=QUARTER)
    there = company_with_private_goals(ActivateCycle(cycle=QUARTER))
    refused = there.when(closing, by(Role.LEAD)).then_refused("CONFLICT", "cycle")
    assert refused.message == (
        "Still active: 'our draft goal', 'our active goal', 'our above goal', and objectives that are private to "
        "their team. Close or drop them first, or set closeObjectives: true."
    )
    assert "their" in there.when(closing, by(Role.ADMIN)).then_refused("CONFLICT", "cycle").message


def test_refusal_to_close_a_cycle_mentions_open_private_goals_without_titles() -> None:
    dropped = [DropObjective(objective=goal(OUR, which), reason="r") for which in ("draft", "active", "above")]
    there = company_with_private_goals(*dropped, ActivateCycle(cycle=QUARTER))
    refused = there.when(CloseCycle(cycle=QUARTER), by(Role.LEAD)).then_refused("CONFLICT", "cycle")
    assert refused.message.startswith("Still active: objectives that are private to their team. Close")


def test_lead_closes_a_cycle_including_its_private_goals() -> None:
    there = company_with_private_goals()
    assert there.when(ActivateCycle(cycle=QUARTER), by(Role.LEAD)).refused is None
    assert there.when(CloseCycle(cycle=QUARTER, close_objectives=True), by(Role.LEAD)).refused is None
    assert there.aggregate(Objective, goal(THEIR)).has_ended


def test_circular_alignment_error_does_not_name_private_goals() -> None:
    there = company_with_private_goals(
        AlignObjective(objective=goal(THEIR, "above"), to=goal_ref(OUR, "draft")),
        AlignObjective(objective=goal(OUR, "above"), to=goal_ref(THEIR)),
    )
    aligning = AlignObjective(objective=goal(OUR, "draft"), to=goal_ref(OUR, "above"))
    refused = there.when(aligning, by(Role.LEAD)).then_refused("CIRCULAR", "to")
    assert (
        refused.message
        == "'our above goal' already supports 'our draft goal', directly or indirectly; choose another goal."
    )


def test_expected_version_ignores_changes_the_author_cannot_see() -> None:
    seen = company(Visibility.TEAM).aggregate(Objective, goal(OUR)).version
    reworded = msgspec.structs.replace(COMMANDS[RewordObjective](OUR), expected_version=seen)
    aligned = AlignObjective(objective=goal(OUR), to=proof_ref(THEIR))
    assert company_with_private_goals(aligned).when(reworded, by(Role.LEAD)).topics() == ["objective-reworded"]
    company_with_private_goals(aligned).when(reworded, by(Role.ADMIN)).then_refused("STALE", "expectedVersion")
    changed = AssignObjective(objective=goal(OUR), contributors=[CARL])
    for history in ([aligned, changed], [changed, aligned]):
        company_with_private_goals(*history).when(reworded, by(Role.LEAD)).then_refused("STALE", "expectedVersion")


# ── concurrent changes ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("history", "meanwhile"),
    [
        ([SHOWN], HIDDEN),
        ([JoinTeam(team=THEIRS, person=ADA)], LeaveTeam(team=THEIRS, person=ADA)),
        (
            [AssignKeyResult(key_result=proof(THEIR, "linked"), owner=ADA)],
            AssignKeyResult(key_result=proof(THEIR, "linked"), owner=BEN),
        ),
    ],
)
def test_goal_hidden_concurrently_is_not_found(history: list[Command], meanwhile: Command) -> None:
    there = company_with_private_goals(*history).meanwhile("append", meanwhile)
    then = there.when(COMMANDS[CheckIn](THEIR), by(Role.LEAD))
    assert then.refused is not None and then.refused.code == "NOT_FOUND"
    assert len(then.entries) == 1


# ── timing ────────────────────────────────────────────────────────────────────────────────────────


class Clock(SimpleNamespace):
    """A clock that advances only by reads and sleeps."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("command", [PRIVATE[0], COMMANDS[CorrectCheckIn](THEIR), PRIVATE[-1]])
@pytest.mark.parametrize("read_seconds", [0.001, 0.012])
def test_private_and_unknown_ids_are_refused_after_the_same_time(
    command: Command, read_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(dispatcher, "time", clock)
    monkeypatch.setattr(dispatcher, "NOT_FOUND_SECONDS", 0.1)
    there = company_with_private_goals()
    plain = there.log.streams

    def slowly(wanted: Any) -> Any:
        clock.now += read_seconds
        return plain(wanted)

    monkeypatch.setattr(there.log, "streams", slowly)
    took = []
    for id in (ids(command)[0], uuid4()):
        began = clock.now
        there.when(with_id(command, ids(command)[0], id), by(Role.LEAD)).then_refused("NOT_FOUND")
        took.append(clock.now - began)
    assert took == pytest.approx([0.1, 0.1])


def test_admin_gets_not_found_without_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(dispatcher, "time", clock)
    company_with_private_goals().when(with_id(PRIVATE[0], ids(PRIVATE[0])[0], uuid4()), by(Role.ADMIN)).then_refused(
        "NOT_FOUND"
    )
    assert clock.now == Clock.now
