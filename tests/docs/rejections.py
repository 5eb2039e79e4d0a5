"""The places in the code that reject a command, read from its syntax tree."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from domain.primitives.errors import Code
from tests.docs.documents import ROOT

COMMAND_CODE = (
    "domain/commands", "domain/handlers", "domain/log", "domain/model", "domain/primitives/checks/metric_checks.py",
    "domain/primitives/checks/plan_checks.py", "domain/primitives/checks/label_checks.py",
    "domain/primitives/checks/reference_checks.py", "domain/primitives/goal_schedule.py",
    "domain/primitives/parsers.py",
    "api/facts", "api/schema/mutations",
)  # fmt: skip
"""Code that rejects commands. Elsewhere the same exception rejects arguments of queries, which have no rules."""


class Rejection(NamedTuple):
    """A rejection: its place, its code, the names of its possible rules, and its parameters."""

    place: str
    code: Code
    rules: frozenset[str]
    parameters: frozenset[str]


def rejections() -> Iterator[Rejection]:
    """Every rejection of a command in the code."""
    for name in COMMAND_CODE:
        room = ROOT / name
        for path in sorted(room.rglob("*.py")) if room.is_dir() else [room]:
            yield from _in(path)


def _in(path: Path) -> Iterator[Rejection]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and (code := _code(node)) is not None:
            given = {one.arg: one.value for one in node.keywords if one.arg is not None}
            rule = given.pop("rule", None)
            given.pop("since", None)
            place = f"{path.relative_to(ROOT)}:{node.lineno}"
            yield Rejection(place, code, frozenset(_names(rule, "Rule")), frozenset(given))


def _code(call: ast.Call) -> Code | None:
    """The code of a rejection; None for another call, and for one that passes a code on."""
    if isinstance(call.func, ast.Name) and call.func.id == "invalid":
        return Code.INVALID
    if isinstance(call.func, ast.Name) and call.func.id == "CommandRejected" and call.args:
        return next((Code[name] for name in _names(call.args[0], "Code")), None)
    return None


def _names(node: ast.AST | None, enum: str) -> list[str]:
    """The members of an enum that an expression names."""
    return [
        one.attr
        for one in ([] if node is None else ast.walk(node))
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id == enum
    ]
