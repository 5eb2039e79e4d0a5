"""What goes out over HTTP stands on one basis, whatever is written meanwhile, and shows nobody what is hidden."""

import csv
import io
import json
from typing import Any

import pytest

from api.endpoints import ledger_export
from domain.commands.people_commands import AddPerson
from domain.commands.permissions import Role
from tests.api.endpoints.conftest import CSV, HEADER, Intake, intake, line, moment, row

__all__ = ["intake"]

CHANGES, TABLE, READINGS = "/export/changes.ndjson", "/export/changes.csv", "/export/readings.csv"


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_export, "CHANGES", 2)
    monkeypatch.setattr(ledger_export, "READINGS", 3)


def changes(intake: Intake, **asked: Any) -> list[Any]:
    response = intake.http.get(CHANGES, params=asked)
    assert response.status_code == 200, response.text
    return [json.loads(one) for one in response.text.splitlines()]


def rows(intake: Intake, path: str, **asked: Any) -> list[dict[str, str]]:
    response = intake.http.get(path, params=asked)
    assert response.status_code == 200, response.text
    return list(csv.DictReader(io.StringIO(response.text, newline="")))


@pytest.fixture
def quarter(intake: Intake) -> str:
    """A cycle with an objective whose title a spreadsheet would carry out; the id of the objective."""
    intake.do("openCycle", {"key": "q1", "name": "Q1", "startsOn": "2026-01-01", "endsOn": "2026-12-31"})
    drafted = {"cycle": {"key": "q1"}, "title": "=1+1"}
    objective: str = intake.do("draftObjective", drafted, "objective { id }")["objective"]["id"]
    intake.do("dropObjective", {"objective": objective, "reason": "+not ours"})
    return objective


def test_every_change_is_told_as_the_schema_tells_it(intake: Intake, quarter: str) -> None:
    told = changes(intake)
    assert [one["position"] for one in told] == [1, 2, 3, 4, 5]
    assert [one["type"] for one in told] == [
        "KpiDefined",
        "KpiDefined",
        "CycleOpened",
        "ObjectiveDrafted",
        "ObjectiveDropped",
    ]
    last = told[-1]
    assert (last["subjectType"], last["subjectId"]) == ("Objective", quarter)
    assert (last["actor"], last["source"], last["cycle"], last["reason"], last["late"]) == (
        "demo", "API", "q1", "+not ours", False,
    )  # fmt: skip
    assert last["fields"] == [{"field": "state", "before": "DRAFT", "after": "DROPPED"}]


def test_a_table_says_the_same_and_carries_nothing_out(intake: Intake, quarter: str) -> None:
    told = rows(intake, TABLE)
    assert tuple(told[0]) == ledger_export.CHANGE_COLUMNS
    assert [one["position"] for one in told] == ["1", "2", "3", "4", "5"]
    assert (told[-1]["reason"], told[-1]["late"]) == ("'+not ours", "false")
    assert json.loads(told[-1]["fields"]) == changes(intake)[-1]["fields"]


@pytest.mark.parametrize(
    ("asked", "positions"),
    [
        ({"cycle": "q1"}, [3, 4, 5]),
        ({"types": "CycleOpened, ObjectiveDropped"}, [3, 5]),
        ({"from": 2, "to": 4}, [2, 3]),
        ({"from": 0, "to": 1}, []),
        ({"from": "2020-01-01T00:00:00Z", "to": "2021-01-01T00:00:00Z"}, []),
        ({"position": 4, "cycle": "q1"}, [3, 4]),
        ({"at": "2020-01-01T00:00:00Z"}, []),
    ],
)
def test_some_changes_are_asked_for(intake: Intake, quarter: str, asked: dict[str, Any], positions: list[int]) -> None:
    assert [one["position"] for one in changes(intake, **asked)] == positions
    assert [int(one["position"]) for one in rows(intake, TABLE, **asked)] == positions


@pytest.mark.parametrize("path", [CHANGES, TABLE, READINGS])
@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"nonsense": "1"}, "nonsense"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2026-01-01T00:00:00"}, "at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at"),
        ({"position": "-1"}, "position"),
        ({"position": 4711}, "position"),
        ({"position": 1, "known": "2020-01-01T00:00:00Z"}, "known"),
        ({"from": "soon"}, "from"),
        ({"at": ["2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"]}, "at"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_code(intake: Intake, path: str, asked: Any, field: str) -> None:
    response = intake.http.get(path, params=asked)
    error = response.json()["errors"][0]["extensions"]
    assert (response.status_code, error["code"], error["field"]) == (400, "INVALID", [field])


def test_all_that_there_is_comes_from_any_moment_before_it(intake: Intake, quarter: str) -> None:
    first, last = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
    assert changes(intake, **{"from": first, "to": last}) == changes(intake)
    assert changes(intake, to=first) == changes(intake, **{"from": last}) == []


@pytest.mark.parametrize(
    ("path", "asked", "code"),
    [
        (CHANGES, {"types": "Nonsense"}, "INVALID"),
        (CHANGES, {"cycle": "none"}, "NOT_FOUND"),
        (TABLE, {"team": "none"}, "NOT_FOUND"),
        (READINGS, {"kpi": "none"}, "NOT_FOUND"),
        (CHANGES, {"from": 4711}, "INVALID"),
    ],
)
def test_what_there_is_not_is_refused_with_a_code(intake: Intake, path: str, asked: Any, code: str) -> None:
    response = intake.http.get(path, params=asked)
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, code)


def test_the_basis_is_said_and_what_is_told_there_has_a_name(intake: Intake, quarter: str) -> None:
    for path in (CHANGES, TABLE, READINGS):
        first = intake.http.get(path)
        assert first.headers["x-keyframe-position"] == "5"
        again = intake.http.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = intake.http.head(path)
        assert (head.status_code, head.headers["etag"], head.content) == (200, first.headers["etag"], b"")
        other = intake.http.get(path, params={"position": 4})
        assert (other.headers["x-keyframe-position"], other.headers["etag"] != first.headers["etag"]) == ("4", True)
    intake.put(line(0))
    assert intake.http.get(CHANGES, headers={"if-none-match": first.headers["etag"]}).status_code == 200


def test_what_is_written_meanwhile_is_not_in_it(intake: Intake, quarter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, pages = ledger_export._answer, 0

    def answer(context: Any, asked: Any) -> Any:
        nonlocal pages
        pages += 1
        view = plain(context, asked)
        context.writer.execute(exports_command(pages), context.caller.author)
        return view

    monkeypatch.setattr(ledger_export, "_answer", answer)
    assert [one["position"] for one in changes(intake)] == [1, 2, 3, 4, 5]
    assert pages == 3


def exports_command(number: int) -> Any:
    return AddPerson(handle=f"somebody-{number}", name="Somebody")


def test_readings_go_out_and_come_in_as_they_are(intake: Intake) -> None:
    file = (
        HEADER
        + b"".join(row(number, number, note="=1" if number == 0 else "") for number in range(7))
        + row(1, 8, "nps")
    )
    intake.put(file, CSV)
    told = rows(intake, READINGS)
    assert tuple(told[0]) == ledger_export.READING_COLUMNS
    assert [(one["kpi"], one["value"]) for one in told] == [("nps", "8"), *(("orders", str(one)) for one in range(7))]
    assert (told[1]["measured_at"], told[1]["note"]) == (moment(0), "'=1")
    out = intake.http.get(READINGS).content
    assert intake.put(out, CSV)[1]["unchanged"] == 8
    some = rows(intake, READINGS, kpi="orders", **{"from": moment(2), "to": moment(4)})
    assert [one["value"] for one in some] == ["2", "3"]
    assert rows(intake, READINGS, position=2) == []


def test_only_who_may_read_the_ledger_is_told(intake: Intake) -> None:
    for role in Role:
        shown = {"authorization": intake.token(role)}
        status = 200 if role in (Role.ADMIN, Role.LEAD, Role.AUDITOR) else 403
        for path in (CHANGES, TABLE, READINGS):
            assert intake.http.get(path, headers=shown).status_code == status, (role, path)


def test_nobody_is_told_what_is_hidden_from_them(intake: Intake, quarter: str) -> None:
    intake.do("formTeam", {"key": "core", "name": "Core"})
    team = intake.ask("{ teams { nodes { id } } }")["teams"]["nodes"][0]["id"]
    hidden = {"cycle": {"key": "q1"}, "title": "Keep this quiet", "team": team, "visibility": "TEAM"}
    intake.do("draftObjective", hidden)
    for role, sees in ((Role.ADMIN, True), (Role.AUDITOR, True), (Role.LEAD, False)):
        for path in (CHANGES, TABLE):
            response = intake.http.get(path, headers={"authorization": intake.token(role)})
            assert (b"quiet" in response.content) is sees, (role, path)


def test_an_erased_person_goes_out_without_a_name(intake: Intake) -> None:
    person = intake.do("addPerson", {"handle": "ada", "name": "Ada Lovelace"}, "person { id }")["person"]["id"]
    intake.do("erasePerson", {"person": person, "reason": "asked to be"})
    assert [one["type"] for one in changes(intake)][-2:] == ["PersonAdded", "PersonErased"]
    for path in (CHANGES, TABLE):
        assert b"Lovelace" not in intake.http.get(path).content
