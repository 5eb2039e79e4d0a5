"""Signing in by an OpenID Connect issuer: what it begins, and how each failure is answered."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr, ValidationError
from starlette.testclient import TestClient

from api.auth.openid import pending
from api.auth.openid.code_flow import ClientSecretUnusable, code_flow_of
from api.auth.openid.issuer import Issuer
from api.auth.openid.sign_in_problem import SignInCode, SignInProblem
from api.console.openid_sign_in import page_of
from api.runtime.settings import Settings
from api.server.app import create_app
from domain.commands.people_commands import DeactivatePerson
from tests.api.auth.conftest import VIEWER, AppServer, running_app_server
from tests.api.auth.openid_issuer import SECRET, OpenIdIssuer
from tests.api.console.conftest import COOKIE, OWN_PAGE
from tests.docs.documents import read

FROM_ISSUER = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
PENDING = "keyframe-sign-in-80"


class Person:
    """A browser whose user has an account at the issuer."""

    def __init__(self, console: AppServer, issuer: OpenIdIssuer, base_url: str = "http://localhost") -> None:
        self.http = TestClient(console.app, base_url=base_url, follow_redirects=False)
        self.http.portal = console.http.portal
        self._issuer = issuer
        self._head = console.head

    def goes(self, to: str = "/") -> Any:
        """The response of the address at which a sign-in starts."""
        return self.http.get("/sign-in/openid", params={"to": to}, headers=OWN_PAGE)

    def comes_back(self, address: str, **headers: Any) -> Any:
        parts = urlsplit(address)
        return self.http.get(f"{parts.path}?{parts.query}", headers={**FROM_ISSUER, **headers})

    def signs_in(self, to: str = "/") -> Any:
        """The response of the callback."""
        return self.comes_back(self._issuer.authorize(self.goes(to).headers["location"]))

    def viewer(self) -> Any:
        headers = {**OWN_PAGE, "x-keyframe-min-position": str(self._head)}
        response = self.http.post("/graphql", json=VIEWER, headers=headers)
        return response.json()["data"]["viewer"] if response.status_code == 200 else response.status_code


@pytest.fixture(scope="module")
def issuer() -> Iterator[OpenIdIssuer]:
    made = OpenIdIssuer()
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def console(server: str, issuer: OpenIdIssuer) -> Iterator[AppServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.console.openid_sign_in.FAILURES_BURST", 100_000)
        patch.setattr("api.auth.authentication.SESSION_SECONDS", 0.01)
        patch.setattr("api.auth.jwks.UNKNOWN_AFTER_SECONDS", 0.0)
        given = issuer.settings(host_names="goals.example.org", oidc_domains="example.org", contact="#goals")
        with running_app_server(server, **given) as made:
            for handle in ("ada", "bob", "kim"):
                made.person(handle)
            yield made


@pytest.fixture
def person(console: AppServer, issuer: OpenIdIssuer) -> Iterator[Person]:
    usual = dict(issuer.person)
    yield Person(console, issuer)
    issuer.person, issuer.claims, issuer.metadata, issuer.refusal = usual, {}, {}, None
    issuer.token_answer, issuer.is_down = None, False


def problem(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["extensions"]["code"]


def message(response: Any) -> str:
    return str(response.json()["errors"][0]["message"])


# ── what a sign-in begins ─────────────────────────────────────────────────────────────────────────


def test_person_of_the_issuer_gets_a_session_with_the_roles_of_the_id_token(person: Person) -> None:
    response = person.signs_in("/objective/x?cycle=q4")
    assert (response.status_code, response.headers["location"]) == (303, "/objective/x?cycle=q4")
    assert response.headers["cache-control"] == "no-store"
    assert person.viewer() == {"handle": "ada", "roles": ["LEAD"], "person": {"handle": "ada"}}
    until = datetime.fromisoformat(person.http.get("/sign-in", headers=OWN_PAGE).json()["signedInUntil"])
    assert 3590 < (until - datetime.now(UTC)).total_seconds() <= 3600 + Settings().jwt_leeway_s


def test_browser_is_sent_to_the_issuer_with_a_challenge_a_state_and_a_nonce(person: Person) -> None:
    first, second = (parse_qs(urlsplit(person.goes().headers["location"]).query) for _ in range(2))
    assert first["redirect_uri"] == ["http://localhost/sign-in/openid/callback"]
    assert (first["scope"], first["response_type"]) == (["openid profile email"], ["code"])
    assert all(len(first[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))
    assert all(first[name] != second[name] for name in ("state", "nonce", "code_challenge"))


def test_pending_sign_in_is_sealed_in_a_short_cookie_that_scripts_cannot_read(
    console: AppServer, issuer: OpenIdIssuer, person: Person
) -> None:
    response = person.goes()
    given = SimpleCookie(response.headers["set-cookie"])[PENDING]
    assert (given["httponly"], given["samesite"], given["max-age"]) == (True, "lax", "600")
    state = parse_qs(urlsplit(response.headers["location"]).query)["state"][0]
    assert state not in given.value
    elsewhere = Person(console, issuer, "https://goals.example.org").goes().headers
    assert elsewhere["set-cookie"].startswith("__Host-keyframe-sign-in=")
    assert {"Secure", "Path=/"} <= {*elsewhere["set-cookie"].split("; ")}
    assert "redirect_uri=https%3A%2F%2Fgoals.example.org%2Fsign-in%2Fopenid%2Fcallback" in elsewhere["location"]


def test_session_id_is_new_and_the_previous_session_ends(console: AppServer, person: Person) -> None:
    person.signs_in()
    first = person.http.cookies[COOKIE]
    person.signs_in()
    second = person.http.cookies[COOKIE]
    assert second != first
    response = console.http.post("/graphql", json=VIEWER, headers={**OWN_PAGE, "cookie": f"{COOKIE}={first}"})
    assert response.status_code == 401
    with console.database.connect() as conn:
        assert first not in str(conn.execute("select * from session").fetchall())


def test_answer_may_reach_another_process(console: AppServer, issuer: OpenIdIssuer, person: Person) -> None:
    way_back = issuer.authorize(person.goes().headers["location"])
    app = create_app(console.database.settings, console.database, editor=True)
    other = TestClient(app, base_url="http://localhost", follow_redirects=False)
    other.portal = console.http.portal
    other.cookies = person.http.cookies
    parts = urlsplit(way_back)
    assert other.get(f"{parts.path}?{parts.query}", headers=FROM_ISSUER).headers["location"] == "/"


def test_client_secret_is_posted_where_the_issuer_wants_it_so(
    server: str, issuer: OpenIdIssuer, person: Person
) -> None:
    issuer.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    with running_app_server(server, **issuer.settings()) as console:
        console.person("ada")
        assert Person(console, issuer).signs_in().status_code == 303


def test_session_lasts_as_long_as_the_settings_allow(server: str, issuer: OpenIdIssuer, person: Person) -> None:
    with running_app_server(server, **issuer.settings(oidc_session_s=7200)) as console:
        console.person("ada")
        cookie = SimpleCookie(Person(console, issuer).signs_in().headers["set-cookie"])[COOKIE]
        assert 7190 <= int(cookie["max-age"]) <= 7200


# ── who signs in ──────────────────────────────────────────────────────────────────────────────────


def test_mail_address_of_a_listed_domain_names_the_person(issuer: OpenIdIssuer, person: Person) -> None:
    issuer.person["preferred_username"] = "Bob@Example.org"
    assert person.signs_in().status_code == 303
    assert person.viewer()["handle"] == "bob"
    for name in (
        "bob@example.org.evil.example",
        "bob@evil.example",
        "@example.org",
        "bob@",
        "bob@x@evil.example",
        "\u212aim@example.org",
    ):
        issuer.person["preferred_username"] = name
        assert problem(person.signs_in()) == (403, "PERSON_UNKNOWN"), name


def test_mail_address_must_be_verified(server: str, issuer: OpenIdIssuer, person: Person) -> None:
    settings = issuer.settings(oidc_handle_claim="email", oidc_domains="example.org")
    with running_app_server(server, **settings) as console:
        console.person("ada")
        for is_verified, status in ((None, 403), (False, 403), ("true", 403), (True, 303)):
            issuer.person = {"email": "ada@example.org", "email_verified": is_verified, "roles": ["LEAD"]}
            assert Person(console, issuer).signs_in().status_code == status
        issuer.person = {"email": "ada", "email_verified": False, "roles": ["LEAD"]}
        assert problem(Person(console, issuer).signs_in()) == (403, "PERSON_UNKNOWN")


def test_unknown_person_reads_under_which_name_and_whom_to_ask(issuer: OpenIdIssuer, person: Person) -> None:
    issuer.person["preferred_username"] = "{mallory}"
    response = person.signs_in()
    assert problem(response) == (403, "PERSON_UNKNOWN")
    assert message(response) == (
        "127.0.0.1 knows you as {mallory}, and nobody here has this handle. Ask #goals to add you."
    )
    assert person.viewer() == 401


def test_id_token_must_have_a_handle(issuer: OpenIdIssuer, person: Person) -> None:
    for name in (None, "", 7, "a\nb", "x" * 300):
        issuer.person["preferred_username"] = name
        response = person.signs_in()
        assert problem(response) == (403, "HANDLE_MISSING")
    assert message(response) == (
        "127.0.0.1 does not tell your handle. Ask #goals to compare KEYFRAME_OIDC_HANDLE_CLAIM with its ID tokens."
    )


def test_person_who_left_and_one_without_a_role_cannot_sign_in(
    console: AppServer, issuer: OpenIdIssuer, person: Person
) -> None:
    console.execute(DeactivatePerson(person=console.person("left")))
    issuer.person["preferred_username"] = "left"
    assert problem(person.signs_in()) == (403, "PERSON_INACTIVE")
    issuer.person = {"preferred_username": "ada", "roles": ["director"]}
    assert problem(person.signs_in()) == (403, "ROLE_MISSING")
    issuer.person = {"preferred_username": "ada"}
    assert problem(person.signs_in()) == (403, "ROLE_MISSING")


def test_people_without_a_roles_claim_get_the_role_of_the_settings(
    server: str, issuer: OpenIdIssuer, person: Person
) -> None:
    with running_app_server(server, **issuer.settings(oidc_role="MEMBER")) as console:
        console.person("ada")
        issuer.person = {"preferred_username": "ada"}
        one = Person(console, issuer)
        one.signs_in()
        assert one.viewer()["roles"] == ["MEMBER"]
        issuer.person = {"preferred_username": "ada", "roles": ["director"]}
        assert problem(Person(console, issuer).signs_in()) == (403, "ROLE_MISSING")


# ── failures ──────────────────────────────────────────────────────────────────────────────────────

NOW = int(time())


@pytest.mark.parametrize(
    ("claims", "status", "code"),
    [
        ({"nonce": "another"}, 502, "ANSWER_OF_ANOTHER_SIGN_IN"),
        ({"nonce": None}, 502, "ANSWER_OF_ANOTHER_SIGN_IN"),
        ({"iss": "https://evil.example"}, 502, "ANSWER_OF_ANOTHER_ISSUER"),
        ({"aud": "another-client"}, 502, "ANSWER_OF_ANOTHER_CLIENT"),
        ({"aud": ["keyframe-console", "another"]}, 502, "ANSWER_OF_ANOTHER_CLIENT"),
        ({"azp": "another-client"}, 502, "ANSWER_OF_ANOTHER_CLIENT"),
        ({"exp": NOW - 60}, 502, "ANSWER_EXPIRED"),
        ({"iat": NOW + 3600}, 502, "ANSWER_EXPIRED"),
        ({"nbf": NOW + 3600}, 502, "ANSWER_EXPIRED"),
        ({"exp": None}, 502, "ANSWER_INVALID"),
        ({"exp": "soon"}, 502, "ANSWER_INVALID"),
        ({"exp": 1e400}, 502, "ANSWER_INVALID"),
        ({"sub": None}, 502, "ANSWER_INVALID"),
        ({"aud": ["keyframe-console", "another"], "azp": "keyframe-console"}, 303, ""),
        ({"exp": 1e300}, 303, ""),
    ],
)
def test_id_token_must_be_of_this_issuer_for_this_client_and_sign_in(
    issuer: OpenIdIssuer, person: Person, claims: dict[str, Any], status: int, code: str
) -> None:
    issuer.claims = {"exp": NOW + 3600, **claims}
    response = person.signs_in()
    assert response.status_code == status
    assert status == 303 or problem(response) == (status, code)
    assert (COOKIE in person.http.cookies) == (status == 303)


def test_clocks_may_differ_by_the_leeway(issuer: OpenIdIssuer, person: Person) -> None:
    issuer.claims = {"exp": int(time()) - 5}
    assert person.signs_in().status_code == 303
    issuer.claims = {"iat": int(time()) + 5}
    assert person.signs_in().status_code == 303


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        ("access_denied", 403, "SIGN_IN_DENIED"),
        ("login_required", 403, "SIGN_IN_DENIED"),
        ("temporarily_unavailable", 503, "ISSUER_UNAVAILABLE"),
        ("unauthorized_client", 502, "CLIENT_REJECTED"),
        ("invalid_scope", 502, "ISSUER_ERROR"),
        ("<script>\n", 502, "ISSUER_ERROR"),
    ],
)
def test_errors_of_the_issuer_are_told_apart(
    issuer: OpenIdIssuer, person: Person, refusal: str, status: int, code: str
) -> None:
    issuer.refusal = refusal
    response = person.signs_in()
    assert problem(response) == (status, code)
    assert refusal not in response.text


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        ((401, b'{"error": "invalid_client"}'), 502, "CLIENT_REJECTED"),
        ((400, b'{"error": "invalid_grant", "error_description": "AADSTS\\r\\n"}'), 400, "CODE_REJECTED"),
        ((200, b'{"access_token": "x"}'), 502, "ANSWER_INVALID"),
        ((200, b'{"id_token": "x", "expires_in": ["soon"]}'), 502, "ANSWER_INVALID"),
        ((200, b'{"id_token": "x", "error": null}'), 502, "ANSWER_INVALID"),
        ((200, b'{"id_token": "nonsense"}'), 502, "ANSWER_INVALID"),
        ((200, b'{"id_token": 7}'), 502, "ANSWER_INVALID"),
        ((200, b"<html>"), 503, "ISSUER_UNAVAILABLE"),
        ((200, b"[]"), 503, "ISSUER_UNAVAILABLE"),
        ((200, b"x" * (1 << 21)), 503, "ISSUER_UNAVAILABLE"),
        ((302, b""), 503, "ISSUER_UNAVAILABLE"),
        ((503, b'{"error": "invalid_grant"}'), 503, "ISSUER_UNAVAILABLE"),
    ],
)
def test_answers_of_the_token_endpoint_are_told_apart(
    issuer: OpenIdIssuer, person: Person, answer: tuple[int, bytes], status: int, code: str
) -> None:
    issuer.token_answer = answer
    assert problem(person.signs_in()) == (status, code)


def test_answer_counts_in_the_browser_that_began_and_once(
    console: AppServer, issuer: OpenIdIssuer, person: Person
) -> None:
    way_back = issuer.authorize(person.goes().headers["location"])
    assert problem(Person(console, issuer).comes_back(way_back)) == (400, "SIGN_IN_NOT_BEGUN")  # login CSRF
    assert person.comes_back(way_back).status_code == 303
    assert problem(person.comes_back(way_back)) == (400, "SIGN_IN_NOT_BEGUN")
    sealed = SimpleCookie(person.goes().headers["set-cookie"])[PENDING].value
    way_back = issuer.authorize(person.goes().headers["location"])
    assert problem(person.comes_back(way_back, cookie=f"{PENDING}={sealed}")) == (400, "SIGN_IN_NOT_BEGUN")
    for content in ("", "é", "gAAAA", sealed[:-4] + "AAAA"):
        response = Person(console, issuer).comes_back(way_back, cookie=f"{PENDING}={content}".encode())
        assert problem(response) == (400, "SIGN_IN_NOT_BEGUN")


def test_replayed_code_is_rejected_by_the_issuer(issuer: OpenIdIssuer, person: Person) -> None:
    start = person.goes()
    way_back = issuer.authorize(start.headers["location"])
    sealed = SimpleCookie(start.headers["set-cookie"])[PENDING].value
    assert person.comes_back(way_back).status_code == 303
    again = person.comes_back(way_back, cookie=f"{PENDING}={sealed}")
    assert problem(again) == (400, "CODE_REJECTED")


def test_stolen_code_is_worth_nothing_without_the_verifier(
    console: AppServer, issuer: OpenIdIssuer, person: Person
) -> None:
    code = parse_qs(urlsplit(issuer.authorize(person.goes().headers["location"])).query)["code"][0]
    thief = Person(console, issuer)
    own = issuer.authorize(thief.goes().headers["location"])
    stolen = own.replace(parse_qs(urlsplit(own).query)["code"][0], code)
    assert problem(thief.comes_back(stolen)) == (400, "CODE_REJECTED")


def test_duplicate_parameters_and_missing_codes_are_rejected(issuer: OpenIdIssuer, person: Person) -> None:
    way_back = issuer.authorize(person.goes().headers["location"])
    assert problem(person.comes_back(f"{way_back}&state=x")) == (400, "SIGN_IN_NOT_BEGUN")
    way_back = issuer.authorize(person.goes().headers["location"])
    assert problem(person.comes_back(way_back.replace("code=", "kode="))) == (502, "ISSUER_ERROR")
    way_back = issuer.authorize(person.goes().headers["location"])
    assert problem(person.comes_back(f"{way_back}&iss=https%3A%2F%2Fevil.example")) == (502, "ANSWER_OF_ANOTHER_ISSUER")


def test_sign_in_ends_after_ten_minutes(issuer: OpenIdIssuer, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    way_back = issuer.authorize(person.goes().headers["location"])
    monkeypatch.setattr(pending, "time", lambda: time() + pending.LIFETIME_SECONDS + 1)
    assert problem(person.comes_back(way_back)) == (400, "SIGN_IN_EXPIRED")


def test_keys_may_be_rotated(issuer: OpenIdIssuer, person: Person) -> None:
    assert person.signs_in().status_code == 303
    issuer.key = "two"
    assert person.signs_in().status_code == 303


def test_key_of_somebody_else_verifies_nothing(
    issuer: OpenIdIssuer, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.signs_in()
    forged = OpenIdIssuer.id_token

    def with_another_key(self: OpenIdIssuer, nonce: str) -> str:
        key, self.key = self.key, "mallory"
        token = forged(self, nonce).split(".")
        self.key = key
        return ".".join([*forged(self, nonce).split(".")[:2], token[2]])

    monkeypatch.setattr(OpenIdIssuer, "id_token", with_another_key)
    assert problem(person.signs_in()) == (502, "ANSWER_INVALID")


def test_issuer_that_is_down_is_told_and_its_metadata_is_cached(
    server: str, issuer: OpenIdIssuer, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.auth.openid.issuer.RETRIED_AFTER_SECONDS", 0.0)
    with running_app_server(server, **issuer.settings()) as console:
        console.person("ada")
        issuer.is_down = True
        assert problem(Person(console, issuer).goes()) == (503, "ISSUER_UNAVAILABLE")
        issuer.is_down = False
        assert Person(console, issuer).signs_in().status_code == 303
        before = issuer.asked.count("/.well-known/openid-configuration")
        Person(console, issuer).signs_in()
        assert issuer.asked.count("/.well-known/openid-configuration") == before
        way_back = issuer.authorize(person.goes().headers["location"])
        issuer.is_down = True
        assert problem(person.comes_back(way_back)) == (503, "ISSUER_UNAVAILABLE")


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://goals.example.org/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
@pytest.mark.usefixtures("person")
def test_metadata_must_be_of_the_issuer_and_safe(issuer: OpenIdIssuer, metadata: dict[str, Any]) -> None:
    issuer.metadata = metadata
    with pytest.raises(SignInProblem, match="the metadata of the issuer is not known"):
        asyncio.run(Issuer(issuer.url).metadata())


def test_failures_of_one_address_are_limited(console: AppServer, issuer: OpenIdIssuer) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.console.openid_sign_in.FAILURES_BURST", 2)
        app = create_app(console.database.settings, console.database, editor=True)
    browser = TestClient(app, base_url="http://localhost")
    browser.portal = console.http.portal
    statuses = [browser.get("/sign-in/openid/callback?code=x&state=y").status_code for _ in range(3)]
    assert statuses == [400, 400, 429]


def test_failures_are_logged_without_secrets(
    issuer: OpenIdIssuer, person: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    issuer.person["preferred_username"] = "mallory-the-unknown"
    way_back = issuer.authorize(person.goes().headers["location"])
    person.comes_back(way_back)
    written = "".join(capsys.readouterr())
    assert "PERSON_UNKNOWN" in written
    code = parse_qs(urlsplit(way_back).query)["code"][0]
    state = parse_qs(urlsplit(way_back).query)["state"][0]
    assert not [one for one in (code, state, SECRET, "mallory-the-unknown") if one in written]


# ── forgery and redirects ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/%2F/evil.example",
        "javascript:1", "/sign-out", "/report/q4", "/graphql/x", "http:/week", "/week\r\nset-cookie: a=b",
        "/objective/x" * 200, "//[", "",
    ],
)  # fmt: skip
def test_sign_in_leads_to_pages_of_the_console_only(to: str) -> None:
    assert page_of(to) == "/"


def test_sign_in_leads_back_to_the_page_that_was_open() -> None:
    for page in ("/", "/week", "/graphql", "/?cycle=q4&q=a%20b", "/objective/abc?at=2026-01-01T00:00:00Z"):
        assert page_of(page) == page
    assert page_of(None) == "/"


def test_page_of_another_site_starts_no_sign_in(person: Person) -> None:
    for site in ("cross-site", "same-site"):
        response = person.http.get("/sign-in/openid", headers={"sec-fetch-site": site})
        assert (response.status_code, response.headers["location"]) == (303, "/sign-in")
        assert "set-cookie" not in response.headers
    assert person.http.get("/sign-in/openid", headers={"sec-fetch-site": "none"}).headers["location"] != "/sign-in"


@pytest.mark.parametrize(
    ("to", "next"),
    [
        ("/kpis?at=2026-05-01T00%3A00%3A00Z", "/sign-in?to=%2Fkpis%3Fat%3D2026-05-01T00%253A00%253A00Z"),
        ("//elsewhere.example/", "/sign-in"),
        ("/", "/sign-in"),
    ],
)
def test_sign_in_from_another_site_keeps_the_page_of_the_console_to_open(person: Person, to: str, next: str) -> None:
    response = person.http.get("/sign-in/openid", params={"to": to}, headers={"sec-fetch-site": "cross-site"})
    assert response.headers["location"] == next


# ── settings, and what the page offers ────────────────────────────────────────────────────────────


def test_page_offers_the_issuer_beside_the_token(console: AppServer, issuer: OpenIdIssuer, person: Person) -> None:
    person.signs_in()
    ways = person.http.get("/sign-in").json()
    assert ways == {
        "signedInUntil": None,
        "people": [],
        "issuer": {
            "name": "127.0.0.1",
            "signInAt": "/sign-in/openid",
            "signOutAt": f"{issuer.url}/sign-out?client_id=keyframe-console"
            "&post_logout_redirect_uri=http%3A%2F%2Flocalhost%2Fsign-in",
        },
        "contact": "#goals",
        "canAnybodySignIn": True,
    }
    assert SECRET not in str(ways)


def test_client_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    issuer = {"oidc_issuer": "https://id.example", "oidc_client_id": "keyframe"}
    given: dict[str, Any] = {**issuer, "oidc_client_secret_file": file}
    with pytest.raises(ClientSecretUnusable, match="cannot be read"):
        code_flow_of(Settings(**given))
    file.write_text("short\n")
    with pytest.raises(ClientSecretUnusable, match="less than 16 characters"):
        code_flow_of(Settings(**given))
    file.write_text(f"{SECRET}\n")
    flow = code_flow_of(Settings(**given))
    assert flow is not None
    assert flow.host == "id.example"
    assert code_flow_of(Settings()) is None


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"oidc_issuer": "http://id.example"}, "must be an https URL"),
        ({"oidc_issuer": "https://id.example?x"}, "must be an https URL"),
        ({"oidc_issuer": "https://id.example"}, "must be set together with KEYFRAME_OIDC_ISSUER"),
        ({"oidc_client_id": "x"}, "must be set together with KEYFRAME_OIDC_ISSUER"),
        ({"oidc_issuer": "https://id.example", "oidc_client_id": "x"}, "KEYFRAME_OIDC_CLIENT_SECRET"),
        ({"oidc_client_secret": SECRET}, "KEYFRAME_OIDC_CLIENT_SECRET"),
        ({"oidc_client_secret": "x" * 15}, "at least 16 characters"),
        ({"oidc_scopes": "profile"}, "must contain openid"),
        ({"oidc_session_s": 43_201}, "less than or equal to 43200"),
    ],
)
def test_settings_of_the_issuer_belong_together(given: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        Settings(**given)


def test_client_secret_is_never_shown(issuer: OpenIdIssuer) -> None:
    settings = Settings(**issuer.settings())
    assert settings.oidc_client_secret == SecretStr(SECRET)
    assert SECRET not in repr(settings) + str(settings) + settings.model_dump_json()


def test_every_code_of_a_sign_in_is_documented() -> None:
    page = read("docs/authentication.md")
    assert [code for code in SignInCode if f"| `{code}` |" not in page] == []
