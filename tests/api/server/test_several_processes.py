"""What several processes on one workspace share, and what each keeps and bounds for itself (docs/operations.md)."""

from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.runtime.database import Database
from api.server.app import create_app
from tests.conftest import issue_token

BURST = 20
FORM = 'mutation { formTeam(input: {key: "weavers", name: "Weavers", idempotencyKey: "once"}) { position } }'


class Processes:
    """Two servers of one workspace, called with one token."""

    def __init__(self, database: Database, stack: ExitStack) -> None:
        token = issue_token(database)
        settings = database.settings.model_copy(update={"requests_per_s": 0.001, "requests_burst": BURST})
        self.clients: list[TestClient] = []
        for _ in range(2):
            app = create_app(settings, Database(database.dsn, settings, stack), editor=False)
            client = TestClient(app, "http://localhost", headers={"authorization": f"Bearer {token}"})
            self.clients.append(stack.enter_context(client))

    def post(self, process: int, **body: Any) -> Any:
        return self.clients[process].post("/graphql", json=body)


@pytest.fixture
def processes(database: Database) -> Iterator[Processes]:
    with ExitStack() as stack:
        yield Processes(database, stack)


def test_command_is_recorded_once_whichever_process_gets_it(processes: Processes) -> None:
    first, second = (processes.post(process, query=FORM).json()["data"]["formTeam"] for process in range(2))
    assert first == second == {"position": 1}
    read = {"query": "{ teams { totalCount } }"}
    assert [processes.post(process, **read).json()["data"]["teams"]["totalCount"] for process in range(2)] == [1, 1]


def test_each_process_bounds_the_rate_of_a_caller(processes: Processes) -> None:
    for process in range(2):
        statuses = [processes.post(process, query="{ __typename }").status_code for _ in range(BURST + 1)]
        assert statuses == [200] * BURST + [429]


def test_each_process_remembers_documents_for_itself(processes: Processes) -> None:
    text = "{ teams { totalCount } }"
    digest = {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}
    assert "data" in processes.post(0, query=text, extensions=digest).json()
    assert "data" in processes.post(0, extensions=digest).json()
    (error,) = processes.post(1, extensions=digest).json()["errors"]
    assert error["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    assert "data" in processes.post(1, query=text, extensions=digest).json()
    assert "data" in processes.post(1, extensions=digest).json()


def test_etag_of_one_process_is_valid_in_the_other(processes: Processes) -> None:
    first, second = processes.clients
    asked = {"query": "{ asOf(position: 0) { teams { totalCount } } }"}
    headers = {"x-keyframe-request": "1", "if-none-match": first.get("/graphql", params=asked).headers["etag"]}
    assert second.get("/graphql", params=asked, headers=headers).status_code == 304
