"""A workspace whose projections are fed by hand."""

from tests.projections.conftest import world, worlds

__all__ = ["world", "worlds"]
