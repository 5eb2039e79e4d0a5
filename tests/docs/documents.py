"""The documents of this repository and their parts: sections, fenced blocks, headings and links."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
GUIDES = sorted((ROOT / "docs").glob("*.md"))
"""The pages in docs, without the decisions."""
TEXTS = [
    path.relative_to(ROOT)
    for path in (
        *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
    )
]

_BLOCK = re.compile(r"^```graphql\n(.*?)^```\n(?:\n```json\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


class Document(NamedTuple):
    """A GraphQL document in a page. `variables` is the JSON block right below it, if there is one."""

    page: str
    text: str
    variables: dict[str, Any] | None

    @property
    def name(self) -> str:
        """The page and the name of the operation."""
        return f"{self.page}: {re.split(r'[^a-zA-Z ]', self.text, maxsplit=1)[0].strip()}"


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def section(page: str, title: str) -> str:
    """The text under a heading of a page, up to the next heading."""
    return re.split(r"\n#+ ", read(page).split(f"# {title}\n", 1)[1], maxsplit=1)[0]


def documents(page: str) -> list[Document]:
    """The GraphQL documents of a page, in their order."""
    return [
        Document(page, text, json.loads(variables) if variables else None)
        for text, variables in _BLOCK.findall(read(page))
    ]


def anchors(markdown: str) -> set[str]:
    """The anchors of the headings, as GitHub derives them."""
    found: dict[str, int] = {}
    for title in _HEADING.findall(_FENCED.sub("", markdown)):
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
    return {slug if number == 0 else f"{slug}-{number}" for slug, last in found.items() for number in range(last + 1)}


def links(markdown: str) -> list[tuple[str, str]]:
    """The relative links outside code: target, which is empty for the same page, and anchor, which may be empty."""
    prose = re.sub(r"`[^`\n]*`", "", _FENCED.sub("", markdown))
    return re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", prose)
