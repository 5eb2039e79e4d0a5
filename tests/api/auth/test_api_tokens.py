"""API tokens: issued once, stored as a digest, valid until they expire or are revoked."""

import asyncio
import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from starlette.testclient import TestClient

from api.asgi.ttl_cache import SingleFlightTTLCache
from api.auth import authentication, authentication_middleware
from api.auth.token_uses import TokenUses
from api.cli.output import out
from api.server.app import create_app
from domain.commands.people_commands import DeactivatePerson
from domain.commands.permissions import Role
from domain.log.credentials import api_tokens
from domain.log.schema import application_role
from tests.api.auth.conftest import VIEWER, AppServer, running_app_server
from tests.api.cli.terminal import KEYFRAME, environment, keyframe
from tests.api.frames import BOTH_FRAMES
from tests.conftest import issue_token
from tests.workspace import fresh_workspace

pytestmark = BOTH_FRAMES

SHAPE = re.compile(r"kf_([a-z2-9]{10})_(?P<secret>[A-Za-z0-9_-]{43})")


@pytest.fixture(scope="module")
def uncached_server(server: str, generous_failure_limit: None) -> Iterator[AppServer]:
    """A server that caches no token checks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(authentication, "REMEMBERED_SECONDS", -1.0)
        with running_app_server(server) as made:
            yield made


# ── the token command ─────────────────────────────────────────────────────────────────────────────


def test_created_token_is_the_only_line_on_stdout(app_server: AppServer) -> None:
    done = keyframe(
        app_server.database.settings, "token", "create", "--role", "METRICS", "--role", "AUDITOR", "--name", "shop"
    )
    (secret,) = done.stdout.splitlines()
    shape = SHAPE.fullmatch(secret)
    assert shape
    assert secret not in done.stderr
    assert "as the machine 'shop' with the roles AUDITOR, METRICS" in done.stderr
    listed = keyframe(app_server.database.settings, "token", "list").stdout
    assert "machine shop" in listed
    assert shape["secret"] not in listed


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), SystemExit(1), KeyboardInterrupt()])
def test_token_that_cannot_be_printed_is_not_created(
    app_server: AppServer, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(out, "print", fail)
    done = keyframe(app_server.database.settings, "token", "create", "--role", "ADMIN", "--name", "unseen")
    assert done.returncode != 0
    with app_server.database.connect() as conn:
        assert "unseen" not in [token.name for token in api_tokens.every(conn)]


def test_token_on_a_full_standard_output_is_not_created(app_server: AppServer) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*KEYFRAME, "token", "create", "--role", "ADMIN", "--name", "unseen"],
            env=environment(app_server.database.settings), stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "keyframe: The token cannot be printed (No space left on device); none was created." in done.stderr
    assert "Traceback" not in done.stderr
    with app_server.database.connect() as conn:
        assert "unseen" not in [token.name for token in api_tokens.every(conn)]


def test_token_whose_row_cannot_be_read_back_is_not_created(
    app_server: AppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_tokens, "_token", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        keyframe(app_server.database.settings, "token", "create", "--role", "ADMIN", "--name", "unseen")
    monkeypatch.undo()
    with app_server.database.connect() as conn:
        assert "unseen" not in [token.name for token in api_tokens.every(conn)]


def test_token_can_belong_to_a_person(app_server: AppServer) -> None:
    app_server.person("grace")
    secret = keyframe(
        app_server.database.settings, "token", "create", "--role", "MEMBER", "--person", "grace"
    ).stdout.strip()
    assert app_server.viewer(secret) == {"handle": "grace", "roles": ["MEMBER"], "person": {"handle": "grace"}}


def test_unnamed_token_is_named_after_its_roles(app_server: AppServer) -> None:
    secret = keyframe(
        app_server.database.settings, "token", "create", "--role", "LEAD", "--role", "AUDITOR"
    ).stdout.strip()
    assert app_server.viewer(secret) == {"handle": "auditor-lead", "roles": ["AUDITOR", "LEAD"], "person": None}


def test_token_is_revoked_by_its_id(uncached_server: AppServer) -> None:
    secret = keyframe(uncached_server.database.settings, "token", "create", "--role", "LEAD").stdout.strip()
    assert uncached_server.ask(secret).status_code == 200
    for _ in range(2):
        done = keyframe(uncached_server.database.settings, "token", "revoke", secret.split("_")[1])
        assert "is revoked" in done.stdout
    assert uncached_server.ask(secret).status_code == 401
    assert "revoked" in keyframe(uncached_server.database.settings, "token", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create"], "create --role ROLE"),
        (["create", "xyz", "--role", "LEAD"], "create --role ROLE"),
        (["list", "--role", "LEAD"], "create --role ROLE"),
        (["revoke"], "create --role ROLE"),
        (["create", "--role", "LEAD", "--expires", "never"], "not a valid lifetime"),
        (["create", "--role", "LEAD", "--expires", "0d"], "not a valid lifetime"),
        (["create", "--role", "LEAD", "--expires", "99999d"], "not a valid lifetime"),
        (["create", "--role", "LEAD", "--name", "Not Like This"], "is not a valid token name"),
        (["create", "--role", "BOSS"], "BOSS"),
    ],
)
def test_invalid_token_commands_exit_2_with_the_reason(
    app_server: AppServer, arguments: list[str], message: str
) -> None:
    done = keyframe(app_server.database.settings, "token", *arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_token_for_an_unknown_or_inactive_person_is_refused(app_server: AppServer) -> None:
    person = app_server.person("gone")
    app_server.execute(DeactivatePerson(person=person))
    for handle in ("gone", "never-here"):
        done = keyframe(app_server.database.settings, "token", "create", "--role", "LEAD", "--person", handle)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"there is no active person with the handle '{handle}'" in done.stderr
    assert keyframe(app_server.database.settings, "token", "revoke", "aaaaaaaaaa").returncode == 1


@pytest.mark.parametrize(("lifetime_option", "lifetime"), [("12h", timedelta(hours=12)), ("2w", timedelta(weeks=2))])
def test_token_expires_after_the_given_lifetime(
    app_server: AppServer, lifetime_option: str, lifetime: timedelta
) -> None:
    keyframe(app_server.database.settings, "token", "create", "--role", "LEAD", "--expires", lifetime_option)
    with app_server.database.connect() as conn:
        token = api_tokens.every(conn)[0]
    assert abs(token.expires_at - token.created_at - lifetime) < timedelta(seconds=1)


# ── storage ───────────────────────────────────────────────────────────────────────────────────────


def test_secret_has_256_bits_and_only_its_digest_is_stored(app_server: AppServer) -> None:
    secret = app_server.token().split("_", 2)[2]
    with app_server.database.connect() as conn:
        kept = conn.execute("select digest, token::text from token").fetchall()
    assert api_tokens.SECRET_BYTES == 32
    assert sha256(secret.encode()).digest() in [digest for digest, _ in kept]
    assert not any(secret in row for _, row in kept)


def test_application_role_may_read_tokens_but_not_write_them(app_server: AppServer) -> None:
    app_server.token()
    with app_server.database.connect() as conn:
        role = application_role(app_server.database.settings.workspace, conn.info.dbname)
        conn.execute(f"set role {role}")
        for forbidden in (
            "insert into token (id, name, digest, roles, expires_at) values ('x', 'x', '', '{ADMIN}', now())",
            "update token set roles = '{ADMIN}'",
            "update token set expires_at = 'infinity'",
            "update token set revoked_at = null",
            "delete from token",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(forbidden)
        assert api_tokens.every(conn)


def test_last_use_is_written_behind_the_request(uncached_server: AppServer) -> None:
    token = uncached_server.token()
    uses = TokenUses(uncached_server.database.pool())
    assert uncached_server.ask(token).status_code == 200
    assert _last_use(uncached_server, token) is None
    uses.note(token.split("_")[1])
    uses.write()
    first = _last_use(uncached_server, token)
    uses.write()  # nothing is noted any more
    assert _last_use(uncached_server, token) == first
    uses.note(token.split("_")[1])
    uses.write()
    assert _last_use(uncached_server, token) > first


def test_earlier_use_does_not_replace_a_later_one(uncached_server: AppServer) -> None:
    token = uncached_server.token()
    uncached_server.alter(token, "last_used_at = clock_timestamp()")
    before = _last_use(uncached_server, token)
    with uncached_server.database.connect() as conn:
        api_tokens.record_uses(conn, {token.split("_")[1]: 60.0, "unknown": 1.0})
    assert _last_use(uncached_server, token) == before


def test_uses_that_cannot_be_written_are_written_later(
    uncached_server: AppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, uses = uncached_server.token(), TokenUses(uncached_server.database.pool())
    uses.note(token.split("_")[1])
    with monkeypatch.context() as patched:
        patched.setattr(api_tokens, "_RECORD_USES", "select 1 / 0, %s, %s")
        uses.write()
    assert _last_use(uncached_server, token) is None
    uses.write()
    assert _last_use(uncached_server, token) is not None


def test_server_writes_the_last_uses_when_it_stops(server: str) -> None:
    with fresh_workspace(server) as database:
        token = issue_token(database)
        app = create_app(database.settings, database, editor=False)
        with TestClient(app, "http://localhost", headers={"authorization": f"Bearer {token}"}) as http:
            assert http.post("/graphql", json=VIEWER).status_code == 200
        with database.connect() as conn:
            (found,) = api_tokens.every(conn)
        assert found.last_used_at is not None


def _last_use(app_server: AppServer, token: str) -> Any:
    with app_server.database.connect() as conn:
        return conn.execute("select last_used_at from token where id = %s", [token.split("_")[1]]).fetchone()[0]  # type: ignore[index]


def test_refused_token_does_not_record_a_use(uncached_server: AppServer) -> None:
    token = uncached_server.token()
    uncached_server.revoke(token)
    uncached_server.ask(token)
    assert _last_use(uncached_server, token) is None


# ── actor and roles ───────────────────────────────────────────────────────────────────────────────


def test_machine_is_the_actor_under_its_tokens_name(app_server: AppServer) -> None:
    query = 'mutation { defineKpi(input: {key: "nps", name: "Promoters"}) { changes { actor { handle source } } } }'
    response = app_server.http.post(
        "/graphql", json={"query": query}, headers={"authorization": f"Bearer {app_server.token()}"}
    )
    assert response.json()["data"]["defineKpi"]["changes"] == [{"actor": {"handle": "robot", "source": "API"}}]


def test_person_is_the_actor_of_changes_made_with_their_token(app_server: AppServer) -> None:
    token = app_server.token(Role.LEAD, person=app_server.person("joan"))
    query = (
        'mutation { defineKpi(input: {key: "csat", name: "Happy"}) { changes { actor { handle person { handle } } } } }'
    )
    response = app_server.http.post("/graphql", json={"query": query}, headers={"authorization": f"Bearer {token}"})
    (change,) = response.json()["data"]["defineKpi"]["changes"]
    assert change["actor"] == {"handle": "joan", "person": {"handle": "joan"}}


def test_caller_has_the_roles_of_the_token(app_server: AppServer) -> None:
    query = 'mutation { addPerson(input: {handle: "x", name: "X"}) { position problems { code } } }'
    shown = {"authorization": f"Bearer {app_server.token(Role.LEAD)}"}
    answer = app_server.http.post("/graphql", json={"query": query}, headers=shown).json()
    assert answer["data"]["addPerson"] == {"position": None, "problems": [{"code": "FORBIDDEN"}]}


def test_deactivating_a_person_disables_their_tokens(uncached_server: AppServer) -> None:
    person = uncached_server.person(f"p{uuid4().hex[:8]}")
    token = uncached_server.token(person=person)
    assert uncached_server.ask(token).status_code == 200
    uncached_server.execute(DeactivatePerson(person=person))
    assert uncached_server.ask(token).status_code == 401


# ── the cache of token checks ─────────────────────────────────────────────────────────────────────


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_cached_entry_expires_after_its_ttl() -> None:
    asked = []

    async def find() -> int:
        asked.append(1)
        return len(asked)

    async def ask() -> None:
        clock = Clock()
        known: SingleFlightTTLCache[str, int] = SingleFlightTTLCache(5.0, 10, clock)
        assert await known.get("a", find) == 1
        clock.now = 4.9
        assert await known.get("a", find) == 1
        clock.now = 5.0
        assert await known.get("a", find) == 2

    asyncio.run(ask())


def test_concurrent_lookups_share_one_call_and_the_cache_is_bounded() -> None:
    asked = []

    async def find() -> int:
        asked.append(1)
        await asyncio.sleep(0)
        return 7

    async def ask() -> None:
        known: SingleFlightTTLCache[object, int] = SingleFlightTTLCache(5.0, 10, Clock())
        assert await asyncio.gather(*(known.get("a", find) for _ in range(100))) == [7] * 100
        assert len(asked) == 1
        for number in range(100):
            await known.get(number, find)
        assert len(known) == 10
        assert known._pending == {}

    asyncio.run(ask())


def test_failed_lookup_is_not_cached() -> None:
    async def fail() -> int:
        raise LookupError

    async def find() -> int:
        return 1

    async def ask() -> None:
        known: SingleFlightTTLCache[str, int] = SingleFlightTTLCache(5.0, 10, Clock())
        with pytest.raises(LookupError):
            await known.get("a", fail)
        assert await known.get("a", find) == 1

    asyncio.run(ask())


def test_token_checks_are_cached_for_at_most_5_seconds() -> None:
    assert authentication.REMEMBERED_SECONDS <= 5


def test_token_check_without_database_is_answered_503_not_401(
    uncached_server: AppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise psycopg.OperationalError("connection to server at secret.example failed")

    token = uncached_server.token()
    monkeypatch.setattr(api_tokens, "matching", lost)
    response = uncached_server.ask(token)
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
    assert "secret.example" not in response.text
    assert uncached_server.http.get("/readyz", headers={"authorization": f"Bearer {token}"}).text == "ready"


def test_metrics_without_database_are_served_to_tokens_that_were_accepted_before(
    uncached_server: AppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise psycopg.OperationalError("connection lost")

    def scraped(token: str) -> int:
        return uncached_server.http.get("/metrics", headers={"authorization": f"Bearer {token}"}).status_code

    known, unknown, revoked = (uncached_server.token() for _ in range(3))
    assert (scraped(known), scraped(revoked)) == (200, 200)
    keyframe(uncached_server.database.settings, "token", "revoke", revoked.split("_")[1])
    assert scraped(revoked) == 401
    monkeypatch.setattr(api_tokens, "matching", lost)
    assert (scraped(known), scraped(unknown), scraped(revoked)) == (200, 503, 503)
    assert uncached_server.ask(known).status_code == 503


def test_readiness_does_not_wait_for_a_slow_authentication(
    uncached_server: AppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, answered = uncached_server.token(), Event()
    matching = api_tokens.matching

    def slow(conn: Any, bearer: str) -> Any:
        assert answered.wait(30)
        return matching(conn, bearer)

    monkeypatch.setattr(api_tokens, "matching", slow)
    monkeypatch.setattr(authentication_middleware, "READY_SECONDS_MAX", 0.1)
    response = uncached_server.http.get("/readyz", headers={"authorization": f"Bearer {token}"})
    answered.set()
    assert (response.status_code, response.text) == (200, "ready")
    assert uncached_server.ask(token).status_code == 200
