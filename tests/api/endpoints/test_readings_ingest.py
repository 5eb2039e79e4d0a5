"""A file of readings is recorded batch by batch, all or nothing each, once however often it is sent."""

import json
from collections.abc import AsyncIterator, Iterator

import pytest
from starlette.requests import Request

from api.asgi.body_limit import BodyTooSlow
from api.endpoints import readings_ingest, readings_parser
from api.execution.writer import Writer
from domain.commands.kpi_commands import RecordReadings
from domain.commands.permissions import Role
from domain.handlers.dispatcher import Outcome
from domain.handlers.unit_of_work import Author
from domain.log.append import Unavailable
from tests.api.endpoints.conftest import CSV, HEADER, NDJSON, PATH, Intake, line, moment, row


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings_parser, "READINGS_MAX", 3)


def test_a_file_can_be_read_as_soon_as_it_is_answered(intake: Intake) -> None:
    before = intake.head
    status, told = intake.put(b"".join(line(number, number) for number in range(7)))
    assert (status, told) == (200, {"recorded": 7, "unchanged": 0, "batches": 3, "position": before + 7})
    assert intake.readings() == [(moment(number), float(number), None) for number in range(7)]


def test_csv_says_the_same(intake: Intake) -> None:
    rows = [row(0, 1, note='"said, twice"'), row(1, "-2.5e3", "nps"), row(2, "+.5")]
    status, told = intake.put(HEADER + b"".join(rows), CSV)
    assert (status, told["recorded"]) == (200, 3)
    assert intake.readings() == [(moment(0), 1.0, "said, twice"), (moment(2), 0.5, None)]
    assert intake.readings("nps") == [(moment(1), -2500.0, None)]


def test_the_same_file_twice_records_nothing_the_second_time(intake: Intake) -> None:
    file = b"".join(line(number) for number in range(7))
    intake.put(file)
    head = intake.head
    assert intake.put(file) == (200, {"recorded": 0, "unchanged": 7, "batches": 3, "position": head})
    assert intake.put(file, idempotency_key="file")[1]["recorded"] == 0
    assert intake.head == head


def test_a_file_under_one_key_is_not_looked_at_again_and_another_one_is_refused(intake: Intake) -> None:
    file = b"".join(line(number) for number in range(4))
    intake.put(file, idempotency_key="monday")
    reading = intake.ask('{ kpi(by: {key: "orders"}) { readings(first: 1) { nodes { id } } } }')["kpi"]["readings"]
    corrected = {"reading": reading["nodes"][0]["id"], "value": 99, "reason": "misread"}
    intake.do("correctReading", corrected)
    head = intake.head
    again = intake.put(file, idempotency_key="monday")
    assert again == (200, {"recorded": 0, "unchanged": 4, "batches": 2, "position": head - 1})
    assert intake.refused_file(file)[1]["code"] == "CONFLICT"
    status, error = intake.refused_file(line(50) + file, idempotency_key="monday")
    assert (status, error["code"], error["lines"]) == (409, "IDEMPOTENCY_MISMATCH", [1, 3])
    assert intake.head == head


def test_a_bad_line_stops_its_batch_and_those_before_stay(intake: Intake) -> None:
    file = b"".join(line(number) for number in range(4)) + line(4, kpi="unknown") + line(5)
    status, told = intake.put(file)
    (error,) = told.pop("errors")
    assert (status, told["recorded"], told["batches"], told["position"]) == (422, 3, 1, intake.head)
    assert (error["extensions"]["code"], error["extensions"]["line"]) == ("NOT_FOUND", 5)
    assert len(intake.readings()) == 3
    mended = intake.put(file.replace(b"unknown", b"nps"))
    assert (mended[1]["recorded"], mended[1]["unchanged"]) == (3, 3)


def test_another_value_for_an_instant_is_a_conflict_that_names_its_line(intake: Intake) -> None:
    intake.put(line(0, 1) + line(1, 1))
    status, error = intake.refused_file(line(5) + b"\n" + line(1, 2))
    assert (status, error["code"], error["line"], error["field"]) == (409, "CONFLICT", 3, ["value"])
    assert "correctReading" in error["message"]
    assert intake.refused_file(line(7, 1) + line(7, 2))[1]["line"] == 2


def test_a_retired_kpi_takes_no_readings(intake: Intake) -> None:
    intake.do("retireKpi", {"kpi": {"key": "nps"}, "reason": "nobody looks"})
    status, error = intake.refused_file(line(0) + line(1, kpi="nps"))
    assert (status, error["code"], error["line"]) == (422, "CLOSED", 2)


def test_a_file_that_comes_in_any_pieces_is_the_same_file(intake: Intake) -> None:
    file = "\ufeff".encode() + HEADER + row(0, note='"ü\r\n""quoted""\nagain"') + row(1) + row(2) + row(3)

    def pieces() -> Iterator[bytes]:
        for place in range(len(file)):
            yield file[place : place + 1]

    response = intake.http.post(PATH, content=pieces(), headers={"content-type": f"{CSV}; charset=UTF-8"})
    assert response.json()["recorded"] == 4
    assert intake.readings()[0][2] == 'ü\r\n"quoted"\nagain'


def test_a_line_is_told_for_each_batch_and_one_for_all(intake: Intake) -> None:
    before = intake.head
    file = b"".join(line(number) for number in range(5))
    response = intake.http.post(PATH, content=file, headers={"content-type": NDJSON, "accept": NDJSON})
    assert response.headers["content-type"] == NDJSON
    told = [json.loads(one) for one in response.text.splitlines()]
    assert told == [
        {"batch": {"recorded": 3, "unchanged": 0, "batches": 1, "position": before + 3}},
        {"batch": {"recorded": 2, "unchanged": 0, "batches": 1, "position": before + 5}},
        {"recorded": 5, "unchanged": 0, "batches": 2, "position": before + 5},
    ]
    bad = intake.http.post(PATH, content=file + b"{", headers={"content-type": NDJSON, "accept": NDJSON})
    *_, last = [json.loads(one) for one in bad.text.splitlines()]
    assert (bad.status_code, last["unchanged"], last["errors"][0]["extensions"]["line"]) == (200, 3, 6)
    worse = intake.http.post(PATH, content=b"{", headers={"content-type": NDJSON, "accept": NDJSON})
    assert (worse.status_code, worse.json()["errors"][0]["extensions"]["line"]) == (422, 1)


# ── who, and in what form ─────────────────────────────────────────────────────────────────────────


def test_metrics_may_and_readers_may_not(intake: Intake) -> None:
    expected = {Role.ADMIN: 200, Role.LEAD: 200, Role.METRICS: 200, Role.MEMBER: 403, Role.AUDITOR: 403}
    for number, (role, status) in enumerate(expected.items()):
        head = intake.head
        answered, answer = intake.put(line(number), authorization=intake.token(role))
        assert answered == status, role
        assert intake.head == head + (status == 200)
        if status != 200:
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_the_owner_of_a_kpi_records_its_readings_and_no_others(intake: Intake) -> None:
    ada = intake.do("addPerson", {"handle": "ada", "name": "Ada"}, "person { id }")["person"]["id"]
    intake.do("redefineKpi", {"kpi": {"key": "nps"}, "owner": ada, "reason": "hers"})
    with intake.database.connect() as conn:
        (person,) = conn.execute("select person from person_key").fetchone() or ()
    hers = intake.token(Role.MEMBER, person)
    assert intake.put(line(0, kpi="nps"), authorization=hers)[1]["recorded"] == 1
    status, error = intake.refused_file(line(1, kpi="nps") + line(2), authorization=hers)
    assert (status, error["code"]) == (403, "FORBIDDEN")


def test_no_credentials_that_hold_are_refused_before_anything_is_read(intake: Intake) -> None:
    assert intake.put(b"nonsense", authorization="Bearer nonsense")[0] == 401


@pytest.mark.parametrize(
    ("media", "headers"),
    [
        ("application/json", {}),
        ("", {}),
        ("text/csv; charset=latin-1", {}),
        (NDJSON, {"content_encoding": "gzip"}),
    ],
)
def test_other_forms_are_not_taken(intake: Intake, media: str, headers: dict[str, str]) -> None:
    status, answer = intake.put(line(0), media, **headers)
    assert (status, answer["errors"][0]["extensions"]["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_only_posting_is_answered(intake: Intake) -> None:
    response = intake.http.get(PATH)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("key", ["", "k" * 189])
def test_an_idempotency_key_leaves_room_for_the_number_of_a_batch(intake: Intake, key: str) -> None:
    assert intake.put(line(0), idempotency_key=key)[0] == 400
    assert intake.put(line(0), idempotency_key="k" * 188)[0] == 200


def test_a_file_beyond_its_bound_is_refused_where_it_gets_too_long(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = b"".join(line(number) for number in range(9))
    monkeypatch.setattr(readings_ingest, "BODY_BYTES_MAX", len(file) - 1)
    said = intake.http.post(PATH, content=file, headers={"content-type": NDJSON})
    assert (said.status_code, said.json()["errors"][0]["extensions"]["code"]) == (413, "TOO_LARGE")
    unsaid = intake.http.post(PATH, content=iter([file]), headers={"content-type": NDJSON})
    assert (unsaid.status_code, unsaid.json()["errors"][0]["extensions"]["code"]) == (413, "TOO_LARGE")
    assert unsaid.json()["recorded"] == 0


def test_a_body_beyond_what_a_question_may_have_is_taken(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings_parser, "READINGS_MAX", 10_000)
    note = "n" * 19_000
    file = b"".join(line(number, note=note) for number in range(1_000))
    assert len(file) > 16 * 1024 * 1024
    assert intake.put(file)[1]["recorded"] == 1_000


# ── when something is missing ─────────────────────────────────────────────────────────────────────


def test_a_lost_database_is_told_with_what_was_recorded_before(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Writer.execute

    def lost_at_the_second(writer: Writer, command: RecordReadings, author: Author) -> Outcome:
        if command.readings[0].value == 3.0:
            raise Unavailable
        return plain(writer, command, author)

    monkeypatch.setattr(Writer, "execute", lost_at_the_second)
    file = b"".join(line(number, number) for number in range(7))
    response = intake.http.post(PATH, content=file, headers={"content-type": NDJSON})
    (error,) = response.json()["errors"]
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert (error["extensions"], response.json()["recorded"]) == ({"code": "UNAVAILABLE", "lines": [4, 6]}, 3)
    monkeypatch.setattr(Writer, "execute", plain)
    assert intake.put(file)[1]["recorded"] == 4


@pytest.mark.parametrize(("accept", "status"), [("application/json", 408), (NDJSON, 200)])
def test_a_file_that_does_not_go_on_is_told_with_what_was_recorded_before(
    intake: Intake, monkeypatch: pytest.MonkeyPatch, accept: str, status: int
) -> None:
    async def dawdling(_: Request) -> AsyncIterator[bytes]:
        yield b"".join(line(number, number) for number in range(4))
        raise BodyTooSlow

    monkeypatch.setattr(Request, "stream", dawdling)
    monkeypatch.setattr(readings_ingest, "_BLOCK_BYTES", 1)
    response = intake.http.post(PATH, content=b"", headers={"content-type": NDJSON, "accept": accept})
    told = json.loads(response.text.splitlines()[-1])
    assert (response.status_code, told["recorded"]) == (status, 3)
    assert [error["extensions"]["code"] for error in told["errors"]] == ["REQUEST_TIMEOUT"]


def test_views_that_do_not_come_are_waited_for_at_the_end_and_told(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def never(_: Writer, position: int) -> int:
        asked.append(position)
        return 5 if position else 0

    monkeypatch.setattr(Writer, "behind", never)
    head = intake.head
    told = intake.put(b"".join(line(number) for number in range(10)))[1]
    assert (told["recorded"], told["position"], told["behind"]) == (10, head + 10, 5)
    assert [position for position in asked if position] == [head + 3, head + 10]
