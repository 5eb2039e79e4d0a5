"""Documents generated from the schema that together select every readable field of every type.

Every leaf has an alias with its type, like `Position_head`, so that answers can be searched and compared without
the schema.
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
    ("View", "search", "query"): '"o"',
    ("View", "attention", "for"): '{cycle: {key: "2026-q1"}}',
    ("View", "attention", "until"): '"9999-01-01"',
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
"""Arguments by type and field; every entity type has `asOf`."""
APART = frozenset(
    {
        ("View", "node"), ("View", "nodes"), ("View", "objective"), ("View", "keyResult"), ("View", "initiative"),
        ("View", "template"),
        ("Query", "ledger"),
    }
)  # fmt: skip
"""Fields tested separately: lookups by id or external reference, and the ledger with its own permission."""
KINDS = (
    "Objective", "KeyResult", "Initiative", "CheckIn", "Comment", "Reflection",
    "Cycle", "Kpi", "Reading", "Team", "Person",
    "CheckInDueItem", "GoalsUnscoredItem", "HealthWorseItem", "KeyResultsMissingItem", "NeverCheckedInItem",
    "OwnerLeftItem", "OwnerMissingItem", "PlanMissingItem", "ReadingDueItem", "SevereFindingItem", "TeamDisbandedItem",
)  # fmt: skip
"""The concrete types of interfaces."""


LEDGER = (
    "{ ledger { head { Position0_size: size rootHash } checkpoint(position: 1) { Position0_size: size rootHash } "
    "inclusion(position: 1) { Position0_position: position Position0_size: size leafHash path } "
    "consistency(from: 1) { Position0_from: from Position0_to: to path } } }"
)
"""The ledger: hashes and positions. Signed notes need a key, which these servers lack."""


@cache
def documents() -> tuple[str, ...]:
    """Every field of every type, read in the present, except the ledger."""
    return tuple(f"{{ {one} }}" for type_ in _paths("Query") for one in _asked("Query", type_))


@cache
def of_a_view() -> tuple[str, ...]:
    """The same fields as far as a snapshot has them, as selections of the snapshot."""
    return tuple(one for type_ in _paths("View") for one in _asked("View", type_))


def uncovered(asked: Iterable[str]) -> set[str]:
    """The readable fields that none of these documents selects."""
    covered: set[str] = set()

    for document in asked:
        info = TypeInfo(CORE)

        class Walk(Visitor):
            def enter_field(self, node: Any, *_: Any) -> None:
                parent = info.get_parent_type()  # noqa: B023 - it is visited before the next one is made
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
    """Whether the field is selected on the type or on one of its interfaces."""
    return any(f"{one.name}.{name}" in covered for one in [type_, *type_.interfaces])


def _is_apart(type_: Any, name: str) -> bool:
    return any((one.name, name) in APART for one in [type_, *getattr(type_, "interfaces", ())])


def _reachable() -> list[Any]:
    """All object types except those of payloads and of the ledger."""
    answers = {
        "CheckInResult",
        "Mutation",
        "Subscription",
        "Problem",
        "ProblemParameter",
        "Ledger",
        "Checkpoint",
        "InclusionProof",
        "ConsistencyProof",
        "Evidence",
    }
    return [
        one
        for name, one in TYPES.items()
        if is_object_type(one)
        and not name.startswith("__")
        and name not in answers
        and not any(base.name == "Payload" for base in one.interfaces)
    ]


# ── paths to types ────────────────────────────────────────────────────────────────────────────────


FieldPath: TypeAlias = tuple[tuple[Any, str], ...]


@cache
def _paths(root: str) -> dict[Any, FieldPath]:
    """By type the shortest path to it: the fields on the path, each with its parent type."""
    ways: dict[Any, FieldPath] = {TYPES[root]: ()}
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
    """The type itself, or the possible types of a union or interface."""
    if type_.name == "Change":
        return [type_, *CORE.get_possible_types(type_)]
    if is_abstract_type(type_):
        return [TYPES[name] for name in KINDS if TYPES[name] in CORE.get_possible_types(type_)]
    return [type_]


def _asked(root: str, type_: Any) -> Iterator[str]:
    """Documents that select all fields of a type on its path from the root."""
    if type_.name in ("Node", "Entity"):
        return
    fields = [
        _field(type_, name, 1)
        for name in type_.fields
        if not (_is_apart(type_, name) or (_is_common(type_, name) and _is_composite(type_.fields[name])))
    ]
    for part in _parts(fields):
        yield _along(_paths(root)[type_], type_, part)


def _is_composite(field: Any) -> bool:
    return is_composite_type(get_named_type(field.type))


def _is_common(type_: Any, name: str) -> bool:
    """Whether the field is selected on the interface: all change types share these fields."""
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


def _along(way: FieldPath, type_: Any, inner: str) -> str:
    asked = inner
    below = type_
    for parent, name in reversed(way):
        named = get_named_type(parent.fields[name].type)
        if named is not below:
            asked = f"__typename ... on {below.name} {{ {asked} }}"
        asked = f"{name}{_arguments(parent, name)} {{ {asked} }}"
        below = parent
    return asked


# ── selections ────────────────────────────────────────────────────────────────────────────────────


def _field(parent: Any, name: str, depth: int) -> str:
    named = get_named_type(parent.fields[name].type)
    arguments = _arguments(parent, name)
    if not is_composite_type(named):
        return f"{_kind(parent.fields[name].type)}_{name}: {name}{arguments}"
    alias = f"{_kind(parent.fields[name].type)}_{name}"
    return f"{alias}: {name}{arguments} {{ {_selection(named, depth)} }}"


def _kind(type_: Any) -> str:
    """Aliases keep fields of the same name but different types apart."""
    return re.sub(r"\W", "", str(type_).replace("!", "0").replace("[", "L"))


def _selection(type_: Any, depth: int) -> str:
    """The leaves of a type; for a connection those of its nodes; for an interface those of each type."""
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
    listed = ", ".join(f"{argument}: {value}" for argument, value in given.items())
    return f"({listed})" if listed else ""
