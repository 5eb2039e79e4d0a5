"""The parser of files reports each fault of a file with its line, a code and advice."""

import pytest

from api.endpoints.readings_ingest import READINGS
from api.endpoints.row_parser import CSV, FORMATS, LINE_BYTES_MAX, NDJSON, ROWS_MAX, BadLine, Batch, Reader
from domain.commands.kpi_commands import READINGS_MAX
from tests.api.endpoints.conftest import HEADER, IngestApi, line, row


def read(file: bytes, media: str, piece: int = 0) -> tuple[list[Batch], BadLine | None]:
    reader = Reader(media, READINGS.rows)
    pieces = [file] if piece == 0 else [file[at : at + piece] for at in range(0, len(file), piece)]
    batches = [batch for one in pieces for batch in reader.feed(one)]
    return [*batches, *reader.close()], reader.bad


def bad(file: bytes, media: str) -> BadLine:
    """The fault of a file; it must not depend on the chunk size."""
    found = {(one.line, one.code, one.message) for piece in (0, 1, 7) if (one := read(file, media, piece)[1])}
    assert len(found) == 1
    return next(one for one in [read(file, media)[1]] if one is not None)


@pytest.mark.parametrize(
    ("wrong", "message_part"),
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
        (b"[" * 5_000, "not"),
        (line(0).replace(b"{", b'{"value": 2, ', 1), 'the key "value" appears twice'),
        (line(0).replace(b"{", b'{"v\\u0061lue": 2, ', 1), 'the key "value" appears twice'),
    ],
)
def test_invalid_json_line_is_reported_by_number(wrong: bytes, message_part: str) -> None:
    found = bad(line(1) + b"\r\n" + wrong.strip() + b"\n" + line(2), NDJSON)
    assert (found.line, found.code) == (3, "INVALID")
    assert message_part in found.message


@pytest.mark.parametrize(
    ("wrong", "message_part", "field"),
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
def test_invalid_csv_row_is_reported_by_line_and_field(wrong: bytes, message_part: str, field: tuple[str, ...]) -> None:
    found = bad(HEADER + row(1, note='"two\nlines"') + wrong + b"\n" + row(2), CSV)
    assert (found.line, found.code, found.field) == (4, "INVALID", field)
    assert message_part in found.message


@pytest.mark.parametrize(
    ("header", "message_part"),
    [
        (b"kpi,measured_at\n", "'value' is missing"),
        (b"kpi;measured_at;value\n", "'kpi;measured_at;value' is unknown"),
        (b"kpi,measured_at,value,colour\n", "'colour' is unknown"),
        (b"kpi,measured_at,value,value\n", "'value' appears twice"),
        (b"orders,2026-01-01T00:00:00Z,1\n", "'orders' is unknown"),
        ("kpi,measured_at,value\n".encode("utf-16"), "not UTF-8"),
    ],
)
def test_invalid_csv_header_is_reported(header: bytes, message_part: str) -> None:
    found = bad(header + row(1), CSV)
    assert (found.line, found.code) == (1, "INVALID")
    assert message_part in found.message


@pytest.mark.parametrize("media", FORMATS)
@pytest.mark.parametrize("file", [b"", b"\n", b"\r\n\r\n", b" \n"])
def test_empty_file_is_refused(media: str, file: bytes) -> None:
    assert bad(file, media).message.startswith(("The file is empty", "The first line must name"))


def test_csv_with_only_a_header_is_accepted() -> None:
    assert read(HEADER, CSV) == ([], None)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n"])
def test_final_newline_is_optional(end: bytes) -> None:
    for media, file in ((NDJSON, line(1).strip()), (CSV, HEADER + row(1).strip())):
        (batch,), wrong = read(file + end, media)
        assert (len(batch.rows), wrong) == (1, None)


def test_columns_come_in_any_order_and_export_columns_are_ignored() -> None:
    file = (
        b"position, value ,kpi,recorded_at,measured_at\r\n7,3,orders,2026-01-01T00:00:00Z,2025-01-01T00:00:00+01:00\r\n"
    )
    (batch,), _ = read(file, CSV)
    (reading,) = batch.rows
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
def test_too_long_line_is_refused_with_or_without_its_end(file: bytes, media: str, at: int) -> None:
    for piece in (0, 65_536, 1_000):
        wrong = read(file, media, piece)[1]
        assert wrong is not None
        assert (wrong.line, wrong.code) == (at, "TOO_LARGE")


def test_unclosed_quotation_is_reported_at_its_first_line() -> None:
    found = bad(HEADER + row(1) + b'orders,"oops\n' + row(2), CSV)
    assert (found.line, found.message) == (3, "A quotation mark is opened here and never closed; close it.")


def test_error_message_truncates_the_cell() -> None:
    assert len(bad(HEADER + row(1, "9" * 5_000 + "x"), CSV).message) < 200


def test_batch_has_the_size_limit_of_a_command_and_its_line_numbers() -> None:
    assert ROWS_MAX == READINGS_MAX
    file = b"\n" + b"".join(line(number) for number in range(READINGS_MAX + 1))
    for piece in (0, 4_096):
        first, second = read(file, NDJSON, piece)[0]
        assert (len(first.rows), first.lines[0], first.lines[-1]) == (READINGS_MAX, 2, READINGS_MAX + 1)
        assert second.lines == [READINGS_MAX + 2]


def test_batch_size_is_limited_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.endpoints.row_parser.BATCH_BYTES_MAX", 250)
    assert [len(batch.rows) for batch in read(b"".join(line(one) for one in range(7)), NDJSON)[0]] == [4, 3]


@pytest.mark.parametrize(
    ("media", "file", "at", "field"),
    [
        (NDJSON, line(1) + line(2, note="a\\u0000b"), 2, ["note"]),
        (NDJSON, line(1) + line(9_999_999), 2, ["measured_at"]),
        (CSV, HEADER + row(1) + row(2, "1e999"), 3, ["value"]),
        (CSV, HEADER + row(1) + b"\r\n" + row(2, kpi="no such key"), 4, ["kpi"]),
    ],
)
def test_rule_violation_is_reported_by_line_and_field(
    ingest: IngestApi, media: str, file: bytes, at: int, field: list[str]
) -> None:
    status, error = ingest.refused_file(file, media)
    assert (status, error["line"], error["field"]) == (422, at, field)
