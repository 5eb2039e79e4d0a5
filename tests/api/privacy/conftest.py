"""Two companies, one with secrets and one without, and the callers of each."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from api.execution import limits
from api.execution.context import Caller, Context
from api.execution.writer import Writer
from api.schema import pipeline
from api.schema.schema import schema
from domain.commands.permissions import Role
from tests.api.privacy.company_with_secrets import Company
from tests.api.privacy.small_company import Small
from tests.world import World, fresh_world

MEMBER, LEAD, ADMIN, AUDITOR = Role.MEMBER, Role.LEAD, Role.ADMIN, Role.AUDITOR
OUTSIDERS = {"moe": MEMBER, "lia": LEAD, "machine": MEMBER}
"""Callers who see no hidden goal: a member and a lead of other teams, and a machine."""
INSIDERS = {"ann": ADMIN, "aud": AUDITOR, "mia": MEMBER, "tom": MEMBER, "oda": MEMBER}
"""Callers who see every hidden goal: admin, auditor, a member and the lead of the team, and the owner."""


@pytest.fixture(scope="package", autouse=True)
def large_documents() -> Iterator[None]:
    """Documents that select all fields are valid: they exceed the limits of tokens, aliases and cost."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(limits, "TOKENS_MAX", 1_000_000)
        patched.setattr(limits, "DOCUMENT_LENGTH_MAX", 10_000_000)
        patched.setattr(pipeline, "violations", lambda schema, text, *_: limits._validation_errors(schema, text))
        yield


class Lived(dict[str, UUID]):
    """A workspace with a random history, without named people."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world


class SeenAtOnce(Writer):
    """A writer that feeds the projections when it is asked for the lag."""

    def lag(self, position: int) -> int:
        self._projector.catch_up()
        return super().lag(position)


class Asked:
    """A company, queried over GraphQL as any of its callers."""

    def __init__(self, company: Company | Small | Lived) -> None:
        self._company = company
        self.world = company.world
        self._answers: dict[tuple[str, str], Any] = {}
        self._pools = company.world.database.pool(), company.world.database.pool(filtered=True)

    @property
    def company(self) -> Company:
        assert isinstance(self._company, Company)
        return self._company

    @property
    def small(self) -> Small:
        assert isinstance(self._company, Small)
        return self._company

    def caller(self, name: str, *roles: Role) -> Caller:
        held = roles or (({**OUTSIDERS, **INSIDERS}).get(name, MEMBER),)
        return Caller(name, frozenset(held), None if name == "machine" else self._company[name])

    def context(self, name: str, *roles: Role) -> Context:
        pool, filtered = self._pools
        writer = SeenAtOnce(self.world.log, self.world.projector, 1.0)
        return Context(self.caller(name, *roles), pool, self.world.log, writer, "acme", "r-1", filtered=filtered)

    def answer(self, name: str, query: str, *roles: Role, **variables: Any) -> Any:
        """The whole answer."""
        result = schema.execute_sync(query, variables, self.context(name, *roles))
        return {"data": result.data, "errors": [error.formatted for error in result.errors or ()]}

    def ask(self, name: str, query: str, *roles: Role, **variables: Any) -> Any:
        """The data of an answer without errors."""
        answer = self.answer(name, query, *roles, **variables)
        assert answer["errors"] == [], (answer["errors"], query)
        return answer["data"]

    def once(self, name: str, query: str) -> Any:
        """The data of an answer, cached by caller and query."""
        if (name, query) not in self._answers:
            self._answers[name, query] = self.ask(name, query)
        return self._answers[name, query]


@pytest.fixture(scope="package")
def companies(server: str) -> Iterator[tuple[Asked, Asked]]:
    """The companies with and without secrets."""
    with fresh_world(server) as one, fresh_world(server) as other:
        yield Asked(Company(one, has_secrets=True)), Asked(Company(other, has_secrets=False))


@pytest.fixture(scope="package")
def with_secrets(companies: tuple[Asked, Asked]) -> Asked:
    """The company with secrets."""
    return companies[0]


@pytest.fixture
def asked(server: str) -> Iterator[Asked]:
    """A small company for each test."""
    with fresh_world(server) as world:
        yield Asked(Small(world))
