"""JWTs: accepted only from the configured issuer, for our audience, within their validity, with a valid signature."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
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
from tests.api.auth.conftest import AppServer, claims, key_of, public, raw, running_app_server, signed, trusting
from tests.api.frames import BOTH_FRAMES

pytestmark = BOTH_FRAMES

NOW = int(time())


def refused(app_server: AppServer, bearer: str) -> bool:
    response = app_server.ask(bearer)
    signing_input = response.json().get("errors", [{}])[0].get("extensions")
    return (response.status_code, signing_input) == (401, {"code": "UNAUTHENTICATED"})


# ── subjects and roles ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_jwt_of_the_issuer_is_accepted(app_server: AppServer, algorithm: str) -> None:
    assert app_server.viewer(signed(algorithm)) == {"handle": "robot", "roles": ["LEAD"], "person": None}


def test_handle_claim_selects_the_person(app_server: AppServer) -> None:
    app_server.person("ada")
    assert app_server.viewer(signed(sub="ada")) == {"handle": "ada", "roles": ["LEAD"], "person": {"handle": "ada"}}


@pytest.mark.parametrize("verb", [DeactivatePerson, ErasePerson])
def test_jwt_of_a_deactivated_or_erased_person_is_refused(app_server: AppServer, verb: Any) -> None:
    person = app_server.person(f"left-{verb.__name__.lower()}")
    app_server.execute(verb(person=person, reason="left"))
    assert refused(app_server, signed(sub=f"left-{verb.__name__.lower()}"))


def test_jwt_of_an_unknown_subject_needs_the_jwt_machines_setting(app_server: AppServer, server: str) -> None:
    assert refused(app_server, signed(sub="nobody-here"))
    with running_app_server(server, **trusting(_keys(app_server)), jwt_machines="*") as open_one:
        assert open_one.viewer(signed(sub="nobody-here"))["handle"] == "nobody-here"


def _keys(app_server: AppServer) -> str:
    assert app_server.database.settings.jwt_jwks is not None
    return app_server.database.settings.jwt_jwks


@pytest.mark.parametrize(
    ("overrides", "roles"),
    [
        (["METRICS", "AUDITOR"], ["AUDITOR", "METRICS"]),
        ("AUDITOR offline_access", ["AUDITOR"]),
        (["ADMIN", 7, None, "admin", "uma_authorization"], ["ADMIN"]),
    ],
)
def test_unknown_roles_in_a_jwt_are_ignored(app_server: AppServer, overrides: Any, roles: list[str]) -> None:
    assert app_server.viewer(signed(roles=overrides))["roles"] == roles


@pytest.mark.parametrize("overrides", [None, [], "", "lead", {"LEAD": True}, 7, [["LEAD"]]])
def test_jwt_without_a_known_role_is_refused(app_server: AppServer, overrides: Any) -> None:
    assert refused(app_server, signed(roles=overrides))


def test_claim_names_are_configurable_and_may_be_nested(app_server: AppServer, server: str) -> None:
    names = {"jwt_roles_claim": "realm_access.roles", "jwt_handle_claim": "https://keyframe.example/handle"}
    with running_app_server(server, **trusting(_keys(app_server)), **names, jwt_machines="shop") as other:
        overrides: dict[str, Any] = {
            "realm_access": {"roles": ["AUDITOR"]},
            "https://keyframe.example/handle": "shop",
            "roles": ["ADMIN"],
        }
        assert other.viewer(signed(**overrides)) == {"handle": "shop", "roles": ["AUDITOR"], "person": None}


@pytest.mark.parametrize("overrides", [None, "", 7, ["robot"], "a" * 300, "robot\n", "robot\0"])
def test_jwt_without_a_valid_subject_is_refused(app_server: AppServer, overrides: Any) -> None:
    header = json.dumps({"alg": "ES256", "kid": "one"}).encode()
    assert refused(app_server, raw(header, json.dumps(claims(sub=overrides)).encode()))


# ── issuer, audience and validity ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "overrides",
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
def test_jwt_with_wrong_issuer_audience_or_time_is_refused(app_server: AppServer, overrides: dict[str, Any]) -> None:
    header = json.dumps({"alg": "ES256", "kid": "one"}).encode()
    assert refused(app_server, raw(header, json.dumps(claims(**overrides)).encode()))


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("write", [str, lambda time: f" {time} ", lambda time: f"{time}"[:1] + "_" + f"{time}"[1:]])
def test_jwt_whose_time_is_a_string_of_digits_is_refused(
    app_server: AppServer, name: str, write: Callable[[int], str]
) -> None:
    time_claim = NOW + 600 if name == "exp" else NOW - 600
    valid: dict[str, Any] = {name: time_claim}
    assert app_server.viewer(signed(**valid))
    assert refused(
        app_server, raw(b'{"alg": "ES256", "kid": "one"}', json.dumps(claims(**{name: write(time_claim)})).encode())
    )


def test_jwt_whose_time_is_a_boolean_is_refused(app_server: AppServer) -> None:
    assert refused(app_server, raw(b'{"alg": "ES256", "kid": "one"}', json.dumps(claims(nbf=True)).encode()))


def test_jwt_with_a_fraction_of_a_second_is_accepted(app_server: AppServer) -> None:
    assert app_server.viewer(signed(exp=NOW + 600.5))


@pytest.mark.parametrize("exp", ["1e400", "NaN", "Infinity", "[]", "true", "9" * 400])
def test_jwt_with_an_invalid_expiry_is_refused(app_server: AppServer, exp: str) -> None:
    payload = json.dumps(claims(exp="EXP")).replace('"EXP"', exp).encode()
    assert refused(app_server, raw(b'{"alg": "ES256", "kid": "one"}', payload))


def test_small_clock_skew_is_accepted(app_server: AppServer) -> None:
    assert app_server.viewer(signed(exp=int(time()) - 5))
    assert app_server.viewer(signed(nbf=int(time()) + 5))


def test_audience_list_containing_ours_is_accepted(app_server: AppServer) -> None:
    assert app_server.viewer(signed(aud=["another", "keyframe"]))


# ── forged ────────────────────────────────────────────────────────────────────────────────────────


def _unsigned(header: dict[str, Any], signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), json.dumps(claims()).encode(), signature)
    return b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts).decode()


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None, 7, ["ES256"], {"ES256": 1}, "ES256 "])
def test_unsigned_jwt_is_refused(app_server: AppServer, alg: Any) -> None:
    assert refused(app_server, _unsigned({"alg": alg, "kid": "one"}))
    assert refused(app_server, _unsigned({"alg": alg, "kid": "one"}, b"signature"))


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_public_key_used_as_hmac_secret_is_refused(app_server: AppServer, alg: str) -> None:
    key = key_of("RS256").public_key()
    for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1):
        secret = key.public_bytes(Encoding.PEM, form)
        header = urlsafe_b64encode(json.dumps({"alg": alg, "kid": "one"}).encode()).rstrip(b"=")
        signing_input = header + b"." + urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=")
        mark = urlsafe_b64encode(hmac.digest(secret, signing_input, f"sha{alg[2:]}")).rstrip(b"=")
        assert refused(app_server, (signing_input + b"." + mark).decode())


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
def test_hostile_jwt_headers_are_refused(app_server: AppServer, header: dict[str, Any]) -> None:
    signing_input = json.dumps({"alg": "ES256", **header}).encode()
    assert refused(app_server, raw(signing_input, json.dumps(claims()).encode()))


def test_key_embedded_in_the_jwt_is_ignored(app_server: AppServer) -> None:
    mine = public("ES256", "one", "mallory")
    header = {"kid": "one", "jwk": mine, "jku": "https://evil.example/keys", "x5u": "https://evil.example/x5u"}
    assert refused(app_server, jwt.encode(claims(), key_of("ES256", "mallory"), "ES256", header))


def test_algorithms_outside_the_setting_are_refused(app_server: AppServer) -> None:
    assert refused(app_server, signed("RS384"))
    assert refused(app_server, signed("PS256"))


def test_tampered_jwt_is_refused(app_server: AppServer) -> None:
    header, payload, signature = signed().split(".")
    other = urlsafe_b64encode(json.dumps(claims(roles=["ADMIN"])).encode()).decode().rstrip("=")
    assert refused(app_server, f"{header}.{other}.{signature}")
    assert refused(app_server, f"{header}.{payload}.{signature[:-4]}AAAA")
    assert refused(app_server, f"{header}.{payload}.")
    assert refused(app_server, f"{header}.{payload}.{'A' * 86}")


@pytest.mark.parametrize("twice", ['"roles": ["ADMIN"]', '"sub": "ada"', '"exp": 99999999999'])
def test_duplicate_claim_is_refused(app_server: AppServer, twice: str) -> None:
    payload = json.dumps(claims())[:-1] + f", {twice}}}"
    assert refused(app_server, raw(b'{"alg": "ES256", "kid": "one"}', payload.encode()))


def test_duplicate_jwt_header_is_refused(app_server: AppServer) -> None:
    assert refused(app_server, raw(b'{"alg": "none", "kid": "one", "alg": "ES256"}', json.dumps(claims()).encode()))


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
def test_malformed_jwt_is_refused(app_server: AppServer, bearer: str) -> None:
    response = app_server.http.get("/graphql", headers={b"authorization": f"Bearer {bearer}".encode()})
    assert response.status_code == 401


def test_deeply_nested_payload_is_refused(app_server: AppServer) -> None:
    payload = json.dumps(claims())[:-1] + ', "deep": ' + "[" * 5000 + "]" * 5000 + "}"
    assert refused(app_server, raw(b'{"alg": "ES256", "kid": "one"}', payload.encode()))


def test_jwt_is_accepted_up_to_the_length_limit(app_server: AppServer) -> None:
    assert app_server.viewer(signed(padding="x" * 11_000))
    assert refused(app_server, signed(padding="x" * 12_500))


# ── settings ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "HS384", "HS512", "RS256,HS256", "rs256", "RS1"])
def test_setting_refuses_unsafe_algorithms(algorithm: str) -> None:
    with pytest.raises(ValidationError, match="is not supported"):
        Settings(jwt_algorithms=algorithm)


@pytest.mark.parametrize(
    "where", ["http://id.example/keys", "ftp://id.example/keys", "http://localhost.evil.example/", "file:///etc/keys"]
)
def test_setting_refuses_insecure_jwks_locations(where: str) -> None:
    with pytest.raises(ValidationError, match="https URL or a file"):
        Settings(jwt_issuer="a", jwt_audience="b", jwt_jwks=where)


@pytest.mark.parametrize("where", ["https://id.example/keys", "http://127.0.0.1:9/k", "http://[::1]:9/k", "/etc/keys"])
def test_setting_accepts_jwks_over_https_loopback_or_a_file(where: str) -> None:
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
def test_issuer_audience_and_keys_must_be_set_together(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="set together"):
        Settings(**given)  # type: ignore[arg-type]


def test_without_an_issuer_every_jwt_is_refused(server: str) -> None:
    with running_app_server(server) as plain:
        assert refused(plain, signed())
        assert plain.viewer(plain.token(Role.LEAD))["handle"] == "robot"
