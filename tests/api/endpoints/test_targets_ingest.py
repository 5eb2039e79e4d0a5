"""A file of targets is recorded as one command for the rows of a KPI with one reason."""

import pytest

from api.endpoints import targets_ingest
from domain.commands.permissions import Role
from tests.api.endpoints.conftest import CSV, NDJSON, IngestApi, line

PATH = targets_ingest.PATH
HEADER = b"kpi,from,target,lower,upper,remove,reason\r\n"


def row(kpi: str, from_: str, target: object = "", lower: object = "", upper: object = "", remove: str = "") -> bytes:
    """A row of CSV."""
    return f"{kpi},{from_},{target},{lower},{upper},{remove},budget\r\n".encode()


def json_line(kpi: str, from_: str, target: float, reason: str = "budget") -> bytes:
    return f'{{"kpi": "{kpi}", "from": "{from_}", "target": {target}, "reason": "{reason}"}}\n'.encode()


@pytest.fixture
def planning(ingest: IngestApi) -> IngestApi:
    """The KPI orders has the goal of at least 10, nps one within 1 and 9."""
    at_least = {"direction": "AT_LEAST", "target": 10}
    within = {"direction": "WITHIN", "lower": 1, "upper": 9}
    ingest.do("redefineKpi", {"kpi": {"key": "orders"}, "goal": at_least, "reason": "agreed", "from": "2026-01-01"})
    ingest.do("redefineKpi", {"kpi": {"key": "nps"}, "goal": within, "reason": "agreed", "from": "2026-01-01"})
    return ingest


def entries(api: IngestApi, kpi: str = "orders") -> list[tuple[str, float]]:
    """The targets of a KPI by day, from the changes that set them."""
    found = api.ask("{ changes(first: 100) { nodes { ... on KpiTargetsSet { subject { ... on Kpi { key } } targets "
                    "{ from after { target lower } } } } } }")["changes"]["nodes"]  # fmt: skip
    of_kpi = [one for one in found if one and one["subject"]["key"] == kpi]
    return [(day["from"], day["after"]["target"] or day["after"]["lower"]) for one in of_kpi for day in one["targets"]]


def test_rows_of_a_kpi_with_one_reason_are_one_command(planning: IngestApi) -> None:
    before = planning.head
    rows = [row("orders", f"2027-{month:02}-01", month) for month in range(1, 13)]
    rows[1:1] = [row("nps", "2027-01-01", lower=2, upper=3)]
    status, answer = planning.put(HEADER + b"".join(rows), CSV, PATH)
    assert (status, answer) == (200, {"recorded": 13, "unchanged": 0, "batches": 2, "position": before + 2})
    assert entries(planning) == [(f"2027-{month:02}-01", month) for month in range(1, 13)]
    assert entries(planning, "nps") == [("2027-01-01", 2)]


def test_ndjson_file_is_ingested(planning: IngestApi) -> None:
    file = json_line("orders", "2027-01-01", 12) + json_line("orders", "2027-02-01", 13)
    assert planning.put(file, NDJSON, PATH)[1]["recorded"] == 2
    assert entries(planning) == [("2027-01-01", 12), ("2027-02-01", 13)]


def test_another_reason_is_another_command_in_the_order_of_the_rows(planning: IngestApi) -> None:
    file = json_line("orders", "2027-01-01", 1) + json_line("orders", "2027-02-01", 2, "promise")
    file += json_line("orders", "2027-01-01", 3)
    assert planning.put(file, NDJSON, PATH)[1]["batches"] == 3
    assert entries(planning) == [("2027-01-01", 1), ("2027-02-01", 2), ("2027-01-01", 3)]
    reasons = planning.ask("{ changes(first: 100) { nodes { reason ... on KpiTargetsSet { __typename } } } }")
    assert [one["reason"] for one in reasons["changes"]["nodes"]][-3:] == ["budget", "promise", "budget"]


def test_repeated_file_records_nothing(planning: IngestApi) -> None:
    file = HEADER + row("orders", "2027-01-01", 12) + row("orders", "2027-02-01", 13)
    planning.put(file, CSV, PATH, idempotency_key="plan")
    head = planning.head
    again = {"recorded": 0, "unchanged": 2, "batches": 1, "position": head}
    assert planning.put(file, CSV, PATH) == (200, again)
    assert planning.put(file, CSV, PATH, idempotency_key="plan") == (200, again)
    assert planning.head == head


def test_target_is_removed_by_its_row(planning: IngestApi) -> None:
    planning.put(HEADER + row("orders", "2027-01-01", 12), CSV, PATH)
    answer = planning.put(HEADER + row("orders", "2027-01-01", remove="true"), CSV, PATH)[1]
    assert (answer["recorded"], entries(planning)[-1]) == (1, ("2027-01-01", 10))


def test_every_bad_target_of_a_command_is_listed_with_its_line_and_rule(planning: IngestApi) -> None:
    file = HEADER + row("orders", "2027-01-01", 12) + row("orders", "2027-02-01") + row("orders", "2027-03-01", 1, 2, 3)
    status, answer = planning.put(file, CSV, PATH)
    found = [(one["extensions"]["line"], one["extensions"]["field"]) for one in answer["errors"]]
    assert (status, found) == (422, [(3, ["target"]), (4, ["lower"]), (4, ["upper"])])
    assert (answer["recorded"], entries(planning)) == (0, [])


@pytest.mark.parametrize(
    ("wrong", "message_part", "field"),
    [
        (b",2027-01-01,1,,,,x", "The cell is empty", ["kpi"]),
        (b"orders,01/02/2027,1,,,,x", "'01/02/2027' is not a day", ["from"]),
        (b"orders,2027-01-01,1.5.2,,,,x", "is not a number", ["target"]),
        (b"orders,2027-01-01,,,,perhaps,x", "'perhaps' is not a flag", ["remove"]),
    ],
)
def test_invalid_row_is_reported_by_line_and_field(
    planning: IngestApi, wrong: bytes, message_part: str, field: list[str]
) -> None:
    status, answer = planning.put(HEADER + row("orders", "2027-01-01", 1) + wrong + b"\n", CSV, PATH)
    (error,) = answer["errors"]
    assert (status, error["extensions"]["line"], error["extensions"]["field"]) == (422, 3, field)
    assert message_part in error["message"]


def test_file_without_a_reason_is_refused(planning: IngestApi) -> None:
    status, answer = planning.put(b"kpi,from,target\norders,2027-01-01,1\n", CSV, PATH)
    assert (status, answer["errors"][0]["extensions"]["rule"]) == (422, "REASON_NEEDED")
    assert answer["errors"][0]["extensions"]["lines"] == [2, 2]


def test_setting_targets_by_file_takes_the_permission_to_define_kpis(planning: IngestApi) -> None:
    expected = {Role.ADMIN: 200, Role.LEAD: 200, Role.METRICS: 403, Role.MEMBER: 403, Role.AUDITOR: 403}
    for number, (role, status) in enumerate(expected.items()):
        file = HEADER + row("orders", f"2027-01-{number + 1:02}", 1)
        assert planning.put(file, CSV, PATH, authorization=planning.token(role))[0] == status, role


def test_a_file_of_readings_is_no_file_of_targets(planning: IngestApi) -> None:
    status, answer = planning.put(line(1), NDJSON, PATH)
    assert (status, "not a valid target" in answer["errors"][0]["message"]) == (422, True)
