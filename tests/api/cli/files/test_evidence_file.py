"""`keyframe evidence show` and `keyframe verify FILE` for evidence: they need the file alone."""

import json
import re
from pathlib import Path
from subprocess import CompletedProcess
from uuid import UUID

import pytest
from pydantic import SecretStr

from api.report import evidence_page
from api.runtime.settings import Settings
from domain.proof.evidence import About, Writing
from domain.proof.signed_note import Signer
from projections.proof import evidence as proofs
from tests.api.cli.terminal import keyframe
from tests.html_tags import Tags
from tests.projections.proof.conftest import KEYS, OTHER_KEYS, attested
from tests.projections.proof.proven_quarter import Quarter

VKEY = str(KEYS.signer.verifier)


@pytest.fixture(scope="module")
def lines(server: str) -> list[bytes]:
    with attested(server) as made:
        Quarter(made.keyframe)
        made.catch_up()
        return list(proofs.of_cycle(made.conn, "test", "2024-q1", KEYS))


@pytest.fixture
def file(lines: list[bytes], tmp_path: Path) -> Path:
    path = tmp_path / "q1.evidence"
    path.write_bytes(b"".join(lines))
    return path


def run(tmp_path: Path, *arguments: object) -> "CompletedProcess[str]":
    """Run `keyframe` where there is no database and no key."""
    nowhere = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
    return keyframe(Settings(database_url=nowhere, data_dir=tmp_path / "data"), *map(str, arguments))


def shown(file: Path, *options: str) -> str:
    done = run(file.parent, "evidence", "show", file, *options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def refused(file: Path, *arguments: str) -> str:
    done = run(file.parent, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


# ── at the terminal ──────────────────────────────────────────────────────────────────────────────


def test_every_event_is_shown_in_a_sentence(file: Path, lines: list[bytes]) -> None:
    printed = shown(file, "--key", VKEY)
    sentences = re.findall(r"^\d+ .+: .+ recorded at .+ UTC\.$", printed, re.MULTILINE)
    assert len(sentences) == len(lines) - 2
    (retargeted,) = [one for one in sentences if "metric.target" in one and "→" in one]
    assert "ada: A key result's metric, such as its target, was changed." in retargeted
    assert "“Ask fifty”" in retargeted
    assert "metric.target 100 → 60" in retargeted
    assert "Reason: Fewer." in retargeted
    assert re.search(r"owner ada\b", printed)


def test_the_top_says_what_was_proved(file: Path, lines: list[bytes]) -> None:
    head = shown(file, "--key", VKEY).partition("\n\n")[0]
    size, root = lines[0].decode().split("\\n")[1:3]
    assert head.startswith("Evidence of the cycle 2024-q1\nProved: ")
    for fact in ("log: keyframe/test", f"size: {size}", f"root hash: {root}", f"key: {VKEY}", "workspace: test"):
        assert fact in head


def test_without_a_key_the_top_says_that_no_signature_was_verified(file: Path) -> None:
    head = shown(file).partition("\n\n")[0]
    assert "Not proved: no public key was given" in head
    assert "key: not verified" in head


def test_changed_file_is_refused_without_the_option(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"Well done", b"Well gone"))
    message = refused(file, "evidence", "show", str(file), "--key", VKEY)
    assert "was changed: its hash does not match" in message
    assert "--unproven" in message
    assert refused(file, "evidence", "show", str(file)) == message
    printed = shown(file, "--key", VKEY, "--unproven")
    assert "Not proved: line " in printed
    assert "Well gone" in printed


def test_file_of_an_earlier_version_has_no_names_of_people(file: Path, lines: list[bytes]) -> None:
    text, _, signatures = json.loads(lines[-1])["seal"].rpartition("\n\n")
    plain = {"seal": f"{text}\n\n{signatures.splitlines()[0]}\n"}
    file.write_bytes(b"".join([*lines[:-1], json.dumps(plain).encode() + b"\n"]))
    printed = shown(file, "--key", VKEY)
    assert re.search(r"owner id [0-9a-f]{8}\b", printed)
    assert "“Ask fifty”: metric.target 100 → 60" in printed


def test_file_of_another_key_is_refused(file: Path) -> None:
    other = str(OTHER_KEYS.signer.verifier)
    assert "not signed by a known key" in refused(file, "evidence", "show", str(file), "--key", other)


@pytest.mark.parametrize("content", [b"", b"\n", b"{}\n", b"\xff\xfe", b'{"seal":""}\n', b"[" * 100_000])
def test_file_that_is_no_evidence_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    said = refused(file, "evidence", "show", str(file))
    assert "line 1" in said
    assert "This is not the header of an evidence file" in said or content == b""
    assert "Not proved" in shown(file, "--unproven")


def test_file_with_a_valid_seal_and_altered_events_is_shown_as_far_as_it_can_be_read(
    file: Path, lines: list[bytes]
) -> None:
    broken = [lines[1].replace(b"T", b"?", 1), lines[2].replace(b'\\"', b"'"), *lines[3:]]
    file.write_bytes(b"".join([lines[0], *broken]))
    assert len(re.findall("recorded at", shown(file, "--unproven"))) >= len(lines) - 5


def test_missing_file_is_reported(tmp_path: Path) -> None:
    done = run(tmp_path, "evidence", "show", tmp_path / "nothing")
    assert (done.returncode, "cannot be read" in done.stderr) == (2, True)


# ── as a page ────────────────────────────────────────────────────────────────────────────────────


def test_page_is_self_contained_and_without_scripts(file: Path, lines: list[bytes]) -> None:
    html = shown(file, "--key", VKEY, "--html")
    tags = Tags(html).found
    assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object", "form", "base", "a"}
    named = {name for _, attrs in tags for name in attrs}
    assert not {name for name in named if name.startswith("on") or name in ("src", "href", "style")}
    assert sum(tag == "li" for tag, _ in tags) == len(lines) - 2
    assert any(attrs.get("content") == evidence_page.POLICY for _, attrs in tags)
    assert '<p class="result proved">Proved: ' in html
    assert "metric.target 100 → 60" in html


def test_text_of_users_is_escaped(tmp_path: Path) -> None:
    nasty = "<script>alert(1)</script>"
    writing = Writing(Signer("a/b", bytes(32)))
    file = tmp_path / f"{nasty.replace('/', '-')}.evidence"
    file.write_bytes(writing.line(About("keyframe-evidence/1", nasty, UUID(int=1), nasty, "x")))
    html = shown(file, "--html", "--unproven")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
