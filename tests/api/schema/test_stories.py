"""Stories: the query is a `.graphql` file, the expected answers are `.json` files beside it."""

import json
from pathlib import Path

import pytest

from tests.api.schema.stories import measures, quarter
from tests.asking import AskedWorld

STORIES = Path(__file__).parent / "stories"
MOMENTS = {"begins": "2026-01-02", "midway": "2026-02-20", "ends": "2026-03-31"}


def assert_story(world: AskedWorld, story: str, moment: str) -> None:
    """The story's query as of a day at noon returns the expected answer."""
    query = (STORIES / f"{story}.graphql").read_text()
    expected = json.loads((STORIES / f"{story}-{moment}.json").read_text())
    assert world.ask(query, at=f"{MOMENTS[moment]}T12:00:00Z") == expected


@pytest.mark.parametrize("moment", MOMENTS)
def test_quarter_story_reads_as_of_each_day(world: AskedWorld, moment: str) -> None:
    quarter.run_story(world)
    assert_story(world, "quarter", moment)


@pytest.mark.parametrize("moment", MOMENTS)
def test_kpi_story_reads_as_of_each_day(world: AskedWorld, moment: str) -> None:
    measures.run_story(world)
    assert_story(world, "measures", moment)
