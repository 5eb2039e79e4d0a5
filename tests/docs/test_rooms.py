"""The structure of the code: modules per room, names of modules, imports inside functions, and rooms of tests."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = ("domain", "projections", "api")
CODE = (*FLOORS, "tests", "benchmarks", "deploy", "docs")
MODULES_MAX = 15
MODULES_MAX_OF = {"api/schema/types": 10, "domain/model": 10, "projections/tables": 10}
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "service", "misc", "data"}
INDENTED_IMPORT = re.compile(r"(^[ \t]+|[;:][ \t]*)(import|from)[ \t]", re.MULTILINE)
"""What a module with an import inside a function contains; to parse all modules would take seconds."""
FEATURES = {"authorization", "erasure", "privacy", "retrospective", "stories"}
"""Folders of tests for features across rooms, and one with expected answers."""
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
PICTURE = (ROOT / "docs" / "architecture.svg").read_text()
NAMED_PATH = re.compile(r"`((?:api|projections|domain|tests|docs|console)/[\w./-]+)`")
LABEL = re.compile(r'class="[rs]">([^<]+)<')


def modules(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.rglob("*.py") if "node_modules" not in path.parts and ".venv" not in path.parts
    )


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def named(floor: str) -> list[Path]:
    return [path for path in modules(ROOT / floor) if path.stem != "__init__"]


def unexplained(path: Path) -> list[str]:
    """The lines of imports inside functions without a reason."""
    text = path.read_text()
    if not INDENTED_IMPORT.search(text):
        return []
    lines = text.splitlines()
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    imports = {
        node.lineno for one in functions for node in ast.walk(one) if isinstance(node, ast.Import | ast.ImportFrom)
    }
    return [
        f"{place(path)}:{number}"
        for number in sorted(imports)
        if not lines[number - 1].partition("noqa: PLC0415")[2].strip(" -")
    ]


@pytest.mark.parametrize("floor", FLOORS)
def test_a_room_does_not_exceed_its_module_limit(floor: str) -> None:
    rooms = Counter(place(path.parent) for path in named(floor))
    assert {room: count for room, count in rooms.items() if count > MODULES_MAX_OF.get(room, MODULES_MAX)} == {}


@pytest.mark.parametrize("floor", FLOORS)
def test_module_names_are_unique_within_a_floor(floor: str) -> None:
    names = Counter(path.stem for path in named(floor))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("floor", FLOORS)
def test_package_files_are_empty(floor: str) -> None:
    packages = [path for path in modules(ROOT / floor) if path.stem == "__init__"]
    assert packages
    assert [place(path) for path in packages if path.read_bytes()] == []


@pytest.mark.parametrize("part", CODE)
def test_no_module_or_folder_has_a_vague_name(part: str) -> None:
    paths = [path.relative_to(ROOT).with_suffix("") for path in modules(ROOT / part)]
    assert [path.as_posix() for path in paths if VAGUE & set(path.parts)] == []


@pytest.mark.parametrize("part", CODE)
def test_an_import_inside_a_function_gives_its_reason(part: str) -> None:
    assert [line for path in modules(ROOT / part) for line in unexplained(path)] == []


def test_an_import_without_a_reason_is_detected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    module = tmp_path / "module.py"
    module.write_text("def f():\n    import a  # noqa: PLC0415\n    import b  # noqa: PLC0415 - it takes a second\n")
    assert unexplained(module) == ["module.py:2"]


def test_every_room_is_in_the_architecture_and_its_picture() -> None:
    rooms = {path.parent.name for floor in FLOORS for path in named(floor) if path.parent.name != floor}
    drawn = {room for label in LABEL.findall(PICTURE) for room in re.findall(r"\w+", label)}
    assert rooms - set(re.findall(r"`(?:[\w/]+/)?(\w+)/`", ARCHITECTURE)) == set()
    assert rooms - drawn == set()
    assert drawn - rooms == {"migrations", "sections"}


def test_every_path_in_the_architecture_exists() -> None:
    paths = NAMED_PATH.findall(ARCHITECTURE)
    assert len(paths) > 50
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("floor", FLOORS)
def test_the_tests_of_a_floor_mirror_its_rooms(floor: str) -> None:
    tests = ROOT / "tests" / floor
    folders = {path.parent.relative_to(tests) for path in modules(tests)}
    rooms = {path.parent.relative_to(ROOT / floor) for path in modules(ROOT / floor)}
    assert {folder.as_posix() for folder in folders - rooms if folder.name not in FEATURES} == set()


@pytest.mark.parametrize("floor", FLOORS)
def test_file_names_of_tests_are_unique_within_a_floor(floor: str) -> None:
    names = Counter(path.stem for path in (ROOT / "tests" / floor).rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_names_of_modules_beside_the_tests_are_unique() -> None:
    beside = [path.stem for path in modules(ROOT / "tests") if not path.name.startswith(("test_", "__"))]
    names = Counter(name for name in beside if name != "conftest")
    assert [name for name, count in names.items() if count > 1] == []
