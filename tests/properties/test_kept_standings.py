"""Figures from kept standings equal those of the formula, at any basis, and a rebuild keeps the rows that grew."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.metrics import progress
from domain.metrics.progress import KeyResultProgress, Progress
from domain.primitives.values import Basis
from projections.engine.projector import Projector
from projections.engine.rebuild import create, rebuild
from projections.figures import kept_figures, timeline
from projections.figures.figures import Figures
from projections.figures.goal_columns import Goals, KeyResultColumns, ObjectiveColumns, PartColumns
from projections.figures.horizon import Horizon
from projections.standings import kept_rows
from projections.standings.kept_columns import KeptColumns
from projections.standings.kept_rows import KEPT
from projections.store import basis as bases
from projections.store.columnar import Columnar
from projections.store.versioned_tables import Connection
from projections.tables import cycle, key_result, objective
from tests.properties.conftest import World, Worlds
from tests.properties.goal_histories import GoalHistory
from tests.properties.histories import moments

pytestmark = [pytest.mark.long, pytest.mark.no_cover]

laws = settings(settings.get_profile("laws"), max_examples=4)
SEEDS = st.integers(0, 2**32 - 1)
COMMANDS = 220
AN_INSTANT = timedelta(microseconds=1)
THRESHOLDS_MAX = 12

SHOWN = (
    "value", "unclamped", "expected", "health", "gap", "measured_share", "confidence", "confidence_lowest", "weight",
)  # fmt: skip


def shown(of: Progress | None) -> object:
    return None if of is None else tuple(getattr(of, name, None) for name in SHOWN)


def grown(world: World, chance: Random) -> None:
    """A random history whose events reach the projections in batches of any size."""
    name = world.database.settings.workspace
    with world.database.connect() as conn:
        create(conn, name)

    def catch_up(*_: object) -> None:
        if chance.random() < 0.2:
            Projector(world.log, world.database.connect, chance.choice([1, 3, 40]), name).catch_up()

    GoalHistory(world.keyframe, chance, datetime.now(UTC).date()).live(COMMANDS, catch_up)
    Projector(world.log, world.database.connect, 7, name).catch_up()


def asked(world: World, conn: Connection, chance: Random) -> Iterator[Basis]:
    """The present, positions of the past, and moments of the world as they are known now and as they were known at
    another time."""
    log = world.log.entries(0, 100_000)
    effective, recorded = [entry.effective_at for entry in log], [entry.recorded_at for entry in log]
    yield bases.now(conn)
    for at, known in zip(moments(effective, chance, 8), moments(recorded, chance, 8), strict=True):
        yield bases.at_time(conn, at)
        yield bases.at_time(conn, at, known)
    for entry in chance.sample(log, 8):
        level = bases.at_position(conn, entry.position)
        assert level is not None
        yield level
        yield Basis(entry.effective_at, chance.randint(1, log[-1].position))


def check(conn: Connection, basis: Basis) -> list[KeyResultProgress]:
    """Every figure of a basis, from rows and from histories. Returns those of the key results."""
    rows = list(objective.goals_of_cycles(conn, basis, list(cycles := by_id(conn, basis))))
    known = cycle.settings(conn, basis)
    goals = Goals(basis, rows, cycles, known, {})
    parts = PartColumns()
    kept = kept_figures.add_parts(conn, goals, parts, kept_rows.SHOWN)
    check_shown(conn, basis, kept)
    figures = Figures(timeline.of_objectives(conn, basis, [row.id for row in rows]), Horizon.of(basis))
    found: list[KeyResultProgress] = []
    for row in rows:
        versions = [
            figures.timeline.key_results[id].at(figures.horizon) for id in figures.timeline.of_objective[row.id]
        ]
        ids = {one.born: one.id for one in versions if one is not None and one.objective == row.id}
        assert ids.keys() == parts[row.born].keys()
        for born, part in parts[row.born].items():
            expected = figures.key_result(ids[born])
            assert expected is not None
            found.append(expected)
            assert (basis, ids[born], shown(part.progress)) == (basis, ids[born], shown(expected))
    sizes = parts.own([row.born for row in rows]).sizes
    own = [row for row, size in zip(rows, sizes, strict=True) if size]
    wholes = as_columns(ObjectiveColumns(own, parts, {}))
    for some in (own[::-1], own[1::3], own[:1]):
        as_columns(ObjectiveColumns(some, parts, {}))
    assert [(basis, row.id, shown(figures.objective(row.id))) for row in own] == [
        (basis, row.id, shown(whole)) for row, whole in zip(own, wholes, strict=True)
    ]
    as_columns(KeyResultColumns(parts, range(len(parts.kept))))
    return found


def check_shown(conn: Connection, basis: Basis, kept: KeptColumns) -> None:
    """What kept standings show of key results is in their versions at the basis."""
    of = {name: kept.shown[name] for name in kept_rows.SHOWN} | {name: kept.loaded(name) for name in ("born", "due")}
    of["metric"] = list(map(KEPT.loads("metric"), of["metric"]))
    rows = list(map(key_result.key_results(conn, basis, of["id"]).__getitem__, of["id"]))
    assert {name: (basis, values) for name, values in of.items()} == {
        name: (basis, [getattr(row, name) for row in rows]) for name in of
    }


def as_columns(of: Columnar[Any]) -> Sequence[Any]:
    """The records of columns, which have the figures of the columns."""
    columns = {name: list(of.column(name)) for name in SHOWN if name != "weight"}
    assert columns == {name: [getattr(one, name) for one in of.records] for name in columns}
    return of.records


def by_id(conn: Connection, basis: Basis) -> dict[UUID, cycle.CycleRow]:
    ids = [id for (id,) in conn.execute("select id from cycle where version = 1 and position <= %s", [basis.position])]
    return dict(cycle.cycles(conn, basis, ids))


def thresholds(of: KeyResultProgress, basis: Basis, policy: object) -> Iterator[datetime]:
    """When the health of a key result changes without an event."""
    course = progress.course(of.of, policy)  # type: ignore[arg-type]
    yield from filter(None, (course.pace.pending_until, course.pace.silent_after, of.of.begins_at, of.of.due_at))
    low, high = of.of.begins_at, of.of.due_at
    if course.at(low).health is course.at(high).health:
        return
    while high - low > AN_INSTANT:
        middle = low + (high - low) / 2
        low, high = (middle, high) if course.at(middle).health is course.at(low).health else (low, middle)
    yield high


@laws
@given(seed=SEEDS)
def test_kept_standings_give_the_figures_of_the_formula(worlds: Worlds, seed: int) -> None:
    chance = Random(seed)
    with worlds() as world:
        grown(world, chance)
        with world.database.connect() as conn:
            for basis in asked(world, conn, chance):
                found = check(conn, basis)
            at = bases.now(conn)
            policy = cycle.settings(conn, at).policy
            some = [moment for one in found for moment in thresholds(one, at, policy) if moment < at.at]
            for moment in chance.sample(some, min(len(some), THRESHOLDS_MAX)):
                for near in (moment - AN_INSTANT, moment, moment + AN_INSTANT):
                    check(conn, Basis(near, at.position))


@laws
@given(seed=SEEDS)
def test_a_rebuild_keeps_the_standings_that_grew(worlds: Worlds, seed: int) -> None:
    chance = Random(seed)
    with worlds() as world, world.database.connect() as conn:
        grown(world, chance)
        before = list(KEPT.dump(conn))
        assert before
        rebuild(world.log, world.database.connect, workspace=world.database.settings.workspace, batch_size=500)
        assert list(KEPT.dump(conn)) == before
