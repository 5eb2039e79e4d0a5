"""What would be too much is refused before it is read, and no document takes long to be weighed."""

import re
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from graphql import get_introspection_query, parse

from api.cost import COST_MAX, DEPTH_MAX, Estimate, refusal
from api.limits import DOCUMENT_LENGTH_MAX, TOKENS_MAX
from api.paging import PAGE_DEFAULT, PAGE_MAX
from api.schema.schema import schema
from domain.handlers.kpis import READINGS_MAX

README = Path(__file__).parents[2] / "README.md"
SDL = schema._schema
BOARD = """
    query ($first: Int) { objectives(first: $first) { nodes {
      id title progress { value health explain { label value } }
      keyResults { id title current progress { value expected health } metric { start target } }
    } } }
"""


def refused(document: str, **variables: Any) -> str | None:
    error = refusal(SDL, parse(document), variables)
    if error is None:
        return None
    assert error.extensions == {"code": "TOO_LARGE"}
    return error.message


def fields(document: str, **variables: Any) -> float:
    parsed = parse(document)
    return Estimate(SDL, parsed, variables).of(parsed.definitions[0]).fields  # type: ignore[arg-type]


def test_the_largest_page_of_a_board_is_answered() -> None:
    assert refused(BOARD, first=1_000) is None


def test_pages_within_pages_within_pages_are_refused() -> None:
    page = "objectives(first: 100) { nodes { %s } }"
    deep = page % "supportedBy(first: 100) { nodes { supportedBy(first: 100) { nodes { id } } } }"
    assert "smaller pages" in (refused(f"{{ {deep} }}") or "")


def test_lists_that_lead_back_to_themselves_are_refused() -> None:
    inside = "id"
    for _ in range(10):
        inside = f"keyResults {{ objective {{ {inside} }} }}"
    assert refused(f"{{ objectives {{ nodes {{ {inside} }} }} }}")


def test_what_is_too_deep_is_refused() -> None:
    inside = "id"
    for _ in range(DEPTH_MAX):
        inside = f"parent {{ {inside} }}"
    assert "deep" in (refused(f"{{ objective(id: 1) {{ cycle {{ {inside} }} }} }}") or "")


def test_a_page_counts_as_many_as_it_may_have() -> None:
    assert fields("{ objectives(first: 10) { nodes { id } } }") == 1 + 10 * (1 + 1)
    assert fields("query ($n: Int) { objectives(last: $n) { nodes { id } } }", n=20) == 1 + 20 * 2
    assert fields("{ objectives { nodes { id } } }") == 1 + 50 * 2
    assert fields("{ objectives(first: -5) { nodes { id } } }") == 1
    assert fields("{ nodes(ids: [1, 2, 3]) { id } }") == 1 + 3


def test_a_fragment_is_weighed_once_however_often_it_is_spread() -> None:
    levels = 200
    fragments = [f"fragment f{n} on Objective {{ ...f{n + 1} ...f{n + 1} }}" for n in range(levels)]
    document = " ".join(["{ objectives { nodes { ...f0 } } }", *fragments, f"fragment f{levels} on Objective {{ id }}"])
    began = process_time()
    assert refused(document)
    assert process_time() - began < 5  # doubling at each level, it would not end


def test_introspection_is_answered() -> None:
    assert refused(get_introspection_query()) is None


@pytest.mark.parametrize(
    "limit",
    [DEPTH_MAX, COST_MAX, DOCUMENT_LENGTH_MAX, TOKENS_MAX, PAGE_DEFAULT, PAGE_MAX, READINGS_MAX],
)
def test_the_limits_are_told_in_readme(limit: int) -> None:
    (limits,) = re.findall(r"\n## Limits\n(.*?)\n## ", README.read_text("utf-8"), re.DOTALL)
    assert f" {limit:,} " in limits
