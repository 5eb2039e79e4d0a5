"""Worlds of their own, two at a time: one that is told as facts, and one that is made from them."""

from tests.properties.conftest import worlds

__all__ = ["worlds"]
