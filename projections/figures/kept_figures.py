"""Figures of goals at a basis from kept standings.

Without them the definitions and the measurements of all key results would be read for each answer, as the formula does.
Key results that depend on a KPI are computed by the formula from rows, and so are those that were changed after their
end; see docs/adr/0052.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final, cast

import numpy as np

from domain.metrics import progress
from domain.metrics.columns import open_key_results
from domain.metrics.columns.arrays import CODES, Places
from domain.metrics.columns.open_key_results import OpenKeyResults
from domain.metrics.formulas import clamped
from domain.metrics.progress import KeyResultProgress
from domain.metrics.rating import Health
from projections.figures import latest_standings, timeline
from projections.figures.figures import Figures
from projections.figures.goal_columns import Goals, Judged, Judgement, Part, PartColumns
from projections.figures.horizon import Horizon
from projections.figures.kept_frames import Frame
from projections.figures.window import End, end_of_goal
from projections.standings import kept_columns
from projections.standings.kept_columns import Kept, KeptColumns
from projections.store.columnar import tuples_of
from projections.store.packed_columns import NO_TIME
from projections.store.stored_times import moment, stored
from projections.store.versioned_tables import Connection
from projections.tables.key_result import KeyResultRow, key_results_by_birth
from projections.tables.kpi import KPI
from projections.tables.objective import AnyObjective


def add_parts(conn: Connection, of: Goals, to: PartColumns, shown: tuple[str, ...] = ()) -> KeptColumns:
    """Add the key results of those of these objectives that are missing there, from their kept standings. Returns
    these, with the columns `shown`, see `projections.standings.kept_rows.SHOWN`."""
    rows = [row for row in of.rows if row.born not in to.frames] if to.frames else of.rows
    ids = dict(tuples_of(rows, "born", "id"))  # each once; Python computes the hash of a UUID, but not of an integer
    kept = kept_columns.of_objectives(conn, of.basis, list(ids.values()), shown)
    add_kept(lambda: nullcontext(conn), of._replace(rows=rows), to, kept)
    return kept


def add_kept(
    connect: Callable[[], AbstractContextManager[Connection]], of: Goals, to: PartColumns, kept: KeptColumns
) -> None:
    """Add the key results of these objectives, which are missing there, from their kept standings. `connect` gives a
    connection for what standings do not have."""
    frames = of.book.frames(of.rows)
    found, others = _judged(frames, kept)
    by_rows: dict[int, Part] = {}
    if others:
        with connect() as conn:
            by_rows = dict(zip(others, _by_rows(conn, of, list(map(kept.at, others))), strict=True))
    for place, part in by_rows.items():
        found.put(place, part.judgement)
    to.add(frames, kept, found, by_rows)


def is_open_heading(of: Goals, row: AnyObjective, parts: PartColumns) -> bool:
    """Whether an objective takes its value from others, and has not ended."""
    return parts.is_bare(row.born) and end_of_goal(row, of.cycles[row.cycle]) is None


def judged(of: Goals, parts: PartColumns) -> Iterator[tuple[int, progress.Judged, bool]]:
    """The key results of those of these objectives that are open, dropped ones aside, by their places: what the health
    of each depends on, and whether its goal is to hold what is given."""
    book = of.book
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


def _judged(frames: Mapping[int, Frame], kept: KeptColumns) -> tuple[Judged, list[int]]:
    """The figures of key results, and the places of those that depend on a KPI, or were changed or measured after their
    end. `frames`: by the position at which each objective was drafted."""
    distinct = list(dict.fromkeys(frames.values()))
    are_regular = kept.columns.all("is_kept") and not kept.columns.any("is_dropped")
    if not len(kept):
        return Judged.missing(0), []
    if are_regular and len(distinct) == 1 and distinct[0].ended is None:
        return _open(distinct[0], kept, None), []
    are_open = kept.columns.array("is_kept") & ~kept.columns.array("is_dropped")
    of_each = _frames_of_each(frames, distinct, kept)
    found, others, alone = Judged.missing(len(kept)), [], ~are_open
    for number, frame in enumerate(distinct):
        are_own = of_each == number
        if frame.ended is not None:
            alone |= are_own
        elif np.count_nonzero(are_own & are_open):
            places = np.flatnonzero(are_own & are_open)
            found.put_all(places, _open(frame, kept, places))
    for place in np.flatnonzero(alone).tolist():
        frame = distinct[of_each[place]]
        judgement = _ended_or_dropped(frame, kept, place) if kept.columns["is_kept"][place] else None
        if judgement is None:
            others.append(place)
        else:
            found.put(place, judgement)
    return found, others


def _frames_of_each(frames: Mapping[int, Frame], distinct: Sequence[Frame], kept: KeptColumns) -> Places:
    """The number of the frame of each key result among the distinct ones."""
    numbers = {frame: number for number, frame in enumerate(distinct)}
    parents, bounds = kept.by_objective
    return np.repeat(np.array([numbers[frames[parent]] for parent in parents], np.intp), np.diff(bounds))


# ── open ones ────────────────────────────────────────────────────────────────────────────────────


def _facts(frame: Frame, kept: KeptColumns, place: int) -> progress.Judged:
    """What the health of the open key result at a place depends on."""
    created, due, measured, is_dropped = [
        kept.columns[name][place] for name in ("created_at", "due", "last_measured_at", "is_dropped")
    ]
    return frame.facts(frame.span(created, due), kept.few(place), measured, is_dropped=is_dropped)


_NO_TIME: Final = np.array(NO_TIME)


def _open(frame: Frame, kept: KeptColumns, places: Places | None) -> Judged:
    """The figures of the open key results at these places, or of all."""
    rules, of_each = frame.rules, kept.columns if places is None else kept.columns.at(places)
    shares, measured = of_each.array("share"), of_each.array("last_measured_at")
    are_level = of_each.array("is_level") if of_each.any("is_level") else None
    begins_at = rules.beginnings(of_each.array("created_at"))
    are_missing = measured == _NO_TIME
    silent_since = np.where(are_missing, begins_at, measured) if np.count_nonzero(are_missing) else measured
    planned = _planned(frame, kept, places) if kept.by_birth else {}
    of = OpenKeyResults(shares, are_level, begins_at, rules.ends(of_each.array("due")), silent_since, planned)
    figures = open_key_results.at_moment(of, stored(frame.book.at), rules.silence, rules.policy)
    if frame.is_planned:
        figures = figures._replace(health=np.full(len(shares), CODES[Health.PENDING]), gap=np.zeros(len(shares)))
    return Judged(figures.value, shares, figures.expected, figures.health, figures.gap)


def _planned(frame: Frame, kept: KeptColumns, places: Places | None) -> dict[int, float]:
    """The expected progress of those of these open key results, or of all, that have a plan, by their numbers."""
    created, due = kept.columns["created_at"], kept.columns["due"]
    numbers = None if places is None else {place: number for number, place in enumerate(places.tolist())}
    return {
        place if numbers is None else numbers[place]: frame.planned(
            frame.span(created[place], due[place]), kept.few(place)
        )
        for place in kept.planned
        if numbers is None or place in numbers
    }


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
