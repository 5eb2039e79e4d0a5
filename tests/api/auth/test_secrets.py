"""What somebody shows is for nobody: it stands in no journal, no answer, no event, no row, no message of ours."""

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
from tests.api.auth.conftest import House, public, signed, trusting
from tests.api.cli.terminal import environment, started
from tests.api.schema.subscriptions.clients import hear, opened, port_of, say
from tests.conftest import issue_token


def test_what_is_shown_to_a_server_is_found_nowhere(database: Database, tmp_path: Path) -> None:
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
        "of somebody unknown": signed(sub="stranger"),
        "nonsense": "c2VjcmV0LW5vbnNlbnNl",
        "broken": f"kf_{'b' * 10}_{'s3cr3t' * 7}s",
    }
    revoked = terminal.invoke(app, ["token", "revoke", shown["revoked"].split("_")[1]])
    said = []
    with started(settings, "serve") as server:
        port = port_of(server)
        for bearer in shown.values():
            said += [_asked(port, bearer), _asked(port, bearer, "{ nope }"), _asked(port, bearer, "{")]
            said += [_talked(port, bearer)]
        said += [" ".join(psutil.Process(server.pid).cmdline()), psutil.Process(server.pid).name()]
        server.terminate()
        out, err = server.communicate(timeout=60)
    said += [out.decode(), err.decode(), made.stderr, revoked.output, _kept(database)]
    said += [terminal.invoke(app, words).output for words in (["token", "list"], ["doctor"], ["token", "--help"])]
    assert err.count(b"not_admitted") > 10
    for why, bearer in shown.items():
        for part in _telling(bearer):
            assert not [text for text in said if part in text], why


def _telling(bearer: str) -> list[str]:
    """What of a token would be enough to know it by: its secret, or its signature."""
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


def _talked(port: int, bearer: str) -> str:
    with opened(port) as ws:
        say(ws, type="connection_init", payload={"authorization": f"Bearer {bearer}"})
        say(ws, type="subscribe", id="1", payload={"query": "{ viewer { handle } nope }"})
        try:
            return f"{hear(ws)}{hear(ws)}"
        except Exception as ended:  # noqa: BLE001 - however it ends, it is looked at what that says
            return repr(ended)


def _kept(database: Database) -> str:
    """Every row of every table of the workspace, as text."""
    told = []
    with database.connect() as conn:
        names = "select relname from pg_class where relkind = 'r' and relnamespace = to_regnamespace(%s)"
        for (name,) in conn.execute(names, [database.settings.workspace]).fetchall():
            told += [str(row) for row in conn.execute(f"select t::text from {name} t").fetchall()]
            told += [repr(row) for row in conn.execute(f"select * from {name}").fetchall()]
    assert told
    return "\n".join(told)


def test_nothing_in_memory_says_it_by_its_name(home: House) -> None:
    token = home.token()
    home.viewer(token)
    authenticators: Any
    (authenticators,) = [
        one.kwargs["authenticators"] for one in home.app.user_middleware if "authenticators" in one.kwargs
    ]
    assert len(authenticators._known_good_tokens) > 0
    assert token not in repr(authenticators) + repr(vars(authenticators))

    async def again() -> bool:
        return bool(token)

    assert token not in repr(RequestScope(again))


def test_no_setting_holds_a_secret_that_is_shown() -> None:
    settings = Settings(database_url="postgresql://keyframe:s3cr3t@db.example.org/keyframe")  # type: ignore[arg-type]
    assert "s3cr3t" not in repr(settings)
    assert "s3cr3t" not in str(settings)


def test_who_may_not_read_learns_nothing_of_the_schema_by_mistakes(home: House) -> None:
    """Suggestions are for who is let in."""
    assert "Did you mean" not in home.http.post("/graphql", json={"query": "{ viewr }"}).text
