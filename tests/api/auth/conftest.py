"""A server that requires tokens, an issuer of JWTs, and valid and invalid authorization headers."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from time import time
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from starlette.applications import Starlette
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from api.runtime.database import Database
from api.server.app import create_app
from domain.commands.command import Command
from domain.commands.people_commands import AddPerson, DeactivatePerson, ErasePerson
from domain.commands.permissions import Author, Role
from domain.handlers.dispatcher import Dispatcher
from domain.log.credentials import api_tokens
from domain.log.event_store import Log
from domain.primitives.values import Source
from tests.api.auth.loopback_server import LoopbackServer, Quiet
from tests.workspace import fresh_workspace

ROOT = Author("machine:root", Source.API, frozenset(Role))
VIEWER = {"query": "{ viewer { handle roles person { handle } } }"}


# ── the issuer of JWTs ────────────────────────────────────────────────────────────────────────────


@cache
def key_of(algorithm: str, name: str = "") -> Any:
    """A private key, the same for the same name."""
    del name
    if algorithm[:2] in ("RS", "PS"):
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ed25519.Ed25519PrivateKey.generate() if algorithm == "EdDSA" else ec.generate_private_key(ec.SECP256R1())


def public(algorithm: str, kid: str | None, name: str = "", **overrides: str) -> dict[str, Any]:
    """The public key as a JWK."""
    found = jwt.get_algorithm_by_name(algorithm).to_jwk(key_of(algorithm, name).public_key(), as_dict=True)
    return {**found, **({} if kid is None else {"kid": kid}), **overrides}


def claims(**overrides: Any) -> dict[str, Any]:
    """The claims of a valid token, with overrides; None leaves a claim out."""
    now = int(time())
    good = {
        "iss": "https://id.example", "aud": "keyframe", "sub": "robot", "exp": now + 600, "iat": now, "roles": ["LEAD"],
    }  # fmt: skip
    return {name: value for name, value in {**good, **overrides}.items() if value is not None}


def signed(algorithm: str = "ES256", kid: str | None = "one", name: str = "", **overrides: Any) -> str:
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(claims(**overrides), key_of(algorithm, name), algorithm, headers)


def raw(header: bytes, payload: bytes, algorithm: str = "ES256") -> str:
    """A token of exactly these bytes, with the issuer's good signature."""
    signing_input = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload))
    signature = jwt.get_algorithm_by_name(algorithm).sign(signing_input, key_of(algorithm))
    return (signing_input + b"." + urlsafe_b64encode(signature).rstrip(b"=")).decode()


class Issuer(LoopbackServer):
    """Serves a JWKS on loopback and counts the requests. While `body` is None it answers 500."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.body: bytes | None = json.dumps({"keys": keys}).encode()
        self.status = 200
        self.asked = 0
        issuer = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                self.send_response(issuer.status if issuer.body is not None else 500)
                self.send_header("location", "/elsewhere")
                self.end_headers()
                self.wfile.write(issuer.body or b"")

        self.start(Handler)
        self.url = f"{self.address}/keys"

    def publish(self, *keys: dict[str, Any]) -> None:
        self.body = json.dumps({"keys": keys}).encode()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer(public("ES256", "one"))
    try:
        yield made
    finally:
        made.stop()


def trusting(where: str | Path) -> dict[str, Any]:
    """The settings that accept JWTs verified by the keys at this location."""
    return {"jwt_issuer": "https://id.example", "jwt_audience": "keyframe", "jwt_jwks": str(where)}


# ── the server ────────────────────────────────────────────────────────────────────────────────────


class AppServer:
    """A workspace, its server, and the tokens issued for it."""

    def __init__(self, database: Database, app: Starlette, http: TestClient) -> None:
        self.database = database
        self.app = app
        self.http = http
        self.log = Log(database.pool(size_max=2), database.settings.workspace)
        self._keyframe = Dispatcher(self.log)
        self.head = 0

    def execute(self, command: Command) -> UUID:
        """Execute a command; returns the id of its subject. Later requests wait for its position."""
        outcome = self._keyframe.execute(command, ROOT)
        self.head = outcome.head
        assert outcome.result.subject is not None
        return outcome.result.subject.id

    def person(self, handle: str) -> UUID:
        return self.execute(AddPerson(handle=handle, name=handle.title()))

    def token(self, *roles: Role, person: UUID | None = None, name: str = "robot") -> str:
        with self.database.connect() as conn:
            return api_tokens.issue(conn, name, roles or [Role.LEAD], person, timedelta(hours=1))[1]

    def alter(self, token: str, what: str) -> None:
        """Update the row of a token directly in the table."""
        with self.database.connect() as conn:
            conn.execute(f"update token set {what} where id = %s", [token.split("_")[1]])

    def revoke(self, token: str) -> None:
        with self.database.connect() as conn:
            assert api_tokens.revoke(conn, token.split("_")[1]) is not None

    def ask(self, bearer: str | None, **headers: str) -> Any:
        """The response to the viewer query."""
        shown = {} if bearer is None else {"authorization": f"Bearer {bearer}"}
        known = {"x-keyframe-min-position": str(self.head)}
        return self.http.post("/graphql", json=VIEWER, headers=known | shown | headers)

    def viewer(self, bearer: str) -> Any:
        response = self.ask(bearer)
        assert response.status_code == 200, response.text
        return response.json()["data"]["viewer"]

    def websocket(self, headers: dict[str, str] | None = None) -> WebSocketTestSession:
        """A WebSocket before its first message."""
        return self.http.websocket_connect(
            "ws://localhost/graphql", ["graphql-transport-ws"], headers={**(headers or {})}
        )

    def viewer_over_websocket(self, headers: dict[str, str] | None = None, payload: Any = None) -> Any:
        """The viewer's handle after a connection_init with this payload, or the code that closes the WebSocket."""
        with self.websocket(headers) as ws:
            ws.send_json({"type": "connection_init", **({} if payload is None else {"payload": payload})})
            try:
                assert ws.receive_json() == {"type": "connection_ack"}
            except WebSocketDisconnect as closed:
                return closed.code
            ws.send_json({"type": "subscribe", "id": "1", "payload": {"query": "{ viewer { handle } }"}})
            return ws.receive_json()["payload"]["data"]["viewer"]["handle"]

    def invalid_headers(self) -> dict[str, str]:
        """Authorization headers that must be refused, by the reason."""
        made = {name: self.token() for name in ("expired", "revoked")}
        self.alter(made["expired"], "expires_at = clock_timestamp() - interval '1 second'")
        self.revoke(made["revoked"])
        for name, verb in (("deactivated", DeactivatePerson), ("erased", ErasePerson)):
            person = self.person(f"{name}-{uuid4().hex[:6]}")
            made[name] = self.token(person=person)
            self.execute(verb(person=person, reason="left"))
        good = self.token()
        return {
            **{name: f"Bearer {token}" for name, token in made.items()},
            "nonsense": "Bearer nonsense",
            "of another kind": "Basic YWRhOnNlY3JldA==",
            "without a scheme": good,
            "without a token": "Bearer",
            "twice": f"Bearer {good}, Bearer {good}",
            "unknown": f"Bearer kf_aaaaaaaaaa_{'a' * 43}",
            "another secret": f"Bearer {good[:-5]}AAAAA",
            "cut off": f"Bearer {good[:-1]}",
            "too long": f"Bearer {'a' * 20_000}",
            "forged": f"Bearer {signed('ES256', name='mallory')}",
            "of another issuer": f"Bearer {signed(iss='https://evil.example')}",
            "JWT that expired": f"Bearer {signed(exp=int(time()) - 60)}",
        }  # fmt: skip


@contextmanager
def running_app_server(server: str, **given: Any) -> Iterator[AppServer]:
    with fresh_workspace(server, **given) as database:
        app = create_app(database.settings, database, editor=True)
        with TestClient(app, base_url="http://localhost") as http:
            yield AppServer(database, app, http)


@pytest.fixture(scope="module")
def generous_failure_limit(frame: str) -> Iterator[None]:
    """Raise the limit of failed authentications out of the way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.auth.authentication.FAILURES_BURST", 100_000)
        yield


@pytest.fixture(scope="module")
def app_server(
    server: str, frame: str, generous_failure_limit: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AppServer]:
    """The server of a test file: it accepts API tokens, and JWTs verified by a file of keys."""
    keys = tmp_path_factory.mktemp("keys") / "keys.json"
    published = [public(algorithm, "one") for algorithm in ("ES256", "RS256", "EdDSA")]
    keys.write_text(json.dumps({"keys": published}))
    with running_app_server(server, **trusting(keys), jwt_machines="robot", requests_burst=100_000) as made:
        yield made
