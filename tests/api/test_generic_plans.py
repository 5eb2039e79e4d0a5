"""No prepared statement of the read side has a cliff: PostgreSQL may change to a generic plan after five executions.

The documents of README, the guides and `lists.graphql`, the exports and the report are executed on the demo company.
Then everything is copied, and each statement that they executed is explained with as many more ids as there are copies.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from hashlib import md5
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from graphql import OperationDefinitionNode, OperationType, parse
from starlette.testclient import TestClient

from api.cli import demo
from api.demo.seasons import Calendar
from api.facts.importer import Import
from api.runtime.database import Database
from api.runtime.projector import projector_of
from api.server.app import create_app
from domain.handlers.dispatcher import Dispatcher
from domain.log.schema import seen_schema, views_schema
from projections.engine.visibility import set_hidden
from tests.asking import unlimited
from tests.docs.documents import GUIDES, ROOT, documents
from tests.explained import Params, Statement, explained, reads, recorded_statements
from tests.multiplied import Copies, multiply
from tests.workspace import fresh_workspace

Connection = psycopg.Connection[Any]

pytestmark = [pytest.mark.long("one big workspace"), pytest.mark.no_cover]

STATEMENTS_MIN = 80
UNSIGNED = frozenset({"evidence", "audit-walkthrough"})
"""The guides whose documents need a signing key."""
TIMES = 10
"""The number of copies, the original included: 75,000 events."""
RATIO_MAX = 3
WORK_MIN = 2_000
"""Less work than this is no cliff, whatever the ratio."""
LARGE_ROWS = 3_000
PATHS = ("/export/changes.ndjson", "/export/changes.csv", "/export/readings.csv", "/report/{cycle}")
FACTS = """
query ($cycle: String!) {
  cycle(by: {key: $cycle}) { id }
  objectives(first: 1) { nodes { owner { id } team { key } } }
  keyResults(first: 100) { nodes { id kpi { key } } }
  changes(last: 1) { nodes { actor { handle } } }
}
"""
NOW = datetime.now(UTC)
CALENDAR = Calendar.of(NOW.date())


class Big:
    """A big workspace, and the statements that documents executed before it was big."""

    def __init__(self, database: Database, statements: Iterable[Statement], copies: Copies) -> None:
        self.database = database
        self.statements = list(filter(reads, statements))
        self.copies = copies

    def many(self, params: Params) -> Params:
        """The parameters for all copies of what they name."""
        if not isinstance(params, Mapping):
            return params
        named = {len(value) for value in params.values() if isinstance(value, list) and _are_ids(value)}
        return {
            name: self._copied(value) if isinstance(value, list) and len(value) in named else self._scalar(name, value)
            for name, value in params.items()
        }

    def _copied(self, values: list[Any]) -> list[Any]:
        return [self._copy(value, copy) for copy in range(self.copies.times) for value in values]

    def _copy(self, value: Any, copy: int) -> Any:
        if isinstance(value, UUID) and copy and value not in self.copies.shared:
            return UUID(bytes=md5(f"{value}{copy}".encode(), usedforsecurity=False).digest())
        return (value - 1) * self.copies.times + 1 + copy if type(value) is int else value

    def _scalar(self, name: str, value: Any) -> Any:
        return value * self.copies.times if name == "position" else value


def _are_ids(values: list[Any]) -> bool:
    return any(isinstance(value, UUID) for value in values)


@pytest.fixture(scope="module")
def big(server: str) -> Iterator[Big]:
    with fresh_workspace(server, views_check_pause_s=0) as database:
        log = database.log()
        importer = Import(Dispatcher(log), log, "machine:console", by_is_actor=True)
        assert importer.run(demo.fact_lines(NOW.date())).refusals == []
        projector_of(database).catch_up()
        visitor = demo.visitor(database)
        app = create_app(database.settings, database, editor=False, anonymous=True, visitor=visitor)
        with TestClient(app, base_url="http://localhost") as http, recorded_statements() as statements, unlimited():
            execute_all(http)
        with database.connect() as conn:
            yield Big(database, statements.values(), multiply(conn, TIMES))


def execute_all(http: TestClient) -> None:
    """Execute the documents, and read the files and the page. None of it has errors."""
    variables = values(http)
    for text, name in requests():
        given = {one: variables[one] for one in _variables(text, name)}
        if "cycle" in given and "$cycle: ID!" in text:
            given["cycle"] = variables["cycle id"]
        result = http.post("/graphql", json={"query": text, "operationName": name, "variables": given}).json()
        assert "errors" not in result, (name, result["errors"])
    for path in PATHS:
        assert http.get(path.format(cycle=CALENDAR.active.key)).status_code == HTTPStatus.OK


def requests() -> Iterator[tuple[str, str]]:
    """The queries of README, of the guides and of `lists.graphql`, each with the name of an operation."""
    pages = ["README.md", *(str(path.relative_to(ROOT)) for path in GUIDES if path.stem not in UNSIGNED)]
    ours = (Path(__file__).parent / "lists.graphql").read_text()
    for text in [*(document.text for page in pages for document in documents(page)), ours]:
        for one in _operations(text):
            if one.operation is OperationType.QUERY and one.name is not None:
                yield text, one.name.value


def _operations(text: str) -> list[OperationDefinitionNode]:
    return [node for node in parse(text).definitions if isinstance(node, OperationDefinitionNode)]


def _variables(text: str, name: str) -> list[str]:
    (one,) = (one for one in _operations(text) if one.name is not None and one.name.value == name)
    return [definition.variable.name.value for definition in one.variable_definitions or ()]


def values(http: TestClient) -> dict[str, Any]:
    """A value for every variable of the documents, by its name."""
    key = CALENDAR.active.key
    data = http.post("/graphql", json={"query": FACTS, "variables": {"cycle": key}}).json()["data"]
    (goal,), (change,), linked = data["objectives"]["nodes"], data["changes"]["nodes"], data["keyResults"]["nodes"]
    return {
        "cycle": key, "cycle id": data["cycle"]["id"],
        "old": CALENDAR.closed.key, "person": goal["owner"]["id"], "team": goal["team"]["key"],
        "kpi": next(one["kpi"]["key"] for one in linked if one["kpi"]), "keyResult": linked[0]["id"],
        "actor": change["actor"]["handle"], "title": "e", "planned": 2_000, "from": {"position": 5_000},
        "monthAgo": (NOW - timedelta(days=30)).isoformat(),
        "at": (NOW - timedelta(days=7)).isoformat(), "since": (NOW - timedelta(days=14)).isoformat(),
    }  # fmt: skip


@pytest.mark.parametrize("hidden", [0, 20], ids=["everything is visible", "objectives are hidden"])
def test_prepared_statements_have_no_costly_generic_plan(big: Big, hidden: int) -> None:
    with big.database.connect() as conn:
        if hidden:
            see_less(conn, big.database.settings.workspace, hidden)
        large = large_tables(conn)
        cliffs = [found for one in big.statements for found in cliffs_of(conn, big, one, large)]
    assert len(big.statements) > STATEMENTS_MIN
    assert not cliffs, "\n\n".join(cliffs)


def cliffs_of(conn: Connection, big: Big, statement: Statement, large: AbstractSet[str]) -> Iterator[str]:
    """What is wrong with the generic plan of a statement, for some of the parameters with which it was executed. The
    custom plan is needed only if the generic one could be worse than the best."""
    for params in map(big.many, statement.examples):
        generic = explained(conn, statement.text, params, "force_generic_plan")
        if generic.work <= RATIO_MAX * WORK_MIN and not generic.scanned & large:
            continue
        custom = explained(conn, statement.text, params, "force_custom_plan")
        scanned = (generic.scanned - custom.scanned) & large
        if scanned or generic.work > RATIO_MAX * max(custom.work, WORK_MIN):
            yield f"{generic.work:.0f} / {custom.work:.0f} rows and blocks, {scanned or ''}: {statement.text}"
            return


def large_tables(conn: Connection) -> set[str]:
    query = "select relname from pg_class where relkind = 'r' and reltuples > %s"
    return {name for (name,) in conn.execute(query, [LARGE_ROWS])}


def see_less(conn: Connection, workspace: str, hidden: int) -> None:
    """Read the projections as somebody from whom objectives are hidden."""
    ids = [id for (id,) in conn.execute("select distinct id from objective order by id limit %s", [hidden])]
    path = f"{seen_schema(views_schema(workspace))}, {workspace}"
    conn.execute("select set_config('search_path', %s, false)", [path])
    set_hidden(conn, frozenset(ids))


def test_a_cliff_is_detected(big: Big) -> None:
    """The planner takes the ids for ten frequent ones, and a tenth of the table for the page."""
    text = """
        select v.* from unnest(%(ids)b::uuid[]) as c (id) cross join lateral (
            select * from change v where v.cycle = c.id and v.position <= %(position)s
            order by v.position limit %(limit)s
        ) v
    """
    rare = Statement(text, [{"ids": [uuid4()], "position": 100_000, "limit": 20}])
    with big.database.connect() as conn:
        assert list(cliffs_of(conn, big, rare, large_tables(conn)))
