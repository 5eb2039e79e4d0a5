"""Persisted documents, named by the SHA-256 of their text, over GET, POST and WebSocket."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.graphql_http import persisted_documents
from api.graphql_http.persisted_documents import InvalidManifest, PersistedDocuments, load_manifest
from api.runtime.database import Database
from api.runtime.settings import Settings
from api.server.app import create_app
from tests.api.conftest import Api
from tests.api.frames import BOTH_FRAMES

pytestmark = BOTH_FRAMES

QUERY = "{ viewer { handle } }"
DIGEST = sha256(QUERY.encode()).hexdigest()
OTHER = "{ viewer { roles } }"
VIEWER = {"viewer": {"handle": "demo"}}


def persisted(digest: str = DIGEST, version: Any = 1) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": version, "sha256Hash": digest}}}


def post(http: TestClient, **body: Any) -> Any:
    return http.post("/graphql", json=body).json()


def code(answer: Any) -> Any:
    (error,) = answer["errors"]
    return error["extensions"]["code"]


# ── automatically persisted documents ─────────────────────────────────────────────────────────────


def test_document_sent_with_its_hash_is_stored(api: Api) -> None:
    query = "{ viewer { handle } }  # never asked before"
    name = persisted(sha256(query.encode()).hexdigest())
    missing = post(api.http, **name)
    assert (code(missing), missing["errors"][0]["message"]) == ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
    assert post(api.http, query=query, **name)["data"] == VIEWER
    assert post(api.http, **name)["data"] == VIEWER


def test_persisted_document_works_over_get(api: Api) -> None:
    post(api.http, query=QUERY, **persisted())
    asked = {"extensions": json.dumps(persisted()["extensions"])}
    response = api.http.get("/graphql", params=asked)
    assert response.json()["data"] == VIEWER
    again = api.http.get("/graphql", params={**asked, "query": QUERY}, headers={"if-none-match": "W/x"})
    assert again.headers["etag"].endswith(response.headers["etag"].rpartition("-")[2])


def test_persisted_document_works_over_websocket(api: Api) -> None:
    with api.http.websocket_connect(
        "/graphql", subprotocols=["graphql-transport-ws"], headers={"host": "localhost"}
    ) as ws:
        ws.send_json({"type": "connection_init"})
        assert ws.receive_json()["type"] == "connection_ack"
        unknown = persisted("0" * 64)
        ws.send_json({"type": "subscribe", "id": "1", "payload": unknown})
        refused = ws.receive_json()
        ws.send_json({"type": "subscribe", "id": "2", "payload": {"query": QUERY, **persisted()}})
        sent, _ = ws.receive_json(), ws.receive_json()
        ws.send_json({"type": "subscribe", "id": "3", "payload": persisted()})
        named, _ = ws.receive_json(), ws.receive_json()
        ws.send_json({"type": "subscribe", "id": "4", "payload": {"documentId": f"sha256:{DIGEST}"}})
        identified = ws.receive_json()
    assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", "PERSISTED_QUERY_NOT_FOUND")
    assert sent["payload"]["data"] == named["payload"]["data"] == identified["payload"]["data"] == VIEWER


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"query": OTHER, **persisted()}, "PERSISTED_QUERY_HASH_MISMATCH"),
        ({"query": OTHER, "documentId": f"sha256:{DIGEST}"}, "PERSISTED_QUERY_HASH_MISMATCH"),
        (persisted(version=2), "PERSISTED_QUERY_NOT_SUPPORTED"),
        ({"extensions": {"persistedQuery": "name"}}, "PERSISTED_QUERY_NOT_SUPPORTED"),
        ({"extensions": {"persistedQuery": {"version": 1}}}, "PERSISTED_QUERY_NOT_SUPPORTED"),
        ({"documentId": "sha256:unheard"}, "PERSISTED_QUERY_NOT_FOUND"),
    ],
)
def test_wrong_hash_or_version_has_an_error_code(api: Api, body: dict[str, Any], expected: str) -> None:
    assert code(post(api.http, **body)) == expected


def test_unknown_hash_is_answered_200_as_apollo_expects(api: Api) -> None:
    response = api.http.post("/graphql", json=persisted("1" * 64), headers={"accept": "application/json"})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"


def test_number_of_stored_documents_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persisted_documents, "REMEMBERED_MAX", 2)
    known, texts = PersistedDocuments(), ["{ a }", "{ b }", "{ c }"]
    names = [sha256(text.encode()).hexdigest() for text in texts]
    for text, name in zip(texts[:2], names[:2], strict=True):
        known.text(text, persisted(name)["extensions"])
    assert known.text(None, persisted(names[0])["extensions"]) == "{ a }"
    known.text(texts[2], persisted(names[2])["extensions"])
    assert [known._cached(name) for name in names] == ["{ a }", None, "{ c }"]


def test_total_length_of_stored_documents_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persisted_documents, "REMEMBERED_LENGTH_MAX", 10)
    known = PersistedDocuments()
    for text in ("{ abcd }", "{ efgh }"):
        known.text(text, persisted(sha256(text.encode()).hexdigest())["extensions"])
    assert list(known._remembered.values()) == ["{ efgh }"]
    assert known._length == len("{ efgh }")


# ── trusted documents ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "documents.json"
    path.write_text(json.dumps({DIGEST: QUERY}))
    return path


@pytest.fixture
def trusted_only(settings: Settings, database: Database, manifest: Path) -> Any:
    only = settings.model_copy(update={"trusted_documents": manifest, "trusted_only": True})
    app = create_app(only, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost") as http:
        yield http


def test_trusted_document_is_accepted_by_hash_and_by_text(trusted_only: TestClient) -> None:
    for body in ({"documentId": f"sha256:{DIGEST}"}, {"documentId": DIGEST}, persisted(), {"query": QUERY}):
        assert post(trusted_only, **body)["data"] == VIEWER
    assert trusted_only.get("/graphql", params={"documentId": DIGEST}).json()["data"] == VIEWER


def test_untrusted_document_is_refused_in_trusted_only_mode(trusted_only: TestClient) -> None:
    digest = sha256(OTHER.encode()).hexdigest()
    assert code(post(trusted_only, query=OTHER)) == "DOCUMENT_NOT_TRUSTED"
    assert code(post(trusted_only, query=OTHER, **persisted(digest))) == "DOCUMENT_NOT_TRUSTED"
    assert code(post(trusted_only, **persisted(digest))) == "PERSISTED_QUERY_NOT_FOUND"
    assert code(post(trusted_only, query="{ __schema { types { name } } }")) == "DOCUMENT_NOT_TRUSTED"
    with trusted_only.websocket_connect(
        "/graphql", subprotocols=["graphql-transport-ws"], headers={"host": "localhost"}
    ) as ws:
        ws.send_json({"type": "connection_init"})
        ws.receive_json()
        ws.send_json({"type": "subscribe", "id": "1", "payload": {"query": OTHER}})
        assert ws.receive_json()["payload"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
    stream = trusted_only.post("/graphql", json={"query": OTHER}, headers={"accept": "text/event-stream"})
    assert "DOCUMENT_NOT_TRUSTED" in stream.text


@pytest.mark.parametrize(
    "written",
    [
        {DIGEST: QUERY},
        {f"sha256:{DIGEST}": QUERY},
        {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": DIGEST, "body": QUERY}]},
    ],
)
def test_manifest_formats_of_relay_and_apollo_are_read(tmp_path: Path, written: Any) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(written))
    assert load_manifest(path) == {DIGEST: QUERY}


@pytest.mark.parametrize("written", ["", "[]", "{", '{"a": 1}', '{"operations": [{"id": 1}]}', f'{{"{DIGEST}": "x"}}'])
def test_invalid_manifest_is_refused(tmp_path: Path, written: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(written)
    with pytest.raises(InvalidManifest, match="manifest"):
        load_manifest(path)


def test_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidManifest):
        load_manifest(tmp_path / "none.json")


# ── batches ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def batching(settings: Settings, database: Database) -> Any:
    several = settings.model_copy(update={"batch_max": 5})
    app = create_app(several, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost") as http:
        yield http


def batch(http: TestClient, *bodies: Any) -> Any:
    return http.post("/graphql", json=list(bodies))


def test_batch_is_refused_by_default(api: Api) -> None:
    response = batch(api.http, {"query": QUERY})
    assert (response.status_code, code(response.json())) == (400, "BATCH_TOO_LARGE")


def test_batch_is_answered_in_order(batching: TestClient) -> None:
    answers = batch(batching, {"query": QUERY}, {"query": "{"}, {"query": OTHER}).json()
    assert [list(one) for one in answers] == [["data", "extensions"], ["errors"], ["data", "extensions"]]
    assert list(answers[2]["data"]["viewer"]) == ["roles"]


def test_bad_request_in_a_batch_does_not_fail_the_others(batching: TestClient) -> None:
    following = {"query": "subscription { changes { position } }"}
    answers = batch(batching, {"query": QUERY}, following, {"query": OTHER}).json()
    assert [list(one) for one in answers] == [["data", "extensions"], ["errors"], ["data", "extensions"]]
    assert code(answers[1]) == "BAD_REQUEST"


@pytest.mark.parametrize("many", [0, 6])
def test_empty_or_too_large_batch_is_refused(batching: TestClient, many: int) -> None:
    response = batch(batching, *[{"query": QUERY}] * many)
    assert (response.status_code, code(response.json())) == (400, "BATCH_TOO_LARGE")


def test_cost_limit_covers_the_whole_batch(batching: TestClient) -> None:
    half = "{ objectives(first: 1000) { nodes { supports { objective { title progress { value } } } } } }"
    large = "{ objectives(first: 1000) { nodes { supportedBy(first: 300) { nodes { id title } } } } }"
    answers = batch(batching, {"query": large}, {"query": half}, {"query": large}).json()
    assert [one.get("errors", [{}])[0].get("extensions", {}).get("code") for one in answers][-1] == "TOO_COSTLY"
    assert "errors" not in answers[0]
