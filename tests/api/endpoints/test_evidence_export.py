"""Evidence over HTTP: the file of a cycle, its description in the ledger, and who may read it."""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.endpoints import evidence_export
from api.runtime import signing_key
from api.schema.history import ledger
from api.server.app import create_app
from domain.commands.command import Command, CycleBy
from domain.commands.cycle_commands import OpenCycle
from domain.commands.objective_commands import DraftObjective
from domain.commands.people_commands import ErasePerson
from domain.commands.permissions import Role
from domain.handlers.dispatcher import Dispatcher
from domain.primitives.values import Kind
from domain.proof import evidence
from domain.proof.evidence import Proven
from domain.proof.signed_note import Verifier
from projections.proof import evidence as proofs
from projections.proof import signer
from projections.proof.evidence import EvidenceFile
from projections.proof.signer import Keys, Rewritten
from projections.store.deadline import DeadlineExceeded
from tests.api.endpoints.conftest import IngestApi
from tests.projections.proof.proven_quarter import ADA, Quarter
from tests.workspace import fresh_workspace, named_settings

PATH = "/evidence/2024-q1"
DESCRIBED = """
    query ($by: CycleBy!) { ledger { evidence(cycle: $by) { url size sha256 checkpoint { size rootHash } } } }
"""


class Archive(IngestApi):
    """A server with a key, and the quarter that it is asked for."""

    quarter: Quarter
    keyframe: Dispatcher

    def file(self, path: str = PATH) -> bytes:
        response = self.http.get(path)
        assert response.status_code == 200, response.text
        return response.content

    def described(self, key: str = "2024-q1") -> Any:
        return self.ask(DESCRIBED, by={"key": key})["ledger"]["evidence"]

    def code(self, path: str, **headers: str) -> tuple[int, str]:
        """The status and code of a refusal."""
        response = self.http.get(path, headers=headers)
        return response.status_code, response.json()["errors"][0]["extensions"]["code"]

    def proven(self, file: bytes) -> Proven:
        vkey = Verifier.read(self.http.get("/checkpoint/key").text)
        return evidence.check(file.splitlines(keepends=True), [vkey])

    def write(self, command: Command) -> None:
        """Execute a command, and wait for the projections."""
        self.keyframe.execute(command, ADA)
        self.wait()

    def wait(self) -> None:
        head = str(self.database.log().head().position)
        asked = self.http.post("/graphql", json={"query": "{ __typename }"}, headers={"x-keyframe-min-position": head})
        assert asked.status_code == 200, asked.text


@contextmanager
def archived(server: str, folder: Path) -> Iterator[Archive]:
    """A server of its own."""
    named = named_settings(server)
    signing_key.create(folder / "key", f"okr.example.org/{named.workspace}")
    settings = named.model_copy(update={"checkpoint_key": folder / "key"})
    with fresh_workspace(server, settings) as database:
        keyframe = Dispatcher(database.log())
        quarter = Quarter(keyframe)
        app = create_app(settings, database, editor=True, anonymous=True)
        with TestClient(app, base_url="http://localhost") as http:
            made = Archive(http, database)
            made.quarter, made.keyframe = quarter, keyframe
            made.wait()
            yield made


@pytest.fixture(scope="module")
def archive(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with archived(server, tmp_path_factory.mktemp("keys")) as made:
        yield made


# ── the file ─────────────────────────────────────────────────────────────────────────────────────


def test_file_is_the_one_that_the_command_line_writes(archive: Archive) -> None:
    keys = signing_key.load(archive.database.settings)
    assert keys is not None
    with archive.database.connect() as conn:
        written = b"".join(proofs.of_cycle(conn, archive.database.settings.workspace, "2024-q1", keys))
    assert archive.file() == written
    assert archive.proven(written).events == len(written.splitlines()) - 2


def test_file_streams_in_parts(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = archive.file()
    monkeypatch.setattr(proofs, "PART", 3)
    assert archive.file() == whole


def test_file_has_a_name_a_tag_and_its_position(archive: Archive) -> None:
    response = archive.http.get(PATH)
    head = archive.head
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.headers["content-disposition"] == f'attachment; filename="2024-q1-{head}.evidence"'
    assert (response.headers["x-keyframe-position"], response.headers["cache-control"]) == (
        str(head),
        "private, no-cache",
    )
    tag = response.headers["etag"]
    assert archive.http.get(PATH, headers={"if-none-match": tag}).status_code == 304
    assert archive.http.get(PATH, headers={"if-none-match": "*"}).status_code == 304
    asked = archive.http.head(PATH)
    assert (asked.status_code, asked.content, asked.headers["etag"]) == (200, b"", tag)
    assert "content-length" not in asked.headers


def test_size_names_the_checkpoint_and_gives_the_same_bytes_later(archive: Archive) -> None:
    described = archive.described()
    file = archive.file(described["url"])
    assert (len(file), sha256(file).hexdigest()) == (described["size"], described["sha256"])
    tag = archive.http.get(described["url"]).headers["etag"]
    archive.write(OpenCycle(key="2025-q1", name="Q1", starts_on=date(2025, 1, 1), ends_on=date(2025, 3, 31)))
    assert archive.file(described["url"]) == file
    assert archive.http.get(described["url"]).headers["etag"] == tag
    assert archive.file() != file
    assert archive.http.get(PATH).headers["etag"] != tag


def test_ledger_describes_the_file_and_its_checkpoint(archive: Archive) -> None:
    described = archive.described()
    proven = archive.proven(archive.file(described["url"]))
    assert described["url"] == f"{PATH}?size={archive.head}"
    assert described["checkpoint"]["size"] == proven.size == archive.head
    assert b64decode(described["checkpoint"]["rootHash"]) == proven.checkpoint.root


def test_ledger_finds_the_cycle_by_id(archive: Archive) -> None:
    id = archive.ask('{ cycle(by: {key: "2024-q1"}) { id } }')["cycle"]["id"]
    found = archive.ask(DESCRIBED, by={"id": id})["ledger"]["evidence"]
    assert found == archive.described()


def test_reading_the_file_records_nothing(archive: Archive) -> None:
    with archive.database.connect() as conn:
        counted = "select (select count(*) from log), (select count(*) from command)"
        before = conn.execute(counted).fetchone()
        archive.file(f"{PATH}?size=20")
        assert conn.execute(counted).fetchone() == before
        assert conn.execute("select from checkpoint where size = 20").fetchone() is None


# ── the legend ───────────────────────────────────────────────────────────────────────────────────


def test_legend_names_people_and_goals(archive: Archive) -> None:
    names = archive.proven(archive.file()).legend.names
    assert names[Kind.PERSON] == {archive.quarter.person: "ada"}
    assert names[Kind.CYCLE] == {archive.quarter.cycle: "First quarter", archive.quarter.year: "2024"}
    assert names[Kind.KPI] == {archive.quarter.kpi: "Orders a day"}
    assert set(names[Kind.KEY_RESULT].values()) == {"A hundred orders", "Ask fifty"}
    assert set(names[Kind.OBJECTIVE].values()) == {"Orders come by themselves"}


def test_legend_has_the_names_of_its_checkpoint(archive: Archive) -> None:
    url = archive.described("2024-jan")["url"]
    file = archive.file(url)
    archive.write(DraftObjective(cycle=CycleBy(key="2024-jan"), title="Later"))
    assert archive.file(url) == file
    assert "Later" in archive.proven(archive.file("/evidence/2024-jan")).legend.names[Kind.OBJECTIVE].values()


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", Role)
def test_only_admins_and_auditors_may_read_evidence(archive: Archive, role: Role) -> None:
    bearer = archive.token(role)
    response = archive.http.get(PATH, headers={"authorization": bearer})
    asked = archive.http.post(
        "/graphql",
        json={"query": DESCRIBED, "variables": {"by": {"key": "2024-q1"}}},
        headers={"authorization": bearer},
    ).json()
    if role in (Role.ADMIN, Role.AUDITOR):
        assert response.status_code == 200
        assert "errors" not in asked
    else:
        (error,) = response.json()["errors"]
        assert (response.status_code, error["extensions"]["code"]) == (403, "FORBIDDEN")
        assert asked["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_a_caller_without_access_learns_nothing_about_cycles(archive: Archive) -> None:
    bearer = archive.token(Role.LEAD)
    answers = {archive.http.get(f"/evidence/{key}", headers={"authorization": bearer}).text for key in ("2024-q1", "x")}
    assert len(answers) == 1


@pytest.mark.parametrize("key", ["2031", "sales", "2024-Q1 ", "%00", "a/b", "é" * 300])
def test_unknown_cycle_is_not_found(archive: Archive, key: str) -> None:
    response = archive.http.get(f"/evidence/{key}")
    assert response.status_code == 404
    if "/" not in key:
        assert response.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


def test_id_of_another_kind_is_not_found(archive: Archive) -> None:
    objective = archive.ask("{ objectives(first: 1) { nodes { id } } }")["objectives"]["nodes"][0]["id"]
    assert archive.code(f"/evidence/{objective}") == (404, "NOT_FOUND")
    assert archive.error(DESCRIBED, by={"id": objective})["extensions"]["code"] in ("NOT_FOUND", "INVALID")
    assert archive.error(DESCRIBED, by={"key": "2031"})["extensions"]["code"] == "NOT_FOUND"


def test_cycle_has_no_evidence_before_it_was_opened(archive: Archive) -> None:
    assert archive.code(f"{PATH}?size=1") == (404, "NOT_FOUND")


@pytest.mark.parametrize("query", ["size=0", "size=-1", "size=x", "size=99999999", "size=", "size=1&size=2", "at=1"])
def test_wrong_size_is_invalid(archive: Archive, query: str) -> None:
    assert archive.code(f"{PATH}?{query}") == (400, "INVALID")


def test_log_that_contradicts_its_checkpoints_has_no_evidence(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise Rewritten("The log differs.")

    monkeypatch.setattr(signer, "signed", refuse)
    assert archive.code(PATH) == (409, "CONFLICT")
    assert archive.error(DESCRIBED.replace("url ", ""), by={"key": "2024-q1"})["extensions"]["code"] == "CONFLICT"


def test_server_without_a_key_has_no_evidence(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def keyless(_: Keys | None) -> Keys:
        return ledger.keys_of_evidence(None)

    monkeypatch.setattr(evidence_export, "keys_of_evidence", keyless)
    assert archive.code(PATH) == (404, "NOT_FOUND")


def test_error_on_the_way_breaks_the_connection_before_the_seal(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parts(file: EvidenceFile, _: object) -> Iterator[bytes]:
        yield b"a part"
        raise DeadlineExceeded

    monkeypatch.setattr(EvidenceFile, "parts", parts)
    with pytest.raises(DeadlineExceeded):
        archive.http.get(PATH)


# ── erasure ──────────────────────────────────────────────────────────────────────────────────────


def test_erased_person_has_no_name_in_the_file_any_more(server: str, tmp_path: Path) -> None:
    with archived(server, tmp_path) as archive:
        before = archive.described()
        file, tag = archive.file(before["url"]), archive.http.head(before["url"]).headers["etag"]
        archive.write(ErasePerson(person=archive.quarter.person, reason="Asked for."))
        after = archive.described()
        again = archive.file(before["url"])
        assert again.splitlines()[:-1] == file.splitlines()[:-1]
        assert archive.proven(again).legend.names[Kind.PERSON] == {archive.quarter.person: None}
        assert archive.proven(file).legend.names[Kind.PERSON] == {archive.quarter.person: "ada"}
        assert after["sha256"] != before["sha256"]
        assert archive.http.get(before["url"], headers={"if-none-match": tag}).status_code == 200
