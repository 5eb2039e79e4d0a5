"""README stays short, and every link and every GraphQL document of a page is correct."""

from pathlib import Path

import pytest
from graphql import parse, validate
from graphql.execution.values import get_variable_values

from api.schema.schema import schema
from tests.docs.documents import GUIDES, ROOT, TEXTS, Document, anchors, documents, links, read
from tests.docs.http_client import operation, variable_names

README_BYTES_MAX = 14 * 1024
README_LINES_MAX = 250
DOCUMENTS = [one for path in TEXTS for one in documents(str(path))]
IN_GUIDES = [one for path in GUIDES for one in documents(str(path.relative_to(ROOT)))]


def test_readme_is_short() -> None:
    text = read("README.md")
    assert len(text.encode()) <= README_BYTES_MAX
    assert len(text.splitlines()) <= README_LINES_MAX


@pytest.mark.parametrize("page", TEXTS, ids=str)
def test_relative_links_and_anchors_resolve(page: Path) -> None:
    for target, anchor in links(read(str(page))):
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path.read_text("utf-8")), f"{target}#{anchor}"


@pytest.mark.parametrize("page", GUIDES, ids=lambda path: path.name)
def test_readme_links_to_every_guide(page: Path) -> None:
    assert page.relative_to(ROOT).as_posix() in {target for target, _ in links(read("README.md"))}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_graphql_documents_are_valid(document: Document) -> None:
    assert validate(schema._schema, parse(document.text)) == []


@pytest.mark.parametrize("document", IN_GUIDES, ids=lambda document: document.name)
def test_examples_of_variables_fit_their_document(document: Document) -> None:
    given = document.variables or {}
    assert set(variable_names(document.text)) == set(given)
    fitted = get_variable_values(schema._schema, operation(document.text).variable_definitions or (), given)
    assert not isinstance(fitted, list), fitted


def test_anchors_are_those_of_github() -> None:
    assert anchors("# A `keyframe` file, twice\n## Again\n## Again\n```\n# no heading\n```\n") == {
        "a-keyframe-file-twice", "again", "again-1",
    }  # fmt: skip


def test_links_in_code_are_ignored() -> None:
    assert links("[a](b.md#c) `[d](e.md)` [f](https://g) [h](#i)\n```\n[j](k.md)\n```\n") == [("b.md", "c"), ("", "i")]
