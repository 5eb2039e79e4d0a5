"""CSRF: requests that a page of another site could send are refused."""

from typing import Any

import pytest

from api.graphql_http.csrf import PROOFS
from tests.api.conftest import Api
from tests.api.frames import BOTH_FRAMES

pytestmark = BOTH_FRAMES

ASK = {"query": "{ viewer { handle } }"}
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64)"}


def get(api: Api, **headers: str) -> Any:
    return api.http.get(
        "/graphql", params=ASK, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site", "content_type": "text/plain"},
        {"sec_fetch_site": "cross-site", "content_type": "Text/Plain; charset=UTF-8"},
        {"user_agent": "Mozilla/5.0 (old)"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"referer": "http://evil.example/page"},
        {"cookie": "a=b"},
    ],
)
def test_possible_cross_site_get_is_refused_with_a_hint(api: Api, headers: dict[str, str]) -> None:
    response = get(api, **headers)
    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"]) == (403, "CSRF_PREVENTED")
    assert "x-keyframe-request" in error["message"]


@pytest.mark.parametrize("proof", [*PROOFS, "content-type"])
def test_header_that_forces_a_preflight_is_accepted_as_csrf_proof(api: Api, proof: str) -> None:
    value = "application/json" if proof == "content-type" else "1"
    assert get(api, sec_fetch_site="cross-site", **{proof: value}).status_code == 200


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_same_origin_and_direct_navigation_need_no_csrf_proof(api: Api, site: str) -> None:
    assert get(api, sec_fetch_site=site, **BROWSER).status_code == 200


def test_client_without_browser_headers_needs_no_csrf_proof(api: Api) -> None:
    assert get(api).status_code == 200


def test_json_post_needs_no_csrf_proof(api: Api) -> None:
    response = api.http.post("/graphql", json=ASK, headers={"sec-fetch-site": "cross-site", **BROWSER})
    assert response.status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_post_with_a_simple_content_type_is_refused(api: Api, kind: str) -> None:
    headers = {"content-type": kind, "sec-fetch-site": "cross-site"}
    assert api.http.post("/graphql", content=b"{}", headers=headers).status_code == 403
