"""A request whose headers are indexed: Starlette searches their list, and encodes the name, for each lookup."""

from typing import Any

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope


class IndexedHeaders(Headers):
    """The headers of a request. Of several with one name, the first one is found, as in `Headers`."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope=scope)
        self._first = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(self._list)}

    def __getitem__(self, key: str) -> str:
        return self._first[key.lower()]

    def __contains__(self, key: Any) -> bool:
        return key.lower() in self._first

    def get(self, key: str, default: Any = None) -> Any:
        return self._first.get(key.lower(), default)


class IndexedRequest(Request):
    """A request over HTTP with indexed headers. `receive` may be replaced until the body is read."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        self._headers = IndexedHeaders(scope)

    async def body(self) -> bytes:
        """The whole body. Raises `ClientDisconnect`."""
        parts, is_whole = [], False
        while not is_whole:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            is_whole = not message.get("more_body", False)
        return b"".join(parts)

    @property
    def receive(self) -> Receive:
        return self._receive

    @receive.setter
    def receive(self, receive: Receive) -> None:
        self._receive = receive
