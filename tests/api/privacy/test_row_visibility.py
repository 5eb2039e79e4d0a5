"""Who sees an objective is ruled by how things are now: by its visibility, its team, and who works on it."""

from typing import Any

import psycopg
import pytest

from api.snapshot.snapshot import SnapshotReader, VisibilityScope
from domain.commands.command import Command
from domain.commands.discussion_commands import AddComment
from domain.commands.key_result_commands import AddKeyResult, AssignKeyResult, CheckIn
from domain.commands.objective_commands import (
    AlignObjective,
    AssignObjective,
    DraftObjective,
    RewordObjective,
    SetObjectiveVisibility,
)
from domain.commands.people_commands import AppointLead, JoinTeam, LeaveTeam, MoveTeam
from domain.commands.permissions import Role
from domain.log.schema import seen_schema, views_schema
from domain.primitives.values import Kind, Ref, Visibility
from projections.engine import rebuild, visibility
from projections.engine.registry import TABLES
from projections.tables import objective
from tests.api.privacy.conftest import Asked
from tests.api.privacy.small_company import CYCLE, RISE

COUNTS = "{ objectives { totalCount } keyResults { totalCount } }"
NAMES = "{ objectives { nodes { title } } }"


def sees(asked: Asked, name: str, *roles: Role) -> bool:
    found = asked.ask(name, COUNTS, *roles)
    assert found["objectives"] == found["keyResults"]
    return bool(found["objectives"]["totalCount"])


def test_nobody_sees_it_but_those_whose_it_is(asked: Asked) -> None:
    assert not any(sees(asked, name) for name in ("mia", "moe", "tom", "machine"))
    assert not any(sees(asked, "machine", role) for role in (Role.LEAD, Role.MEMBER))
    assert all(sees(asked, "machine", role) for role in (Role.ADMIN, Role.AUDITOR))


@pytest.mark.parametrize(
    ("comes", "goes"),
    [
        (
            lambda to: JoinTeam(team=to["alpha"], person=to["mia"]),
            lambda to: LeaveTeam(team=to["alpha"], person=to["mia"]),
        ),
        (
            lambda to: AppointLead(team=to["alpha"], person=to["mia"]),
            lambda to: AppointLead(team=to["alpha"], person=to["moe"]),
        ),
        (
            lambda to: AssignObjective(objective=to["hush"], owner=to["mia"]),
            lambda to: AssignObjective(objective=to["hush"], owner=None),
        ),
        (
            lambda to: AssignObjective(objective=to["hush"], contributors=[to["tom"], to["mia"]]),
            lambda to: AssignObjective(objective=to["hush"], contributors=[to["tom"]]),
        ),
        (
            lambda to: AssignKeyResult(key_result=to["result"], owner=to["mia"]),
            lambda to: AssignKeyResult(key_result=to["result"], owner=to["tom"]),
        ),
        (
            lambda to: SetObjectiveVisibility(objective=to["hush"], visibility=Visibility.WORKSPACE),
            lambda to: SetObjectiveVisibility(objective=to["hush"], visibility=Visibility.TEAM),
        ),
    ],
    ids=["member", "lead", "owner", "contributor", "owner of a key result", "everybody"],
)
def test_who_comes_to_it_sees_all_of_it_and_who_leaves_it_nothing(asked: Asked, comes: object, goes: object) -> None:
    to = asked.small
    assert not sees(asked, "mia")
    to.record("_", comes(to))  # type: ignore[operator]
    assert sees(asked, "mia")
    assert asked.ask("mia", f"{{ asOf(position: 9) {NAMES} }}")["asOf"]["objectives"]["nodes"] == [{"title": "hush"}]
    to.record("_", goes(to))  # type: ignore[operator]
    assert not sees(asked, "mia")
    position = to.world.log.head().position
    for then in range(position + 1):
        assert asked.ask("mia", f"{{ asOf(position: {then}) {NAMES} }}")["asOf"]["objectives"]["nodes"] == []


def test_the_lead_of_another_team_sees_nothing_of_it(asked: Asked) -> None:
    to = asked.small
    to.record("_", AppointLead(team=to["beta"], person=to["moe"]))
    to.record("_", MoveTeam(team=to["alpha"], parent=to["beta"]))
    assert not sees(asked, "moe", Role.LEAD)


def test_it_goes_with_its_team(asked: Asked) -> None:
    to = asked.small
    to.record("_", JoinTeam(team=to["beta"], person=to["mia"]))
    to.record("_", AssignObjective(objective=to["hush"], team=to["beta"]))
    assert sees(asked, "mia")


# ── what a command answers ────────────────────────────────────────────────────────────────────────


def payload(asked: Asked, name: str, command: str, given: str, *roles: Role) -> dict[str, Any]:
    query = f"""
        mutation {{ {command}(input: {{{given}}}) {{
            problems {{ code message field changesSince {{ id }} }} changes {{ __typename }}
            objective {{ title version supports {{ ... on Objective {{ title }} }} }}
            query {{ objectives {{ totalCount }} }}
        }} }}
    """
    answer: dict[str, Any] = asked.ask(name, query, *roles)[command]
    return answer


def test_an_answer_to_a_command_shows_what_its_author_sees(asked: Asked) -> None:
    to = asked.small
    to.draft("open", Visibility.WORKSPACE)
    id = asked.ask("moe", "{ objectives { nodes { id } } }")["objectives"]["nodes"][0]["id"]
    to.record("_", AlignObjective(objective=to["open"], to=Ref(Kind.OBJECTIVE, to["hush"])))
    told = payload(
        asked, "moe", "rewordObjective", f'objective: "{id}", title: "Opener", expectedVersion: 1', Role.LEAD
    )
    assert told == {
        "problems": [],
        "changes": [{"__typename": "ObjectiveReworded"}],
        "objective": {"title": "Opener", "version": 3, "supports": []},
        "query": {"objectives": {"totalCount": 1}},
    }


def test_what_has_changed_since_is_told_without_what_is_hidden(asked: Asked) -> None:
    to = asked.small
    to.draft("open", Visibility.WORKSPACE)
    id = asked.ask("moe", "{ objectives { nodes { id } } }")["objectives"]["nodes"][0]["id"]
    to.record("_", AlignObjective(objective=to["open"], to=Ref(Kind.OBJECTIVE, to["hush"])))
    to.record("_", RewordObjective(objective=to["open"], title="Meanwhile"))
    told = payload(asked, "moe", "rewordObjective", f'objective: "{id}", title: "X", expectedVersion: 1', Role.LEAD)
    (problem,) = told["problems"]
    assert problem["code"] == "STALE"
    assert len(problem["changesSince"]) == 1


# ── nothing is shown by mistake ───────────────────────────────────────────────────────────────────


def test_it_is_said_of_every_table_what_is_shown_of_it() -> None:
    assert {table.name for table in TABLES} == visibility.SHOWN.keys()


def test_whoever_did_not_say_what_is_hidden_reads_nothing(asked: Asked) -> None:
    with asked.world.database.pool(filtered=True).connection() as conn:
        for name in sorted(name for name, shown in visibility.SHOWN.items() if shown is not visibility.EVERYTHING):
            with pytest.raises(psycopg.errors.UndefinedObject):
                conn.execute(f"select * from {name} limit 1")


def test_where_a_view_is_missing_nothing_is_read_instead(asked: Asked) -> None:
    schema = seen_schema(views_schema(asked.world.workspace))
    asked.world.conn.execute(f"drop view {schema}.objective")
    with asked.world.database.pool(filtered=True).connection() as conn:
        visibility.set_hidden(conn, frozenset({asked.small["hush"]}))
        with pytest.raises(psycopg.errors.UndefinedTable):
            conn.execute("select * from objective")


def test_without_connections_that_hide_it_nothing_is_read(asked: Asked) -> None:
    world = asked.world
    reads = SnapshotReader(world.database.pool(), world.log, 1e12, VisibilityScope(asked.small["moe"], None))
    with pytest.raises(RuntimeError, match="hidden"):
        reads.present.read(objective.objectives, [asked.small["hush"]])


def test_views_made_anew_hide_the_same(asked: Asked) -> None:
    before = [sees(asked, name) for name in ("mia", "machine")]
    rebuild.rebuild(asked.world.log, asked.world.database.connect, workspace=asked.world.workspace)
    assert [sees(asked, name) for name in ("mia", "machine")] == before == [False, False]
    asked.small.show(Visibility.WORKSPACE)
    assert sees(asked, "mia")


def test_a_thing_that_comes_later_is_hidden_with_its_objective(asked: Asked) -> None:
    to = asked.small
    query = "{ changes { totalCount } keyResults { totalCount } }"
    before = asked.ask("moe", query)
    later: list[Command] = [
        AddKeyResult(objective=to["hush"], title="Later", metric=RISE),
        AddComment(subject=Ref(Kind.KEY_RESULT, to["result"]), body="Later"),
        CheckIn(key_result=to["result"], value=1, note="Later"),
        DraftObjective(
            cycle=CYCLE,
            title="Later",
            team=to["alpha"],
            visibility=Visibility.TEAM,
            supports=[Ref(Kind.OBJECTIVE, to["hush"])],
        ),
    ]
    for command in later:
        to.record("later", command)
    assert asked.ask("moe", query) == before
