from tests.domain.log.conftest import place

__all__ = ["place"]
