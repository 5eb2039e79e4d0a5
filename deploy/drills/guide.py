"""The commands of docs/operations.md, run as they stand there, so that a drill proves the page."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "operations.md"
SECONDS_MAX: Final = 600


class StepFailed(Exception):
    """A command of the page failed. The message has the title of its section, and what it printed."""


def blocks(title: str, language: str = "sh") -> list[str]:
    """The fenced blocks in this language of the section with this title. Raises `KeyError` if there are none."""
    section = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    found = re.findall(rf"^```{language}\n(.*?)^```", section[1], re.DOTALL | re.MULTILINE) if section else []
    if not found:
        raise KeyError(f"{PAGE.name} has no block of {language} under '{title}'.")
    return found


def run(title: str, environment: Mapping[str, str], *, number: int = 0, user: str | None = None) -> str:
    """Run a block of a section with these variables, as this system user; what it printed. Raises `StepFailed`."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", blocks(title)[number]], env=environment, user=user, cwd=os.sep, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip
    if done.returncode:
        raise StepFailed(f"{title}: {done.stdout.strip()}")
    return done.stdout.strip()


def parameters(title: str, directory: Path) -> dict[str, str]:
    """The parameters of PostgreSQL in a section, with this directory in place of /backup."""
    (block,) = blocks(title, "ini")
    pairs = (line.split(" = ", 1) for line in block.replace("/backup", str(directory)).splitlines())
    return {name: value.strip("'") for name, value in pairs}
