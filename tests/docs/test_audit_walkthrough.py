"""The steps of the audit walkthrough run in their order, with the token of an AUDITOR alone; the independent script
verifies the files that they give, in a process that knows nothing of Keyframe."""

import csv
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.facts.importer import Import
from api.runtime import signing_key
from api.server.app import create_app
from domain.commands.permissions import Role
from domain.handlers.dispatcher import Dispatcher
from domain.log.credentials import api_tokens
from tests.docs.documents import ROOT, read
from tests.workspace import fresh_workspace, named_settings

PAGE = "docs/audit-walkthrough.md"
STEP = re.compile(
    r"^```graphql\n(?P<text>.*?)^```\n(?:\n```json\n(?P<variables>.*?)^```\n)?"
    r'|^curl -H "Authorization: Bearer \$TOKEN" "?\$KEYFRAME(?P<path>/[^" ]*)"? > (?P<file>\S+)$'
    r'|^python verify_evidence\.py (?P<evidence>\S+) "\$\(head -1 (?P<key>\S+)\)"$',
    re.DOTALL | re.MULTILINE,
)
COMMAND = re.compile(r"^(?:curl|python) .*$", re.MULTILINE)
CYCLE = {"key": "2026-q1", "name": "Q1", "startsOn": "2026-01-01", "endsOn": "2026-03-31"}
METRIC = {"direction": "INCREASE", "start": 0, "target": 100}
LATE = {"measuredAt": "2026-02-05T09:00:00Z", "value": 30, "note": "=HYPERLINK()"}


def story() -> Iterator[dict[str, Any]]:
    """A closed quarter: weekly check-ins, one of them reported two weeks late, and a target moved in the last week."""
    yield at(-10, "openCycle", CYCLE)
    yield at(-9, "draftObjective", {"cycle": {"key": "2026-q1"}, "title": "Customers come back"}, "o")
    for name in ("a", "b"):
        given = {"objective": {"ref": "o"}, "title": f"Orders of kind {name}", "metric": METRIC}
        yield at(-8, "addKeyResult", given, name)
    yield at(0, "activateCycle", {"cycle": {"key": "2026-q1"}})
    for week in range(1, 13):
        for name in ("a", "b"):
            yield at(7 * week, "checkIn", {"keyResult": {"ref": name}, "value": 5 * week, "confidence": 0.5})
    yield at(85, "checkIn", {"keyResult": {"ref": "a"}, **LATE})
    moved = {"keyResult": {"ref": "b"}, "metric": METRIC | {"target": 60}}
    yield at(86, "retargetKeyResult", moved) | {"reason": "The market shrank."}
    yield at(91, "closeCycle", {"cycle": {"key": "2026-q1"}, "closeObjectives": True})


def at(day: float, do: str, given: dict[str, Any], ref: str | None = None) -> dict[str, Any]:
    moment = datetime(2026, 1, 1, 9, tzinfo=UTC) + timedelta(days=day)
    return {"at": moment.isoformat(), "by": "person:ada", "do": do, "input": given} | ({"ref": ref} if ref else {})


@pytest.fixture(scope="module")
def auditor(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client with the token of an AUDITOR, of a server that signs checkpoints."""
    settings = named_settings(server, checkpoint_key=tmp_path_factory.mktemp("key") / "key")
    signing_key.create(signing_key.path_of(settings), signing_key.new_name(settings))
    with fresh_workspace(server, settings) as database:
        log = database.log()
        facts = [json.dumps(fact).encode() for fact in story()]
        assert not Import(Dispatcher(log), log, "machine:console").run(facts).refusals
        with database.connect() as conn:
            _, bearer = api_tokens.issue(conn, "auditor", [Role.AUDITOR], None, timedelta(hours=1))
        app = create_app(settings, database, editor=False)
        headers = {"authorization": f"Bearer {bearer}", "x-keyframe-min-position": str(log.head().position)}
        with TestClient(app, base_url="http://localhost", headers=headers) as http:
            yield http


class Visit:
    """One run through the page: the answers by the name of their operation, and the files in a folder."""

    def __init__(self, http: TestClient, folder: Path) -> None:
        self._http = http
        self.folder = folder
        self.answers: dict[str, Any] = {}
        self.verified = ""

    def run(self, step: "re.Match[str]") -> None:
        if step["text"]:
            self._ask(step["text"], json.loads(step["variables"] or "{}"))
        elif step["path"]:
            response = self._http.get(step["path"])
            assert response.status_code == 200, (step["path"], response.text)
            (self.folder / step["file"]).write_bytes(response.content)
        else:
            self.verified = self._verify(step["evidence"], step["key"])

    def _ask(self, text: str, variables: dict[str, Any]) -> None:
        answered = self._http.post("/graphql", json={"query": text, "variables": variables}).json()
        assert "errors" not in answered, answered
        self.answers[text.split("(", maxsplit=1)[0].split("{", maxsplit=1)[0].split()[1]] = answered["data"]

    def _verify(self, evidence: str, key: str) -> str:
        """What the independent script prints, in a folder with nothing but the files."""
        shutil.copy(ROOT / "docs" / "verify_evidence.py", self.folder)
        vkey = (self.folder / key).read_text().splitlines()[0]
        command = [sys.executable, "-I", "verify_evidence.py", evidence, vkey]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def visit(auditor: TestClient, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    made = Visit(auditor, tmp_path_factory.mktemp("visit"))
    for step in STEP.finditer(read(PAGE)):
        made.run(step)
    return made


def test_every_command_of_the_walkthrough_is_a_step() -> None:
    commands = [step[0] for step in STEP.finditer(read(PAGE)) if not step["text"]]
    assert commands == [command for command in COMMAND.findall(read(PAGE)) if "token create" not in command]


def test_auditor_changes_nothing(visit: Visit, auditor: TestClient) -> None:
    assert visit.answers["Arrival"]["viewer"]["roles"] == ["AUDITOR"]
    command = 'mutation { addPerson(input: {handle: "eve", name: "Eve"}) { problems { code } } }'
    refused = auditor.post("/graphql", json={"query": command}).json()["data"]["addPerson"]
    assert [problem["code"] for problem in refused["problems"]] == ["FORBIDDEN"]


def test_every_change_has_who_when_and_why(visit: Visit) -> None:
    nodes = visit.answers["EveryChange"]["changes"]["nodes"]
    assert len(nodes) == visit.answers["EveryChange"]["changes"]["totalCount"]
    assert {node["actor"]["onBehalfOf"]["handle"] for node in nodes} == {"ada"}
    text = (visit.folder / "changes.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert {int(row["position"]) for row in rows} == {node["position"] for node in nodes}
    assert {row["author"] for row in rows} == {"ada"}
    assert [row["after"] for row in rows if row["field"] == "note"] == ["'=HYPERLINK()"]


def test_visit_tells_that_the_history_was_entered_afterwards(visit: Visit) -> None:
    afterwards = visit.answers["EnteredAfterwards"]["retrospective"]["recordedAfterwards"]
    assert afterwards["count"] == afterwards["total"] > 30
    assert visit.answers["Mondays"]["replay"]["recordedAfterwards"]["summary"] == afterwards["summary"]


def test_frames_are_the_mondays_of_the_quarter(visit: Visit) -> None:
    frames = visit.answers["Mondays"]["replay"]["frames"]
    moments = [datetime.fromisoformat(frame["basis"]["at"]) for frame in frames]
    assert {moment.weekday() for moment in moments[1:-1]} == {0}
    assert len(moments) >= 14
    (goal,) = visit.answers["ThatMonday"]["asOf"]["objectives"]["nodes"]
    (frame,) = [frame for frame in frames if frame["basis"]["at"] == "2026-02-02T00:00:00Z"]
    assert goal["progress"]["value"] == frame["progress"]["value"]


def test_late_goalposts_and_late_facts_are_found(visit: Visit) -> None:
    moved = visit.answers["MovedLate"]["changes"]
    assert [(one["__typename"], one["reason"]) for one in moved["nodes"]] == [
        ("KeyResultRetargeted", "The market shrank.")
    ]
    assert visit.answers["AllMoved"]["retrospective"]["goalpostChanges"]["totalCount"] == 1
    late = visit.answers["EnteredLate"]["changes"]["nodes"]
    assert [(one["__typename"], one["effectiveAt"][:10], one["claimedAt"][:10]) for one in late] == [
        ("KeyResultCheckedIn", "2026-02-05", "2026-03-27")
    ]


def test_archive_is_the_file_that_the_ledger_describes_and_proves_itself(visit: Visit) -> None:

    described = visit.answers["Archive"]["ledger"]["evidence"]
    content = (visit.folder / "q1.evidence").read_bytes()
    assert (described["size"], described["sha256"]) == (len(content), sha256(content).hexdigest())
    assert re.fullmatch(
        r"\d+ events of the cycle 2026-q1 are in the log \S+, signed at position \d+\.\n", visit.verified
    )


def test_changed_archive_is_not_proven(visit: Visit, tmp_path: Path) -> None:
    damaged = Visit(visit._http, tmp_path)
    shutil.copy(visit.folder / "keyframe.pub", tmp_path)
    content = (visit.folder / "q1.evidence").read_bytes()
    (tmp_path / "q1.evidence").write_bytes(content.replace(b"Customers come back", b"Customers come home"))
    with pytest.raises(subprocess.CalledProcessError):
        damaged._verify("q1.evidence", "keyframe.pub")
