"""The answer of a server that is not ready yet."""

import socket
from contextlib import AbstractContextManager
from typing import Final

import uvicorn
from starlette.types import Receive, Scope, Send

from api.asgi.error_response import unavailable_response
from api.server.background import serving_in_background

STARTING: Final = "STARTING"
REFRESH_SECONDS: Final = 2
"""After how long a browser requests the page again."""


def answering_starting(listener: socket.socket, message: str) -> AbstractContextManager[None]:
    """Until the end of the block, answer every request on a listening socket with 503 and `STARTING`. Connections that
    arrive later wait for the server that accepts on the socket next."""

    async def starting(scope: Scope, receive: Receive, send: Send) -> None:
        response = unavailable_response(message, STARTING)
        response.headers.update({"refresh": str(REFRESH_SECONDS), "connection": "close"})
        await response(scope, receive, send)

    configuration = uvicorn.Config(
        starting,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        log_config=None,  # the format is that of `api.runtime.log_setup`
    )
    return serving_in_background(configuration, listener.dup())
