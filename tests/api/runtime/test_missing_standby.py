"""Without its synchronous standby, PostgreSQL commits nothing: commands say so in time, and reads go on."""

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from statistics import median
from threading import Barrier
from time import monotonic, sleep
from typing import Any, NamedTuple

import psycopg
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.auth.token_uses import TokenUses
from api.endpoints import health
from api.runtime import embedded_postgres
from api.runtime.database import Database, open_database
from api.runtime.settings import Settings
from api.server.app import create_app
from domain.commands.permissions import Role
from domain.log.append import CommandUnconfirmed
from domain.log.credentials import api_tokens
from domain.log.event_store import Log
from tests.conftest import issue_token
from tests.domain.log.writing import command, reading
from tests.waiting import until
from tests.workspace import DIRECTORY

pytestmark = pytest.mark.long("one server without its standby")

COMMIT_SECONDS = 1.0
LOCK_SECONDS = 0.5
SECONDS_MAX = 5.0
WRITERS = 30
FORM = "mutation ($input: FormTeamInput!) { formTeam(input: $input) { position problems { code } } }"


class Lonely(NamedTuple):
    """A server whose database waits for a synchronous standby that does not exist, until it is `healed`."""

    http: TestClient
    database: Database
    dsn: str

    def form(self, key: str) -> Any:
        """The answer to a command with an idempotency key."""
        variables = {"input": {"key": key, "name": "New", "idempotencyKey": key}}
        return self.http.post("/graphql", json={"query": FORM, "variables": variables}).json()

    def is_committing(self) -> bool:
        return "\nkeyframe_commits_running 0.0\n" not in self.http.get("/metrics").text

    def heal(self) -> None:
        expect_standby(self.dsn, "")


def expect_standby(dsn: str, name: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(f"alter system set synchronous_standby_names = '{name}'")
        conn.execute("select pg_reload_conf()")
        until(lambda: conn.execute("select current_setting('synchronous_standby_names')").fetchone() == (name,))
    sleep(0.2)  # every backend reads the settings before its next statement


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[str, Database]]:
    place = Path(tempfile.mkdtemp(prefix="lonely-", dir=os.environ[DIRECTORY]))
    with embedded_postgres.running(place) as dsn:
        settings = Settings(
            database_url=SecretStr(dsn), workspace="lonely", commit_timeout_s=COMMIT_SECONDS,
            lock_timeout_s=LOCK_SECONDS, pool_size_max=8,
        )  # fmt: skip
        with open_database(settings) as database:
            database.migrate()
            yield dsn, database


@pytest.fixture
def lonely(started: tuple[str, Database], monkeypatch: pytest.MonkeyPatch) -> Iterator[Lonely]:
    monkeypatch.setattr(health, "CACHED_SECONDS", -1.0)
    dsn, database = started
    token = issue_token(database)
    with ExitStack() as stack:
        app = create_app(database.settings, database, editor=False)
        http = TestClient(app, "http://localhost", headers={"authorization": f"Bearer {token}"})
        stack.enter_context(http)
        assert Lonely(http, database, dsn).form(f"before-{monotonic()}".replace(".", "-"))["data"]["formTeam"]
        expect_standby(dsn, "gone")
        stack.callback(expect_standby, dsn, "")
        yield Lonely(http, database, dsn)


def error_of(answer: Any) -> tuple[str, str]:
    (error,) = answer["errors"]
    return error["extensions"]["code"], error["message"]


def test_unconfirmed_command_answers_outcome_unknown_with_its_position(lonely: Lonely) -> None:
    before, started = head(lonely), monotonic()
    code, message = error_of(lonely.form("first"))
    assert monotonic() - started < SECONDS_MAX
    assert code == "OUTCOME_UNKNOWN"
    assert f"recorded at position {before + 1}," in message
    assert "same idempotencyKey" in message
    assert head(lonely) == before + 1


def test_repeated_command_is_confirmed_when_the_standby_is_back(lonely: Lonely) -> None:
    before = head(lonely)
    first, again = error_of(lonely.form("second")), error_of(lonely.form("second"))
    assert first[0] == "OUTCOME_UNKNOWN"
    assert again == first
    lonely.heal()
    answer = lonely.form("second")
    assert "errors" not in answer
    assert answer["data"]["formTeam"] == {"position": before + 1, "problems": []}
    assert head(lonely) == before + 1


def test_reads_and_authentication_go_on_while_commands_wait(lonely: Lonely) -> None:
    tokens = [issue_token_at_once(lonely) for _ in range(WRITERS)]
    ready = Barrier(WRITERS + 1)

    def write(number: int) -> tuple[str, float]:
        ready.wait()
        started = monotonic()
        code, _ = error_of(lonely.form(f"writer-{number}"))
        return code, monotonic() - started

    with ThreadPoolExecutor(WRITERS) as threads:
        writing = [threads.submit(write, number) for number in range(WRITERS)]
        ready.wait()
        until(lonely.is_committing)
        seconds = [read(lonely, token) for token in tokens[:10]]
        assert not all(done.done() for done in writing)
        answers = [done.result() for done in writing]
    assert median(seconds) < LOCK_SECONDS
    assert {code for code, _ in answers} <= {"OUTCOME_UNKNOWN", "UNAVAILABLE"}
    assert max(spent for _, spent in answers) < SECONDS_MAX


def read(lonely: Lonely, token: str) -> float:
    """The seconds of a query with a token that this server sees for the first time."""
    started = monotonic()
    answer = lonely.http.post(
        "/graphql", json={"query": "{ teams { totalCount } }"}, headers={"authorization": f"Bearer {token}"}
    ).json()
    assert "errors" not in answer
    return monotonic() - started


def test_command_is_rejected_at_once_while_another_one_waits_for_its_commit(lonely: Lonely) -> None:
    assert error_of(lonely.form("third"))[0] == "OUTCOME_UNKNOWN"
    before = head(lonely)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(lonely.form, "fourth")
        until(lonely.is_committing)
        code, message = error_of(lonely.form("fifth"))
        assert not waiting.done()
        assert (code, "nothing was recorded" in message) == ("UNAVAILABLE", True)
        assert error_of(waiting.result())[0] == "OUTCOME_UNKNOWN"
    assert head(lonely) == before + 1


def test_events_are_not_shown_before_a_standby_has_them(lonely: Lonely) -> None:
    assert error_of(lonely.form("unconfirmed"))[0] == "OUTCOME_UNKNOWN"
    assert team(lonely, "unconfirmed") is None
    assert lonely.http.get("/readyz").json()["views"]["lag"] == 1
    lonely.heal()
    until(lambda: team(lonely, "unconfirmed") == {"name": "New"})


def test_process_without_the_standby_is_ready_for_reading_only(lonely: Lonely) -> None:
    assert error_of(lonely.form("sixth"))[0] == "OUTCOME_UNKNOWN"
    started = monotonic()
    answer = lonely.http.get("/readyz")
    assert monotonic() - started < SECONDS_MAX
    report = answer.json()
    assert (answer.status_code, report["reading"], report["writing"]) == (503, True, False)
    assert report["wrong"] == "No synchronous standby confirms what is recorded."
    assert lonely.http.get("/readyz?for=reading").status_code == 200
    lonely.heal()
    assert lonely.http.get("/readyz").json()["writing"] is True


def test_metrics_tell_that_commits_stall_until_one_is_confirmed(lonely: Lonely) -> None:
    assert "\nkeyframe_commits_stalled 0.0\n" in lonely.http.get("/metrics").text
    assert error_of(lonely.form("seventh"))[0] == "OUTCOME_UNKNOWN"
    assert "\nkeyframe_commits_stalled 1.0\n" in lonely.http.get("/metrics").text
    lonely.heal()
    assert "errors" not in lonely.form("seventh")
    assert "\nkeyframe_commits_stalled 0.0\n" in lonely.http.get("/metrics").text


def test_last_use_is_written_without_waiting_for_the_standby(lonely: Lonely) -> None:
    id = issue_token_at_once(lonely).split("_")[1]
    uses, started = TokenUses(lonely.database.pool()), monotonic()
    uses.note(id)
    uses.write()
    assert monotonic() - started < COMMIT_SECONDS
    with lonely.database.connect() as conn:
        assert next(token for token in api_tokens.every(conn) if token.id == id).last_used_at is not None


def test_another_process_learns_that_a_command_is_unconfirmed(lonely: Lonely) -> None:
    append, log = command(), lonely.database.log()
    with pytest.raises(CommandUnconfirmed) as first:
        log.append([reading()], append)
    other = lonely.database.log()
    with pytest.raises(CommandUnconfirmed) as found:
        other.command(append.by.command)
    with pytest.raises(CommandUnconfirmed) as again:
        other.append([reading()], append)
    assert found.value.position == again.value.position == first.value.position
    lonely.heal()
    row = other.command(append.by.command)
    assert row is not None
    assert row.last == first.value.position


def test_commit_before_its_deadline_is_canceled_and_records_nothing(started: tuple[str, Database]) -> None:
    _, database = started
    log = Log(database.pool(size_max=2), database.settings.workspace, commit_seconds=0.3)
    with database.connect() as conn, conn.transaction():
        conn.execute("lock table log")
        with pytest.raises(Exception, match="canceling statement"):
            log.append([reading()], command())
    assert not log.commits.running


def team(lonely: Lonely, key: str) -> Any:
    answer = lonely.http.post("/graphql", json={"query": f'{{ team(by: {{key: "{key}"}}) {{ name }} }}'}).json()
    return answer["data"]["team"]


def head(lonely: Lonely) -> int:
    with lonely.database.connect() as conn:
        row = conn.execute("select max(position) from log").fetchone()
    assert row is not None
    return int(row[0])


def issue_token_at_once(lonely: Lonely) -> str:
    """A new token, whose own commit waits for no standby."""
    with lonely.database.connect() as conn:
        conn.execute("set synchronous_commit = off")
        return api_tokens.issue(conn, "test", [*Role], None, timedelta(hours=1))[1]
