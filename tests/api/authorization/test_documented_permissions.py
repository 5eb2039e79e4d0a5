"""docs/authorization.md lists every permission with its roles and commands."""

import re
from pathlib import Path

import pytest

from domain.commands.command import verb
from domain.commands.permissions import Permission, Role, roles_with
from domain.commands.registry import MUTATIONS
from domain.handlers.dispatcher import NOT_FOUND_SECONDS

DOCS = Path(__file__).parents[3] / "docs"
SECTION = (DOCS / "authorization.md").read_text().split("## Roles and permissions\n", 1)[1].split("\n## ", 1)[0]
ROWS = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*) \|$", SECTION, re.MULTILINE)


def test_every_permission_is_documented_with_its_roles() -> None:
    assert f"| {' | '.join(Role)} |" in SECTION
    documented = {name: [role for role, mark in zip(Role, marks.split(" | "), strict=True) if mark == "✓"]
            for name, _, marks in ROWS}  # fmt: skip
    assert documented == {permission.value: roles_with(permission) for permission in Permission}


def test_response_time_for_unknown_objects_is_documented() -> None:
    documented = f"| a command that names an unknown object | answered after {1000 * NOT_FOUND_SECONDS:.0f} ms, "
    assert documented in (DOCS / "http.md").read_text()


@pytest.mark.parametrize("permission", dict.fromkeys(kind.NEEDS.any_subject for kind in MUTATIONS.values()))
def test_every_command_is_documented_with_its_permission(permission: Permission) -> None:
    (documented,) = [re.findall(r"`([a-zA-Z]+)`", commands) for name, commands, _ in ROWS if name == permission]
    assert documented == [verb(kind) for kind in MUTATIONS.values() if kind.NEEDS.any_subject is permission]
