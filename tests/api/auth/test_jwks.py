"""The issuer's keys: fetched when needed, again when there is a new one, and kept when they cannot be."""

import asyncio
from collections.abc import Callable
from threading import Event
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

from api.auth import jwks
from api.auth.jwks import KeySet, KeysUnavailable
from tests.api.auth.conftest import Issuer, house, public, signed, trusting


class Clock:
    def __init__(self) -> None:
        self.now = monotonic()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(jwks, "monotonic", made)
    return made


def test_keys_are_fetched_once(issuer: Issuer) -> None:
    async def ask() -> None:
        keys = KeySet(issuer.url)
        for _ in range(10):
            assert await keys.find("one", "ES256") is not None

    asyncio.run(ask())
    assert issuer.asked == 1


def test_who_asks_at_the_same_time_fetches_once(issuer: Issuer) -> None:
    async def ask() -> None:
        keys = KeySet(issuer.url)
        assert None not in await asyncio.gather(*(keys.find("one", "ES256") for _ in range(50)))

    asyncio.run(ask())
    assert issuer.asked == 1


def test_a_new_key_is_fetched_when_it_is_first_met(issuer: Issuer, clock: Clock) -> None:
    async def ask() -> None:
        keys = KeySet(issuer.url)
        assert await keys.find("one", "ES256") is not None
        issuer.publish(public("ES256", "two", "second"))
        clock.now += jwks.UNKNOWN_AFTER_SECONDS + 1
        assert await keys.find("two", "ES256") is not None
        assert await keys.find("one", "ES256") is None

    asyncio.run(ask())


def test_names_that_are_made_up_make_nobody_busy(issuer: Issuer, clock: Clock) -> None:
    async def ask() -> None:
        keys = KeySet(issuer.url)
        for number in range(1000):
            assert await keys.find(f"made-up-{number}", "ES256") is None
        clock.now += jwks.UNKNOWN_AFTER_SECONDS + 1
        for number in range(1000):
            assert await keys.find(f"made-up-{number}", "ES256") is None

    asyncio.run(ask())
    assert issuer.asked == 2


def test_keys_that_are_known_go_on_while_the_issuer_cannot_be_reached(issuer: Issuer, clock: Clock) -> None:
    async def ask() -> None:
        keys = KeySet(issuer.url)
        assert await keys.find("one", "ES256") is not None
        issuer.says = None
        for _ in range(5):
            clock.now += jwks.RENEWED_AFTER_SECONDS + 1
            assert await keys.find("one", "ES256") is not None
            await asyncio.wait_for(keys._renewal, 10)  # type: ignore[arg-type]
            assert await keys.find("two", "ES256") is None

    asyncio.run(ask())


def test_a_key_that_was_withdrawn_is_no_longer_taken(issuer: Issuer, clock: Clock) -> None:
    async def ask() -> None:
        keys = KeySet(issuer.url)
        assert await keys.find("one", "ES256") is not None
        issuer.publish(public("ES256", "two", "second"))
        clock.now += jwks.RENEWED_AFTER_SECONDS + 1
        assert await keys.find("one", "ES256") is not None
        await asyncio.wait_for(keys._renewal, 10)  # type: ignore[arg-type]
        assert await keys.find("one", "ES256") is None

    asyncio.run(ask())


@pytest.mark.parametrize(
    "says",
    [
        None, b"", b"[]", b"{}", b'{"keys": 7}', b"<html>", b"[" * 10_000, b'{"keys": [' + b" " * (1 << 20) + b"]}",
        b"\xff",
    ],
)  # fmt: skip
def test_what_is_no_set_of_keys_gives_none(issuer: Issuer, says: bytes | None) -> None:
    issuer.says = says
    with pytest.raises(KeysUnavailable):
        asyncio.run(KeySet(issuer.url).find("one", "ES256"))


def test_nobody_is_sent_elsewhere_for_keys(issuer: Issuer) -> None:
    issuer.status = 302
    with pytest.raises(KeysUnavailable):
        asyncio.run(KeySet(issuer.url).find("one", "ES256"))
    assert issuer.asked == 1


SECRET = {"kty": "oct", "k": "c2VjcmV0", "kid": "one"}


@pytest.mark.parametrize(
    ("published", "algorithm"),
    [
        ([SECRET], "ES256"),
        ([public("RS256", "one", use="enc")], "RS256"),
        ([public("RS256", "one", alg="RS512")], "RS256"),
        ([public("ES256", "one", crv="P-384")], "ES256"),
        ([public("EdDSA", "one", crv="X25519")], "EdDSA"),
        ([public("ES256", "one"), public("ES256", "one", "second")], "ES256"),
        ([{"kty": "EC", "kid": "one", "crv": "P-256"}], "ES256"),
        ([{"kty": "RSA", "kid": "one", "n": 5, "e": "AQAB"}], "RS256"),
        ([{"kty": "RSA", "kid": "one", "n": "a", "e": "AQAB"}], "RS256"),
        ([{"kty": "RSA", "kid": "one", "n": "AAAA", "e": "AA"}], "RS256"),
        (["one", None, 7], "ES256"),
    ],
)
def test_a_key_that_is_not_for_this_verifies_nothing(issuer: Issuer, published: Any, algorithm: str) -> None:
    issuer.publish(*published)
    assert asyncio.run(KeySet(issuer.url).find("one", algorithm)) is None


def test_a_token_that_names_no_key_is_verified_by_the_only_one(issuer: Issuer) -> None:
    assert asyncio.run(KeySet(issuer.url).find(None, "ES256")) is not None
    issuer.publish(public("ES256", "one"), public("ES256", "two", "second"))
    assert asyncio.run(KeySet(issuer.url).find(None, "ES256")) is None


def test_fetching_holds_up_nobody(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    release = Event()
    slow: Callable[[str], list[Any]] = jwks.read
    monkeypatch.setattr(jwks, "read", lambda where: release.wait(60) and slow(where))

    async def ask() -> None:
        asking = asyncio.create_task(KeySet(issuer.url).find("one", "ES256"))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not asking.done()
        release.set()
        assert await asking is not None

    asyncio.run(ask())


@pytest.mark.parametrize(("chunk", "fault"), [(b" ", TimeoutError), (b" " * jwks.BYTES_MAX, ValueError)])
def test_keys_that_drip_or_never_end_are_given_up(
    monkeypatch: pytest.MonkeyPatch, chunk: bytes, fault: type[Exception]
) -> None:
    monkeypatch.setattr(jwks, "FETCH_SECONDS_MAX", -1.0 if fault is TimeoutError else 60.0)
    endless: Any = SimpleNamespace(read1=lambda _: chunk)
    with pytest.raises(fault):
        jwks._read_limited(endless)


def test_whoever_has_a_jwt_is_asked_to_wait_while_no_key_can_be_had(issuer: Issuer, server: str) -> None:
    issuer.says = None
    with house(server, **trusting(issuer.url), jwt_machines="robot") as home:
        response = home.ask(signed())
        assert (response.status_code, response.headers["retry-after"]) == (503, "1")
        assert response.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
        assert home.viewer(home.token())["handle"] == "robot"
