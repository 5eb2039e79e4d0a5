"""A server with the console, and browsers that sign in to it."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.auth.conftest import VIEWER, AppServer, running_app_server

OWN_PAGE = {"sec-fetch-site": "same-origin"}
SETTINGS: dict[str, Any] = {
    "requests_burst": 100_000, "cors_origins": "https://elsewhere.example", "host_names": "goals.example.org",
}  # fmt: skip
COOKIE = "keyframe-80"
"""The name of the cookie at http://localhost."""


class Browser:
    """A browser with a page of the console, which keeps its cookie."""

    def __init__(self, app_server: AppServer, base_url: str = "http://localhost") -> None:
        self.http = TestClient(app_server.app, base_url=base_url)
        self._app_server = app_server
        self.http.portal = app_server.http.portal  # the event loop of the server
        self.http.headers.update(OWN_PAGE)

    def sign_in(self, token: str | None = None, **chosen: Any) -> Any:
        return self.http.post("/sign-in", json={**({} if token is None else {"token": token}), **chosen})

    @property
    def secret(self) -> str | None:
        return self.http.cookies.get(COOKIE)

    def viewer(self, **headers: str) -> Any:
        """Status, and the viewer if there is one."""
        known = {"x-keyframe-min-position": str(self._app_server.head)}
        response = self.http.post("/graphql", json=VIEWER, headers=known | headers)
        return response.json()["data"]["viewer"] if response.status_code == 200 else response.status_code


@pytest.fixture(scope="module")
def console(server: str, frame: str) -> Iterator[AppServer]:
    """The server of a test file, which caches the check of a session for 10 ms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.auth.authentication.SESSION_SECONDS", 0.01)
        patch.setattr("api.auth.authentication.FAILURES_BURST", 100_000)
        with running_app_server(server, **SETTINGS) as made:
            yield made


@pytest.fixture
def browser(console: AppServer) -> Browser:
    return Browser(console)
