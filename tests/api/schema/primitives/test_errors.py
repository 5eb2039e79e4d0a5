import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from api.schema.primitives.errors import MASKED
from api.schema.schema import schema
from domain.commands.kpi_commands import DefineKpi
from tests.api.schema import goals
from tests.asking import AskedWorld


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ objectives {", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($at: DateTime) { asOf(position: $at) { basis { at } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($id: ID!) { node(id: $id) { id } }", "INVALID"),
        ("query($at: DateTime) { asOf(at: $at) { basis { at } } }", "INVALID"),
        ('{ asOf(at: "yesterday") { basis { at } } }', "GRAPHQL_VALIDATION_FAILED"),
        ('{ asOf(at: "2026-01-01T00:00:00") { basis { at } } }', "GRAPHQL_VALIDATION_FAILED"),
        ("{ asOf(position: -1) { basis { at } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ objectives(first: -1) { nodes { id } } }", "INVALID"),
        ('{ objectives(after: "§") { nodes { id } } }', "INVALID"),
    ],
)
def test_every_error_has_a_code(world: AskedWorld, query: str, code: str) -> None:
    for error in world.errors(query, at="yesterday"):
        assert (error.extensions or {})["code"] == code


def test_invalid_argument_is_named(world: AskedWorld) -> None:
    (error,) = world.errors("{ asOf(position: 99) { basis { at } } }")
    assert error.extensions == {"code": "INVALID", "field": ["position"]}
    assert error.path == ["asOf"]
    assert error.locations is not None


def test_unexpected_error_is_masked_and_logged_with_the_request_id(world: AskedWorld) -> None:
    def broken() -> Any:
        raise RuntimeError("the password is 1234")

    goals.cycle(world)
    world.pool.meanwhile = broken
    with capture_logs() as logs:
        (error,) = world.errors("{ objectives { nodes { id } } }")
    assert error.message == MASKED
    assert error.extensions == {"code": "INTERNAL_SERVER_ERROR", "requestId": "r-1"}
    (entry,) = logs
    assert entry["event"] == "operation_failed"
    assert entry["request_id"] == "r-1"
    assert str(entry["exc_info"]) == "the password is 1234"


def test_failed_field_is_null_and_the_rest_is_answered(world: AskedWorld) -> None:
    goals.cycle(world)
    query = """{ cycles { nodes { key asOf(position: 99) { id } } } kpi(by: {key: "x"}) { key } basis { isNow } }"""
    result = schema.execute_sync(query, None, world.context)
    assert result.data == {
        "cycles": {"nodes": [{"key": "2026-q1", "asOf": None}]}, "kpi": None, "basis": {"isNow": True},
    }  # fmt: skip
    assert result.errors is not None
    assert [error.path for error in result.errors] == [["cycles", "nodes", 0, "asOf"]]


def test_cached_invalid_document_returns_the_same_errors(world: AskedWorld) -> None:
    first = [(error.message, error.extensions) for error in world.errors("{ nothing }")]
    assert [(error.message, error.extensions) for error in world.errors("{ nothing }")] == first


def test_operations_run_on_threads(world: AskedWorld) -> None:
    """Two operations run in parallel, each on its own thread."""
    goals.cycle(world)

    async def both() -> list[Any]:
        query = "{ cycles { nodes { key } } }"
        contexts = (world.context, world.context)
        return [*await asyncio.gather(*(schema.execute(query, context_value=context) for context in contexts))]

    for result in asyncio.run(both()):
        assert result.errors is None
        assert result.data == {"cycles": {"nodes": [{"key": "2026-q1"}]}}


def test_too_long_series_is_refused(world: AskedWorld) -> None:
    world.record(DefineKpi(key="nps", name="NPS"))
    query = '{ kpi(by: {key: "nps"}) { series(every: DAY, from: "1900-01-01T00:00:00Z") { value } } }'
    assert world.code(query) == "TOO_LARGE"
