"""GraphQL over WebSocket, by the graphql-transport-ws protocol.

strawberry implements the protocol; this module adds authentication, validation of messages, internal errors, and a
timeout for clients that do not read. See docs/adr/0014 and 0017.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from typing import Annotated, Any, Final, Literal, TypeAlias, cast

import msgspec
import structlog
from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.async_base_view import AsyncBaseHTTPView
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    PingMessage,
    SubscribeMessage,
)

from api.auth.authentication import (
    BEARER_LENGTH_MAX,
    RATE_LIMITED,
    UNAUTHENTICATED_CALLER,
    AuthBackendUnavailable,
    AuthenticationFailed,
    RateLimited,
)
from api.auth.authentication_middleware import address, log_rejection
from api.execution.context import Context
from api.execution.subscription_hub import TOO_MANY
from api.execution.variable_limits import VALUES_MAX
from api.graphql_http.persisted_documents import PersistedDocuments
from domain.primitives.decoding import prepared

UNAUTHORIZED: Final = 4401
"""Close code: not authenticated."""
FORBIDDEN: Final = 4403
"""Close code: authentication failed, or the token is no longer valid."""
TRY_AGAIN_LATER: Final = 1013
"""Close code: try again later."""
INTERNAL_ERROR: Final = 4500
"""Close code: internal error."""
CLOSE_SECONDS_MAX: Final = 1.0
"""How long the close frame may take to be sent."""
UNAUTHENTICATED_LENGTH_MAX: Final = 2 * BEARER_LENGTH_MAX
"""The maximum length of a message before authentication: enough for a token."""
REASON_BYTES_MAX: Final = 120
"""Bytes of the reason in a close frame."""

_log = structlog.get_logger(__name__)

# ── messages of the client ───────────────────────────────────────────────────────────────────────

Id: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class _Message(msgspec.Struct, tag_field="type"):
    pass


class _Init(_Message, tag="connection_init"):
    payload: dict[str, Any] | None = None


class _Ping(_Message, tag="ping"):
    payload: dict[str, Any] | None = None


class _Pong(_Message, tag="pong"):
    payload: dict[str, Any] | None = None


class _Operation(msgspec.Struct, rename="camel"):
    query: str | None = None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None
    document_id: str | None = None

    def __post_init__(self) -> None:
        if self.query is None and self.document_id is None and "persistedQuery" not in (self.extensions or {}):
            raise ValueError("query, documentId or persistedQuery is required")


class _Subscribe(_Message, tag="subscribe"):
    id: Id
    payload: _Operation


class _Complete(_Message, tag="complete"):
    id: Id


_ClientMessage: TypeAlias = _Init | _Ping | _Pong | _Subscribe | _Complete
prepared(_ClientMessage)


# ── transport ────────────────────────────────────────────────────────────────────────────────────


class TimeoutWebSocketAdapter(ASGIWebSocketAdapter):
    """A WebSocket with text frames that is closed if one write takes longer than `write_timeout_s` of the view."""

    def __init__(self, view: AsyncBaseHTTPView[Any, Any, Any, Any, Any, Any, Any], _: WebSocket, ws: WebSocket) -> None:
        super().__init__(view, ws, ws)
        self.is_cut_off = False
        self._write_timeout_s: float = view.write_timeout_s  # type: ignore[attr-defined]
        self._reader = asyncio.current_task()

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        """The messages of the client; the event loop runs between two of them. Raises `NonJsonMessageReceived`, also
        for a message that would take too long to parse."""
        try:
            while self.ws.application_state is not WebSocketState.DISCONNECTED:
                text = await self.ws.receive_text()
                await asyncio.sleep(0)
                try:
                    self._reject_oversized(text)
                    message = self.view.decode_json(text)
                except (ValueError, NonJsonMessageReceived) as error:
                    if not ignore_parsing_errors:
                        raise NonJsonMessageReceived from error
                else:
                    yield message
        except KeyError as error:
            raise NonTextMessageReceived from error
        except WebSocketDisconnect:
            pass

    def _reject_oversized(self, text: str) -> None:
        is_unauthenticated = self.ws.state.caller is UNAUTHENTICATED_CALLER
        if (is_unauthenticated and len(text) > UNAUTHENTICATED_LENGTH_MAX) or text.count("[") + text.count(
            "{"
        ) > VALUES_MAX:
            raise NonJsonMessageReceived

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send a message. Raises `WebSocketDisconnected` if the client is gone or does not read."""
        if self.ws.application_state is not WebSocketState.CONNECTED:
            raise WebSocketDisconnected
        try:
            async with asyncio.timeout(self._write_timeout_s):
                await self.ws.send_text(self.view.encode_json_string(message))
        except TimeoutError:
            self._cut_off()
            raise WebSocketDisconnected from None
        except WebSocketDisconnect:
            raise WebSocketDisconnected from None

    async def close(self, code: int, reason: str) -> None:
        if self.ws.application_state is WebSocketState.CONNECTED:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS_MAX):
                    await super().close(code, reason)

    def _cut_off(self) -> None:
        """Log the timeout, and stop reading as well."""
        if not self.is_cut_off:
            _log.warning("subscriber_cut_off", over="websocket", seconds=self._write_timeout_s)
            self.is_cut_off = True
            if self._reader is not None and self._reader is not asyncio.current_task():
                self._reader.cancel()


# ── protocol ─────────────────────────────────────────────────────────────────────────────────────


class WebSocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """Handles the messages of one connection."""

    async def handle(self) -> None:
        try:
            await super().handle()
        except asyncio.CancelledError:
            if not self._is_cut_off:
                raise
        except Exception as error:  # noqa: BLE001 - the client gets a close code
            await self.handle_task_exception(error)

    # ── authentication ───────────────────────────────────────────────────────────────────────────

    @property
    def _connection(self) -> WebSocket:
        """The connection, with the headers of the handshake and the state that the middleware set."""
        connection: WebSocket = self.websocket.ws  # type: ignore[attr-defined]
        return connection

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        if self.connection_init_received or await self._authenticate(message.get("payload")):
            self._connection.state.opened.speaks()
            await super().handle_connection_init(message)

    async def _authenticate(self, payload: object) -> bool:
        """Authenticate by the handshake or by `connection_init`; close the connection and return False on failure."""
        connection, state = self._connection, self._connection.state
        sent = _authorization(payload)
        if not (sent or state.is_rejected or state.caller is UNAUTHENTICATED_CALLER):
            return True
        credentials = {*sent, *connection.headers.getlist("authorization")}
        if state.is_rejected and not credentials:  # the session of the handshake has ended
            return await self._close(FORBIDDEN, "Forbidden")
        try:
            authenticated = await state.authenticators.authenticate(credentials, address(connection))
        except AuthenticationFailed as reason:
            log_rejection(reason, connection)
            return await self._close(FORBIDDEN, "Forbidden")
        except (RateLimited, AuthBackendUnavailable):
            return await self._close(TRY_AGAIN_LATER, "Try again in a moment")
        if authenticated is None:
            return await self._close(UNAUTHORIZED, "Unauthorized")
        state.caller, state.open_scope = authenticated
        self.context = await self.view.get_context(connection, connection)
        return True

    async def _close(self, code: int, reason: str) -> Literal[False]:
        await self.websocket.close(code, reason)
        return False

    async def handle_ping(self, message: PingMessage) -> None:
        if self._connection.state.caller is UNAUTHENTICATED_CALLER:
            await self.websocket.close(UNAUTHORIZED, "Unauthorized")
        else:
            await super().handle_ping(message)

    @property
    def _is_cut_off(self) -> bool:
        return isinstance(self.websocket, TimeoutWebSocketAdapter) and self.websocket.is_cut_off

    async def handle_message(self, message: Message) -> None:
        try:
            msgspec.convert(message, _ClientMessage)
        except msgspec.ValidationError as error:
            reason = f"Invalid message: {error}".encode()[:REASON_BYTES_MAX]
            await self.handle_invalid_message(reason.decode(errors="ignore"))
            return
        present: Any = {name: value for name, value in message.items() if value is not None}
        await super().handle_message(present)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        state = self._connection.state
        if self.connection_acknowledged:
            scope = self.context.scope
            if scope is not None and await scope.has_ended():
                await self.websocket.close(FORBIDDEN, "Forbidden")
                return
            try:
                state.authenticators.spend(state.caller)
            except RateLimited as limited:
                await self._reject(message, limited.message, code=RATE_LIMITED, retryAfter=limited.seconds)
                return
        limit = self.max_subscriptions_per_connection
        if self.connection_acknowledged and message["id"] not in self.operations and len(self.operations) == limit:
            await self._reject(
                message, f"A connection may run {limit} operations at once; complete one first.", code=TOO_MANY
            )
            return
        payload: dict[str, Any] = {**message["payload"]}
        if self.connection_acknowledged:
            try:
                payload["query"] = self._document_text(payload)
            except GraphQLError as error:
                await self._reject(message, error.message, **error.extensions or {})
                return
        await super().handle_subscribe(cast("SubscribeMessage", {**message, "payload": payload}))

    def _document_text(self, payload: dict[str, Any]) -> str | None:
        """The text of the document. Raises `GraphQLError`."""
        documents: PersistedDocuments = self.view.documents  # type: ignore[attr-defined]
        return documents.text(payload.get("query"), payload.get("extensions"), payload.get("documentId"))

    async def _reject(self, message: SubscribeMessage, text: str, **extensions: object) -> None:
        """Send the error of an operation that does not start; the others continue."""
        error = GraphQLError(text, extensions=extensions)
        await self.send_message({"id": message["id"], "type": "error", "payload": [error.formatted]})

    async def handle_task_exception(self, error: Exception) -> None:
        """Log an internal error and close the connection. A disconnected client is not an error."""
        if not isinstance(error, WebSocketDisconnected):
            _log.error("connection_failed", exc_info=error)
            await self.websocket.close(INTERNAL_ERROR, "Internal error")

    @staticmethod
    def _get_pre_execution_close_reason(_: GraphQLError) -> None:
        """None: a syntax error ends the operation, not the connection."""


def _authorization(payload: object) -> list[str]:
    """The Authorization values in the payload of `connection_init`, in either spelling."""
    fields = payload if isinstance(payload, dict) else {}
    return [str(fields[name]) for name in ("authorization", "Authorization") if fields.get(name) is not None]
