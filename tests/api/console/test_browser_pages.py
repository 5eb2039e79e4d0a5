"""A browser that opens an address gets a page where other clients get an error in JSON."""

import json
import re
from html import unescape
from typing import Any

import pytest

from api.endpoints.health import Faults, Readiness, Report
from domain.commands.permissions import Role
from tests.api.auth.conftest import AppServer
from tests.api.console.conftest import COOKIE, OWN_PAGE, Browser
from tests.api.frames import BOTH_FRAMES

pytestmark = BOTH_FRAMES

OPENS = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "sec-fetch-mode": "navigate"}
TYPED = {**OPENS, "sec-fetch-site": "none"}
LINK = {**OPENS, **OWN_PAGE}


def told(response: Any) -> Any:
    """The problem that the page knows; None without one."""
    found = re.search(r'<meta name="keyframe-problem" content="([^"]*)">', response.text)
    return None if found is None else json.loads(unescape(found[1]))


@pytest.mark.parametrize(
    "path", ["/nowhere", "/report/q4", "/export/readings.csv", "/graphql?query={viewer{handle}}", "/metrics"]
)
def test_stranger_who_opens_an_address_gets_the_page_that_signs_in(console: AppServer, path: str) -> None:
    response = console.http.get(path, headers=TYPED)
    assert (response.status_code, response.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert told(response)["code"] == "UNAUTHENTICATED"
    assert "unsafe" not in response.headers["content-security-policy"]
    assert (response.headers["cache-control"], response.headers["vary"]) == ("no-store", "accept, Origin")
    for headers in ({}, {"accept": "application/json"}, {**TYPED, "sec-fetch-mode": "cors"}, {"accept": "*/*"}):
        other = console.http.get(path, headers=headers)
        assert (other.status_code, other.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


def test_unknown_address_and_missing_permission_are_pages_for_a_browser(console: AppServer, browser: Browser) -> None:
    browser.sign_in(console.token(Role.MEMBER))
    for path, status, code in (
        ("/nowhere", 404, "NOT_FOUND"),
        ("/report/none", 404, "NOT_FOUND"),
        ("/ingest/readings", 405, "METHOD_NOT_ALLOWED"),
        ("/export/changes.ndjson", 403, "FORBIDDEN"),
    ):
        response = browser.http.get(path, headers=LINK)
        assert (response.status_code, told(response)["code"]) == (status, code), path
        assert told(response)["status"] == status
        other = browser.http.get(path)
        assert (other.status_code, other.json()["errors"][0]["extensions"]["code"]) == (status, code)
    assert browser.http.get("/ingest/readings", headers=LINK).headers["allow"] == "POST"


def test_address_is_told_without_markup(console: AppServer, browser: Browser) -> None:
    browser.sign_in(console.token(Role.LEAD))
    response = browser.http.get('/nowhere/"><script>alert(1)<%2fscript>', headers=LINK)
    assert response.status_code == 404
    assert "<script>alert" not in response.text
    assert "<script>alert(1)</script>" in told(response)["message"]


def test_page_of_an_ended_session_deletes_its_cookie(console: AppServer) -> None:
    for path in ("/nowhere", "/graphql?query={viewer{handle}}"):
        response = console.http.get(path, headers={**LINK, "cookie": f"{COOKIE}=kfs_{'a' * 43}"})
        assert (response.status_code, told(response)["code"]) == (401, "UNAUTHENTICATED")
        assert response.headers["set-cookie"].startswith(f'{COOKIE}="";')


def test_answers_without_an_error_stay_as_they_are(console: AppServer, browser: Browser) -> None:
    browser.sign_in(console.token(Role.LEAD))
    assert browser.http.get("/schema.graphql", headers=LINK).headers["content-type"] == "application/graphql"
    assert told(browser.http.get("/week", headers=LINK)) is None


def test_report_of_a_process_that_is_not_ready_stays_as_it_is(
    console: AppServer, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unready(_: Readiness) -> Report:
        return Report(Faults("The database is away."), {})

    monkeypatch.setattr(Readiness, "_report", unready)
    browser.sign_in(console.token(Role.LEAD))
    response = browser.http.get("/readyz", headers=LINK)
    assert (response.status_code, response.headers["content-type"]) == (503, "application/json")
    assert response.json()["wrong"] == "The database is away."


def test_unknown_host_name_gets_no_page(console: AppServer) -> None:
    response = console.http.get("/nowhere", headers={**TYPED, "host": "evil.example"})
    assert (response.status_code, response.headers["content-type"]) == (421, "application/json")
