import asyncio
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from pydantic import SecretStr, ValidationError
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api.cli.output import Failure
from api.cli.serve import ForwardedHeaders, grace_seconds, listening, url
from api.runtime.database import Database
from api.runtime.settings import Settings
from api.schema.schema import sdl
from domain.commands.permissions import Role
from domain.log.schema import lock_key
from tests.api.cli.terminal import asked, fill, keyframe, line, process, started, stopped
from tests.conftest import issue_token
from tests.waiting import until

POSITION = "{ basis { position } }"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_demo_listens_on_loopback_only(host: str) -> None:
    done = keyframe(Settings(host=host), "demo")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{host} can be reached from other machines, and the demo does not authenticate" in done.stderr


def test_serve_without_tokens_or_issuer_warns_and_accepts_the_first_token_without_a_restart(database: Database) -> None:
    with started(database.settings, "serve", "--port", "0") as server:
        where = line(server, "Keyframe answers at ").split()[-1]
        with pytest.raises(HTTPError, match="401"):
            asked(where, POSITION)
        assert asked(where, POSITION, issue_token(database)) == {"basis": {"position": 0}}
        server.send_signal(signal.SIGTERM)
        warned = server.communicate(timeout=60)[1].decode()
        assert "No caller can authenticate" in warned
        assert "keyframe token create --role ADMIN" in warned
        assert "KEYFRAME_JWT_ISSUER" in warned


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_hosts_are_listened_on(host: str) -> None:
    with listening(Settings(host=host, port=0)) as listener:
        assert url(listener).startswith("http://")


def test_all_interfaces_may_be_listened_on() -> None:
    with listening(Settings(host="0.0.0.0", port=0)) as listener:
        assert listener.getsockname()[0] == "0.0.0.0"


def test_port_in_use_is_an_error_that_suggests_another_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Failure, match=f"127.0.0.1:{port} cannot be used .* choose another port with --port"):
            listening(Settings(port=port))


def test_unknown_host_is_an_error() -> None:
    with pytest.raises(Failure, match=r"no\.such\.host\.invalid is not a valid address"):
        listening(Settings(host="no.such.host.invalid"))


@pytest.mark.parametrize(
    ("dsn", "message"),
    [
        ("postgresql://nobody@127.0.0.1:1/nothing", "The database cannot be reached"),
        ("postgresql://127.0.0.1:port/nothing", "invalid integer value"),
        ("host=127.0.0.1 port=nowhere", "invalid integer value"),
    ],
)
def test_unreachable_database_is_a_one_line_error(dsn: str, message: str) -> None:
    settings = Settings(database_url=SecretStr(dsn), reconnect_timeout_s=0.1, port=0)
    done = keyframe(settings, "serve")
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert done.stderr.endswith("Check KEYFRAME_DATABASE_URL, and that the server runs.\n")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("dsn", ["nonsense", "mysql://somebody:secret@host/keyframe"])
def test_invalid_database_url_error_does_not_repeat_the_url(dsn: str) -> None:
    wrong = Settings().model_copy(update={"database_url": SecretStr(dsn)})
    with pytest.raises(ValidationError, match="postgresql://user:password@host") as refused:
        Settings(database_url=wrong.database_url)
    assert dsn not in str(refused.value)


def test_blank_database_url_is_none() -> None:
    assert Settings(database_url=SecretStr(" ")).database_url is None


def test_invalid_setting_is_named_in_the_error() -> None:
    wrong = Settings().model_copy(update={"workspace": "Not Like This"})
    done = keyframe(wrong.model_copy(update={}), "serve")
    assert done.returncode == 2
    assert done.stderr.startswith("keyframe: KEYFRAME_WORKSPACE: ")


def test_unreadable_manifest_of_persisted_documents_is_a_one_line_error(database: Database) -> None:
    issue_token(database)
    done = keyframe(
        database.settings.model_copy(update={"trusted_documents": Path("nowhere.json"), "port": 0}), "serve"
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("keyframe: nowhere.json cannot be read as a manifest")
    assert done.stderr.count("\n") == 1


def test_unknown_command_exits_2(settings: Settings) -> None:
    assert keyframe(settings, "sing").returncode == 2


def test_schema_command_prints_the_sdl(settings: Settings) -> None:
    assert keyframe(settings, "schema").stdout == sdl()


def test_verbs_import_only_what_they_need() -> None:
    """Building the GraphQL schema takes a second, which `project` and `--version` need not wait for."""
    slow = {"graphql", "numpy", "strawberry", "starlette"}
    script = f"import sys, api.cli.main, api.cli.project; print({slow} & {{*sys.modules}})"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout == b"set()\n"


def test_rebuild_command_rebuilds_the_projections(database: Database) -> None:
    fill(database)
    done = keyframe(database.settings, "rebuild")
    assert (done.returncode, done.stdout) == (0, "The projections were rebuilt up to position 20.\n")


@pytest.mark.long
def test_projector_can_run_in_a_separate_process(database: Database) -> None:
    fill(database)
    token = issue_token(database)
    with started(database.settings, "serve", "--port", "0", "--no-project") as server:
        address = line(server, "Keyframe answers at ").removeprefix("Keyframe answers at ")
        assert asked(address, POSITION, token) == {"basis": {"position": 0}}
        with started(database.settings, "project") as projector:
            line(projector, "Updating the projections")
            until(lambda: asked(address, POSITION, token) == {"basis": {"position": 20}}, seconds_max=60, pause_s=0.1)
            assert (stopped(projector), stopped(server)) == (0, 0)


@pytest.mark.long
def test_projector_process_serves_health_and_metrics(database: Database) -> None:
    fill(database)
    token = issue_token(database, Role.METRICS)
    with started(database.settings, "project", "--port", "0") as projector:
        address = line(projector, "Health and metrics at ").removeprefix("Health and metrics at ")
        line(projector, "Updating the projections")
        assert fetched(f"{address}/healthz") == (200, "alive")
        until(lambda: fetched(f"{address}/readyz") == (200, "ready"), seconds_max=60, pause_s=0.2)
        assert fetched(f"{address}/metrics")[0] == 401
        status, metrics = fetched(f"{address}/metrics", token)
        assert status == 200
        assert 'keyframe_projector{condition="LEADING"} 1.0' in metrics
        assert "keyframe_view_position 20.0" in metrics
        assert fetched(f"{address}/graphql?query={{__typename}}", token)[0] == 404
        assert stopped(projector) == 0


def test_projector_port_in_use_is_a_one_line_error(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = keyframe(settings, "project", "--port", str(taken.getsockname()[1]))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "choose another port with --port" in done.stderr


def fetched(url: str, token: str | None = None) -> tuple[int, str]:
    """The status and the body of a response."""
    request = Request(url, headers={"authorization": f"Bearer {token}"} if token else {})
    try:
        with urlopen(request, timeout=60) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.long
def test_second_projector_waits_on_standby(database: Database) -> None:
    with started(database.settings, "project") as one:
        line(one, "Updating the projections")
        with started(database.settings, "project") as other:
            line(other, "On standby")
            assert stopped(one) == 0
            line(other, "Updating the projections")
            assert stopped(other) == 0


@pytest.mark.long
@pytest.mark.long
def test_a_command_that_waits_for_the_write_lock_is_answered_after_sigterm(database: Database) -> None:
    token, add = issue_token(database), 'mutation { addPerson(input: {handle: "ada", name: "Ada"}) { position } }'
    with database.connect() as other, started(database.settings, "serve", "--port", "0") as server:
        where = line(server, "Keyframe answers at ").split()[-1]
        key = lock_key(other.info.dbname, database.settings.workspace, "append")
        other.execute("select pg_advisory_lock(%s)", [key])
        with ThreadPoolExecutor(1) as client:
            answer = client.submit(asked, where, add, token)
            waiting = """
                select 1 from pg_locks l join pg_database d on d.oid = l.database
                where datname = current_database() and locktype = 'advisory' and not granted
            """
            until(lambda: answer.done() or other.execute(waiting).fetchone(), pause_s=0.05)
            assert not answer.done()
            server.send_signal(signal.SIGTERM)
            time.sleep(6)
            other.execute("select pg_advisory_unlock(%s)", [key])
            assert answer.result(60) == {"addPerson": {"position": 1}}
        assert server.wait(60) == 0


def test_server_that_drains_is_not_ready_and_answers_until_it_stops(database: Database) -> None:
    token, settings = issue_token(database), database.settings.model_copy(update={"drain_s": 3})
    with started(settings, "serve", "--port", "0") as server:
        where = line(server, "Keyframe answers at ").split()[-1]
        server.send_signal(signal.SIGTERM)
        until(lambda: "shutting down" in fetched(f"{where.removesuffix('/graphql')}/readyz", token)[1])
        assert fetched(f"{where.removesuffix('/graphql')}/readyz", token)[0] == 503
        assert asked(where, POSITION, token) == {"basis": {"position": 0}}
        assert server.wait(60) == 0


def test_the_grace_at_sigterm_is_longer_than_a_commit_may_take() -> None:
    assert grace_seconds(Settings()) > Settings().commit_timeout_s > Settings().lock_timeout_s
    assert grace_seconds(Settings(commit_timeout_s=60)) > 60


def test_unknown_event_stops_the_projector_with_an_error(database: Database) -> None:
    fill(database)
    with database.connect() as conn:
        conn.execute("""
            insert into log
            select position + 1, recorded_at + interval '1 s', effective_at, gen_random_uuid(), 1, 'moon-landed.v1',
                   null, metadata, data, leaf_hash
            from log order by position desc limit 1
        """)
    done = process(database.settings, "project")
    assert done.returncode == 1
    assert "Event 21 (moon-landed.v1) cannot be applied to the projections" in done.stderr


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"host", b"localhost")],
        [(b"x-forwarded-for", b"192.0.2.7")],
        [(b"x-forwarded-proto", b"https")],
        [
            (b"x-forwarded-for", b"192.0.2.7"),
            (b"x-forwarded-for", b"192.0.2.8, 127.0.0.1"),
            (b"x-forwarded-proto", b"x"),
        ],
    ],
)
@pytest.mark.parametrize("client", [("127.0.0.1", 1), ("192.0.2.1", 1), None])
@pytest.mark.parametrize("kind", ["http", "websocket", "lifespan"])
def test_address_and_scheme_behind_a_proxy_are_those_of_uvicorn(
    kind: str, client: tuple[str, int] | None, headers: list[tuple[bytes, bytes]]
) -> None:
    seen: list[Any] = []

    async def app(scope: Any, *_: Any) -> None:
        seen.append((scope.get("client"), scope.get("scheme")))

    for of in (ForwardedHeaders, ProxyHeadersMiddleware):
        scope: Any = {"type": kind} | (
            {} if kind == "lifespan" else {"client": client, "scheme": "http", "headers": headers}
        )
        asyncio.run(of(app, "127.0.0.1")(scope, None, None))  # type: ignore[arg-type]
    assert seen[0] == seen[1]
