"""HTTP requests to the issuer of the settings, within limits of size and time, and without following redirects."""

from http.client import HTTPException, HTTPResponse
from time import monotonic
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

FETCH_SECONDS_MAX: Final = 5.0
BYTES_MAX: Final = 1 << 20
FAILURES: Final = (OSError, ValueError, HTTPException, RecursionError)
"""What a request, or reading its JSON, may raise."""


class _NoRedirect(HTTPRedirectHandler):
    """Follows no redirect: answers come only from the address in the settings."""

    def redirect_request(self, *_: Any) -> None:
        return None


def download(url: str) -> bytes:
    """The JSON at a URL. Raises `OSError`, `ValueError`, `HTTPException`."""
    request = Request(url, headers={"accept": "application/json"})  # noqa: S310 - the settings require https
    try:
        with _opener().open(request, timeout=FETCH_SECONDS_MAX) as response:
            return read_limited(response)
    except HTTPError as error:
        error.close()
        raise


def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """The status and the body of the answer to a POST, whatever its status. Raises `OSError`, `ValueError`,
    `HTTPException`."""
    request = Request(url, body, headers)  # noqa: S310 - the metadata of the issuer requires https
    try:
        with _opener().open(request, timeout=FETCH_SECONDS_MAX) as response:
            return response.status, read_limited(response)
    except HTTPError as error:
        with error:
            return error.code, read_limited(error)


def read_limited(response: "HTTPResponse | HTTPError") -> bytes:
    """The body of a response, within limits of size and time. Raises `ValueError`, `TimeoutError`."""
    deadline = monotonic() + FETCH_SECONDS_MAX
    text = b""
    while chunk := response.read1(BYTES_MAX):
        text += chunk
        if len(text) > BYTES_MAX:
            raise ValueError(f"the answer exceeds {BYTES_MAX} bytes")
        if monotonic() > deadline:
            raise TimeoutError(f"the answer took more than {FETCH_SECONDS_MAX} s")
    return text


def _opener() -> OpenerDirector:
    return build_opener(_NoRedirect)
