"""No value reaches the database as a part of a statement."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [path for room in ("api", "domain", "projections") for path in (ROOT / room).rglob("*.py")]
# a value in quotes, unless it is a word of ours; or whatever Python filled in
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
def test_a_value_that_is_none_would_be_found(wrong: str) -> None:
    assert FILLED.search(wrong)
