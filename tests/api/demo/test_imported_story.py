"""The whole story, imported: no fact is refused, and the expected contents exist."""

import json
from collections import Counter
from datetime import UTC, date, datetime, time
from typing import TypeVar

import pytest
from msgspec import structs

from api.demo.seasons import Calendar
from api.facts.importer import Import, ImportResult
from domain.handlers.dispatcher import Dispatcher
from domain.model.cycle import Cycle, Policy
from domain.model.event import Aggregate, replay
from domain.model.key_result import KeyResult, KeyResultAdded
from domain.model.kpi import Kpi
from domain.model.objective import Objective
from domain.model.people import Person
from domain.primitives.values import CycleState, KeyResultState, ObjectiveState, ScoringPolicy
from tests.api.demo.gap_rule import Measurements, health
from tests.api.demo.indexed_log import IndexedLog
from tests.api.demo.story import TODAY, story_facts

AnyAggregate = TypeVar("AnyAggregate", bound=Aggregate)

DAYS = [
    date(2026, 12, 1),
    date(2026, 12, 16),
    date(2026, 12, 31),
    date(2027, 4, 1),
    date(2027, 7, 31),
    date(2028, 2, 29),
]


class Workspace:
    def __init__(self, today: date) -> None:
        self.today = today
        self.log = IndexedLog()
        self.log.clock = datetime.combine(today, time(0, 0, 1), UTC)
        importer = Import(Dispatcher(self.log), self.log, "machine:console", by_is_actor=True, one_by_one=True)
        self.tally: ImportResult = importer.run((json.dumps(fact).encode() for fact in story_facts(today)), go_on=True)
        ids = dict.fromkeys(entry.row.originator_id for entry in self.log.entries_made)
        self.aggregates = [replay(iter(events)) for events in self.log.streams(ids).values()]

    def all(self, kind: type[AnyAggregate]) -> list[AnyAggregate]:
        return [aggregate for aggregate in self.aggregates if isinstance(aggregate, kind)]

    def cycle(self, key: str) -> Cycle:
        return next(cycle for cycle in self.all(Cycle) if cycle.key == key)

    def open_key_results(self) -> list[KeyResult]:
        """The key results of the open quarter's objectives, without drafts and what was dropped."""
        objectives = self.objectives(Calendar.of(self.today).active.key)
        pursued = {one.id for one in objectives if one.state is ObjectiveState.ACTIVE}
        key_results = [one for one in self.all(KeyResult) if one.objective in pursued]
        return [one for one in key_results if one.state is KeyResultState.ACTIVE]

    def objectives(self, key: str) -> list[Objective]:
        cycle = self.cycle(key)
        return [objective for objective in self.all(Objective) if objective.cycle == cycle.id]


@pytest.fixture(scope="module", params=DAYS, ids=str)
def some_day(request: pytest.FixtureRequest) -> Workspace:
    return Workspace(request.param)


@pytest.fixture(scope="module")
def there() -> Workspace:
    return Workspace(TODAY)


def test_every_fact_is_recorded(some_day: Workspace) -> None:
    assert some_day.tally.refusals == []
    assert (some_day.tally.recorded, some_day.tally.already_there) == (len(story_facts(some_day.today)), 0)


def test_story_has_40_people_82_objectives_242_key_results_and_35_kpis(some_day: Workspace) -> None:
    kinds = (Person, Objective, KeyResult, Kpi)
    assert [len(some_day.all(kind)) for kind in kinds] == [40, 82, 242, 35]


def test_people_are_the_actors_of_all_that_follows_the_first_person(there: Workspace) -> None:
    actors = [entry.by.actor for entry in there.log.entries_made]
    assert actors[0] == "machine:console"
    assert {actor.partition(":")[0] for actor in actors[1:]} == {"person"}
    assert len(set(actors[1:])) >= 38


def test_most_open_key_results_are_on_track_and_some_are_not(some_day: Workspace) -> None:
    cycle = some_day.cycle(Calendar.of(some_day.today).active.key)
    measurements, at = Measurements(some_day.aggregates), datetime.combine(some_day.today, time(), UTC)
    counted = Counter(health(one, cycle, measurements, at) for one in some_day.open_key_results())
    shares = {name: count / counted.total() for name, count in counted.items()}
    assert 0.45 <= shares["ON_TRACK"] <= 0.75
    assert 0.10 <= shares["AT_RISK"] <= 0.30
    assert 0.05 <= shares["OFF_TRACK"] <= 0.25


def test_previous_cycles_are_closed_and_current_ones_active(some_day: Workspace) -> None:
    calendar = Calendar.of(some_day.today)
    for season in calendar.quarters[:3]:
        assert some_day.cycle(season.key).state is CycleState.CLOSED
    for season in (calendar.year, calendar.active):
        assert some_day.cycle(season.key).state is CycleState.ACTIVE


def test_every_goal_of_a_closed_quarter_has_an_outcome_or_is_dropped(there: Workspace) -> None:
    closed = [one for quarter in Calendar.of(TODAY).quarters[:3] for one in there.objectives(quarter.key)]
    assert [one.state for one in closed if not one.outcome] == [ObjectiveState.DROPPED]


def test_four_objectives_are_carried_with_their_unreached_key_results(there: Workspace) -> None:
    carried = [objective for objective in there.all(Objective) if objective.carried_from is not None]
    counts = []
    for objective in carried:
        events = [there.log.streams([id])[id][0] for id in there.log.children(objective.id, KeyResultAdded.TOPIC).ids]
        brought = [event for event in events if isinstance(event, KeyResultAdded) and event.carried_from is not None]
        counts.append((len(brought), len(events)))
    assert counts == [(3, 4), (2, 3), (2, 3), (2, 3)]


def test_active_quarter_has_the_expected_goals(there: Workspace) -> None:
    active = there.objectives(Calendar.of(TODAY).active.key)
    states = Counter(objective.state for objective in active)
    assert states == {ObjectiveState.ACTIVE: 26, ObjectiveState.DRAFT: 1}
    assert [objective.title for objective in active if objective.owner is None] == ["Fewer dents, fewer tears"]
    ids = {objective.id for objective in active}
    dropped = [one for one in there.all(KeyResult) if one.objective in ids and one.state is KeyResultState.DROPPED]
    assert len(dropped) == 4


def test_person_who_left_owns_no_open_goal_or_kpi(there: Workspace) -> None:
    (gone,) = [person.id for person in there.all(Person) if not person.active]
    closed = {cycle.id for cycle in there.all(Cycle) if cycle.state is CycleState.CLOSED}
    open_goals = [objective for objective in there.all(Objective) if objective.cycle not in closed]
    assert all(gone not in (one.owner, *one.contributors) for one in open_goals)
    assert all(gone not in structs.astuple(kpi.definition) for kpi in there.all(Kpi))


def test_scoring_policy_changed_once(there: Workspace) -> None:
    (policy,) = there.all(Policy)
    assert policy.policy != ScoringPolicy()
    assert policy.version == 1
