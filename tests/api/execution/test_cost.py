"""Cost limits: expensive documents are refused before execution, and the estimate itself is fast."""

import inspect
import re
from math import inf
from pathlib import Path
from typing import Any

import pytest
from graphql import get_introspection_query, parse

from api.asgi import body_limit
from api.execution import cost, limits, variable_limits
from api.execution.cost import (
    ALIASES_MAX,
    COST_MAX,
    DEPTH_MAX,
    DIRECTIVES_MAX,
    OPERATIONS_MAX,
    ROOT_FIELDS_MAX,
    Estimate,
    weigh,
)
from api.execution.weights import FIELD, TYPICAL, WEIGHTS, Sizes
from api.runtime.settings import Settings
from api.schema.schema import schema
from api.snapshot.pagination import PAGE_DEFAULT, PAGE_MAX
from domain.commands.kpi_commands import READINGS_MAX

DOCUMENTED = Path(__file__).parents[3] / "docs" / "http.md"
SDL = schema._schema
BOARD = """
    query ($first: Int) { objectives(first: $first) { nodes {
      id title progress { value health explain { label value } }
      keyResults { id title current progress { value expected health } metric { start target } }
    } } }
"""


def refused(document: str, **variables: Any) -> tuple[str, str] | None:
    """The code and the message with which a document is refused."""
    error = weigh(SDL, parse(document), variables).refusal
    if error is None:
        return None
    assert error.extensions is not None
    return error.extensions["code"], error.message


def code(document: str, **variables: Any) -> str | None:
    found = refused(document, **variables)
    return found and found[0]


def fields(document: str, **variables: Any) -> float:
    parsed = parse(document)
    return round(Estimate(SDL, parsed, variables).of(parsed.definitions[0]).cost / FIELD, 6)  # type: ignore[arg-type]


def estimated(document: str, sizes: Sizes = TYPICAL) -> float:
    """The cost of a document in a workspace of some size."""
    return weigh(SDL, parse(document), {}, sizes, inf).costs[None]


# ── cost ──────────────────────────────────────────────────────────────────────────────────────────


def test_largest_page_of_a_board_is_within_the_cost_limit() -> None:
    assert refused(BOARD, first=1_000) is None


def test_deeply_nested_pages_are_refused() -> None:
    page = "objectives(first: 100) { nodes { %s } }"
    deep = page % "supportedBy(first: 100) { nodes { supportedBy(first: 100) { nodes { id } } } }"
    assert (refused(f"{{ {deep} }}") or "")[0] == "TOO_COSTLY"
    assert "smaller pages" in (refused(f"{{ {deep} }}") or "")[1]


# ── weights ───────────────────────────────────────────────────────────────────────────────────────

IN = 'cycle: {key: "2026-q1"}'
LARGE = Sizes(objectives=3_000, changes=60_000, days=92, history_days=730, kpis=500)
HISTORIES = {
    "retrospective": f"{{ retrospective({IN}) {{ attribution {{ movement }} }} }}",
    "replay": f"{{ replay({IN}, every: WEEK) {{ frames {{ progress {{ value }} }} }} }}",
    "diff": "{ diff(from: {position: 1}) { entities { kind changes { position } } } }",
}


@pytest.mark.parametrize("name", HISTORIES)
def test_cost_of_history_grows_with_the_workspace(name: str) -> None:
    small, large = estimated(HISTORIES[name]), estimated(HISTORIES[name], LARGE)
    assert 20 < small < 500
    assert large > 20 * small


def test_many_retrospectives_are_refused() -> None:
    fields = " ".join(f"a{number}: {HISTORIES['retrospective'][1:-1]}" for number in range(50))
    error = weigh(SDL, parse(f"{{ {fields} }}"), {}, LARGE).refusal
    assert error is not None
    assert error.extensions is not None
    assert (error.extensions["code"], error.extensions["limit"]) == ("TOO_COSTLY", COST_MAX)


@pytest.mark.parametrize(
    "series", ["objectives(first: 10) { nodes { progressOverTime", "keyResults(first: 10) { nodes { trajectory"]
)
def test_series_costs_the_number_of_its_steps(series: str) -> None:
    of = f"{{ {series}(every: %s) {{ at expected: at }} }} }} }}"
    change, day, week, month = (estimated(of % every) for every in ("CHANGE", "DAY", "WEEK", "MONTH"))
    assert day > 4 * week > 4 * month
    assert 3 * week < change < 2 * day, "of one goal: four times the mean of the cycle"
    assert estimated(f"{{ {series} {{ at expected: at }} }} }} }}") == week, "the default is a week"
    in_variable = f"query ($every: Step!) {{ {series}(every: $every) {{ at expected: at }} }} }} }}"
    assert weigh(SDL, parse(in_variable), {"every": "DAY"}, TYPICAL).costs[None] == day


def test_variables_that_decide_the_cost_are_named() -> None:
    document = """
        query ($first: Int = 5, $after: String, $every: Step!, $all: Boolean!) {
          objectives(first: $first, after: $after) {
            nodes { id @include(if: $all) progressOverTime(every: $every) { at } }
          }
        }
    """
    for given in ({}, {"first": 3, "every": "DAY", "after": "x", "all": True}):
        assert weigh(SDL, parse(document), given).deciding == {"first", "every"}


def test_frames_of_a_fragment_follow_the_steps_of_its_replay() -> None:
    fragment = "fragment Frames on Replay { frames { basis { at position } progress { value } } }"
    by_day = f"{{ replay({IN}, every: DAY) {{ ...Frames }} }} {fragment}"
    both = f"{{ a: replay({IN}, every: MONTH) {{ ...Frames }} b: replay({IN}, every: DAY) {{ ...Frames }} }} {fragment}"
    assert estimated(both) > estimated(by_day)


def test_series_cover_the_whole_history() -> None:
    series = "{ kpis(first: 10) { nodes { series(every: DAY) { value } } } }"
    assert estimated(series, LARGE) > 1.9 * estimated(series)


@pytest.mark.parametrize(
    ("document", "dearest"),
    [
        (HISTORIES["replay"], "replay"),
        (
            f"{{ viewer {{ handle }} ...R }} fragment R on Query {{ retrospective({IN}) {{ isFinal }} }}",
            "retrospective",
        ),
        (
            "{ objectives(first: 1000) { nodes { title keyResults { trajectory(every: DAY) { actual } } } } }",
            "objectives.nodes.keyResults.trajectory",
        ),
        (
            "{ objectives { nodes { ...on Objective { supportedBy(first: 1000) { nodes { id } } } } } }",
            "objectives.nodes.supportedBy.nodes.id",
        ),
    ],
)
def test_refusal_names_the_dearest_field(document: str, dearest: str) -> None:
    error = weigh(SDL, parse(document), {}, LARGE, 1.0).refusal
    assert error is not None
    assert error.extensions is not None
    assert error.extensions["field"] == dearest
    assert f"Its dearest field is {dearest}:" in error.message


def test_weights_name_fields_of_the_schema() -> None:
    for name in WEIGHTS:
        type_name, _, field = name.partition(".")
        types = SDL.type_map.values() if type_name == "*" else [SDL.type_map[type_name]]
        assert any(field in getattr(each, "fields", ()) for each in types), name


def test_sizes_are_rounded_up_to_one_digit() -> None:
    assert Sizes(301, 10_001, 92, 366, 7).rounded() == Sizes(400, 20_000, 100, 400, 7)


def test_default_of_the_cost_limit_is_that_of_the_settings() -> None:
    assert Settings.model_fields["cost_max"].default == COST_MAX


def test_cyclic_lists_are_refused() -> None:
    inside = "id"
    for _ in range(10):
        inside = f"keyResults {{ objective {{ {inside} }} }}"
    assert code(f"{{ objectives {{ nodes {{ {inside} }} }} }}") == "TOO_COSTLY"


def test_page_costs_its_maximum_size() -> None:
    assert fields("{ objectives(first: 10) { nodes { id } } }") == 1 + 10 * (1 + 1)
    assert fields("query ($n: Int) { objectives(last: $n) { nodes { id } } }", n=20) == 1 + 20 * 2
    assert fields("{ objectives { nodes { id } } }") == 1 + 50 * 2
    assert fields("{ objectives(first: -5) { nodes { id } } }") == 1
    assert fields("{ nodes(ids: [1, 2, 3]) { id } }") == 1 + 3
    assert fields(f"{{ objectives(first: {'9' * 500}) {{ nodes {{ id }} }} }}") == 1 + PAGE_MAX * 2


@pytest.mark.parametrize("variables_given", [{"n": 20}, {"n": 20.0}, {}])
def test_page_size_is_read_from_variables_and_defaults(variables_given: dict[str, Any]) -> None:
    page = "objectives(first: $n) { nodes { id } }"
    assert fields(f"query ($n: Int = 20) {{ {page} }}", **variables_given) == 1 + 20 * 2
    spread = f"query ($n: Int = 20) {{ ...A }} fragment A on Query {{ {page} }}"
    assert fields(spread, **variables_given) == 1 + 20 * 2


def test_fragment_cost_depends_on_the_operations_variables() -> None:
    cheap, costly = "query A($n: Int = 1) { ...F }", "query B($n: Int = 1000) { ...F }"
    inside = "objectives(first: $n) { nodes { supportedBy(first: $n) { nodes { id } } } }"
    assert code(f"{cheap} fragment F on Query {{ {inside} }}") is None
    assert code(f"{cheap} {costly} fragment F on Query {{ {inside} }}") == "TOO_COSTLY"


def test_introspection_is_within_the_cost_limit() -> None:
    assert refused(get_introspection_query()) is None


# ── other limits ──────────────────────────────────────────────────────────────────────────────────


def test_too_deep_document_is_refused() -> None:
    def deep(levels: int) -> str:
        inside = "id"
        for _ in range(levels - 3):
            inside = f"parent {{ {inside} }}"
        return f"{{ objective(id: 1) {{ cycle {{ {inside} }} }} }}"

    assert refused(deep(DEPTH_MAX)) is None
    assert code(deep(DEPTH_MAX + 1)) == "TOO_DEEP"


@pytest.mark.parametrize(
    ("document", "most", "expected"),
    [
        ("{ basis { %s } }", ALIASES_MAX, "TOO_MANY_ALIASES"),
        ("{ ...Many } fragment Many on Query { basis { %s } }", ALIASES_MAX, "TOO_MANY_ALIASES"),
    ],
)
def test_number_of_aliases_is_limited(document: str, most: int, expected: str) -> None:
    assert code(document % " ".join(f"a{n}: at" for n in range(most))) is None
    assert code(document % " ".join(f"a{n}: at" for n in range(most + 1))) == expected


def test_aliases_count_for_each_fragment_spread() -> None:
    spreads = " ".join(f"... on Query {{ basis {{ ...Ten }} x{n}: basis {{ ...Ten }} }}" for n in range(10))
    ten = " ".join(f"a{n}: at" for n in range(10))
    assert code(f"{{ {spreads} }} fragment Ten on Basis {{ {ten} }}") == "TOO_MANY_ALIASES"


def test_number_of_root_fields_is_limited() -> None:
    assert code("{" + " __typename" * ROOT_FIELDS_MAX + "}") is None
    assert code("{" + " __typename" * (ROOT_FIELDS_MAX + 1) + "}") == "TOO_MANY_ROOT_FIELDS"
    assert code("{ ...A ...A } fragment A on Query {" + " __typename" * ROOT_FIELDS_MAX + "}") == "TOO_MANY_ROOT_FIELDS"


def test_number_of_directives_is_limited() -> None:
    assert code("{ __typename" + " @skip(if: false)" * DIRECTIVES_MAX + "}") is None
    assert code("{ __typename" + " @skip(if: false)" * (DIRECTIVES_MAX + 1) + "}") == "TOO_MANY_DIRECTIVES"


def test_number_of_operations_is_limited() -> None:
    assert code(" ".join(f"query A{n} {{ __typename }}" for n in range(OPERATIONS_MAX))) is None
    assert code(" ".join(f"query A{n} {{ __typename }}" for n in range(OPERATIONS_MAX + 1))) == "TOO_MANY_OPERATIONS"


# ── fragments ─────────────────────────────────────────────────────────────────────────────────────


class Counted(Estimate):
    """An estimate that counts its visits of selections."""

    visits = 0

    def _selection(self, node: Any, parent: Any) -> Any:
        self.visits += 1
        return super()._selection(node, parent)


def bomb(levels: int) -> str:
    """Each fragment spreads the next one twice: 2 ** `levels` fields."""
    fragments = [f"fragment f{n} on Objective {{ ...f{n + 1} ...f{n + 1} }}" for n in range(levels)]
    return " ".join(["{ objectives { nodes { ...f0 } } }", *fragments, f"fragment f{levels} on Objective {{ id }}"])


def test_fragment_cost_is_computed_once() -> None:
    levels = 100
    document = parse(bomb(levels))
    estimate = Counted(SDL, document, {})
    assert estimate.of(document.definitions[0]).cost > FIELD * 2**levels  # type: ignore[arg-type]
    assert estimate.visits == 3 + 2 * levels + 1


@pytest.mark.parametrize("levels", [30, 100, 300])
def test_exponential_fragments_are_refused(levels: int) -> None:
    assert code(bomb(levels)) in {"TOO_COSTLY", "TOO_DEEP"}


@pytest.mark.parametrize(
    "document",
    [
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "{ ...A } fragment A on Query { basis { ...A } }",
        "{ ...Nowhere nothing { of { this } } }",
        "fragment A on Nowhere { nothing }",
        "{ ...A } fragment A on Nowhere { nothing { else } }",
        "{ ... on Int { basis { at } } __typename { at } }",
        "subscription { nothing(first: 3) { at } }",
        "{ objectives(first: 3, first: 4, ids: {a: 1}) { nodes { id { id } } } }",
    ],
)
def test_cost_of_an_invalid_document_is_computed(document: str) -> None:
    assert refused(document) is None


# ── documentation ─────────────────────────────────────────────────────────────────────────────────


def test_limits_are_documented_with_their_codes() -> None:
    (section,) = re.findall(r"\n## Limits\n(.*?)(?:\n## |\Z)", DOCUMENTED.read_text("utf-8"), re.DOTALL)
    for limit in (
        *(
            getattr(module, name)
            for module in (cost, limits, variable_limits)
            for name in vars(module)
            if mark_read(name)
        ),
        PAGE_DEFAULT,
        PAGE_MAX,
        READINGS_MAX,
    ):
        assert f" {limit:,} " in section, limit
    codes = {one.code for one in cost.LIMITS}
    for module in (cost, limits, variable_limits, body_limit):
        codes |= set(re.findall(r'"((?:TOO|LIST|VARIABLES|DOCUMENT)_[A-Z_]+)"', inspect.getsource(module)))
    assert len(codes) > 12
    for code in codes:
        assert f"`{code}`" in section


def mark_read(name: str) -> bool:
    return name.endswith("_MAX") and name not in {"NESTING_MAX", "MESSAGE_LENGTH_MAX", "ERRORS_MAX"}
