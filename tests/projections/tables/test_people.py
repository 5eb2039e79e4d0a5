"""The tables of people, teams, initiatives, comments and reflections."""

from uuid import UUID

import pytest

from domain.commands.discussion_commands import AddComment, MoveInitiative, PlanInitiative, Reflect
from domain.commands.people_commands import (
    AddPerson,
    DisbandTeam,
    ErasePerson,
    FormTeam,
    JoinTeam,
    LeaveTeam,
    MoveTeam,
    RenamePerson,
)
from domain.primitives.values import Basis, InitiativeState, Kind, ReflectionKind
from projections.engine import rebuild
from projections.store.versioned_tables import Window
from projections.tables import discussion, people
from tests.projections.goal_builders import cycle, objective, on, then, to
from tests.world import World


def person(world: World, handle: str) -> UUID:
    return world.record(AddPerson(handle=handle, name=handle.title(), email=f"{handle}@example.com"))


def test_a_person_is_found_by_handle_after_renaming(world: World) -> None:
    ada = person(world, "ada")
    world.record(RenamePerson(person=ada, name="Ada Lovelace"))
    row = people.people_by_handle(world.conn, world.now, ["ada", "nobody"])["ada"]
    assert (row.id, row.name, row.email, row.active) == (ada, "Ada Lovelace", "ada@example.com", True)


def test_an_erased_person_has_no_name_at_any_basis_nor_after_a_rebuild(world: World) -> None:
    ada = person(world, "ada")
    world.record(RenamePerson(person=ada, name="Ada Lovelace"))
    before = world.now
    world.record(ErasePerson(person=ada, reason="asked to be"))
    for basis, active in ((world.now, False), (then(world, world.now.at), False), (before, True)):
        row = people.people(world.conn, basis, [ada])[ada]
        assert (row.handle, row.name, row.email, row.active) == (None, None, None, active)
    assert people.people_by_handle(world.conn, world.now, ["ada"]) == {}
    grown = world.dump()
    assert b"lovelace" not in grown.lower()
    assert b"ada@" not in grown
    rebuild.rebuild(world.log, world.database.connect, workspace=world.workspace)
    assert world.dump() == grown


@pytest.mark.parametrize("batch_size", [1, 2, 500])
def test_personal_data_decrypted_before_the_erasure_is_removed_at_any_batch_size(
    world: World, batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulates that every batch read the keys before the erasure."""
    ada = world.write(AddPerson(handle="ada", name="Ada", email="ada@example.com")).result.subject
    assert ada is not None
    world.write(RenamePerson(person=ada.id, name="Ada Lovelace"))
    keys = world.log.person_keys([ada.id])
    world.write(ErasePerson(person=ada.id, reason="asked to be"))
    monkeypatch.setattr(world.log, "person_keys", lambda _: keys)
    world.new_projector(batch_size).catch_up()
    assert people.people(world.conn, world.now, [ada.id])[ada.id].handle is None
    assert b"lovelace" not in world.dump().lower()
    assert b"ada@" not in world.dump()


def test_the_database_keeps_no_statistics_of_personal_data(world: World) -> None:
    for handle in ("ada", "bob", "cy"):
        person(world, handle)
    world.conn.execute("analyze")
    statistics = world.conn.execute(
        "select tablename, attname from pg_stats where schemaname like %s", [f"{world.workspace}%"]
    )
    columns = set(statistics.fetchall())
    assert ("person", "active") in columns
    secret = {("person", name) for name in people.PERSON.secret} | {
        ("person_key", "key"),
        ("person_key", "handle_digest"),
    }
    assert not columns & secret


def test_members_are_in_joining_order_until_they_leave(world: World) -> None:
    ada, bob = person(world, "ada"), person(world, "bob")
    team = world.record(FormTeam(key="core", name="Core", lead=ada))
    for member in (bob, ada):
        world.record(JoinTeam(team=team, person=member))
    assert [row.id for row in people.members_of_teams(world.conn, world.now, [team])[team]] == [bob, ada]
    together = world.now
    world.record(LeaveTeam(team=team, person=bob))
    assert [row.id for row in people.members_of_teams(world.conn, world.now, [team])[team]] == [ada]
    assert [row.id for row in people.members_of_teams(world.conn, together, [team])[team]] == [bob, ada]
    assert people.teams_of_people(world.conn, world.now, [bob]) == {bob: []}
    world.record(JoinTeam(team=team, person=bob))
    assert [row.id for row in people.members_of_teams(world.conn, world.now, [team])[team]] == [ada, bob]


def test_moved_teams_are_listed_under_their_new_parent(world: World) -> None:
    one, two = (world.record(FormTeam(key=key, name=key)) for key in ("one", "two"))
    low = world.record(FormTeam(key="low", name="low", parent=one))
    before = world.now
    world.record(MoveTeam(team=low, parent=two))

    def below(basis: Basis) -> dict[UUID, list[str]]:
        found = people.teams_within(world.conn, basis, [one, two])
        return {id: [row.key for row in rows] for id, rows in found.items()}

    assert below(before) == {one: ["low"], two: []}
    assert below(world.now) == {one: [], two: ["low"]}
    world.record(DisbandTeam(team=low))
    assert below(world.now) == {one: [], two: []}
    assert people.teams_by_key(world.conn, world.now, ["low"])["low"].disbanded


def test_comments_are_paged_in_recording_order(world: World) -> None:
    id = objective(world, cycle(world))
    for number in range(5):
        world.record(AddComment(subject=to(Kind.OBJECTIVE, id), body=f"{number}"))
    first = discussion.comment_pages(world.conn, world.now, [id], Window(2))[id]
    assert [row.body for row in first] == ["0", "1"]
    after = discussion.comment_cursor(first[-1])
    rest = discussion.comment_pages(world.conn, world.now, [id], Window(9, after=after))[id]
    assert [row.body for row in rest] == ["2", "3", "4"]
    last = discussion.comment_pages(world.conn, world.now, [id], Window(2, backwards=True))[id]
    assert [row.body for row in last] == ["3", "4"]
    assert discussion.comment_counts(world.conn, world.now, [id]) == {id: 5}
    assert discussion.comments(world.conn, world.now, [first[0].id])[first[0].id] == first[0]
    assert (first[0].subject, first[0].by.actor) == (to(Kind.OBJECTIVE, id), "machine:ada")


def test_initiatives_and_reflections_are_listed_by_subject(world: World) -> None:
    quarter = cycle(world)
    id = objective(world, quarter)
    work = world.record(PlanInitiative(title="Call them all", subject=to(Kind.OBJECTIVE, id), due=on(9).date()))
    world.record(MoveInitiative(initiative=work, to=InitiativeState.DOING))
    world.record(Reflect(subject=to(Kind.CYCLE, quarter), kind=ReflectionKind.LEARNED, body="to call"))
    (planned,) = discussion.initiatives_of_subjects(world.conn, world.now, [id])[id]
    assert (planned.subject.id, planned.state, planned.due) == (id, InitiativeState.DOING, on(9).date())
    (reflection,) = discussion.reflections_of_subjects(world.conn, world.now, [quarter])[quarter]
    assert (reflection.kind, reflection.body, reflection.subject) == (
        ReflectionKind.LEARNED,
        "to call",
        to(Kind.CYCLE, quarter),
    )
    assert discussion.reflections_of_subjects(world.conn, world.now, [id]) == {id: []}
