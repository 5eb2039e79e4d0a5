"""Every address of ours, asked with everything that can be shown."""

from typing import Any

import pytest
from psycopg import OperationalError
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from api.graphql_http.websocket import UNAUTHENTICATED_LENGTH_MAX
from domain.commands.permissions import Role
from domain.log import health
from projections.proof import signer
from tests.api.auth.conftest import House, signed

GOOD = {
    "/graphql": 400,
    "/graphql/{name}": 200,
    "/healthz": 200,
    "/readyz": 200,
    "/checkpoint": 404,
    "/checkpoint/key": 404,
    "/report/{cycle}": 404,
    "/ingest/readings": 405,
    "/export/changes.ndjson": 200,
    "/export/changes.csv": 200,
    "/export/readings.csv": 200,
    "/metrics": 200,
    "/schema.graphql": 200,
}
"""What a plain GET of each address is answered with, once one is let in. A new address needs a line here."""
FOR_STRANGERS = {"/healthz": "alive", "/readyz": "ready"}


@pytest.fixture(scope="module")
def wrong(home: House) -> dict[str, str]:
    return home.wrong()


def places(home: House) -> list[tuple[str, str]]:
    """Every route, and an address of it."""
    found = [route.path for route in home.app.routes if isinstance(route, Route)]
    return [(path, path.replace("{cycle}", "2026-q1")) for path in found]


def known(path: str) -> str:
    """The line of the table above that is about this path; parts of the editor have one for all."""
    return "/graphql/{name}" if path.startswith("/graphql/") and path not in GOOD else path


def test_every_address_answers_who_is_let_in(home: House) -> None:
    shown = {"authorization": f"Bearer {home.token(*Role)}"}
    for path, address in places(home):
        assert known(path) in GOOD, f"how does {path} answer who is let in? Say so in GOOD"
        assert home.http.get(address, headers=shown).status_code == GOOD[known(path)], path


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_who_shows_nothing_learns_nothing(home: House, method: str) -> None:
    for path, address in [*places(home), ("/nowhere", "/nowhere"), ("/healthz/", "/healthz/"), ("/", "/")]:
        response = home.http.request(method, address, follow_redirects=False)
        if path in FOR_STRANGERS:
            assert response.status_code in (200, 405), path
        else:
            assert_unknown(response)


def assert_unknown(response: Any) -> None:
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["cache-control"] == "no-store"
    if response.request.method != "HEAD":
        (error,) = response.json()["errors"]
        assert error["extensions"] == {"code": "UNAUTHENTICATED"}


def test_whatever_is_wrong_the_answer_is_the_same_as_to_nobody(home: House, wrong: dict[str, str]) -> None:
    for path, address in places(home):
        if path == "/healthz":
            continue
        nothing = home.http.get("/graphql")
        for why, shown in wrong.items():
            response = home.http.get(address, headers={"authorization": shown})
            assert_unknown(response)
            assert response.text == nothing.text, why
            assert response.headers.keys() == nothing.headers.keys(), why


def test_two_headers_let_nobody_in_even_if_both_are_good(home: House) -> None:
    shown = f"Bearer {home.token()}"
    assert_unknown(home.http.get("/graphql", headers=[("authorization", shown), ("authorization", shown)]))


def test_nothing_is_read_of_who_is_not_let_in(home: House) -> None:
    read = []

    def body() -> Any:
        read.append(1)
        yield b"{" * 100_000_000

    assert_unknown(home.http.post("/graphql", content=body(), headers={"content-length": "999999999999"}))


@pytest.mark.parametrize("shown", [None, "Bearer nonsense", "Basic YQ=="])
def test_it_is_told_to_everybody_that_it_lives(home: House, shown: str | None) -> None:
    response = home.http.get("/healthz", headers={"authorization": shown} if shown else {})
    assert (response.status_code, response.text) == (200, "alive")


def test_strangers_are_told_in_one_word_whether_it_can_work(home: House) -> None:
    response = home.http.get("/readyz")
    assert (response.status_code, response.text) == (200, "ready")


def test_who_is_let_in_is_told_how_it_stands(home: House) -> None:
    told = home.http.get("/readyz", headers={"authorization": f"Bearer {home.token(Role.METRICS)}"}).json()
    assert (told["ready"], told["database"]) == (True, True)


def test_a_lost_database_is_told_in_the_form_of_all_errors(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object) -> None:
        raise OperationalError("connection to server at secret.example failed")

    monkeypatch.setattr(signer, "newest", lost)
    response = home.http.get("/checkpoint", headers={"authorization": f"Bearer {home.token(Role.AUDITOR)}"})
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
    assert "secret.example" not in response.text


def test_no_words_of_the_database_are_told_even_to_who_is_let_in(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object) -> None:
        raise OperationalError("connection to server at secret.example failed")

    monkeypatch.setattr(health, "examine", lost)
    response = home.http.get("/readyz", headers={"authorization": f"Bearer {home.token()}"})
    assert (response.status_code, response.json()["wrong"]) == (
        503,
        "The database cannot be reached; Keyframe keeps trying to reconnect.",
    )


def test_strangers_learn_no_field_of_the_schema(home: House) -> None:
    for query in ("{ __schema { types { name } } }", "{ viewr { handle } }", "{"):
        assert_unknown(home.http.post("/graphql", json={"query": query}))


# ── over WebSocket ───────────────────────────────────────────────────────────────────────────────


def conversation(home: House, payload: Any = None, shown: str | None = None) -> Any:
    """Who one is that begins like this, or the code that it is closed with."""
    headers = {} if shown is None else {"authorization": shown}
    with home.talk(headers) as ws:
        ws.send_json({"type": "connection_init", **({} if payload is None else {"payload": payload})})
        try:
            assert ws.receive_json() == {"type": "connection_ack"}
        except WebSocketDisconnect as closed:
            return closed.code
        ws.send_json({"type": "subscribe", "id": "1", "payload": {"query": "{ viewer { handle } }"}})
        return ws.receive_json()["payload"]["data"]["viewer"]["handle"]


def test_conversations_are_held_at_one_address(home: House) -> None:
    assert [route.path for route in home.app.routes if isinstance(route, WebSocketRoute)] == ["/graphql"]


@pytest.mark.parametrize("payload", [None, {}, {"authorization": None}, {"token": "x"}])
def test_a_conversation_of_who_shows_nothing_is_closed_with_4401(home: House, payload: Any) -> None:
    assert conversation(home, payload) == 4401


@pytest.mark.parametrize("name", ["authorization", "Authorization"])
def test_a_conversation_may_begin_with_a_token(home: House, name: str) -> None:
    assert conversation(home, {name: f"Bearer {home.token()}"}) == "robot"
    assert conversation(home, {name: f"Bearer {signed()}"}) == "robot"


def test_a_handshake_may_show_a_token(home: House) -> None:
    shown = f"Bearer {home.token()}"
    assert conversation(home, shown=shown) == "robot"
    assert conversation(home, {"authorization": shown}, shown) == "robot"


def test_a_token_that_does_not_do_closes_with_4403(home: House, wrong: dict[str, str]) -> None:
    for why, shown in wrong.items():
        assert conversation(home, {"authorization": shown}) == 4403, why
        assert conversation(home, shown=shown) == 4403, why


@pytest.mark.parametrize("shown", [7, [], {}, ["Bearer x"], True, ""])
def test_what_is_no_header_closes_with_4403(home: House, shown: Any) -> None:
    assert conversation(home, {"authorization": shown}) == 4403


def test_two_tokens_in_one_conversation_are_one_too_many(home: House) -> None:
    one, other = f"Bearer {home.token()}", f"Bearer {home.token()}"
    assert conversation(home, {"authorization": one, "Authorization": other}) == 4403
    assert conversation(home, {"authorization": one}, other) == 4403


@pytest.mark.parametrize(
    "message",
    [
        {"type": "ping"},
        {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}},
        {"type": "subscribe", "id": "1", "payload": {"query": "{"}},
    ],
)
def test_nothing_is_answered_before_it_is_known_who_asks(home: House, message: Any) -> None:
    with home.talk() as ws:
        ws.send_json(message)
        with pytest.raises(WebSocketDisconnect) as closed:
            ws.receive_json()
    assert closed.value.code == 4401


def test_what_strangers_say_is_not_read_beyond_what_a_token_takes(home: House) -> None:
    with home.talk() as ws:
        ws.send_json({"type": "pong", "payload": {"a": "a" * UNAUTHENTICATED_LENGTH_MAX}})
        with pytest.raises(WebSocketDisconnect) as closed:
            ws.receive_json()
    assert closed.value.code == 4400


def test_pages_of_other_sites_may_talk_where_everybody_says_who_they_are(home: House) -> None:
    headers = {"origin": "https://elsewhere.example"}
    with home.talk(headers) as ws:
        ws.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {home.token()}"}})
        assert ws.receive_json() == {"type": "connection_ack"}
