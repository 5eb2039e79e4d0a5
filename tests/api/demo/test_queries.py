"""The three example queries: valid, with keys and titles of the story."""

import re
from datetime import date

import pytest
from graphql import parse, validate

from api.demo.queries import queries
from api.schema.schema import schema
from tests.api.demo.story import MANY_DAYS, TODAY, story_facts


def test_there_are_three_valid_queries() -> None:
    assert len({question.title for question in queries(TODAY)}) == 3
    for question in queries(TODAY):
        assert validate(schema._schema, parse(question.query)) == []


@pytest.mark.parametrize("today", MANY_DAYS[::8], ids=str)
def test_queries_name_existing_keys_and_titles(today: date) -> None:
    keys = {fact["input"]["key"] for fact in story_facts(today) if fact["do"] in ("openCycle", "defineKpi")}
    titles = {fact["input"]["title"] for fact in story_facts(today) if fact["do"] == "draftObjective"}
    text = "".join(question.query for question in queries(today))
    assert set(re.findall(r'key: "([^"]+)"', text)) <= keys
    assert set(re.findall(r'search: "([^"]+)"', text)) <= titles
    assert all(moment < f"{today}" for moment in re.findall(r'at: "([^"]+)"', text))


@pytest.mark.parametrize("today", MANY_DAYS[::8], ids=str)
def test_objective_of_the_as_of_query_was_active_then(today: date) -> None:
    text = queries(today)[2].query
    (then,), (title,), (cycle,) = (re.findall(rf'{name}: "([^"]+)"', text) for name in ("at", "search", "key"))
    activated = next(
        fact["at"]
        for fact in story_facts(today)
        if fact["do"] == "activateCycle" and fact["input"]["cycle"]["key"] == cycle
    )
    drafted = [fact["at"] for fact in story_facts(today) if fact["input"].get("title") == title]
    assert max(activated, min(drafted)) < then
