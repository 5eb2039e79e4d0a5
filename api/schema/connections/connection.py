"""Connections: pages of long lists, with cursors that stay right while rows come and go."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import strawberry

from api.schema.primitives.field import answered
from api.snapshot.pagination import PAGE_DEFAULT, PAGE_MAX, Page, PageRequest

T = TypeVar("T")

# ── arguments ────────────────────────────────────────────────────────────────────────────────────

First: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description=f"The first so many, up to {PAGE_MAX}; {PAGE_DEFAULT} if none is said."),
]
After: TypeAlias = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Last: TypeAlias = Annotated[int | None, strawberry.argument(description=f"The last so many, up to {PAGE_MAX}.")]
Before: TypeAlias = Annotated[str | None, strawberry.argument(description="Only what comes before this cursor.")]

Where: TypeAlias = Annotated[T | None, strawberry.argument(description="Only those for which this holds.")]
"""The argument that filters a list: `Where[CycleFilter]`."""
OrderBy: TypeAlias = Annotated[T | None, strawberry.argument(description="In which order.")]
"""The argument that orders a list: `OrderBy[KpiOrder]`."""

_PAGE = [
    Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=argument)
    for name, argument in zip(PageRequest._fields, (First, After, Last, Before), strict=True)
]


def connection(description: str) -> Callable[[Callable[..., Any]], Any]:
    """A field that answers a page. Clients pass `first`, `after`, `last` and `before`, in front of the method's own
    arguments; the method receives them as one `Asked`, its first parameter after `self`.
    """

    def field(method: Callable[..., Any]) -> Any:
        return strawberry.field(resolver=_takes_page(method), description=description)

    return field


def _takes_page(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method with the four page arguments in place of its `Asked`, as strawberry reads them from the signature."""

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
    resolve.__signature__ = own.replace(parameters=[instance, *_PAGE, *others])  # type: ignore[attr-defined]
    return resolve


# ── types ────────────────────────────────────────────────────────────────────────────────────────


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    page: strawberry.Private[Page[Any]]

    @answered("Whether anything comes after this page.")
    def has_next_page(self) -> bool:
        return self.page.has_next()

    @answered("Whether anything comes before this page.")
    def has_previous_page(self) -> bool:
        return self.page.has_previous()

    @answered("The cursor of the page's first row; null if it is empty.")
    def start_cursor(self) -> str | None:
        return self.page.cursor(self.page.items[0]) if self.page.items else None

    @answered("The cursor of the page's last row; null if it is empty.")
    def end_cursor(self) -> str | None:
        return self.page.cursor(self.page.items[-1]) if self.page.items else None


@strawberry.type(description="A row of a page and its place in the list.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="What stands there.")
    page: strawberry.Private[Page[Any]]

    @answered("Its place; opaque.")
    def cursor(self) -> str:
        return self.page.cursor(self.node)


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    page: strawberry.Private[Page[Any]]

    @answered("The rows of this page with their cursors.")
    def edges(self) -> list[Edge[T]]:
        return [Edge(node=node, page=self.page) for node in self.page.items]

    @answered("The rows of this page.")
    def nodes(self) -> list[T]:
        return list(self.page.items)

    @answered("Where this page lies in the list.")
    def page_info(self) -> PageInfo:
        return PageInfo(page=self.page)

    @answered("How many rows the whole list has.")
    def total_count(self) -> int:
        return self.page.count()
