"""Every point of a curve is the whole as of its moment, by all that the basis knows."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from random import Random
from typing import Any, TypeAlias
from uuid import UUID

from psycopg import sql

from domain.primitives.calendar import Step
from projections.figures import timeline
from projections.figures.figures import Figures
from projections.figures.horizon import Horizon
from projections.figures.team_figures import TeamFigures
from projections.figures.timeline import Timeline
from projections.history.over_time import curves
from projections.history.over_time.curves import AnyPoint, AnyWhole, Span
from tests.asking import AskedWorld, unlimited
from tests.properties.cases import Case, on_histories
from tests.properties.model_answers import same
from tests.world import World

MOMENTS_MAX = 12

CURVES = """{ objectives(first: 500) { nodes { entityId curve: progressOverTime(every: %(every)s) { %(fields)s } } }
    cycles(first: 50) { nodes { entityId curve: progressOverTime(every: %(every)s) { %(fields)s } } }
    teams(first: 50) { nodes { entityId curve: progressOverTime(every: %(every)s) { %(fields)s }
        own: progressOverTime(every: %(every)s, includeSubteams: false, cycle: {key: "q2"}) { %(fields)s } } } }"""
POINT = """at value expected health confidence
    ofKeyResults: healthCounts { health count } ofObjectives: healthCounts(of: OBJECTIVES) { health count }"""
PROGRESS = "value expected health confidence"
COUNTS = "ofKeyResults: healthCounts%s { health count }"
BOTH = f"{COUNTS} ofObjectives: healthCounts(of: OBJECTIVES%s) {{ health count }}"
OWN = '(includeSubteams: false, cycle: {key: "q2"})'
AT = f"""query($at: DateTime!, $position: Position!, $ids: [ID!]!) {{ asOf(at: $at, position: $position) {{
    nodes(ids: $ids) {{ ... on Entity {{ entityId }}
        ... on Objective {{ progress {{ {PROGRESS} }} {COUNTS % ""} }}
        ... on Cycle {{ progress {{ {PROGRESS} }} {BOTH % ("", "")} }}
        ... on Team {{ progress {{ {PROGRESS} }} {BOTH % ("", "")} own: progress{OWN} {{ {PROGRESS} }} }}
    }} }} }}"""


# ── the pass ─────────────────────────────────────────────────────────────────────────────────────


@on_histories(3)
def test_points_of_a_curve_equal_the_figures_computed_for_each_moment_alone(case: Case) -> None:
    world = case.world
    for every in (Step.CHANGE, Step.WEEK, Step.DAY):
        for cases in (of_objectives, of_cycles, of_teams):
            for points, whole_at in cases(world, every):
                assert_equal(world, points, whole_at)


WholeAt: TypeAlias = Callable[[datetime], AnyWhole | None]
Curve: TypeAlias = tuple[Sequence[AnyPoint], WholeAt]
"""The points of a curve, and its whole computed for one moment alone."""


def ids(world: World, table: str) -> list[UUID]:
    query = sql.SQL("select id from {} where version = 1 order by born").format(sql.Identifier(table))
    return [id for (id,) in world.conn.execute(query).fetchall()]


def of_objectives(world: World, every: Step) -> Iterator[Curve]:
    wanted = ids(world, "objective")
    found = curves.of_objectives(world.conn, world.now, wanted, Span(every))
    history = timeline.of_objectives(world.conn, world.now, wanted)
    for id in wanted:
        yield found[id], alone(world, history, partial(Figures.objective, id=id))


def of_cycles(world: World, every: Step) -> Iterator[Curve]:
    """Of all cycles at once, and of each cycle alone."""
    wanted = ids(world, "cycle")
    found = curves.of_cycles(world.conn, world.now, wanted, Span(every))
    history = timeline.of_cycles(world.conn, world.now, wanted)
    for id in wanted:
        by_itself = curves.of_cycles(world.conn, world.now, [id], Span(every))
        for points in (found[id], by_itself[id]):
            yield points, alone(world, history, partial(Figures.cycle, id=id))


def of_teams(world: World, every: Step) -> Iterator[Curve]:
    wanted = ids(world, "team")
    for cycle in (None, ids(world, "cycle")[2]):
        found = curves.of_teams(world.conn, world.now, wanted, Span(every), cycle, include_subteams=True)
        history = timeline.of_teams(world.conn, world.now, wanted, cycle, None)
        for id in wanted:
            of = TeamFigures(history, cycle, include_subteams=True)
            yield found[id], alone(world, history, partial(of.team, id))


def alone(world: World, history: Timeline, whole: Callable[[Figures], AnyWhole | None]) -> WholeAt:
    """The whole by figures that are made for one moment."""
    position = world.now.position
    return lambda at: whole(Figures(history, Horizon(at, position)))


def assert_equal(world: World, points: Sequence[AnyPoint], whole_at: WholeAt) -> None:
    now = world.now.at
    for point in points:
        if point.at <= now:
            assert (point.at, shown(point)) == (point.at, of_whole(whole_at(point.at)))


def shown(point: AnyPoint) -> tuple[Any, ...]:
    figures = rounded(point.value, point.expected, point.health, point.confidence)
    return figures, dict(point.of_key_results or {}), dict(point.of_objectives or {})


def of_whole(whole: AnyWhole | None) -> tuple[Any, ...]:
    if whole is None:
        return rounded(None, None, None, None), {}, {}
    figures = rounded(whole.value, whole.expected, whole.health, whole.confidence)
    return figures, counted(whole.key_results), counted(whole.counted)


def counted(parts: Sequence[Any]) -> dict[Any, int]:
    healths = [part.health for part in parts]
    return {health: healths.count(health) for health in healths}


def rounded(*values: Any) -> tuple[Any, ...]:
    return tuple(round(value, 9) if isinstance(value, float) else value for value in values)


# ── the API ──────────────────────────────────────────────────────────────────────────────────────


@on_histories(3)
def test_every_point_of_a_curve_is_the_whole_as_of_that_moment(case: Case) -> None:
    world = case.world
    position = len(case.log.events)
    for every in ("CHANGE", "DAY"):
        points = moments(world, every)
        for at in Random(case.seed).sample(sorted(points), min(MOMENTS_MAX, len(points))):
            found = world.ask(AT, at=at, position=position, ids=[id for id, _ in points[at]])["asOf"]["nodes"]
            answered = {node["entityId"]: node for node in found if node is not None}
            for (id, name), point in points[at].items():
                assert same(point, as_of(answered.get(id), name, point)), (every, at, id, name)


@on_histories(3)
def test_each_moment_of_a_film_has_the_figures_of_the_cycle_and_its_goals_as_of_that_moment(case: Case) -> None:
    world = case.world
    with unlimited():
        films = world.ask(FILMS)["cycles"]["nodes"]
    for cycle in films:
        film, id = cycle["film"], cycle["entityId"]
        assert [point["at"] for point in film["points"]][: len(film["at"])] == film["at"]
        for place in Random(case.seed).sample(range(len(film["at"])), min(4, len(film["at"]))):
            at = film["at"][place]
            then = world.ask(GOALS_AT, at=at, position=len(case.log.events), cycle={"id": id})["asOf"]["cycle"]
            assert same(filmed(film, place), goals_of(then)), (id, at)
        with unlimited():
            found = world.ask(FILM_OF, cycle={"id": id}, ids=[one["entityId"] for one in film["objectives"]])["cycle"]
        assert found["some"] == {**found["all"], "points": []}
        for place in range(len(film["at"]) - 1):
            assert same(filmed(found["all"], place), filmed(film, place)), (id, film["at"][place])


COLUMNS = "entityId values expecteds healths confidences"
FILMED = f"at points {{ at value expected health }} objectives {{ {COLUMNS} }} keyResults {{ {COLUMNS} currents }}"
FILMS = f"{{ cycles(first: 50) {{ nodes {{ entityId film(every: DAY) {{ {FILMED} }} }} }} }}"
FILM_OF = f"""query($cycle: CycleBy!, $ids: [ID!]) {{ cycle(by: $cycle) {{
    all: film {{ {FILMED} }} some: film(objectives: $ids) {{ {FILMED} }} }} }}"""
GOALS_AT = f"""query($at: DateTime!, $position: Position!, $cycle: CycleBy!) {{ asOf(at: $at, position: $position) {{
    cycle(by: $cycle) {{ progress {{ value expected health }}
        objectives(first: 200) {{ nodes {{ entityId progress {{ {PROGRESS} }}
            keyResults {{ entityId current progress {{ {PROGRESS} }} }} }} }} }} }} }}"""
NAMES = {"values": "value", "expecteds": "expected", "healths": "health", "confidences": "confidence"}


def filmed(film: Any, place: int) -> Any:
    """The cycle, and its goals by id, at a moment of a film; a goal without health and value is not in the cycle."""
    found = {}
    for one in [*film["objectives"], *film["keyResults"]]:
        figures = {name: one[column][place] for column, name in NAMES.items()}
        if any(value is not None for value in figures.values()):
            found[one["entityId"]] = {**figures, "current": one["currents"][place] if "currents" in one else None}
    point = film["points"][place]
    return {name: point[name] for name in ("value", "expected", "health")}, found


def goals_of(cycle: Any) -> Any:
    """The same of a cycle as of a moment."""
    if cycle is None:
        return dict.fromkeys(("value", "expected", "health")), {}
    objectives = cycle["objectives"]["nodes"]
    goals = [*objectives, *(key_result for one in objectives for key_result in one["keyResults"])]
    found = {one["entityId"]: {**one["progress"], "current": one.get("current")} for one in goals}
    is_known = {id: one for id, one in found.items() if any(one[name] is not None for name in NAMES.values())}
    return cycle["progress"], is_known


def moments(world: AskedWorld, every: str) -> dict[str, dict[tuple[str, str], Any]]:
    """By moment up to the present: the points there, by entity and field."""
    with unlimited():
        answer = world.ask(CURVES % {"every": every, "fields": POINT})
    now = world.ask("{ basis { at } }")["basis"]["at"]
    found: dict[str, dict[tuple[str, str], Any]] = {}
    for kind in ("objectives", "cycles", "teams"):
        for node in answer[kind]["nodes"]:
            for name in node.keys() - {"entityId"}:
                for point in node[name]:
                    if point["at"] < now and point["health"] is not None:
                        found.setdefault(point["at"], {})[node["entityId"], name] = flat(point)
    return found


def flat(point: Any) -> Any:
    """A point without its moment; counts by health."""
    return {name: by_health(value) for name, value in point.items() if name != "at"}


def by_health(value: Any) -> Any:
    return {one["health"]: one["count"] for one in value} if isinstance(value, list) else value


def as_of(node: Any, name: str, point: Any) -> Any:
    """What the node answers; counts that were not asked for are those of the point."""
    if node is None:
        return None
    counts = {} if name == "own" else {key: by_health(node[key]) for key in point.keys() & node.keys()}
    return {**point, **node["own" if name == "own" else "progress"], **counts}
