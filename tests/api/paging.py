"""Walks through the pages of a connection."""

from collections.abc import Callable
from typing import Any

PAGE_INFO = "pageInfo { startCursor endCursor hasNextPage hasPreviousPage }"


def all_nodes(page_at: Callable[[str | None], Any], *, forwards: bool) -> list[Any]:
    """All nodes of a connection, page by page from one end to the other. `page_at`: the page beyond a cursor, the first
    one for None. Asserts that the pages say where they end, and how many nodes there are."""
    found: list[Any] = []
    end = None
    while True:
        page = page_at(end)
        found = found + page["nodes"] if forwards else page["nodes"] + found
        info = page["pageInfo"]
        assert info["hasPreviousPage" if forwards else "hasNextPage"] == (end is not None)
        if not info["hasNextPage" if forwards else "hasPreviousPage"]:
            assert page["totalCount"] == len(found)
            return found
        end = info["endCursor" if forwards else "startCursor"]
