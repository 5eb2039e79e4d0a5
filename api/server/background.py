"""An HTTP server on a thread of its own, beside the work of the main thread."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn


@contextmanager
def serving_in_background(configuration: uvicorn.Config, listener: socket.socket) -> Iterator[None]:
    """Serve on a listening socket, which is closed at the end of the block."""
    server = uvicorn.Server(configuration)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="background server", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
