"""Keys of people that vanish, are replaced or come back are found; commands name the person and say what to do."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import psycopg
import pytest

from api.facts.exporter import Facts
from domain.commands.people_commands import AddPerson, DeactivatePerson, ErasePerson, RenamePerson
from domain.log.schema import application_role
from domain.primitives.personal_data import WrongKey
from domain.primitives.values import Kind
from projections.engine import rebuild
from projections.engine.registry import Poison
from tests.damage import unguarded
from tests.projections.proof.conftest import Attested
from tests.projections.proof.proven_quarter import ADA


def person(world: Attested, handle: str) -> UUID:
    done = world.keyframe.execute(AddPerson(handle=handle, name=handle.title(), email="a@example.org"), ADA)
    assert done.result.subject is not None
    return done.result.subject.id


def erase(world: Attested, id: UUID) -> None:
    world.keyframe.execute(ErasePerson(person=id, reason="asked to be"), ADA)


def damaged(world: Attested, statement: str, *params: object) -> None:
    with unguarded(world.database) as conn:
        conn.execute(statement.encode(), params)


@pytest.fixture
def ada(world: Attested) -> UUID:
    """A person who was renamed, beside one who was deactivated and one who was erased."""
    ada, ben, cyd = (person(world, handle) for handle in ("ada", "ben", "cyd"))
    world.keyframe.execute(RenamePerson(person=ada, name="Ada Lovelace"), ADA)
    world.keyframe.execute(DeactivatePerson(person=ben), ADA)
    erase(world, cyd)
    world.catch_up()
    return ada


def only_finding(world: Attested) -> str:
    verdict = world.verify()
    assert verdict.damage is None
    assert not verdict.is_sound
    (finding,) = verdict.findings
    return finding


def test_intact_keys_have_no_finding(world: Attested, ada: UUID) -> None:
    assert world.verify().findings == ()
    erase(world, ada)
    world.catch_up()
    assert world.verify().findings == ()


@pytest.mark.parametrize("seed", range(3))
def test_random_histories_with_erasures_have_no_finding(world: Attested, seed: int) -> None:
    history = world.live(80, Random(seed))
    refs = {ref for _, done in history.done if (ref := done.result.subject) is not None and ref.kind is Kind.PERSON}
    for ref in sorted(refs, key=str)[::2]:
        erase(world, ref.id)
    world.catch_up()
    assert world.verify().findings == ()


def test_a_missing_key_is_found(world: Attested, ada: UUID) -> None:
    damaged(world, "delete from person_key where person = %s", ada)
    assert f"The key of person {ada} is missing" in only_finding(world)


def test_a_replaced_key_is_found(world: Attested, ada: UUID) -> None:
    damaged(world, "update person_key set key = %s where person = %s", bytes(32), ada)
    assert f"The key of person {ada} does not open" in only_finding(world)


def test_the_key_of_an_erased_person_is_found(world: Attested, ada: UUID) -> None:
    key = world.log.person_keys([ada])[ada]
    erase(world, ada)
    world.catch_up()
    damaged(world, "insert into person_key values (%s, %s, %s)", ada, key, b"digest")
    assert f"key of person {ada}, who was erased" in only_finding(world)


def test_the_key_of_an_unknown_person_is_found(world: Attested, ada: UUID) -> None:
    other = uuid4()
    damaged(world, "insert into person_key values (%s, %s, %s)", other, bytes(32), b"digest")
    assert f"key of person {other}, who is not in the log" in only_finding(world)


def test_a_changed_handle_digest_is_found(world: Attested, ada: UUID) -> None:
    damaged(world, "update person_key set handle_digest = %s where person = %s", bytes(32), ada)
    assert f"digest of the handle of person {ada} was changed" in only_finding(world)


def test_a_changed_salt_is_found(world: Attested, ada: UUID) -> None:
    damaged(world, "update workspace set salt = %s", bytes(32))
    assert "salt of the workspace was changed" in only_finding(world)


def test_many_missing_keys_are_counted(world: Attested) -> None:
    for number in range(25):
        person(world, f"p-{number}")
    world.catch_up()
    damaged(world, "delete from person_key")
    findings = world.verify().findings
    assert len(findings) == 21
    assert findings[-1] == "The same of 5 more people."


def test_a_replaced_key_is_named_by_rebuild_and_export(world: Attested, ada: UUID, tmp_path: Path) -> None:
    damaged(world, "update person_key set key = %s where person = %s", bytes(32), ada)
    with pytest.raises(Poison, match=f"The key of person {ada} does not open") as caught:
        rebuild.rebuild(world.log, world.database.connect, workspace=world.database.settings.workspace)
    assert isinstance(caught.value.__cause__, WrongKey)
    with pytest.raises(WrongKey, match=str(ada)):
        list(Facts(world.log, world.conn, world.size))


def test_a_person_with_a_replaced_key_can_be_erased(world: Attested, ada: UUID) -> None:
    damaged(world, "update person_key set key = %s where person = %s", bytes(32), ada)
    erase(world, ada)
    world.catch_up()
    assert world.verify().is_sound
    rebuild.rebuild(world.log, world.database.connect, workspace=world.database.settings.workspace)


REFUSED: dict[str, Callable[[UUID], str]] = {
    "deleted": lambda person: f"delete from person_key where person = '{person}'",
    "replaced": lambda person: f"update person_key set key = sha256('x') where person = '{person}'",
    "removed with all others": lambda _: "truncate person_key",
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_application_role_cannot_take_keys(world: Attested, ada: UUID, what: str) -> None:
    with world.database.connect("app") as conn:
        role = application_role(world.database.settings.workspace, conn.info.dbname)
        assert conn.execute("select current_user").fetchone() == (role,)
        with pytest.raises((psycopg.errors.RestrictViolation, psycopg.errors.InsufficientPrivilege)):
            conn.execute(REFUSED[what](ada).encode())
    assert world.verify().is_sound


def test_the_application_role_erases_people(world: Attested, ada: UUID) -> None:
    erase(world, ada)
    with world.database.connect("app") as conn:
        assert conn.execute("select count(*) from person_key where person = %s", [ada]).fetchone() == (0,)
