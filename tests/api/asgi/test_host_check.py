"""Which Host headers are accepted."""

import pytest
from starlette.datastructures import Headers

from api.asgi.host_check import HostCheck

CHECK = HostCheck(lambda *_: None, ["goals.example.org"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "host",
    ["goals.example.org", "Goals.Example.org:8443", "goals.example.org.", "localhost:8000", "127.0.0.1", "[::1]:80"],
)
def test_known_host_is_accepted(host: str) -> None:
    assert CHECK.rejection(Headers({"host": host})) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "", "localhost:8000@evil.example", "localhost/evil.example", "localhost:evil", "[::1", "[::1]x",
        "localhost evil.example", "goals.example.org:443:1", "localhost:123456", "localhost#", "user@localhost",
    ],
)  # fmt: skip
def test_unknown_host_and_header_of_another_form_are_rejected(host: str) -> None:
    rejection = CHECK.rejection(Headers({"host": host}))
    assert rejection is not None
    assert rejection.status_code == 421
