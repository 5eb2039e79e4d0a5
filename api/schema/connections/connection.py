"""Connections: pages of long lists with keyset cursors, which stay valid while rows are added or removed."""

from collections.abc import Callable, Sequence
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import strawberry

from api.schema.primitives.field import resolved
from api.snapshot.pagination import PAGE_DEFAULT, PAGE_MAX, Page, PageRequest

T = TypeVar("T")

# ── arguments ────────────────────────────────────────────────────────────────────────────────────

First: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description=f"The number of rows from the start, up to {PAGE_MAX}. Default without `last`: {PAGE_DEFAULT}."
    ),
]
After: TypeAlias = Annotated[str | None, strawberry.argument(description="Only rows after this cursor.")]
Last: TypeAlias = Annotated[
    int | None, strawberry.argument(description=f"The number of rows from the end, up to {PAGE_MAX}.")
]
Before: TypeAlias = Annotated[str | None, strawberry.argument(description="Only rows before this cursor.")]

Where: TypeAlias = Annotated[T | None, strawberry.argument(description="Only rows that match this filter.")]
"""The argument that filters a list: `Where[CycleFilter]`."""
OrderBy: TypeAlias = Annotated[
    T | None,
    strawberry.argument(description="The order of the rows.", deprecation_reason="Use `sort`. Removed in 0.5."),
]
"""The argument that orders a list by one field: `OrderBy[KpiOrder]`."""
Sort: TypeAlias = Annotated[
    list[T] | None,
    strawberry.argument(
        description="The order of the rows: by the first of these fields, and rows with equal values by the next."
    ),
]
"""The argument that orders a list: `Sort[KpiOrder]`."""

_PAGE = [
    Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=argument)
    for name, argument in zip(PageRequest._fields, (First, After, Last, Before), strict=True)
]


def connection(description: str, directives: Sequence[object] = ()) -> Callable[[Callable[..., Any]], Any]:
    """A decorator: a field that returns a page. Clients pass `first`, `after`, `last` and `before` in addition to the
    method's own arguments; the method receives them as one `PageRequest`, its first parameter after `self`.
    """

    def field(method: Callable[..., Any]) -> Any:
        return strawberry.field(resolver=_takes_page(method), description=description, directives=directives)

    return field


def _takes_page(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method with the four page arguments in its signature, where strawberry reads them, and no `PageRequest`."""

    @wraps(method)
    def resolve(
        self: Any,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        **others: Any,
    ) -> Any:
        return method(self, PageRequest(first, after, last, before), **others)

    own = signature(method)
    instance, _, *others = own.parameters.values()
    required = [one for one in others if one.default is Parameter.empty]
    optional = [one for one in others if one.default is not Parameter.empty]
    resolve.__signature__ = own.replace(parameters=[instance, *required, *_PAGE, *optional])  # type: ignore[attr-defined]
    return resolve


# ── types ────────────────────────────────────────────────────────────────────────────────────────


@strawberry.type(description="The place of a page in its list.")
class PageInfo:
    page: strawberry.Private[Page[Any]]

    @resolved("Whether the list has rows after this page.")
    def has_next_page(self) -> bool:
        return self.page.has_next()

    @resolved("Whether the list has rows before this page.")
    def has_previous_page(self) -> bool:
        return self.page.has_previous()

    @resolved("The cursor of the first row of the page; null if the page is empty.")
    def start_cursor(self) -> str | None:
        return self.page.cursor_at(0) if self.page.items else None

    @resolved("The cursor of the last row of the page; null if the page is empty.")
    def end_cursor(self) -> str | None:
        return self.page.cursor_at(-1) if self.page.items else None


@strawberry.type(description="A row of a page with its cursor.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="The row itself.")
    page: strawberry.Private[Page[Any]]

    @resolved("The cursor of the row; opaque.")
    def cursor(self) -> str:
        return self.page.cursor(self.node)


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    page: strawberry.Private[Page[Any]]

    @resolved("The rows of this page with their cursors.")
    def edges(self) -> list[Edge[T]]:
        return [Edge(node=node, page=self.page) for node in self.page.items]

    @resolved("The rows of this page.", narrowed=lambda connection, wanted: connection.page.of_columns(wanted))
    def nodes(self) -> list[T]:
        return self.page.items  # type: ignore[return-value]  # a sequence, which is a list in the schema

    @resolved("The place of this page in the list.")
    def page_info(self) -> PageInfo:
        return PageInfo(page=self.page)

    @resolved("The number of rows in the whole list.")
    def total_count(self) -> int:
        return self.page.count()
