"""A company with a private goal, served over HTTP to callers of every role."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from api.runtime.database import Database
from api.server.app import create_app
from domain.commands.command import Command
from domain.commands.permissions import Role
from domain.handlers.dispatcher import Dispatcher
from domain.log.credentials import api_tokens
from domain.log.event_store import Log
from domain.primitives.values import Visibility
from tests.api.authorization.two_teams import history
from tests.api.conftest import Api
from tests.domain.given_goals import ADA
from tests.domain.scenario import AUTHOR
from tests.workspace import fresh_workspace


class Company:
    """The company in a database, with an API client for any role and person."""

    def __init__(self, database: Database, http: TestClient) -> None:
        self._database = database
        self._http = http
        self.log = Log(database.pool("owner"), database.settings.workspace)
        keyframe = Dispatcher(self.log)
        for step in history(Visibility.TEAM):
            if isinstance(step, Command):
                keyframe.execute(step, AUTHOR)

    @property
    def routes(self) -> Any:
        """All routes of the application."""
        app: Any = self._http.app
        return app.routes

    @property
    def head(self) -> int:
        return self.log.head().position

    def asked_by(self, *roles: Role, person: UUID | None = ADA) -> Api:
        """An API client with a token for these roles and this person; None is a machine token."""
        with self._database.connect() as conn:
            _, token = api_tokens.issue(conn, "robot", roles, person, timedelta(days=1))
        shown = {"authorization": f"Bearer {token}"}
        client = TestClient(self._http.app, base_url="http://localhost", headers=shown)
        client.portal = self._http.portal  # one event loop for all: the application shares tasks between requests
        return Api(client)


@pytest.fixture(scope="module")
def company(server: str) -> Iterator[Company]:
    with fresh_workspace(server, requests_per_s=1e6, requests_burst=1_000_000) as database:
        app = create_app(database.settings, database, editor=True)
        with TestClient(app, base_url="http://localhost") as http:
            yield Company(database, http)
