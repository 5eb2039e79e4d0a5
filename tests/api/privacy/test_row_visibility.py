"""Row visibility follows the present state: visibility, team, owner and contributors."""

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
from projections.store.deadline import Deadline
from projections.tables import objective
from tests.api.privacy.conftest import Asked
from tests.api.privacy.small_company import CYCLE, RISE

COUNTS = "{ objectives { totalCount } keyResults { totalCount } }"
NAMES = "{ objectives { nodes { title } } }"


def sees(asked: Asked, name: str, *roles: Role) -> bool:
    found = asked.ask(name, COUNTS, *roles)
    assert found["objectives"] == found["keyResults"]
    return bool(found["objectives"]["totalCount"])


def test_only_privileged_roles_see_a_team_goal_without_members(asked: Asked) -> None:
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
def test_visibility_follows_membership_and_ownership(asked: Asked, comes: object, goes: object) -> None:
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


def test_lead_of_another_team_does_not_see_the_goal(asked: Asked) -> None:
    to = asked.small
    to.record("_", AppointLead(team=to["beta"], person=to["moe"]))
    to.record("_", MoveTeam(team=to["alpha"], parent=to["beta"]))
    assert not sees(asked, "moe", Role.LEAD)


def test_visibility_follows_the_goals_team(asked: Asked) -> None:
    to = asked.small
    to.record("_", JoinTeam(team=to["beta"], person=to["mia"]))
    to.record("_", AssignObjective(objective=to["hush"], team=to["beta"]))
    assert sees(asked, "mia")


# ── payloads ──────────────────────────────────────────────────────────────────────────────────────


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


def test_payload_shows_only_what_the_author_sees(asked: Asked) -> None:
    to = asked.small
    to.draft("open", Visibility.WORKSPACE)
    id = asked.ask("moe", "{ objectives { nodes { id } } }")["objectives"]["nodes"][0]["id"]
    to.record("_", AlignObjective(objective=to["open"], to=Ref(Kind.OBJECTIVE, to["hush"])))
    answered = payload(
        asked, "moe", "rewordObjective", f'objective: "{id}", title: "Opener", expectedVersion: 1', Role.LEAD
    )
    assert answered == {
        "problems": [],
        "changes": [{"__typename": "ObjectiveReworded"}],
        "objective": {"title": "Opener", "version": 3, "supports": []},
        "query": {"objectives": {"totalCount": 1}},
    }


def test_changes_since_omit_hidden_changes(asked: Asked) -> None:
    to = asked.small
    to.draft("open", Visibility.WORKSPACE)
    id = asked.ask("moe", "{ objectives { nodes { id } } }")["objectives"]["nodes"][0]["id"]
    to.record("_", AlignObjective(objective=to["open"], to=Ref(Kind.OBJECTIVE, to["hush"])))
    to.record("_", RewordObjective(objective=to["open"], title="Meanwhile"))
    answered = payload(asked, "moe", "rewordObjective", f'objective: "{id}", title: "X", expectedVersion: 1', Role.LEAD)
    (problem,) = answered["problems"]
    assert problem["code"] == "STALE"
    assert len(problem["changesSince"]) == 1


# ── safe defaults ─────────────────────────────────────────────────────────────────────────────────


def test_every_table_has_a_visibility_rule() -> None:
    assert {table.name for table in TABLES} == visibility.SHOWN.keys()


def test_connection_without_a_visibility_scope_reads_nothing(asked: Asked) -> None:
    with asked.world.database.pool(filtered=True).connection() as conn:
        for name in sorted(name for name, shown in visibility.SHOWN.items() if shown is not visibility.EVERYTHING):
            with pytest.raises(psycopg.errors.UndefinedObject):
                conn.execute(f"select * from {name} limit 1")


def test_missing_visibility_view_fails_instead_of_reading_the_table(asked: Asked) -> None:
    schema = seen_schema(views_schema(asked.world.workspace))
    asked.world.conn.execute(f"drop view {schema}.objective")
    with asked.world.database.pool(filtered=True).connection() as conn:
        visibility.set_hidden(conn, frozenset({asked.small["hush"]}))
        with pytest.raises(psycopg.errors.UndefinedTable):
            conn.execute("select * from objective")


def test_without_restricted_connections_nothing_is_read(asked: Asked) -> None:
    world = asked.world
    reads = SnapshotReader(world.database.pool(), world.log, Deadline(), VisibilityScope(asked.small["moe"], None))
    with pytest.raises(RuntimeError, match="hidden"):
        reads.present.read(objective.objectives, [asked.small["hush"]])


def test_rebuilt_projections_hide_the_same(asked: Asked) -> None:
    before = [sees(asked, name) for name in ("mia", "machine")]
    rebuild.rebuild(asked.world.log, asked.world.database.connect, workspace=asked.world.workspace)
    assert [sees(asked, name) for name in ("mia", "machine")] == before == [False, False]
    asked.small.show(Visibility.WORKSPACE)
    assert sees(asked, "mia")


def test_later_child_is_hidden_with_its_objective(asked: Asked) -> None:
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
