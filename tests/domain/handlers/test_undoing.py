"""Commands that undo an ending: KPIs and teams are revived, people reactivated."""

from domain.commands.kpi_commands import ReviveKpi
from domain.commands.people_commands import (
    AddPerson,
    AppointLead,
    DisbandTeam,
    ErasePerson,
    ReactivatePerson,
    ReviveTeam,
)
from domain.model.kpi import Kpi, KpiRevived
from domain.model.people import Person, PersonReactivated, Team, TeamRevived
from tests.domain.given_goals import (
    ADA,
    BEN,
    KPI,
    KPI_ID,
    NORTH,
    SALES,
    ada,
    ada_left,
    ben,
    defined,
    north,
    read,
    retired,
    sales,
    working,
)
from tests.domain.scenario import given

revived = ReviveKpi(kpi=KPI)


def test_a_revived_kpi_takes_readings_again() -> None:
    base = given(defined, *working, retired)
    base.when(read(40)).then_refused("CLOSED")
    assert base.when(revived).then(KpiRevived()).aggregate(Kpi, KPI_ID).retired is False
    assert base.when(read(40)).topics() == ["reading-recorded"]


def test_the_key_of_a_retired_kpi_is_not_free_for_another_one() -> None:
    given(defined, retired).when(defined).then_refused("DUPLICATE", "key")


def test_a_reactivated_person_can_lead_a_team_again() -> None:
    base = given(ada, sales, ada_left)
    base.when(AppointLead(team=SALES, person=ADA)).then_refused("CONFLICT", "person")
    assert base.when(ReactivatePerson(person=ADA)).then(PersonReactivated()).aggregate(Person, ADA).active
    assert base.when(AppointLead(team=SALES, person=ADA)).topics() == ["team-lead-appointed"]


def test_the_handle_of_a_deactivated_person_is_not_free_for_another_one() -> None:
    given(ada, ada_left).when(AddPerson(handle="ada", name="Ada Two")).then_refused("DUPLICATE", "handle")


def test_an_erased_person_cannot_be_reactivated() -> None:
    erased = ErasePerson(person=ADA, reason="asked to be")
    refused = given(ada, erased).when(ReactivatePerson(person=ADA)).then_refused("CLOSED", "person")
    assert refused.problems[0].rule == "PERSON_ERASED"


def test_a_revived_team_has_the_parent_lead_and_members_that_it_had() -> None:
    base = given(ada, ben, sales, north, AppointLead(team=NORTH, person=BEN), DisbandTeam(team=NORTH))
    team = base.when(ReviveTeam(team=NORTH)).then(TeamRevived()).aggregate(Team, NORTH)
    assert (team.disbanded, team.parent, team.lead) == (False, SALES, BEN)


def test_an_active_kpi_person_and_team_are_not_changed() -> None:
    base = given(ada, sales, defined)
    for command in (revived, ReactivatePerson(person=ADA), ReviveTeam(team=SALES)):
        base.when(command).then_nothing()
