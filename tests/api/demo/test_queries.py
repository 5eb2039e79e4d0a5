"""The three questions: such as the schema answers, with keys and titles that the story really has."""

import re
from datetime import date

import pytest
from graphql import parse, validate

from api.demo.queries import queries
from api.schema.schema import schema
from tests.api.demo.story import MANY_DAYS, TODAY, told


def test_there_are_three_questions_and_the_schema_answers_each() -> None:
    assert len({question.title for question in queries(TODAY)}) == 3
    for question in queries(TODAY):
        assert validate(schema._schema, parse(question.query)) == []


@pytest.mark.parametrize("today", MANY_DAYS[::8], ids=str)
def test_the_questions_speak_of_what_is_there(today: date) -> None:
    keys = {fact["input"]["key"] for fact in told(today) if fact["do"] in ("openCycle", "defineKpi")}
    titles = {fact["input"]["title"] for fact in told(today) if fact["do"] == "draftObjective"}
    text = "".join(question.query for question in queries(today))
    assert set(re.findall(r'key: "([^"]+)"', text)) <= keys
    assert set(re.findall(r'search: "([^"]+)"', text)) <= titles
    assert all(moment < f"{today}" for moment in re.findall(r'at: "([^"]+)"', text))


@pytest.mark.parametrize("today", MANY_DAYS[::8], ids=str)
def test_the_objective_of_a_month_ago_had_begun_by_then(today: date) -> None:
    text = queries(today)[2].query
    (then,), (title,), (cycle,) = (re.findall(rf'{name}: "([^"]+)"', text) for name in ("at", "search", "key"))
    activated = next(
        fact["at"] for fact in told(today) if fact["do"] == "activateCycle" and fact["input"]["cycle"]["key"] == cycle
    )
    drafted = [fact["at"] for fact in told(today) if fact["input"].get("title") == title]
    assert max(activated, min(drafted)) < then
