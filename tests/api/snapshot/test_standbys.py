"""Reads are answered by a real hot standby that has what the caller wants, and else by the primary (docs/adr/0055)."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.auth import authentication, token_memory
from api.cli.doctor import Verdict, run_checks
from api.endpoints import health
from api.runtime.database import Database, open_database
from api.runtime.settings import Settings
from api.server.app import create_app
from api.snapshot import standby
from domain.commands.permissions import Role
from domain.log.credentials import api_tokens
from tests.conftest import issue_token
from tests.standbys import Pair, running_pair
from tests.waiting import until

pytestmark = pytest.mark.long("one pair of servers")

WORKSPACE = "goals"
TEAMS = "{ teams { totalCount } }"


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with running_pair() as pair:
        yield pair


class Served:
    """A server of the application beside a pair of databases, and its callers."""

    def __init__(self, pair: Pair, database: Database, stack: ExitStack) -> None:
        self.pair = pair
        self.database = database
        self.standby = f"127.0.0.1:{pair.standby.port}"
        self.admin = issue_token(database)
        with database.connect() as conn:
            self.machine = api_tokens.issue(conn, "machine", [*Role], None, timedelta(hours=1))[1]
        app = create_app(database.settings, database, editor=False)
        self.http = stack.enter_context(TestClient(app, "http://localhost"))
        self.http.headers["authorization"] = f"Bearer {self.admin}"
        self.arrived()

    def answer(self, query: str, **headers: str) -> Any:
        return self.http.post("/graphql", json={"query": query}, headers=headers)

    def ask(self, query: str, **headers: str) -> Any:
        answer = self.answer(query, **headers).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def do(self, verb: str, input: str, selection: str = "position") -> Any:
        payload = self.ask(f"mutation {{ {verb}(input: {{{input}}}) {{ {selection} problems {{ message }} }} }}")[verb]
        assert payload["problems"] == []
        return payload

    def is_primary_away(self) -> bool:
        return "\nkeyframe_primary_away 1.0\n" in self.http.get("/metrics").text

    def form(self) -> int:
        """Form a team, and return the position of the event."""
        position: int = self.do("formTeam", f'key: "t{uuid4().hex[:12]}", name: "New"')["position"]
        return position

    def state(self) -> Any:
        """The standby in the report of readiness."""
        states = self.http.get("/readyz").json()["standbys"]
        return next(state for state in states if state["name"] == self.standby)

    def arrived(self) -> None:
        """Wait until the standby answers for what was written."""
        with self.database.connect() as conn:
            row = conn.execute("select position from view_position").fetchone()
        assert row is not None
        until(lambda: (state := self.state())["answers"] and state["position"] >= row[0])

    def reads(self) -> dict[str, int]:
        """How many readers each server had so far."""
        lines = self.http.get("/metrics").text.splitlines()
        counted = [(line.split('"')[1], line.split()[-1]) for line in lines if line.startswith("keyframe_reads_total{")]
        return {server: int(float(number)) for server, number in counted}

    def answering(self, query: str, **headers: str) -> set[str]:
        """The servers that a query was read from, which no kept answer knows."""
        before = self.reads()
        self.ask(query.replace("{", f"{{ a{uuid4().hex}: __typename", 1), **headers)
        return {server for server, number in self.reads().items() if number > before[server]}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no dead standby."""
    monkeypatch.setattr(standby, "FRESH_SECONDS", 30.0)


@contextmanager
def served(pair: Pair, **given: Any) -> Iterator[Served]:
    urls = {"database_url": SecretStr(pair.primary.dsn()), "read_url": SecretStr(pair.standby.dsn())}
    limits = {"pool_size_max": 8, "connect_timeout_s": 5, "ready_timeout_s": 0.5, "reconnect_timeout_s": 2}
    settings = Settings(**{**urls, **limits, "workspace": WORKSPACE, **given})
    with ExitStack() as stack:
        database = stack.enter_context(open_database(settings))
        database.migrate()
        yield Served(pair, database, stack)


@pytest.fixture
def goals(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(health, "CACHED_SECONDS", -1.0)
    with served(pair) as made:
        yield made


def test_query_is_answered_by_a_standby(goals: Served) -> None:
    answer = goals.answer(TEAMS)
    assert goals.answering(TEAMS) == {goals.standby}
    assert answer.headers["x-keyframe-position"] == str(goals.state()["position"])


def test_callers_own_write_is_read_from_the_primary_until_a_standby_has_it(goals: Served) -> None:
    before = goals.ask(TEAMS)["teams"]["totalCount"]
    with goals.pair.paused():
        goals.form()
        assert goals.answering(TEAMS) == {"primary"}
        assert goals.ask(TEAMS)["teams"]["totalCount"] == before + 1
    goals.arrived()
    assert goals.answering(TEAMS) == {goals.standby}
    assert goals.ask(TEAMS)["teams"]["totalCount"] == before + 1


def test_required_position_is_read_from_the_primary_until_a_standby_has_it(goals: Served) -> None:
    before = goals.ask(TEAMS)["teams"]["totalCount"]
    other = {"authorization": f"Bearer {goals.machine}"}
    with goals.pair.paused():
        position = goals.form()
        assert goals.ask(TEAMS, **other)["teams"]["totalCount"] == before
        wanted = {**other, "x-keyframe-min-position": str(position)}
        assert goals.answering(TEAMS, **wanted) == {"primary"}
        assert goals.ask(TEAMS, **wanted)["teams"]["totalCount"] == before + 1


def test_basis_that_a_standby_lacks_is_asked_of_the_primary(goals: Served) -> None:
    other = {"authorization": f"Bearer {goals.machine}"}
    with goals.pair.paused():
        position = goals.form()
        query = f"{{ asOf(position: {position}) {{ teams {{ totalCount }} }} }}"
        assert "primary" in goals.answering(query, **other)
        export = goals.http.get(f"/export/changes.ndjson?position={position}", headers=other)
        assert (export.status_code, export.headers["x-keyframe-position"]) == (200, str(position))
        beyond = goals.answer(f"{{ asOf(position: {position + 1}) {{ teams {{ totalCount }} }} }}", **other).json()
        assert beyond["errors"][0]["extensions"]["code"] == "INVALID"


def test_doctor_checks_every_host_of_the_standbys(goals: Served) -> None:
    (found,) = [found for found in run_checks(goals.database.settings) if found.check == "standby"]
    assert (found.verdict, found.found) == (Verdict.RIGHT, f"{goals.standby}: 0 events behind")
    primary = goals.database.settings.model_copy(update={"read_url": goals.database.settings.database_url})
    (found,) = [found for found in run_checks(primary) if found.check == "standby"]
    assert (found.verdict, "accepts writes" in found.found) == (Verdict.WRONG, True)


# ── what was hidden ──────────────────────────────────────────────────────────────────────────────


def test_standby_without_the_last_hiding_answers_nobody(goals: Served) -> None:
    other = {"authorization": f"Bearer {goals.machine}"}
    key = f"c{uuid4().hex[:12]}"
    goals.do("openCycle", f'key: "{key}", name: "2026", startsOn: "2026-01-01", endsOn: "2026-12-31"')
    team = goals.do("formTeam", f'key: "{key}", name: "New"', "team { id }")["team"]["id"]
    given = f'cycle: {{key: "{key}"}}, team: "{team}", title: "Delight many people"'
    objective = goals.do("draftObjective", given, "objective { id }")["objective"]["id"]
    goals.arrived()
    assert goals.answering(TEAMS, **other) == {goals.standby}
    with goals.pair.paused():
        goals.do("setObjectiveVisibility", f'objective: "{objective}", visibility: TEAM')
        assert goals.answering(TEAMS, **other) == {"primary"}
        state = goals.state()
        assert (state["answers"], state["cause"]) == (False, "It lacks newer events.")
    goals.arrived()
    assert goals.answering(TEAMS, **other) == {goals.standby}


def test_last_hiding_holds_while_the_primary_is_away(goals: Served) -> None:
    person = goals.do("addPerson", f'handle: "p{uuid4().hex[:12]}", name: "Moe"', "person { id }")["person"]["id"]
    goals.arrived()
    with goals.pair.paused():
        goals.do("deactivatePerson", f'person: "{person}"')
        with goals.pair.without_primary():
            until(goals.is_primary_away)
            answer = goals.answer(TEAMS, authorization=f"Bearer {goals.machine}").json()
            assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    goals.arrived()


# ── without the primary ──────────────────────────────────────────────────────────────────────────


def test_reads_go_on_while_the_primary_is_away(goals: Served) -> None:
    position = goals.form()
    goals.arrived()
    with goals.pair.without_primary():
        until(goals.is_primary_away)
        answer = goals.answer(TEAMS)
        assert "errors" not in answer.json()
        assert answer.headers["x-keyframe-position"] == str(position)
        assert goals.answering(f"{{ asOf(position: {position}) {{ teams {{ totalCount }} }} }}") == {goals.standby}
        wanted = goals.answer(TEAMS, **{"x-keyframe-min-position": str(position)})
        assert wanted.status_code == 200
        assert goals.http.get("/export/changes.ndjson").headers["x-keyframe-position"] == str(position)
        assert goals.http.get("/readyz?for=reading").status_code == 200
        report = goals.http.get("/readyz").json()
        assert (report["reading"], report["writing"], report["database"]) == (True, False, False)
        assert report["wrong"].startswith("The database cannot be reached")
        refused = goals.answer('mutation { formTeam(input: {key: "never", name: "New"}) { position } }').json()
        assert refused["errors"][0]["extensions"]["code"] in {"UNAVAILABLE", "OUTCOME_UNKNOWN"}
    until(lambda: not goals.is_primary_away())
    assert goals.form() == position + 1


def test_tokens_are_accepted_from_memory_for_as_long_as_their_check_is_remembered(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "CACHED_SECONDS", -1.0)
    monkeypatch.setattr(authentication, "REMEMBERED_SECONDS", -1.0)
    with served(pair, token_memory_s=60) as goals:
        unknown = issue_token(goals.database)
        goals.ask(TEAMS)
        with goals.pair.without_primary():
            until(goals.is_primary_away)
            assert goals.answer(TEAMS).status_code == 200
            assert goals.answer(TEAMS, authorization=f"Bearer {unknown}").status_code == 503
            monkeypatch.setattr(token_memory, "monotonic", lambda: monotonic() + 61)
            assert goals.answer(TEAMS).status_code == 503
            report = goals.http.get("/readyz")
        assert report.json()["wrong"].startswith("The database cannot be reached")


# ── without the standby ──────────────────────────────────────────────────────────────────────────


def test_standby_that_dies_is_left_aside_and_taken_back(goals: Served) -> None:
    until(lambda: goals.answering(TEAMS) == {goals.standby})
    goals.pair.standby.stop("immediate")
    try:
        assert "primary" in goals.answering(TEAMS)
        until(lambda: not goals.state()["answers"])
        assert goals.answering(TEAMS) == {"primary"}
        assert goals.http.get("/readyz").status_code == 200
    finally:
        goals.pair.standby.start()
    until(lambda: goals.answering(TEAMS) == {goals.standby})


def test_standby_that_lags_is_left_aside_and_taken_back(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CACHED_SECONDS", -1.0)
    with served(pair, read_lag_s=0.5) as goals:
        other = {"authorization": f"Bearer {goals.machine}"}
        with goals.pair.paused():
            goals.form()
            until(lambda: not goals.state()["answers"])
            assert goals.answering(TEAMS, **other) == {"primary"}
        goals.arrived()
        until(lambda: goals.answering(TEAMS, **other) == {goals.standby})


def test_host_that_accepts_writes_is_no_standby(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CACHED_SECONDS", -1.0)
    both = psycopg.conninfo.make_conninfo(
        pair.standby.dsn(), host="127.0.0.1,127.0.0.1", port=f"{pair.primary.port},{pair.standby.port}"
    )
    with served(pair, read_url=SecretStr(both)) as goals:
        states = {state["name"]: state for state in goals.http.get("/readyz").json()["standbys"]}
        assert states[f"127.0.0.1:{pair.primary.port}"]["cause"] == "It is no standby, but accepts writes."
        assert goals.answering(TEAMS) == {goals.standby}


# ── subscriptions ────────────────────────────────────────────────────────────────────────────────


def test_subscription_reads_from_the_standby_and_misses_nothing(goals: Served) -> None:
    after = goals.form()
    goals.arrived()
    query = f"subscription {{ changes(after: {after}) {{ position }} }}"
    given = {"authorization": f"Bearer {goals.machine}"}
    with goals.http.websocket_connect("ws://localhost/graphql", ["graphql-transport-ws"], headers=given) as socket:
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json()["type"] == "connection_ack"
        socket.send_json({"id": "1", "type": "subscribe", "payload": {"query": query}})
        before = goals.reads()
        positions = []
        for _ in range(3):
            goals.form()
            positions.append(socket.receive_json()["payload"]["data"]["changes"]["position"])
        with goals.pair.paused():  # then the primary shows it
            goals.form()
            positions.append(socket.receive_json()["payload"]["data"]["changes"]["position"])
    assert positions == [after + 1, after + 2, after + 3, after + 4]
    assert goals.reads()[goals.standby] > before[goals.standby]
