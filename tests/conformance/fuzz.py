"""Fuzzing by Schemathesis: no request of the schema fails on the server's side, and every error has a known code.

Documents are drawn from the schema for every field of Query and Mutation, and some are broken on purpose. Most ids,
keys and cursors are real and of the right kind; otherwise nearly every answer would be NOT_FOUND. `KEYFRAME_CASES` is
the number of cases, `KEYFRAME_SEED` the seed.
"""

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
import schemathesis
from graphql import (
    REMOVE,
    ArgumentNode,
    FieldNode,
    GraphQLInputObjectType,
    GraphQLNonNull,
    IntValueNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    get_named_type,
    parse,
    visit,
)
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

URL = os.environ["KEYFRAME_URL"]
TOKEN = os.environ.get("KEYFRAME_TOKEN")
HEADERS = {"authorization": f"Bearer {TOKEN}"} if TOKEN else {}
CASES = int(os.environ.get("KEYFRAME_CASES", "500"))
SEED = int(os.environ.get("KEYFRAME_SEED", "20260101"))
SCHEMA = build_schema((Path(__file__).parents[2] / "api" / "schema.graphql").read_text())

BROKEN_SHARE = 10
"""One of this many cases of a field is broken on purpose."""
SECONDS_MAX = 60

EXPECTED = {
    *("NOT_FOUND", "FORBIDDEN", "INVALID", "STALE", "CONFLICT", "CLOSED", "CIRCULAR", "DUPLICATE"),
    *("IDEMPOTENCY_MISMATCH", "TOO_LARGE", "TOO_DEEP", "TOO_COSTLY", "TOO_TANGLED"),
    *("TOO_MANY_ALIASES", "TOO_MANY_ROOT_FIELDS", "TOO_MANY_TOKENS", "TOO_MANY_VALUES"),
    *("GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_REQUEST"),
}
"""The error codes that a healthy server may answer."""
OURS = re.compile(r"cannot represent|Cannot return null|Expected value of type|is not JSON serializable")
"""Messages of graphql-core for a server value that does not fit the schema."""

session = requests.Session()
session.headers.update(HEADERS)


def ask(document: str) -> requests.Response:
    return session.post(URL, json={"query": document}, timeout=SECONDS_MAX)


# ── real ids, keys and cursors ────────────────────────────────────────────────────────────────────

SEEDS = """{
  Cycle: cycles { nodes { id key } edges { cursor } }
  Objective: objectives(first: 30) { nodes { id title } edges { cursor } }
  KeyResult: keyResults(first: 30) {
    nodes { id checkIns(first: 1) { nodes { id } } initiatives { id } } edges { cursor }
  }
  Kpi: kpis { nodes { id key readings(first: 1) { nodes { id } } } edges { cursor } }
  Team: teams { nodes { id key } edges { cursor } }
  Person: people(first: 30) { nodes { id handle } edges { cursor } }
  Change: changes(last: 30) { nodes { id position recordedAt } edges { cursor } }
  past: asOf(position: 400) { objectives(first: 5) { nodes { id } } keyResults(first: 5) { nodes { id } } }
}"""


def _met(answer: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(answer, dict):
        for name, value in answer.items():
            yield name, value
            yield from _met(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from _met(value)


FOUND = ask(SEEDS).json()["data"]
IDS = {kind: [value for name, value in _met(FOUND[kind]) if name == "id"] for kind in FOUND}
EVERY_ID = [id for ids in IDS.values() for id in ids]
KEYS = {kind: [value for name, value in _met(FOUND[kind]) if name == "key"] for kind in ("Cycle", "Kpi", "Team")}
NAMED = [str(value) for name, value in _met(FOUND) if name in {"key", "handle", "title"}]
CURSORS = [value for name, value in _met(FOUND) if name == "cursor"]
TIMES = [value for name, value in _met(FOUND) if name == "recordedAt"]
POSITIONS = [value for name, value in _met(FOUND) if name == "position"]
KINDS = dict.fromkeys(("owner", "person", "lead", "contributors", "members"), "Person") | {
    "cycle": "Cycle",
    "into": "Cycle",
    "keyResult": "KeyResult",
    "kpi": "Kpi",
    "objective": "Objective",
    "parent": "Team",
    "supports": "Objective",
    "team": "Team",
}
"""The kind of an id, by the name of its argument or field."""

# ── generation ────────────────────────────────────────────────────────────────────────────────────

LEFT_OUT = "~"
"""The value that omits an optional argument or field."""


def mostly(fit: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Nine of ten values fit: a single odd one is enough to refuse a document."""
    return st.integers(0, 9).flatmap(lambda nth: fit if nth else odd)


extremes = st.sampled_from(
    ["", "\0", "🚲" * 200, "a" * 301, "%", "_", "\\", "'; --", "{}", "1e309", "NaN", "\u202ex", "\u2028", "2026-13-01"]
)
odd = st.text(max_size=40) | extremes
nothing = st.just(LEFT_OUT)
VOCABULARY = ["more", "people", "find", "what", "they", "need", "without", "asking", "anybody"]
words = st.lists(st.sampled_from(VOCABULARY), min_size=3).map(" ".join)
strings = mostly(words | st.sampled_from(NAMED), odd)
cursors = mostly(nothing | st.sampled_from(CURSORS), odd)
ids = mostly(st.integers(0, 10_000).map(lambda nth: f"#{nth}"), st.sampled_from(EVERY_ID) | odd)
moments = mostly(
    nothing | st.sampled_from(TIMES),
    st.datetimes().map(lambda when: f"{when.isoformat()}Z")
    | st.sampled_from(
        ["2016-12-31T23:59:60Z", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+14:00"]
    )
    | odd,
)
days = mostly(st.dates().map(str), st.sampled_from(["2026-13-01", "2026-02-29", "-1"]) | odd)
places = mostly(
    st.sampled_from(POSITIONS) | st.integers(0, 400), st.sampled_from([-1, 2**31, 2**53 - 1, 2**53 + 1, 2**63])
)
sizes = mostly(st.integers(0, 20), st.sampled_from([-1, 1000, 1001, 2**31 - 1, -(2**31)]))


def string_node(value: str) -> StringValueNode:
    return StringValueNode(value=value)


def int_node(value: int) -> IntValueNode:
    return IntValueNode(value=str(value))


schemathesis.graphql.scalar("ID", ids.map(string_node))
schemathesis.graphql.scalar("String", strings.map(string_node))
schemathesis.graphql.scalar("Markdown", strings.map(string_node))
schemathesis.graphql.scalar("DateTime", moments.map(string_node))
schemathesis.graphql.scalar("Date", days.map(string_node))
schemathesis.graphql.scalar("Position", places.map(int_node))
schemathesis.graphql.scalar("Int", sizes.map(int_node))
CURSORED = {"after", "before"}
UNLIKELY = {"expectedVersion", "idempotencyKey"}
"""Fields whose random values almost never match."""


class Fitting(Visitor):
    """Replaces drawn values with real ids and keys of the right kind, and keeps one field of a oneOf input."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> OperationDefinitionNode | None:
        """Select position and problems in every mutation."""
        if node.operation is not OperationType.MUTATION:
            return None
        fields = [
            FieldNode(**{**_parts(field), "selection_set": _with(field.selection_set, BECAME)})
            for field in node.selection_set.selections
            if isinstance(field, FieldNode)
        ]
        return OperationDefinitionNode(**{**_parts(node), "selection_set": SelectionSetNode(selections=tuple(fields))})

    def enter_object_value(self, node: ObjectValueNode, *_: Any) -> ObjectValueNode | None:
        type_ = get_named_type(self._info.get_input_type())
        if not (isinstance(type_, GraphQLInputObjectType) and type_.is_one_of):
            return None
        given = [field for field in node.fields if not isinstance(field.value, NullValueNode)]
        return ObjectValueNode(fields=tuple(given[:1])) if given else None

    def enter_argument(self, node: ArgumentNode, *_: Any) -> Any:
        return self._fitting(node, ArgumentNode)

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> Any:
        return self._fitting(node, ObjectFieldNode)

    def enter_string_value(self, node: StringValueNode, *_: Any) -> StringValueNode | None:
        return _drawn(node, EVERY_ID)

    def _fitting(self, node: Any, kind: type) -> Any:
        """The argument or field with its real value; None if it is omitted."""
        name, value = node.name.value, node.value
        if name in UNLIKELY:
            return REMOVE
        is_needed = isinstance(self._info.get_input_type(), GraphQLNonNull)
        if isinstance(value, StringValueNode) and value.value == LEFT_OUT:
            return kind(name=node.name, value=StringValueNode(value=TIMES[-1])) if is_needed else REMOVE
        if name in CURSORED and isinstance(value, StringValueNode) and value.value not in CURSORS:
            return REMOVE
        if name == "key" and isinstance(value, StringValueNode):
            owner = get_named_type(self._info.get_parent_input_type())
            among = KEYS.get(owner.name.removesuffix("By"), []) if owner is not None else []
            return kind(name=node.name, value=_nth(among, value)) if among else None
        put = _drawn(value, IDS[KINDS[name]]) if name in KINDS else None
        return None if put is None else kind(name=node.name, value=put)


def _selections(document: str) -> tuple[SelectionNode, ...]:
    """The selections of a query."""
    (query,) = parse(document).definitions
    assert isinstance(query, OperationDefinitionNode)
    return tuple(query.selection_set.selections)


BECAME = _selections("{ position problems { code } }")


def _parts(node: Any) -> dict[str, Any]:
    return {name: getattr(node, name) for name in node.keys}


def _with(given: SelectionSetNode | None, more: tuple[Any, ...]) -> SelectionSetNode:
    return SelectionSetNode(selections=(*(given.selections if given is not None else ()), *more))


def _nth(among: list[str], value: StringValueNode) -> StringValueNode:
    """One of `among` for most texts, otherwise the text itself."""
    nth = sum(value.value.encode())
    return value if nth % 8 == 0 else StringValueNode(value=among[nth % len(among)])


def _drawn(value: Any, among: list[str]) -> StringValueNode | None:
    """The real value selected by a drawn number."""
    if among and isinstance(value, StringValueNode) and re.fullmatch(r"#\d+", value.value):
        return StringValueNode(value=among[int(value.value[1:]) % len(among)])
    return None


@schemathesis.hook  # type: ignore[untyped-decorator]
def map_body(_: schemathesis.HookContext, body: Any) -> Any:
    info = TypeInfo(SCHEMA)
    return visit(body, TypeInfoVisitor(info, Fitting(info)))


# ── expectations ──────────────────────────────────────────────────────────────────────────────────

outcomes: Counter[str] = Counter()


def check_response(response: requests.Response) -> None:
    """Raises `AssertionError` for an answer that a healthy server does not give."""
    detail = f"{response.status_code}: {response.text[:2000]}"
    assert response.status_code < 500, detail
    answer = response.json()
    errors = answer.get("errors", [])
    outcomes[
        "answered" if not errors else ", ".join(sorted({error["extensions"].get("code") for error in errors}))
    ] += 1
    for error in errors:
        assert error["extensions"].get("code") in EXPECTED, detail
        assert not ("path" in error and OURS.search(error["message"])), detail
    assert errors or answer["data"] is not None, detail


def main() -> int:
    schema = schemathesis.graphql.from_url(URL, headers=HEADERS)
    operations = [found.ok() for found in schema.get_all_operations()]
    each = -(-CASES // len(operations))
    failed = False
    for operation in operations:
        error = tried(operation, each)
        failed = failed or error is not None
        detail = json.dumps({"name": f"{operation.label}, {each} cases", "ok": error is None, "error": error})
        sys.stdout.write(f"{detail}\n")
    sys.stderr.write("; ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()))
    return int(failed)


def tried(operation: Any, cases: int) -> str | None:
    """The failure of the smallest failing document, or None."""
    broken = max(1, cases // BROKEN_SHARE)
    asked = ((GenerationMode.POSITIVE, cases - broken), (GenerationMode.NEGATIVE, broken))
    for mode, count in asked:

        @seed(SEED)
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def holds(case: Any) -> None:
            try:
                check_response(ask(case.body))
            except (AssertionError, ValueError, requests.RequestException) as error:
                raise AssertionError(f"{error}\n{case.body}") from None

        try:
            holds()
        except AssertionError as error:
            return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
