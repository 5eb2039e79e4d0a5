"""A file of readings is recorded in atomic batches; sending it again records nothing."""

import json
from collections.abc import AsyncIterator, Iterator

import pytest
from starlette.requests import Request

from api.asgi.body_limit import BodyTooSlow
from api.endpoints import file_ingest, row_parser
from api.execution.writer import Writer
from domain.commands.kpi_commands import RecordReadings
from domain.commands.permissions import Author, Role
from domain.handlers.dispatcher import Outcome
from domain.log.append import Unavailable
from tests.api.endpoints.conftest import CSV, HEADER, NDJSON, PATH, IngestApi, line, moment, row


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_parser, "ROWS_MAX", 3)


def test_ingested_readings_are_readable_after_the_response(ingest: IngestApi) -> None:
    before = ingest.head
    status, answer = ingest.put(b"".join(line(number, number) for number in range(7)))
    assert (status, answer) == (200, {"recorded": 7, "unchanged": 0, "batches": 3, "position": before + 7})
    assert ingest.readings() == [(moment(number), float(number), None) for number in range(7)]


def test_csv_file_is_ingested(ingest: IngestApi) -> None:
    rows = [row(0, 1, note='"said, twice"'), row(1, "-2.5e3", "nps"), row(2, "+.5")]
    status, answer = ingest.put(HEADER + b"".join(rows), CSV)
    assert (status, answer["recorded"]) == (200, 3)
    assert ingest.readings() == [(moment(0), 1.0, "said, twice"), (moment(2), 0.5, None)]
    assert ingest.readings("nps") == [(moment(1), -2500.0, None)]


def test_repeated_file_records_nothing(ingest: IngestApi) -> None:
    file = b"".join(line(number) for number in range(7))
    ingest.put(file)
    head = ingest.head
    assert ingest.put(file) == (200, {"recorded": 0, "unchanged": 7, "batches": 3, "position": head})
    assert ingest.put(file, idempotency_key="file")[1]["recorded"] == 0
    assert ingest.head == head


def test_idempotency_key_answers_a_repeated_file_and_refuses_another_file(ingest: IngestApi) -> None:
    file = b"".join(line(number) for number in range(4))
    ingest.put(file, idempotency_key="monday")
    reading = ingest.ask('{ kpi(by: {key: "orders"}) { readings(first: 1) { nodes { id } } } }')["kpi"]["readings"]
    corrected = {"reading": reading["nodes"][0]["id"], "value": 99, "reason": "misread"}
    ingest.do("correctReading", corrected)
    head = ingest.head
    again = ingest.put(file, idempotency_key="monday")
    assert again == (200, {"recorded": 0, "unchanged": 4, "batches": 2, "position": head - 1})
    assert ingest.refused_file(file)[1]["code"] == "CONFLICT"
    status, error = ingest.refused_file(line(50) + file, idempotency_key="monday")
    assert (status, error["code"], error["lines"]) == (409, "IDEMPOTENCY_MISMATCH", [1, 3])
    assert ingest.head == head


def test_bad_line_refuses_its_batch_and_keeps_earlier_batches(ingest: IngestApi) -> None:
    file = b"".join(line(number) for number in range(4)) + line(4, kpi="unknown") + line(5)
    status, answer = ingest.put(file)
    (error,) = answer.pop("errors")
    assert (status, answer["recorded"], answer["batches"], answer["position"]) == (422, 3, 1, ingest.head)
    assert (error["extensions"]["code"], error["extensions"]["line"]) == ("NOT_FOUND", 5)
    assert len(ingest.readings()) == 3
    mended = ingest.put(file.replace(b"unknown", b"nps"))
    assert (mended[1]["recorded"], mended[1]["unchanged"]) == (3, 3)


def test_every_bad_value_of_a_batch_is_listed_with_its_line_and_rule(ingest: IngestApi) -> None:
    late = line(1).replace(b"2026-", b"2999-")
    status, answer = ingest.put(line(0) + late + line(2, note="\\u0007"))
    places = [(one["extensions"]["line"], one["extensions"]["field"]) for one in answer["errors"]]
    assert (status, places) == (422, [(2, ["measured_at"]), (3, ["note"])])
    assert [one["extensions"]["rule"] for one in answer["errors"]] == ["TIME_IN_FUTURE", "CONTROL_CHARACTER"]
    assert (answer["recorded"], ingest.readings()) == (0, [])


def test_different_value_for_the_same_time_is_a_conflict_with_its_line(ingest: IngestApi) -> None:
    ingest.put(line(0, 1) + line(1, 1))
    status, error = ingest.refused_file(line(5) + b"\n" + line(1, 2))
    assert (status, error["code"], error["line"], error["field"]) == (409, "CONFLICT", 3, ["value"])
    assert "correctReading" in error["message"]
    assert ingest.refused_file(line(7, 1) + line(7, 2))[1]["line"] == 2


def test_formula_refuses_readings(ingest: IngestApi) -> None:
    formula = {"average": {"of": [{"key": "orders"}]}}
    ingest.do("defineKpi", {"key": "mean", "name": "Mean", "formula": formula})
    status, error = ingest.refused_file(line(0, kpi="mean"))
    assert (status, error["code"], error["rule"], error["line"]) == (422, "INVALID", "FORMULA_TAKES_NO_READINGS", 1)


def test_retired_kpi_refuses_readings(ingest: IngestApi) -> None:
    ingest.do("retireKpi", {"kpi": {"key": "nps"}, "reason": "unused"})
    status, error = ingest.refused_file(line(0) + line(1, kpi="nps"))
    assert (status, error["code"], error["line"]) == (422, "CLOSED", 2)


def test_file_is_parsed_independently_of_chunk_boundaries(ingest: IngestApi) -> None:
    file = "\ufeff".encode() + HEADER + row(0, note='"ü\r\n""quoted""\nagain"') + row(1) + row(2) + row(3)

    def pieces() -> Iterator[bytes]:
        for place in range(len(file)):
            yield file[place : place + 1]

    response = ingest.http.post(PATH, content=pieces(), headers={"content-type": f"{CSV}; charset=UTF-8"})
    assert response.json()["recorded"] == 4
    assert ingest.readings()[0][2] == 'ü\r\n"quoted"\nagain'


def test_ndjson_response_has_one_line_per_batch_and_a_total(ingest: IngestApi) -> None:
    before = ingest.head
    file = b"".join(line(number) for number in range(5))
    response = ingest.http.post(PATH, content=file, headers={"content-type": NDJSON, "accept": NDJSON})
    assert response.headers["content-type"] == NDJSON
    answer = [json.loads(one) for one in response.text.splitlines()]
    assert answer == [
        {"batch": {"recorded": 3, "unchanged": 0, "batches": 1, "position": before + 3}},
        {"batch": {"recorded": 2, "unchanged": 0, "batches": 1, "position": before + 5}},
        {"recorded": 5, "unchanged": 0, "batches": 2, "position": before + 5},
    ]
    bad = ingest.http.post(PATH, content=file + b"{", headers={"content-type": NDJSON, "accept": NDJSON})
    *_, last = [json.loads(one) for one in bad.text.splitlines()]
    assert (bad.status_code, last["unchanged"], last["errors"][0]["extensions"]["line"]) == (200, 3, 6)
    worse = ingest.http.post(PATH, content=b"{", headers={"content-type": NDJSON, "accept": NDJSON})
    assert (worse.status_code, worse.json()["errors"][0]["extensions"]["line"]) == (422, 1)


# ── permissions and media types ───────────────────────────────────────────────────────────────────


def test_ingest_is_allowed_for_admin_lead_and_metrics(ingest: IngestApi) -> None:
    expected = {Role.ADMIN: 200, Role.LEAD: 200, Role.METRICS: 200, Role.MEMBER: 403, Role.AUDITOR: 403}
    for number, (role, status) in enumerate(expected.items()):
        head = ingest.head
        answered, answer = ingest.put(line(number), authorization=ingest.token(role))
        assert answered == status, role
        assert ingest.head == head + (status == 200)
        if status != 200:
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_owner_of_a_kpi_ingests_only_its_readings(ingest: IngestApi) -> None:
    ada = ingest.do("addPerson", {"handle": "ada", "name": "Ada"}, "person { id }")["person"]["id"]
    ingest.do("redefineKpi", {"kpi": {"key": "nps"}, "owner": ada, "reason": "hers"})
    with ingest.database.connect() as conn:
        (person,) = conn.execute("select person from person_key").fetchone() or ()
    hers = ingest.token(Role.MEMBER, person)
    assert ingest.put(line(0, kpi="nps"), authorization=hers)[1]["recorded"] == 1
    status, error = ingest.refused_file(line(1, kpi="nps") + line(2), authorization=hers)
    assert (status, error["code"]) == (403, "FORBIDDEN")


def test_invalid_token_is_refused_before_the_body_is_parsed(ingest: IngestApi) -> None:
    assert ingest.put(b"nonsense", authorization="Bearer nonsense")[0] == 401


@pytest.mark.parametrize(
    ("media", "headers"),
    [
        ("application/json", {}),
        ("", {}),
        ("text/csv; charset=latin-1", {}),
        (NDJSON, {"content_encoding": "gzip"}),
    ],
)
def test_unsupported_media_type_is_answered_415(ingest: IngestApi, media: str, headers: dict[str, str]) -> None:
    status, answer = ingest.put(line(0), media, **headers)
    assert (status, answer["errors"][0]["extensions"]["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_get_is_answered_405(ingest: IngestApi) -> None:
    response = ingest.http.get(PATH)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("key", ["", "k" * 189])
def test_idempotency_key_is_limited_to_188_characters(ingest: IngestApi, key: str) -> None:
    assert ingest.put(line(0), idempotency_key=key)[0] == 400
    assert ingest.put(line(0), idempotency_key="k" * 188)[0] == 200


def test_too_large_file_is_answered_413(ingest: IngestApi, monkeypatch: pytest.MonkeyPatch) -> None:
    file = b"".join(line(number) for number in range(9))
    monkeypatch.setattr(file_ingest, "BODY_BYTES_MAX", len(file) - 1)
    with_length = ingest.http.post(PATH, content=file, headers={"content-type": NDJSON})
    assert (with_length.status_code, with_length.json()["errors"][0]["extensions"]["code"]) == (413, "TOO_LARGE")
    without_length = ingest.http.post(PATH, content=iter([file]), headers={"content-type": NDJSON})
    assert (without_length.status_code, without_length.json()["errors"][0]["extensions"]["code"]) == (413, "TOO_LARGE")
    assert without_length.json()["recorded"] == 0


def test_ingest_body_may_exceed_the_graphql_body_limit(ingest: IngestApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_parser, "ROWS_MAX", 10_000)
    note = "n" * 19_000
    file = b"".join(line(number, note=note) for number in range(1_000))
    assert len(file) > 16 * 1024 * 1024
    assert ingest.put(file)[1]["recorded"] == 1_000


# ── failures ──────────────────────────────────────────────────────────────────────────────────────


def test_lost_database_is_answered_503_with_the_recorded_count(
    ingest: IngestApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Writer.execute

    def fail_at_the_second_batch(writer: Writer, command: RecordReadings, author: Author) -> Outcome:
        if command.readings[0].value == 3.0:
            raise Unavailable
        return plain(writer, command, author)

    monkeypatch.setattr(Writer, "execute", fail_at_the_second_batch)
    file = b"".join(line(number, number) for number in range(7))
    response = ingest.http.post(PATH, content=file, headers={"content-type": NDJSON})
    (error,) = response.json()["errors"]
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert (error["extensions"], response.json()["recorded"]) == ({"code": "UNAVAILABLE", "lines": [4, 6]}, 3)
    monkeypatch.setattr(Writer, "execute", plain)
    assert ingest.put(file)[1]["recorded"] == 4


@pytest.mark.parametrize(("accept", "status"), [("application/json", 408), (NDJSON, 200)])
def test_stalled_upload_is_answered_with_the_recorded_count(
    ingest: IngestApi, monkeypatch: pytest.MonkeyPatch, accept: str, status: int
) -> None:
    async def stalled(_: Request) -> AsyncIterator[bytes]:
        yield b"".join(line(number, number) for number in range(4))
        raise BodyTooSlow

    monkeypatch.setattr(Request, "stream", stalled)
    monkeypatch.setattr(file_ingest, "_BLOCK_BYTES", 1)
    response = ingest.http.post(PATH, content=b"", headers={"content-type": NDJSON, "accept": accept})
    answer = json.loads(response.text.splitlines()[-1])
    assert (response.status_code, answer["recorded"]) == (status, 3)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["REQUEST_TIMEOUT"]


def test_lagging_projections_are_reported_after_a_wait_at_the_end(
    ingest: IngestApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def lagging(_: Writer, position: int) -> int:
        asked.append(position)
        return 5 if position else 0

    monkeypatch.setattr(Writer, "behind", lagging)
    head = ingest.head
    answer = ingest.put(b"".join(line(number) for number in range(10)))[1]
    assert (answer["recorded"], answer["position"], answer["behind"]) == (10, head + 10, 5)
    assert [position for position in asked if position] == [head + 3, head + 10]
