"""A server that is not ready yet says so on its port."""

import socket
from collections.abc import Iterator

import httpx
import pytest

from api.server.starting import answering_starting


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def test_port_answers_503_starting_until_the_server_is_ready(listener: socket.socket) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with answering_starting(listener, "Not yet."):
        for response in (httpx.get(address), httpx.post(f"{address}/graphql", json={"query": "{ __typename }"})):
            assert response.status_code == 503
            assert response.json() == {"errors": [{"message": "Not yet.", "extensions": {"code": "STARTING"}}]}
            assert response.headers["retry-after"] == "1"
            assert response.headers["refresh"] == "2"


def test_connection_after_the_start_belongs_to_the_server(listener: socket.socket) -> None:
    with answering_starting(listener, "Not yet."):
        pass
    with socket.create_connection(listener.getsockname()) as client:
        client.sendall(b"hello")
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.recv(5) == b"hello"
