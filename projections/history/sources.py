"""The sources of a cycle's value: the goals, alignments and other cycles that it may come from, at any moment of a
timeline."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from uuid import UUID

from domain.primitives.values import ObjectiveState
from projections.figures.timeline import Timeline, is_live
from projections.store.rows import Version
from projections.tables.alignment import Support


class Sources(NamedTuple):
    """`objectives`: those of the cycle, of the cycles that give it its value, and those that give one of these its
    value. `alignments`: the ones by which they do. `cycles`: those of these objectives, and those that give the cycle
    its value; without the cycle itself."""

    objectives: list[UUID]
    alignments: list[Support]
    cycles: list[UUID]


def sources(timeline: Timeline, cycle: UUID) -> Sources:
    """The sources of a cycle, from a timeline of it."""
    within = _within(timeline, cycle)
    own = [id for one in within for id in timeline.objectives_of_cycle(one)]
    alignments = list(_alignments(timeline, own))
    objectives = list(dict.fromkeys([*own, *(edge.objective for edge in alignments)]))
    homes = [row.cycle for id in objectives for row in timeline.objectives[id].versions]
    return Sources(objectives, alignments, [one for one in dict.fromkeys([*within, *homes]) if one != cycle])


def givers(timeline: Timeline, objectives: Iterable[UUID]) -> list[UUID]:
    """These objectives, and those that may have given one of them its value at any moment, directly or not."""
    own = list(objectives)
    return list(dict.fromkeys([*own, *(edge.objective for edge in _alignments(timeline, own))]))


# ── cycles inside ────────────────────────────────────────────────────────────────────────────────


def _within(timeline: Timeline, cycle: UUID) -> list[UUID]:
    """The cycle and those inside it that may have given it its value, directly or not."""
    children = [id for id, history in timeline.cycles.items() if history.versions[0].parent == cycle]
    if not _may_take_from(timeline, cycle, children):
        return [cycle]
    return [cycle, *(id for child in children for id in _within(timeline, child))]


def _may_take_from(timeline: Timeline, cycle: UUID, children: Iterable[UUID]) -> bool:
    """Whether these children may ever have given the cycle's value: not if an objective of its own counts since before
    the first of them was activated."""
    versions = [version for id in children for version in timeline.cycles[id].versions]
    activated = [version for version in versions if version.state.was_activated]
    if not activated:
        return False
    first = min(activated, key=lambda version: version.position)
    return not any(_counts_since(timeline, cycle, id, first) for id in timeline.objectives_of_cycle(cycle))


def _counts_since(timeline: Timeline, cycle: UUID, objective: UUID, since: Version) -> bool:
    """Whether an objective counts in a cycle by a key result of its own from an event on, up to the end of the
    timeline."""
    versions = timeline.objectives[objective].versions
    earlier = sum(_is_before(version, since) for version in versions)
    later = versions[max(earlier - 1, 0) :]
    counts = all(one.state in _COUNTING and one.cycle == cycle for one in later)
    histories = [timeline.key_results[id].versions for id in timeline.of_objective[objective]]
    settled = [rows for rows in histories if all(row.objective == objective for row in rows)]
    is_measurable = any(is_live(rows[-1]) and _is_before(rows[0], since) for rows in settled)
    return earlier > 0 and counts and is_measurable


_COUNTING = (ObjectiveState.ACTIVE, ObjectiveState.CLOSED)


def _is_before(version: Version, other: Version) -> bool:
    return version.position < other.position and version.changed_at <= other.changed_at


# ── supporters ───────────────────────────────────────────────────────────────────────────────────


def _alignments(timeline: Timeline, objectives: Iterable[UUID]) -> Iterator[Support]:
    """The alignments by which others may have given these objectives their value, directly or not."""
    found = dict.fromkeys(objectives)
    level = list(found)
    while level:
        edges = [edge for id in level for edge in _taken(timeline, id)]
        yield from edges
        level = list(dict.fromkeys(edge.objective for edge in edges if edge.objective not in found))
        found |= dict.fromkeys(level)


def _taken(timeline: Timeline, objective: UUID) -> Iterator[Support]:
    if timeline.may_take_from_others(objective):
        yield from (edge for edge in timeline.edges[objective] if edge.objective in timeline.objectives)
