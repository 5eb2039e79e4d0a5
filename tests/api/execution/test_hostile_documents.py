"""Hostile requests get an error with a code and a message."""

import json
from typing import Any

import pytest

from api.asgi.body_limit import BODY_BYTES_MAX
from api.execution.variable_limits import LIST_LENGTH_MAX, NESTING_MAX, VALUES_MAX, VARIABLES_MAX
from tests.api.conftest import Api

SEARCH = "query ($s: String) { people(search: $s) { nodes { handle } } }"
GRAPHQL = "application/graphql-response+json"


def sent(api: Api, body: bytes) -> tuple[int, str]:
    """The status and the code of the answer."""
    headers = {"content-type": "application/json", "accept": GRAPHQL}
    response = api.http.post("/graphql", content=body, headers=headers)
    (error, *_) = response.json()["errors"]
    assert error["message"]
    return response.status_code, error["extensions"]["code"]


def variable(text: str) -> bytes:
    """A request with this JSON as its one variable."""
    return f'{{"query": {json.dumps(SEARCH)}, "variables": {{"s": {text}}}}}'.encode()


def document(text: str) -> bytes:
    return json.dumps({"query": text}).encode()


def as_of(moment: str) -> bytes:
    return document(f'{{ asOf(at: "{moment}") {{ basis {{ at }} }} }}')


def aliases(many: int) -> str:
    return "{ basis {" + " ".join(f"a{n}:at" for n in range(many)) + "} }"


def bomb() -> str:
    fragments = [f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(100)]
    return " ".join(["{ ...f0 }", *fragments, "fragment f100 on Query { __typename }"])


NOT_JSON = (400, "BAD_REQUEST")
WRONG = (400, "GRAPHQL_VALIDATION_FAILED")
INVALID = (400, "INVALID")
HOSTILE = {
    "bytes that are no UTF-8": (b'{"query": "\xff"}', NOT_JSON),
    "a surrogate in UTF-8": (b'{"query": "{__typename}", "variables": {"s": "\xed\xa0\x80"}}', NOT_JSON),
    "a lone surrogate": (variable('"\\ud800"'), NOT_JSON),
    "a lone surrogate in a document": (
        document('{ people(search: "\\ud800") { nodes { id } } }'), (400, "GRAPHQL_PARSE_FAILED"),
    ),
    "NUL": (variable('"a\\u0000"'), (200, "INVALID")),
    "NUL in a document": (document('{ people(search: "\\u0000") { nodes { id } } }'), (200, "INVALID")),
    "an object where a text should be": (variable('{"a": ["\\u0000"]}'), INVALID),
    "NaN": (variable("NaN"), NOT_JSON),
    "Infinity": (variable("-Infinity"), NOT_JSON),
    "1e309": (variable("1e309"), NOT_JSON),
    "1e309 in a document": (document("{ objectives(first: 1e309) { totalCount } }"), WRONG),
    "2^53 + 1": (document("{ asOf(position: 9007199254740993) { basis { at } } }"), WRONG),
    "a number of 5,000 digits": (document(f"{{ asOf(position: {'9' * 5000}) {{ basis {{ at }} }} }}"), WRONG),
    "a page of 2^31": (document("{ objectives(first: 2147483648) { totalCount } }"), WRONG),
    "the 13th month": (as_of("2026-13-01T00:00:00Z"), WRONG),
    "a leap second": (as_of("2016-12-31T23:59:60Z"), WRONG),
    "the 30th of February": (as_of("2026-02-30T00:00:00Z"), WRONG),
    "before the year 1": (as_of("0001-01-01T00:00:00+14:00"), WRONG),
    "after the year 9999": (as_of("9999-12-31T23:59:59-14:00"), WRONG),
    "JSON 900 levels deep": (variable('{"a":' * 900 + "1" + "}" * 900), (400, "VARIABLES_TOO_DEEP")),
    "JSON 90,000 levels deep": (variable('{"a":' * 90_000 + "1" + "}" * 90_000), NOT_JSON),
    "a million lists": (variable("[" + "[]," * 1_000_000 + "1]"), (400, "TOO_MANY_VALUES")),
    "a million numbers": (variable("[" + "1," * 1_000_000 + "1]"), (400, "LIST_TOO_LONG")),
    "a body of 50 MB": (b" " * 50_000_000, (413, "TOO_LARGE")),
    "10,000 aliases": (document(aliases(10_000)), (400, "TOO_MANY_TOKENS")),
    "900 aliases": (document(aliases(900)), (400, "TOO_MANY_ALIASES")),
    "a bomb of fragments": (document(bomb()), (400, "TOO_MANY_ROOT_FIELDS")),
    "100 of 100 of 100": (
        document(
            "{ objectives(first: 100) { nodes { supportedBy(first: 100) { nodes { "
            "supportedBy(first: 100) { nodes { id } } } } } } }"
        ),
        (400, "TOO_COSTLY"),
    ),
    "a document of 2,000 levels": (document("{a" * 1_000 + "}" * 1_000), (400, "TOO_DEEP")),
    "a value of 2,000 levels": (document("{a(b:" + "[" * 1_000 + "]" * 1_000 + ")}"), (400, "TOO_DEEP")),
    "fragments that spread each other": (
        document("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"), WRONG,
    ),
    "fields that go together in too many ways": (
        document("{ basis {" + " ...{at}" * 450 + " } }"), (400, "TOO_TANGLED"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_document_is_refused_with_a_code(api: Api, name: str) -> None:
    body, expected = HOSTILE[name]
    assert sent(api, body) == expected


def limit(api: Api, variables: Any) -> Any:
    answer = api.http.post("/graphql", json={"query": "{ __typename }", "variables": variables}).json()
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else None


def test_variables_are_accepted_up_to_their_limits(api: Api) -> None:
    def nested(levels: int) -> Any:
        return [nested(levels - 1)] if levels > 1 else 1

    assert limit(api, {f"v{n}": 1 for n in range(VARIABLES_MAX)}) is None
    assert limit(api, {f"v{n}": 1 for n in range(VARIABLES_MAX + 1)}) == "TOO_MANY_VARIABLES"
    assert limit(api, {"v": [1] * LIST_LENGTH_MAX}) is None
    assert limit(api, {"v": [1] * (LIST_LENGTH_MAX + 1)}) == "LIST_TOO_LONG"
    assert limit(api, {"v": nested(NESTING_MAX)}) is None
    assert limit(api, {"v": nested(NESTING_MAX + 1)}) == "VARIABLES_TOO_DEEP"
    lists = [[1] * LIST_LENGTH_MAX] * (VALUES_MAX // LIST_LENGTH_MAX)
    assert limit(api, {"v": lists[1:]}) is None
    assert limit(api, {"v": lists}) == "TOO_MANY_VALUES"


def test_body_of_the_maximum_length_is_accepted(api: Api) -> None:
    body = b'{"query": "{ __typename }"}'
    response = api.http.post(
        "/graphql", content=body.ljust(BODY_BYTES_MAX), headers={"content-type": "application/json"}
    )
    assert response.json()["data"] == {"__typename": "Query"}


# ── time ──────────────────────────────────────────────────────────────────────────────────────────


def test_timeout_is_one_error_not_one_per_field(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.do("addPerson", {"handle": "ada", "name": "Ada"})
    api.do("addPerson", {"handle": "ben", "name": "Ben"})
    monkeypatch.setattr("api.execution.plans.run.monotonic", lambda: float("inf"))
    error = api.error("{ people { nodes { handle } } }")
    assert (error["path"], error["extensions"]["code"]) == (["people"], "TIMEOUT")


def test_mutation_position_is_returned_despite_a_timeout(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.execution.executor.monotonic", lambda: float("inf"))
    mutation = 'mutation { addPerson(input: {handle: "cy", name: "Cy"}) { position person { handle } } }'
    answer = api.answer(mutation)
    assert answer["data"]["addPerson"]["position"] is not None
    assert answer["data"]["addPerson"]["person"] is None
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["addPerson", "person"], "TIMEOUT")
