"""The story as a fact file: whatever the day, it can be read from its first line to its last."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from api.demo.facts import facts
from domain.commands.registry import VERBS
from tests.api.demo.story import MANY_DAYS, TODAY, command_and_input, names, told


def test_the_same_day_and_seed_tell_the_same_story() -> None:
    assert list(facts(TODAY, 7)) == list(facts(TODAY, 7))


def test_another_seed_tells_other_figures_of_the_same_goals() -> None:
    one, other = list(facts(TODAY, 7)), list(facts(TODAY, 8))
    assert one != other
    for verb in ("draftObjective", "addKeyResult", "defineKpi", "reflect"):
        assert [fact for fact in one if fact["do"] == verb] == [fact for fact in other if fact["do"] == verb]


def test_the_next_day_tells_what_was_and_goes_on() -> None:
    today, tomorrow = told(TODAY), list(facts(TODAY + timedelta(days=1)))
    past = f"{TODAY - timedelta(days=60)}"
    was = [fact for fact in today if fact["at"] < past]
    assert was == tomorrow[: len(was)]


@pytest.mark.parametrize("today", MANY_DAYS, ids=str)
def test_a_story_can_be_told_on_any_day(today: date) -> None:
    story = told(today)
    assert 2700 <= len(story) <= 4500
    assert all(earlier["at"] <= later["at"] for earlier, later in pairwise(story))
    assert story[-1]["at"] < f"{today}T00:00:00Z"
    _names_stand_once_and_before_their_use(story)
    _inputs_are_taken(story)


def _names_stand_once_and_before_their_use(story: list[dict[str, Any]]) -> None:
    known = Counter[str]()
    for fact in story:
        for name in names(fact["input"]):
            assert name in known or name.rpartition("/")[0] in known, (name, fact)
        known.update([fact["ref"]] if "ref" in fact else [])
    assert set(known.values()) == {1}


def _inputs_are_taken(story: list[dict[str, Any]]) -> None:
    for fact in story:
        command, given = command_and_input(fact)
        msgspec.convert(given, command)
        assert fact.get("reason") or not command.REASON_REQUIRED, fact


def test_readings_and_check_ins_are_measured_before_they_are_told() -> None:
    for fact in told(TODAY):
        measured = [reading["measuredAt"] for reading in fact["input"].get("readings", [])]
        measured += [fact["input"]["measuredAt"]] if "measuredAt" in fact["input"] else []
        assert all(moment <= fact["at"] for moment in measured), fact


def test_only_people_of_the_company_do_something_and_none_before_they_come() -> None:
    there = set[str]()
    for fact in told(TODAY):
        if fact["do"] == "addPerson":
            there.add(fact["ref"])
        assert fact["by"] in there, fact


def test_nobody_does_or_gets_anything_after_they_have_left() -> None:
    story = told(TODAY)
    left = next(place for place, fact in enumerate(story) if fact["do"] == "deactivatePerson")
    gone = story[left]["input"]["person"]["ref"]
    for fact in story[left + 1 :]:
        assert fact["by"] != gone
        assert gone not in set(names(fact["input"])), fact


def test_every_command_has_a_part_in_the_story_but_for_what_makes_it_shorter() -> None:
    assert VERBS.keys() - {fact["do"] for fact in told(TODAY)} == {"disbandTeam", "erasePerson"}
