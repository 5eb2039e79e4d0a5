"""An OpenID Connect issuer on loopback, with real keys, whose token endpoint verifies the client and PKCE."""

import json
from base64 import b64decode, urlsafe_b64encode
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from secrets import token_urlsafe
from time import time
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt

from tests.api.auth.conftest import key_of, public
from tests.api.auth.loopback_server import LoopbackServer, Quiet

CLIENT, SECRET = "keyframe-console", "a-secret-of-32-characters-or-so!"


class OpenIdIssuer(LoopbackServer):
    """Signs in whoever comes as `person`, unless told otherwise.

    `claims` override those of the next ID token (None leaves one out), `metadata` the published metadata, `refusal` is
    the error of the next way back, `token_answer` the whole answer of the token endpoint. While `is_down`, all is 500.
    """

    def __init__(self) -> None:
        self.person: dict[str, Any] = {"preferred_username": "ada", "roles": ["LEAD"]}
        self.claims: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.refusal: str | None = None
        self.token_answer: tuple[int, bytes] | None = None
        self.is_down = False
        self.key = "one"
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        issuer = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send(*issuer.get(self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                self._send(*issuer.token(body, self.headers.get("authorization", "")))

            def _send(self, status: int, body: bytes, location: str | None = None) -> None:
                self.send_response(500 if issuer.is_down else status)
                if location is not None:
                    self.send_header("location", location)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.start(Handler)
        self.url = self.address

    def settings(self, **overrides: Any) -> dict[str, Any]:
        """The settings of a server whose people sign in here."""
        return {"oidc_issuer": self.url, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET, **overrides}

    def published(self) -> dict[str, Any]:
        known = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/sign-out",
        }
        return {name: value for name, value in {**known, **self.metadata}.items() if value is not None}

    def get(self, path: str) -> tuple[int, bytes, str | None]:
        parts = urlsplit(path)
        self.asked.append(parts.path)
        if parts.path == "/authorize":
            return 302, b"", self.authorize(path)
        keys = {"keys": [public("RS256", self.key, self.key)]}
        found = {"/.well-known/openid-configuration": self.published(), "/keys": keys}.get(parts.path)
        return (404, b"", None) if found is None else (200, json.dumps(found).encode(), None)

    def authorize(self, address: str) -> str:
        """Sign the person in; the address to which the browser is sent back."""
        asked = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        answer = {"state": asked["state"]}
        if self.refusal is None:
            code = answer["code"] = token_urlsafe(16)
            self.codes[code] = asked
        else:
            answer["error"], self.refusal = self.refusal, None
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def token(self, body: str, authorization: str) -> tuple[int, bytes]:
        """The token endpoint."""
        self.asked.append("/token")
        if self.token_answer is not None:
            return self.token_answer
        given = {name: values[0] for name, values in parse_qs(body).items()}
        if not self._is_client(given, authorization):
            return 401, b'{"error": "invalid_client"}'
        asked = self.codes.pop(given["code"], None)
        if given["grant_type"] != "authorization_code" or asked is None or not self._fits(asked, given):
            return 400, b'{"error": "invalid_grant", "error_description": "used before\\r\\nTrace: 7"}'
        signed = self.id_token(asked["nonce"])
        return 200, json.dumps({"access_token": "x", "token_type": "Bearer", "id_token": signed}).encode()

    def id_token(self, nonce: str) -> str:
        now = int(time())
        good = {"iss": self.url, "aud": CLIENT, "sub": "7", "iat": now, "exp": now + 3600, "nonce": nonce}
        claims = {**good, **self.person, **self.claims}
        self.claims = {}
        known = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(known, key_of("RS256", self.key), "RS256", {"kid": self.key})

    def _is_client(self, given: dict[str, str], authorization: str) -> bool:
        basic = b64decode(authorization.removeprefix("Basic ")).decode()
        return basic == f"{CLIENT}:{SECRET}" or (given.get("client_id"), given.get("client_secret")) == (CLIENT, SECRET)

    def _fits(self, asked: dict[str, str], given: dict[str, str]) -> bool:
        digest = urlsafe_b64encode(sha256(given["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        return digest == asked["code_challenge"] and given["redirect_uri"] == asked["redirect_uri"]
