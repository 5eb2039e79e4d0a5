"""Tokens leak nowhere: not into logs, answers, events, table rows or messages."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil
from typer.testing import CliRunner

from api.cli.main import app
from api.execution.request_scope import RequestScope
from api.runtime.database import Database
from api.runtime.settings import Settings
from tests.api.auth.conftest import AppServer, public, signed, trusting
from tests.api.cli.terminal import environment, started
from tests.api.frames import BOTH_FRAMES
from tests.api.schema.subscriptions.clients import open_websocket, port_of, receive_message, send_message
from tests.conftest import issue_token

pytestmark = BOTH_FRAMES


def test_server_leaks_no_token_in_logs_answers_or_tables(database: Database, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [public("ES256", "one")]}))
    settings = database.settings.model_copy(update={**trusting(keys), "jwt_machines": "robot", "port": 0})
    settings = Settings(**{name: getattr(settings, name) for name in {*settings.model_fields_set, *trusting(keys)}})
    terminal = CliRunner(env=environment(settings))
    made = terminal.invoke(app, ["token", "create", "--role", "ADMIN"])
    shown = {
        "good": made.stdout.strip(),
        "revoked": issue_token(database),
        "of a machine": signed(),
        "forged": signed(name="mallory"),
        "of an unknown subject": signed(sub="stranger"),
        "nonsense": "c2VjcmV0LW5vbnNlbnNl",
        "broken": f"kf_{'b' * 10}_{'s3cr3t' * 7}s",
    }
    revoked = terminal.invoke(app, ["token", "revoke", shown["revoked"].split("_")[1]])
    outputs = []
    with started(settings, "serve") as server:
        port = port_of(server)
        for bearer in shown.values():
            outputs += [_asked(port, bearer), _asked(port, bearer, "{ nope }"), _asked(port, bearer, "{")]
            outputs += [_asked_over_websocket(port, bearer)]
        outputs += [" ".join(psutil.Process(server.pid).cmdline()), psutil.Process(server.pid).name()]
        server.terminate()
        out, err = server.communicate(timeout=60)
    outputs += [out.decode(), err.decode(), made.stderr, revoked.output, _all_rows(database)]
    outputs += [
        terminal.invoke(app, arguments).output for arguments in (["token", "list"], ["doctor"], ["token", "--help"])
    ]
    assert err.count(b"authentication_failed") > 10
    for why, bearer in shown.items():
        for part in _identifying_parts(bearer):
            assert not [text for text in outputs if part in text], why


def _identifying_parts(bearer: str) -> list[str]:
    """The parts of a token that identify it: the whole, and its secret or signature."""
    return [bearer, bearer.split("_", 2)[-1] if bearer.startswith("kf_") else bearer.rsplit(".", 1)[-1]]


def _asked(port: int, bearer: str, query: str = "{ viewer { handle } }") -> str:
    body = json.dumps({"query": query}).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {bearer}"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return f"{response.headers}{response.read()}"
    except urllib.error.HTTPError as error:
        with error:
            return f"{error.headers}{error.read()!r}"


def _asked_over_websocket(port: int, bearer: str) -> str:
    with open_websocket(port) as ws:
        try:
            send_message(ws, type="connection_init", payload={"authorization": f"Bearer {bearer}"})
            send_message(ws, type="subscribe", id="1", payload={"query": "{ viewer { handle } nope }"})
            return f"{receive_message(ws)}{receive_message(ws)}"
        except Exception as ended:  # noqa: BLE001 - any way of closing is an output to inspect
            return repr(ended)


def _all_rows(database: Database) -> str:
    """Every row of every table of the workspace, as text."""
    rows = []
    with database.connect() as conn:
        names = "select relname from pg_class where relkind = 'r' and relnamespace = to_regnamespace(%s)"
        for (name,) in conn.execute(names, [database.settings.workspace]).fetchall():
            rows += [str(row) for row in conn.execute(f"select t::text from {name} t").fetchall()]
            rows += [repr(row) for row in conn.execute(f"select * from {name}").fetchall()]
    assert rows
    return "\n".join(rows)


def test_repr_of_server_objects_contains_no_token(app_server: AppServer) -> None:
    token = app_server.token()
    app_server.viewer(token)
    authenticators: Any
    (authenticators,) = [
        one.kwargs["authenticators"] for one in app_server.app.user_middleware if "authenticators" in one.kwargs
    ]
    assert len(authenticators._known_good_tokens) > 0
    assert token not in repr(authenticators) + repr(vars(authenticators))

    async def again() -> bool:
        return bool(token)

    assert token not in repr(RequestScope(again))


def test_repr_of_settings_contains_no_password() -> None:
    settings = Settings(database_url="postgresql://keyframe:s3cr3t@db.example.org/keyframe")  # type: ignore[arg-type]
    assert "s3cr3t" not in repr(settings)
    assert "s3cr3t" not in str(settings)


def test_unauthenticated_errors_contain_no_field_suggestions(app_server: AppServer) -> None:
    """GraphQL suggests field names in errors; only authenticated callers may get them."""
    assert "Did you mean" not in app_server.http.post("/graphql", json={"query": "{ viewr }"}).text
