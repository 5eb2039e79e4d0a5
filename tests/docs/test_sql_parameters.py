"""SQL statements contain no interpolated values."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [path for room in ("api", "domain", "projections") for path in (ROOT / room).rglob("*.py")]
# a quoted interpolation, unless it is a constant of an enum; `%` or `.format` on a statement
FILLED = re.compile(
    r"""(?isx)
    f"[^"]*\b(?:select|insert\ into|update|delete\ from|where|values)\b[^"]*'\{(?![A-Z]\w*\.[A-Z]) |
    f'[^']*\b(?:select|insert\ into|update|delete\ from|where|values)\b[^']*"\{(?![A-Z]\w*\.[A-Z]) |
    \b(?:execute|executemany)\(\s*["'][^"']*%[sd][^"']*["']\s*%\s |
    \b(?:execute|executemany)\(\s*["'][^"']*["']\s*\.format\(
    """
)


def test_sources_were_found() -> None:
    assert len(SOURCES) > 100


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_value_in_sql_is_a_parameter(path: Path) -> None:
    assert FILLED.findall(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "conn.execute(f\"select * from log where topic = '{topic}'\")",
        'conn.execute("select %s" % name)',
        'conn.execute("select {}".format(name))',
    ],
)
def test_interpolated_values_are_detected(wrong: str) -> None:
    assert FILLED.search(wrong)
