"""Executes GraphQL documents as a client does: subscriptions over a WebSocket, everything else by POST."""

from typing import Any

from graphql import OperationDefinitionNode, OperationType, parse
from starlette.testclient import TestClient


def operation(text: str) -> OperationDefinitionNode:
    """The first operation of a document."""
    return next(node for node in parse(text).definitions if isinstance(node, OperationDefinitionNode))


def variable_names(text: str) -> list[str]:
    return [definition.variable.name.value for definition in operation(text).variable_definitions or ()]


def answer(http: TestClient, text: str, variables: dict[str, Any]) -> dict[str, Any]:
    """The data of the answer, or of the first message of a subscription. It has no errors and no problems."""
    body = {"query": text, "variables": variables}
    is_stream = operation(text).operation is OperationType.SUBSCRIPTION
    result = _first_message(http, body) if is_stream else http.post("/graphql", json=body).json()
    assert "errors" not in result, result
    data: dict[str, Any] = result["data"]
    for field in data.values():
        assert field is not None
        assert not field.get("problems"), field["problems"]
    return data


def _first_message(http: TestClient, body: dict[str, Any]) -> Any:
    with http.websocket_connect("ws://localhost/graphql", subprotocols=["graphql-transport-ws"]) as socket:
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json()["type"] == "connection_ack"
        socket.send_json({"type": "subscribe", "id": "1", "payload": body})
        message = socket.receive_json()
        assert message["type"] == "next", message
        return message["payload"]
