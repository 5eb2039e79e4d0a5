"""Handing the open work of one person over to another."""

import re
from datetime import date
from pathlib import Path

from msgspec import structs

import domain.log
from domain.commands.discussion_commands import EditInitiative, MoveInitiative, PlanInitiative
from domain.commands.key_result_commands import AddKeyResult, AssignKeyResult
from domain.commands.kpi_commands import RedefineKpi
from domain.commands.objective_commands import AssignObjective, DraftObjective
from domain.commands.people_commands import AppointLead, DeactivatePerson, DisbandTeam, ErasePerson, HandOver
from domain.log.event_store import Log
from domain.log.reads.stream_lookups import OWNING
from domain.model.discussion import Initiative, InitiativeEdited
from domain.model.event import EVENTS, Event, body_fields
from domain.model.key_result import KeyResult, KeyResultAssigned
from domain.model.kpi import Kpi, KpiRedefined
from domain.model.objective import Objective, ObjectiveAssigned
from domain.model.people import TeamLeadAppointed, WorkHandedOver
from domain.primitives.values import InitiativeState
from tests.domain.given_goals import (
    ADA,
    BEN,
    KEY_RESULT,
    KPI,
    KPI_ID,
    NORTH,
    OBJECTIVE,
    Q1,
    SALES,
    ZERO_TO_TEN,
    ada,
    ada_left,
    ben,
    closed,
    defined,
    dropped,
    dropped_key_result,
    finished,
    north,
    objective_ref,
    retired,
    sales,
    working,
)
from tests.domain.scenario import called, given, made, on
from tests.metric_input import as_input

handed = HandOver(from_=ADA, to=BEN)
WORK = made("work")
owned = (
    AssignObjective(objective=OBJECTIVE, owner=ADA, team=SALES, contributors=[ADA, BEN]),
    AssignKeyResult(key_result=KEY_RESULT, owner=ADA),
    RedefineKpi(kpi=KPI, owner=ADA, reason="agreed"),
    called("work", PlanInitiative(title="Ask", subject=objective_ref(), owner=ADA, due=date(2026, 3, 1))),
    AppointLead(team=NORTH, person=ADA),
)
everything = (ada, ben, sales, north, defined, *working, *owned)


def test_everything_that_is_open_is_handed_over_in_the_order_of_its_assignment() -> None:
    then = given(*everything).when(handed)
    redefined = then.the(KpiRedefined)
    then.then(
        ObjectiveAssigned(owner=BEN, team=SALES, contributors=(ADA, BEN)),
        KeyResultAssigned(owner=BEN),
        redefined,
        InitiativeEdited(title="Ask", owner=BEN, due=date(2026, 3, 1)),
        TeamLeadAppointed(lead=BEN),
        WorkHandedOver(taker=BEN),
    )
    before = given(*everything).aggregate(Kpi, KPI_ID).definition
    assert then.aggregate(Kpi, KPI_ID).definition == structs.replace(before, owner=BEN)


def test_what_has_ended_keeps_its_owner() -> None:
    done = MoveInitiative(initiative=WORK, to=InitiativeState.DONE)
    given(*everything, dropped_key_result, dropped, retired, done, DisbandTeam(team=NORTH)).when(handed).then_nothing()
    base = given(*everything, finished)
    assert base.when(handed).topics() == [
        "kpi-redefined", "initiative-edited", "team-lead-appointed", "work-handed-over",
    ]  # fmt: skip
    assert base.aggregate(Objective, OBJECTIVE).owner == base.aggregate(KeyResult, KEY_RESULT).owner == ADA


def test_what_is_in_a_closed_cycle_keeps_its_owner() -> None:
    base = given(*everything, closed)
    assert base.when(handed).topics() == ["kpi-redefined", "team-lead-appointed", "work-handed-over"]
    assert base.aggregate(Initiative, WORK).owner == ADA


def test_what_was_given_to_another_person_before_is_not_handed_over() -> None:
    taken = (
        AssignObjective(objective=OBJECTIVE, owner=None),
        AssignKeyResult(key_result=KEY_RESULT, owner=BEN),
        RedefineKpi(kpi=KPI, owner=None, reason="agreed"),
        EditInitiative(initiative=WORK, owner=BEN),
        AppointLead(team=NORTH, person=None),
    )
    given(*everything, *taken).when(handed).then_nothing()


def test_the_work_of_a_person_who_has_left_or_was_erased_is_handed_over() -> None:
    assert "work-handed-over" in given(*everything, ada_left).when(handed).topics()
    assert "work-handed-over" in given(*everything, ErasePerson(person=ADA, reason="asked")).when(handed).topics()


def test_work_is_not_handed_over_to_a_person_who_has_left_nor_to_the_same_one() -> None:
    left = DeactivatePerson(person=BEN)
    given(*everything, left).when(handed).then_refused("CONFLICT", "to")
    refused = given(*everything).when(HandOver(from_=ADA, to=ADA)).then_refused("INVALID", "to")
    assert refused.problems[0].rule == "HANDED_TO_SAME_PERSON"


def test_nothing_is_handed_over_if_one_of_them_cannot_be() -> None:
    late = HandOver(from_=ADA, to=BEN, effective_at=on(2, 1))
    given(*everything).when(late).then_refused("INVALID", "effectiveAt")


def test_a_goal_that_is_given_to_the_person_meanwhile_is_handed_over_too() -> None:
    new = called("new", DraftObjective(cycle=Q1, title="Be heard in the north", owner=ADA))
    base = given(*everything).meanwhile("append", new)
    assert base.when(handed).topics().count("objective-assigned") == 2
    result = called("proof", AddKeyResult(objective=OBJECTIVE, title="Calls", metric=as_input(ZERO_TO_TEN), owner=ADA))
    base = given(*everything).meanwhile("append", result)
    assert base.when(handed).topics().count("key-result-assigned") == 2


def test_a_goal_that_is_given_away_meanwhile_is_not_handed_over() -> None:
    base = given(*everything).meanwhile("append", AssignObjective(objective=OBJECTIVE, owner=None))
    assert base.when(handed).topics().count("objective-assigned") == 1
    assert base.aggregate(Objective, OBJECTIVE).owner is None


def test_every_event_with_an_owner_or_lead_is_found_by_the_log_and_its_index() -> None:
    def names_one(event: type[Event]) -> bool:
        return not {"owner", "lead"}.isdisjoint(body_fields(event))

    assert set(OWNING) == {topic for topic, event in EVENTS.items() if names_one(event)}
    migrations = Path(domain.log.__path__[0]) / "migrations"
    index = (migrations / "0014-owners-and-external-references.sql").read_text().split(");")[0]
    source = (
        Path(domain.log.__path__[0], "reads", "stream_lookups.py").read_text().split(f"def {Log.owned_by.__name__}(")[1]
    )
    query = source.split("group by")[0]
    for text in (index, query):
        assert re.findall(r"'([a-z]+(?:-[a-z]+)+)'", text) == list(OWNING)
