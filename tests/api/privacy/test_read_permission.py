"""Callers without read permission get the results of their commands and nothing else."""

import pytest

from api.report.content import ReportRequest
from api.report.content import read as report
from api.schema.schema import QueryFailed
from domain.commands.permissions import Role
from tests.api.privacy.conftest import Asked
from tests.api.privacy.generated_documents import documents

READING = '{kpi: {key: "promoters"}, value: 70, measuredAt: "2026-01-05T00:00:00Z"}'
RECORD = f"mutation {{ recordReadings(input: {{readings: [{READING}]}}) {{ %s }} }}"
METRICS = Role.METRICS


def head(of: Asked) -> int:
    return of.world.log.head().position


def test_metrics_role_may_read_no_field(asked: Asked) -> None:
    for query in documents():
        answer = asked.answer("machine", query, METRICS)
        assert answer["data"] is None
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


def test_metrics_role_may_read_the_viewer(asked: Asked) -> None:
    viewer = asked.ask("machine", "{ __typename viewer { handle roles can } }", METRICS)["viewer"]
    assert viewer["roles"] == ["METRICS"]


def test_metrics_role_may_read_the_result_of_its_command(asked: Asked) -> None:
    problems = "problems { code rule message field parameters { name kind value } }"
    more = f"... on Payload {{ position }} recorded unchanged {problems} __typename"
    payload = asked.ask("machine", RECORD % more, METRICS)["recordReadings"]
    assert (payload["position"], payload["recorded"], payload["problems"]) == (head(asked), 1, [])


@pytest.mark.parametrize(
    "query",
    [
        RECORD % "position changes { id }",
        RECORD % "position query { objectives { totalCount } }",
        RECORD % "position readings { id }",
        RECORD % "problems { changesSince { id } }",
        RECORD % "position ...More" + " fragment More on ReadingsPayload { position ... { readings { id } } }",
        "subscription { changes { position } }",
    ],
)
def test_command_with_a_forbidden_selection_is_not_executed(asked: Asked, query: str) -> None:
    before = head(asked)
    answer = asked.answer("machine", query, METRICS)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert (answer["data"], head(asked)) == (None, before)


def test_metrics_role_may_not_read_reports(asked: Asked) -> None:
    with pytest.raises(QueryFailed) as refused:
        report(asked.context("machine", METRICS), ReportRequest("2026-q1"))
    assert refused.value.code == "FORBIDDEN"


def test_metrics_with_a_reading_role_may_read(asked: Asked) -> None:
    assert asked.ask("moe", "{ kpis { totalCount } }", METRICS, Role.MEMBER)["kpis"]["totalCount"]
