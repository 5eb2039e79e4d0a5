"""Who may not read is told what became of their commands, and nothing else."""

import pytest

from api.report.content import read as report
from api.schema.schema import QueryFailed
from domain.commands.permissions import Role
from tests.api.privacy.conftest import Asked
from tests.api.privacy.documents import documents

READING = '{kpi: {key: "promoters"}, value: 70, measuredAt: "2026-01-05T00:00:00Z"}'
RECORD = f"mutation {{ recordReadings(input: {{readings: [{READING}]}}) {{ %s }} }}"
METRICS = Role.METRICS


def head(of: Asked) -> int:
    return of.world.log.head().position


def test_nothing_there_is_can_be_asked(asked: Asked) -> None:
    for query in documents():
        answer = asked.answer("machine", query, METRICS)
        assert answer["data"] is None
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


def test_who_they_are_is_told(asked: Asked) -> None:
    viewer = asked.ask("machine", "{ __typename viewer { handle roles can } }", METRICS)["viewer"]
    assert viewer["roles"] == ["METRICS"]


def test_what_became_of_a_command_is_told(asked: Asked) -> None:
    more = "... on Payload { position } recorded unchanged problems { code message field } __typename"
    told = asked.ask("machine", RECORD % more, METRICS)["recordReadings"]
    assert (told["position"], told["recorded"], told["problems"]) == (head(asked), 1, [])


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
def test_a_command_whose_answer_would_be_more_is_not_carried_out(asked: Asked, query: str) -> None:
    before = head(asked)
    answer = asked.answer("machine", query, METRICS)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert (answer["data"], head(asked)) == (None, before)


def test_a_report_is_not_for_them(asked: Asked) -> None:
    with pytest.raises(QueryFailed) as refused:
        report(asked.context("machine", METRICS), "2026-q1")
    assert refused.value.code == "FORBIDDEN"


def test_whoever_holds_another_role_beside_it_reads(asked: Asked) -> None:
    assert asked.ask("moe", "{ kpis { totalCount } }", METRICS, Role.MEMBER)["kpis"]["totalCount"]
