"""Evidence of a cycle: two independent verifiers accept it and reject every altered version."""

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from api.runtime.database import Database
from domain.commands.cycle_commands import OpenCycle
from domain.commands.key_result_commands import AddKeyResult
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import DraftObjective
from domain.commands.workspace_commands import SetCalendar
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Direction, Metric
from domain.proof import checkpoint, evidence
from domain.proof.evidence import Broken
from domain.proof.signed_note import Signer, encoded
from projections.proof import evidence as proofs
from projections.proof import merkle_tree
from projections.proof.signer import Keys, Rewritten
from tests.metric_input import as_input
from tests.projections.proof.conftest import KEYS, OTHER_KEYS, Attested, attested, forged
from tests.projections.proof.proven_quarter import ADA, Q1, SALES, Quarter

SCRIPT = Path(__file__).parents[3] / "docs" / "verify_evidence.py"
KEY = str(KEYS.signer.verifier)


@pytest.fixture(scope="module")
def world(server: str) -> Iterator[Attested]:
    with attested(server) as made:
        made.fill(70)
        stories[made.database] = Quarter(made.keyframe)
        made.fill(300)
        made.catch_up()
        yield made


stories: dict[Database, Quarter] = {}


@pytest.fixture(scope="module")
def lines(world: Attested) -> list[bytes]:
    return list(proofs.of_cycle(world.conn, "test", "2024-q1", KEYS))


@pytest.fixture
def quarter(world: Attested) -> Quarter:
    return stories[world.database]


def script(lines: Sequence[bytes], tmp_path: Path, key: str = KEY) -> "subprocess.CompletedProcess[str]":
    """Run the independent verifier script in a clean environment."""
    file = tmp_path / "quarter.evidence"
    file.write_bytes(b"".join(lines))
    alone = {"PATH": "", "PYTHONPATH": "", "PYTHONUTF8": "1"}
    command = [sys.executable, "-I", str(SCRIPT), str(file), key]
    return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=alone, check=False)


def events(lines: Sequence[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines[1:-1]]


# ── content ──────────────────────────────────────────────────────────────────────────────────────


def test_evidence_contains_all_streams_of_the_cycle_completely(
    world: Attested, quarter: Quarter, lines: list[bytes]
) -> None:
    rows = [row for row in world.log.rows(0, 10_000) if row.stream in quarter.inside]
    assert [(event["position"], event["stream"]) for event in events(lines)] == [
        (row.position, str(row.stream)) for row in rows
    ]
    assert not quarter.inside & quarter.outside
    topics = {row.topic.partition(".")[0] for row in rows}
    assert topics >= {
        "cycle-opened", "cycle-activated", "cycle-closed", "scoring-policy-adopted", "calendar-set",
        "objective-drafted", "objective-committed", "objective-closed", "key-result-added",
        "key-result-retargeted", "key-result-scored", "key-result-checked-in", "check-in-corrected",
        "kpi-defined", "reading-recorded", "reading-corrected", "initiative-planned", "comment-added",
        "reflected",
    }  # fmt: skip


def test_evidence_has_the_readings_of_the_days_of_every_calendar(server: str) -> None:
    def read(hour: int) -> RecordReadings:
        """A reading on 31 December 2023 in UTC; from 11:00 on it is 1 January in Tonga."""
        measured_at = datetime(2023, 12, 31, hour, tzinfo=UTC)
        return RecordReadings(readings=[ReadingInput(kpi=SALES, value=hour, measured_at=measured_at)])

    with attested(server) as made:
        opened = OpenCycle(key="2024-q1", name="Q1", starts_on=date(2024, 1, 1), ends_on=date(2024, 3, 31))
        made.keyframe.execute(opened, ADA)
        drafted = made.keyframe.execute(DraftObjective(cycle=Q1, title="Win the hearts of our users"), ADA)
        made.keyframe.execute(DefineKpi(key="sales", name="Sales"), ADA)
        metric = as_input(Metric(Direction.INCREASE, start=0, target=10))
        subject = drafted.result.subject
        assert subject is not None
        made.keyframe.execute(AddKeyResult(objective=subject.id, title="Orders", metric=metric, kpi=SALES), ADA)
        for command in (read(10), read(12), SetCalendar(time_zone="Pacific/Tongatapu")):
            made.keyframe.execute(command, ADA)
        made.catch_up()
        found = events(list(proofs.of_cycle(made.conn, "test", "2024-q1", KEYS)))
    assert [json.loads(one["data"])["value"] for one in found if one["topic"].startswith("reading-recorded")] == [12]


def test_evidence_contains_the_exact_bytes_of_every_column(world: Attested, lines: list[bytes]) -> None:
    rows = {row.position: row for row in world.log.rows(0, 10_000)}
    for event in events(lines):
        row = rows[event["position"]]
        assert (event["metadata"].encode(), event["data"].encode()) == (row.metadata, row.data)
        assert (event["topic"], event["version"]) == (row.topic, row.version)
        assert event["belongsTo"] == (None if row.belongs_to is None else str(row.belongs_to))
        assert base64.b64decode(event["leafHash"]) == row.leaf_hash
        assert event["recordedAt"] == row.recorded_at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def test_the_checkpoint_of_the_evidence_covers_the_log_and_is_stored(world: Attested, lines: list[bytes]) -> None:
    about = json.loads(lines[0])
    assert checkpoint.verified(about["checkpoint"], KEYS.verifiers).size == world.size
    assert merkle_tree.note(world.conn, world.size) == about["checkpoint"]
    assert (about["workspace"], about["key"]) == ("test", "2024-q1")
    assert list(proofs.of_cycle(world.conn, "test", "2024-q1", KEYS)) == lines


def test_evidence_is_signed_with_one_key_after_the_key_was_replaced(world: Attested, lines: list[bytes]) -> None:
    replaced = Keys(Signer("keyframe/test", bytes(31) + b"x"), KEYS.verifiers)
    again = list(proofs.of_cycle(world.conn, "test", "2024-q1", replaced))
    assert evidence.check(again, [replaced.signer.verifier]).signer == replaced.signer.verifier
    assert again[1:-1] == lines[1:-1]
    assert merkle_tree.note(world.conn, world.size) == json.loads(lines[0])["checkpoint"]


def test_evidence_that_fails_its_own_verification_is_not_written(world: Attested, lines: list[bytes]) -> None:
    with world.stolen() as thief:
        thief.does("update log set recorded_at = recorded_at + interval '1 day' where position = 72")
        thief.rehashes(72)
        thief.forgets_the_tree()
        with pytest.raises(Rewritten):
            list(proofs.of_cycle(world.conn, "test", "2024-q1", KEYS))


def test_parts_depend_on_nothing_but_the_checkpoint(
    world: Attested, lines: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = b"".join(lines)
    for events in (1, 7, 1_000):
        monkeypatch.setattr(proofs, "PART", events)
        file = proofs.evidence_file(world.conn, "test", proofs.Wanted("2024-q1", world.size), KEYS)
        assert b"".join(file.parts(lambda: nullcontext(world.conn))) == whole
        assert file.digest(lambda: nullcontext(world.conn)) == (len(whole), hashlib.sha256(whole).digest())


def test_evidence_contains_no_personal_data(lines: list[bytes]) -> None:
    assert b"Lovelace" not in b"".join(lines)
    assert b"ada@example.org" not in b"".join(lines)


def test_an_unknown_cycle_has_no_evidence(world: Attested) -> None:
    with pytest.raises(CommandRejected, match="no Cycle with the key '2030'"):
        list(proofs.of_cycle(world.conn, "test", "2030", KEYS))


def test_an_open_cycle_has_evidence(world: Attested) -> None:
    proven = evidence.check(proofs.of_cycle(world.conn, "test", "2024", KEYS), KEYS.verifiers)
    assert (proven.about.key, proven.events) == ("2024", 6)


# ── verification ─────────────────────────────────────────────────────────────────────────────────


def test_both_verifiers_accept_the_evidence(world: Attested, lines: list[bytes], tmp_path: Path) -> None:
    proven = evidence.check(lines, KEYS.verifiers)
    assert (proven.events, proven.size, proven.signer) == (len(lines) - 2, world.size, KEYS.signer.verifier)
    done = script(lines, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{len(lines) - 2} events of the cycle 2024-q1 are in the log keyframe/test")


def test_the_script_is_short_and_shares_no_code_with_keyframe() -> None:
    text = SCRIPT.read_text()
    assert len(text.splitlines()) <= 100
    imported = {line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def test_evidence_still_verifies_after_an_erasure(world: Attested, lines: list[bytes], tmp_path: Path) -> None:
    with world.stolen() as thief:
        thief.does("delete from person_key")
        assert world.verify().damage is None
        again = list(proofs.of_cycle(world.conn, "test", "2024-q1", KEYS))
    assert again == lines
    assert script(again, tmp_path).returncode == 0


@pytest.mark.parametrize("key", [str(OTHER_KEYS.signer.verifier), KEY[:-6] + "AAAAA=", "", "nonsense"])
def test_evidence_is_rejected_with_another_key(lines: list[bytes], tmp_path: Path, key: str) -> None:
    assert script(lines, tmp_path, key).returncode == 1
    with pytest.raises(Broken):
        evidence.check(lines, OTHER_KEYS.verifiers)


# ── altered evidence ─────────────────────────────────────────────────────────────────────────────


def resealed(lines: Sequence[bytes], signer: Signer = KEYS.signer) -> list[bytes]:
    """The same lines with a valid seal, which needs the signing key."""
    digest = hashlib.sha256(b"".join(lines[:-1])).digest()
    return [
        *lines[:-1],
        json.dumps({"seal": signer.sign(f"keyframe-evidence/1\n{encoded(digest)}\n")}).encode() + b"\n",
    ]


def altered(line: bytes, **changes: Any) -> bytes:
    return json.dumps({**json.loads(line), **changes}, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


FIELDS: dict[str, Callable[[Any], Any]] = {
    "position": lambda old: old + 1,
    "recordedAt": lambda old: f"{old[:-2]}{(int(old[-2]) + 1) % 10}Z",
    "effectiveAt": lambda old: "2020" + old[4:],
    "stream": lambda old: old[:-1] + ("0" if old[-1] != "0" else "1"),
    "version": lambda old: old + 1,
    "topic": lambda old: old + "x",
    "belongsTo": lambda old: "00000000-0000-0000-0000-000000000000" if old is None else None,
    "metadata": lambda old: old + " ",
    "data": lambda old: old.replace("{", "{ ", 1),
    "leafHash": lambda old: old[4:8] + old[:4] + old[8:],
    "path": lambda old: [*old[1:], old[0]] if len(set(old)) > 1 else old[1:],
}


def rejected(lines: Sequence[bytes], tmp_path: Path) -> Broken:
    """Assert that both verifiers reject the evidence; the error of the library."""
    done = script(lines, tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("This is not proven: ")
    with pytest.raises(Broken) as broken:
        evidence.check(lines, KEYS.verifiers)
    return broken.value


def test_every_field_is_covered(lines: list[bytes]) -> None:
    assert set(FIELDS) == set(events(lines)[0])


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("with_seal", [False, True])
def test_a_changed_field_is_rejected(lines: list[bytes], tmp_path: Path, field: str, with_seal: bool) -> None:
    at = Random(field).randrange(3, len(lines) - 2)
    changed = [*lines]
    changed[at] = altered(lines[at], **{field: FIELDS[field](json.loads(lines[at])[field])})
    assert changed != lines
    broken = rejected(resealed(changed) if with_seal else changed, tmp_path)
    assert broken.line == at + 1


@pytest.mark.parametrize("at", [0, 1, 5, -3, -2, -1])
def test_a_removed_line_is_rejected(lines: list[bytes], tmp_path: Path, at: int) -> None:
    kept = [*lines]
    del kept[at]
    rejected(kept, tmp_path)


def test_a_removed_event_is_rejected_even_with_a_valid_seal(
    lines: list[bytes], quarter: Quarter, tmp_path: Path
) -> None:
    at = next(n for n, event in enumerate(events(lines), 1) if event["stream"] == str(quarter.cycle))
    rejected(resealed([*lines[:at], *lines[at + 1 :]]), tmp_path)


def test_swapped_duplicated_and_appended_lines_are_rejected(lines: list[bytes], tmp_path: Path) -> None:
    swapped = [*lines]
    swapped[4], swapped[5] = lines[5], lines[4]
    twice = [*lines[:5], lines[4], *lines[5:]]
    for wrong in (swapped, twice, resealed(swapped), resealed(twice), [*lines, lines[3]], [*lines, b"\n"]):
        rejected(wrong, tmp_path)


def test_a_truncated_file_is_rejected(lines: list[bytes], tmp_path: Path) -> None:
    whole = b"".join(lines)
    for size in (0, 1, len(lines[0]), len(whole) // 2, len(whole) - len(lines[-1]), len(whole) - 2):
        rejected(whole[:size].splitlines(keepends=True), tmp_path)


def test_a_header_that_does_not_match_the_events_is_rejected(
    world: Attested, lines: list[bytes], tmp_path: Path
) -> None:
    other = merkle_tree.last_signed(world.conn)
    assert other is not None
    about = json.loads(lines[0])
    for wrong in (
        {"checkpoint": about["checkpoint"].replace(f"\n{world.size}\n", f"\n{world.size - 1}\n")},
        {"checkpoint": checkpoint.signed(world.size, bytes(32), KEYS.signer)},
        {"checkpoint": checkpoint.signed(world.size, merkle_tree.Tree(world.conn, world.size).root, OTHER_KEYS.signer)},
        {"cycle": "00000000-0000-0000-0000-000000000000"},
        {"evidence": "keyframe-evidence/2"},
    ):
        rejected(resealed([altered(lines[0], **wrong), *lines[1:]]), tmp_path)
    rejected([altered(lines[0], key="2024-q2"), *lines[1:]], tmp_path)


def test_a_seal_of_another_log_is_rejected(lines: list[bytes]) -> None:
    other = Signer("keyframe/other", bytes(32))
    with pytest.raises(Broken, match="different logs"):
        evidence.check(resealed(lines, other), [*KEYS.verifiers, other.verifier])


def test_random_damage_is_rejected(lines: list[bytes]) -> None:
    whole = b"".join(lines)
    chance = Random(3)
    for _ in range(150):
        at = chance.randrange(len(whole))
        damaged = whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :]
        with pytest.raises(Broken):
            evidence.check(damaged.splitlines(keepends=True), KEYS.verifiers)


# ── damaged logs ─────────────────────────────────────────────────────────────────────────────────


def test_there_is_no_evidence_of_damaged_events(world: Attested, quarter: Quarter) -> None:
    with world.stolen() as thief:
        thief.does("update log set data = data || ' ' where stream = %s", quarter.sold)
        with pytest.raises(ValueError, match="is damaged"):
            list(proofs.of_cycle(world.conn, "test", "2024-q1", KEYS))


def test_there_is_no_evidence_of_a_rewritten_log(world: Attested, lines: list[bytes]) -> None:
    with world.stolen() as thief:
        thief.does("delete from checkpoint where size = (select max(position) from log)")
        forged(world.conn, 100, checkpoint.signed(100, bytes(32), KEYS.signer))
        with pytest.raises(Rewritten):
            list(proofs.of_cycle(world.conn, "test", "2024-q1", KEYS))


def test_evidence_of_a_rewritten_event_is_refused_before_its_first_line(
    world: Attested, quarter: Quarter, lines: list[bytes]
) -> None:
    position = events(lines)[-1]["position"]
    with world.stolen() as thief:
        thief.does("update log set data = data || ' ' where position = %s", position)
        thief.rehashes(position)
        with pytest.raises(Rewritten, match=r"not in the log that was signed|differs from the log"):
            proofs.of_cycle(world.conn, "test", "2024-q1", KEYS)
