"""Readiness: a process says whether it answers queries, takes commands and keeps up with the log, and asks cheaply."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import pytest
from starlette.testclient import TestClient

from api.auth import authentication
from api.auth.authentication import AuthBackendUnavailable
from api.endpoints import health
from api.runtime import signing_key
from api.runtime.database import Database, Pool
from api.server.app import create_app
from domain.log.health import VERSION
from projections.engine import leftovers
from projections.engine.rebuild import rebuild
from tests.api.runtime.test_outage import failing
from tests.api.schema.mutations.test_database_crashes import remembered_pools
from tests.conftest import issue_token
from tests.damage import cut_log, rewrite_event
from tests.domain.log.writing import command, reading
from tests.waiting import until

TIMEOUT_S = 0.5
SECONDS_MAX = 10
"""Less than a request waits for a connection of the pool."""
ADD = 'mutation { formTeam(input: {key: "%s", name: "T"}) { position } }'


class Probed(NamedTuple):
    """A server whose readiness is asked, and the pool that it reads with."""

    http: TestClient
    database: Database
    pool: Pool

    def ready(self, wanted: str = "writing") -> tuple[int, dict[str, Any]]:
        answer = self.http.get("/readyz", params={"for": wanted})
        return answer.status_code, answer.json()

    def add(self, key: str) -> Any:
        return self.http.post("/graphql", json={"query": ADD % key}).json()


Serve = Callable[..., Probed]


@pytest.fixture
def serve(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts a server with these settings; each request checks anew."""
    monkeypatch.setattr(health, "CACHED_SECONDS", -1.0)
    with ExitStack() as stack:

        def started(**given: Any) -> Probed:
            pools = remembered_pools(monkeypatch)
            settings = database.settings.model_copy(update={"ready_timeout_s": TIMEOUT_S, **given})
            app = create_app(settings, Database(database.dsn, settings, stack), editor=False, anonymous=True)
            http = stack.enter_context(TestClient(app, base_url="http://localhost"))
            probed = Probed(http, database, pools[0])
            until(lambda: probed.ready()[0] == 200)
            return probed

        yield started


def test_ready_process_reads_writes_and_does_not_lag(serve: Serve) -> None:
    status, report = serve().ready()
    assert (status, report["ready"], report["wrong"]) == (200, True, None)
    assert (report["alive"], report["reading"], report["writing"], report["lagging"]) == (True, True, True, False)
    assert report["migrations"] == {"version": VERSION, "needed": VERSION}
    assert (report["views"]["lag"], report["views"]["lag_s"], report["views"]["current"]) == (0, 0, True)


def test_readiness_opens_no_connection(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    probed = serve()

    def no_more(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(Database, "connect", no_more)
    before = probed.pool.get_stats()["connections_num"]
    assert {probed.ready()[0] for _ in range(20)} == {200}
    assert probed.pool.get_stats()["connections_num"] == before


def test_busy_process_is_ready(serve: Serve) -> None:
    """All connections of the pool work for requests; the projector shows that the database answers."""
    probed = serve(pool_size_max=2)
    assert "errors" not in probed.add("before")
    with probed.pool.connection(), probed.pool.connection():
        started = monotonic()
        status, report = probed.ready()
        assert (status, report["reading"], report["writing"]) == (200, True, True)
        assert monotonic() - started < SECONDS_MAX


def test_process_without_an_answer_of_the_database_is_not_ready_in_time(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    probed = serve()
    with probed.database.connect() as conn, conn.transaction():
        conn.execute("lock table view_position in access exclusive mode")
        monkeypatch.setattr(health, "KNOWN_SECONDS", 0.0)
        status, report = probed.ready()  # returns while the table is locked
        assert (status, report["reading"], report["database"]) == (503, False, False)
        assert report["wrong"] == "The database does not answer in time; Keyframe keeps trying."
    until(lambda: probed.ready()[0] == 200)


def test_process_on_a_read_only_server_is_ready_for_reading_only(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    probed = serve()
    monkeypatch.setattr(health, "KNOWN_SECONDS", 0.0)
    with probed.pool.connection() as conn:
        conn.execute("set default_transaction_read_only = on")
    status, report = probed.ready()
    assert (status, report["reading"], report["writing"]) == (503, True, False)
    assert report["wrong"] == "The database is read-only."
    assert probed.ready("reading")[0] == 200


def test_process_is_not_ready_for_commands_after_the_disk_was_full(serve: Serve) -> None:
    probed = serve()
    with failing(probed.database, "disk_full"):
        assert probed.add("full")["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    status, report = probed.ready()
    assert (status, report["writing"]) == (503, False)
    assert report["wrong"] == "The disk of the database is full: the last command was not recorded."
    assert probed.ready("reading")[0] == 200
    assert "errors" not in probed.add("space")
    assert probed.ready()[0] == 200


def test_process_with_altered_projections_is_ready_for_reading_only(serve: Serve) -> None:
    """The alarm stays until the rows are in order again, and `/metrics` has it, too."""
    probed = serve(views_check_pause_s=0.01)
    assert "errors" not in probed.add("one")
    assert (probed.ready()[1]["damaged"], probed.ready()[1]["views"]["damages"]) == (False, [])
    with probed.database.connect() as conn:
        conn.execute("update team set name = 'Changed'")
        until(lambda: probed.ready()[0] == 503)
        report = probed.ready()[1]
        assert (report["damaged"], report["lagging"], report["reading"]) == (True, False, True)
        assert report["wrong"].startswith(
            "The projections were altered by something else than the projector: team (positions 0 to 1023)."
        )
        assert report["views"]["damages"] == [{"table": "team", "first": 0, "last": 1023}]
        assert probed.ready("reading")[0] == 200
        assert "keyframe_view_damages 1.0" in probed.http.get("/metrics").text
        conn.execute("update team set name = 'T'")
    until(lambda: probed.ready()[0] == 200)


def test_process_lags_after_the_seconds_of_the_setting(serve: Serve) -> None:
    patient, probed = (serve(project_in_server=False, ready_lag_s=seconds) for seconds in (600, 0.5))
    probed.database.log().append([reading()], command())
    status, report = patient.ready()
    assert (status, report["lagging"], report["views"]["lag"]) == (200, False, 1)
    until(lambda: probed.ready()[1]["lagging"])
    status, report = probed.ready()
    assert (status, report["lagging"], report["reading"]) == (503, True, True)
    assert report["wrong"] == "No projector runs: start 'keyframe project'."
    assert report["views"]["lag_s"] > 0.5


def test_process_lags_beyond_the_events_of_the_setting(serve: Serve) -> None:
    probed = serve(project_in_server=False, ready_lag_max=2)
    log = probed.database.log()
    log.append([reading(), reading()], command())
    assert probed.ready()[0] == 200
    log.append([reading()], command())
    status, report = probed.ready()
    assert (status, report["lagging"], report["views"]["lag"]) == (503, True, 3)


def test_process_that_pauses_commands_is_not_ready_for_writing(serve: Serve) -> None:
    probed = serve(project_in_server=False, write_lag_max=1)
    probed.database.log().append([reading(), reading()], command())
    report = probed.ready()[1]
    assert (report["writing"], report["lagging"]) == (False, False)
    assert report["wrong"] == "Commands are paused: the projections are 2 events behind the log."


@pytest.mark.parametrize("project_in_server", [True, False])
def test_process_with_projections_ahead_of_the_log_refuses_commands(serve: Serve, project_in_server: bool) -> None:
    probed = serve(project_in_server=True)
    for key in ("one", "two", "three"):
        assert "errors" not in probed.add(key)
    if not project_in_server:
        probed = serve(project_in_server=False)
    cut_log(probed.database, 1)
    until(lambda: probed.ready()[1]["projector"]["condition"] == "DIVERGED")
    status, report = probed.ready()
    assert (status, report["reading"], report["writing"], report["lagging"]) == (503, True, False, True)
    assert (report["views"]["lag"], report["views"]["diverged"]) == (-2, True)
    assert "ahead of the log, which ends at 1" in report["wrong"]
    assert probed.ready("reading")[0] == 200
    (error,) = probed.add("four")["errors"]
    assert error["extensions"]["code"] == "VIEWS_DIVERGED"
    assert "keyframe rebuild" in error["message"]
    assert probed.database.log().head().position == 1
    assert "keyframe_view_diverged 1.0" in probed.http.get("/metrics").text


def test_process_on_a_rewritten_log_is_not_ready_and_says_why(serve: Serve, database: Database, tmp_path: Path) -> None:
    signing_key.create(tmp_path / "key", f"keyframe/{database.settings.workspace}")
    probed = serve(checkpoint_key=tmp_path / "key", checkpoint_interval_s=0.05)
    for key in ("one", "two", "three"):
        probed.add(key)
    until(lambda: "keyframe_checkpoint_size 3.0" in probed.http.get("/metrics").text)
    assert probed.ready()[1]["attested"] is True
    assert "keyframe_log_altered 0.0" in probed.http.get("/metrics").text
    rewrite_event(probed.database, 2)
    status, report = probed.ready()
    assert (status, report["attested"], report["reading"], report["writing"]) == (503, False, True, True)
    assert report["wrong"] == "The log differs from the log that was signed at position 3: run 'keyframe verify'."
    assert probed.ready("reading")[0] == 200
    assert "keyframe_log_altered 1.0" in probed.http.get("/metrics").text


def test_process_takes_commands_again_after_a_rebuild_of_diverged_projections(serve: Serve) -> None:
    probed = serve()
    for key in ("one", "two"):
        probed.add(key)
    cut_log(probed.database, 1)
    until(lambda: probed.ready()[0] == 503)
    rebuild(probed.database.log(), probed.database.connect, workspace=probed.database.settings.workspace)
    until(lambda: probed.ready()[0] == 200)
    assert probed.add("four")["data"] == {"formTeam": {"position": 2}}


def test_process_started_on_diverged_projections_takes_no_command(serve: Serve, database: Database) -> None:
    probed = serve()
    for key in ("one", "two"):
        probed.add(key)
    cut_log(database, 1)
    with ExitStack() as stack:
        app = create_app(
            database.settings, Database(database.dsn, database.settings, stack), editor=False, anonymous=True
        )
        with TestClient(app, base_url="http://localhost") as http:
            answer = http.post("/graphql", json={"query": ADD % "soon"}).json()
    assert answer["errors"][0]["extensions"]["code"] == "VIEWS_DIVERGED"


def test_process_on_tables_of_an_earlier_version_is_not_ready(serve: Serve) -> None:
    probed = serve()
    with probed.database.connect() as conn:
        conn.execute("delete from migration where version = %s", [VERSION])
    status, report = probed.ready()
    assert (status, report["reading"], report["writing"]) == (503, False, False)
    assert report["wrong"] == (
        f"The tables of the log are at version {VERSION - 1}, this program needs {VERSION}: run 'keyframe migrate'."
    )


def test_running_process_stays_ready_when_a_newer_program_migrates(serve: Serve) -> None:
    probed = serve()
    with probed.database.connect() as conn:
        conn.execute("insert into migration (version) values (%s)", [VERSION + 1])
    assert probed.ready()[0] == 200


def test_readiness_for_something_else_is_invalid(serve: Serve) -> None:
    status, report = serve().ready("dancing")
    assert (status, report["errors"][0]["extensions"]["code"]) == (400, "INVALID")


@pytest.mark.parametrize("dropped", ["{}", "{}_views"])
def test_process_without_its_tables_is_unready_and_says_why(serve: Serve, dropped: str) -> None:
    probed = serve()
    with probed.database.connect() as conn:
        leftovers.run(conn, "drop schema {} cascade", dropped.format(probed.database.settings.workspace))
    status, report = probed.ready()
    assert (status, report["reading"]) == (503, False)
    assert "run 'keyframe" in report["wrong"] or "not built" in report["wrong"]
    assert "keyframe_database_up 1.0" in probed.http.get("/metrics").text


def test_known_caller_learns_what_fails_while_no_token_can_be_checked(database: Database) -> None:
    token = issue_token(database)
    app = create_app(database.settings, database, editor=False)
    with TestClient(app, base_url="http://localhost", headers={"authorization": f"Bearer {token}"}) as http:
        assert http.get("/readyz").status_code == 200
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(authentication.Authenticators, "authenticate", unavailable)
            assert http.get("/readyz").json()["ready"] is True
            unknown = http.get("/readyz", headers={"authorization": "Bearer kf_unknown"})
    assert unknown.text == "ready"


async def unavailable(*_: object) -> None:
    raise AuthBackendUnavailable("the database cannot be reached")
