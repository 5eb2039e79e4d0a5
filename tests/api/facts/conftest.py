"""Two workspaces at a time: one is exported as facts, the other imports them."""

from tests.properties.conftest import worlds

__all__ = ["worlds"]
