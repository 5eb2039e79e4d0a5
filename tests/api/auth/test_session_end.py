"""Subscriptions and sessions end when their token is no longer valid."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from psycopg import OperationalError
from starlette.websockets import WebSocketDisconnect

from api.auth import authentication
from domain.commands.people_commands import DeactivatePerson
from domain.log.credentials import api_tokens
from tests.api.auth.conftest import AppServer, running_app_server
from tests.api.schema.subscriptions.clients import (
    CHANGES,
    PROTOCOLS,
    close_code,
    code,
    connected,
    receive_message,
    send_message,
)
from tests.api.schema.subscriptions.conftest import running, until
from tests.conftest import issue_token

FOLLOW = {"type": "subscribe", "id": "1", "payload": {"query": CHANGES}}


@pytest.fixture
def revalidating_server(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppServer]:
    """A server that revalidates tokens every 10 ms."""
    monkeypatch.setattr(authentication, "REMEMBERED_SECONDS", 0.01)
    monkeypatch.setattr(authentication, "REVALIDATE_SECONDS", 0.01)
    with running_app_server(server) as made:
        yield made


Ending = Callable[[AppServer, str, Any], object]
ENDINGS: dict[str, Ending] = {
    "revoked": lambda app_server, token, _: app_server.revoke(token),
    "expired": lambda app_server, token, _: app_server.alter(token, "expires_at = clock_timestamp()"),
    "deactivated": lambda app_server, _, person: app_server.execute(DeactivatePerson(person=person)),
}


@pytest.mark.parametrize("why", ENDINGS)
def test_subscription_ends_with_an_error_code_when_its_token_is_disabled(
    revalidating_server: AppServer, why: str
) -> None:
    person = revalidating_server.person("ada")
    token = revalidating_server.token(person=person)
    with revalidating_server.websocket() as ws:
        ws.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
        assert ws.receive_json() == {"type": "connection_ack"}
        ws.send_json(FOLLOW)
        hub = revalidating_server.app.state.hub
        until(lambda: hub._count == 1)
        ENDINGS[why](revalidating_server, token, person)
        message = ws.receive_json()
        while (
            message["type"] == "next" and "errors" not in message["payload"]
        ):  # deactivating the person is a change, too
            message = ws.receive_json()
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert errors[0]["extensions"]["code"] == "UNAUTHENTICATED"
        if message["type"] == "next":
            assert ws.receive_json()["type"] == "complete"
        ws.send_json({**FOLLOW, "id": "2"})
        with pytest.raises(WebSocketDisconnect) as end:
            ws.receive_json()
        assert end.value.code == 4403
    until(lambda: hub._count == 0)


def test_revalidation_does_not_disturb_a_valid_subscription(revalidating_server: AppServer) -> None:
    with revalidating_server.websocket() as ws:
        ws.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {revalidating_server.token()}"}})
        assert ws.receive_json() == {"type": "connection_ack"}
        ws.send_json(FOLLOW)
        until(lambda: revalidating_server.app.state.hub._count == 1)
        for number in range(5):
            revalidating_server.person(f"p{number}")
            assert ws.receive_json()["payload"]["data"]["changes"]["position"] == number + 1


@pytest.mark.parametrize("protocol", ["events", "parts"])
def test_http_stream_ends_when_its_token_is_revoked(
    server: str, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    monkeypatch.setattr(authentication, "REMEMBERED_SECONDS", 0.01)
    monkeypatch.setattr(authentication, "REVALIDATE_SECONDS", 0.01)
    with running_app_server(server) as app_server, running(app_server.database.settings, anonymous=False) as there:
        token = issue_token(app_server.database)
        with PROTOCOLS[protocol](there.port, CHANGES, token) as results:
            until(lambda: there.subscriptions == 1)
            app_server.revoke(token)
            assert [code(result) for result in results] == ["UNAUTHENTICATED"]
        until(lambda: there.subscriptions == 0)


def test_websocket_closes_on_the_first_operation_after_revocation(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "REMEMBERED_SECONDS", 0.0)
    with running_app_server(server) as app_server, running(app_server.database.settings, anonymous=False) as there:
        token = app_server.token()
        with connected(there.port, token) as ws:
            send_message(ws, type="subscribe", id="1", payload={"query": "{ viewer { handle } }"})
            assert receive_message(ws)["type"] == "next"
            assert receive_message(ws)["type"] == "complete"
            app_server.revoke(token)
            send_message(ws, type="subscribe", id="2", payload={"query": "{ viewer { handle } }"})
            assert close_code(ws) == 4403


def test_revocation_takes_effect_within_a_minute() -> None:
    assert authentication.REVALIDATE_SECONDS + authentication.REMEMBERED_SECONDS < 60


def test_sessions_survive_a_lost_database(revalidating_server: AppServer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def lost(*_: object) -> None:
        asked.append(1)
        raise OperationalError

    with revalidating_server.websocket() as ws:
        ws.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {revalidating_server.token()}"}})
        assert ws.receive_json() == {"type": "connection_ack"}
        ws.send_json(FOLLOW)
        until(lambda: revalidating_server.app.state.hub._count == 1)
        with monkeypatch.context() as patch:
            patch.setattr(api_tokens, "matching", lost)
            until(lambda: len(asked) > 3)
        revalidating_server.person("ada")
        assert ws.receive_json()["payload"]["data"]["changes"]["position"] == 1
