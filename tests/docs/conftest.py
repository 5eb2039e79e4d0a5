"""The application on a fresh workspace, asked as README describes."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.runtime import signing_key
from api.runtime.database import open_database
from api.runtime.settings import Settings
from api.server.app import create_app
from tests.conftest import drop


@pytest.fixture(scope="module")
def http(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a server that requires no token and signs checkpoints, on an empty workspace."""
    settings = Settings(
        database_url=SecretStr(server),
        workspace=f"docs_{uuid4().hex[:12]}",
        pool_size_max=8,
        checkpoint_key=tmp_path_factory.mktemp("key") / "key",
    )
    signing_key.create(signing_key.place(settings), signing_key.default_name(settings))
    with open_database(settings) as database:
        database.migrate()
        try:
            app = create_app(settings, database, console=True, anonymous=True)
            with TestClient(app, base_url="http://localhost") as client:
                yield client
        finally:
            drop(database)
