from tests.properties.conftest import worlds

__all__ = ["worlds"]
