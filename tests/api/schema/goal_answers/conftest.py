from tests.api.schema.conftest import world

__all__ = ["world"]
