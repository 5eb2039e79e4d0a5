"""Rules of every command: effective time, reason, expected version, idempotency key, texts, authorship."""

from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from domain.commands.command import Command, verb
from domain.commands.cycle_commands import (
    AbandonCycle,
    ActivateCycle,
    AdoptScoringPolicy,
    CloseCycle,
    OpenCycle,
    RescheduleCycle,
)
from domain.commands.discussion_commands import AddComment, PlanInitiative
from domain.commands.key_result_commands import (
    AddKeyResult,
    CheckIn,
    CorrectCheckIn,
    DropKeyResult,
    PlanKeyResult,
    RescheduleKeyResult,
    RetargetKeyResult,
    ReweighKeyResult,
    RewordKeyResult,
)
from domain.commands.kpi_commands import CorrectReading, RedefineKpi, RetireKpi, RetractReading, SetKpiTargets
from domain.commands.objective_commands import (
    AlignObjective,
    CommitObjective,
    DraftObjective,
    DropObjective,
    ReopenObjective,
    RewordObjective,
)
from domain.commands.people_commands import DeactivatePerson, ErasePerson, FormTeam, RenameTeam
from domain.commands.permissions import Author, Role
from domain.commands.registry import VERBS
from domain.model.measurements.check_in import KeyResultCheckedIn
from domain.model.objective import Objective, ObjectiveReworded
from domain.primitives.values import Kind, KpiTarget, Ref, Source
from tests.domain.given_goals import (
    ADA,
    CHECK_IN,
    KEY_RESULT,
    KPI,
    OBJECTIVE,
    Q1,
    SALES,
    ZERO_TO_TEN,
    ZERO_TO_TWENTY,
    activated,
    ada,
    added,
    checked_in,
    committed,
    defined,
    drafted,
    key_result_ref,
    objective_ref,
    opened,
    read,
    sales,
    working,
)
from tests.domain.handlers.test_kpis import READING
from tests.domain.memory_log import START
from tests.domain.scenario import ACTOR, AUTHOR, called, given, on
from tests.metric_input import as_input

ANY_TITLE = "Another title"


def reworded(title: str = ANY_TITLE, **also: object) -> RewordObjective:
    return msgspec.structs.replace(RewordObjective(objective=OBJECTIVE, title=title), **also)


# ── effective time ───────────────────────────────────────────────────────────────────────────────


def test_default_effective_time_is_the_recording_time() -> None:
    given(opened, drafted, on(2, 1)).when(reworded()).effective(on(2, 1))


def test_effective_time_may_lie_in_the_past() -> None:
    given(opened, drafted, on(2, 1)).when(reworded(effective_at=on(1, 20))).effective(on(1, 20))


def test_effective_time_may_be_at_most_a_minute_ahead_and_is_clamped_to_now() -> None:
    base = (opened, drafted, on(2, 1))
    given(*base).when(reworded(effective_at=on(2, 1) + timedelta(seconds=61))).then_refused("INVALID", "effectiveAt")
    given(*base).when(reworded(effective_at=on(2, 1) + timedelta(seconds=59))).effective(on(2, 1))


def test_effective_time_never_goes_backwards_within_an_aggregate() -> None:
    base = (opened, drafted, on(2, 1), reworded(effective_at=on(1, 20)))
    given(*base).when(reworded("Yet another title", effective_at=on(1, 19))).then_refused("INVALID", "effectiveAt")
    given(*base).when(reworded("Yet another title", effective_at=on(1, 20))).effective(on(1, 20))


def test_effective_times_of_different_aggregates_are_independent() -> None:
    base = (opened, drafted, added, on(2, 1), reworded())
    other = RewordKeyResult(key_result=KEY_RESULT, title=ANY_TITLE, effective_at=on(1, 20))
    given(*base).when(other).effective(on(1, 20))


EARLIER = START - timedelta(days=1)


@pytest.mark.parametrize(
    "command",
    [
        DraftObjective(cycle=Q1, title=ANY_TITLE, effective_at=EARLIER),
        AddKeyResult(objective=OBJECTIVE, title=ANY_TITLE, metric=as_input(ZERO_TO_TEN), effective_at=EARLIER),
        PlanInitiative(title=ANY_TITLE, subject=key_result_ref(), effective_at=EARLIER),
        AddComment(subject=objective_ref(), body="Well", effective_at=EARLIER),
        FormTeam(key="north", name="North", parent=SALES, effective_at=EARLIER),
    ],
    ids=lambda command: verb(type(command)),
)
def test_effective_time_is_not_before_that_of_the_parent(command: Command) -> None:
    given(sales, opened, drafted, added).when(command).then_refused("INVALID", "effectiveAt")


def test_effective_time_needs_a_utc_offset() -> None:
    naive = on(2, 1).replace(tzinfo=None)
    given(opened, drafted, on(2, 1)).when(reworded(effective_at=naive)).then_refused("INVALID", "effectiveAt")


def test_effective_time_is_not_before_1900() -> None:
    early = OpenCycle(
        key="old",
        name="Old",
        starts_on=opened.starts_on,
        ends_on=opened.ends_on,
        effective_at=on(1, 1).replace(year=1899),
    )
    given().when(early).then_refused("INVALID", "effectiveAt")


def test_all_events_of_a_command_have_the_same_effective_time() -> None:
    then = given(opened, drafted, added, on(2, 1)).when(msgspec.structs.replace(activated, effective_at=on(1, 20)))
    then.effective(on(1, 20), on(1, 20))


# ── reasons ──────────────────────────────────────────────────────────────────────────────────────

NEEDS_REASON: list[Command] = [
    AbandonCycle(cycle=Q1),
    RescheduleCycle(cycle=Q1),
    ErasePerson(person=ADA),
    DropObjective(objective=OBJECTIVE),
    ReopenObjective(objective=OBJECTIVE),
    RetargetKeyResult(key_result=KEY_RESULT, metric=as_input(ZERO_TO_TWENTY)),
    RescheduleKeyResult(key_result=KEY_RESULT, due=opened.starts_on),
    PlanKeyResult(key_result=KEY_RESULT, points=[]),
    ReweighKeyResult(key_result=KEY_RESULT, weight=2),
    CorrectCheckIn(check_in=CHECK_IN, value=2),
    DropKeyResult(key_result=KEY_RESULT),
    RedefineKpi(kpi=KPI, name="Other"),
    SetKpiTargets(kpi=KPI, targets=[KpiTarget(opened.starts_on, target=2)]),
    RetireKpi(kpi=KPI),
    CorrectReading(reading=READING, value=2),
    RetractReading(reading=READING),
]


def test_every_command_that_requires_a_reason_is_listed() -> None:
    assert {type(command) for command in NEEDS_REASON} == {kind for kind in VERBS.values() if kind.REASON_REQUIRED}


@pytest.mark.parametrize("command", NEEDS_REASON, ids=lambda command: verb(type(command)))
def test_commands_that_change_an_agreement_require_a_reason(command: Command) -> None:
    base = (ada, defined, *working, checked_in(1), read(1))
    given(*base).when(command).then_refused("INVALID", "reason")
    given(*base).when(msgspec.structs.replace(command, reason=" \n")).then_refused("INVALID", "reason")


def test_the_reason_is_recorded_with_the_event() -> None:
    then = given(opened, drafted).when(DropObjective(objective=OBJECTIVE, reason="out of scope"))
    assert [one.by.reason for one in then.entries] == ["out of scope"]


def test_any_command_may_have_a_reason() -> None:
    then = given(opened, drafted).when(reworded(reason="clearer"))
    assert [one.by.reason for one in then.entries] == ["clearer"]


# ── expected version ─────────────────────────────────────────────────────────────────────────────


def test_matching_expected_version_is_accepted() -> None:
    given(opened, drafted).when(reworded(expected_version=1)).then(ObjectiveReworded(title=ANY_TITLE))


@pytest.mark.parametrize("seen", [0, 1, 3])
def test_other_expected_version_is_stale_and_reports_the_version(seen: int) -> None:
    refused = (
        given(opened, drafted, reworded())
        .when(reworded("Again", expected_version=seen))
        .then_refused("STALE", "expectedVersion")
    )
    assert refused.since == (OBJECTIVE, seen)


@pytest.mark.parametrize(
    "command",
    [
        ActivateCycle(cycle=Q1),
        CloseCycle(cycle=Q1),
        RewordKeyResult(key_result=KEY_RESULT, title=ANY_TITLE),
        CheckIn(key_result=KEY_RESULT, value=1),
        CorrectCheckIn(check_in=CHECK_IN, value=2, reason="miscounted"),
        AddKeyResult(objective=OBJECTIVE, title=ANY_TITLE, metric=as_input(ZERO_TO_TEN)),
        DraftObjective(cycle=Q1, title=ANY_TITLE),
        RetireKpi(kpi=KPI, reason="why not"),
        CorrectReading(reading=READING, value=2, reason="misread"),
        RenameTeam(team=SALES, name="Growth"),
        DeactivatePerson(person=ADA),
        ErasePerson(person=ADA, reason="asked to be"),
        AddComment(subject=objective_ref(), body="Well"),
        PlanInitiative(title=ANY_TITLE, subject=objective_ref()),
        AdoptScoringPolicy(score_green=0.8),
    ],
    ids=lambda command: verb(type(command)),
)
def test_expected_version_is_checked_for_every_aggregate_type(command: Command) -> None:
    base = (ada, sales, defined, *working, checked_in(1), read(1))
    given(*base).when(msgspec.structs.replace(command, expected_version=9)).then_refused("STALE", "expectedVersion")


@pytest.mark.parametrize("command", [opened, ada, sales, defined, read(1)], ids=lambda one: verb(type(one)))
def test_commands_without_an_existing_subject_refuse_an_expected_version(command: Command) -> None:
    given(on(3, 1)).when(msgspec.structs.replace(command, expected_version=1)).then_refused(
        "NOT_FOUND" if command == read(1) else "INVALID"
    )


# ── idempotency keys ─────────────────────────────────────────────────────────────────────────────


def test_repeated_idempotency_key_returns_the_first_result_and_records_nothing() -> None:
    check_in = called("once", CheckIn(key_result=KEY_RESULT, value=3))
    base = given(*working)
    first, second = base.when(check_in), base.when(check_in)
    second.then_nothing()
    assert first.outcome is not None and second.outcome is not None
    assert second.outcome.repeated and not first.outcome.repeated
    assert (second.outcome.result, second.outcome.first, second.outcome.last) == (
        first.outcome.result,
        first.outcome.first,
        first.outcome.last,
    )


def test_repeated_idempotency_key_returns_the_first_result_after_later_changes() -> None:
    check_in = called("once", CheckIn(key_result=KEY_RESULT, value=3))
    since = (CloseCycle(cycle=Q1, close_objectives=True),)
    given(*working, check_in, *since).when(check_in).then_nothing()


def test_idempotency_key_with_other_input_is_a_mismatch() -> None:
    check_in = called("once", CheckIn(key_result=KEY_RESULT, value=3))
    other = called("once", CheckIn(key_result=KEY_RESULT, value=4))
    given(*working, check_in).when(other).then_refused("IDEMPOTENCY_MISMATCH", "idempotencyKey")
    given(*working, check_in).when(called("once", committed)).then_refused("IDEMPOTENCY_MISMATCH", "idempotencyKey")


def test_idempotency_key_of_a_command_without_events_is_stored() -> None:
    nothing = called("once", CommitObjective(objective=OBJECTIVE))
    given(*working, nothing).when(nothing).then_nothing()
    given(*working, nothing).when(called("once", reworded())).then_refused("IDEMPOTENCY_MISMATCH")


def test_idempotency_key_of_a_rejected_command_can_be_reused() -> None:
    base = given(*working)
    base.when(called("once", CheckIn(key_result=KEY_RESULT, confidence=7))).then_refused("INVALID")
    base.when(called("once", CheckIn(key_result=KEY_RESULT, confidence=0.7))).then(
        KeyResultCheckedIn(key_result=KEY_RESULT, confidence=0.7)
    )


def test_idempotency_keys_are_scoped_to_the_actor() -> None:
    check_in = called("once", CheckIn(key_result=KEY_RESULT, value=3))
    then = given(*working, check_in).when(check_in, by=Author(f"person:{uuid4()}", Source.API, frozenset(Role)))
    assert then.topics() == ["key-result-checked-in"]


@pytest.mark.parametrize("key", ["", "k" * 201])
def test_an_idempotency_key_has_1_to_200_characters(key: str) -> None:
    given(opened, drafted).when(called(key, reworded())).then_refused("INVALID", "idempotencyKey")


# ── texts ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "title", ["", "   ", "x" * 301, "two\nlines", "a\tb", "null\x00", "bell\x07", "\x1b[31mred", "\x85"]
)
def test_a_title_is_one_line_of_1_to_300_characters(title: str) -> None:
    given(opened, drafted).when(reworded(title)).then_refused("INVALID", "title")


@pytest.mark.parametrize("title", ["x", "x" * 300, "日本語の目標", "Émotion 🎯", "<b>bold</b>", "'; drop table log --"])
def test_a_title_may_be_in_any_language(title: str) -> None:
    assert given(opened, drafted).when(reworded(title)).aggregate(Objective, OBJECTIVE).title == title


def test_a_title_is_trimmed() -> None:
    given(opened, drafted).when(reworded("  Another title \n")).then(ObjectiveReworded(title=ANY_TITLE))


@pytest.mark.parametrize("text", ["x" * 20_001, "null\x00", "bell\x07"])
def test_prose_has_up_to_20000_characters_and_no_control_characters(text: str) -> None:
    wrong = RewordObjective(objective=OBJECTIVE, description=text)
    given(opened, drafted).when(wrong).then_refused("INVALID", "description")
    given(opened, drafted).when(reworded(reason=text)).then_refused("INVALID", "reason")


def test_prose_keeps_its_line_breaks() -> None:
    text = "First\n\n- one\n\t- two\n" + "x" * 19_000
    described = RewordObjective(objective=OBJECTIVE, description=text)
    assert given(opened, drafted).when(described).aggregate(Objective, OBJECTIVE).description == text


# ── authorship ───────────────────────────────────────────────────────────────────────────────────


def test_actor_source_and_on_behalf_of_are_recorded_with_the_event() -> None:
    then = given(opened, drafted).when(reworded(), by=Author(ACTOR, Source.IMPORT, frozenset(Role), on_behalf_of=ADA))
    (entry,) = then.entries
    assert (entry.by.actor, entry.by.source, entry.by.on_behalf_of) == (ACTOR, Source.IMPORT, ADA)


def test_all_events_of_a_command_have_its_command_id() -> None:
    then = given(opened, drafted, added).when(activated, by=AUTHOR)
    assert len({one.by.command for one in then.entries}) == 1 and len(then.entries) == 2


def test_a_reference_to_the_wrong_kind_is_refused() -> None:
    wrong = AlignObjective(objective=OBJECTIVE, to=Ref(Kind.KEY_RESULT, OBJECTIVE))
    given(opened, drafted).when(wrong).then_refused("NOT_FOUND", "to")


def test_idempotency_key_recorded_concurrently_returns_the_first_result() -> None:
    once = called("opened once", opened)
    then = given().meanwhile("streams", once).when(once)
    assert then.outcome is not None and then.outcome.repeated

    seen = called("reworded once", RewordObjective(objective=OBJECTIVE, title="Win them", expected_version=1))
    then = given(opened, drafted).meanwhile("streams", seen).when(seen)
    assert then.outcome is not None and then.outcome.repeated
