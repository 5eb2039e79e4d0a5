"""Kept answers: an equal query gets the same bytes while they are right, and as every request is checked and logged."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from typing import Any, cast
from uuid import UUID

import orjson
import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from api.execution import admission
from api.graphql_http import caching
from api.graphql_http.kept_answers import KeptAnswers, Question
from api.graphql_http.request import BODY_KEPT_MAX, BRACKETS_KEPT_MAX
from api.runtime.database import Database
from api.schema.schema import Schema
from api.server.app import create_app
from api.snapshot.global_ids import entity
from domain.commands.permissions import Role
from domain.log.credentials import api_tokens
from domain.primitives.values import Kind
from tests.api.conftest import Api
from tests.api.frames import BOTH_FRAMES
from tests.waiting import until
from tests.workspace import fresh_workspace

pytestmark = BOTH_FRAMES

OBJECTIVES = "{ objectives { nodes { title owner { name } progress { value expected } } } basis { at position } }"
HEAVY = "{ objectives(first: 1000) { nodes { title progress { value } } } }"
SECONDS_MAX = 10
PAST = "{ asOf(position: 1) { basis { at } people { nodes { handle name } } } }"


class Server:
    """A workspace and its server; callers are tokens of people and machines."""

    def __init__(self, database: Database, http: TestClient) -> None:
        self.database = database
        self.http = http
        self.admin = self.token(Role.ADMIN)
        self.head = 0

    def token(self, *roles: Role, person: Any = None) -> str:
        with self.database.connect() as conn:
            return api_tokens.issue(conn, "robot", roles, person, timedelta(hours=1))[1]

    @property
    def answers(self) -> KeptAnswers:
        app: Any = self.http.app
        return cast("KeptAnswers", app.middleware_stack._endpoint._answers)

    def post(self, query: str, token: str = "", **headers: str) -> Any:
        return self.http.post("/graphql", json={"query": query}, headers=self._headers(token, headers))

    def get(self, query: str, token: str = "", **headers: str) -> Any:
        return self.http.get("/graphql", params={"query": query}, headers=self._headers(token, headers))

    def metrics(self) -> str:
        return self.http.get("/metrics", headers=self._headers("", {})).text

    def warm(self, query: str, token: str = "") -> bytes:
        """Ask until the answer is kept; the bytes of the last answer."""
        answers = [self.post(query, token).content for _ in range(3)]
        return bytes(answers[-1])

    def do(self, verb: str, selection: str, **input: Any) -> Any:
        """Execute a command as an admin; the selected part of its payload."""
        name = f"{verb[0].upper()}{verb[1:]}Input"
        query = f"mutation ($input: {name}!) {{ {verb}(input: $input) {{ problems {{ message }} {selection} }} }}"
        body = {"query": query, "variables": {"input": input}}
        payload = self.http.post("/graphql", json=body, headers=self._headers("", {})).json()["data"][verb]
        assert payload["problems"] == []
        return payload

    def person(self, handle: str) -> Any:
        return self.do("addPerson", "person { id }", handle=handle, name=handle.title())["person"]["id"]

    def draft(self, title: str, **input: Any) -> Any:
        made = self.do("draftObjective", "objective { id }", cycle={"key": "q1"}, title=title, **input)
        return made["objective"]["id"]

    def _headers(self, token: str, headers: dict[str, str]) -> dict[str, str]:
        bearer = {"authorization": f"Bearer {token or self.admin}"}
        return bearer | {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture(autouse=True)
def _long_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Extend the minute of answers about the present so that it does not end during a test."""
    monkeypatch.setattr(caching, "NOW_SECONDS", 10**9)


@pytest.fixture(scope="module")
def made(server: str, frame: str) -> Iterator[Server]:
    with fresh_workspace(server, requests_burst=100_000) as database:
        app = create_app(database.settings, database, editor=False)
        with TestClient(app, base_url="http://localhost") as http:
            made = Server(database, http)
            made.person("ada")
            made.do("openCycle", "position", key="q1", name="Q1", startsOn="2026-01-01", endsOn="2026-12-31")
            yield made


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that are executed from now on."""
    texts: list[str] = []
    execute = Schema.execute_sync

    def noted(self: Schema, query: Any, *args: Any, **kwargs: Any) -> Any:
        texts.append(query)
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(Schema, "execute_sync", noted)
    return texts


# ── what is kept ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("query", [OBJECTIVES, PAST, "{ workspace { name head } }"])
def test_equal_query_gets_the_same_bytes_without_execution(made: Server, query: str, executed: list[str]) -> None:
    first = made.warm(query)
    executed.clear()
    assert [made.post(query).content, made.get(query).content] == [first, first]
    assert executed == []


def test_kept_answer_takes_no_statement_of_the_callers_own(made: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    first = made.warm(OBJECTIVES)

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("no lane runs")

    monkeypatch.setattr("api.execution.lanes.Lane.run", fail)
    assert made.post(OBJECTIVES).content == first


def test_body_of_a_kept_answer_is_not_parsed_again(made: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    first = made.warm(OBJECTIVES)

    def fail(_: bytes) -> None:
        raise AssertionError("no body is parsed")

    monkeypatch.setattr("api.graphql_http.request.from_body", fail)
    assert made.post(OBJECTIVES).content == first


def test_remembered_bodies_are_forgotten_when_the_position_moves(made: Server) -> None:
    made.warm(OBJECTIVES)
    made.draft("Delight people everywhere")
    made.warm("{ workspace { name } }")
    assert [b"objectives" in body for body in made.answers.requests] == [False]


def test_remembered_request_names_its_persisted_document_without_the_text(made: Server) -> None:
    digest = sha256(OBJECTIVES.encode()).hexdigest()
    first, named = {"query": OBJECTIVES}, {"variables": {"unused": 1}}
    for given in (first, named, named, named):
        body: dict[str, Any] = {**given, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}
        answer = made.http.post("/graphql", json=body, headers=made._headers("", {}))
    assert "objectives" in answer.json()["data"]
    texts = [asked.query for body, asked in made.answers.requests.items() if b"sha256Hash" in body]
    assert texts == [OBJECTIVES, None]


def test_only_bodies_of_queries_that_callers_may_share_are_remembered(made: Server) -> None:
    made.warm("{ viewer { handle } }")
    made.warm("{ workspace { name } }")
    made.draft("Not remembered")
    bodies = b"".join(made.answers.requests)
    assert b"workspace" in bodies
    assert not any(word in bodies for word in (b"viewer", b"Not remembered", b"mutation"))


def test_number_and_size_of_remembered_bodies_is_bounded(made: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.graphql_http.kept_answers.BODIES_MAX", 3)
    made.answers.requests.clear()
    for number in range(9):
        made.warm(f"{{ workspace {{ name{number}: name }} }}")
    assert len(made.answers.requests) == 3
    made.warm("{ workspace { name } }" + " " * BODY_KEPT_MAX)
    assert max(map(len, made.answers.requests)) <= BODY_KEPT_MAX
    made.answers.requests.clear()
    for count in (BRACKETS_KEPT_MAX, BRACKETS_KEPT_MAX // 2):
        body = {"query": "{ workspace { name } }", "variables": {"many": [{}] * count}}
        made.http.post("/graphql", json=body, headers=made._headers("", {}))
    assert len(made.answers.requests) == 1


def test_equal_heavy_queries_at_once_are_executed_once(
    made: Server, executed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one waits for the first, which has to go on meanwhile."""
    monkeypatch.setattr(admission, "LIGHT_COST_MAX", 0.0)
    made.warm(HEAVY)
    made.draft("Ends the kept answer")
    executed.clear()
    begun: list[Question] = []
    once = made.answers.once

    def counted(question: Question, *given: Any) -> Any:
        begun.append(question)
        return once(question, *given)

    monkeypatch.setattr(made.answers, "once", counted)
    with made.database.connect() as conn, ThreadPoolExecutor(2) as pool:
        with conn.transaction():
            conn.execute("lock table objective in access exclusive mode")
            sent = [pool.submit(made.post, HEAVY) for _ in range(2)]
            until(lambda: len(begun) == 2)
        first, second = [one.result(SECONDS_MAX).json()["data"] for one in sent]
    assert first == second
    assert executed == [HEAVY]


@pytest.mark.parametrize("variables", [{"n": 1}, {"n": 2}, {}])
def test_variables_and_operation_name_are_part_of_the_question(
    made: Server, variables: dict[str, Any], executed: list[str]
) -> None:
    query = "query A($n: Int) { cycles(first: $n) { totalCount } } query B($n: Int) { teams(first: $n) { totalCount } }"
    for name in ("A", "B"):
        body = {"query": query, "operationName": name, "variables": variables}
        answers = [made.http.post("/graphql", json=body, headers=made._headers("", {})).json() for _ in range(3)]
        executed.clear()
        again = made.http.post("/graphql", json=body, headers=made._headers("", {})).json()
        assert (again, executed) == (answers[-1], [])
        assert list(again["data"]) == ["cycles" if name == "A" else "teams"]


@pytest.mark.parametrize(
    "query",
    ["{ viewer { handle } }", "{ ledger { head { size } } }", "{ basis { at } ... on Query { me: viewer { can } } }"],
)
def test_what_is_of_the_caller_is_executed_for_each(made: Server, query: str, executed: list[str]) -> None:
    made.warm(query)
    executed.clear()
    made.post(query)
    assert executed == [query]


@pytest.mark.parametrize("query", ["{ nope }", "{ asOf(position: 9007199254740992) { basis { at } } }", "{"])
def test_answer_with_errors_is_never_kept(made: Server, query: str, executed: list[str]) -> None:
    made.warm(query)
    executed.clear()
    assert "errors" in made.post(query).json()
    assert executed == [query]


def test_mutation_is_never_kept(made: Server) -> None:
    before = made.post("{ basis { position } }").json()["data"]["basis"]["position"]
    for number in range(3):
        made.draft("Draft the same again")
        after = made.post("{ basis { position } }").json()["data"]["basis"]["position"]
        assert after == before + number + 1


def test_nothing_is_kept_without_memory_for_it(server: str, executed: list[str]) -> None:
    with fresh_workspace(server, kept_answers_bytes_max=0) as database:
        app = create_app(database.settings, database, editor=False)
        with TestClient(app, base_url="http://localhost") as http:
            made = Server(database, http)
            made.warm(OBJECTIVES)
            assert (len(made.answers), len(made.answers.requests)) == (0, 1)
    assert executed == [OBJECTIVES] * 3


# ── how long it is right ──────────────────────────────────────────────────────────────────────────


def test_write_ends_every_kept_answer_about_the_present(made: Server) -> None:
    before = orjson.loads(made.warm(OBJECTIVES))["data"]
    made.draft("Delight people everywhere")
    after = made.post(OBJECTIVES).json()["data"]
    assert len(after["objectives"]["nodes"]) == len(before["objectives"]["nodes"]) + 1


def test_write_of_another_process_is_seen_by_the_next_request(made: Server) -> None:
    other = create_app(made.database.settings, made.database, editor=False)
    with TestClient(other, base_url="http://localhost") as http:
        elsewhere = Server(made.database, http)
        for number in range(5):
            made.warm(OBJECTIVES)
            elsewhere.draft(f"Objective number {number} of another process")
            titles = [node["title"] for node in made.post(OBJECTIVES).json()["data"]["objectives"]["nodes"]]
            assert f"Objective number {number} of another process" in titles


def test_answer_about_the_present_ends_with_its_minute(made: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    first = orjson.loads(made.warm(OBJECTIVES))["data"]["basis"]["at"]
    assert made.post(OBJECTIVES).json()["data"]["basis"]["at"] == first
    monkeypatch.setattr(caching, "NOW_SECONDS", 1e-6)
    assert made.post(OBJECTIVES).json()["data"]["basis"]["at"] > first


def test_answer_about_a_moment_by_all_that_is_known_now_counts_as_present(
    made: Server, monkeypatch: pytest.MonkeyPatch, executed: list[str]
) -> None:
    query = '{ asOf(at: "2026-02-01T00:00:00Z") { objectives { totalCount } } }'
    made.warm(query)
    monkeypatch.setattr(caching, "NOW_SECONDS", 1e-6)
    executed.clear()
    made.post(query)
    assert executed == [query]


def test_answer_about_the_past_outlives_the_minute(
    made: Server, monkeypatch: pytest.MonkeyPatch, executed: list[str]
) -> None:
    first = made.warm(PAST)
    monkeypatch.setattr(caching, "NOW_SECONDS", 1e-6)
    executed.clear()
    assert (made.post(PAST).content, executed) == (first, [])


def test_erasing_a_person_ends_kept_answers_about_every_moment(made: Server) -> None:
    person = made.person("temporary")
    position = made.post("{ basis { position } }").json()["data"]["basis"]["position"]
    then = f"{{ asOf(position: {position}) {{ people {{ nodes {{ name }} }} }} }}"
    now = "{ people { nodes { name handle } } }"
    assert b"Temporary" in made.warm(then)
    assert b"Temporary" in made.warm(now)
    made.do("erasePerson", "position", person=person, reason="asked to be")
    assert b"emporary" not in made.post(then).content
    assert b"emporary" not in made.post(now).content


# ── who gets it ───────────────────────────────────────────────────────────────────────────────────


def test_callers_with_equal_roles_share_an_answer(made: Server, executed: list[str]) -> None:
    one, other = made.token(Role.MEMBER), made.token(Role.MEMBER)
    first = made.warm(OBJECTIVES, one)
    executed.clear()
    assert (made.post(OBJECTIVES, other).content, executed) == (first, [])


def test_callers_with_other_roles_do_not_share_it(made: Server, executed: list[str]) -> None:
    member = made.token(Role.MEMBER)
    made.warm(OBJECTIVES, member)
    made.post(OBJECTIVES, made.token(Role.LEAD))
    executed.clear()
    made.post(OBJECTIVES, made.token(Role.AUDITOR))
    assert executed == [OBJECTIVES]


def test_private_objective_is_in_no_answer_of_those_from_whom_it_is_hidden(made: Server) -> None:
    insider_id, team = made.person("ines"), made.do("formTeam", "team { id }", key="alpha", name="A")["team"]["id"]
    made.do("joinTeam", "position", team=team, person=insider_id)
    outsider_id = made.person("otto")
    people = {one["handle"]: one["entityId"] for one in _people(made)}
    insider, outsider, machine = (
        made.token(Role.MEMBER, person=_uuid(people["ines"])),
        made.token(Role.MEMBER, person=_uuid(people["otto"])),
        made.token(Role.MEMBER),
    )
    assert insider_id != outsider_id
    secret = made.draft("Grow secretly and fast", team=team)
    query = "{ objectives(first: 1000) { totalCount nodes { id title } } }"
    for _ in range(2):
        assert all(b"secretly" in made.warm(query, one) for one in (insider, outsider, machine, ""))
        made.do("setObjectiveVisibility", "position", objective=secret, visibility="TEAM")
        for _ in range(3):
            seen = {one: b"secretly" in made.post(query, one).content for one in (insider, outsider, machine, "")}
            assert seen == {insider: True, outsider: False, machine: False, "": True}
        made.do("setObjectiveVisibility", "position", objective=secret, visibility="WORKSPACE")


def test_member_who_joins_the_team_gets_another_answer_than_before(made: Server) -> None:
    person, team = made.person("nina"), made.do("formTeam", "team { id }", key="beta", name="B")["team"]["id"]
    made.draft("Whisper about the plans of beta", team=team, visibility="TEAM")
    token = made.token(Role.MEMBER, person=_uuid({one["handle"]: one["entityId"] for one in _people(made)}["nina"]))
    query = "{ objectives(first: 1000) { nodes { title } } }"
    assert b"Whisper" not in made.warm(query, token)
    made.do("joinTeam", "position", team=team, person=person)
    assert b"Whisper" in made.warm(query, token)
    made.do("leaveTeam", "position", team=team, person=person)
    assert b"Whisper" not in made.post(query, token).content


def test_kept_answer_is_refused_without_a_valid_token_or_the_permission(made: Server) -> None:
    made.warm(OBJECTIVES)
    assert made.post(OBJECTIVES, "kf_nonsense").status_code == 401
    refused = made.post(OBJECTIVES, made.token(Role.METRICS)).json()
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_kept_answers_count_in_the_rate_limit(server: str) -> None:
    with fresh_workspace(server, requests_per_s=0.001, requests_burst=5) as database:
        app = create_app(database.settings, database, editor=False)
        with TestClient(app, base_url="http://localhost") as http:
            made = Server(database, http)
            assert [made.post(OBJECTIVES).status_code for _ in range(7)] == [200] * 5 + [429] * 2


# ── headers, log and metrics ──────────────────────────────────────────────────────────────────────


def test_get_of_a_kept_answer_has_the_headers_of_an_executed_one(made: Server) -> None:
    for query in (OBJECTIVES, PAST):
        answers = [made.get(query) for _ in range(4)]
        names = ("etag", "cache-control", "vary", "content-type")
        assert len({tuple(one.headers[name] for name in names) for one in answers}) == 1
        again = made.get(query, if_none_match=answers[0].headers["etag"])
        assert (again.status_code, again.headers["etag"]) == (304, answers[0].headers["etag"])


def test_kept_answer_comes_in_the_media_type_that_is_accepted(made: Server) -> None:
    first = made.warm(OBJECTIVES)
    for media in ("application/json", "application/graphql-response+json"):
        response = made.post(OBJECTIVES, accept=media)
        assert (response.headers["content-type"], response.content) == (f"{media}; charset=utf-8", first)


def test_kept_answer_is_logged_and_counted_like_an_executed_one(made: Server) -> None:
    query = "query Logged { objectives { totalCount } }"
    with capture_logs() as lines:
        made.warm(query)
    logged = [line for line in lines if line["event"] == "request"]
    alike = [{name: line[name] for name in line if name not in ("request_id", "ms")} for line in logged]
    assert alike == [alike[0]] * 3
    assert (alike[0]["operation"], alike[0]["type"], alike[0]["codes"]) == ("Logged", "query", [])
    page = made.http.get("/metrics", headers=made._headers("", {})).text
    assert 'keyframe_operation_seconds_count{name="Logged",type="query"} 3.0' in page


def test_metrics_tell_hits_misses_and_size(server: str) -> None:
    with fresh_workspace(server) as database:
        app = create_app(database.settings, database, editor=False, anonymous=True)
        with TestClient(app, base_url="http://localhost") as http:
            for _ in range(5):
                Api(http).ask(OBJECTIVES)
            page = http.get("/metrics").text
    figures = dict(line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("keyframe_kept_answer"))
    assert figures["keyframe_kept_answers"] == "1.0"
    assert float(figures["keyframe_kept_answer_bytes"]) > 1_000
    assert figures["keyframe_kept_answer_hits_total"] == "3.0"
    assert figures["keyframe_kept_answer_misses_total"] == "1.0"


def test_request_that_needs_a_position_gets_an_answer_that_includes_it(made: Server) -> None:
    for number in range(3):
        made.warm(OBJECTIVES)
        made.draft(f"Read the writes of number {number}")
        position = made.post("{ basis { position } }").json()["data"]["basis"]["position"]
        answer = made.post(OBJECTIVES, x_keyframe_min_position=str(position)).json()["data"]
        assert answer["basis"]["position"] >= position
        assert any(node["title"].endswith(f"number {number}") for node in answer["objectives"]["nodes"])


def _people(made: Server) -> Any:
    return made.post("{ people(first: 1000) { nodes { handle entityId } } }").json()["data"]["people"]["nodes"]


def _uuid(id: str) -> UUID:
    found = entity(id, Kind.PERSON)
    assert found is not None
    return found
