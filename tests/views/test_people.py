"""People, teams, and what is said around goals, as they are seen."""

import threading
from uuid import UUID

from domain import verbs
from domain.values import Basis, InitiativeState, Kind, ReflectionKind
from projections import conversation, generations, people
from projections.tables import Window
from tests.views.conftest import World
from tests.views.telling import cycle, objective, on, then, to


def person(world: World, handle: str) -> UUID:
    return world.tell(verbs.AddPerson(handle=handle, name=handle.title(), email=f"{handle}@example.com"))


def test_a_person_is_found_by_handle_and_keeps_it_when_renamed(world: World) -> None:
    ada = person(world, "ada")
    world.tell(verbs.RenamePerson(person=ada, name="Ada Lovelace"))
    row = people.people_by_handle(world.conn, world.now, ["ada", "nobody"])["ada"]
    assert (row.id, row.name, row.email, row.active) == (ada, "Ada Lovelace", "ada@example.com", True)


def test_an_erased_person_has_no_name_at_any_basis_nor_after_a_rebuild(world: World) -> None:
    ada = person(world, "ada")
    world.tell(verbs.RenamePerson(person=ada, name="Ada Lovelace"))
    with world.database.connect() as conn:
        conn.execute("delete from person_key where person = %s", [ada])
        people.forget(conn, ada)
    world.tell(verbs.DeactivatePerson(person=ada))
    for basis in (world.now, then(world, world.now.at)):
        row = people.people(world.conn, basis, [ada])[ada]
        assert (row.handle, row.name, row.email, row.active) == (None, None, None, False)
    assert people.people_by_handle(world.conn, world.now, ["ada"]) == {}
    grown = world.dump()
    assert b"Lovelace" not in grown
    assert b"ada@" not in grown
    generations.rebuild(world.log, world.database.connect, workspace=world.workspace)
    assert world.dump() == grown


def test_forgetting_waits_for_the_batch_that_is_being_written(world: World) -> None:
    ada = person(world, "ada")
    done = threading.Event()

    def forget() -> None:
        with world.database.connect() as conn:
            people.forget(conn, ada)
        done.set()

    with world.database.connect() as batch, batch.transaction():
        batch.execute("select from view_position for update")
        forgetting = threading.Thread(target=forget)
        forgetting.start()
        assert not done.wait(0.1)
    forgetting.join()
    assert people.people(world.conn, world.now, [ada])[ada].handle is None


def test_members_come_as_they_joined_and_are_gone_when_they_left(world: World) -> None:
    ada, bob = person(world, "ada"), person(world, "bob")
    team = world.tell(verbs.FormTeam(key="core", name="Core", lead=ada))
    for member in (bob, ada):
        world.tell(verbs.JoinTeam(team=team, person=member))
    assert [row.id for row in people.members_of_teams(world.conn, world.now, [team])[team]] == [bob, ada]
    together = world.now
    world.tell(verbs.LeaveTeam(team=team, person=bob))
    assert [row.id for row in people.members_of_teams(world.conn, world.now, [team])[team]] == [ada]
    assert [row.id for row in people.members_of_teams(world.conn, together, [team])[team]] == [bob, ada]
    assert people.teams_of_people(world.conn, world.now, [bob]) == {bob: []}
    world.tell(verbs.JoinTeam(team=team, person=bob))
    assert [row.id for row in people.members_of_teams(world.conn, world.now, [team])[team]] == [ada, bob]


def test_teams_stand_under_their_parents_wherever_they_move(world: World) -> None:
    one, two = (world.tell(verbs.FormTeam(key=key, name=key)) for key in ("one", "two"))
    low = world.tell(verbs.FormTeam(key="low", name="low", parent=one))
    before = world.now
    world.tell(verbs.MoveTeam(team=low, parent=two))

    def below(basis: Basis) -> dict[UUID, list[str]]:
        found = people.teams_within(world.conn, basis, [one, two])
        return {id: [row.key for row in rows] for id, rows in found.items()}

    assert below(before) == {one: ["low"], two: []}
    assert below(world.now) == {one: [], two: ["low"]}
    world.tell(verbs.DisbandTeam(team=low))
    assert below(world.now) == {one: [], two: []}
    assert people.teams_by_key(world.conn, world.now, ["low"])["low"].disbanded


def test_comments_come_in_stretches_in_the_order_of_recording(world: World) -> None:
    id = objective(world, cycle(world))
    for number in range(5):
        world.tell(verbs.AddComment(subject=to(Kind.OBJECTIVE, id), body=f"{number}"))
    first = conversation.comment_pages(world.conn, world.now, [id], Window(2))[id]
    assert [row.body for row in first] == ["0", "1"]
    after = conversation.comment_cursor(first[-1])
    rest = conversation.comment_pages(world.conn, world.now, [id], Window(9, after=after))[id]
    assert [row.body for row in rest] == ["2", "3", "4"]
    last = conversation.comment_pages(world.conn, world.now, [id], Window(2, backwards=True))[id]
    assert [row.body for row in last] == ["3", "4"]
    assert conversation.comment_counts(world.conn, world.now, [id]) == {id: 5}
    assert conversation.comments(world.conn, world.now, [first[0].id])[first[0].id] == first[0]
    assert (first[0].subject, first[0].by.actor) == (to(Kind.OBJECTIVE, id), "machine:ada")


def test_initiatives_and_reflections_are_told_of_their_subjects(world: World) -> None:
    quarter = cycle(world)
    id = objective(world, quarter)
    work = world.tell(verbs.PlanInitiative(title="Call them all", subject=to(Kind.OBJECTIVE, id), due=on(9).date()))
    world.tell(verbs.MoveInitiative(initiative=work, to=InitiativeState.DOING))
    world.tell(verbs.Reflect(subject=to(Kind.CYCLE, quarter), kind=ReflectionKind.LEARNED, body="to call"))
    (planned,) = conversation.initiatives_of_subjects(world.conn, world.now, [id])[id]
    assert (planned.subject.id, planned.state, planned.due) == (id, InitiativeState.DOING, on(9).date())
    (said,) = conversation.reflections_of_subjects(world.conn, world.now, [quarter])[quarter]
    assert (said.kind, said.body, said.subject) == (ReflectionKind.LEARNED, "to call", to(Kind.CYCLE, quarter))
    assert conversation.reflections_of_subjects(world.conn, world.now, [id]) == {id: []}
