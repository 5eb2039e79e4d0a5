from uuid import UUID

from api.execution.context import Caller
from domain.commands.cycle_commands import ActivateCycle
from domain.commands.discussion_commands import AddComment
from domain.commands.people_commands import AddPerson, ErasePerson, FormTeam
from domain.commands.permissions import Author, Role
from domain.primitives.values import Kind, Ref, Source
from tests.api.schema import goals
from tests.api.schema.goals import day
from tests.asking import AskedWorld

VIEWER = "{ viewer { handle roles can person { handle name } } }"


def bob(world: AskedWorld) -> UUID:
    return world.record(AddPerson(handle="bob", name="Bob", email="bob@example.com", effective_at=day(-1)))


def test_viewer_is_the_caller(world: AskedWorld) -> None:
    world.caller = Caller("bob", frozenset({Role.MEMBER}), bob(world))
    assert world.ask(VIEWER)["viewer"] == {
        "handle": "bob",
        "roles": ["MEMBER"],
        "can": ["EDIT_OWN_GOALS", "READ", "RECORD_OWN_READINGS"],
        "person": {"handle": "bob", "name": "Bob"},
    }


def test_viewer_of_a_machine_has_no_person(world: AskedWorld) -> None:
    world.caller = Caller("shop", frozenset({Role.AUDITOR}))
    assert world.ask(VIEWER)["viewer"] == {
        "handle": "shop", "roles": ["AUDITOR"], "can": ["READ", "READ_LEDGER", "READ_PRIVATE"], "person": None,
    }  # fmt: skip
    assert world.caller.author == Author("machine:shop", Source.API, frozenset({Role.AUDITOR}))


def test_caller_without_read_permission_may_query_the_viewer(world: AskedWorld) -> None:
    world.caller = Caller("shop", frozenset({Role.METRICS}))
    assert world.ask("{ viewer { handle roles can } }")["viewer"] == {
        "handle": "shop", "roles": ["METRICS"], "can": ["RECORD_OWN_READINGS", "RECORD_READINGS"],
    }  # fmt: skip


def test_actor_names_the_author_and_on_behalf_of(world: AskedWorld) -> None:
    person = bob(world)
    goals.cycle(world)
    objective = goals.objective(world)
    about = Ref(Kind.OBJECTIVE, objective)
    for author, body in (
        (Author(f"person:{person}", Source.CONSOLE, frozenset(Role)), "By a person"),
        (Author("machine:import", Source.IMPORT, frozenset(Role), person), "For a person"),
    ):
        world.record(AddComment(subject=about, body=body), author)
    query = """{ objectives { nodes { createdBy { handle person { handle } source }
        comments { nodes { body by { handle source person { name } onBehalfOf { handle } } } } } } }"""
    (node,) = world.ask(query)["objectives"]["nodes"]
    assert node["createdBy"] == {"handle": "ada", "person": None, "source": "API"}
    assert [comment["by"] for comment in node["comments"]["nodes"]] == [
        {"handle": "bob", "source": "CONSOLE", "person": {"name": "Bob"}, "onBehalfOf": None},
        {"handle": "import", "source": "IMPORT", "person": None, "onBehalfOf": {"handle": "bob"}},
    ]


def test_a_team_shows_its_teams_its_objectives_and_its_progress_in_a_cycle(world: AskedWorld) -> None:
    top = world.record(FormTeam(key="top", name="Top", effective_at=day(-1)))
    world.record(FormTeam(key="apps", name="Apps", parent=top, effective_at=day(-1)))
    goals.cycle(world)
    for value in (20, 60):
        objective = goals.objective(world, f"Reach as many as {value}", team=top)
        goals.check_in(world, goals.key_result(world, objective), value, 30)
    query = """query($cycle: CycleBy!) { teams { nodes { key parent { key } children { key }
        objectives { totalCount } progress(cycle: $cycle) { value explain { label } } } } }"""
    _, drafted = world.ask(query, cycle={"key": "2026-q1"})["teams"]["nodes"]
    assert drafted["progress"] == {"value": None, "explain": []}
    world.do(ActivateCycle(cycle=goals.CYCLE, effective_at=day(1)))
    apps, top_ = world.ask(query, cycle={"key": "2026-q1"})["teams"]["nodes"]
    assert (top_["key"], top_["children"], top_["objectives"]) == ("top", [{"key": "apps"}], {"totalCount": 2})
    assert top_["progress"]["value"] == 0.4
    assert (apps["parent"], apps["progress"]) == ({"key": "top"}, {"value": None, "explain": []})
    for team in world.ask(query, cycle={"key": "another"})["teams"]["nodes"]:
        assert team["progress"]["value"] is None


def test_erased_person_is_anonymous_at_every_basis(world: AskedWorld) -> None:
    person = bob(world)
    goals.cycle(world)
    goals.objective(world, owner=person)
    before = world.log.head().position
    world.record(ErasePerson(person=person, reason="asked to be"))
    query = f"""{{ people {{ nodes {{ handle name email }} }} objectives {{ nodes {{ owner {{ handle }} }} }}
        asOf(position: {before}) {{ people {{ nodes {{ handle name email }} }} }} }}"""
    answer = world.ask(query)
    erased = {"handle": f"erased-{person.hex[:8]}", "name": "Erased person", "email": None}
    assert answer["people"]["nodes"] == answer["asOf"]["people"]["nodes"] == [erased]
    assert answer["objectives"]["nodes"][0]["owner"] == {"handle": erased["handle"]}


def test_person_is_found_by_handle_or_id(world: AskedWorld) -> None:
    bob(world)
    then = "asOf(at: $at) { person(by: $by) { name } }"
    query = f"query ($by: PersonBy!, $at: DateTime) {{ person(by: $by) {{ id name }} {then} }}"
    found = world.ask(query, by={"handle": "bob"}, at="2025-12-31T12:00:00Z")
    assert (found["person"]["name"], found["asOf"]["person"]) == ("Bob", {"name": "Bob"})
    assert world.ask(query, by={"id": found["person"]["id"]})["person"] == found["person"]
    assert world.ask(query, by={"handle": "bob"}, at="2025-12-30T00:00:00Z")["asOf"] == {"person": None}
    for unknown in ({"handle": "nobody"}, {"handle": ""}, {"id": "nothing"}):
        assert world.ask(query, by=unknown)["person"] is None
