"""The documents of README run in their order on an empty workspace, with variables from earlier answers."""

from typing import Any

from graphql import FieldNode
from starlette.testclient import TestClient

from tests.docs.documents import documents
from tests.docs.http_client import answer, operation, variable_names

STEPS = [
    "addPerson", "formTeam", "openCycle", "draftObjective", "addKeyResult", "commitObjective", "activateCycle",
    "checkIn", "retargetKeyResult", "closeCycle", "retrospective",
]  # fmt: skip
QUESTIONS = ["cycle", "asOf", "changes", "retrospective", "changes"]


def root_field(text: str) -> str:
    (field,) = operation(text).selection_set.selections
    assert isinstance(field, FieldNode)
    return field.name.value


def collect(variables: dict[str, Any], answered: dict[str, Any]) -> None:
    """Take variables from an answer, by README's rule: the id of an object under the object's name, and scalars."""
    for field in answered.values():
        for name, value in field.items():
            if isinstance(value, dict) and "id" in value:
                variables[name] = value["id"]
            elif not isinstance(value, dict | list):
                variables[name] = value


def test_readme_walks_through_a_quarter_and_asks_five_questions() -> None:
    assert [root_field(document.text) for document in documents("README.md")] == STEPS + QUESTIONS


def test_readme_documents_run_in_order_on_an_empty_workspace(http: TestClient) -> None:
    variables: dict[str, Any] = {}
    answers = []
    for document in documents("README.md"):
        data = answer(http, document.text, {name: variables[name] for name in variable_names(document.text)})
        collect(variables, data)
        answers.append(data)
    look_back = answers[STEPS.index("retrospective")]["retrospective"]
    assert look_back["isFinal"]
    assert look_back["attainment"] == {"againstOriginal": 0.75, "againstFinal": 1, "score": 1}
    assert look_back["attribution"]["goalpost"] == 0.25
    assert [objective["presence"] for objective in look_back["objectiveRetrospectives"]["nodes"]] == ["KEPT"]
