"""What drills send is valid, and the page whose commands they run has them."""

from typing import Any

import pytest
from graphql import parse, validate

from api.schema.schema import schema
from deploy.drills import clients, goals, guide, restore, subscribers

DOCUMENTS = [
    (f"{module.__name__}.{name}", text)
    for module in (clients, goals, subscribers)
    for name, text in vars(module).items()
    if isinstance(text, str) and text.startswith(("mutation", "subscription", "{"))
]


def test_documents_were_found() -> None:
    assert len(DOCUMENTS) == 8


@pytest.mark.parametrize(("name", "text"), DOCUMENTS, ids=[name for name, _ in DOCUMENTS])
def test_documents_of_drills_are_valid(name: str, text: str) -> None:
    assert validate(schema._schema, parse(text)) == [], name


@pytest.mark.parametrize("title", [restore.BASE, restore.MOMENT, restore.DUMP, restore.CHECK])
def test_the_page_has_the_commands_of_each_step(title: str) -> None:
    assert guide.blocks(title)


def test_the_page_archives_the_wal(tmp_path: Any) -> None:
    parameters = guide.parameters(restore.ARCHIVE, tmp_path)
    assert parameters["archive_mode"] == "on"
    assert f"cp %p {tmp_path}/wal/%f" in parameters["archive_command"]


def test_a_section_without_commands_is_an_error() -> None:
    with pytest.raises(KeyError, match="has no block of sh under 'Nothing'"):
        guide.blocks("Nothing")


def test_a_failed_command_names_its_section(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guide, "blocks", lambda _: ["echo about to fail; false"])
    with pytest.raises(guide.StepFailed, match="Some section: about to fail"):
        guide.run("Some section", {"PATH": "/usr/bin:/bin"})
