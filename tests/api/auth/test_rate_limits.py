"""How often anybody may ask, and how often they may be wrong."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from api.asgi.rate_limiter import TokenBucketLimiter
from api.auth import authentication
from api.auth.authentication import AuthenticationFailed, Authenticators, RateLimited
from api.server.app import create_app
from tests.api.auth.conftest import VIEWER, House, house


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_what_it_holds_and_fills_evenly() -> None:
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


def test_looking_takes_nothing() -> None:
    buckets = TokenBucketLimiter(1.0, 1, clock=Clock())
    assert [buckets.wait("a"), buckets.wait("a"), buckets.take("a"), buckets.wait("a")] == [0, 0, 0, 1]


def test_however_many_come_only_so_many_are_remembered() -> None:
    buckets = TokenBucketLimiter(1.0, 1, size_max=100, clock=Clock())
    for number in range(10_000):
        buckets.take(number)
        buckets.wait(-number)
    assert len(buckets) == 100


def test_who_asks_too_often_is_told_when_to_come_again(server: str) -> None:
    with house(server, requests_per_s=0.5, requests_burst=3) as home:
        one, other = home.token(name="one"), home.token(name="other")
        assert [home.ask(one).status_code for _ in range(3)] == [200] * 3
        refused = home.ask(one)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
        (error,) = refused.json()["errors"]
        assert error == {
            "message": "Too many requests: retry after 2 s.",
            "extensions": {"code": "RATE_LIMITED"},
        }
        assert home.ask(other).status_code == 200


def test_two_tokens_of_one_caller_count_together(server: str) -> None:
    with house(server, requests_per_s=0.001, requests_burst=2) as home:
        assert [home.ask(home.token()).status_code for _ in range(3)] == [200, 200, 429]


def test_operations_over_websocket_count_too(server: str) -> None:
    with house(server, requests_per_s=0.001, requests_burst=3) as home, home.talk() as ws:
        ws.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {home.token()}"}})
        assert ws.receive_json() == {"type": "connection_ack"}
        told = [_viewer(ws, str(number)) for number in range(5)]
    assert [message["type"] for message in told] == ["next", "next", "next", "error", "error"]
    (error,) = told[-1]["payload"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["extensions"]["retryAfter"] >= 1


def _viewer(ws: Any, id: str) -> Any:
    ws.send_json({"type": "subscribe", "id": id, "payload": VIEWER})
    told = ws.receive_json()
    if told["type"] == "next":
        assert ws.receive_json() == {"type": "complete", "id": id}
    return told


def test_who_tries_wrong_tokens_is_soon_not_looked_at(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "FAILURES_PER_SECOND", 0.001)
    with house(server) as home:
        regular, newcomer = home.token(), home.token()
        assert home.ask(regular).status_code == 200
        tried = [home.ask(f"nonsense{number}").status_code for number in range(authentication.FAILURES_BURST + 5)]
        assert tried == [401] * authentication.FAILURES_BURST + [429] * 5
        assert home.ask(regular).status_code == 200
        refused = home.ask(newcomer)
        assert (refused.status_code, int(refused.headers["retry-after"]) > 1) == (429, True)
        assert home.ask(None).status_code == 401
        with TestClient(home.app, "http://localhost", client=("198.51.100.7", 1)) as elsewhere:
            shown = {"authorization": f"Bearer {newcomer}"}
            assert elsewhere.post("/graphql", json=VIEWER, headers=shown).status_code == 200


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
def test_a_stranger_is_an_address_or_a_customers_network(one: str, other: str, are_one: bool) -> None:
    assert (authentication._rate_limit_key(one) == authentication._rate_limit_key(other)) is are_one


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_addresses_without_end_are_remembered_within_bounds(anyio_backend: str) -> None:
    authenticators = Authenticators([], TokenBucketLimiter(1, 1))
    for number in range(20_000):
        with pytest.raises((AuthenticationFailed, RateLimited)):
            await authenticators.authenticate(
                [f"Bearer {number}"], f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            )
    assert len(authenticators._failures) <= 10_000
    assert len(authenticators._seen) <= 10_000
    assert len(authenticators._scopes) == len(authenticators._known_good_tokens) == 0


def test_the_demo_counts_nobody(server: str) -> None:
    with house(server, requests_burst=1) as home:
        app = create_app(home.database.settings, home.database, editor=False, anonymous=True)
        with TestClient(app, "http://localhost") as http:
            assert {http.post("/graphql", json=VIEWER).status_code for _ in range(20)} == {200}


def test_health_is_told_however_often(home: House) -> None:
    assert {home.http.get("/healthz").status_code for _ in range(300)} == {200}
    assert {home.http.get("/readyz").status_code for _ in range(300)} == {200}
