"""The story as a fact file: valid from the first line to the last on any day."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from api.demo.facts import facts
from domain.commands.registry import VERBS
from tests.api.demo.story import MANY_DAYS, TODAY, command_and_input, names, story_facts


def test_same_day_and_seed_give_the_same_story() -> None:
    assert list(facts(TODAY, 7)) == list(facts(TODAY, 7))


def test_another_seed_changes_the_values_but_not_the_goals() -> None:
    one, other = list(facts(TODAY, 7)), list(facts(TODAY, 8))
    assert one != other
    for verb in ("draftObjective", "addKeyResult", "defineKpi", "reflect"):
        assert [fact for fact in one if fact["do"] == verb] == [fact for fact in other if fact["do"] == verb]


def test_next_day_extends_the_same_story() -> None:
    today, tomorrow = story_facts(TODAY), list(facts(TODAY + timedelta(days=1)))
    past = f"{TODAY - timedelta(days=60)}"
    was = [fact for fact in today if fact["at"] < past]
    assert was == tomorrow[: len(was)]


@pytest.mark.parametrize("today", MANY_DAYS, ids=str)
def test_story_is_valid_on_any_day(today: date) -> None:
    story = story_facts(today)
    assert 3400 <= len(story) <= 4600
    assert all(earlier["at"] <= later["at"] for earlier, later in pairwise(story))
    assert story[-1]["at"] < f"{today}T00:00:00Z"
    _assert_refs_are_defined_once_before_use(story)
    _assert_inputs_are_valid(story)


def _assert_refs_are_defined_once_before_use(story: list[dict[str, Any]]) -> None:
    known = Counter[str]()
    for fact in story:
        for name in names(fact["input"]):
            assert name in known or name.rpartition("/")[0] in known, (name, fact)
        known.update([fact["ref"]] if "ref" in fact else [])
    assert set(known.values()) == {1}


def _assert_inputs_are_valid(story: list[dict[str, Any]]) -> None:
    for fact in story:
        command, given = command_and_input(fact)
        msgspec.convert(given, command)
        assert fact.get("reason") or not command.REASON_REQUIRED, fact


def test_measurements_precede_their_recording() -> None:
    for fact in story_facts(TODAY):
        measured = [reading["measuredAt"] for reading in fact["input"].get("readings", [])]
        measured += [fact["input"]["measuredAt"]] if "measuredAt" in fact["input"] else []
        assert all(moment <= fact["at"] for moment in measured), fact


def test_people_act_only_after_they_joined() -> None:
    there = set[str]()
    for fact in story_facts(TODAY):
        if fact["do"] == "addPerson":
            there.add(fact["ref"])
        assert fact["by"] in there, fact


def test_person_who_left_neither_acts_nor_is_assigned() -> None:
    story = story_facts(TODAY)
    left = next(place for place, fact in enumerate(story) if fact["do"] == "deactivatePerson")
    gone = story[left]["input"]["person"]["ref"]
    for fact in story[left + 1 :]:
        assert fact["by"] != gone
        assert gone not in set(names(fact["input"])), fact


UNTOLD = {
    "abandonCycle", "applyTemplate", "disbandTeam", "editInitiative", "erasePerson", "handOver", "moveKeyResult",
    "moveObjective", "reactivatePerson", "renameCycle", "renameTemplate", "rescheduleCycle", "retireTemplate",
    "reviveKpi", "reviveTeam", "saveAsTemplate", "setExternalReference", "setLabels",
}  # fmt: skip
"""The commands that no event of the story needs."""


def test_story_uses_every_other_command() -> None:
    assert VERBS.keys() - {fact["do"] for fact in story_facts(TODAY)} == UNTOLD
