"""Rate limits: of requests by caller, and of failed authentications by address."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.asgi import attempt_limiter
from api.asgi.rate_limiter import TokenBucketLimiter
from api.auth import authentication
from api.auth.authentication import AuthenticationFailed, Authenticators, RateLimited
from api.execution.context import Caller
from api.server.app import create_app
from tests.api.auth.conftest import VIEWER, AppServer, running_app_server
from tests.api.frames import BOTH_FRAMES

pytestmark = BOTH_FRAMES


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_bucket_allows_its_burst_and_refills_evenly() -> None:
    clock = Clock()
    buckets = TokenBucketLimiter(2.0, 3, clock=clock)
    assert [buckets.take("a") for _ in range(5)] == [0, 0, 0, 0.5, 0.5]
    clock.now += 0.25
    assert buckets.take("a") == 0.25
    clock.now += 0.25
    assert [buckets.take("a"), buckets.take("a")] == [0, 0.5]
    assert buckets.take("b") == 0
    clock.now += 1000
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_token_that_is_given_back_can_be_taken_again() -> None:
    buckets = TokenBucketLimiter(1.0, 1, clock=Clock())
    assert [buckets.take("a"), buckets.take("a")] == [0, 1]
    buckets.give_back("a")
    buckets.give_back("a")
    assert [buckets.take("a"), buckets.take("a")] == [0, 1]


def test_number_of_buckets_is_bounded() -> None:
    buckets = TokenBucketLimiter(1.0, 1, size_max=100, clock=Clock())
    for number in range(10_000):
        buckets.take(number)
    assert len(buckets) == 100


def test_rate_limited_request_is_answered_429_with_retry_after(server: str) -> None:
    with running_app_server(server, requests_per_s=0.001, requests_burst=3) as app_server:
        one, other = app_server.token(name="one"), app_server.token(name="other")
        assert [app_server.ask(one).status_code for _ in range(3)] == [200] * 3
        refused = app_server.ask(one)
        seconds = int(refused.headers["retry-after"])
        assert (refused.status_code, 900 < seconds <= 1000) == (429, True)
        (error,) = refused.json()["errors"]
        assert error == {
            "message": f"Too many requests: retry after {seconds} s.",
            "extensions": {"code": "RATE_LIMITED"},
        }
        assert app_server.ask(other).status_code == 200


def test_tokens_of_one_caller_share_a_bucket(server: str) -> None:
    with running_app_server(server, requests_per_s=0.001, requests_burst=2) as app_server:
        assert [app_server.ask(app_server.token()).status_code for _ in range(3)] == [200, 200, 429]


def test_websocket_operations_are_rate_limited(server: str) -> None:
    with running_app_server(server, requests_per_s=0.001, requests_burst=3) as app_server, app_server.websocket() as ws:
        ws.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {app_server.token()}"}})
        assert ws.receive_json() == {"type": "connection_ack"}
        message = [_viewer(ws, str(number)) for number in range(5)]
    assert [message["type"] for message in message] == ["next", "next", "next", "error", "error"]
    (error,) = message[-1]["payload"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["extensions"]["retryAfter"] >= 1


def _viewer(ws: Any, id: str) -> Any:
    ws.send_json({"type": "subscribe", "id": id, "payload": VIEWER})
    message = ws.receive_json()
    if message["type"] == "next":
        assert ws.receive_json() == {"type": "complete", "id": id}
    return message


def test_repeated_invalid_tokens_are_rate_limited_by_address(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "FAILURES_PER_SECOND", 0.001)
    with running_app_server(server) as app_server:
        regular, newcomer = app_server.token(), app_server.token()
        assert app_server.ask(regular).status_code == 200
        tried = [app_server.ask(f"nonsense{number}").status_code for number in range(authentication.FAILURES_BURST + 5)]
        assert tried == [401] * authentication.FAILURES_BURST + [429] * 5
        assert app_server.ask(regular).status_code == 200
        refused = app_server.ask(newcomer)
        assert (refused.status_code, int(refused.headers["retry-after"]) > 1) == (429, True)
        assert app_server.ask(None).status_code == 401
        with TestClient(app_server.app, "http://localhost", client=("198.51.100.7", 1)) as elsewhere:
            shown = {"authorization": f"Bearer {newcomer}"}
            assert elsewhere.post("/graphql", json=VIEWER, headers=shown).status_code == 200


class Lookups:
    """Looks tokens up for a while; those that begin with 'good' are valid."""

    def __init__(self) -> None:
        self.count = self.running = self.running_max = 0

    def accepts(self, _: str) -> bool:
        return True

    async def authenticate(self, bearer: str) -> Caller:
        self.count += 1
        self.running += 1
        self.running_max = max(self.running, self.running_max)
        await asyncio.sleep(0.01)
        self.running -= 1
        if not bearer.startswith("good"):
            raise AuthenticationFailed("the token is unknown")
        return Caller(bearer, frozenset())


async def outcomes_at_once(lookups: Lookups, tokens: list[str]) -> Counter[str]:
    """How often tokens from one address, sent at once, were accepted (Authenticated), rejected and rate-limited."""
    authenticators = Authenticators([lookups], TokenBucketLimiter(1, 1))
    attempts = (authenticators.authenticate([f"Bearer {token}"], "192.0.2.1") for token in tokens)
    results = await asyncio.gather(*attempts, return_exceptions=True)
    return Counter(type(result).__name__ for result in results)


def test_wrong_tokens_at_once_are_looked_up_as_often_as_one_by_one() -> None:
    lookups = Lookups()
    outcomes = asyncio.run(outcomes_at_once(lookups, [f"wrong{number}" for number in range(5_000)]))
    burst = authentication.FAILURES_BURST
    assert burst <= lookups.count <= burst + 5  # the bucket refills meanwhile
    assert outcomes == {"AuthenticationFailed": lookups.count, "RateLimited": 5_000 - lookups.count}


def test_valid_tokens_at_once_are_all_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt_limiter, "WAIT_SECONDS_MAX", 60)  # on a busy machine, 500 lookups may take seconds
    lookups = Lookups()
    outcomes = asyncio.run(outcomes_at_once(lookups, [f"good{number}" for number in range(500)]))
    assert outcomes == {"Authenticated": 500}
    burst = authentication.FAILURES_BURST
    assert burst <= lookups.running_max <= burst + 5  # the bucket refills meanwhile


def test_lookups_that_take_too_long_let_others_of_the_address_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt_limiter, "WAIT_SECONDS_MAX", 0.005)
    outcomes = asyncio.run(outcomes_at_once(Lookups(), [f"good{number}" for number in range(30)]))
    burst = authentication.FAILURES_BURST
    assert burst <= outcomes["Authenticated"] <= burst + 5  # the bucket refills meanwhile
    assert outcomes["Authenticated"] + outcomes["RateLimited"] == 30


def test_token_that_is_forgotten_during_its_lookup_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "REMEMBERED_MAX", 1)
    monkeypatch.setattr(authentication, "REMEMBERED_SECONDS", 0)

    async def outcome() -> None:
        authenticators = Authenticators([Lookups()], TokenBucketLimiter(1, 1))
        await authenticators.authenticate(["Bearer good1"], "192.0.2.1")
        await asyncio.gather(*(authenticators.authenticate([f"Bearer good{one}"], "192.0.2.1") for one in (2, 1)))

    asyncio.run(outcome())


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "", True),
    ],
)
def test_network_is_the_ipv4_address_or_the_ipv6_prefix(one: str, other: str, are_one: bool) -> None:
    assert (authentication.network_of(one) == authentication.network_of(other)) is are_one


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_number_of_remembered_addresses_is_bounded(anyio_backend: str) -> None:
    authenticators = Authenticators([], TokenBucketLimiter(1, 1))
    for number in range(11_000):
        with pytest.raises((AuthenticationFailed, RateLimited)):
            await authenticators.authenticate(
                [f"Bearer {number}"], f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            )
    assert len(authenticators._failures) <= 10_000
    assert len(authenticators._seen) <= 10_000
    assert len(authenticators._scopes) == len(authenticators._known_good_tokens) == 0


def test_anonymous_server_has_no_rate_limit(server: str) -> None:
    with running_app_server(server, requests_burst=1) as app_server:
        app = create_app(app_server.database.settings, app_server.database, editor=False, anonymous=True)
        with TestClient(app, "http://localhost") as http:
            assert {http.post("/graphql", json=VIEWER).status_code for _ in range(20)} == {200}


def test_health_checks_are_not_rate_limited(app_server: AppServer) -> None:
    assert {app_server.http.get("/healthz").status_code for _ in range(300)} == {200}
    assert {app_server.http.get("/readyz").status_code for _ in range(300)} == {200}
