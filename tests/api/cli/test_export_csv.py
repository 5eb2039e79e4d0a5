"""The CSV export of a cycle: one row per key result, as of any basis, without executable formulas."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.cli import export_csv as spreadsheet
from api.cli.export_csv import COLUMNS, export_csv
from api.cli.output import Failure
from domain.commands.people_commands import AddPerson
from domain.commands.permissions import Author, Role
from domain.primitives.values import Source
from tests.api.facts.round_trip import imported, lines
from tests.properties.conftest import World, Worlds
from tests.waiting import until

DOCUMENTED = (Path(__file__).parents[3] / "docs" / "exports.md").read_text()

FACTS = [
    {"at": "2026-01-05T09:00:00Z", "do": "addPerson", "ref": "ada", "input": {"handle": "ada", "name": "Ada"}},
    {"at": "2026-01-05T09:00:00Z", "do": "formTeam", "ref": "care", "input": {"key": "care", "name": "Care"}},
    {"at": "2026-01-05T09:00:00Z", "do": "openCycle", "input": {
        "key": "2026-q1", "name": "Q1", "startsOn": "2026-01-01", "endsOn": "2026-03-31"}},
    {"at": "2026-01-05T10:00:00Z", "do": "draftObjective", "ref": "o1", "input": {
        "cycle": {"key": "2026-q1"}, "title": 'Grow, and "well"', "owner": {"ref": "ada"}, "team": {"ref": "care"}}},
    {"at": "2026-01-05T10:00:00Z", "do": "addKeyResult", "ref": "kr1", "input": {
        "objective": {"ref": "o1"}, "title": "=1+1", "weight": 2, "owner": {"ref": "ada"}, "metric": {
            "direction": "INCREASE", "unit": {"kind": "PERCENT", "symbol": "%"}, "start": -4, "target": 6}}},
    {"at": "2026-01-05T10:00:00Z", "do": "addKeyResult", "ref": "kr2", "input": {
        "objective": {"ref": "o1"}, "title": "Stéps", "metric": {"direction": "MILESTONES", "milestones": [
            {"key": "a", "title": "A"}, {"key": "b", "title": "B"}]}, "plan": [{"on": "2026-02-14", "value": 0.25}]}},
    {"at": "2026-01-05T11:00:00Z", "do": "draftObjective", "ref": "o2", "input": {
        "cycle": {"key": "2026-q1"}, "title": "Rest"}},
    {"at": "2026-01-06T09:00:00Z", "do": "activateCycle", "input": {"cycle": {"key": "2026-q1"}}},
    {"at": "2026-01-20T09:00:00Z", "do": "checkIn", "input": {
        "keyResult": {"ref": "kr1"}, "value": -1.5, "confidence": 0.7}},
    {"at": "2026-01-21T09:00:00Z", "do": "checkIn", "input": {"keyResult": {"ref": "kr2"}, "reached": ["a"]}},
    {"at": "2026-02-20T09:00:00Z", "do": "checkIn", "input": {"keyResult": {"ref": "kr1"}, "value": 1}},
    {"at": "2026-03-31T09:00:00Z", "do": "closeCycle", "input": {"cycle": {"key": "2026-q1"}, "closeObjectives": True}},
]  # fmt: skip


@pytest.fixture(scope="module")
def written() -> bytes:
    return lines(FACTS)


@pytest.fixture
def world(worlds: Worlds, written: bytes) -> Iterator[World]:
    with worlds() as made:
        imported(made, written)
        yield made


def csv_rows(world: World, **basis: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw(world, **basis).decode(), newline=""), strict=True))


def raw(world: World, cycle: str = "2026-q1", **basis: Any) -> bytes:
    file = io.BytesIO()
    export_csv(world.database, cycle, file, **basis)
    return file.getvalue()


def test_each_key_result_has_a_row_with_all_its_columns(world: World) -> None:
    first, second, _ = csv_rows(world)
    expected = {
        "cycle": "2026-q1", "team": "care", "objective": 'Grow, and "well"', "objective_kind": "COMMITTED",
        "objective_state": "CLOSED", "objective_owner": "Ada", "verdict": "MISSED", "key_result": "'=1+1",
        "state": "SCORED", "owner": "Ada", "kpi": "", "direction": "INCREASE", "unit": "%", "start": "-4",
        "target": "6", "lower": "", "upper": "", "current": "1", "last_measured": "2026-02-20T09:00:00Z",
        "milestones": "", "progress": "0.5", "expected": "1", "confidence": "0.7", "weight": "2", "due": "2026-03-31",
        "score": "0.5", "objective_score": "0.5", "objective_progress": "0.5", "health": "MISSED",
        "objective_health": "MISSED",
    }  # fmt: skip
    assert expected.items() <= first.items()
    assert (second["key_result"], second["milestones"], second["milestones_reached"]) == ("Stéps", "2", "1")
    points = [{"on": "2026-02-14", "value": 0.25}, {"on": "2026-03-31", "value": 1}]
    assert (first["plan"], json.loads(second["plan"])) == ("", points)


def test_objective_without_key_results_has_its_own_row(world: World) -> None:
    *_, last = csv_rows(world)
    assert (last["objective"], last["key_result"], last["weight"]) == ("Rest", "", "")


def test_unknown_cycle_is_refused_before_anything_is_written(world: World) -> None:
    file = io.BytesIO()
    with pytest.raises(Failure, match="no cycle with the key 'nope'"):
        export_csv(world.database, "nope", file, bom=True)
    assert file.getvalue() == b""


def test_csv_is_exported_as_of_a_time(world: World) -> None:
    first, *_ = csv_rows(world, at=datetime(2026, 1, 31, tzinfo=UTC))
    assert (first["objective_state"], first["current"], first["score"]) == ("ACTIVE", "-1.5", "")


def test_csv_is_exported_as_of_a_position(world: World) -> None:
    drafted = csv_rows(world, position=4)
    assert [(row["objective_state"], row["key_result"]) for row in drafted] == [("DRAFT", "")]


def test_all_pages_of_an_export_read_one_basis(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = raw(world)
    monkeypatch.setattr(spreadsheet, "OBJECTIVES", 1)
    pages: list[Any] = []
    asked = spreadsheet._query

    def ask_after_append(*args: Any) -> Any:
        author = Author("machine:x", Source.API, frozenset(Role))
        world.keyframe.execute(AddPerson(handle=f"p{len(pages)}", name="P"), author)
        pages.append(asked(*args))
        return pages[-1]

    monkeypatch.setattr(spreadsheet, "_query", ask_after_append)
    assert raw(world) == whole
    assert len(pages) == 2
    assert len({json.dumps(page["basis"]) for page in pages}) == 1


def test_unknown_cycle_is_an_error(world: World) -> None:
    with pytest.raises(Failure, match="no cycle with the key '2030-q1'"):
        raw(world, "2030-q1")


def test_future_basis_is_an_error(world: World) -> None:
    with pytest.raises(Failure, match="future"):
        raw(world, position=1000)


def test_bom_option_begins_the_file_with_a_byte_order_mark(world: World) -> None:
    assert raw(world, bom=True) == b"\xef\xbb\xbf" + raw(world)


def test_computed_numbers_are_positional_and_rounded(worlds: Worlds) -> None:
    check_in = {**FACTS[8], "input": {"keyResult": {"ref": "kr1"}, "value": -4 + 10 * 0.43200000000000005}}
    other = {"keyResult": {"ref": "kr1"}, "value": -4 + 4.5e-05}
    with worlds() as made:
        imported(made, lines([*FACTS[:8], check_in, {**FACTS[10], "input": other}]))
        early, _, _ = csv_rows(made, at=datetime(2026, 1, 31, tzinfo=UTC))
        late, _, _ = csv_rows(made, at=datetime(2026, 2, 28, tzinfo=UTC))
    assert (early["current"], early["progress"]) == ("0.32", "0.432")
    assert (late["current"], late["progress"]) == ("-3.999955", "0.0000045")
    assert not any(re.fullmatch(r"-?[\d.]+e.*", value) for value in late.values())


def test_csv_follows_rfc_4180(world: World) -> None:
    text = raw(world)
    assert text.startswith(b"cycle,team,objective,")
    assert text.count(b"\r\n") == 4
    assert text.count(b"\n") == 4
    assert b',"Grow, and ""well""",' in text


def test_every_column_is_documented() -> None:
    expected = DOCUMENTED.split("## A cycle for a spreadsheet\n", 1)[1]
    named = [line.split("|")[1].strip() for line in expected.splitlines() if line.startswith("| `")]
    assert named == [f"`{column.name}`" for column in COLUMNS]
    for column in COLUMNS:
        assert f"| `{column.name}` | {column.meaning} |" in expected


@pytest.mark.parametrize("text", ["yesterday", "2026-03-31", "2026-03-31T18:00:00"])
def test_time_without_an_offset_is_refused(text: str) -> None:
    with pytest.raises(Failure, match="2026-03-31T18:00:00Z"):
        spreadsheet.moment(text)


def test_repeated_exports_leave_no_connections(world: World) -> None:
    def connections() -> int:
        with world.database.connect() as conn:
            name = conn.info.get_parameters()["application_name"]
            counted = conn.execute("select count(*) from pg_stat_activity where application_name = %s", [name])
            (found,) = counted.fetchone() or (0,)
            return int(found)

    export_csv(world.database, "2026-q1", io.BytesIO())
    before = connections()
    for _ in range(3):
        export_csv(world.database, "2026-q1", io.BytesIO())
    until(lambda: connections() <= before)  # PostgreSQL ends a closed session a moment later
