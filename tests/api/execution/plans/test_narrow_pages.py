"""Pages of lists are read with the columns that a document shows, and give the same cursors and rows as whole ones."""

from typing import Any

import pytest

from api.execution.plans.compiled_documents import CompiledDocuments
from tests.api.schema.crowd import Crowd
from tests.asking import AskedWorld

PLACE = "pageInfo { startCursor endCursor hasNextPage hasPreviousPage }"


@pytest.fixture
def world(world: AskedWorld) -> AskedWorld:
    Crowd(world).join(6)
    return world


def interpreted(monkeypatch: pytest.MonkeyPatch, world: AskedWorld, document: str) -> Any:
    with monkeypatch.context() as patch:
        patch.setattr(CompiledDocuments, "complete", None)
        return world.ask(document)


def selected(world: AskedWorld, document: str) -> list[str]:
    """The statements that read objectives by a filter."""
    world.pool.statements.clear()
    world.ask(document)
    return [text for text in world.pool.statements if "from objective f" in text]


def test_pages_are_read_with_the_columns_that_are_shown(world: AskedWorld) -> None:
    (page,) = selected(world, f"{{ objectives(first: 2) {{ nodes {{ title progress {{ value }} }} {PLACE} }} }}")
    assert "v.title" in page
    assert "v.description" not in page
    assert "v.labels" not in page


def test_edges_and_fields_without_declared_columns_read_whole_rows(world: AskedWorld) -> None:
    (page,) = selected(world, "{ objectives(first: 2) { edges { cursor node { title } } nodes { title } } }")
    assert "v.description" in page
    assert world.count("{ objectives { nodes { title createdBy { handle } } } }") == world.count(
        "{ objectives { edges { node { title createdBy { handle } } } } }"
    )


@pytest.mark.parametrize(
    "arguments", ["first: 2", "last: 2", "first: 9", "first: 0", "first: 3, sort: [{field: TITLE}]"]
)
def test_narrow_pages_equal_interpreted_ones(
    world: AskedWorld, arguments: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = f"{{ objectives({arguments}) {{ nodes {{ id title }} {PLACE} totalCount }} }}"
    narrow = world.ask(document)
    assert narrow == interpreted(monkeypatch, world, document)
    after = narrow["objectives"]["pageInfo"]["endCursor"]
    if after is not None and "last" not in arguments:
        rest = document.replace(arguments, f'{arguments}, after: "{after}"')
        assert world.ask(rest) == interpreted(monkeypatch, world, rest)


def test_a_second_selection_of_a_narrow_page_has_its_other_columns_read(
    world: AskedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = "description progress { value health expected } keyResults { title progress { health } }"
    document = f"{{ objectives {{ a: nodes {{ title }} b: nodes {{ {shown} }} edges {{ cursor }} {PLACE} }} }}"
    assert world.ask(document) == interpreted(monkeypatch, world, document)


def test_the_number_of_rows_is_counted_without_reading_them(world: AskedWorld) -> None:
    assert world.count("{ objectives { totalCount } }") == 2
