"""A workspace whose views can be fed by hand, and asked."""

from tests.projections.conftest import world, worlds

__all__ = ["world", "worlds"]
