"""Subscriptions over HTTP: media type negotiation, the format of streams, and keep-alives."""

from typing import Any

import httpx
import pytest

from tests.api.schema.subscriptions.clients import (
    CHANGES,
    EVENTS,
    PARTS,
    PROTOCOLS,
    code,
    events,
    over_events,
    parts,
    streamed,
)
from tests.api.schema.subscriptions.conftest import Running, Serve, Workspace, until

URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)
VIEWER = "{ viewer { handle } }"


def post(server: Running, query: str, accept: str) -> httpx.Response:
    url = f"http://127.0.0.1:{server.port}/graphql"
    return httpx.post(url, json={"query": query}, headers={"accept": accept}, trust_env=False)


# ── negotiation ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (URQL, "application/graphql-response+json; charset=utf-8"),
        ("application/json, text/event-stream", "application/json; charset=utf-8"),
        ("text/event-stream;q=0.5, application/json", "application/json; charset=utf-8"),
        ("*/*, text/event-stream", "application/json; charset=utf-8"),
        ("multipart/mixed, application/json", "application/json; charset=utf-8"),
        ("multipart/mixed;deferSpec=20220824, application/json", "application/json; charset=utf-8"),
        (EVENTS, EVENTS),
        ("text/event-stream, application/json", EVENTS),
        ("application/json;q=0.5, text/event-stream;q=0.8", EVENTS),
    ],
)
def test_query_is_streamed_only_for_the_preferred_media_type(served: Running, accept: str, media: str) -> None:
    answer = post(served, VIEWER, accept)
    assert (answer.status_code, answer.headers["content-type"].removesuffix("; charset=utf-8")) == (
        200,
        media.removesuffix("; charset=utf-8"),
    )


@pytest.mark.parametrize("accept", ["application/json", "*/*", URQL])
def test_subscription_without_a_streaming_media_type_is_answered_406(served: Running, accept: str) -> None:
    answer = post(served, CHANGES, accept)
    assert (answer.status_code, code(answer.json())) == (406, "BAD_REQUEST")
    assert EVENTS in answer.json()["errors"][0]["message"]


def test_query_over_server_sent_events_is_one_event(served: Running) -> None:
    assert post(served, VIEWER, EVENTS).text == (
        'event: next\ndata: {"data":{"viewer":{"handle":"demo"}}}\n\nevent: complete\ndata: \n\n'
    )


def test_streaming_get_accepts_queries_but_no_mutations(served: Running) -> None:
    url, headers = f"http://127.0.0.1:{served.port}/graphql", {"accept": EVENTS}
    asked = httpx.get(url, params={"query": VIEWER}, headers=headers, trust_env=False)
    assert asked.text.startswith('event: next\ndata: {"data"')
    written = httpx.get(
        url, params={"query": 'mutation { defineKpi(input: {key: "k", name: "K"}) { position } }'}, headers=headers
    )
    ((event, data), *_) = events(iter([written.text]))
    assert (event, "cannot be sent in this way" in data) == ("next", True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nope }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { changes(filter: {types: ["Nonsense"]}) { position } }', "INVALID"),
    ],
)
@pytest.mark.parametrize("protocol", ["events", "parts"])
def test_invalid_operation_is_reported_in_the_stream(served: Running, protocol: str, query: str, expected: str) -> None:
    with PROTOCOLS[protocol](served.port, query) as results:
        (refused,) = results
    assert (code(refused), "data" in refused) == (expected, False)


# ── streams ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("accept", [EVENTS, PARTS])
def test_stream_headers_forbid_caching_and_buffering(served: Running, accept: str) -> None:
    with streamed(served.port, CHANGES, accept) as response:
        assert response.headers["cache-control"] == "no-store, no-transform"
        assert response.headers["x-accel-buffering"] == "no"
        assert response.headers["vary"] == "accept"


def test_idle_streams_send_keep_alives(serve: Serve) -> None:
    with serve(keep_alive_s=0.05) as server:
        with streamed(server.port, CHANGES, EVENTS) as response:
            comments = events(response.iter_text())
            assert [next(comments) for _ in range(3)] == [("", "ping")] * 3
        with streamed(server.port, CHANGES, PARTS) as response:
            empty = parts(response.iter_text())
            assert [next(empty) for _ in range(3)] == [{}] * 3


def test_disconnected_client_ends_its_subscription(workspace: Workspace, serve: Serve) -> None:
    workspace.write(300)
    with serve() as server:
        for protocol in (EVENTS, PARTS):
            with streamed(server.port, CHANGES, protocol, after=0):
                until(lambda: server.subscriptions == 1)
            until(lambda: server.subscriptions == 0)


def test_after_may_be_ahead_of_the_projections(workspace: Workspace, serve: Serve) -> None:
    with serve() as server, over_events(server.port, CHANGES, after=workspace.write(5) - 1) as results:
        result: dict[str, Any] = next(results)
        assert result["data"]["changes"]["position"] == workspace.head
