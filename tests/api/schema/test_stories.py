"""Stories: what is asked stands in a `.graphql`, what is to be answered in a `.json` beside it."""

import json
from pathlib import Path

import pytest

from tests.api.schema.stories import measures, quarter
from tests.asking import AskedWorld

STORIES = Path(__file__).parent / "stories"
MOMENTS = {"begins": "2026-01-02", "midway": "2026-02-20", "ends": "2026-03-31"}


def check(world: AskedWorld, story: str, moment: str) -> None:
    """The story's query, asked as of a day at noon, is answered as the story says."""
    query = (STORIES / f"{story}.graphql").read_text()
    expected = json.loads((STORIES / f"{story}-{moment}.json").read_text())
    assert world.ask(query, at=f"{MOMENTS[moment]}T12:00:00Z") == expected


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_quarter_reads_as_it_was_on_any_day(world: AskedWorld, moment: str) -> None:
    quarter.run_story(world)
    check(world, "quarter", moment)


@pytest.mark.parametrize("moment", MOMENTS)
def test_measures_read_as_they_were_on_any_day(world: AskedWorld, moment: str) -> None:
    measures.run_story(world)
    check(world, "measures", moment)
