"""What goes on ends when whoever began it would no longer be let in."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from psycopg import OperationalError
from starlette.websockets import WebSocketDisconnect

from api.auth import authentication
from domain.commands.people_commands import DeactivatePerson
from domain.log import api_tokens
from tests.api.auth.conftest import House, house
from tests.api.schema.subscriptions.clients import CHANGES, PROTOCOLS, begun, closed, code, hear, say
from tests.api.schema.subscriptions.conftest import running, until
from tests.conftest import issue_token

FOLLOW = {"type": "subscribe", "id": "1", "payload": {"query": CHANGES}}


@pytest.fixture
def watchful(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A server that looks again all the time."""
    monkeypatch.setattr(authentication, "REMEMBERED_SECONDS", 0.01)
    monkeypatch.setattr(authentication, "REVALIDATE_SECONDS", 0.01)
    with house(server) as made:
        yield made


Ending = Callable[[House, str, Any], object]
ENDINGS: dict[str, Ending] = {
    "revoked": lambda home, token, _: home.revoke(token),
    "expired": lambda home, token, _: home.alter(token, "expires_at = clock_timestamp()"),
    "deactivated": lambda home, _, person: home.record(DeactivatePerson(person=person)),
}


@pytest.mark.parametrize("why", ENDINGS)
def test_a_subscription_ends_with_a_code_when_its_token_does(watchful: House, why: str) -> None:
    person = watchful.person("ada")
    token = watchful.token(person=person)
    with watchful.talk() as ws:
        ws.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
        assert ws.receive_json() == {"type": "connection_ack"}
        ws.send_json(FOLLOW)
        hub = watchful.app.state.hub
        until(lambda: hub._count == 1)
        ENDINGS[why](watchful, token, person)
        told = ws.receive_json()
        while told["type"] == "next" and "errors" not in told["payload"]:  # that the person left is a change, too
            told = ws.receive_json()
        errors = told["payload"] if told["type"] == "error" else told["payload"]["errors"]
        assert errors[0]["extensions"]["code"] == "UNAUTHENTICATED"
        if told["type"] == "next":
            assert ws.receive_json()["type"] == "complete"
        ws.send_json({**FOLLOW, "id": "2"})
        with pytest.raises(WebSocketDisconnect) as end:
            ws.receive_json()
        assert end.value.code == 4403
    until(lambda: hub._count == 0)


def test_who_may_stay_is_not_disturbed(watchful: House) -> None:
    with watchful.talk() as ws:
        ws.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {watchful.token()}"}})
        assert ws.receive_json() == {"type": "connection_ack"}
        ws.send_json(FOLLOW)
        until(lambda: watchful.app.state.hub._count == 1)
        for number in range(5):
            watchful.person(f"p{number}")
            assert ws.receive_json()["payload"]["data"]["changes"]["position"] == number + 1


@pytest.mark.parametrize("protocol", ["events", "parts"])
def test_a_stream_over_http_ends_too(server: str, monkeypatch: pytest.MonkeyPatch, protocol: str) -> None:
    monkeypatch.setattr(authentication, "REMEMBERED_SECONDS", 0.01)
    monkeypatch.setattr(authentication, "REVALIDATE_SECONDS", 0.01)
    with house(server) as home, running(home.database.settings, anonymous=False) as there:
        token = issue_token(home.database)
        with PROTOCOLS[protocol](there.port, CHANGES, token) as results:
            until(lambda: there.subscriptions == 1)
            home.revoke(token)
            assert [code(result) for result in results] == ["UNAUTHENTICATED"]
        until(lambda: there.subscriptions == 0)


def test_an_operation_is_refused_seconds_after_its_token_was_revoked(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "REMEMBERED_SECONDS", 0.0)
    with house(server) as home, running(home.database.settings, anonymous=False) as there:
        token = home.token()
        with begun(there.port, token) as ws:
            say(ws, type="subscribe", id="1", payload={"query": "{ viewer { handle } }"})
            assert hear(ws)["type"] == "next"
            assert hear(ws)["type"] == "complete"
            home.revoke(token)
            say(ws, type="subscribe", id="2", payload={"query": "{ viewer { handle } }"})
            assert closed(ws) == 4403


def test_it_is_noticed_within_a_minute() -> None:
    assert authentication.REVALIDATE_SECONDS + authentication.REMEMBERED_SECONDS < 60


def test_a_lost_database_ends_nobodys_visit(watchful: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def lost(*_: object) -> None:
        asked.append(1)
        raise OperationalError

    with watchful.talk() as ws:
        ws.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {watchful.token()}"}})
        assert ws.receive_json() == {"type": "connection_ack"}
        ws.send_json(FOLLOW)
        until(lambda: watchful.app.state.hub._count == 1)
        with monkeypatch.context() as patch:
            patch.setattr(api_tokens, "shown", lost)
            until(lambda: len(asked) > 3)
        watchful.person("ada")
        assert ws.receive_json()["payload"]["data"]["changes"]["position"] == 1
