"""Figures at a position are the same whenever they are asked for; every moment of a trajectory is that of `asOf`."""

import io
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from api.cli.export_csv import export_csv
from api.cli.output import Failure
from api.runtime.database import open_database
from domain.commands.command import Command
from domain.handlers.dispatcher import Outcome
from domain.metrics.badness import degree
from domain.metrics.rating import Health
from domain.primitives.calendar import INSTANT
from tests.asking import AskedWorld, unlimited
from tests.properties.cases import Latest, on_histories
from tests.properties.goal_histories import GoalHistory

COMMANDS = 200
PAUSE = 40
"""The commands between two moments whose answers are kept."""
MOMENTS_MAX = 30

PROGRESS = """progress { value unclamped expected health confidence confidenceLowest measuredShare
    explain { label weight value contribution position } }"""
COUNTS = "healthCounts { health count } findingCounts { rule count }"
ATTENTION = """totalCount counts { kind count overdue } nodes {
    kind urgency message since days person { handle } about { ... on Entity { entityId } }
    ... on HealthWorseItem { from to change { position } } }"""
VIEW = f"""
    basis {{ at position }}
    cycles(first: 50) {{ nodes {{ key score {PROGRESS} {COUNTS} }} }}
    objectives(first: 500, orderBy: {{field: PROGRESS, direction: DESC}}) {{ nodes {{
        entityId state {PROGRESS} {COUNTS} outcome {{ verdict score }}
        keyResults(includeDropped: true) {{
            entityId state current measuredAt confidence score {PROGRESS} milestones {{ key reachedAt }}
            forecast {{ value progress willHit hitOn }} targets {{ position progressBefore progressAfter }}
            trajectory(every: CHANGE) {{ at planned replanned actual progress confidence }}
        }}
    }} }}
    keyResults(first: 500, filter: {{health: [OUTDATED, ON_TRACK, ACHIEVED]}}) {{ nodes {{ entityId }} }}
    kpis(first: 50) {{ nodes {{ key status
        series(every: MONTH, includePlanned: true) {{ start label planned value variance status isPartial }}
        comparison(period: MONTH) {{ current previous previousToDate changeRatio isPartial }} }} }}
    teams(first: 50) {{ nodes {{ key {PROGRESS} }} }}
    ofCompany: attention(for: {{team: {{key: "company"}}}}, until: "9999-12-31", first: 1000) {{ {ATTENTION} }}
    ofCycle: attention(for: {{cycle: {{key: "q3"}}}}, first: 1000) {{ {ATTENTION} }}
"""
ITEMS = """query($at: DateTime!, $position: Position!, $cycle: String!, $since: DateTime!) {
    asOf(at: $at, position: $position) {
        attention(for: {cycle: {key: $cycle}}, worseSince: $since, first: 1000) { nodes {
            kind urgency since about { id ... on KeyResult { entityId } ... on Objective { entityId } }
            ... on HealthWorseItem { from to change { effectiveAt } } } }
        overdue: keyResults(first: 1000, filter: {cycle: {key: $cycle}, overdue: true}) { nodes { entityId } }
        outdated: keyResults(first: 1000, filter: {cycle: {key: $cycle}, health: [OUTDATED]}) { nodes { entityId } }
    } }"""
HEALTH = """query($at: DateTime!, $position: Position!, $id: ID!) { asOf(at: $at, position: $position) { node(id: $id) {
    ... on KeyResult { progress { health } } ... on Objective { progress { health } } } } }"""
AT = """query($at: DateTime!, $position: Position!, $ids: [ID!]!) { asOf(at: $at, position: $position) {
    nodes(ids: $ids) { ... on KeyResult { current confidence progress { value } metric { direction } } } } }"""


class Kept:
    """A random history, and the answers and exports at some of its positions, asked for when they were the newest."""

    def __init__(self, world: AskedWorld, seed: int) -> None:
        self.world = world
        self.seed = seed
        self.answers: dict[int, Any] = {}
        self._commands = 0
        GoalHistory(world.keyframe, Random(seed), datetime.now(UTC).date()).live(COMMANDS, self._after)
        world.catch_up()

    def _after(self, _command: Command, _outcome: Outcome) -> None:
        self._commands += 1
        if self._commands % PAUSE == 0:
            self.world.catch_up()
            head = self.world.log.head().position
            self.answers[head] = self.answer(head)

    def answer(self, position: int) -> tuple[Any, dict[str, bytes | str]]:
        exports = {key: self._export(key, position) for key in ("q1", "q3", "year")}
        return self.view(position), exports

    def view(self, position: int) -> Any:
        with unlimited():
            return self.world.ask(f"{{ asOf(position: {position}) {{ {VIEW} }} }}")["asOf"]

    def _export(self, key: str, position: int) -> bytes | str:
        file = io.BytesIO()
        try:
            with open_database(self.world.database.settings) as database:  # closes the connections of the command
                export_csv(database, key, file, position=position)
        except Failure as failure:  # the cycle does not exist yet
            return str(failure)
        return file.getvalue()


@pytest.fixture(scope="session")
def kepts(server: str) -> Iterator[Latest[Kept]]:
    with closing(Latest(server, Kept)) as made:
        yield made


@pytest.fixture
def kept(kepts: Latest[Kept], request: pytest.FixtureRequest) -> Kept:
    return kepts.of(request.param)


@on_histories(3, "kept")
def test_figures_at_a_position_are_those_answered_when_it_was_the_newest(kept: Kept) -> None:
    assert len(kept.answers) >= 2
    for position, answer in kept.answers.items():
        assert (position, kept.answer(position)) == (position, answer)


@on_histories(3, "kept")
def test_every_moment_of_a_trajectory_is_the_key_result_as_of_that_moment(kept: Kept) -> None:
    world = kept.world
    head = world.log.head().position
    points = moments(kept.view(head))
    for at in Random(kept.seed).sample(sorted(points), min(MOMENTS_MAX, len(points))):
        found = world.ask(AT, at=at, position=head, ids=list(points[at]))["asOf"]["nodes"]
        for point, node in zip(points[at].values(), found, strict=True):
            assert (at, shown(point, node)) == (at, shown_as_of(node))


def moments(view: Any) -> dict[str, dict[str, Any]]:
    """By moment up to the basis: the points of the trajectories there, by key result."""
    found: dict[str, dict[str, Any]] = {}
    for objective in view["objectives"]["nodes"]:
        for key_result in objective["keyResults"]:
            for point in key_result["trajectory"]:
                if point["at"] <= view["basis"]["at"]:
                    found.setdefault(point["at"], {})[key_result["entityId"]] = point
    return found


def shown(point: Any, node: Any) -> tuple[Any, ...]:
    """A point; of MILESTONES without the value, which is a share there and null in `current`."""
    actual = None if node["metric"]["direction"] == "MILESTONES" else point["actual"]
    return actual, point["progress"], point["confidence"]


def shown_as_of(node: Any) -> tuple[Any, ...]:
    return node["current"], node["progress"]["value"], node["confidence"]


@on_histories(3, "kept")
def test_attention_agrees_with_the_goals_at_the_moments_it_names(kept: Kept) -> None:
    world, chance = kept.world, Random(kept.seed)
    head, now = world.log.head().position, datetime.now(UTC)
    seen = 0
    for days in chance.sample(range(3, 300), 8):
        at = now - timedelta(days=days)
        since = at - timedelta(days=chance.choice([3, 14, 40]))
        for cycle in ("q1", "q2", "q3", "q4"):
            of = {"at": at.isoformat(), "position": head, "cycle": cycle, "since": since.isoformat()}
            found = world.ask(ITEMS, **of)["asOf"]
            items = found["attention"]["nodes"]
            seen += len(items)
            owed = [one for one in items if one["kind"] in ("CHECK_IN_DUE", "NEVER_CHECKED_IN")]
            overdue = {one["about"]["entityId"] for one in owed if one["urgency"] == "OVERDUE"}
            assert overdue == {node["entityId"] for node in found["overdue"]["nodes"]}
            assert overdue >= {node["entityId"] for node in found["outdated"]["nodes"]}
            worse = [one for one in items if one["kind"] == "HEALTH_WORSE"]
            for item in chance.sample(worse, min(3, len(worse))):
                assert_turned(world, item, head, at, since)
    assert seen


def assert_turned(world: AskedWorld, item: Any, position: int, at: datetime, since: datetime) -> None:
    """That the goal had the health that an item states: before, since it turned worse, and right before the change."""

    def health(moment: datetime) -> Any:
        id = item["about"]["entityId"]
        node = world.ask(HEALTH, at=moment.isoformat(), position=position, id=id)["asOf"]["node"]
        return None if node is None or node["progress"]["health"] is None else Health(node["progress"]["health"])

    begun, now = datetime.fromisoformat(item["since"]), Health(item["to"])
    assert (health(since), health(at)) == (item["from"], now)
    assert degree(health(begun)) >= degree(now)
    if item["change"] is not None:
        assert datetime.fromisoformat(item["change"]["effectiveAt"]) == begun
        assert degree(health(begun - INSTANT)) < degree(now)
