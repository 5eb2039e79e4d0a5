"""The application on a fresh workspace, started as README describes."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.runtime import signing_key
from api.server.app import create_app
from tests.workspace import fresh_workspace, named_settings


@pytest.fixture(scope="module")
def http(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a server that requires no token and signs checkpoints, on an empty workspace."""
    settings = named_settings(server, checkpoint_key=tmp_path_factory.mktemp("key") / "key")
    signing_key.create(signing_key.path_of(settings), signing_key.new_name(settings))
    with fresh_workspace(server, settings) as database:
        app = create_app(settings, database, editor=True, anonymous=True)
        with TestClient(app, base_url="http://localhost") as client:
            yield client
