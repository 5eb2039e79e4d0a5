"""Documents that are named by the digest of their text, over GET, POST and WebSocket."""

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


# ── remembered ────────────────────────────────────────────────────────────────────────────────────


def test_a_document_is_remembered_once_it_was_sent_with_its_name(api: Api) -> None:
    query = "{ viewer { handle } }  # never asked before"
    name = persisted(sha256(query.encode()).hexdigest())
    missing = post(api.http, **name)
    assert (code(missing), missing["errors"][0]["message"]) == ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
    assert post(api.http, query=query, **name)["data"] == VIEWER
    assert post(api.http, **name)["data"] == VIEWER


def test_it_may_be_asked_for_by_get(api: Api) -> None:
    post(api.http, query=QUERY, **persisted())
    asked = {"extensions": json.dumps(persisted()["extensions"])}
    response = api.http.get("/graphql", params=asked)
    assert response.json()["data"] == VIEWER
    again = api.http.get("/graphql", params={**asked, "query": QUERY}, headers={"if-none-match": "W/x"})
    assert again.headers["etag"].endswith(response.headers["etag"].rpartition("-")[2])


def test_it_may_be_asked_for_over_websocket(api: Api) -> None:
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
def test_a_wrong_name_has_a_code(api: Api, body: dict[str, Any], expected: str) -> None:
    assert code(post(api.http, **body)) == expected


def test_a_document_that_was_not_found_is_told_as_apollo_expects(api: Api) -> None:
    response = api.http.post("/graphql", json=persisted("1" * 64), headers={"accept": "application/json"})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"


def test_only_so_many_documents_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persisted_documents, "REMEMBERED_MAX", 2)
    known, texts = PersistedDocuments(), ["{ a }", "{ b }", "{ c }"]
    names = [sha256(text.encode()).hexdigest() for text in texts]
    for text, name in zip(texts[:2], names[:2], strict=True):
        known.text(text, persisted(name)["extensions"])
    assert known.text(None, persisted(names[0])["extensions"]) == "{ a }"
    known.text(texts[2], persisted(names[2])["extensions"])
    assert [known._cached(name) for name in names] == ["{ a }", None, "{ c }"]


def test_nor_are_they_remembered_beyond_a_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persisted_documents, "REMEMBERED_LENGTH_MAX", 10)
    known = PersistedDocuments()
    for text in ("{ abcd }", "{ efgh }"):
        known.text(text, persisted(sha256(text.encode()).hexdigest())["extensions"])
    assert list(known._remembered.values()) == ["{ efgh }"]
    assert known._length == len("{ efgh }")


# ── trusted ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "documents.json"
    path.write_text(json.dumps({DIGEST: QUERY}))
    return path


@pytest.fixture
def strict(settings: Settings, database: Database, manifest: Path) -> Any:
    only = settings.model_copy(update={"trusted_documents": manifest, "trusted_only": True})
    app = create_app(only, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost") as http:
        yield http


def test_a_trusted_document_is_known_by_name_and_by_text(strict: TestClient) -> None:
    for body in ({"documentId": f"sha256:{DIGEST}"}, {"documentId": DIGEST}, persisted(), {"query": QUERY}):
        assert post(strict, **body)["data"] == VIEWER
    assert strict.get("/graphql", params={"documentId": DIGEST}).json()["data"] == VIEWER


def test_no_other_document_is_answered_where_only_those_are(strict: TestClient) -> None:
    digest = sha256(OTHER.encode()).hexdigest()
    assert code(post(strict, query=OTHER)) == "DOCUMENT_NOT_TRUSTED"
    assert code(post(strict, query=OTHER, **persisted(digest))) == "DOCUMENT_NOT_TRUSTED"
    assert code(post(strict, **persisted(digest))) == "PERSISTED_QUERY_NOT_FOUND"
    assert code(post(strict, query="{ __schema { types { name } } }")) == "DOCUMENT_NOT_TRUSTED"
    with strict.websocket_connect(
        "/graphql", subprotocols=["graphql-transport-ws"], headers={"host": "localhost"}
    ) as ws:
        ws.send_json({"type": "connection_init"})
        ws.receive_json()
        ws.send_json({"type": "subscribe", "id": "1", "payload": {"query": OTHER}})
        assert ws.receive_json()["payload"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
    stream = strict.post("/graphql", json={"query": OTHER}, headers={"accept": "text/event-stream"})
    assert "DOCUMENT_NOT_TRUSTED" in stream.text


@pytest.mark.parametrize(
    "written",
    [
        {DIGEST: QUERY},
        {f"sha256:{DIGEST}": QUERY},
        {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": DIGEST, "body": QUERY}]},
    ],
)
def test_a_manifest_is_read_as_the_compilers_write_it(tmp_path: Path, written: Any) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(written))
    assert load_manifest(path) == {DIGEST: QUERY}


@pytest.mark.parametrize("written", ["", "[]", "{", '{"a": 1}', '{"operations": [{"id": 1}]}', f'{{"{DIGEST}": "x"}}'])
def test_what_is_no_manifest_is_refused_at_the_start(tmp_path: Path, written: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(written)
    with pytest.raises(InvalidManifest, match="manifest"):
        load_manifest(path)


def test_a_manifest_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(InvalidManifest):
        load_manifest(tmp_path / "none.json")


# ── several at once ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def batching(settings: Settings, database: Database) -> Any:
    several = settings.model_copy(update={"batch_max": 5})
    app = create_app(several, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost") as http:
        yield http


def batch(http: TestClient, *bodies: Any) -> Any:
    return http.post("/graphql", json=list(bodies))


def test_no_array_is_taken_unless_it_is_wanted(api: Api) -> None:
    response = batch(api.http, {"query": QUERY})
    assert (response.status_code, code(response.json())) == (400, "BATCH_TOO_LARGE")


def test_an_array_is_answered_in_its_order(batching: TestClient) -> None:
    answers = batch(batching, {"query": QUERY}, {"query": "{"}, {"query": OTHER}).json()
    assert [list(one) for one in answers] == [["data", "extensions"], ["errors"], ["data", "extensions"]]
    assert list(answers[2]["data"]["viewer"]) == ["roles"]


def test_what_cannot_be_asked_in_an_array_takes_the_others_answers_from_nobody(batching: TestClient) -> None:
    following = {"query": "subscription { changes { position } }"}
    answers = batch(batching, {"query": QUERY}, following, {"query": OTHER}).json()
    assert [list(one) for one in answers] == [["data", "extensions"], ["errors"], ["data", "extensions"]]
    assert code(answers[1]) == "BAD_REQUEST"


@pytest.mark.parametrize("many", [0, 6])
def test_an_array_has_bounds(batching: TestClient, many: int) -> None:
    response = batch(batching, *[{"query": QUERY}] * many)
    assert (response.status_code, code(response.json())) == (400, "BATCH_TOO_LARGE")


def test_what_an_array_costs_has_one_bound(batching: TestClient) -> None:
    half = "{ objectives(first: 1000) { nodes { supports { objective { title progress { value } } } } } }"
    large = "{ objectives(first: 1000) { nodes { supportedBy(first: 130) { nodes { id title } } } } }"
    answers = batch(batching, {"query": large}, {"query": half}, {"query": large}).json()
    assert [one.get("errors", [{}])[0].get("extensions", {}).get("code") for one in answers][-1] == "TOO_COSTLY"
    assert "errors" not in answers[0]
