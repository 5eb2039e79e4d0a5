"""Whose pages may ask: those that the settings name, exactly; and what they may read of an answer."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from api.runtime.settings import Settings
from api.server.authenticators import EXPOSED
from tests.api.auth.conftest import VIEWER, House, house

OURS = "https://goals.example.org"


@pytest.fixture(scope="module")
def open_house(server: str, patient: None) -> Iterator[House]:
    with house(server, cors_origins=f"{OURS}, http://localhost:3000") as made:
        yield made


def preflight(home: House, origin: str, **asked: str) -> Any:
    headers = {"origin": origin, "access-control-request-method": "POST", **asked}
    return home.http.options("/graphql", headers=headers)


@pytest.mark.parametrize("origin", [OURS, "http://localhost:3000"])
def test_pages_that_are_named_may_ask_and_their_browsers_are_told_so_without_a_token(
    open_house: House, origin: str
) -> None:
    wanted = {"access-control-request-headers": "authorization,content-type,x-keyframe-min-position"}
    told = preflight(open_house, origin, **wanted)
    assert told.status_code == 200
    assert told.headers["access-control-allow-origin"] == origin
    assert told.headers["access-control-allow-headers"] == wanted["access-control-request-headers"]
    assert set(told.headers["access-control-allow-methods"].split(", ")) == {"GET", "POST"}
    assert "access-control-allow-credentials" not in told.headers
    assert "origin" in told.headers["vary"].lower()


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", f"{OURS}.evil.example", "http://goals.example.org", f"{OURS}:8443", "null", f"{OURS}/"],
)
def test_pages_of_others_may_not(open_house: House, origin: str) -> None:
    told = preflight(open_house, origin)
    assert told.status_code == 400
    assert "access-control-allow-origin" not in told.headers
    answer = open_house.ask(open_house.token(), origin=origin)
    assert "access-control-allow-origin" not in answer.headers


def test_a_page_that_is_named_reads_the_answer_and_what_stands_beside_it(open_house: House) -> None:
    for bearer, status in ((open_house.token(), 200), (None, 401), ("nonsense", 401)):
        answer = open_house.ask(bearer, origin=OURS)
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == OURS
        assert set(answer.headers["access-control-expose-headers"].split(", ")) == set(EXPOSED)


def test_nobodys_pages_may_ask_unless_they_are_named(home: House) -> None:
    assert preflight(home, OURS).status_code == 401
    answer = home.http.post("/graphql", json=VIEWER, headers={"origin": OURS})
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "said",
    ["*", "https://*.example.org", "goals.example.org", f"{OURS}/", f"{OURS}/app", "null", "HTTPS://goals.example.org",
     f"{OURS},evil"],
)  # fmt: skip
def test_what_is_no_exact_origin_is_no_setting(said: str) -> None:
    with pytest.raises(ValidationError, match="is not an origin"):
        Settings(cors_origins=said)
