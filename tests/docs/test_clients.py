import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "tests" / "conformance"
PIECES = re.findall(r"```(?:js|ts|json)\n(.*?)\n?```", (ROOT / "docs" / "clients.md").read_text(), re.DOTALL)[1:]
RUN = [
    path.read_text()
    for folder in (PROGRAMS, PROGRAMS / "clients", PROGRAMS / "codegen", PROGRAMS / "relay")
    for pattern in ("*.mjs", "*.js", "*.ts", "*.json")
    for path in folder.glob(pattern)
]


def test_the_guide_has_code_blocks() -> None:
    assert len(PIECES) > 10


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.strip().partition("\n")[0][:60])
def test_code_blocks_of_the_guide_are_part_of_a_program_under_test(piece: str) -> None:
    assert any(piece in program for program in RUN)
