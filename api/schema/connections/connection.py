"""Connections: pages of long lists, with cursors that stay right while rows come and go."""

from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import strawberry

from api.schema.primitives.field import answered
from api.snapshot.pagination import PAGE_DEFAULT, PAGE_MAX, Stretch

T = TypeVar("T")

First: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description=f"The first so many, up to {PAGE_MAX}; {PAGE_DEFAULT} if none is said."),
]
After: TypeAlias = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Last: TypeAlias = Annotated[int | None, strawberry.argument(description=f"The last so many, up to {PAGE_MAX}.")]
Before: TypeAlias = Annotated[str | None, strawberry.argument(description="Only what comes before this cursor.")]


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    page: strawberry.Private[Stretch[Any]]

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
    page: strawberry.Private[Stretch[Any]]

    @answered("Its place; opaque.")
    def cursor(self) -> str:
        return self.page.cursor(self.node)


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    page: strawberry.Private[Stretch[Any]]

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
