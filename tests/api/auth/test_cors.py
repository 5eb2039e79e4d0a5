"""CORS: only the exact origins of the setting may send requests and read responses."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from api.runtime.settings import Settings
from api.server.authenticators import EXPOSED
from tests.api.auth.conftest import VIEWER, AppServer, running_app_server
from tests.api.frames import BOTH_FRAMES

pytestmark = BOTH_FRAMES

OURS = "https://goals.example.org"


@pytest.fixture(scope="module")
def cors_server(server: str, frame: str, generous_failure_limit: None) -> Iterator[AppServer]:
    with running_app_server(server, cors_origins=f"{OURS}, http://localhost:3000") as made:
        yield made


def preflight(app_server: AppServer, origin: str, **asked: str) -> Any:
    headers = {"origin": origin, "access-control-request-method": "POST", **asked}
    return app_server.http.options("/graphql", headers=headers)


def is_refused(response: Any, origin: str) -> bool:
    """Whether a preflight was refused, with the setting to change."""
    error = response.json()["errors"][0]
    assert error["extensions"]["code"] == "ORIGIN_NOT_ALLOWED"
    assert f'"{origin}"' in error["message"]
    assert "KEYFRAME_CORS_ORIGINS" in error["message"]
    return response.status_code == 400 and "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("origin", [OURS, "http://localhost:3000"])
def test_preflight_from_an_allowed_origin_succeeds_without_a_token(cors_server: AppServer, origin: str) -> None:
    wanted = {"access-control-request-headers": "authorization,content-type,x-keyframe-min-position"}
    response = preflight(cors_server, origin, **wanted)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == origin
    assert response.headers["access-control-allow-headers"] == wanted["access-control-request-headers"]
    assert set(response.headers["access-control-allow-methods"].split(", ")) == {"GET", "POST"}
    assert "access-control-allow-credentials" not in response.headers
    assert "origin" in response.headers["vary"].lower()


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", f"{OURS}.evil.example", "http://goals.example.org", f"{OURS}:8443", "null", f"{OURS}/"],
)
def test_other_origins_get_no_cors_headers(cors_server: AppServer, origin: str) -> None:
    response = preflight(cors_server, origin)
    assert is_refused(response, origin)
    answer = cors_server.ask(cors_server.token(), origin=origin)
    assert "access-control-allow-origin" not in answer.headers


def test_allowed_origin_may_read_the_body_and_the_exposed_headers(cors_server: AppServer) -> None:
    for bearer, status in ((cors_server.token(), 200), (None, 401), ("nonsense", 401)):
        answer = cors_server.ask(bearer, origin=OURS)
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == OURS
        assert set(answer.headers["access-control-expose-headers"].split(", ")) == set(EXPOSED)


def test_without_the_setting_no_origin_gets_cors_headers(app_server: AppServer) -> None:
    assert is_refused(preflight(app_server, OURS), OURS)
    answer = app_server.http.post("/graphql", json=VIEWER, headers={"origin": OURS})
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "origins",
    ["*", "https://*.example.org", "goals.example.org", f"{OURS}/", f"{OURS}/app", "null", "HTTPS://goals.example.org",
     f"{OURS},evil"],
)  # fmt: skip
def test_inexact_cors_origin_is_refused(origins: str) -> None:
    with pytest.raises(ValidationError, match="is not an origin"):
        Settings(cors_origins=origins)
