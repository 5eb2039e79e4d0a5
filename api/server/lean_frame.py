"""The frame of `/graphql`: the duties of all middleware in one function, for the requests that nearly all clients send.

Without it, a request would pass six middlewares and the router, each with wrappers of its own for receiving and
sending, which takes longer than the work of the endpoint. See docs/adr/0045.
"""

from collections.abc import Iterable
from typing import Any, Final

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from api.asgi.body_limit import BodyLimit, BodyTooLarge, BodyTooSlow
from api.asgi.connection_timeout import EncodedResponse
from api.asgi.cross_origin import CrossOrigin
from api.asgi.host_check import HostCheck
from api.auth.authentication_middleware import AuthenticationMiddleware
from api.console.browser_pages import BrowserPages
from api.graphql_http.endpoint import AnyResponse, Endpoint
from api.observability.request_log import Observed, RequestLogMiddleware, identify
from api.server.middleware import failure_response

PATH: Final = "/graphql"
_METHODS: Final = frozenset({"GET", "POST"})


class LeanFrame:
    """Serves GET and POST of `/graphql` by the rules of these middlewares, in their order. The middleware of `app`
    serves all else.

    Each duty is a method of its middleware, which is built here from the same arguments. Raises `LookupError` for a
    middleware whose duty the frame does not know.
    """

    def __init__(self, app: Starlette, middleware: Iterable[Middleware], endpoint: Endpoint) -> None:
        duties: dict[Any, Any] = {one.cls: one.cls(self._behind_cors, *one.args, **one.kwargs) for one in middleware}
        self._app = app
        self._stack = app.build_middleware_stack()
        self._endpoint = endpoint
        self._log: RequestLogMiddleware = duties.pop(RequestLogMiddleware)
        self._hosts: HostCheck = duties.pop(HostCheck)
        self._authentication: AuthenticationMiddleware = duties.pop(AuthenticationMiddleware)
        self._bodies: BodyLimit = duties.pop(BodyLimit)
        self._cors: CrossOrigin = duties.pop(CrossOrigin)
        self._pages: BrowserPages | None = duties.pop(BrowserPages, None)
        if duties:
            raise LookupError(f"The frame of {PATH} does not perform the duties of {', '.join(map(str, duties))}.")

    def serves(self, scope: Scope) -> bool:
        """Whether this frame serves a request, rather than the middleware."""
        return scope["type"] == "http" and scope["path"] == PATH and scope["method"] in _METHODS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self._app
        if not self.serves(scope):
            await self._stack(scope, receive, send)
            return
        request = IndexedRequest(scope, receive)
        identify(scope, request.headers)
        with Observed(self._log, scope, PATH, send) as observed:
            response: AnyResponse | None = self._hosts.rejection(request.headers)
            if response is None and self._cors.allow_origins:
                await self._cors(scope, receive, observed)
                return
            response = response or await self._response(request)
            if isinstance(response, EncodedResponse):
                await observed.respond(response)
            else:
                await response(scope, receive, observed)

    async def _behind_cors(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the CORS middleware, if the settings allow any origin."""
        response = await self._response(IndexedRequest(scope, receive))
        await response(scope, receive, send)

    async def _response(self, request: "IndexedRequest") -> AnyResponse:
        """Authenticate the request, read its body within limits, and have the endpoint respond."""
        try:
            is_public = request.scope["method"] == "GET" and self._authentication.is_public(request.scope)
            if not is_public and (rejection := await self._authentication.rejection(request)) is not None:
                return rejection if self._pages is None else self._pages.shown(request, rejection)
            request.arrived = self._bodies.arrived(request.scope)
            if request.arrived is None:
                request.receive = self._bodies.limited(request.scope, request.headers, request.receive)
            return await self._endpoint.respond(request)
        except (BodyTooLarge, BodyTooSlow) as error:
            return self._bodies.rejection(error)
        except Exception as error:  # noqa: BLE001 - the handlers log what they do not expect
            return await failure_response(request, error)


class IndexedRequest(Request):
    """A request with indexed headers: Starlette searches their list, and encodes the name, at each look-up.

    What is looked up often is an attribute here, and a property of Starlette's requests. `arrived`: its body, if all of
    it has arrived.
    """

    headers: Headers = None  # type: ignore[assignment]
    method: str = None  # type: ignore[assignment]
    receive: Receive = None  # type: ignore[assignment]

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.headers = IndexedHeaders(scope)
        self.method = scope["method"]
        self.receive = receive
        self.arrived: bytes | None = None

    async def body(self) -> bytes:
        """The whole body, to be read once. Raises `ClientDisconnect`."""
        if self.arrived is not None:
            return self.arrived
        parts, is_whole = [], False
        while not is_whole:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            is_whole = not message.get("more_body", False)
        return b"".join(parts)


class IndexedHeaders(Headers):
    """The headers of a request, whose `get` takes a name in lower case. Of several with one name it finds the first
    one, as in `Headers`."""

    def __init__(self, scope: Scope) -> None:
        self._list = scope["headers"] = list(scope["headers"])
        first: dict[str, str] = {}
        for name, value in reversed(self._list):
            first[name.decode("latin-1")] = value.decode("latin-1")
        self.get = first.get  # type: ignore[method-assign]
