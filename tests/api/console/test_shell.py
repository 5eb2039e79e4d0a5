"""The files of the console: served to strangers, immutable, and by a strict policy."""

import gzip
import json
import re
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from graphql import parse, validate

import api.console
from api.console import shell
from api.graphql_http.persisted_documents import load_manifest
from api.schema.schema import schema
from tests.api.auth.conftest import AppServer
from tests.api.frames import BOTH_FRAMES

pytestmark = BOTH_FRAMES

CONSOLE = Path(str(files(api.console)))
STATIC = CONSOLE / "static"
MANIFEST = CONSOLE / "documents.json"
BYTES_MAX = 600_000
"""The size of all files but those of the query editor, compressed."""
MENTIONED = {
    "www.w3.org", "bit.ly", "formatjs.io", "github.com", "graphql.org", "spec.graphql.org", "commonmark.org",
    "en.wikipedia.org", "yarnpkg.com",
}  # fmt: skip
"""Hosts in namespaces, and in messages and descriptions of the libraries. No page requests anything from them."""
EDITOR_BYTES_MAX = 400_000
"""The size of the files of the query editor, which loads apart, compressed."""
ADDRESSES = [*sorted(shell.PAGES), "/sign-in", "/objective/T2Jq", "/kpi/S3Bp", "/proof/17"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_strangers_get_the_page_at_each_address(console: AppServer, address: str) -> None:
    response = console.http.get(address, headers={"accept": "text/html"})
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert response.text == (STATIC / "index.html").read_text("utf-8")
    assert response.headers["cache-control"] == "no-cache"
    again = console.http.get(address, headers={"accept": "text/html", "if-none-match": response.headers["etag"]})
    assert again.status_code == 304


def test_policy_allows_nothing_unsafe_and_no_other_host(console: AppServer) -> None:
    policy = console.http.get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; ")
    assert not re.search(r"https?:|wss?:|\*", policy)


def test_page_loads_only_files_of_the_console_and_has_no_script_of_its_own() -> None:
    page = (STATIC / "index.html").read_text("utf-8")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert loaded
    assert all(address.startswith(shell.FILES) for address in loaded)
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on\w+=", page)
    assert {address.removeprefix(shell.FILES) for address in loaded} <= {file.name for file in STATIC.iterdir()}


def test_files_are_immutable_and_have_a_digest_in_their_name(console: AppServer) -> None:
    named = [file for file in STATIC.iterdir() if file.name != "index.html"]
    assert named
    for file in named:
        assert re.fullmatch(r"[\w-]+-[\w-]{8}\.(js|css|svg|woff2)", file.name), file.name
        response = console.http.get(f"{shell.FILES}{file.name}", headers={"accept-encoding": "gzip"})
        assert response.content == file.read_bytes()
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["content-encoding"] == "gzip"
        assert response.headers["x-content-type-options"] == "nosniff"


def test_browser_gets_the_page_at_the_address_of_the_api_and_a_client_its_answer(console: AppServer) -> None:
    page = console.http.get("/graphql", headers={"accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.text) == (200, (STATIC / "index.html").read_text("utf-8"))
    assert page.headers["vary"].startswith("accept, accept-encoding")
    assert page.headers["content-security-policy"] == shell.POLICY
    query = {"query": "{ viewer { handle } }"}
    for accept in ("text/html,*/*;q=0.8", "application/json"):
        headers = {"accept": accept, "authorization": f"Bearer {console.token()}"}
        answer = console.http.get("/graphql", params=query, headers=headers)
        assert answer.json()["data"]["viewer"]["handle"] == "robot"
        assert console.http.get("/graphql", params=query, headers={"accept": accept}).status_code == 401
    assert console.http.get("/graphql", headers={"accept": "application/json"}).status_code == 401
    assert console.http.post("/graphql", json=query, headers={"accept": "text/html,*/*"}).status_code == 401


def test_unknown_file_is_answered_404_without_caching(console: AppServer) -> None:
    for name in ("nope.js", "..%2fshell.py", "index.html", "documents.json"):
        response = console.http.get(f"{shell.FILES}{name}")
        assert (response.status_code, "immutable" in response.headers.get("cache-control", "")) == (404, False)


def test_files_are_small() -> None:
    sizes = {file.name: len(gzip.compress(file.read_bytes(), 9)) for file in STATIC.iterdir()}
    editor = {name: size for name, size in sizes.items() if name.startswith("ask-")}
    assert 0 < sum(editor.values()) <= EDITOR_BYTES_MAX
    assert sum(sizes.values()) - sum(editor.values()) <= BYTES_MAX


def test_page_loads_the_query_editor_only_when_it_is_opened() -> None:
    loaded = [STATIC / name for name in re.findall(r'="/console/([^"]+)"', (STATIC / "index.html").read_text("utf-8"))]
    scripts = [file.read_text("utf-8") for file in loaded if file.suffix == ".js"]
    assert scripts
    assert not any("cm-editor" in script for script in scripts)


def test_files_name_no_other_host() -> None:
    text = "".join(file.read_text("utf-8") for file in STATIC.iterdir())
    hosts = {*re.findall(r"(?:https?|wss?)://([\w.-]+\.\w+)", text)}
    assert hosts <= MENTIONED, hosts


# ── documents ─────────────────────────────────────────────────────────────────────────────────────


def test_manifest_names_each_document_by_its_digest() -> None:
    documents = load_manifest(MANIFEST)
    assert documents
    assert all(sha256(text.encode()).hexdigest() == digest for digest, text in documents.items())


def test_documents_are_valid() -> None:
    for text in load_manifest(MANIFEST).values():
        assert validate(schema._schema, parse(text)) == [], text


def test_scripts_send_the_documents_of_the_manifest() -> None:
    script = "".join(file.read_text("utf-8") for file in STATIC.iterdir() if file.suffix == ".js")
    assert {digest for digest in json.loads(MANIFEST.read_text("utf-8")) if digest not in script} == set()


def test_server_knows_the_documents_by_their_digest_alone(console: AppServer) -> None:
    known: dict[str, Any] = {}
    for digest, text in load_manifest(MANIFEST).items():
        if "query Who " in text:
            body = {"documentId": digest, "operationName": "Who"}
            headers = {"authorization": f"Bearer {console.token()}"}
            known = console.http.post("/graphql", json=body, headers=headers).json()
    assert known["data"]["viewer"]["handle"] == "robot"
