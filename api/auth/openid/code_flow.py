"""The authorization code flow with PKCE (OpenID Connect Core 1.0, 3.1): the way to the issuer, and its answer.

Authlib composes the requests of OAuth 2.0. The ID token is verified as JWTs of the API are. See docs/adr/0065.
"""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import orjson
from anyio import CapacityLimiter, to_thread

from api.auth.api_tokens import THREADS
from api.auth.authentication import AuthBackendUnavailable, AuthenticationFailed
from api.auth.issuer_requests import FAILURES, post
from api.auth.openid.issuer import Issuer, Metadata
from api.auth.openid.pending import Pending, Seal
from api.auth.openid.sign_in_problem import SignInCode, SignInProblem
from api.auth.signed_claims import ClaimsInvalid, SignedClaims
from api.runtime.issuer_settings import SECRET_LENGTH_MIN
from api.runtime.settings import Settings

CODE_LENGTH_MAX: Final = 4096

_DENIED: Final = frozenset({"access_denied", "consent_required", "login_required", "interaction_required"})
_UNAVAILABLE: Final = frozenset({"server_error", "temporarily_unavailable"})
_CLIENT: Final = frozenset({"invalid_client", "unauthorized_client", "redirect_uri_mismatch"})
_FAULTS: Final = {
    "ExpiredSignatureError": SignInCode.ANSWER_EXPIRED,
    "ImmatureSignatureError": SignInCode.ANSWER_EXPIRED,
    "InvalidIssuerError": SignInCode.ANSWER_OF_ANOTHER_ISSUER,
    "InvalidAudienceError": SignInCode.ANSWER_OF_ANOTHER_CLIENT,
}
"""The codes of the library's errors; any other is `ANSWER_INVALID`."""


class ClientSecretUnusable(Exception):
    """The file with the client secret cannot be read, or its secret is too short."""


def code_flow_of(settings: Settings) -> "CodeFlow | None":
    """The flow of these settings; None if people do not sign in by an issuer. Raises `ClientSecretUnusable`."""
    if settings.oidc_issuer is None:
        return None
    secret = settings.oidc_client_secret
    if secret is not None:
        return CodeFlow(settings, secret.get_secret_value())
    assert settings.oidc_client_secret_file is not None
    try:
        text = settings.oidc_client_secret_file.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise ClientSecretUnusable(f"KEYFRAME_OIDC_CLIENT_SECRET_FILE cannot be read: {error}.") from error
    if len(text) < SECRET_LENGTH_MIN:
        raise ClientSecretUnusable(
            f"KEYFRAME_OIDC_CLIENT_SECRET_FILE has a secret of less than {SECRET_LENGTH_MIN} characters."
        )
    return CodeFlow(settings, text)


class CodeFlow:
    """Signs people in by the issuer of the settings. `secret`: that of the client."""

    def __init__(self, settings: Settings, secret: str) -> None:
        assert settings.oidc_issuer is not None
        assert settings.oidc_client_id is not None
        self.issuer = Issuer(settings.oidc_issuer)
        self._settings = settings
        self._client_id = settings.oidc_client_id
        self._secret = secret
        self.seal = Seal(secret, settings.oidc_issuer, self._client_id)
        self._threads = CapacityLimiter(THREADS)

    @property
    def host(self) -> str:
        """The host name of the issuer, by which people know it."""
        return urlsplit(self.issuer.url).hostname or self.issuer.url

    async def begin(self, redirect_uri: str, to: str) -> tuple[str, Pending]:
        """The address of the issuer to which the browser goes, and what its answer must fit. Raises `SignInProblem`."""
        metadata = await self.issuer.metadata()
        pending = Pending.begin(redirect_uri, to)
        address, _ = self._client(metadata, redirect_uri).create_authorization_url(
            metadata.authorization_endpoint, pending.state, pending.verifier, nonce=pending.nonce
        )
        return str(address), pending

    async def claims(self, answer: Sequence[tuple[str, str]], pending: Pending) -> dict[str, Any]:
        """The claims of the person whom the issuer has authenticated in answer to a pending sign-in.

        `answer`: the parameters with which the issuer sent the browser back. Raises `SignInProblem`.
        """
        metadata = await self.issuer.metadata()
        given = dict(answer)
        code = _code(given if len(given) == len(answer) else {}, pending, metadata)  # RFC 6749, 3.1: none twice
        token = await to_thread.run_sync(self._exchange, metadata, code, pending, limiter=self._threads)
        return await self._verified(token, pending, metadata)

    def sign_out_address(self, back: str) -> str | None:
        """Where a person may sign out at the issuer, who then returns to `back` (OpenID Connect RP-Initiated Logout
        1.0); None if the issuer does not offer it, or is not known yet."""
        address = None if self.issuer.known is None else self.issuer.known.end_session_endpoint
        if address is None:
            return None
        separator = "&" if "?" in address else "?"
        given = {"client_id": self._client_id, "post_logout_redirect_uri": back}
        return f"{address}{separator}{urlencode(given)}"

    def _exchange(self, metadata: Metadata, code: str, pending: Pending) -> str:
        """The ID token for a code. Raises `SignInProblem`."""
        from authlib.oauth2 import OAuth2Error  # noqa: PLC0415 - takes 25 ms, where people sign in by an issuer

        client = self._client(metadata, pending.redirect_uri)
        try:
            answer = client.fetch_token(metadata.token_endpoint, code=code, code_verifier=pending.verifier)
        except OAuth2Error as error:
            raise _refused(str(error.error)) from None
        except FAILURES as error:
            reason = f"the token endpoint does not answer: {type(error).__name__}"
            raise SignInProblem(SignInCode.ISSUER_UNAVAILABLE, reason) from None
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise SignInProblem(SignInCode.ANSWER_INVALID, "the token endpoint answered without an ID token")
        return token

    def _client(self, metadata: Metadata, redirect_uri: str) -> Any:
        from authlib.oauth2.client import OAuth2Client  # noqa: PLC0415 - as above

        methods = metadata.token_endpoint_auth_methods_supported
        return OAuth2Client(
            _Requests(),
            self._client_id,
            self._secret,
            "client_secret_post" if "client_secret_basic" not in methods else "client_secret_basic",
            scope=self._settings.oidc_scopes,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )

    async def _verified(self, token: str, pending: Pending, metadata: Metadata) -> dict[str, Any]:
        """The claims of an ID token (OpenID Connect Core 1.0, 3.1.3.7). Raises `SignInProblem`."""
        reader = SignedClaims(self._settings, self.issuer.keys, metadata.issuer, self._client_id)
        try:
            claims = await reader.read(token)
        except ClaimsInvalid as invalid:
            code = _FAULTS.get(invalid.fault.__name__, SignInCode.ANSWER_INVALID)
            raise SignInProblem(code, str(invalid)) from None
        except AuthenticationFailed as invalid:
            raise SignInProblem(SignInCode.ANSWER_INVALID, str(invalid)) from None
        except AuthBackendUnavailable as missing:
            raise SignInProblem(SignInCode.ISSUER_UNAVAILABLE, str(missing)) from None
        _check_binding(claims, pending, self._client_id)
        return claims


class _Requests:
    """The session with which Authlib sends its requests: ours, with our limits."""

    def post(self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> "_Answer":
        address, given, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return _Answer(*post(address, body.encode(), given))


class _Answer:
    """An answer as Authlib reads it."""

    def __init__(self, status_code: int, body: bytes) -> None:
        self.status_code = status_code
        self._body = body

    def json(self) -> Any:
        """The members that a sign-in needs: Authlib raises for descriptions and lifetimes as some issuers write
        them."""
        content = orjson.loads(self._body)
        if not isinstance(content, dict):
            return content
        return {name: content[name] for name in ("error", "id_token") if content.get(name) is not None}

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise ValueError(f"the issuer answered {self.status_code}")


def _code(answer: Mapping[str, str], pending: Pending, metadata: Metadata) -> str:
    """The code of an answer that fits the pending sign-in. Raises `SignInProblem`."""
    if not hmac.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
        raise SignInProblem(SignInCode.SIGN_IN_NOT_BEGUN, "the state of the answer is not that of this browser")
    issuer = answer.get("iss", None if metadata.authorization_response_iss_parameter_supported else metadata.issuer)
    if issuer != metadata.issuer:  # RFC 9207
        raise SignInProblem(SignInCode.ANSWER_OF_ANOTHER_ISSUER, "the answer is of another issuer")
    if "error" in answer:
        raise _refused(answer["error"])
    code = answer.get("code", "")
    if not 0 < len(code) <= CODE_LENGTH_MAX:
        raise SignInProblem(SignInCode.ISSUER_ERROR, "the issuer answered with neither a code nor an error")
    return code


def _refused(error: str) -> SignInProblem:
    """The problem that an error code of OAuth 2.0 (RFC 6749, 4.1.2.1 and 5.2) means."""
    shown = error if error.isascii() and error.replace("_", "").isalnum() and len(error) <= 64 else "of another form"
    reason = f"the issuer answered with the error {shown}"
    if error in _DENIED:
        return SignInProblem(SignInCode.SIGN_IN_DENIED, reason)
    if error in _UNAVAILABLE:
        return SignInProblem(SignInCode.ISSUER_UNAVAILABLE, reason)
    if error in _CLIENT:
        return SignInProblem(SignInCode.CLIENT_REJECTED, reason)
    return SignInProblem(SignInCode.CODE_REJECTED if error == "invalid_grant" else SignInCode.ISSUER_ERROR, reason)


def _check_binding(claims: Mapping[str, Any], pending: Pending, client_id: str) -> None:
    """Raise `SignInProblem` for an ID token that was issued to another client or in another sign-in."""
    audience, party = claims["aud"], claims.get("azp")
    if party not in (None, client_id) or (party is None and isinstance(audience, list) and len(audience) > 1):
        raise SignInProblem(SignInCode.ANSWER_OF_ANOTHER_CLIENT, "the ID token was issued to another client")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), pending.nonce.encode()):
        raise SignInProblem(SignInCode.ANSWER_OF_ANOTHER_SIGN_IN, "the nonce of the ID token is another one")
    if not isinstance(claims.get("sub"), str):
        raise SignInProblem(SignInCode.ANSWER_INVALID, "the ID token has no subject")
