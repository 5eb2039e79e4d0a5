"""A JWT lets in whom the issuer names, to us, and now; and nothing else that looks like one does."""

import hmac
import json
from base64 import urlsafe_b64encode
from time import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from api.auth.authentication import BEARER_LENGTH_MAX
from api.runtime.settings import Settings
from domain.commands.people_commands import DeactivatePerson, ErasePerson
from domain.commands.permissions import Role
from tests.api.auth.conftest import House, claims, house, key_of, public, raw, signed, trusting

NOW = int(time())


def refused(home: House, bearer: str) -> bool:
    response = home.ask(bearer)
    told = response.json().get("errors", [{}])[0].get("extensions")
    return (response.status_code, told) == (401, {"code": "UNAUTHENTICATED"})


# ── who is let in ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_whoever_the_issuer_names_is_let_in(home: House, algorithm: str) -> None:
    assert home.viewer(signed(algorithm)) == {"handle": "robot", "roles": ["LEAD"], "person": None}


def test_the_handle_claim_names_a_person(home: House) -> None:
    home.person("ada")
    assert home.viewer(signed(sub="ada")) == {"handle": "ada", "roles": ["LEAD"], "person": {"handle": "ada"}}


@pytest.mark.parametrize("verb", [DeactivatePerson, ErasePerson])
def test_who_is_not_here_any_more_is_not_let_in(home: House, verb: Any) -> None:
    person = home.person(f"left-{verb.__name__.lower()}")
    home.record(verb(person=person, reason="left"))
    assert refused(home, signed(sub=f"left-{verb.__name__.lower()}"))


def test_who_is_no_person_here_is_let_in_only_if_the_settings_say_so(home: House, server: str) -> None:
    assert refused(home, signed(sub="nobody-here"))
    with house(server, **trusting(_keys(home)), jwt_machines="*") as open_one:
        assert open_one.viewer(signed(sub="nobody-here"))["handle"] == "nobody-here"


def _keys(home: House) -> str:
    assert home.database.settings.jwt_jwks is not None
    return home.database.settings.jwt_jwks


@pytest.mark.parametrize(
    ("said", "roles"),
    [
        (["METRICS", "AUDITOR"], ["AUDITOR", "METRICS"]),
        ("AUDITOR offline_access", ["AUDITOR"]),
        (["ADMIN", 7, None, "admin", "uma_authorization"], ["ADMIN"]),
    ],
)
def test_roles_of_ours_are_taken_and_others_are_passed_over(home: House, said: Any, roles: list[str]) -> None:
    assert home.viewer(signed(roles=said))["roles"] == roles


@pytest.mark.parametrize("said", [None, [], "", "lead", {"LEAD": True}, 7, [["LEAD"]]])
def test_who_has_no_role_of_ours_is_not_let_in(home: House, said: Any) -> None:
    assert refused(home, signed(roles=said))


def test_claims_may_have_other_names_and_stand_inside_others(home: House, server: str) -> None:
    names = {"jwt_roles_claim": "realm_access.roles", "jwt_handle_claim": "https://keyframe.example/handle"}
    with house(server, **trusting(_keys(home)), **names, jwt_machines="shop") as other:
        said: dict[str, Any] = {
            "realm_access": {"roles": ["AUDITOR"]},
            "https://keyframe.example/handle": "shop",
            "roles": ["ADMIN"],
        }
        assert other.viewer(signed(**said)) == {"handle": "shop", "roles": ["AUDITOR"], "person": None}


@pytest.mark.parametrize("said", [None, "", 7, ["robot"], "a" * 300, "robot\n", "robot\0"])
def test_who_is_not_named_is_not_let_in(home: House, said: Any) -> None:
    header = json.dumps({"alg": "ES256", "kid": "one"}).encode()
    assert refused(home, raw(header, json.dumps(claims(sub=said)).encode()))


# ── when, by whom, for whom ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "said",
    [
        {"iss": "https://evil.example"},
        {"iss": "https://id.example/"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another", "keyframe2"]},
        {"aud": None},
        {"exp": NOW - 31},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": NOW + 3600},
        {"iat": NOW + 3600},
        {"nbf": "never"},
    ],
)
def test_what_is_said_by_another_or_to_another_or_at_another_time_lets_nobody_in(
    home: House, said: dict[str, Any]
) -> None:
    header = json.dumps({"alg": "ES256", "kid": "one"}).encode()
    assert refused(home, raw(header, json.dumps(claims(**said)).encode()))


@pytest.mark.parametrize("exp", ["1e400", "NaN", "Infinity", "[]", "true", "9" * 400])
def test_what_is_no_time_lets_nobody_in(home: House, exp: str) -> None:
    payload = json.dumps(claims(exp="EXP")).replace('"EXP"', exp).encode()
    assert refused(home, raw(b'{"alg": "ES256", "kid": "one"}', payload))


def test_the_issuers_clock_may_be_off_a_little(home: House) -> None:
    assert home.viewer(signed(exp=int(time()) - 5))
    assert home.viewer(signed(nbf=int(time()) + 5))


def test_one_of_several_audiences_may_be_ours(home: House) -> None:
    assert home.viewer(signed(aud=["another", "keyframe"]))


# ── forged ───────────────────────────────────────────────────────────────────────────────────────


def _unsigned(header: dict[str, Any], signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), json.dumps(claims()).encode(), signature)
    return b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts).decode()


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None, 7, ["ES256"], {"ES256": 1}, "ES256 "])
def test_a_token_that_nobody_signed_lets_nobody_in(home: House, alg: Any) -> None:
    assert refused(home, _unsigned({"alg": alg, "kid": "one"}))
    assert refused(home, _unsigned({"alg": alg, "kid": "one"}, b"signature"))


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_public_key_is_no_shared_secret(home: House, alg: str) -> None:
    key = key_of("RS256").public_key()
    for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1):
        secret = key.public_bytes(Encoding.PEM, form)
        header = urlsafe_b64encode(json.dumps({"alg": alg, "kid": "one"}).encode()).rstrip(b"=")
        told = header + b"." + urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=")
        mark = urlsafe_b64encode(hmac.digest(secret, told, f"sha{alg[2:]}")).rstrip(b"=")
        assert refused(home, (told + b"." + mark).decode())


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../../../etc/passwd"},
        {"kid": "/dev/null"},
        {"kid": "one' or '1'='1"},
        {"kid": "one\x00"},
        {"kid": "https://evil.example/keys"},
        {"kid": ""},
        {"kid": "x" * 1000},
        {"kid": 1},
        {"kid": ["one"]},
        {"kid": "one", "crit": ["exp"]},
        {"kid": "one", "crit": []},
        {"kid": "one", "b64": False, "crit": ["b64"]},
    ],
)
def test_no_header_leads_elsewhere(home: House, header: dict[str, Any]) -> None:
    told = json.dumps({"alg": "ES256", **header}).encode()
    assert refused(home, raw(told, json.dumps(claims()).encode()))


def test_a_key_that_comes_along_is_not_taken(home: House) -> None:
    mine = public("ES256", "one", "mallory")
    header = {"kid": "one", "jwk": mine, "jku": "https://evil.example/keys", "x5u": "https://evil.example/x5u"}
    assert refused(home, jwt.encode(claims(), key_of("ES256", "mallory"), "ES256", header))


def test_a_key_of_another_kind_verifies_nothing(home: House) -> None:
    assert refused(home, signed("RS384"))
    assert refused(home, signed("PS256"))


def test_what_was_changed_after_it_was_signed_lets_nobody_in(home: House) -> None:
    header, payload, signature = signed().split(".")
    other = urlsafe_b64encode(json.dumps(claims(roles=["ADMIN"])).encode()).decode().rstrip("=")
    assert refused(home, f"{header}.{other}.{signature}")
    assert refused(home, f"{header}.{payload}.{signature[:-4]}AAAA")
    assert refused(home, f"{header}.{payload}.")
    assert refused(home, f"{header}.{payload}.{'A' * 86}")


@pytest.mark.parametrize("twice", ['"roles": ["ADMIN"]', '"sub": "ada"', '"exp": 99999999999'])
def test_who_says_something_twice_is_not_let_in(home: House, twice: str) -> None:
    payload = json.dumps(claims())[:-1] + f", {twice}}}"
    assert refused(home, raw(b'{"alg": "ES256", "kid": "one"}', payload.encode()))


def test_a_header_that_says_something_twice_lets_nobody_in(home: House) -> None:
    assert refused(home, raw(b'{"alg": "none", "kid": "one", "alg": "ES256"}', json.dumps(claims()).encode()))


@pytest.mark.parametrize(
    "bearer",
    [
        "..",
        "a.b.c",
        "e30.e30.e30",
        "bnVsbA.bnVsbA.bnVsbA",
        "W10.W10.W10",
        "W1tbW1tb.W1tb.W1tb",
        "é.é.é",
        "a.b.c.d",
        "a" * (BEARER_LENGTH_MAX + 1),
        urlsafe_b64encode(b"[" * 9000).decode() + ".e30.e30",
        urlsafe_b64encode(b'{"a":' * 2000).decode() + ".e30.e30",
        urlsafe_b64encode(b"\xff\xfe").decode() + ".e30.e30",
    ],
)
def test_what_is_no_jwt_lets_nobody_in(home: House, bearer: str) -> None:
    response = home.http.get("/graphql", headers={b"authorization": f"Bearer {bearer}".encode()})
    assert response.status_code == 401


def test_a_deep_payload_lets_nobody_in(home: House) -> None:
    payload = json.dumps(claims())[:-1] + ', "deep": ' + "[" * 5000 + "]" * 5000 + "}"
    assert refused(home, raw(b'{"alg": "ES256", "kid": "one"}', payload.encode()))


def test_a_long_one_is_taken_as_far_as_a_token_may_go(home: House) -> None:
    assert home.viewer(signed(padding="x" * 11_000))
    assert refused(home, signed(padding="x" * 12_500))


# ── settings ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "HS384", "HS512", "RS256,HS256", "rs256", "RS1"])
def test_no_setting_allows_what_is_never_taken(algorithm: str) -> None:
    with pytest.raises(ValidationError, match="is not supported"):
        Settings(jwt_algorithms=algorithm)


@pytest.mark.parametrize(
    "where", ["http://id.example/keys", "ftp://id.example/keys", "http://localhost.evil.example/", "file:///etc/keys"]
)
def test_keys_do_not_come_by_a_way_that_others_can_write_to(where: str) -> None:
    with pytest.raises(ValidationError, match="https URL or a file"):
        Settings(jwt_issuer="a", jwt_audience="b", jwt_jwks=where)


@pytest.mark.parametrize("where", ["https://id.example/keys", "http://127.0.0.1:9/k", "http://[::1]:9/k", "/etc/keys"])
def test_keys_come_by_https_from_this_machine_or_from_a_file(where: str) -> None:
    assert Settings(jwt_issuer="a", jwt_audience="b", jwt_jwks=where).jwt_jwks == where


@pytest.mark.parametrize(
    "given",
    [
        {"jwt_issuer": "a"},
        {"jwt_audience": "b"},
        {"jwt_jwks": "/keys"},
        {"jwt_issuer": "a", "jwt_jwks": "/keys"},
        {"jwt_issuer": "a", "jwt_audience": "b"},
    ],
)
def test_issuer_audience_and_keys_are_named_together(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="set together"):
        Settings(**given)  # type: ignore[arg-type]


def test_without_an_issuer_no_jwt_is_taken(server: str) -> None:
    with house(server) as plain:
        assert refused(plain, signed())
        assert plain.viewer(plain.token(Role.LEAD))["handle"] == "robot"
