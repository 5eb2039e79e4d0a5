"""Search over things of all kinds: each hit with the fields that match, and an excerpt of each."""

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, TypeAlias

import strawberry

from api.schema.connections.connection import Connection
from api.schema.connections.filters import SEARCHED, searched
from api.schema.primitives.described_enum import described
from api.schema.primitives.field import resolved
from api.schema.primitives.node import Node
from api.snapshot.dataloaders import found_refs
from api.snapshot.pagination import PageRequest, encode, page_of
from api.snapshot.snapshot import View
from domain.primitives.values import Kind
from projections.store.search_text import excerpt, words
from projections.store.versioned_tables import Window
from projections.tables.across import search
from projections.tables.across.search import Hit

ORDER = "RANK"

# ── types ────────────────────────────────────────────────────────────────────────────────────────


@described(
    "The kinds of things that search finds.",
    {
        "OBJECTIVE": "Objectives, by title and description.",
        "KEY_RESULT": "Key results, by title and description.",
        "KPI": "KPIs, by key, name and description.",
        "PERSON": "People, by handle, name and email address.",
        "TEAM": "Teams, by key and name.",
        "CYCLE": "Cycles, by key and name.",
        "INITIATIVE": "Initiatives, by title.",
        "TEMPLATE": "Templates, by name.",
        "COMMENT": "Comments, by their text.",
        "REFLECTION": "Reflections, by their text.",
        "CHECK_IN": "Check-ins in their current version, by their note.",
    },
)
class SearchKind(StrEnum):
    OBJECTIVE = Kind.OBJECTIVE.value
    KEY_RESULT = Kind.KEY_RESULT.value
    KPI = Kind.KPI.value
    PERSON = Kind.PERSON.value
    TEAM = Kind.TEAM.value
    CYCLE = Kind.CYCLE.value
    INITIATIVE = Kind.INITIATIVE.value
    TEMPLATE = Kind.TEMPLATE.value
    COMMENT = Kind.COMMENT.value
    REFLECTION = Kind.REFLECTION.value
    CHECK_IN = Kind.CHECK_IN.value


@described(
    "The fields that search looks into.",
    {
        "TITLE": "The title of a goal or initiative.",
        "DESCRIPTION": "The description of a goal or KPI.",
        "KEY": "The key of a KPI, team or cycle.",
        "NAME": "The name of a KPI, person, team, cycle or template.",
        "HANDLE": "The handle of a person.",
        "EMAIL": "The email address of a person.",
        "BODY": "The text of a comment or reflection.",
        "NOTE": "The note of a check-in.",
    },
)
class SearchField(StrEnum):
    TITLE = "title"
    DESCRIPTION = "description"
    KEY = "key"
    NAME = "name"
    HANDLE = "handle"
    EMAIL = "email"
    BODY = "body"
    NOTE = "note"


@strawberry.type(description="A field of a hit in which at least one word of the query occurs.")
class SearchMatch:
    field: SearchField = strawberry.field(description="The field that matches.")
    excerpt: str = strawberry.field(
        description="The text of the field around its first match, in one line of about 160 characters."
    )


@strawberry.type(description="A thing that contains every word of the query, and where.")
class SearchHit:
    node: Node = strawberry.field(description="The thing itself, at the basis of the search.")
    kind: SearchKind = strawberry.field(description="The kind of the thing.")
    matches: list[SearchMatch] = strawberry.field(description="The fields that match: names first, then texts.")
    hit: strawberry.Private[Hit]


@strawberry.type(description="The number of hits of one kind.")
class SearchKindCount:
    kind: SearchKind = strawberry.field(description="The kind of the hits.")
    count: int = strawberry.field(description="The number of hits; at least 1.")


@strawberry.type(description="A page of the hits of a search, and their number by kind.")
class SearchHitConnection(Connection[SearchHit]):
    counts: strawberry.Private[Any]

    @resolved("The number of hits of each kind in the whole list; kinds without any are left out.")
    def kind_counts(self) -> list[SearchKindCount]:
        return [SearchKindCount(kind=SearchKind(kind), count=count) for kind, count in self.counts().items()]


SearchQuery: TypeAlias = Annotated[
    str, strawberry.argument(description=f"Words in the fields of a thing. {SEARCHED} Without words nothing is found.")
]
SearchKinds: TypeAlias = Annotated[
    list[SearchKind] | None, strawberry.argument(description="Only things of these kinds. Default: all.")
]

# ── pages ────────────────────────────────────────────────────────────────────────────────────────


def search_page(
    view: View, query: str, kinds: Sequence[SearchKind] | None, page_request: PageRequest
) -> SearchHitConnection:
    """A page of the hits of a search, best first. Raises `INVALID` for an impossible query or cursor."""
    text = searched(query, "query") or ""
    wanted = [kind for kind in search.SEARCHED if kinds is None or SearchKind(kind) in kinds]
    window = page_request.window(ORDER, descending=True)

    def read(window: Window) -> list[Hit]:
        return view.read(search.hits, text, wanted, window)

    @cache
    def counts() -> dict[Kind, int]:
        found = view.read(search.hit_counts, text, wanted)
        return {kind: found[kind] for kind in wanted if kind in found}

    page = page_of(
        window,
        _shown(view, read(window), words(text)),
        lambda one: encode(one.hit.cursor, ORDER, descending=True),
        lambda other: bool(read(other)),
        lambda: sum(counts().values()),
        descending=True,
    )
    return SearchHitConnection(page=page, counts=counts)


def _shown(view: View, hits: Sequence[Hit], wanted: Sequence[str]) -> list[SearchHit]:
    """The hits with their nodes, which are read in one statement for each kind."""
    nodes = found_refs(view, [hit.ref for hit in hits])
    return [
        SearchHit(node=nodes[hit.ref], kind=SearchKind(hit.ref.kind), matches=_matches(nodes[hit.ref], wanted), hit=hit)
        for hit in hits
    ]


def _matches(node: Any, wanted: Sequence[str]) -> list[SearchMatch]:
    found = [(name, excerpt(getattr(node.row, name), wanted)) for name in search.searched_fields(node.KIND)]
    return [SearchMatch(field=SearchField(name), excerpt=text) for name, text in found if text is not None]
