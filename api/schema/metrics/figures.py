"""The figures of key results, objectives, teams and cycles at a view, each computed for all siblings at once.

They are worked out from kept standings. Objectives that take their value from others, and closed cycles of cycles, are
computed from a timeline. What explains a figure is read from the rows of key results and their measurements.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

from msgspec import structs

from api.schema.metrics.cycle_figures import AnyCycle, CycleFigures, Objectives
from api.schema.metrics.progress import HealthCount, Progress, by_health, live_key_results
from api.snapshot.dataloaders import of_each
from api.snapshot.snapshot import Batch, View, as_batch
from domain.metrics import wholes
from domain.metrics.attention.due import Due
from domain.metrics.progress import KeyResultProgress
from domain.metrics.wholes import Counted, GroupProgress, ObjectiveProgress
from domain.primitives.values import Basis, CycleState
from projections.attention.owed import owed_check_ins
from projections.figures import formula_inputs, kept_figures, latest_standings, timeline
from projections.figures.figures import Figures
from projections.figures.goal_columns import Goals, KeyResultColumns, ObjectiveColumns, Part, PartColumns
from projections.figures.horizon import Horizon
from projections.figures.latest_standings import Context
from projections.figures.standing import Standing
from projections.figures.timeline import Timeline
from projections.figures.window import End, end_of_cycle
from projections.standings.kept_columns import KeptColumns
from projections.store.columnar import distinct_of, values_of
from projections.tables import alignment, cycle, kpi, objective, people
from projections.tables.cycle import CycleRow
from projections.tables.key_result import KeyResultRow
from projections.tables.objective import AnyObjective, Goal

# ── key results ──────────────────────────────────────────────────────────────────────────────────


class Measured(NamedTuple):
    """A key result in its context, with its latest measurements."""

    context: Context
    standing: Standing


def measured(batch: Batch) -> Sequence[Measured]:
    """The context and the standing of each of these key results."""
    with batch.view.reads.on_one_connection():
        contexts = _contexts(batch.view, batch.rows)
        return list(map(Measured, contexts, batch.view.read(latest_standings.standings, contexts)))


def _contexts(view: View, rows: Sequence[KeyResultRow]) -> Sequence[Context]:
    objectives = view.by_id(objective.objectives, map(attrgetter("objective"), rows))
    cycles = view.by_id(cycle.cycles, {objectives[row.objective].cycle for row in rows})
    linked = list(filter(None, map(attrgetter("kpi"), rows)))
    kpis = view.by_id(kpi.kpis, linked) if linked else {}
    return latest_standings.contexts(view.basis, rows, objectives, cycles, kpis, view.settings.calendars)


def explained_key_results(batch: Batch) -> Sequence[KeyResultProgress]:
    """The progress of each of these key results, with the facts that explain it."""
    view, of = batch.view, batch.all(measured)
    changed = [one.row.objective for one, _ in of if one.is_changed_after_end]
    figures = _figures(view, timeline.of_objectives, changed) if changed else None
    return [
        (figures is not None and one.is_changed_after_end and figures.key_result(one.row.id))
        or latest_standings.progress_of(one, standing, view.settings, view.basis)
        for one, standing in of
    ]


def of_key_results(batch: Batch) -> KeyResultColumns:
    """The progress of each of these key results, and its latest measurements."""
    view, births = batch.view, batch.column("born")
    of = _known(view)
    places = of.places_of(births) if of.frames else None
    if places is None:
        with view.reads.on_one_connection() as conn:
            kept_figures.add_parts(conn, _goals(view, objectives_of_key_results(batch)), of)
        places = of.places_of(births)
        assert places is not None
    return KeyResultColumns(of, places)


def parts(batch: Batch) -> Sequence[Part]:
    """Each of these key results with its progress and its latest measurements."""
    return batch.all(of_key_results).parts


def dues(batch: Batch) -> Sequence[Due | None]:
    """The next check-in of each of these key results; None if it owes none."""
    of, parts = parts_of(batch.view, objectives_of_key_results(batch))
    owed = {one.place: one.due for one in owed_check_ins(of, parts)}
    return [owed.get(parts.places[born]) for born in batch.column("born")]


def objectives_of_key_results(batch: Batch) -> Sequence[AnyObjective]:
    """The objectives of these key results, each once."""
    ids = dict.fromkeys(batch.column("objective"))
    return list(map(batch.view.by_id(objective.goals, ids).__getitem__, ids))


def shown_parts(view: View, rows: Sequence[AnyObjective], shown: tuple[str, ...]) -> tuple[PartColumns, KeptColumns]:
    """The key results of these objectives with their progress, of which the view has read none yet, and their standings
    with the columns `shown`, see `projections.standings.kept_rows.SHOWN`."""
    view.remember(objective.goals, rows)
    known = _known(view)
    return known, view.reads.read(kept_figures.add_parts, _goals(view, rows), known, shown)


def keep_parts(view: View, rows: Sequence[AnyObjective], kept: KeptColumns) -> PartColumns:
    """The key results of these objectives with their progress, of which the view has read none yet, from their kept
    standings."""
    view.remember(objective.goals, rows)
    known = _known(view)
    kept_figures.add_kept(view.reads.connection, _goals(view, rows), known, kept)
    return known


def parts_of(view: View, rows: Sequence[AnyObjective]) -> tuple[Goals, PartColumns]:
    """These objectives with what is in force, and the key results of each with their progress, among others; a view
    computes them once."""
    of = _goals(view, rows)
    return of, _with_parts(view, rows, of)


def _with_parts(view: View, rows: Sequence[AnyObjective], of: Goals | None = None) -> PartColumns:
    """The key results of each of these objectives with their progress, among others. `of`: these objectives with what
    is in force."""
    known = _known(view)
    if not all(map(known.frames.__contains__, values_of(rows, "born"))):
        view.reads.read(kept_figures.add_parts, of or _goals(view, rows), known)
    return known


def _goals(view: View, rows: Sequence[AnyObjective]) -> Goals:
    cycles, rules = view.cycles(distinct_of(rows, "cycle"))
    return Goals(view.basis, rows, cycles, view.settings, rules)


def has_parts(view: View) -> bool:
    """Whether key results have been read with their progress at a view."""
    return bool(_known(view).frames)


def _known(view: View) -> PartColumns:
    """The key results that were computed at a view."""
    known: PartColumns = view.kept.setdefault(PartColumns, PartColumns())
    return known


# ── objectives ───────────────────────────────────────────────────────────────────────────────────


OBJECTIVES_NEED: Final = frozenset(Goal._fields)
"""The columns of objectives that their figures need."""


def of_objectives(batch: Batch) -> ObjectiveColumns:
    """The progress of each of these objectives."""
    view, rows = batch.view, batch.having(OBJECTIVES_NEED)
    view.remember(objective.goals, rows)
    return progress_of(view, rows, _with_parts(view, rows))


def progress_of(view: View, rows: Sequence[AnyObjective], parts: PartColumns) -> ObjectiveColumns:
    """The progress of each of these objectives, whose key results are among these parts."""
    sizes = parts.own(values_of(rows, "born")).sizes
    others = [rows[number] for number, size in enumerate(sizes) if not size] if 0 in sizes else []
    return ObjectiveColumns(rows, parts, _apart(view, _goals(view, others), parts, others) if others else {})


def _apart(view: View, of: Goals, parts: PartColumns, rows: Sequence[AnyObjective]) -> dict[int, ObjectiveProgress]:
    """The progress of these objectives, of which the key results do not tell it, by the position of their drafting."""
    headings = _open_headings(view, [row for row in rows if kept_figures.is_open_heading(of, row, parts)])
    apart = headings | _from_histories(view, [row.id for row in rows if row.id not in headings])
    return {row.born: apart[row.id] for row in rows}


def _open_headings(view: View, rows: Sequence[AnyObjective]) -> dict[UUID, ObjectiveProgress]:
    """The progress of each of these open objectives, which take their value from others."""
    supporters = view.read(alignment.direct_supporters, [row.id for row in rows]) if rows else {}
    wanted = {id for ids in supporters.values() for id in ids}
    goals = view.by_id(objective.goals, wanted) if wanted else {}
    asked = [goals[id] for id in wanted if id in goals]
    known = view.computed(of_objectives, asked)
    cycles = view.by_id(cycle.cycles, {one.cycle for one in (*rows, *asked)})
    found = {}
    for row in rows:
        own = [goals[id] for id in supporters[row.id] if id in goals]
        counted = [one.id for one in own if cycles[row.cycle].overlaps(cycles[one.cycle])]
        facts = formula_inputs.of_objective(row)
        found[row.id] = wholes.of_heading(facts, [known[id] for id in counted], view.scoring)
    return found


def explained_objectives(batch: Batch) -> Sequence[ObjectiveProgress]:
    """The progress of each of these objectives, with the facts that explain it."""
    groups = of_each(batch.all(live_key_results), explained_key_results)
    return [
        of if _is_explained(of) else structs.replace(of, parts=tuple(parts))
        for of, parts in zip(batch.all(of_objectives), groups, strict=True)
    ]


def _is_explained(of: ObjectiveProgress) -> bool:
    return of.is_heading or all(isinstance(part, KeyResultProgress) for part in of.parts)


def _from_histories(view: View, ids: Sequence[UUID]) -> dict[UUID, ObjectiveProgress]:
    """The progress of objectives that depend on more than their key results at the view, from a timeline."""
    figures = _figures(view, timeline.of_objectives, ids) if ids else None
    return {} if figures is None else {id: part for id in ids if (part := figures.objective(id)) is not None}


def _figures(view: View, read: Callable[..., Timeline], ids: Sequence[UUID]) -> Figures:
    return Figures(view.read(read, ids), Horizon.of(view.basis))


# ── cycles ───────────────────────────────────────────────────────────────────────────────────────


def of_cycles(batch: Batch) -> Sequence[AnyCycle]:
    """The progress of each of these cycles."""
    view, rows = batch.view, batch.rows
    own = _own_objectives(view, [row.id for row in rows])
    bare = [row for row in rows if not own[row.id].in_mean.places]
    frozen = [row.id for row in bare if end_of_cycle(row) is not None]
    figures = _figures(view, timeline.of_cycles, frozen) if frozen else None
    inside = _children(view, [row.id for row in bare if end_of_cycle(row) is None])
    return [
        _of_cycle(view, row, own[row.id], inside.get(row.id, ()))
        if figures is None or row.id not in frozen
        else figures.cycle(row.id)
        for row in rows
    ]


def _of_cycle(view: View, row: CycleRow, own: Objectives, children: Sequence[AnyCycle]) -> CycleFigures:
    return CycleFigures(formula_inputs.of_cycle(row), own, children, view.policies.in_force(end_of_cycle(row)))


def _own_objectives(view: View, cycles: Sequence[UUID]) -> dict[UUID, Objectives]:
    goals = view.read(objective.goals_of_cycles, cycles)
    figures = Batch(view, goals).all(of_objectives)
    found: dict[UUID, list[int]] = {id: [] for id in cycles}
    for place, goal in enumerate(goals):
        found[goal.cycle].append(place)
    return {id: Objectives(goals, figures, places) for id, places in found.items()}


def _children(view: View, cycles: Sequence[UUID]) -> dict[UUID, list[AnyCycle]]:
    """The progress of the activated cycles inside each of these open cycles."""
    rows = view.read(cycle.cycles_within, cycles) if cycles else {}
    active = {id: [row for row in group if row.state.was_activated] for id, group in rows.items()}
    found = view.computed(of_cycles, [row for group in active.values() for row in group])
    return {id: [found[row.id] for row in group] for id, group in active.items()}


# ── teams ────────────────────────────────────────────────────────────────────────────────────────


def of_teams(batch: Batch, of_cycle: UUID | None, include_subteams: bool) -> Sequence[GroupProgress]:
    """The progress of each of these teams in a cycle, by default in all active cycles. In a closed cycle, the teams
    are those at its closing."""
    view, ids = batch.view, [row.id for row in batch.rows]
    closed = None if of_cycle is None else _closed(view, of_cycle)
    then = view if closed is None else view.reads.at(Basis(closed.at, view.basis.position))
    inside = then.read(people.teams_inside, ids) if include_subteams else {id: {id} for id in ids}
    rows = _goals_of_teams(then, set().union(*inside.values()), of_cycle)
    current = view.by_id(objective.goals, [row.id for row in rows])
    parts = view.computed(of_objectives, [current[row.id] for row in rows])
    policy = view.policies.in_force(closed)
    return [wholes.of_team([parts[one] for one in owned], policy) for owned in _owned(rows, [inside[id] for id in ids])]


def _owned(rows: Sequence[Goal], groups: Sequence[set[UUID]]) -> Iterator[list[UUID]]:
    """For each group of teams, the objectives that one of them owns, in the order of the rows."""
    places: dict[UUID | None, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(row.team, []).append(place)
    for teams in groups:
        yield [rows[place].id for place in sorted(place for team in teams for place in places.get(team, ()))]


def _closed(view: View, of_cycle: UUID) -> End | None:
    row = view.by_id(cycle.cycles, [of_cycle]).get(of_cycle)
    return None if row is None else end_of_cycle(row)


def _goals_of_teams(view: View, teams: set[UUID], of_cycle: UUID | None) -> list[Goal]:
    """The objectives of these teams in a cycle, or in all active cycles."""
    goals = view.read(objective.goals_of_teams, sorted(teams), of_cycle)
    if of_cycle is not None:
        return goals
    cycles = view.by_id(cycle.cycles, {goal.cycle for goal in goals})
    return [goal for goal in goals if cycles[goal.cycle].state is CycleState.ACTIVE]


# ── counts by health ─────────────────────────────────────────────────────────────────────────────


def counts_of_objectives(batch: Batch) -> Sequence[list[HealthCount]]:
    """The key results of each of these objectives, by health."""
    return [by_health(Counter(healths)) for healths in batch.all(of_objectives).column("healths")]


def counts_of_groups(groups: Sequence[AnyCycle | GroupProgress], of: Counted) -> Sequence[list[HealthCount]]:
    """The objectives or key results in each of these wholes, by health."""
    return [by_health(Counter(one.healths(of))) for one in groups]


def counts_of_cycles(batch: Batch, of: Counted) -> Sequence[list[HealthCount]]:
    return counts_of_groups(batch.all(of_cycles), of)


def counts_of_teams(batch: Batch, of_cycle: UUID | None, include_subteams: bool, of: Counted) -> Any:
    return counts_of_groups(batch.all(of_teams, of_cycle, include_subteams), of)


def scores_of_cycles(batch: Batch) -> Sequence[float | None]:
    """The score of each of these cycles; None while it is open."""
    return [one.score for one in batch.all(of_cycles)]


def shown_teams(batch: Batch, of_cycle: UUID | None, include_subteams: bool) -> Sequence[Progress]:
    """The progress of each of these teams, as objects of the API."""
    return as_batch(Progress, batch.view, batch.all(of_teams, of_cycle, include_subteams))
