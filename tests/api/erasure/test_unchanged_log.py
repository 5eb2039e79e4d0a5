"""Erasure adds an event and deletes a key; stored bytes and proofs stay unchanged."""

import json
from collections.abc import Iterator
from random import Random
from uuid import UUID

import pytest

from api.facts.importer import Import
from domain.commands.people_commands import AddPerson, ErasePerson
from domain.commands.permissions import Role
from domain.log.schema import application_role
from domain.primitives.values import Kind, Source
from domain.proof import evidence
from projections.proof import evidence as proofs
from tests.projections.proof.conftest import KEYS, Attested, attested
from tests.projections.proof.proven_quarter import ADA as AUTHOR
from tests.projections.proof.proven_quarter import Quarter


@pytest.fixture
def world(server: str) -> Iterator[Attested]:
    with attested(server) as made:
        yield made


def person(world: Attested, handle: str = "ada-lovelace") -> UUID:
    added = AddPerson(handle=handle, name="Ada", email="ada@example.com")
    subject = world.keyframe.execute(added, AUTHOR).result.subject
    assert subject is not None
    return subject.id


def erase(world: Attested, id: UUID) -> None:
    world.keyframe.execute(ErasePerson(person=id, reason="asked to be"), AUTHOR)
    world.catch_up()


def test_erasure_changes_no_stored_byte_and_the_log_still_verifies(world: Attested) -> None:
    Quarter(world.keyframe)
    ada = person(world)
    world.fill(50)
    world.sign()
    before, note = world.log.rows(0, 10_000), world.sign()
    exported = list(proofs.of_cycle(world.conn, "test", "2024-q1", KEYS))
    erase(world, ada)
    rows = world.log.rows(0, 10_000)
    assert rows[: len(before)] == before
    assert [row.topic for row in rows[len(before) :]] == ["person-erased.v1"]
    assert world.log.person_keys([ada]) == {}
    verdict = world.verify(given=[note])
    assert (verdict.damage, verdict.size) == (None, len(rows))
    for lines in (exported, list(proofs.of_cycle(world.conn, "test", "2024-q1", KEYS))):
        evidence.check(lines, KEYS.verifiers)


def test_key_deletion_and_event_are_atomic(world: Attested) -> None:
    ada = person(world)
    with world.database.connect() as conn:
        conn.execute("revoke delete on person_key from public")
        role = application_role(world.database.settings.workspace, conn.info.dbname)
        conn.execute(f"revoke delete on person_key from {role}")
        with pytest.raises(Exception, match="person_key"):
            world.keyframe.execute(ErasePerson(person=ada, reason="asked to be"), AUTHOR)
    assert world.size == 1
    assert list(world.log.person_keys([ada])) == [ada]


def test_only_the_key_of_the_erased_person_is_deleted(world: Attested) -> None:
    ada, ben = person(world), person(world, "ben")
    erase(world, ada)
    assert list(world.log.person_keys([ada, ben])) == [ben]


@pytest.mark.parametrize("seed", range(3))
def test_random_history_with_erasures_verifies(world: Attested, seed: int) -> None:
    history = world.live(60, Random(seed))
    for kind, id in [(ref.kind, ref.id) for _, done in history.done if (ref := done.result.subject) is not None]:
        if kind is Kind.PERSON:
            erase(world, id)
    world.sign()
    assert world.verify().damage is None


# ── importing ─────────────────────────────────────────────────────────────────────────────────────

FACTS = [
    {"at": "2026-02-01T00:00:00Z", "by": "person:ben", "do": "formTeam", "input": {"key": "a", "name": "A"}},
    {"at": "2026-02-01T00:00:00Z", "do": "addPerson", "input": {"handle": "ben", "name": "Ben"}, "ref": "ben"},
    {"at": "2026-02-01T00:00:00Z", "do": "addPerson", "input": {"handle": "ada", "name": "Ada"}, "by": "person:ada"},
    {"at": "2026-02-02T00:00:00Z", "do": "formTeam", "input": {"key": "b", "name": "B"}, "by": "person:ada"},
]


def bring_in(world: Attested) -> tuple[int, int]:
    """Import the facts; returns the number recorded and refused."""
    importing = Import(world.keyframe, world.log, "machine:console")
    tally = importing.run([json.dumps(fact).encode() for fact in FACTS], go_on=True)
    return tally.recorded, len(tally.refusals)


def test_importing_a_file_again_does_not_restore_erased_people(world: Attested) -> None:
    assert bring_in(world) == (4, 0)
    people = [entry.event.originator_id for entry in world.log.entries(0, 100) if entry.event.TOPIC == "person-added"]
    assert len(people) == 2
    for id in people:
        erase(world, id)
    size = world.size
    assert bring_in(world) == (0, 0)
    assert world.size == size
    assert world.log.person_keys(people) == {}


def test_only_admins_may_erase_a_person(world: Attested) -> None:
    ada = person(world)
    for role in set(Role) - {Role.ADMIN}:
        author = type(AUTHOR)("machine:other", Source.API, frozenset({role}))
        with pytest.raises(Exception, match="ADMIN"):
            world.keyframe.execute(ErasePerson(person=ada, reason="asked to be"), author)
    assert world.size == 1
