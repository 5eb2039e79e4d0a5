"""What the documents of README and docs take at two sizes of a customer: statements, rows and bytes.

For a customer three times as large, a document takes as many statements, never one for each row of a page; at most
three times as many rows; and an answer that does not grow with it, unless it is named below.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import pytest
from graphql import OperationType, parse, print_ast
from graphql.language import OperationDefinitionNode

from api.facts.importer import Import
from benchmarks.customer import Sizes, facts
from domain.handlers.dispatcher import Dispatcher
from tests.asking import AskedWorld, unlimited
from tests.docs.documents import GUIDES, ROOT, Document, documents
from tests.workspace import fresh_workspace

SMALL: Final = Sizes(
    people=60, teams=60, levels=4, quarters=2, objectives=60, key_results=4, check_ins=1, kpis=60, days=20
)
SEED: Final = 3
"""Both sizes have key results on their first pages that are measured by KPIs with and without a formula."""
FACTOR: Final = 3
LARGE: Final = SMALL.scaled(FACTOR)
PAGES: Final = ["README.md", *(str(path.relative_to(ROOT)) for path in GUIDES)]
NEEDS_A_CHECKPOINT: Final = ("query Proof", "query Archive")
RARE: Final = 3
"""Statements of a large customer for what a small one may not have."""
MOST: Final = 75
"""The most statements of a document. One more for each of the 50 rows of a page would be too many; a diff takes 69."""
ROWS: Final = 1.15
"""More than `FACTOR` times as many rows, because the larger tree of teams is deeper."""
BYTES: Final = 1.5
"""How much longer the answer is if its pages were not full, far less than `FACTOR`."""
GROWING: Final = {
    "docs/audit-walkthrough.md: query AllMoved": "A small customer does not move as many goalposts as a page has.",
    "docs/history.md: query Film": "A film has all goals of a cycle.",
    "docs/history.md: query Replay": "The changes of a frame are those of a whole cycle since the frame before.",
}
"""The documents whose answers grow with the customer, and why."""


class Taken(NamedTuple):
    """What a document took."""

    statements: int
    rows: int
    bytes: int


class Customer:
    """A customer of one size, and a value for every variable of the documents."""

    def __init__(self, world: AskedWorld, sizes: Sizes) -> None:
        self.world = world
        today = datetime.now(UTC)
        lines = (json.dumps(fact).encode() for fact in facts(sizes, today.date(), SEED))
        tally = Import(Dispatcher(world.log), world.log, "machine:test").run(lines)
        assert not tally.refusals
        world.catch_up()
        asked = world.ask("""{
            cycle(by: {key: "q1"}) { id plan { basis { position } } } people(first: 1) { nodes { id } }
        }""")
        planned = asked["cycle"]["plan"]["basis"]["position"]
        self._ids = {"cycle": asked["cycle"]["id"], "person": asked["people"]["nodes"][0]["id"]}
        self._values = {
            "cycle": "q1", "planned": planned, "title": "Customers of region", "from": {"position": planned},
            "monthAgo": (today - timedelta(days=30)).isoformat(), "at": (today - timedelta(days=30)).isoformat(),
            "position": planned, "since": (today - timedelta(days=7)).isoformat(),
        }  # fmt: skip

    def take(self, document: Document) -> Taken:
        """Run a document; what it takes."""
        variables = {name: self._value(name, kind) for name, kind in _variables(document)}
        pool = self.world.pool
        pool.statements.clear()
        pool.rows = 0
        with unlimited():
            answer = self.world.ask(document.text, **variables)
        return Taken(len(pool.statements), pool.rows, len(json.dumps(answer)))

    def _value(self, name: str, kind: str) -> Any:
        return self._ids[name] if kind == "ID!" else self._values[name]


def _operation(document: Document) -> OperationDefinitionNode:
    (operation,) = (one for one in parse(document.text).definitions if isinstance(one, OperationDefinitionNode))
    return operation


def _variables(document: Document) -> list[tuple[str, str]]:
    return [(one.variable.name.value, print_ast(one.type)) for one in _operation(document).variable_definitions or ()]


QUERIES: Final = [
    document
    for page in PAGES
    for document in documents(page)
    if _operation(document).operation is OperationType.QUERY and not document.text.startswith(NEEDS_A_CHECKPOINT)
]


@pytest.fixture(scope="module")
def customers(server: str) -> Iterator[tuple[Customer, Customer]]:
    with fresh_workspace(server) as small, fresh_workspace(server) as large:
        yield Customer(AskedWorld(small), SMALL), Customer(AskedWorld(large), LARGE)


@pytest.mark.parametrize("document", QUERIES, ids=lambda document: document.name)
def test_documents_take_as_many_statements_and_bytes_at_any_size(
    customers: tuple[Customer, Customer], document: Document
) -> None:
    small, large = (customer.take(document) for customer in customers)
    assert large.statements <= min(small.statements + RARE, MOST)
    assert large.rows <= FACTOR * ROWS * small.rows
    if document.name in GROWING:
        assert large.bytes > BYTES * small.bytes, "remove it from GROWING"
    else:
        assert large.bytes <= BYTES * small.bytes
