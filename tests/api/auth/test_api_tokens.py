"""Tokens of our own: made once, known by a digest, good until they are not."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from api.asgi.ttl_cache import SingleFlightTTLCache
from api.auth import authentication
from domain.commands.people_commands import DeactivatePerson
from domain.commands.permissions import Role
from domain.log import api_tokens
from domain.log.schema import application_role
from tests.api.auth.conftest import House, house
from tests.api.cli.terminal import keyframe

SHAPE = re.compile(r"kf_([a-z2-9]{10})_[A-Za-z0-9_-]{43}")


@pytest.fixture(scope="module")
def forgetful(server: str, patient: None) -> Iterator[House]:
    """A server that remembers nothing of whom it let in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(authentication, "REMEMBERED_SECONDS", -1.0)
        with house(server) as made:
            yield made


# ── at the terminal ──────────────────────────────────────────────────────────────────────────────


def test_a_token_is_shown_once_alone_on_a_line(home: House) -> None:
    done = keyframe(
        home.database.settings, "token", "create", "--role", "METRICS", "--role", "AUDITOR", "--name", "shop"
    )
    (secret,) = done.stdout.splitlines()
    assert SHAPE.fullmatch(secret)
    assert secret not in done.stderr
    assert "as the machine 'shop' with the roles AUDITOR, METRICS" in done.stderr
    listed = keyframe(home.database.settings, "token", "list").stdout
    assert "machine shop" in listed
    assert secret.split("_")[2] not in listed


def test_a_token_may_be_a_persons(home: House) -> None:
    home.person("grace")
    secret = keyframe(home.database.settings, "token", "create", "--role", "MEMBER", "--person", "grace").stdout.strip()
    assert home.viewer(secret) == {"handle": "grace", "roles": ["MEMBER"], "person": {"handle": "grace"}}


def test_a_token_that_nobody_named_is_called_like_its_roles(home: House) -> None:
    secret = keyframe(home.database.settings, "token", "create", "--role", "LEAD", "--role", "AUDITOR").stdout.strip()
    assert home.viewer(secret) == {"handle": "auditor-lead", "roles": ["AUDITOR", "LEAD"], "person": None}


def test_a_token_is_revoked_by_its_id(forgetful: House) -> None:
    secret = keyframe(forgetful.database.settings, "token", "create", "--role", "LEAD").stdout.strip()
    assert forgetful.ask(secret).status_code == 200
    for _ in range(2):
        done = keyframe(forgetful.database.settings, "token", "revoke", secret.split("_")[1])
        assert "is revoked" in done.stdout
    assert forgetful.ask(secret).status_code == 401
    assert "revoked" in keyframe(forgetful.database.settings, "token", "list").stdout


@pytest.mark.parametrize(
    ("words", "told"),
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
def test_what_cannot_be_done_is_told(home: House, words: list[str], told: str) -> None:
    done = keyframe(home.database.settings, "token", *words)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_token_for_nobody_is_not_made(home: House) -> None:
    person = home.person("gone")
    home.record(DeactivatePerson(person=person))
    for handle in ("gone", "never-here"):
        done = keyframe(home.database.settings, "token", "create", "--role", "LEAD", "--person", handle)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"there is no active person with the handle '{handle}'" in done.stderr
    assert keyframe(home.database.settings, "token", "revoke", "aaaaaaaaaa").returncode == 1


@pytest.mark.parametrize(("said", "lifetime"), [("12h", timedelta(hours=12)), ("2w", timedelta(weeks=2))])
def test_a_token_holds_for_as_long_as_was_said(home: House, said: str, lifetime: timedelta) -> None:
    keyframe(home.database.settings, "token", "create", "--role", "LEAD", "--expires", said)
    with home.database.connect() as conn:
        token = api_tokens.every(conn)[0]
    assert abs(token.expires_at - token.created_at - lifetime) < timedelta(seconds=1)


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────


def test_a_secret_is_256_bits_and_only_its_digest_is_kept(home: House) -> None:
    secret = home.token().split("_", 2)[2]
    with home.database.connect() as conn:
        kept = conn.execute("select digest, token::text from token").fetchall()
    assert api_tokens.SECRET_BYTES == 32
    assert sha256(secret.encode()).digest() in [digest for digest, _ in kept]
    assert not any(secret in row for _, row in kept)


def test_the_servers_role_may_look_but_make_none(home: House) -> None:
    home.token()
    with home.database.connect() as conn:
        conn.execute(f"set role {application_role(home.database.settings.workspace)}")
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


def test_the_last_use_is_noted_once_a_minute(forgetful: House) -> None:
    token = forgetful.token()
    seen = set()
    for _ in range(3):
        assert forgetful.ask(token).status_code == 200
        seen.add(_last_use(forgetful, token))
    assert len(seen) == 1
    assert None not in seen
    forgetful.alter(token, "last_used_at = clock_timestamp() - interval '61 seconds'")
    before = _last_use(forgetful, token)
    forgetful.ask(token)
    assert _last_use(forgetful, token) > before


def _last_use(home: House, token: str) -> Any:
    with home.database.connect() as conn:
        return conn.execute("select last_used_at from token where id = %s", [token.split("_")[1]]).fetchone()[0]  # type: ignore[index]


def test_what_lets_nobody_in_is_not_noted_as_a_use(forgetful: House) -> None:
    token = forgetful.token()
    forgetful.revoke(token)
    forgetful.ask(token)
    assert _last_use(forgetful, token) is None


# ── what they are good for ───────────────────────────────────────────────────────────────────────


def test_a_machine_acts_by_its_tokens_name(home: House) -> None:
    query = 'mutation { defineKpi(input: {key: "nps", name: "Promoters"}) { changes { actor { handle source } } } }'
    response = home.http.post("/graphql", json={"query": query}, headers={"authorization": f"Bearer {home.token()}"})
    assert response.json()["data"]["defineKpi"]["changes"] == [{"actor": {"handle": "robot", "source": "API"}}]


def test_what_a_person_does_by_a_token_the_person_did(home: House) -> None:
    token = home.token(Role.LEAD, person=home.person("joan"))
    query = (
        'mutation { defineKpi(input: {key: "csat", name: "Happy"}) { changes { actor { handle person { handle } } } } }'
    )
    response = home.http.post("/graphql", json={"query": query}, headers={"authorization": f"Bearer {token}"})
    (change,) = response.json()["data"]["defineKpi"]["changes"]
    assert change["actor"] == {"handle": "joan", "person": {"handle": "joan"}}


def test_roles_are_those_of_the_token(home: House) -> None:
    query = 'mutation { addPerson(input: {handle: "x", name: "X"}) { position problems { code } } }'
    shown = {"authorization": f"Bearer {home.token(Role.LEAD)}"}
    answer = home.http.post("/graphql", json={"query": query}, headers=shown).json()
    assert answer["data"]["addPerson"] == {"position": None, "problems": [{"code": "FORBIDDEN"}]}


def test_a_person_who_leaves_takes_their_tokens_along(forgetful: House) -> None:
    person = forgetful.person(f"p{uuid4().hex[:8]}")
    token = forgetful.token(person=person)
    assert forgetful.ask(token).status_code == 200
    forgetful.record(DeactivatePerson(person=person))
    assert forgetful.ask(token).status_code == 401


# ── what is remembered ───────────────────────────────────────────────────────────────────────────


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_was_found_holds_for_some_seconds_and_no_longer() -> None:
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


def test_what_is_asked_at_once_is_found_out_once_and_only_so_much_is_remembered() -> None:
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


def test_what_could_not_be_found_out_is_not_remembered() -> None:
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


def test_a_revoked_token_opens_nothing_after_seconds() -> None:
    assert authentication.REMEMBERED_SECONDS <= 5


def test_a_lost_database_is_told_and_not_taken_for_a_wrong_token(
    forgetful: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise psycopg.OperationalError("connection to server at secret.example failed")

    token = forgetful.token()
    monkeypatch.setattr(api_tokens, "shown", lost)
    response = forgetful.ask(token)
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
    assert "secret.example" not in response.text
    assert forgetful.http.get("/readyz", headers={"authorization": f"Bearer {token}"}).text == "ready"
