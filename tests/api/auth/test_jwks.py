"""The issuer's keys: fetched on demand, renewed for a new key id, and kept while the issuer is unreachable."""

import asyncio
from collections.abc import Callable
from threading import Event
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

from api.auth import issuer_requests, jwks
from api.auth.jwks import KeySet, KeysUnavailable
from tests.api.auth.conftest import Issuer, public, running_app_server, signed, trusting


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


def test_concurrent_lookups_fetch_keys_once(issuer: Issuer) -> None:
    async def ask() -> None:
        keys = KeySet(issuer.url)
        assert None not in await asyncio.gather(*(keys.find("one", "ES256") for _ in range(50)))

    asyncio.run(ask())
    assert issuer.asked == 1


def test_unknown_key_id_triggers_a_fetch(issuer: Issuer, clock: Clock) -> None:
    async def ask() -> None:
        keys = KeySet(issuer.url)
        assert await keys.find("one", "ES256") is not None
        issuer.publish(public("ES256", "two", "second"))
        clock.now += jwks.UNKNOWN_AFTER_SECONDS + 1
        assert await keys.find("two", "ES256") is not None
        assert await keys.find("one", "ES256") is None

    asyncio.run(ask())


def test_made_up_key_ids_do_not_cause_extra_fetches(issuer: Issuer, clock: Clock) -> None:
    async def ask() -> None:
        keys = KeySet(issuer.url)
        for number in range(1000):
            assert await keys.find(f"made-up-{number}", "ES256") is None
        clock.now += jwks.UNKNOWN_AFTER_SECONDS + 1
        for number in range(1000):
            assert await keys.find(f"made-up-{number}", "ES256") is None

    asyncio.run(ask())
    assert issuer.asked == 2


def test_known_keys_stay_valid_while_the_issuer_is_unreachable(issuer: Issuer, clock: Clock) -> None:
    async def ask() -> None:
        keys = KeySet(issuer.url)
        assert await keys.find("one", "ES256") is not None
        issuer.body = None
        for _ in range(5):
            clock.now += jwks.RENEWED_AFTER_SECONDS + 1
            assert await keys.find("one", "ES256") is not None
            await asyncio.wait_for(keys._renewal, 10)  # type: ignore[arg-type]
            assert await keys.find("two", "ES256") is None

    asyncio.run(ask())


def test_withdrawn_key_is_dropped_on_renewal(issuer: Issuer, clock: Clock) -> None:
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
    "body",
    [
        None, b"", b"[]", b"{}", b'{"keys": 7}', b"<html>", b"[" * 10_000, b'{"keys": [' + b" " * (1 << 20) + b"]}",
        b"\xff",
    ],
)  # fmt: skip
def test_invalid_jwks_response_makes_keys_unavailable(issuer: Issuer, body: bytes | None) -> None:
    issuer.body = body
    with pytest.raises(KeysUnavailable):
        asyncio.run(KeySet(issuer.url).find("one", "ES256"))


def test_redirects_are_not_followed_when_fetching_keys(issuer: Issuer) -> None:
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
def test_unsuitable_key_is_not_found(issuer: Issuer, published: Any, algorithm: str) -> None:
    issuer.publish(*published)
    assert asyncio.run(KeySet(issuer.url).find("one", algorithm)) is None


def test_missing_key_id_selects_the_only_key(issuer: Issuer) -> None:
    assert asyncio.run(KeySet(issuer.url).find(None, "ES256")) is not None
    issuer.publish(public("ES256", "one"), public("ES256", "two", "second"))
    assert asyncio.run(KeySet(issuer.url).find(None, "ES256")) is None


def test_fetching_keys_does_not_block_the_event_loop(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.parametrize(("chunk", "fault"), [(b" ", TimeoutError), (b" " * issuer_requests.BYTES_MAX, ValueError)])
def test_slow_or_endless_jwks_response_is_aborted(
    monkeypatch: pytest.MonkeyPatch, chunk: bytes, fault: type[Exception]
) -> None:
    monkeypatch.setattr(issuer_requests, "FETCH_SECONDS_MAX", -1.0 if fault is TimeoutError else 60.0)
    endless: Any = SimpleNamespace(read1=lambda _: chunk)
    with pytest.raises(fault):
        issuer_requests.read_limited(endless)


def test_jwt_is_answered_503_while_no_key_is_available(issuer: Issuer, server: str) -> None:
    issuer.body = None
    with running_app_server(server, **trusting(issuer.url), jwt_machines="robot") as app_server:
        response = app_server.ask(signed())
        assert (response.status_code, response.headers["retry-after"]) == (503, "1")
        assert response.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
        assert app_server.viewer(app_server.token())["handle"] == "robot"
