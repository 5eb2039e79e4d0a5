"""Problems of rejected commands over HTTP: all faults at once, each with rule and parameters."""

from typing import Any

import pytest
from graphql import GraphQLObjectType

from api.schema.schema import schema
from tests.api.conftest import Api
from tests.api.schema.mutations.test_inputs import UNKNOWN_PERSON

PROBLEMS = "mutation ($input: %sInput!) { %s(input: $input) { position problems { code rule field message %s } } }"
PARAMETERS = "parameters { name kind value }"


def problems(api: Api, verb: str, input: dict[str, Any]) -> list[dict[str, Any]]:
    """The problems of a rejected command."""
    payload = api.ask(PROBLEMS % (f"{verb[0].upper()}{verb[1:]}", verb, PARAMETERS), input=input)[verb]
    assert payload["position"] is None
    found: list[dict[str, Any]] = payload["problems"]
    return found


def broken(api: Api, verb: str, input: dict[str, Any]) -> list[tuple[str, str]]:
    """The field and the rule of each problem."""
    return [(".".join(problem["field"]), problem["rule"]) for problem in problems(api, verb, input)]


def parameters(api: Api, verb: str, input: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The parameters of the one problem: name, kind, value."""
    (problem,) = problems(api, verb, input)
    return [(one["name"], one["kind"], one["value"]) for one in problem["parameters"]]


@pytest.fixture(scope="module")
def objective(api: Api) -> str:
    api.do("openCycle", {"key": "q1", "name": "Q1", "startsOn": "2026-01-01", "endsOn": "2026-03-31"})
    drafted = api.do("draftObjective", {"cycle": {"key": "q1"}, "title": "Grow"}, "objective { id }")
    id: str = drafted["objective"]["id"]
    return id


def test_all_faults_of_an_input_are_listed_at_once(api: Api, objective: str) -> None:
    metric = {"direction": "INCREASE", "start": 5, "target": 3}
    wrong = {"objective": objective, "title": "", "weight": -1, "metric": metric}
    assert broken(api, "addKeyResult", wrong) == [
        ("title", "TITLE_EMPTY"), ("weight", "WEIGHT_NOT_POSITIVE"), ("metric.target", "METRIC_NOT_ORDERED"),
    ]  # fmt: skip


def test_malformed_ids_and_nulls_are_listed_with_the_other_faults(api: Api, objective: str) -> None:
    metric = {"direction": "INCREASE", "start": 5, "lower": 1}
    wrong = {"objective": "garbage", "title": "", "owner": objective, "weight": 0, "metric": metric}
    assert sorted(broken(api, "addKeyResult", wrong)) == [
        ("metric.lower", "METRIC_FIELD_NOT_ALLOWED"), ("objective", "ID_MALFORMED"), ("owner", "ID_OF_OTHER_KIND"),
        ("title", "TITLE_EMPTY"), ("weight", "WEIGHT_NOT_POSITIVE"),
    ]  # fmt: skip
    assert broken(api, "rewordObjective", {"objective": objective, "title": None, "description": "\a"}) == [
        ("title", "FIELD_NOT_CLEARABLE"), ("description", "CONTROL_CHARACTER"),
    ]  # fmt: skip
    assert broken(api, "assignKeyResult", {"keyResult": "x", "reason": "\a"}) == [
        ("keyResult", "ID_MALFORMED"), ("owner", "FIELD_MISSING"), ("reason", "CONTROL_CHARACTER"),
    ]  # fmt: skip


def test_every_malformed_id_in_a_list_is_listed(api: Api, objective: str) -> None:
    wrong = {"objective": objective, "contributors": ["x", UNKNOWN_PERSON, objective]}
    assert broken(api, "assignObjective", wrong) == [
        ("contributors.0", "ID_MALFORMED"), ("contributors.2", "ID_OF_OTHER_KIND"),
    ]  # fmt: skip


def test_a_problem_without_a_finer_rule_has_its_code(api: Api, objective: str) -> None:
    unknown = {"objective": objective, "owner": UNKNOWN_PERSON}
    (problem,) = problems(api, "assignObjective", unknown)
    assert (problem["code"], problem["rule"], problem["parameters"]) == ("NOT_FOUND", "NOT_FOUND", [])


def test_parameters_are_typed(api: Api, objective: str) -> None:
    weighed = {"objective": objective, "title": "Sell", "metric": {"direction": "DONE"}}
    assert parameters(api, "addKeyResult", {**weighed, "weight": -0.5}) == [("value", "NUMBER", "-0.5")]
    assert parameters(api, "rewordObjective", {"objective": objective, "title": "x" * 301}) == [
        ("max", "NUMBER", "300"), ("length", "NUMBER", "301"),
    ]  # fmt: skip
    ended = {"key": "q2", "name": "Q2", "startsOn": "2026-06-01", "endsOn": "2026-05-01"}
    assert parameters(api, "openCycle", ended) == [("startsOn", "DATE", "2026-06-01")]
    assert parameters(api, "rewordObjective", {"objective": objective, "title": "\0"}) == [
        ("character", "TEXT", "U+0000")
    ]
    ((name, kind, value),) = parameters(
        api, "rewordObjective", {"objective": objective, "effectiveAt": "2999-01-01T00:00:00Z"}
    )
    assert (name, kind, value[-1]) == ("now", "DATE_TIME", "Z")


def test_a_parameter_of_an_enum_is_text(api: Api, objective: str) -> None:
    metric = {"direction": "DONE", "target": 1}
    assert parameters(api, "addKeyResult", {"objective": objective, "title": "Sell", "metric": metric}) == [
        ("direction", "TEXT", "DONE"), ("field", "TEXT", "target"),
    ]  # fmt: skip


def test_problem_stays_an_object_type() -> None:
    assert isinstance(schema._schema.type_map["Problem"], GraphQLObjectType)
