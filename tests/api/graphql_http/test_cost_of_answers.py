"""An answer reports its cost, is bounded in size, and is given up when its time has passed."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from api.runtime.database import Database
from api.runtime.settings import Settings
from api.server.app import create_app
from projections.history import attribution
from projections.store.deadline import Deadline
from tests.api.conftest import Api
from tests.api.frames import BOTH_FRAMES

pytestmark = BOTH_FRAMES

BOARD = "{ objectives(first: 1000) { nodes { id title progress { value } } } }"


def test_answer_reports_estimated_and_actual_cost_and_the_limit(api: Api) -> None:
    small, large = (api.answer(query)["extensions"]["cost"] for query in ("{ viewer { handle } }", BOARD))
    assert list(small) == ["asked", "actual", "limit"]
    assert (small["asked"], small["limit"], large["limit"]) == (1, 10_000, 10_000)
    assert large["asked"] == 131
    assert small["actual"] >= 1


def test_cost_limit_is_a_setting_and_its_error_names_the_dearest_field(settings: Settings, database: Database) -> None:
    frugal = settings.model_copy(update={"cost_max": 100})
    with TestClient(create_app(frugal, database, editor=False, anonymous=True), base_url="http://localhost") as http:
        error = Api(http).error(BOARD)
        assert Api(http).answer("{ viewer { handle } }")["extensions"]["cost"]["limit"] == 100
    assert error["extensions"] == {
        "code": "TOO_COSTLY",
        "asked": 131,
        "limit": 100,
        "field": "objectives.nodes.progress",
    }
    assert "Its dearest field is objectives.nodes.progress:" in error["message"]


def test_answer_that_is_too_large_is_given_up_as_a_whole(
    api: Api, objective: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "x" * 15_000
    api.do("rewordObjective", {"objective": objective, "description": text})
    described = [f'{name}: objective(id: "{objective}") {{ description }}' for name in "abc"]
    query = f"{{ {' '.join(described)} }}"
    assert api.ask(query)["c"] == {"description": text}
    monkeypatch.setattr("api.execution.plans.run.ANSWER_BYTES_MAX", 20_000)
    answer = api.answer(query)
    assert answer["data"] == {"a": {"description": text}, "b": {"description": text}, "c": None}
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["c"], "ANSWER_TOO_LARGE")


def test_computation_between_statements_stops_at_the_deadline(
    api: Api, cycle: dict[str, str], key_result: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deadline passes when the walk of an attribution begins, after all statements."""
    api.do("activateCycle", {"cycle": cycle})
    api.do("checkIn", {"keyResult": key_result, "value": 1})
    query = f'{{ retrospective(cycle: {{key: "{cycle["key"]}"}}) {{ attribution {{ final }} }} }}'
    assert api.ask(query)["retrospective"]["attribution"]["final"] > 0

    def late() -> None:
        Deadline(-1).check()

    monkeypatch.setattr(attribution, "raise_if_late", late)
    error: Any = api.error(query)
    assert (error["path"], error["extensions"]["code"]) == (["retrospective"], "TIMEOUT")
