"""Random valid documents over the whole schema: aliases, fragments, directives, variables, and arguments that fail."""

from random import Random
from typing import Any

from graphql import get_named_type, is_abstract_type, is_composite_type, is_required_argument

from tests.api.privacy.generated_documents import CORE, GIVEN, KINDS, TYPES

VARIABLES = {"yes": True, "no": False, "few": 2, "none": None}
HEAD = "query($yes: Boolean!, $no: Boolean!, $few: Int, $none: Int, $dropped: Boolean = true)"
WIDTH = 5
DEPTH = 6
FIELDS = 70
"""Fields of a document, about; a limit of the server is a hundred aliases."""
_PAGES = (
    "first: 1",
    "first: 3",
    "last: 2",
    "first: $few",
    "first: $none",
    "first: 2000",
    'after: "?"',
    "first: 1, last: 1",
)
_VIEWS = ("position: 30", "position: 999999", 'at: "2026-02-01T00:00:00Z"', 'at: "2026-02-01T00:00:00Z", position: 60')
_DIRECTIVES = ("@include(if: $yes)", "@skip(if: $no)", "@include(if: $no)", "@skip(if: true)", "@include(if: true)")


class Documents:
    """Makes documents; each uses all variables."""

    def __init__(self, chance: Random, ids: list[str]) -> None:
        self._chance = chance
        self._ids = ids
        self._fragments: list[str] = []
        self._aliases = 0

    def one(self) -> str:
        """A document with a few root fields, named fragments and all variables."""
        self._fragments, self._aliases = [], 0
        body = self._selection(TYPES["Query"], DEPTH)
        unused = "none: kpis(first: $none) @include(if: $no) @skip(if: $yes) { nodes { key } }"
        dropped = "gone: keyResults(first: $few) @include(if: $no) { nodes { objective { ...gone } } }"
        self._fragments.append("fragment gone on Objective { keyResults(includeDropped: $dropped) { id } }")
        return " ".join([HEAD, "{", body, unused, dropped, "}", *self._fragments])

    def _selection(self, type_: Any, depth: int) -> str:
        """A selection of a type, parts of which are in fragments."""
        if is_abstract_type(type_):
            shown = [TYPES[name] for name in KINDS if TYPES[name] in CORE.get_possible_types(type_)]
            parts = [f"... on {one.name} {{ {self._fields(one, depth)} }}" for one in self._some(shown, 3)]
            return " ".join(["__typename", *parts, self._common(type_, depth)])
        parts = [self._fields(type_, depth)]
        if self._chance.random() < 0.2:
            parts.append(f"...{self._fragment(type_, self._fields(type_, depth))}")
        if self._chance.random() < 0.2:
            parts.append(f"... {self._directive()} {{ {self._fields(type_, depth)} }}")
        self._chance.shuffle(parts)
        return " ".join(parts)

    def _common(self, type_: Any, depth: int) -> str:
        return self._fields(type_, depth) if hasattr(type_, "fields") else ""

    def _fragment(self, type_: Any, fields: str) -> str:
        name = f"part{len(self._fragments)}"
        self._fragments.append(f"fragment {name} on {type_.name} {{ {fields} }}")
        return name

    def _fields(self, type_: Any, depth: int) -> str:
        is_deep = depth and self._aliases < FIELDS
        names = [name for name in type_.fields if is_deep or not self._is_composite(type_, name)]
        chosen = [self._field(type_, name, depth) for name in self._some(names, WIDTH) if self._can(type_, name)]
        return " ".join(chosen) or "__typename"

    def _field(self, type_: Any, name: str, depth: int) -> str:
        self._aliases += 1
        of = get_named_type(type_.fields[name].type)
        inner = f" {{ {self._selection(of, depth - 1)} }}" if is_composite_type(of) else ""
        directive = f" {self._directive()}" if self._chance.random() < 0.1 else ""
        return f"{name}{self._aliases}: {name}{self._arguments(type_, name)}{directive}{inner}"

    def _arguments(self, type_: Any, name: str) -> str:
        fields, given = type_.fields[name].args, []
        if name == "asOf" and "at" in fields:
            given.append(self._chance.choice(_VIEWS))
        elif "first" in fields and self._chance.random() < 0.8:
            given.append(self._chance.choice(_PAGES[:5] if self._chance.random() < 0.8 else _PAGES))
        if "includeDropped" in fields:
            given.append("includeDropped: $dropped")
        given += [f"{one}: {value}" for one in fields if (value := self._given(type_, name, one)) is not None]
        return f"({', '.join(given)})" if given else ""

    def _given(self, type_: Any, name: str, argument: str) -> str | None:
        if argument == "id":
            return f'"{self._chance.choice(self._ids)}"'
        if argument == "ids":
            return "[" + ", ".join(f'"{one}"' for one in self._some(self._ids, 3)) + "]"
        bases = [type_.name, *(base.name for base in getattr(type_, "interfaces", ()))]
        known = [GIVEN[base, name, argument] for base in bases if (base, name, argument) in GIVEN]
        return known[0] if known and argument not in {"at", "includeDropped"} else None

    def _can(self, type_: Any, name: str) -> bool:
        """Whether all required arguments are known."""
        required = [key for key, one in type_.fields[name].args.items() if is_required_argument(one)]
        return all(self._given(type_, name, one) is not None for one in required)

    def _is_composite(self, type_: Any, name: str) -> bool:
        return is_composite_type(get_named_type(type_.fields[name].type))

    def _directive(self) -> str:
        return self._chance.choice(_DIRECTIVES)

    def _some(self, of: list[Any], most: int) -> list[Any]:
        return self._chance.sample(of, min(len(of), self._chance.randint(1, most)))
