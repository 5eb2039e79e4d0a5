"""The difference between two bases: added, changed and removed nodes, their field changes, and the events behind it."""

from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.model.kpi import KpiRedefined
from domain.model.workspace import CalendarSet
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Basis, Kind, Ref
from projections.figures import latest_standings
from projections.figures.kpis import kpi_standing
from projections.figures.kpis.kpi_standing import goal_schedule
from projections.history.diff_candidates import CALENDAR_SET, ENDS, REMARKS, Candidate, Rows, between
from projections.history.field_changes import (
    Field,
    FieldValues,
    differences,
    field_values,
    reference_fields,
    target_fields,
)
from projections.store.basis import is_level, is_valid_at
from projections.store.versioned_tables import Connection, basis_params, fetch
from projections.tables import measurements
from projections.tables.across.external_reference import external_references
from projections.tables.change_scopes import OTHER_SUBJECTS
from projections.tables.changes import Change, read_where
from projections.tables.cycle import settings
from projections.tables.key_result import KeyResultRow
from projections.tables.kpi import kpi_versions, worked_out_from

CHANGES_MAX = 10_000
"""The maximum number of changes in one diff."""


class DiffKind(StrEnum):
    """The kind of a difference. A dropped node still exists and has CHANGED; REMOVED is only possible if the second
    basis lies before the first: the node does not exist yet at the second."""

    ADDED = "ADDED"
    CHANGED = "CHANGED"
    REMOVED = "REMOVED"


class Difference(Candidate, frozen=True):
    """A node with the fields that differ."""

    fields: list[Field]

    @property
    def kind(self) -> DiffKind:
        if self.then is None:
            return DiffKind.ADDED
        return DiffKind.REMOVED if self.now is None else DiffKind.CHANGED


def compared(conn: Connection, start: Basis, end: Basis, of: Sequence[Candidate]) -> list[Difference]:
    """These nodes with the fields that differ, in the same order.

    The compared fields are those of the version at each basis, and: for a key result its standing, for a KPI its
    targets and its latest reading, for an objective the goals it supports, for a team its members. A node whose fields
    are equal may still have another progress.
    """
    before = _states(conn, start, {one.ref: one.then for one in of if one.then is not None})
    after = _states(conn, end, {one.ref: one.now for one in of if one.now is not None})
    return [
        Difference(one.ref, one.then, one.now, differences(before.get(one.ref, {}), after.get(one.ref, {})))
        for one in of
    ]


def changes(conn: Connection, start: Basis, end: Basis, of: Sequence[Difference]) -> dict[Ref, list[Change]]:
    """The changes behind each of these differences: those known at one basis and not at the other, in the order of the
    log. Those of a key result include its check-ins, the readings of the KPI that gives its value and the calendars
    that bound them, and the closing, dropping or reopening of its objective and the closing of its cycle. Where a
    formula gives the value, of a key result or of a KPI, they include the readings and the definitions of the KPIs that
    it is worked out from.

    Raises `TOO_LARGE` for more than `CHANGES_MAX`.
    """
    found: dict[Ref, list[Change]] = {one.ref: [] for one in of}
    linked = _measured_by(conn, start, end, of)
    shown = {one.ref.id for one in of if one.ref.kind is Kind.KPI}
    worked_out = _worked_out(conn, linked, shown)
    measured_by = linked | worked_out
    kpis = {kpi for _, kpi in measured_by} | shown
    rows = [row for one in of for row in (one.then, one.now) if isinstance(row, KeyResultRow)]
    inside = {(Ref(Kind.KEY_RESULT, row.id), above) for row in rows for above in (row.objective, row.cycle)}
    above = {id for _, id in inside}
    ids = [one.ref.id for one in of]
    for change in _changes(conn, start, end, ids, kpis, above, is_linked=bool(measured_by)) if of else ():
        for ref in _affected(change, measured_by, worked_out, inside):
            if ref in found:
                found[ref].append(change)
    return found


# ── field values at a basis ──────────────────────────────────────────────────────────────────────


def _states(conn: Connection, basis: Basis, rows: Rows) -> dict[Ref, FieldValues]:
    """The field values of each of these nodes at a basis."""
    found: dict[Ref, dict[str, Any]] = {ref: dict(field_values(row)) for ref, row in rows.items()}
    for kind, read in _DERIVED_FIELDS.items():
        of = [row for ref, row in rows.items() if ref.kind is kind]
        for id, derived in (read(conn, basis, of) if of else {}).items():
            found[Ref(kind, id)] |= derived
    references = external_references(conn, basis, [ref.id for ref in rows]) if rows else {}
    return {ref: {**fields, **reference_fields(references[ref.id])} for ref, fields in found.items()}


def _standing(conn: Connection, basis: Basis, rows: Sequence[Any]) -> dict[UUID, dict[str, Any]]:
    """The standings of key results."""
    of = latest_standings.read_contexts(conn, basis, rows)
    found = {}
    for context, one in zip(of, latest_standings.standings(conn, basis, of), strict=True):
        values = (("current", one.value), ("reached", one.reached), ("confidence", one.confidence))
        given = (*values, ("measuredAt", one.measured_at))
        found[context.row.id] = {name: value for name, value in given if value is not None}
    return found


def _plan_and_latest(conn: Connection, basis: Basis, rows: Sequence[Any]) -> dict[UUID, dict[str, Any]]:
    """The targets of KPIs by their first days, as scheduled at the basis, and their latest readings; of one with a
    formula, the value of the latest period that can be judged."""
    ids, calendar = [row.id for row in rows], settings(conn, basis).calendar
    found = {
        id: dict(target_fields(goal_schedule(each, calendar))) for id, each in kpi_versions(conn, basis, ids).items()
    }
    for id, row in measurements.READINGS.latest(conn, basis, ids).items():
        found[id] |= {"latest": row.value, "measuredAt": row.measured_at}
    with_formula = [row for row in rows if row.formula is not None]
    for id, one in kpi_standing.standings(conn, basis, with_formula, calendar).items():
        if (value := one.value) is not None:
            found[id]["latest"] = value
    return found


def _supports(conn: Connection, basis: Basis, rows: Sequence[Any]) -> dict[UUID, dict[str, Any]]:
    """The goals that objectives support, including dropped ones."""
    edges = "select v.objective, v.target_kind, v.target from support v where v.objective = any(%(ids)b)"
    return _listed(conn, basis, rows, edges, "supports")


def _members(conn: Connection, basis: Basis, rows: Sequence[Any]) -> dict[UUID, dict[str, Any]]:
    """The members of teams."""
    edges = "select v.team, 'Person', v.person from membership v where v.team = any(%(ids)b)"
    return _listed(conn, basis, rows, edges, "members")


def _listed(conn: Connection, basis: Basis, rows: Sequence[Any], edges: str, name: str) -> dict[UUID, dict[str, Any]]:
    items: dict[UUID, list[Ref]] = {row.id: [] for row in rows}
    sql = f"{edges} and {is_valid_at(basis, 'v')} order by v.position"
    for of, kind, id in fetch(conn, sql, basis_params(basis, ids=list(items))):
        items[of].append(Ref(Kind(kind), id))
    return {id: {name: tuple(refs)} for id, refs in items.items() if refs}


_DERIVED_FIELDS = {
    Kind.KEY_RESULT: _standing, Kind.KPI: _plan_and_latest, Kind.OBJECTIVE: _supports, Kind.TEAM: _members,
}  # fmt: skip
"""By kind: the query for the fields that are not in the versions."""


# ── the changes behind it ────────────────────────────────────────────────────────────────────────


def _measured_by(conn: Connection, start: Basis, end: Basis, of: Sequence[Difference]) -> set[tuple[Ref, UUID]]:
    """The key results with the KPIs that give their values at one of the bases."""
    return {
        (Ref(Kind.KEY_RESULT, id), kpi)
        for basis, rows in ((start, [one.then for one in of]), (end, [one.now for one in of]))
        for id, kpi in _kpis(conn, basis, [row for row in rows if isinstance(row, KeyResultRow)])
    }


def _worked_out(
    conn: Connection, linked: Collection[tuple[Ref, UUID]], shown: Collection[UUID]
) -> set[tuple[Ref, UUID]]:
    """The key results and KPIs whose values a formula gives, each with the KPIs of which the definition or the readings
    matter."""
    below = worked_out_from(conn, sorted({kpi for _, kpi in linked}.union(shown)))
    measured = {(of, id) for of, kpi in linked if kpi in below for id in (kpi, *below[kpi])}
    return measured | {(Ref(Kind.KPI, kpi), id) for kpi in shown for id in below.get(kpi, ())}


def _kpis(conn: Connection, basis: Basis, rows: Sequence[KeyResultRow]) -> Iterator[tuple[UUID, UUID]]:
    """The KPI of the link, else of the former link, else of the first one known that is effective later."""
    for row in rows:
        if row.kpi is not None or row.former is not None:
            yield row.id, row.kpi or row.former.kpi  # type: ignore[union-attr]
    unlinked = [row.id for row in rows if row.kpi is None and row.former is None]
    if unlinked and not is_level(basis):
        yield from fetch(conn, _FIRST_LINKS, basis_params(basis, ids=unlinked))


_FIRST_LINKS = (
    "select distinct on (id) id, kpi from key_result"
    " where id = any(%(ids)b) and kpi is not null and position <= %(position)s order by id, position"
)


def _changes(
    conn: Connection,
    start: Basis,
    end: Basis,
    ids: Sequence[UUID],
    kpis: Collection[UUID],
    above: Collection[UUID],
    *,
    is_linked: bool,
) -> list[Change]:
    where, params = between(start, end)
    about = " or ".join(
        [
            f"v.subject_id = any(%(ids)b) and v.{OTHER_SUBJECTS}",
            "v.cycle = any(%(ids)b) and v.subject_kind = 'Cycle'",
            "v.objective = any(%(ids)b) and v.subject_kind = 'Objective'",
            "v.key_result = any(%(ids)b) and v.subject_kind in ('KeyResult', 'CheckIn')",
            "v.kpi = any(%(kpis)b::uuid[]) and v.subject_kind in ('Kpi', 'Reading')",
            f"{CALENDAR_SET} and %(is_linked)b",
            "(v.objective = any(%(above)b::uuid[]) or v.cycle = any(%(above)b::uuid[])) and v.topic = any(%(ends)b)",
        ]
    )
    params |= {"ids": list(ids), "kpis": list(kpis), "above": list(above), "ends": list(ENDS)}
    params |= {"remarks": list(REMARKS), "limit": CHANGES_MAX + 1, "is_linked": is_linked}
    where = f"{where} and ({about}) and v.topic <> all(%(remarks)b) order by v.position limit %(limit)s"
    found = read_where(conn, where, params)
    if len(found) > CHANGES_MAX:
        raise CommandRejected(
            Code.TOO_LARGE, f"More than {CHANGES_MAX} changes did this; ask for a shorter span or a scope."
        )
    return found


def _affected(
    change: Change,
    measured_by: Collection[tuple[Ref, UUID]],
    worked_out: Collection[tuple[Ref, UUID]],
    inside: Collection[tuple[Ref, UUID]],
) -> list[Ref]:
    """The nodes that a change affects. `inside`: the key results with their objectives and cycles."""
    if change.subject_kind is Kind.CHECK_IN and change.key_result is not None:
        return [Ref(Kind.KEY_RESULT, change.key_result)]
    if change.subject_kind is Kind.READING and change.kpi is not None:
        return [Ref(Kind.KPI, change.kpi), *(of for of, kpi in measured_by if kpi == change.kpi)]
    if change.topic == CalendarSet.TOPIC:
        return [of for of, _ in measured_by]
    if change.topic == KpiRedefined.TOPIC:
        return [change.subject, *(of for of, kpi in worked_out if kpi == change.subject_id)]
    if change.topic in ENDS:
        return [change.subject, *(of for of, above in inside if above == change.subject_id)]
    return [change.subject]
