"""Sessions of the console: how they begin, in which requests they count, and when they end."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.asgi.rate_limiter import TokenBucketLimiter
from api.auth.authentication import DEMO, AuthenticationFailed, Authenticators
from api.auth.token_memory import TokenMemory
from api.console.sign_in import Guest
from api.server.app import create_app
from domain.commands.people_commands import DeactivatePerson, ErasePerson
from domain.commands.permissions import Role
from domain.handlers import identity
from domain.log.credentials import sessions
from tests.api.auth.conftest import AppServer
from tests.api.console.conftest import COOKIE, OWN_PAGE, Browser
from tests.api.frames import BOTH_FRAMES
from tests.waiting import until

pytestmark = BOTH_FRAMES

OPENED = {
    "/graphql?query={viewer{handle}}": 200, "/schema.graphql": 200, "/metrics": 200, "/report/none": 404,
    "/evidence/none": 404, "/export/changes.ndjson": 200, "/export/readings.csv": 200, "/ingest/readings": 405,
}  # fmt: skip
"""Every route that a session opens, with the status of a GET."""


def stored(console: AppServer) -> list[tuple[Any, ...]]:
    with console.database.connect() as conn:
        return conn.execute("select digest, roles, name, person, expires_at - created_at from session").fetchall()


def altered(console: AppServer, what: str) -> None:
    with console.database.connect() as conn:
        conn.execute(f"update session set {what}")


# ── beginning ─────────────────────────────────────────────────────────────────────────────────────


def test_pasted_token_becomes_a_session_of_its_person_with_its_roles(console: AppServer, browser: Browser) -> None:
    person = console.person("ada")
    assert browser.viewer() == 401
    assert browser.sign_in(console.token(Role.LEAD, person=person)).status_code == 200
    assert browser.viewer() == {"handle": "ada", "roles": ["LEAD"], "person": {"handle": "ada"}}


def test_machine_signs_in_under_its_name(console: AppServer, browser: Browser) -> None:
    browser.sign_in(f" {console.token(Role.AUDITOR)}\n")
    assert browser.viewer() == {"handle": "robot", "roles": ["AUDITOR"], "person": None}


def test_cookie_is_http_only_and_lax_and_secure_off_loopback(console: AppServer, browser: Browser) -> None:
    given = browser.sign_in(console.token()).headers["set-cookie"]
    assert given.startswith(f"{COOKIE}=kfs_")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {*given.split("; ")}
    assert "Secure" not in given
    elsewhere = Browser(console, "https://goals.example.org")
    given = elsewhere.sign_in(console.token()).headers["set-cookie"]
    assert given.startswith("__Host-keyframe=kfs_")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= {*given.split("; ")}
    assert "Domain" not in given
    assert elsewhere.viewer()["handle"] == "robot"
    over_tls = Browser(console, "https://localhost").sign_in(console.token()).headers["set-cookie"]
    assert over_tls.startswith("__Host-keyframe=kfs_")
    assert "Secure" in over_tls.split("; ")


def test_only_the_digest_of_a_session_is_stored(console: AppServer, browser: Browser) -> None:
    browser.sign_in(console.token())
    assert browser.secret is not None
    digests = [row[0] for row in stored(console)]
    assert sessions.digest(browser.secret) in digests
    assert browser.secret.encode() not in digests


def test_session_lasts_twelve_hours_at_most_and_no_longer_than_its_token(console: AppServer, browser: Browser) -> None:
    token = console.token()
    console.alter(token, "expires_at = clock_timestamp() + interval '30 days'")
    until = datetime.fromisoformat(browser.sign_in(token).json()["signedInUntil"])
    assert timedelta(hours=11, minutes=59) < until - datetime.now(UTC) <= timedelta(hours=12)
    until = datetime.fromisoformat(browser.sign_in(console.token()).json()["signedInUntil"])
    assert until - datetime.now(UTC) <= timedelta(hours=1)
    assert all(row[-1] <= timedelta(hours=12) for row in stored(console))


def test_session_id_changes_at_each_sign_in_and_the_previous_one_ends(console: AppServer, browser: Browser) -> None:
    browser.sign_in(console.token())
    first = browser.secret
    browser.sign_in(console.token())
    assert first is not None
    assert browser.secret != first
    old = Browser(console)
    assert old.viewer(cookie=f"{COOKIE}={first}") == 401


@pytest.mark.parametrize("token", ["nonsense", "", "kfs_" + "a" * 43, "\x00", "é", f"kf_aaaaaaaaaa_{'a' * 43}"])
def test_invalid_token_signs_nobody_in(browser: Browser, token: str) -> None:
    response = browser.sign_in(token)
    assert (response.status_code, browser.secret) == (401, None)
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"token": 7}', b'{"password": "x"}'])
def test_malformed_sign_in_is_answered_400(browser: Browser, body: bytes) -> None:
    response = browser.http.post("/sign-in", content=body, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


def test_oldest_session_ends_when_a_caller_has_too_many(console: AppServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "SESSIONS_MAX", 2)
    person = console.person("grace")
    browsers = [Browser(console) for _ in range(3)]
    for one in browsers:
        one.sign_in(console.token(person=person))
    assert [isinstance(one.viewer(), dict) for one in browsers] == [False, True, True]


def test_roles_are_those_at_sign_in(console: AppServer, browser: Browser) -> None:
    token = console.token(Role.MEMBER)
    browser.sign_in(token)
    console.alter(token, "roles = '{ADMIN}'")
    assert browser.viewer()["roles"] == ["MEMBER"]


# ── forgery ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("site", [None, "cross-site", "same-site", "none", "same-origin, same-origin", "SAME-ORIGIN"])
def test_session_counts_only_in_requests_of_an_own_page_on_every_route(
    console: AppServer, browser: Browser, site: str | None
) -> None:
    browser.sign_in(console.token(*Role))
    del browser.http.headers["sec-fetch-site"]
    headers = {} if site is None else {"sec-fetch-site": site}
    for path, status in OPENED.items():
        assert browser.http.get(path, headers=headers).status_code == 401, path
        assert browser.http.get(path, headers=OWN_PAGE).status_code == status, path
    assert browser.viewer(**headers, origin="https://elsewhere.example") == 401


def test_sign_in_and_out_are_refused_to_pages_of_other_sites(console: AppServer, browser: Browser) -> None:
    browser.sign_in(console.token())
    for path in ("/sign-in", "/sign-out"):
        response = browser.http.post(path, json={"token": console.token()}, headers={"sec-fetch-site": "cross-site"})
        assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (403, "CSRF_PREVENTED")
    assert browser.http.post("/sign-in", content="token=x").status_code == 415
    assert browser.http.get("/sign-out").status_code == 405
    assert browser.viewer()["handle"] == "robot"


def test_listed_origin_may_not_send_the_cookie(console: AppServer) -> None:
    asked = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    preflight = console.http.options("/sign-in", headers=asked)
    assert "access-control-allow-credentials" not in preflight.headers


def test_authorization_takes_precedence_over_the_session(console: AppServer, browser: Browser) -> None:
    browser.sign_in(console.token())
    other = console.token(Role.AUDITOR, name="other")
    assert browser.viewer(authorization=f"Bearer {other}")["handle"] == "other"
    assert browser.viewer(authorization="Bearer nonsense") == 401


def test_secret_of_a_session_is_no_token(console: AppServer, browser: Browser) -> None:
    browser.sign_in(console.token())
    assert console.ask(browser.secret).status_code == 401


def test_token_in_the_cookie_is_no_session(console: AppServer, browser: Browser) -> None:
    assert browser.viewer(cookie=f"{COOKIE}={console.token()}") == 401


# ── over WebSocket ────────────────────────────────────────────────────────────────────────────────


def viewer_over_websocket(console: AppServer, browser: Browser, **headers: str) -> Any:
    """As the method of the server, with the cookie of the browser."""
    return console.viewer_over_websocket({"cookie": f"{COOKIE}={browser.secret}", **headers})


def test_session_counts_over_websocket_by_its_origin(console: AppServer, browser: Browser) -> None:
    browser.sign_in(console.token())
    host = {"host": "localhost"}
    assert viewer_over_websocket(console, browser, **host, origin="http://localhost") == "robot"
    for origin in ("https://elsewhere.example", "http://localhost:81", "http://localhost.evil.example", "null", ""):
        assert viewer_over_websocket(console, browser, **host, origin=origin) == 4401, origin
    assert viewer_over_websocket(console, browser, **host, **OWN_PAGE) == 4401
    browser.http.post("/sign-out")
    assert viewer_over_websocket(console, browser, **host, origin="http://localhost", cookie=f"{COOKIE}=kfs_x") == 4403


def test_session_counts_over_websocket_of_an_https_page_only_off_loopback(console: AppServer) -> None:
    browser = Browser(console, "https://goals.example.org")
    browser.sign_in(console.token())
    secret = browser.http.cookies["__Host-keyframe"]
    given = {"host": "goals.example.org", "cookie": f"__Host-keyframe={secret}"}
    assert viewer_over_websocket(console, browser, **given, origin="https://goals.example.org") == "robot"
    for origin in ("http://goals.example.org", "HTTP://goals.example.org", "https://evil.goals.example.org"):
        assert viewer_over_websocket(console, browser, **given, origin=origin) == 4401, origin


# ── end ───────────────────────────────────────────────────────────────────────────────────────────


def test_sign_out_ends_the_session_and_deletes_the_cookie(console: AppServer, browser: Browser) -> None:
    browser.sign_in(console.token())
    secret = browser.secret
    response = browser.http.post("/sign-out")
    assert (response.status_code, browser.secret) == (204, None)
    assert browser.viewer(cookie=f"{COOKIE}={secret}") == 401
    assert browser.http.post("/sign-out").status_code == 204


def test_ended_session_is_not_remembered_for_the_time_when_the_primary_is_away() -> None:
    memory = TokenMemory(300, lambda: True)
    authenticators = Authenticators([], TokenBucketLimiter(1, 1), memory=memory)
    memory.note(sessions.digest("kfs_x"), DEMO)
    assert asyncio.run(authenticators.authenticate((), "", "kfs_x")) is not None
    authenticators.forget("kfs_x")
    with pytest.raises(AuthenticationFailed):
        asyncio.run(authenticators.authenticate((), "", "kfs_x"))


Ending = Callable[[AppServer, str, Any], object]
ENDINGS: dict[str, Ending] = {
    "token revoked": lambda console, token, _: console.revoke(token),
    "token expired": lambda console, token, _: console.alter(token, "expires_at = clock_timestamp()"),
    "token deleted": lambda console, token, _: delete(console, token),
    "person deactivated": lambda console, _, person: console.execute(DeactivatePerson(person=person)),
    "person erased": lambda console, _, person: console.execute(ErasePerson(person=person, reason="left")),
    "session expired": lambda console, *_: altered(console, "expires_at = clock_timestamp()"),
}


def delete(console: AppServer, token: str) -> None:
    with console.database.connect() as conn:
        conn.execute("delete from token where id = %s", [token.split("_")[1]])


@pytest.mark.parametrize("why", ENDINGS)
def test_session_ends_with_what_it_was_opened_by(console: AppServer, browser: Browser, why: str) -> None:
    person = console.person(f"p{len(why)}-{why[-3:]}".replace(" ", ""))
    token = console.token(person=person)
    browser.sign_in(token)
    assert isinstance(browser.viewer(), dict)
    ENDINGS[why](console, token, person)
    until(lambda: browser.viewer() == 401)
    assert browser.secret is None  # the response deletes the cookie


def test_ways_to_sign_in_say_until_when_somebody_is_signed_in(console: AppServer, browser: Browser) -> None:
    token = console.token()
    ways: dict[str, Any] = {"people": [], "issuer": None, "contact": None, "canAnybodySignIn": True}
    assert browser.http.get("/sign-in").json() == {"signedInUntil": None, **ways}
    until = browser.sign_in(token).json()["signedInUntil"]
    assert browser.http.get("/sign-in").json() == {"signedInUntil": until, **ways}
    assert browser.http.get("/sign-in", headers={"cookie": f"{COOKIE}=kfs_x"}).json()["signedInUntil"] is None


def test_reading_by_a_session_writes_nothing(console: AppServer, browser: Browser) -> None:
    browser.sign_in(console.token())
    before = stored(console)
    browser.viewer()
    assert stored(console) == before


# ── source ────────────────────────────────────────────────────────────────────────────────────────


def test_source_is_the_console_by_the_session_and_not_by_a_header(console: AppServer, browser: Browser) -> None:
    document = """
        mutation ($input: OpenCycleInput!) { openCycle(input: $input) { changes { actor { handle source } } } }
    """
    cycle = {"name": "2031", "startsOn": "2031-01-01", "endsOn": "2031-12-31"}
    token = console.token(Role.ADMIN)
    browser.sign_in(token)
    for key, headers, source in (("one", {}, "CONSOLE"), ("two", {"authorization": f"Bearer {token}"}, "API")):
        body = {"query": document, "variables": {"input": {**cycle, "key": key}}}
        answer = browser.http.post("/graphql", json=body, headers=headers).json()
        assert answer["data"]["openCycle"]["changes"][0]["actor"] == {"handle": "robot", "source": source}
        cycle = {"name": "2032", "startsOn": "2032-01-01", "endsOn": "2032-12-31"}


# ── guests of the demo ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def demo(console: AppServer) -> Iterator[AppServer]:
    """The same workspace, served as the demo is."""
    people = {handle: console.person(handle) for handle in ("lee", "mia")}
    guests = [Guest(people["lee"], "lee", "Lee", Role.LEAD), Guest(people["mia"], "mia", "Mia", Role.MEMBER)]
    app = create_app(console.database.settings, console.database, editor=True, anonymous=True, guests=guests)
    yield AppServer(console.database, app, console.http)
    for id in people.values():
        console.execute(ErasePerson(person=id, reason="the end"))


def test_visitor_of_the_demo_signs_in_as_one_of_its_people(demo: AppServer, console: AppServer) -> None:
    browser = Browser(demo)
    people = browser.http.get("/sign-in").json()["people"]
    assert people == [
        {"handle": "lee", "name": "Lee", "role": "LEAD"},
        {"handle": "mia", "name": "Mia", "role": "MEMBER"},
    ]
    assert browser.sign_in(person="lee").status_code == 200
    assert browser.viewer()["roles"] == ["LEAD"]
    assert browser.sign_in(person="mia").status_code == 200
    assert browser.viewer()["roles"] == ["MEMBER"]
    assert browser.sign_in(person="robot").status_code == 401
    assert Browser(console).sign_in(person="lee").status_code == 401  # with `serve`


def guest_id(demo: AppServer, handle: str) -> UUID:
    person = identity.by_handle(demo.log, handle)
    assert person is not None
    return person.id


def test_guest_who_left_cannot_be_chosen(demo: AppServer) -> None:
    browser = Browser(demo)
    browser.sign_in(person="mia")
    demo.execute(DeactivatePerson(person=guest_id(demo, "mia")))
    assert [guest["handle"] for guest in browser.http.get("/sign-in").json()["people"]] == ["lee"]
    until(lambda: browser.viewer() == 401)
    browser.sign_in(person="mia")
    until(lambda: browser.viewer() == 401)


def test_choices_of_one_address_are_limited(demo: AppServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.console.sign_in.FAILURES_BURST", 2)
    app = create_app(demo.database.settings, demo.database, editor=True, anonymous=True)
    browser = Browser(AppServer(demo.database, app, demo.http))
    statuses = [browser.sign_in(person="nobody").status_code for _ in range(3)]
    assert statuses == [401, 401, 429]
