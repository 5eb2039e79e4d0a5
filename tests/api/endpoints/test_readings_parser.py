"""What can be wrong with a file is named by its line, with a code and what to do."""

import pytest

from api.endpoints.readings_parser import CSV, FORMATS, LINE_BYTES_MAX, NDJSON, BadLine, Batch, Reader
from domain.handlers.kpis import READINGS_MAX
from tests.api.endpoints.conftest import HEADER, Intake, line, row


def read(file: bytes, media: str, piece: int = 0) -> tuple[list[Batch], BadLine | None]:
    reader = Reader(FORMATS[media]())
    pieces = [file] if piece == 0 else [file[at : at + piece] for at in range(0, len(file), piece)]
    batches = [batch for one in pieces for batch in reader.feed(one)]
    return [*batches, *reader.close()], reader.bad


def bad(file: bytes, media: str) -> BadLine:
    """What is wrong with it, however it is cut."""
    found = {(one.line, one.code, one.message) for piece in (0, 1, 7) if (one := read(file, media, piece)[1])}
    assert len(found) == 1
    return next(one for one in [read(file, media)[1]] if one is not None)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (b"{", "not valid JSON"),
        (b"[1]", "Expected `object`"),
        (b'{"kpi": "a"}', "missing required field"),
        (line(0).replace(b"note", b"").replace(b"value", b"valeu"), "valeu"),
        (line(0).replace(b"1.5", b"NaN"), "not valid JSON"),
        (line(0).replace(b"1.5", b"1e999"), "out of range"),
        (line(0).replace(b"1.5", b'"1.5"'), "Expected `float`"),
        (line(0).replace(b"Z", b""), "timezone"),
        (line(0).replace(b"2026-01", b"2026-13"), "RFC3339"),
        (line(0, note="x").replace(b'"x"', b'"\xff"'), "UTF-8"),
        (b"[" * 100_000, "not"),
    ],
)
def test_a_line_of_json_that_is_no_reading_is_named(wrong: bytes, says: str) -> None:
    found = bad(line(1) + b"\r\n" + wrong.strip() + b"\n" + line(2), NDJSON)
    assert (found.line, found.code) == (3, "INVALID")
    assert says in found.message


@pytest.mark.parametrize(
    ("wrong", "says", "field"),
    [
        (b"orders,2026-01-01T00:00:00Z", "has 2 cells", ()),
        (b"orders,2026-01-01T00:00:00Z,3,5,a note", "has 5 cells", ()),
        (b",2026-01-01T00:00:00Z,3,", "The cell is empty", ("kpi",)),
        (b"orders,2026-01-01,3,", "'2026-01-01' is not a time", ("measured_at",)),
        (b"orders,2026-01-01T00:00:00,3,", "is not a time", ("measured_at",)),
        (b"orders,,3,", "is not a time", ("measured_at",)),
        (b"orders,2026-01-01T00:00:00Z,,", "'' is not a number", ("value",)),
        (b"orders,2026-01-01T00:00:00Z,NaN,", "'NaN' is not a number", ("value",)),
        (b"orders,2026-01-01T00:00:00Z,inf,", "is not a number", ("value",)),
        (b"orders,2026-01-01T00:00:00Z,1_000,", "is not a number", ("value",)),
        (b'orders,2026-01-01T00:00:00Z,"3,5",', "'3,5' is not a number", ("value",)),
        (b'orders,2026-01-01T00:00:00Z,1,"a"b', "not a valid CSV row", ()),
        (b"orders,2026-01-01T00:00:00Z,1,\xff", "not UTF-8", ()),
        (b"orders,2026-01-01T00:00:00Z,1\rorders,2026-01-01T00:00:00Z,1,", "not a valid CSV row", ()),
    ],
)
def test_a_row_that_is_no_reading_is_named(wrong: bytes, says: str, field: tuple[str, ...]) -> None:
    found = bad(HEADER + row(1, note='"two\nlines"') + wrong + b"\n" + row(2), CSV)
    assert (found.line, found.code, found.field) == (4, "INVALID", field)
    assert says in found.message


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (b"kpi,measured_at\n", "'value' is missing"),
        (b"kpi;measured_at;value\n", "'kpi;measured_at;value' is unknown"),
        (b"kpi,measured_at,value,colour\n", "'colour' is unknown"),
        (b"kpi,measured_at,value,value\n", "'value' appears twice"),
        (b"orders,2026-01-01T00:00:00Z,1\n", "'orders' is unknown"),
        ("kpi,measured_at,value\n".encode("utf-16"), "not UTF-8"),
    ],
)
def test_the_first_line_names_the_columns(header: bytes, says: str) -> None:
    found = bad(header + row(1), CSV)
    assert (found.line, found.code) == (1, "INVALID")
    assert says in found.message


@pytest.mark.parametrize("media", FORMATS)
@pytest.mark.parametrize("file", [b"", b"\n", b"\r\n\r\n", b" \n"])
def test_an_empty_file_is_a_mistake(media: str, file: bytes) -> None:
    assert bad(file, media).message.startswith(("The file is empty", "The first line must name"))


def test_a_table_without_rows_says_nothing_and_is_none() -> None:
    assert read(HEADER, CSV) == ([], None)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n"])
def test_the_last_line_may_end_or_not(end: bytes) -> None:
    for media, file in ((NDJSON, line(1).strip()), (CSV, HEADER + row(1).strip())):
        (batch,), wrong = read(file + end, media)
        assert (len(batch.readings), wrong) == (1, None)


def test_columns_come_in_any_order_and_those_of_an_export_are_passed_over() -> None:
    file = (
        b"position, value ,kpi,recorded_at,measured_at\r\n7,3,orders,2026-01-01T00:00:00Z,2025-01-01T00:00:00+01:00\r\n"
    )
    (batch,), _ = read(file, CSV)
    (reading,) = batch.readings
    assert (reading.kpi.key, reading.value, reading.note) == ("orders", 3.0, None)
    assert reading.measured_at is not None
    assert reading.measured_at.isoformat() == "2025-01-01T00:00:00+01:00"


@pytest.mark.parametrize(
    ("file", "media", "at"),
    [
        (line(1) + b"x" * (LINE_BYTES_MAX + 1), NDJSON, 2),
        (HEADER + row(1) + b'"' + b"x\n" * LINE_BYTES_MAX, CSV, 3),
        (HEADER + b'"' + b"\n" * (LINE_BYTES_MAX + 1), CSV, 2),
    ],
)
def test_a_line_has_a_bound_whether_it_ends_or_not(file: bytes, media: str, at: int) -> None:
    for piece in (0, 65_536, 1_000):
        wrong = read(file, media, piece)[1]
        assert wrong is not None
        assert (wrong.line, wrong.code) == (at, "TOO_LARGE")


def test_a_quotation_that_never_ends_is_named_where_it_begins() -> None:
    found = bad(HEADER + row(1) + b'orders,"oops\n' + row(2), CSV)
    assert (found.line, found.message) == (3, "A quotation mark is opened here and never closed; close it.")


def test_what_is_said_again_of_a_cell_is_short() -> None:
    assert len(bad(HEADER + row(1, "9" * 100_000 + "x"), CSV).message) < 200


def test_batches_are_as_large_as_a_command_takes_and_know_their_lines() -> None:
    file = b"\n" + b"".join(line(number) for number in range(READINGS_MAX + 1))
    for piece in (0, 4_096):
        first, second = read(file, NDJSON, piece)[0]
        assert (len(first.readings), first.lines[0], first.lines[-1]) == (READINGS_MAX, 2, READINGS_MAX + 1)
        assert second.lines == [READINGS_MAX + 2]


def test_a_batch_has_a_bound_in_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.endpoints.readings_parser.BATCH_BYTES_MAX", 250)
    assert [len(batch.readings) for batch in read(b"".join(line(one) for one in range(7)), NDJSON)[0]] == [4, 3]


@pytest.mark.parametrize(
    ("media", "file", "at", "field"),
    [
        (NDJSON, line(1) + line(2, note="a\\u0000b"), 2, ["note"]),
        (NDJSON, line(1) + line(9_999_999), 2, ["measured_at"]),
        (CSV, HEADER + row(1) + row(2, "1e999"), 3, ["value"]),
        (CSV, HEADER + row(1) + b"\r\n" + row(2, kpi="no such key"), 4, ["kpi"]),
    ],
)
def test_what_the_rules_refuse_is_named_by_its_line_too(
    intake: Intake, media: str, file: bytes, at: int, field: list[str]
) -> None:
    status, error = intake.refused_file(file, media)
    assert (status, error["line"], error["field"]) == (422, at, field)
