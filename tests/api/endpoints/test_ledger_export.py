"""Exports over HTTP read one basis despite concurrent writes, and omit rows hidden from the caller."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.endpoints import export_pages, export_parameters, exported_changes
from api.facts.importer import Import
from api.schema.schema import QueryFailed
from api.server.app import create_app
from api.snapshot.snapshot import View
from domain.commands.permissions import Role
from domain.handlers.dispatcher import Dispatcher
from projections.store.deadline import DeadlineExceeded
from tests.api.endpoints.conftest import CSV, HEADER, IngestApi, ingest, line, moment, row, served
from tests.docs.documents import section

__all__ = ["ingest"]

CHANGES, TABLE, READINGS = "/export/changes.ndjson", "/export/changes.csv", "/export/readings.csv"


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_pages, "CHANGES", 2)
    monkeypatch.setattr(export_pages, "POSITIONS", 3)
    monkeypatch.setattr(export_pages, "READINGS", 3)


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
    return begun_quarter(ingest)


@pytest.fixture(scope="module")
def unchanged(server: str) -> Iterator[IngestApi]:
    """A workspace with that quarter, for tests that record nothing."""
    with served(server) as made:
        begun_quarter(made)
        yield made


def begun_quarter(ingest: IngestApi) -> str:
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


def test_csv_has_a_row_for_each_changed_field_with_titles_and_keys(ingest: IngestApi, quarter: str) -> None:
    exported = rows(ingest, TABLE)
    assert tuple(exported[0]) == tuple(column.name for column in exported_changes.COLUMNS)
    fields = [(one["position"], field["field"]) for one in changes(ingest) for field in one["fields"]]
    assert [(int(one["position"]), one["field"]) for one in exported] == fields
    drafted = {one["field"]: one["after"] for one in exported if one["type"] == "ObjectiveDrafted"}
    assert drafted | {"cycle": "q1", "title": "'=1;'=2", "state": "DRAFT"} == drafted
    last = exported[-1]
    assert last | {"objective": "'=1;'=2", "subject_type": "Objective", "subject": "'=1;'=2", "cycle": "q1"} == last
    assert last | {"field": "state", "before": "DRAFT", "after": "DROPPED", "reason": "'+not ours;'-1"} == last
    assert last | {"change": "An objective was dropped.", "author": "demo", "actor": "demo", "late": "false"} == last
    assert (last["recorded_after_days"], last["effective_on"]) == ("0", last["recorded_at"][:10])
    assert quarter not in ingest.http.get(TABLE).text


GOAL = {"cycle": {"key": "q9"}, "title": "More", "team": {"ref": "team/core"}, "owner": {"ref": "person:ada"}}
STEPS = {"direction": "MILESTONES", "milestones": [{"key": "a", "title": 'Shop, "open"', "weight": 1}]}
SUM = {"direction": "INCREASE", "start": -1.5, "target": 3}
IMPORTED = [
    {"do": "formTeam", "ref": "team/core", "input": {"key": "core", "name": "Core"}},
    {"do": "openCycle", "input": {"key": "q9", "name": "Q9", "startsOn": "2026-01-01", "endsOn": "2026-03-31"}},
    {"do": "draftObjective", "ref": "o", "input": GOAL},
    {"do": "addKeyResult", "ref": "k", "input": {"objective": {"ref": "o"}, "title": "Sum", "metric": SUM}},
    {"do": "addKeyResult", "ref": "m", "input": {"objective": {"ref": "o"}, "title": "Steps", "metric": STEPS}},
    {"do": "activateCycle", "input": {"cycle": {"key": "q9"}}},
    {"do": "checkIn", "input": {"keyResult": {"ref": "k"}, "value": -0.25, "confidence": 0.5}},
    {"do": "checkIn", "input": {"keyResult": {"ref": "k"}, "value": 1, "note": "a \u00a0=1"}},
    {"do": "checkIn", "input": {"keyResult": {"ref": "m"}, "reached": ["a"]}},
]
"""Facts of nine days, by Ada."""


def test_every_column_and_every_parameter_is_documented() -> None:
    page = section("docs/exports.md", "Changes for a spreadsheet")
    assert re.findall(r"^\| (`\w+`) \|", page, re.MULTILINE) == [f"`{one.name}`" for one in exported_changes.COLUMNS]
    assert all(f"| `{one.name}` | {one.meaning} |" in page for one in exported_changes.COLUMNS)
    parameters = export_parameters.CHANGES | export_parameters.READINGS | export_parameters.CSV
    assert all(f"`{name}`" in section("docs/exports.md", "The ledger over HTTP") for name in parameters)


def test_csv_names_the_author_on_whose_behalf_an_import_acted(ingest: IngestApi) -> None:
    log = ingest.database.log()
    lines = [
        json.dumps({"at": f"2026-01-0{number}T09:00:00Z", "by": "person:ada", **fact})
        for number, fact in enumerate(IMPORTED, 1)
    ]
    tally = Import(Dispatcher(log), log, "machine:console").run([line.encode() for line in lines])
    assert not tally.refusals
    ingest.do("addPerson", {"handle": "bob", "name": "Bob"})
    exported = rows(ingest, TABLE, cycle="q9")
    assert {(one["author"], one["actor"], one["on_behalf_of"]) for one in exported} == {("ada", "console", "ada")}
    assert {one["team"] for one in exported if one["objective"]} == {"core"}
    drafted = {one["field"]: one["after"] for one in exported if one["type"] == "ObjectiveDrafted"}
    assert drafted | {"owner": "ada", "team": "core"} == drafted
    checked = [
        (one["subject"], one["objective"], one["field"], one["before"], one["after"])
        for one in exported
        if one["type"] == "KeyResultCheckedIn"
    ]
    assert checked == [
        ("Sum", "More", "value", "", "-0.25"),
        ("Sum", "More", "confidence", "", "0.5"),
        ("Sum", "More", "value", "-0.25", "1"),
        ("Sum", "More", "note", "", "a \u00a0=1"),
        ("Steps", "More", "reached", "", 'Shop, "open"'),
    ]
    opened = next(one for one in exported if one["type"] == "CycleOpened")
    assert float(opened["recorded_after_days"]) > 200
    assert (opened["effective_on"], opened["backdated"]) == ("2026-01-02", "false")


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
def test_changes_are_filtered_by_parameters(unchanged: IngestApi, asked: dict[str, Any], positions: list[int]) -> None:
    assert [one["position"] for one in changes(unchanged, **asked)] == positions
    assert sorted({int(one["position"]) for one in rows(unchanged, TABLE, **asked)}) == positions


def test_changes_of_an_import_are_filtered_like_in_graphql(ingest: IngestApi) -> None:
    log = ingest.database.log()
    lines = [
        json.dumps({"at": f"2026-01-0{n}T09:00:00Z", "by": "person:ada", **one}) for n, one in enumerate(IMPORTED, 1)
    ]
    assert not Import(Dispatcher(log), log, "machine:console").run([line.encode() for line in lines]).refusals
    ingest.do("addPerson", {"handle": "bob", "name": "Bob"})
    everything = [one["position"] for one in changes(ingest)]
    of_ada = [one["position"] for one in changes(ingest) if one["onBehalfOf"] == "ada"]
    assert [one["position"] for one in changes(ingest, actor="ada")] == of_ada
    assert changes(ingest, actor="ada", includeOnBehalfOf=0) == []
    assert [one["position"] for one in changes(ingest, backdated=0, late=0, goalposts=0)] == everything
    assert changes(ingest, backdated=1) == changes(ingest, goalposts=1) == []
    assert changes(ingest, recordedAfterEffectiveBy=1) == []
    in_cycle = [one["position"] for one in changes(ingest, cycle="q9")]
    assert [one["position"] for one in changes(ingest, daysBeforeCloseLte=100, daysBeforeCloseGte=0)] == in_cycle
    for asked, field in (
        ({"backdated": "yes"}, "backdated"),
        ({"daysBeforeCloseLte": "1.5"}, "daysBeforeCloseLte"),
        ({"recordedAfterEffectiveBy": "-1"}, "recordedAfterEffectiveBy"),
        ({"recordedAfterEffectiveBy": "\u0661"}, "recordedAfterEffectiveBy"),
    ):
        error = ingest.http.get(TABLE, params=asked).json()["errors"][0]["extensions"]
        assert (error["code"], error["field"]) == ("INVALID", [field])


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
        ({"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "to"),
        ({"at": ["2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"]}, "at"),
    ],
)
def test_invalid_parameter_is_answered_400_with_its_field(
    unchanged: IngestApi, path: str, asked: Any, field: str
) -> None:
    response = unchanged.http.get(path, params=asked)
    error = response.json()["errors"][0]["extensions"]
    assert (response.status_code, error["code"], error["field"]) == (400, "INVALID", [field])


def test_extreme_times_are_valid_bounds(unchanged: IngestApi) -> None:
    first, last = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
    assert changes(unchanged, **{"from": first, "to": last}) == changes(unchanged)
    assert changes(unchanged, to=first) == changes(unchanged, **{"from": last}) == []


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
def test_unknown_filter_value_is_answered_400(unchanged: IngestApi, path: str, asked: Any, code: str) -> None:
    response = unchanged.http.get(path, params=asked)
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
    plain, pages = exported_changes.read, 0

    def read(view: View, positions: Sequence[int]) -> Any:
        nonlocal pages
        pages += 1
        ingest.do("addPerson", {"handle": f"person-{pages}", "name": "Person"})
        return plain(view, positions)

    monkeypatch.setattr(exported_changes, "read", read)
    assert [one["position"] for one in changes(ingest)] == [1, 2, 3, 4, 5]
    assert pages == 3


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
        shown = {one["position"]: one["claimed_at"] for one in rows(ingest, path, **asked)}
        assert [*shown.values()] == ["2026-01-09T09:00:00Z", ""]


def test_exported_readings_can_be_ingested_again_unchanged(ingest: IngestApi) -> None:
    file = (
        HEADER
        + b"".join(row(number, number, note="=1" if number == 0 else "") for number in range(7))
        + row(1, 8, "nps")
    )
    ingest.put(file, CSV)
    exported = rows(ingest, READINGS)
    assert tuple(exported[0]) == export_pages.READING_COLUMNS
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
def test_byte_order_mark_is_requested_by_one_and_for_csv_only(unchanged: IngestApi, path: str, flag: str) -> None:
    response = unchanged.http.get(path, params={"bom": flag})
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
    secret = ingest.do("draftObjective", hidden, "objective { id }")["objective"]["id"]
    open_one = {"cycle": {"key": "q1"}, "title": "Support it", "supports": [secret]}
    ingest.do("draftObjective", open_one)
    for role, sees in ((Role.ADMIN, True), (Role.AUDITOR, True), (Role.LEAD, False)):
        for path in (CHANGES, TABLE):
            response = ingest.http.get(path, headers={"authorization": ingest.token(role)})
            assert (b"quiet" in response.content) is sees, (role, path)
            assert (secret.encode() in response.content) is (sees and path == CHANGES)
            assert b"Support it" in response.content


def test_export_contains_no_name_of_an_erased_person(ingest: IngestApi) -> None:
    person = ingest.do("addPerson", {"handle": "ada", "name": "Ada Lovelace"}, "person { id }")["person"]["id"]
    ingest.do("erasePerson", {"person": person, "reason": "asked to be"})
    assert [one["type"] for one in changes(ingest)][-2:] == ["PersonAdded", "PersonErased"]
    for path in (CHANGES, TABLE):
        assert b"Lovelace" not in ingest.http.get(path).content


def test_export_beyond_its_time_limit_breaks_off(
    ingest: IngestApi, quarter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, pages = exported_changes.read, list[Any]()

    def slow(view: View, positions: Sequence[int]) -> Any:
        pages.append(positions)
        if len(pages) == 2:
            raise DeadlineExceeded
        return plain(view, positions)

    monkeypatch.setattr(exported_changes, "read", slow)
    with pytest.raises(QueryFailed) as failed:
        ingest.http.get(CHANGES)
    assert (failed.value.code, len(pages)) == ("TIMEOUT", 2)


@pytest.mark.parametrize("path", [CHANGES, TABLE, READINGS])
def test_export_has_a_time_limit(ingest: IngestApi, path: str) -> None:
    settings = ingest.database.settings.model_copy(update={"file_timeout_s": 1e-9})
    app = create_app(settings, ingest.database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost") as http:
        response = http.get(path)
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (503, "TIMEOUT")
