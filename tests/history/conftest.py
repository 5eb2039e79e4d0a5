"""A workspace whose views can be fed by hand, and asked."""

from tests.views.conftest import world, worlds

__all__ = ["world", "worlds"]
