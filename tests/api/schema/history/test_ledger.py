"""The ledger over the API: heads, inclusion proofs and consistency proofs that verify."""

from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.execution.context import Caller, Context
from api.execution.writer import Writer
from api.runtime import signing_key
from api.runtime.database import Database, open_database
from api.runtime.projector import projector_of
from api.runtime.settings import Settings
from api.schema.schema import schema
from api.server.app import create_app
from domain.commands.permissions import Role
from domain.proof import checkpoint, merkle
from domain.proof.signed_note import Verifier
from projections.proof.signer import Keys
from tests.api.conftest import Api
from tests.projections.proof.conftest import KEYS, Attested, forged, world
from tests.workspace import fresh_workspace, named_settings

__all__ = ["world"]

CYCLE = '{key: "c%s", name: "x", startsOn: "2024-01-01", endsOn: "2024-01-31"}'
INCLUSION = "query ($at: Position!, $size: Position) { ledger { inclusion(position: $at, size: $size) { position size leafHash path } } }"  # noqa: E501
CONSISTENCY = (
    "query ($from: Position!, $to: Position) { ledger { consistency(from: $from, to: $to) { from to path } } }"
)
HEAD = "{ basis { position } ledger { head { size rootHash signedNote } } }"


def hashes(path: list[str]) -> list[bytes]:
    return [b64decode(one, validate=True) for one in path]


# ── over HTTP ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def settings_with_key(server: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    named = named_settings(server)
    path = tmp_path_factory.mktemp("keys") / "key"
    signing_key.create(path, f"okr.example.org/{named.workspace}")
    return named.model_copy(update={"checkpoint_key": path})


@pytest.fixture(scope="module")
def api(server: str, settings_with_key: Settings) -> Iterator[Api]:
    """A server with a signing key and nine events."""
    with fresh_workspace(server, settings_with_key) as database:
        app = create_app(settings_with_key, database, editor=True, anonymous=True)
        with TestClient(app, base_url="http://localhost") as http:
            served = Api(http)
            for number in range(9):
                served.ask(f"mutation {{ openCycle(input: {CYCLE % number}) {{ position }} }}")
            yield served


@pytest.fixture
def vkey(api: Api) -> Verifier:
    return Verifier.read(api.http.get("/checkpoint/key").text)


def test_public_key_and_checkpoint_are_served_as_text(api: Api, vkey: Verifier, settings_with_key: Settings) -> None:
    assert vkey.name == f"okr.example.org/{settings_with_key.workspace}"
    assert api.http.get("/checkpoint?size=1").status_code == 400
    response = api.http.get("/checkpoint")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    verified = checkpoint.verified(response.text, [vkey])
    assert (verified.size, response.headers["cache-control"]) == (9, "no-store")


def test_ledger_head_covers_the_basis_of_the_answer(api: Api, vkey: Verifier) -> None:
    answer = api.ask(HEAD)
    head = answer["ledger"]["head"]
    verified = checkpoint.verified(head["signedNote"], [vkey])
    assert head["size"] == verified.size == answer["basis"]["position"] == 9
    assert b64decode(head["rootHash"]) == verified.root
    assert head["signedNote"] == api.http.get("/checkpoint").text


def test_inclusion_proof_holds_for_every_position_and_size(api: Api, vkey: Verifier) -> None:
    roots = {size: root_of(api, vkey, size) for size in range(10)}
    assert roots[0] == merkle.EMPTY
    for size in range(1, 10):
        for position in range(1, size + 1):
            proof = api.ask(INCLUSION, at=position, size=size)["ledger"]["inclusion"]
            assert (proof["position"], proof["size"]) == (position, size)
            leaf = b64decode(proof["leafHash"])
            assert merkle.includes(roots[size], size, leaf, position - 1, hashes(proof["path"]))
    assert api.ask(INCLUSION, at=4)["ledger"]["inclusion"]["size"] == 9


def test_leaf_of_an_inclusion_proof_has_the_leaf_hash_and_the_stored_bytes(api: Api) -> None:
    for position in (1, 9):
        query = f"{{ ledger {{ inclusion(position: {position}) {{ leaf leafHash }} }} }}"
        proof = api.ask(query)["ledger"]["inclusion"]
        leaf = b64decode(proof["leaf"], validate=True)
        assert sha256(leaf).digest() == b64decode(proof["leafHash"])
        assert leaf[:9] == b"\x00" + position.to_bytes(8, "big")
    assert b"cycle-opened.v" in leaf
    assert b'"c8"' in leaf


def test_consistency_proof_holds_for_every_pair_of_sizes(api: Api, vkey: Verifier) -> None:
    for old in range(10):
        proof = api.ask(CONSISTENCY, **{"from": old, "to": 9})["ledger"]["consistency"]
        assert (proof["from"], proof["to"]) == (old, 9)
        assert merkle.extends(root_of(api, vkey, old), old, root_of(api, vkey, 9), 9, hashes(proof["path"]))
    assert api.ask(CONSISTENCY, **{"from": 4})["ledger"]["consistency"]["to"] == 9


def root_of(api: Api, vkey: Verifier, size: int) -> bytes:
    query = "query ($at: Position!) { ledger { checkpoint(position: $at) { size rootHash signedNote } } }"
    found = api.ask(query, at=size)["ledger"]["checkpoint"]
    verified = checkpoint.verified(found["signedNote"], [vkey])
    assert (found["size"], b64decode(found["rootHash"])) == (size, verified.root)
    assert verified.size == size
    return verified.root


@pytest.mark.parametrize(
    ("query", "variables", "field"),
    [
        (INCLUSION, {"at": 10}, "position"),
        (INCLUSION, {"at": 0}, "position"),
        (INCLUSION, {"at": 5, "size": 4}, "position"),
        (INCLUSION, {"at": 5, "size": 10}, "size"),
        (CONSISTENCY, {"from": 10}, "from"),
        (CONSISTENCY, {"from": 4, "to": 3}, "from"),
        (CONSISTENCY, {"from": 4, "to": 10}, "to"),
        ("{ ledger { checkpoint(position: 10) { size } } }", {}, "position"),
    ],
)
def test_proof_of_an_unknown_position_is_invalid(api: Api, query: str, variables: dict[str, Any], field: str) -> None:
    extensions = api.error(query, **variables)["extensions"]
    assert (extensions["code"], extensions["field"]) == ("INVALID", [field])


# ── with and without a key ────────────────────────────────────────────────────────────────────────


@pytest.fixture
def ask(world: Attested) -> Callable[..., Any]:
    """Queries the workspace as a server with these keys, for a caller with this role."""

    def asked(query: str, keys: Keys | None = KEYS, role: Role = Role.AUDITOR) -> Any:
        caller, writer = Caller("ada", frozenset({role})), Writer(world.log, world.projector, 1.0)
        pool: Any = world.database.pool(size_max=2)
        context = Context(caller, pool, world.log, writer, keys=keys)
        result = schema.execute_sync(query, {}, context)
        return result.data if result.errors is None else (result.errors[0].extensions or {})["code"]

    return asked


@pytest.mark.parametrize("role", [Role.ADMIN, Role.LEAD, Role.AUDITOR])
def test_admins_leads_and_auditors_may_read_the_ledger(ask: Callable[..., Any], role: Role) -> None:
    assert ask("{ ledger { head { size } } }", role=role) == {"ledger": {"head": {"size": 0}}}


@pytest.mark.parametrize("role", [Role.MEMBER, Role.METRICS])
def test_members_and_metrics_may_not_read_the_ledger(ask: Callable[..., Any], role: Role) -> None:
    assert ask("{ ledger { head { size } } }", role=role) == "FORBIDDEN"


@pytest.mark.parametrize("role", Role)
def test_leaf_of_an_event_is_read_by_readers_of_the_ledger_and_of_private_goals(
    world: Attested, ask: Callable[..., Any], role: Role
) -> None:
    world.fill(1)
    world.catch_up()
    answer = ask("{ ledger { inclusion(position: 1) { leaf } } }", role=role)
    assert (answer != "FORBIDDEN") is (role in {Role.ADMIN, Role.AUDITOR})


def test_stored_checkpoint_has_a_number_and_the_time_of_signing(world: Attested, ask: Callable[..., Any]) -> None:
    world.fill(2)
    world.catch_up()
    query = "{ ledger { head { size number signedAt } } }"
    assert ask(query)["ledger"]["head"] == {"size": 2, "number": None, "signedAt": None}
    world.sign()
    head = ask(query)["ledger"]["head"]
    ((signed_at,),) = world.conn.execute("select signed_at from checkpoint where size = 2").fetchall()
    assert (head["number"], datetime.fromisoformat(head["signedAt"])) == (1, signed_at)


def test_without_a_key_the_last_signed_checkpoint_is_returned(world: Attested, ask: Callable[..., Any]) -> None:
    world.fill(3)
    world.catch_up()
    assert ask("{ ledger { head { size } } }", keys=None) == {"ledger": {"head": {"size": 3}}}
    assert ask(HEAD, keys=None) == "NOT_FOUND"
    note = world.sign()
    world.fill(2)
    world.catch_up()
    assert ask(HEAD, keys=None)["ledger"]["head"]["signedNote"] == note
    assert ask("{ ledger { inclusion(position: 1) { size } } }", keys=None)["ledger"]["inclusion"]["size"] == 3
    assert ask("{ ledger { checkpoint(position: 5) { signedNote } } }", keys=None) == "NOT_FOUND"
    assert ask(HEAD)["ledger"]["head"]["size"] == 5


def test_rewritten_log_is_not_signed(world: Attested, ask: Callable[..., Any]) -> None:
    world.fill(3)
    forged(world.conn, 2, checkpoint.signed(2, bytes(32), KEYS.signer))
    world.catch_up()
    assert ask(HEAD) == "CONFLICT"


def test_checkpoint_routes_are_404_without_a_key(database: Database, settings: Settings, tmp_path: Path) -> None:
    without = settings.model_copy(update={"data_dir": tmp_path})
    with TestClient(create_app(without, database, editor=True, anonymous=True), base_url="http://localhost") as http:
        assert (http.get("/checkpoint").status_code, http.get("/checkpoint/key").status_code) == (404, 404)


# ── the projector signs checkpoints ───────────────────────────────────────────────────────────────


def test_projector_signs_checkpoints_by_the_settings(world: Attested, tmp_path: Path) -> None:
    name = world.database.settings.workspace
    signing_key.create(tmp_path / "key", f"keyframe/{name}")
    verified = world.database.settings.model_copy(
        update={"checkpoint_key": tmp_path / "key", "checkpoint_events_max": 10, "checkpoint_interval_s": 3600.0}
    )
    with open_database(verified) as database:
        projector = projector_of(database)
        for count in (4, 6, 5, 10):
            world.fill(count)
            projector.catch_up()
    assert world.signed_sizes() == [4, 15, 25]
