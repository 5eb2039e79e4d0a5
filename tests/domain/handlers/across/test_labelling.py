"""Labels of goals, KPIs and teams."""

from typing import Any

import pytest

from domain.commands.command import Command
from domain.commands.kpi_commands import RedefineKpi
from domain.commands.objective_commands import AssignObjective
from domain.commands.people_commands import DisbandTeam
from domain.commands.permissions import Author, Role
from domain.commands.subject_commands import SetLabels
from domain.model.key_result import KeyResultLabelled
from domain.model.kpi import KpiLabelled
from domain.model.objective import ObjectiveLabelled
from domain.model.people import TeamLabelled
from domain.primitives.values import Kind, Ref, Source
from tests.domain.given_goals import (
    ADA,
    KPI,
    KPI_ID,
    OBJECTIVE,
    Q1_ID,
    SALES,
    ada,
    closed,
    defined,
    dropped_key_result,
    finished,
    key_result_ref,
    objective_ref,
    retired,
    sales,
    working,
)
from tests.domain.scenario import given

GOAL, PROOF, MEASURE, TEAM = objective_ref(), key_result_ref(), Ref(Kind.KPI, KPI_ID), Ref(Kind.TEAM, SALES)
everything = (ada, sales, defined, *working)


def labelled(*labels: str, subject: Ref = GOAL) -> SetLabels:
    return SetLabels(subject=subject, labels=list(labels))


@pytest.mark.parametrize(
    ("subject", "event"),
    [(GOAL, ObjectiveLabelled), (PROOF, KeyResultLabelled), (MEASURE, KpiLabelled), (TEAM, TeamLabelled)],
)
def test_labels_replace_all_earlier_ones(subject: Ref, event: Any) -> None:
    base = given(*everything)
    base.when(labelled("north", "growth", subject=subject)).then(event(labels=("growth", "north")))
    base.when(labelled("east", subject=subject)).then(event(labels=("east",)))
    base.when(labelled(subject=subject)).then(event(labels=()))


def test_labels_are_a_set() -> None:
    base = given(*everything, labelled("a", "b"))
    base.when(labelled("b", " a ", "b")).then_nothing()


def test_labels_are_stored_trimmed_and_in_nfc() -> None:
    given(*everything).when(labelled(" cafe\u0301 ")).then(ObjectiveLabelled(labels=("caf\u00e9",)))


def test_a_thing_has_at_most_20_labels_of_at_most_50_characters() -> None:
    base = given(*everything)
    assert base.when(labelled(*(f"{number:050}" for number in range(20)))).topics() == ["objective-labelled"]
    too_many = base.when(labelled(*map(str, range(21)))).then_refused("TOO_LARGE", "labels")
    assert too_many.problems[0].rule == "LABELS_TOO_MANY"
    faults = base.when(labelled("x" * 51, "ok", " ", "a\nb"))
    assert faults.refused is not None
    assert [(one.rule, tuple(one.field)) for one in faults.refused.problems] == [
        ("LABEL_TOO_LONG", ("labels", "0")),
        ("TITLE_EMPTY", ("labels", "2")),
        ("TITLE_NOT_ONE_LINE", ("labels", "3")),
    ]


@pytest.mark.parametrize(
    ("ending", "subject"),
    [
        (closed, GOAL),
        (closed, PROOF),
        (finished, GOAL),
        (finished, PROOF),
        (dropped_key_result, PROOF),
        (retired, MEASURE),
    ],
)
def test_what_has_ended_keeps_its_labels(ending: Command, subject: Ref) -> None:
    given(*everything, ending).when(labelled("north", subject=subject)).then_refused("CLOSED")


def test_a_disbanded_team_keeps_its_labels() -> None:
    given(*everything, DisbandTeam(team=SALES)).when(labelled("north", subject=TEAM)).then_refused("CONFLICT")


def test_other_kinds_have_no_labels() -> None:
    given(*everything).when(labelled("north", subject=Ref(Kind.CYCLE, Q1_ID))).then_refused("INVALID", "subject")
    given(*everything).when(labelled("north", subject=Ref(Kind.KPI, OBJECTIVE))).then_refused("NOT_FOUND", "subject")


def test_labels_take_the_permission_of_editing_the_thing() -> None:
    owner = Author(f"person:{ADA}", Source.API, frozenset({Role.MEMBER}))
    lead = Author(f"person:{ADA}", Source.API, frozenset({Role.LEAD}))
    base = given(*everything)
    base.when(labelled("a"), owner).then_refused("FORBIDDEN")
    assert base.when(AssignObjective(objective=OBJECTIVE, owner=ADA)).topics()
    base.when(labelled("a"), owner).then(ObjectiveLabelled(labels=("a",)))
    assert base.when(RedefineKpi(kpi=KPI, owner=ADA, reason="agreed")).topics()
    base.when(labelled("a", subject=MEASURE), owner).then_refused("FORBIDDEN", containing="ADMIN or LEAD.")
    base.when(labelled("a", subject=MEASURE), lead).then(KpiLabelled(labels=("a",)))
    base.when(labelled("a", subject=TEAM), lead).then_refused("FORBIDDEN", containing="ADMIN.")


def test_a_forged_kind_gives_no_permission() -> None:
    lead = Author(f"person:{ADA}", Source.API, frozenset({Role.LEAD}))
    forged = labelled("a", subject=Ref(Kind.OBJECTIVE, SALES))
    given(*everything).when(forged, lead).then_refused("NOT_FOUND", "subject")
