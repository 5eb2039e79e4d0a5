"""No type is prepared by msgspec on a thread of the server, since the first uses on two threads at once crash it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import pytest

from domain.primitives.decoding import prepared
from tests.domain.primitives import first_uses
from tests.domain.primitives.first_uses import is_prepared

ROOT = Path(__file__).parents[3]
FLOORS = ("api", "domain", "projections")

BUILDS_AT_IMPORT = {
    "domain/log/mapper.py: _decoder",
    "domain/primitives/decoding.py: prepared",
    "projections/store/columns.py: column_of",
}
"""Functions that build decoders while their module, or one that declares a table, is imported."""
BUILDS_WITHOUT_STRUCTS = {"api/schema/connections/sorting.py: _decoder"}
"""Functions that build decoders of types for which msgspec keeps nothing: numbers, texts and times."""
CONVERTS_WITHOUT_STRUCTS = {
    "api/endpoints/row_parser.py: Annotated[datetime, Meta(tz=True)]",
    "api/endpoints/row_parser.py: date",
}
CONVERTS_COMMANDS = {"api/facts/fact_input.py: kind"}
"""Commands, which the registry prepares, and parts of them."""


class Part(msgspec.Struct):
    number: int


class Whole(msgspec.Struct):
    part: Part


@cache
def sources() -> dict[str, ast.Module]:
    """The modules of the program by their path."""
    paths = (path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
    texts = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in paths}
    return {place: ast.parse(text) for place, text in texts.items() if "msgspec" in text}


def calls(node: ast.AST, function: str) -> Iterator[ast.Call]:
    """The calls of a function within a part of a module."""
    return (one for one in ast.walk(node) if isinstance(one, ast.Call) and ast.unparse(one.func) == function)


def prepared_in(module: ast.Module) -> set[str]:
    """The types that a module prepares."""
    classes = (one for one in ast.walk(module) if isinstance(one, ast.ClassDef))
    decorated = {one.name for one in classes if "prepared" in map(ast.unparse, one.decorator_list)}
    return decorated | {ast.unparse(call.args[0]) for call in calls(module, "prepared")}


def test_decoders_are_built_at_import() -> None:
    functions = [
        (place, one)
        for place, module in sources().items()
        for one in ast.walk(module)
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    building = {f"{place}: {one.name}" for place, one in functions if any(calls(one, "msgspec.json.Decoder"))}
    assert building == BUILDS_AT_IMPORT | BUILDS_WITHOUT_STRUCTS


def test_types_are_decoded_by_decoders_only() -> None:
    decoded = [(place, call) for place, module in sources().items() for call in calls(module, "msgspec.json.decode")]
    assert [f"{place}:{call.lineno}" for place, call in decoded if call.keywords or len(call.args) > 1] == []


def test_types_that_are_converted_to_are_prepared_at_import() -> None:
    unprepared = {
        f"{place}: {kind}"
        for place, module in sources().items()
        for kind in {ast.unparse(call.args[1]) for call in calls(module, "msgspec.convert")} - prepared_in(module)
    }
    assert unprepared == CONVERTS_WITHOUT_STRUCTS | CONVERTS_COMMANDS


def test_functions_that_prepare_types_are_called_by_their_full_name() -> None:
    imported = {
        f"{one.module}.{alias.name}"
        for module in sources().values()
        for one in ast.walk(module)
        if isinstance(one, ast.ImportFrom)
        for alias in one.names
    }
    assert imported.isdisjoint({"msgspec.convert", "msgspec.json", "msgspec.json.Decoder", "msgspec.json.decode"})


def test_a_prepared_type_has_prepared_parts() -> None:
    assert not is_prepared(Whole)
    assert prepared(Whole) is Whole
    assert is_prepared(Whole)
    assert is_prepared(Part)


def test_a_type_that_cannot_be_decoded_is_not_prepared() -> None:
    with pytest.raises(TypeError, match="must be tagged"):
        prepared(Part | Whole)


def test_events_and_commands_are_prepared_before_threads_use_them() -> None:
    command = [sys.executable, "-m", first_uses.__name__]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
