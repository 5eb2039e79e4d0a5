"""Figures of goals at a basis from kept standings: without the definitions and measurements of key results.

Key results that depend on a KPI are computed by the formula from rows, and so are those that were changed after their
end; see docs/adr/0052.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from operator import attrgetter
from typing import Any, cast

from domain.metrics import open_columns, progress
from domain.metrics.formulas import clamped
from domain.metrics.open_columns import OpenKeyResults
from domain.metrics.progress import Judged, KeyResultProgress
from domain.metrics.rating import Health
from projections.figures import latest_standings, timeline
from projections.figures.figures import Figures
from projections.figures.goal_columns import JUDGED, Goals, Judgement, Part, PartColumns
from projections.figures.horizon import Horizon
from projections.figures.kept_frames import Frame, Rulebook
from projections.figures.window import End, end_of_goal
from projections.standings import kept_columns
from projections.standings.kept_columns import Kept, KeptColumns
from projections.store.columnar import at_places, tuples_of, values_of
from projections.store.stored_times import moment, stored
from projections.store.versioned_tables import Connection
from projections.tables.key_result import KeyResultRow, key_results_by_birth
from projections.tables.kpi import KPI
from projections.tables.objective import AnyObjective


def add_parts(conn: Connection, of: Goals, to: PartColumns, shown: tuple[str, ...] = ()) -> KeptColumns:
    """Add the key results of those of these objectives that are missing there, from their kept standings. Returns
    these, with the columns `shown`, see `projections.standings.kept_rows.SHOWN`."""
    rows = [row for row in of.rows if row.born not in to.policies] if to.policies else of.rows
    ids = dict(tuples_of(rows, "born", "id"))  # each once; Python computes the hash of a UUID, but not of an integer
    kept = kept_columns.of_objectives(conn, of.basis, list(ids.values()), shown)
    add_kept(lambda: nullcontext(conn), of._replace(rows=rows), to, kept)
    return kept


def add_kept(
    connect: Callable[[], AbstractContextManager[Connection]], of: Goals, to: PartColumns, kept: KeptColumns
) -> None:
    """Add the key results of these objectives, which are missing there, from their kept standings. `connect` gives a
    connection for what standings do not have."""
    book = Rulebook(of.basis.at, of.cycles, of.settings)
    frames = dict(zip(values_of(of.rows, "born"), book.frames(of.rows), strict=True))
    figures, others = _judged(frames, kept)
    by_rows: dict[int, Part] = {}
    if others:
        with connect() as conn:
            by_rows = dict(zip(others, _by_rows(conn, of, list(map(kept.at, others))), strict=True))
    for place, part in by_rows.items():
        _put(figures, place, part.judgement)
    to.add(dict(zip(frames, map(attrgetter("policy"), frames.values()), strict=True)), kept, figures, by_rows)


def is_open_heading(of: Goals, row: AnyObjective, parts: PartColumns) -> bool:
    """Whether an objective takes its value from others, and has not ended."""
    return parts.is_bare(row.born) and end_of_goal(row, of.cycles[row.cycle]) is None


def judged(of: Goals, parts: PartColumns) -> Iterator[tuple[int, Judged, bool]]:
    """The key results of those of these objectives that are open, dropped ones aside, by their places: what the health
    of each depends on, and whether its goal is to hold what is given."""
    book = Rulebook(of.basis.at, of.cycles, of.settings)
    for row in of.rows:
        frame = Frame(book, row)
        for place in parts.live(row.born) if frame.ended is None else ():
            if place in parts.by_rows:
                facts = cast("KeyResultProgress", parts.by_rows[place].progress).of
                yield place, facts, progress.is_level(facts.measured_metric)
            else:
                yield place, _facts(frame, parts.kept, place), parts.kept.columns["is_level"][place]


# ── by the formula from rows ─────────────────────────────────────────────────────────────────────


def _by_rows(conn: Connection, of: Goals, others: Sequence[Kept]) -> Iterator[Part]:
    """The key results that depend on a KPI, or were changed or measured after their end."""
    rows = key_results_by_birth(conn, of.basis, [one.born for one in others])
    kpis = KPI.by_id(conn, of.basis, {row.kpi for row in rows.values() if row.kpi is not None})
    objectives = {row.id: row for row in of.rows}
    in_order = [rows[one.born] for one in others]
    contexts = latest_standings.contexts(of.basis, in_order, objectives, of.cycles, kpis, of.settings.calendars)
    standings = latest_standings.standings(conn, of.basis, contexts)
    figures = _figures(conn, of, [context.row for context in contexts if context.is_changed_after_end])
    for one, context, standing in zip(others, contexts, standings, strict=True):
        if figures is not None and context.is_changed_after_end:
            yield Part(one, figures.of_version(context.row), standing, is_apart=True)
        else:
            yield Part(one, latest_standings.progress_of(context, standing, of.settings, of.basis), standing)


def _figures(conn: Connection, of: Goals, changed: Sequence[KeyResultRow]) -> Figures | None:
    """The figures by the histories of the objectives of these key results."""
    if not changed:
        return None
    history = timeline.of_objectives(conn, of.basis, list({row.objective for row in changed}))
    return Figures(history, Horizon.of(of.basis))


# ── from kept standings ──────────────────────────────────────────────────────────────────────────


def _judged(frames: Mapping[int, Frame], kept: KeptColumns) -> tuple[list[list[Any]], list[int]]:
    """The figures of key results as columns, see `JUDGED`, and the places of those that depend on a KPI, or were
    changed or measured after their end. `frames`: by the position at which each objective was drafted."""
    distinct = set(frames.values())
    if len(distinct) == 1 and all(kept.columns["is_kept"]) and not any(kept.columns["is_dropped"]):
        (frame,) = distinct
        if frame.ended is None:
            return _open(frame, kept, range(len(kept.columns["born"]))), []
    of_each = list(map(frames.__getitem__, kept.columns["parent"]))
    together, alone = _grouped(of_each, kept)
    figures: list[list[Any]] = [[None] * len(kept) for _ in JUDGED]
    for frame, places in together.items():
        for place, *own in zip(places, *_open(frame, kept, places), strict=True):
            _put(figures, place, own)
    others = []
    for place in alone:
        judgement = _ended_or_dropped(of_each[place], kept, place) if kept.columns["is_kept"][place] else None
        if judgement is None:
            others.append(place)
        else:
            _put(figures, place, judgement)
    return figures, others


def _grouped(of_each: Sequence[Frame], kept: KeptColumns) -> tuple[dict[Frame, Sequence[int]], list[int]]:
    """The places of the open key results by frame, and those of all others."""
    are_kept, are_dropped = kept.columns["is_kept"], kept.columns["is_dropped"]
    together: dict[Frame, list[int]] = {frame: [] for frame in of_each}
    alone: list[int] = []
    for place, (frame, is_kept, is_dropped) in enumerate(zip(of_each, are_kept, are_dropped, strict=True)):
        is_open = is_kept and not is_dropped and frame.ended is None
        (together[frame] if is_open else alone).append(place)
    return {frame: places for frame, places in together.items() if places}, alone


def _put(figures: Sequence[list[Any]], place: int, of: Iterable[Any]) -> None:
    """Put the figures of one key result into the columns."""
    for column, value in zip(figures, of, strict=True):
        column[place] = value


# ── open ones ────────────────────────────────────────────────────────────────────────────────────


def _facts(frame: Frame, kept: KeptColumns, place: int) -> Judged:
    """What the health of the open key result at a place depends on."""
    created, due, measured, is_dropped = [
        kept.columns[name][place] for name in ("created_at", "due", "last_measured_at", "is_dropped")
    ]
    return frame.facts(frame.span(created, due), kept.few(place), measured, is_dropped=is_dropped)


def _open(frame: Frame, kept: KeptColumns, places: Sequence[int]) -> list[list[Any]]:
    """The figures of the open key results at these places, as columns."""
    rules = frame.rules
    are_all = isinstance(places, range)  # see `_judged`
    shares, levels, created, due, measured = [
        kept.columns[name] if are_all else at_places(kept.columns[name], places)
        for name in ("share", "is_level", "created_at", "due", "last_measured_at")
    ]
    first = rules.begins_at
    begins_at = [first if one < first else one for one in created]  # noqa: FURB136 - takes a third of the time
    planned = {number: _planned(frame, kept, place) for number, place in kept.planned(places)} if kept.by_birth else {}
    of = OpenKeyResults(shares, levels, begins_at, rules.ends(due), measured, planned)
    figures = open_columns.at_moment(of, stored(frame.book.at), rules.silence, rules.policy)
    if frame.is_planned:
        pending = [Health.PENDING] * len(places), [0.0] * len(places)
        figures = figures._replace(health=pending[0], gap=pending[1])
    return [figures.value, shares, figures.expected, figures.health, figures.gap]


def _planned(frame: Frame, kept: KeptColumns, place: int) -> float:
    """The expected progress of an open key result by its plan."""
    return frame.planned(frame.span(kept.columns["created_at"][place], kept.columns["due"][place]), kept.few(place))


# ── ended and dropped ones ───────────────────────────────────────────────────────────────────────


def _ended_or_dropped(frame: Frame, kept: KeptColumns, place: int) -> Judgement | None:
    """The figures of a key result that has ended or been dropped; None if it was changed or measured after its end,
    which happens only if the end was recorded later than it was effective."""
    few, is_dropped = kept.few(place), kept.columns["is_dropped"][place]
    changed_at, changed_position, since = (
        kept.columns[name][place] for name in ("changed_at", "changed_position", "since")
    )
    changed = End(moment(changed_at), changed_position)
    ended = _end_of(frame, changed) if is_dropped else frame.ended
    assert ended is not None
    if ended.precedes_standing(changed, moment(since)):
        return None
    rules = frame.rules if ended == frame.ended else frame.book.of(frame.cycle, ended)
    share = kept.columns["share"][place]
    if share is None:
        share = frame.personal_score(few)
    value = clamped(share)
    health = progress.fixed_health(
        frame.row.kind, value, few.score, rules.policy,
        is_dropped=is_dropped or frame.is_dropped, is_planned=frame.is_planned, has_ended=True,
    )  # fmt: skip
    return value, share, 1.0, health, 0.0 if health is Health.PENDING else 1.0 - (value or 0.0)


def _end_of(frame: Frame, dropped: End) -> End:
    """The end of the window of a key result that was dropped."""
    return dropped if frame.ended is None else min(dropped, frame.ended)
