import json

from starlette.testclient import TestClient

from api.runtime.database import Database
from api.server.app import create_app
from tests.api.schema.stories import quarter
from tests.api.schema.test_stories import MOMENTS, STORIES
from tests.asking import AskedWorld


def test_story_reads_the_same_over_http(database: Database) -> None:
    quarter.run_story(AskedWorld(database))
    query = (STORIES / "quarter.graphql").read_text()
    with TestClient(
        create_app(database.settings, database, editor=False, anonymous=True), base_url="http://localhost"
    ) as http:
        for moment, day in MOMENTS.items():
            asked = {"query": query, "variables": {"at": f"{day}T12:00:00Z"}}
            answer = http.post("/graphql", json=asked).json()
            assert answer["data"] == json.loads((STORIES / f"quarter-{moment}.json").read_text())
