"""Exports over HTTP read one basis despite concurrent writes, and omit rows hidden from the caller."""

import csv
import io
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.endpoints import ledger_export
from api.execution.context import Context
from api.facts.importer import Import
from api.schema.schema import QueryFailed
from api.server.app import create_app
from domain.commands.people_commands import AddPerson
from domain.commands.permissions import Role
from domain.handlers.dispatcher import Dispatcher
from tests.api.endpoints.conftest import CSV, HEADER, IngestApi, ingest, line, moment, row

__all__ = ["ingest"]

CHANGES, TABLE, READINGS = "/export/changes.ndjson", "/export/changes.csv", "/export/readings.csv"


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_export, "CHANGES", 2)
    monkeypatch.setattr(ledger_export, "READINGS", 3)


def changes(ingest: IngestApi, **asked: Any) -> list[Any]:
    response = ingest.http.get(CHANGES, params=asked)
    assert response.status_code == 200, response.text
    return [json.loads(one) for one in response.text.splitlines()]


def rows(ingest: IngestApi, path: str, **asked: Any) -> list[dict[str, str]]:
    response = ingest.http.get(path, params=asked)
    assert response.status_code == 200, response.text
    return list(csv.DictReader(io.StringIO(response.text, newline="")))


@pytest.fixture
def quarter(ingest: IngestApi) -> str:
    """A cycle with an objective that has spreadsheet formulas in title and reason; returns the id of the objective."""
    ingest.do("openCycle", {"key": "q1", "name": "Q1", "startsOn": "2026-01-01", "endsOn": "2026-12-31"})
    drafted = {"cycle": {"key": "q1"}, "title": "=1;=2"}
    objective: str = ingest.do("draftObjective", drafted, "objective { id }")["objective"]["id"]
    ingest.do("dropObjective", {"objective": objective, "reason": "+not ours;-1"})
    return objective


def test_exported_changes_match_the_schema_types(ingest: IngestApi, quarter: str) -> None:
    exported = changes(ingest)
    assert [one["position"] for one in exported] == [1, 2, 3, 4, 5]
    assert [one["type"] for one in exported] == [
        "KpiDefined",
        "KpiDefined",
        "CycleOpened",
        "ObjectiveDrafted",
        "ObjectiveDropped",
    ]
    last = exported[-1]
    assert (last["subjectType"], last["subjectId"]) == ("Objective", quarter)
    assert (last["actor"], last["source"], last["cycle"], last["reason"], last["late"]) == (
        "demo", "API", "q1", "+not ours;-1", False,
    )  # fmt: skip
    assert last["fields"] == [{"field": "state", "before": "DRAFT", "after": "DROPPED"}]


def test_csv_of_changes_has_the_same_content_with_formulas_escaped(ingest: IngestApi, quarter: str) -> None:
    exported = rows(ingest, TABLE)
    assert tuple(exported[0]) == ledger_export.CHANGE_COLUMNS
    assert [one["position"] for one in exported] == ["1", "2", "3", "4", "5"]
    assert (exported[-1]["reason"], exported[-1]["late"]) == ("'+not ours;'-1", "false")
    assert [json.loads(one["fields"]) for one in exported] == [one["fields"] for one in changes(ingest)]
    assert "=" not in exported[-2]["fields"]
    assert {"field": "title", "before": None, "after": "=1;=2"} in json.loads(exported[-2]["fields"])


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
def test_changes_are_filtered_by_parameters(
    ingest: IngestApi, quarter: str, asked: dict[str, Any], positions: list[int]
) -> None:
    assert [one["position"] for one in changes(ingest, **asked)] == positions
    assert [int(one["position"]) for one in rows(ingest, TABLE, **asked)] == positions


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
def test_invalid_parameter_is_answered_400_with_its_field(ingest: IngestApi, path: str, asked: Any, field: str) -> None:
    response = ingest.http.get(path, params=asked)
    error = response.json()["errors"][0]["extensions"]
    assert (response.status_code, error["code"], error["field"]) == (400, "INVALID", [field])


def test_extreme_times_are_valid_bounds(ingest: IngestApi, quarter: str) -> None:
    first, last = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
    assert changes(ingest, **{"from": first, "to": last}) == changes(ingest)
    assert changes(ingest, to=first) == changes(ingest, **{"from": last}) == []


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
def test_unknown_filter_value_is_answered_400(ingest: IngestApi, path: str, asked: Any, code: str) -> None:
    response = ingest.http.get(path, params=asked)
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, code)


def test_export_has_a_position_header_and_an_etag(ingest: IngestApi, quarter: str) -> None:
    for path in (CHANGES, TABLE, READINGS):
        first = ingest.http.get(path)
        assert first.headers["x-keyframe-position"] == "5"
        again = ingest.http.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = ingest.http.head(path)
        assert (head.status_code, head.headers["etag"], head.content) == (200, first.headers["etag"], b"")
        other = ingest.http.get(path, params={"position": 4})
        assert (other.headers["x-keyframe-position"], other.headers["etag"] != first.headers["etag"]) == ("4", True)
    ingest.put(line(0))
    assert ingest.http.get(CHANGES, headers={"if-none-match": first.headers["etag"]}).status_code == 200


def test_export_excludes_concurrent_writes(ingest: IngestApi, quarter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, pages = ledger_export._answer, 0

    def answer(context: Any, asked: Any) -> Any:
        nonlocal pages
        pages += 1
        view = plain(context, asked)
        context.writer.execute(add_numbered_person(pages), context.caller.author)
        return view

    monkeypatch.setattr(ledger_export, "_answer", answer)
    assert [one["position"] for one in changes(ingest)] == [1, 2, 3, 4, 5]
    assert pages == 3


def add_numbered_person(number: int) -> Any:
    return AddPerson(handle=f"person-{number}", name="Person")


NOTES = ("", "=1+1", "'=1", 'a;"=1+2"', "- one\n- two", "a-b; c", "\t,@x")
VALUES = (0.1 + 0.2, 4.5e-06, -1.5, 1e22, 123456789012345.6, -0.0, 7)


def test_exports_show_when_an_import_claims_that_a_measurement_was_reported(ingest: IngestApi) -> None:
    log = ingest.database.log()
    reading = {"kpi": {"key": "orders"}, "value": 7, "measuredAt": moment(1)}
    fact = {"at": "2026-01-09T09:00:00Z", "do": "recordReadings", "input": {"readings": [reading]}}
    Import(Dispatcher(log), log, "machine:console").run([json.dumps(fact).encode()])
    ingest.put(line(2))
    exported = changes(ingest, types="ReadingRecorded")
    assert [(one["claimedAt"], one["backdated"]) for one in exported] == [("2026-01-09T09:00:00Z", True), (None, True)]
    for path, asked in ((TABLE, {"types": "ReadingRecorded"}), (READINGS, {})):
        assert [one["claimed_at"] for one in rows(ingest, path, **asked)] == ["2026-01-09T09:00:00Z", ""]


def test_exported_readings_can_be_ingested_again_unchanged(ingest: IngestApi) -> None:
    file = (
        HEADER
        + b"".join(row(number, number, note="=1" if number == 0 else "") for number in range(7))
        + row(1, 8, "nps")
    )
    ingest.put(file, CSV)
    exported = rows(ingest, READINGS)
    assert tuple(exported[0]) == ledger_export.READING_COLUMNS
    assert [(one["kpi"], one["value"]) for one in exported] == [
        ("nps", "8"),
        *(("orders", str(one)) for one in range(7)),
    ]
    assert (exported[1]["measured_at"], exported[1]["note"]) == (moment(0), "'=1")
    out = ingest.http.get(READINGS).content
    assert ingest.put(out, CSV)[1]["unchanged"] == 8
    some = rows(ingest, READINGS, kpi="orders", **{"from": moment(2), "to": moment(4)})
    assert [one["value"] for one in some] == ["2", "3"]
    assert rows(ingest, READINGS, position=2) == []


@pytest.mark.parametrize("bom", ["0", "1"])
def test_notes_and_values_of_exported_readings_read_back_exactly(ingest: IngestApi, bom: str) -> None:
    for number, (value, note) in enumerate(zip(VALUES, NOTES, strict=True)):
        reading = {"kpi": "orders", "value": value, "measured_at": moment(number), "note": note or None}
        assert ingest.put(json.dumps(reading).encode())[1]["recorded"] == 1
    recorded = ingest.readings()
    exported = ingest.http.get(READINGS, params={"bom": bom}).content
    assert ingest.put(exported, CSV)[1]["unchanged"] == len(VALUES)
    ingest.put(exported.replace(b"orders,", b"nps,"), CSV)
    assert ingest.readings("nps") == recorded


@pytest.mark.parametrize("path", [TABLE, READINGS])
def test_csv_begins_with_a_byte_order_mark_on_request(ingest: IngestApi, quarter: str, path: str) -> None:
    ingest.put(b"".join(line(number) for number in range(4)))
    plain, marked = (ingest.http.get(path, params=asked) for asked in ({}, {"bom": "1"}))
    assert marked.content == b"\xef\xbb\xbf" + plain.content
    assert marked.headers["etag"] != plain.headers["etag"]
    assert ingest.http.get(path, params={"bom": "0"}).content == plain.content


@pytest.mark.parametrize(("path", "flag"), [(TABLE, "yes"), (READINGS, ""), (CHANGES, "1")])
def test_byte_order_mark_is_requested_by_one_and_for_csv_only(ingest: IngestApi, path: str, flag: str) -> None:
    response = ingest.http.get(path, params={"bom": flag})
    error = response.json()["errors"][0]["extensions"]
    assert (response.status_code, error["code"], error["field"]) == (400, "INVALID", ["bom"])


def test_export_requires_ledger_permission(ingest: IngestApi) -> None:
    for role in Role:
        shown = {"authorization": ingest.token(role)}
        status = 200 if role in (Role.ADMIN, Role.LEAD, Role.AUDITOR) else 403
        for path in (CHANGES, TABLE, READINGS):
            assert ingest.http.get(path, headers=shown).status_code == status, (role, path)


def test_export_omits_goals_hidden_from_the_caller(ingest: IngestApi, quarter: str) -> None:
    ingest.do("formTeam", {"key": "core", "name": "Core"})
    team = ingest.ask("{ teams { nodes { id } } }")["teams"]["nodes"][0]["id"]
    hidden = {"cycle": {"key": "q1"}, "title": "Keep this quiet", "team": team, "visibility": "TEAM"}
    ingest.do("draftObjective", hidden)
    for role, sees in ((Role.ADMIN, True), (Role.AUDITOR, True), (Role.LEAD, False)):
        for path in (CHANGES, TABLE):
            response = ingest.http.get(path, headers={"authorization": ingest.token(role)})
            assert (b"quiet" in response.content) is sees, (role, path)


def test_export_contains_no_name_of_an_erased_person(ingest: IngestApi) -> None:
    person = ingest.do("addPerson", {"handle": "ada", "name": "Ada Lovelace"}, "person { id }")["person"]["id"]
    ingest.do("erasePerson", {"person": person, "reason": "asked to be"})
    assert [one["type"] for one in changes(ingest)][-2:] == ["PersonAdded", "PersonErased"]
    for path in (CHANGES, TABLE):
        assert b"Lovelace" not in ingest.http.get(path).content


def test_export_beyond_its_time_limit_breaks_off(
    ingest: IngestApi, quarter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, pages = ledger_export._answer, list[Any]()

    def slow(context: Context, variables: Any) -> Any:
        pages.append(variables)
        if len(pages) == 2:
            context.deadline.end()
        return answer(context, variables)

    monkeypatch.setattr(ledger_export, "_answer", slow)
    with pytest.raises(QueryFailed) as failed:
        ingest.http.get(CHANGES)
    assert (failed.value.code, len(pages)) == ("TIMEOUT", 2)


@pytest.mark.parametrize("path", [CHANGES, TABLE])
def test_export_has_a_time_limit(ingest: IngestApi, path: str) -> None:
    settings = ingest.database.settings.model_copy(update={"file_timeout_s": 1e-9})
    app = create_app(settings, ingest.database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost") as http:
        response = http.get(path)
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (503, "TIMEOUT")
