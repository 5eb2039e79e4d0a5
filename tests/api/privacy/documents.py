"""Questions made from the schema itself, which together ask for every field of every type that can be read.

Every leaf is asked for under a name that says of what type it is, like `Position_head`, so that an answer can be
looked through and compared without the schema.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, TypeAlias

from graphql import (
    Visitor,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_object_type,
    is_required_argument,
    parse,
    visit,
)
from graphql.utilities import TypeInfo, TypeInfoVisitor

from api.schema.schema import schema

CORE: Any = schema._schema
TYPES: Any = CORE.type_map
TOKENS_MAX = 8_000
MOMENT = '"2026-02-20T00:00:00Z"'

GIVEN = {
    ("View", "cycle", "by"): '{key: "2026-q1"}',
    ("View", "kpi", "by"): '{key: "promoters"}',
    ("View", "team", "by"): '{key: "alpha"}',
    ("View", "person", "by"): '{handle: "oda"}',
    ("View", "alignment", "cycle"): '{key: "2026-q1"}',
    ("Query", "replay", "cycle"): '{key: "2026-q1"}',
    ("Query", "retrospective", "cycle"): '{key: "2026-q1"}',
    ("Query", "diff", "from"): '{time: "2026-01-03T00:00:00Z"}',
    ("Query", "asOf", "at"): MOMENT,
    ("Team", "progress", "cycle"): '{key: "2026-q1"}',
    ("Kpi", "series", "every"): "MONTH",
    ("Objective", "keyResults", "includeDropped"): "true",
    ("Kpi", "readings", "includeSuperseded"): "true",
    ("Ledger", "checkpoint", "position"): "1",
    ("Ledger", "inclusion", "position"): "1",
    ("Ledger", "consistency", "from"): "1",
}
"""What is given as arguments, by type and field; entities of all kinds may be asked `asOf`."""
APART = frozenset({("View", "node"), ("View", "nodes"), ("View", "objective"), ("Query", "ledger")})
"""What is asked apart: by id, and not by everybody."""
KINDS = (
    "Objective", "KeyResult", "Initiative", "CheckIn", "Comment", "Reflection",
    "Cycle", "Kpi", "Reading", "Team", "Person",
)  # fmt: skip
"""What may stand where an interface is said."""


LEDGER = (
    "{ ledger { head { Position0_size: size rootHash } checkpoint(position: 1) { Position0_size: size rootHash } "
    "inclusion(position: 1) { Position0_position: position Position0_size: size leafHash path } "
    "consistency(from: 1) { Position0_from: from Position0_to: to path } } }"
)
"""The log as evidence: hashes and places. A note is signed by who has a key, which is nobody here."""


@cache
def documents() -> tuple[str, ...]:
    """Every field of every type, asked of the View of now, but for the ledger."""
    return tuple(f"{{ {one} }}" for type_ in _ways("Query") for one in _asked("Query", type_))


@cache
def of_a_view() -> tuple[str, ...]:
    """The same, as far as it can be asked of the View of any moment, to stand inside of that."""
    return tuple(one for type_ in _ways("View") for one in _asked("View", type_))


def uncovered(asked: Iterable[str]) -> set[str]:
    """The fields of types that can be read which none of these documents asks for."""
    covered: set[str] = set()

    for document in asked:
        info = TypeInfo(CORE)

        class Walk(Visitor):
            def enter_field(self, node: Any, *_: Any) -> None:
                parent = info.get_parent_type()  # noqa: B023 - it is walked before the next one is made
                if parent is not None:
                    covered.add(f"{parent.name}.{node.name.value}")

        visit(parse(document), TypeInfoVisitor(info, Walk()))
    return {
        f"{type_.name}.{name}"
        for type_ in _reachable()
        for name in type_.fields
        if not _is_apart(type_, name) and not _is_covered(type_, name, covered)
    }


def _is_covered(type_: Any, name: str, covered: set[str]) -> bool:
    """A field of an interface may have been asked of that."""
    return any(f"{one.name}.{name}" in covered for one in [type_, *type_.interfaces])


def _is_apart(type_: Any, name: str) -> bool:
    return any((one.name, name) in APART for one in [type_, *getattr(type_, "interfaces", ())])


def _reachable() -> list[Any]:
    """All object types that are neither an answer to a command nor the ledger."""
    answers = {"Mutation", "Subscription", "Problem", "Ledger", "Checkpoint", "InclusionProof", "ConsistencyProof"}
    return [
        one
        for name, one in TYPES.items()
        if is_object_type(one)
        and not name.startswith("__")
        and name not in answers
        and not any(base.name == "Payload" for base in one.interfaces)
    ]


# ── where things are found ────────────────────────────────────────────────────────────────────────


Way: TypeAlias = tuple[tuple[Any, str], ...]


@cache
def _ways(root: str) -> dict[Any, Way]:
    """By type the shortest way to things of it: the fields to go through, each with the type that has it."""
    ways: dict[Any, Way] = {TYPES[root]: ()}
    waiting = list(ways)
    while waiting:
        type_ = waiting.pop(0)
        for name, field in type_.fields.items():
            if _is_apart(type_, name) or not is_composite_type(get_named_type(field.type)):
                continue
            for one in _shown_as(get_named_type(field.type)):
                if one not in ways:
                    ways[one] = (*ways[type_], (type_, name))
                    waiting.append(one)
    return ways


def _shown_as(type_: Any) -> list[Any]:
    """The type itself; of one that is told by what it may be, those."""
    if type_.name == "Change":
        return [type_, *CORE.get_possible_types(type_)]
    if is_abstract_type(type_):
        return [TYPES[name] for name in KINDS if TYPES[name] in CORE.get_possible_types(type_)]
    return [type_]


def _asked(root: str, type_: Any) -> Iterator[str]:
    """All fields of a type, in as many documents as it takes, each on its way from the root."""
    if type_.name in ("Node", "Entity"):
        return
    fields = [
        _field(type_, name, 1)
        for name in type_.fields
        if not (_is_apart(type_, name) or (_is_common(type_, name) and _is_composite(type_.fields[name])))
    ]
    for part in _parts(fields):
        yield _along(_ways(root)[type_], type_, part)


def _is_composite(field: Any) -> bool:
    return is_composite_type(get_named_type(field.type))


def _is_common(type_: Any, name: str) -> bool:
    """Whether it is asked of the interface: there are many kinds of changes, each with the same beginning."""
    return any(base.name == "Change" and name in base.fields for base in getattr(type_, "interfaces", ()))


def _parts(fields: Iterable[str]) -> Iterator[str]:
    part: list[str] = []
    size = 0
    for field in fields:
        tokens = len(re.findall(r'"[^"]*"|\w+|\S', field))
        if part and size + tokens > TOKENS_MAX:
            yield " ".join(part)
            part, size = [], 0
        part.append(field)
        size += tokens
    yield " ".join(part)


def _along(way: Way, type_: Any, inner: str) -> str:
    asked = inner
    below = type_
    for parent, name in reversed(way):
        named = get_named_type(parent.fields[name].type)
        if named is not below:
            asked = f"__typename ... on {below.name} {{ {asked} }}"
        asked = f"{name}{_arguments(parent, name)} {{ {asked} }}"
        below = parent
    return asked


# ── what is asked of them ─────────────────────────────────────────────────────────────────────────


def _field(parent: Any, name: str, depth: int) -> str:
    named = get_named_type(parent.fields[name].type)
    arguments = _arguments(parent, name)
    if not is_composite_type(named):
        return f"{_kind(parent.fields[name].type)}_{name}: {name}{arguments}"
    alias = f"{_kind(parent.fields[name].type)}_{name}"
    return f"{alias}: {name}{arguments} {{ {_selection(named, depth)} }}"


def _kind(type_: Any) -> str:
    """Fields of one name may be a list in one type and a thing in another, or missing: they are told apart."""
    return re.sub(r"\W", "", str(type_).replace("!", "0").replace("[", "L"))


def _selection(type_: Any, depth: int) -> str:
    """The leaves of a type; of a list in pages those of what is in it; of an interface those of each kind."""
    if type_.name.endswith("Connection"):
        node = get_named_type(TYPES[type_.name.replace("Connection", "Edge")].fields["node"].type)
        page = "pageInfo { hasNextPage hasPreviousPage Cursor_start: startCursor Cursor_end: endCursor }"
        return (
            f"edges {{ Cursor_cursor: cursor node {{ {_selection(node, depth)} }} }} {page} Int_totalCount: totalCount"
        )
    if is_abstract_type(type_) and type_.name not in ("Change", "Entity"):
        parts = [f"... on {one.name} {{ {_leaves(one)} }}" for one in _shown_as(type_)]
        return f"__typename {' '.join(parts)}"
    leaves = _leaves(type_)
    if leaves or depth == 0:
        return f"__typename {leaves}"
    return (
        f"__typename {' '.join(_field(type_, name, depth - 1) for name in type_.fields if not _is_apart(type_, name))}"
    )


def _leaves(type_: Any) -> str:
    return " ".join(
        f"{_kind(field.type)}_{name}: {name}"
        for name, field in type_.fields.items()
        if not is_composite_type(get_named_type(field.type)) and not any(map(is_required_argument, field.args.values()))
    )


def _arguments(parent: Any, name: str) -> str:
    field = parent.fields[name]
    bases = [parent.name, *(base.name for base in getattr(parent, "interfaces", ()))]
    given = {
        argument: GIVEN[base, name, argument]
        for argument in field.args
        for base in bases
        if (base, name, argument) in GIVEN
    }
    if name == "asOf" and "at" in field.args:
        given["at"] = MOMENT
    if "first" in field.args:
        given["first"] = "1000" if parent.name in ("Query", "View") else "100"
    told = ", ".join(f"{argument}: {value}" for argument, value in given.items())
    return f"({told})" if told else ""
