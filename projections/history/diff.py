"""What differs between two bases: which things came, changed and went, field by field, and the changes that did it."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from domain.model.discussion import CommentAdded, Reflected
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Basis, Kind, Ref
from projections.history import key_result_standing
from projections.history.field_changes import TABLES_OF, Field, Told, differences, told
from projections.store.basis import is_level
from projections.store.versioned_tables import Connection, basis_params, fetch, is_valid_at
from projections.tables import measurements
from projections.tables.change_scopes import ELSEWHERE
from projections.tables.changes import PLACE, Change, Place, read_where
from projections.tables.key_result import KEY_RESULT
from projections.tables.objective import OBJECTIVE
from projections.tables.people import TEAM

CHANGES_MAX = 10_000
"""As many changes are told of one diff."""

_KINDS = (Kind.CYCLE, Kind.TEAM, Kind.PERSON, Kind.KPI, Kind.OBJECTIVE, Kind.KEY_RESULT, Kind.INITIATIVE)
_REMARKS = (CommentAdded.TOPIC, Reflected.TOPIC)

Rows = dict[Ref, Any]


class DiffKind(StrEnum):
    """What became of a thing between two bases. What was dropped is still there, and has CHANGED: REMOVED is what was
    not there yet at the second basis, where that lies before the first."""

    ADDED = "ADDED"
    CHANGED = "CHANGED"
    REMOVED = "REMOVED"


class Scope(msgspec.Struct, frozen=True):
    """Every part given must hold, at one of the two bases. To a cycle and to an objective belong the goals and
    initiatives in it; to a team the teams inside it, their goals with all that is in them, and their KPIs."""

    cycle: UUID | None = None
    team: UUID | None = None
    objective: UUID | None = None


class Difference(msgspec.Struct, frozen=True):
    """A thing that differs, with its rows at both bases; None where it is not there."""

    ref: Ref
    then: Any
    now: Any
    fields: list[Field]

    @property
    def kind(self) -> DiffKind:
        if self.then is None:
            return DiffKind.ADDED
        return DiffKind.REMOVED if self.now is None else DiffKind.CHANGED


def diff(conn: Connection, start: Basis, end: Basis, scope: Scope) -> list[Difference]:
    """The things that differ, by kind, and of a kind in the order of birth.

    A thing says what its versions say, and what is known of it at that basis: of a key result where it stands, of a
    KPI its latest reading, of an objective what it supports, of a team who is in it.
    """
    teams = set() if scope.team is None else _inside(conn, start, scope.team) | _inside(conn, end, scope.team)
    touched = _touched(conn, start, end, scope, teams)
    then, now = (_rows(conn, basis, touched) for basis in (start, end))
    kept = _within(conn, (start, end), (then, now), scope, teams)
    before, after = (
        _states(conn, basis, {ref: rows[ref] for ref in kept if ref in rows})
        for basis, rows in ((start, then), (end, now))
    )
    found = [
        Difference(ref, then.get(ref), now.get(ref), differences(before.get(ref, {}), after.get(ref, {})))
        for ref in kept
    ]
    return sorted((one for one in found if one.fields), key=_order)


def changes(conn: Connection, start: Basis, end: Basis, of: Sequence[Difference]) -> dict[Ref, list[Change]]:
    """The changes that did it: what is known at one basis and not at the other, of each of these things, in the order
    of the log. With those of a key result go its check-ins, and the readings it takes its value from.

    Raises `TOO_LARGE` for more than `CHANGES_MAX`.
    """
    found: dict[Ref, list[Change]] = {one.ref: [] for one in of}
    measured_by = [(one.ref, row.kpi, row.kpi_since) for one in of for row in (one.then, one.now) if _is_linked(row)]
    kpis = {kpi for _, kpi, _ in measured_by} | {one.ref.id for one in of if one.ref.kind is Kind.KPI}
    for change in _changes(conn, start, end, [one.ref.id for one in of], kpis) if of else ():
        for ref in _doers(change, measured_by):
            if ref in found:
                found[ref].append(change)
    return found


# ── what was touched ─────────────────────────────────────────────────────────────────────────────


def _between(start: Basis, end: Basis) -> tuple[str, dict[str, Any]]:
    """The condition that a change `v` is known and effective at one of two bases and not at the other; the second
    part says the same with less, for the sake of the indexes."""
    params = {
        "start": start.position, "start_at": start.at, "end": end.position, "end_at": end.at,
        "low": min(start.position, end.position), "low_at": min(start.at, end.at),
    }  # fmt: skip
    if is_level(start) and is_level(end):
        return "v.position > %(low)s and v.position <= greatest(%(start)s, %(end)s)", params
    then = "(v.position <= %(start)s and v.effective_at <= %(start_at)s)"
    now = "(v.position <= %(end)s and v.effective_at <= %(end_at)s)"
    return f"{then} <> {now} and (v.position > %(low)s or v.effective_at > %(low_at)s)", params


def _touched(
    conn: Connection, start: Basis, end: Basis, scope: Scope, teams: Collection[UUID]
) -> dict[Kind, set[UUID]]:
    """The things that changes between the bases are about; with a KPI the key results that are measured by it.
    All within the scope are there, and some others."""
    where, params = _between(start, end)
    about = "case v.subject_kind when 'CheckIn' then v.key_result when 'Reading' then v.kpi else v.subject_id end"
    sql = (
        f"select distinct v.subject_kind, {about} from change v"
        f" where {' and '.join([where, *_near(scope)])} and v.topic <> all(%(remarks)b)"
    )
    within = {"cycle": scope.cycle, "objective": scope.objective, "teams": list(teams)}
    found: dict[Kind, set[UUID]] = {kind: set() for kind in _KINDS}
    kinds = {kind.value: kind for kind in _KINDS} | {"CheckIn": Kind.KEY_RESULT, "Reading": Kind.KPI}
    for kind, id in fetch(conn, sql, {**params, **within, "remarks": list(_REMARKS)}):
        if kind in kinds:
            found[kinds[kind]].add(id)
    for basis in (start, end) if found[Kind.KPI] else ():
        found[Kind.KEY_RESULT] |= {row.id for row in KEY_RESULT.by(conn, basis, "kpi", found[Kind.KPI])}
    return found


def _near(scope: Scope) -> list[str]:
    """Conditions that leave out of the changes most of what lies outside a scope, and nothing within."""
    near = []
    for of, id in (("cycle", scope.cycle), ("objective", scope.objective)):
        measured_by = f"select kpi from key_result where {of} = %({of})s and kpi is not null"
        near += [] if id is None else [f"(v.{of} = %({of})s or v.kpi = any(array({measured_by})))"]
    if scope.team is not None:
        goals = "select id from objective where team = any(%(teams)b::uuid[])"
        measured_by = f"select kpi from key_result where objective in ({goals}) and kpi is not null"
        kpis = f"select id from kpi where team = any(%(teams)b::uuid[]) union {measured_by}"
        ours = f"v.objective = any(array({goals})) or v.kpi = any(array({kpis}))"
        near.append(f"(v.subject_id = any(%(teams)b::uuid[]) or {ours})")
    return near


def _rows(conn: Connection, basis: Basis, touched: Mapping[Kind, Collection[UUID]]) -> Rows:
    found: Rows = {}
    for kind, ids in touched.items():
        chain: Any = TABLES_OF[kind]
        found |= {Ref(kind, id): row for id, row in (chain.by_id(conn, basis, ids) if ids else {}).items()}
    return found


# ── what lies within ─────────────────────────────────────────────────────────────────────────────


def _within(
    conn: Connection, bases: Sequence[Basis], rows: Sequence[Rows], scope: Scope, teams: Collection[UUID]
) -> list[Ref]:
    """Those that belong to the scope."""
    refs = list(dict.fromkeys([*rows[0], *rows[1]]))
    if scope == Scope():
        return refs
    sql = f"select {PLACE.names} from place where id = any(%(ids)b::uuid[])"
    places = {place.id: place for place in PLACE.read(conn, sql, {"ids": [ref.id for ref in refs]})}
    ours = None if scope.team is None else _ours(conn, bases, rows, places, teams)
    return [
        ref
        for ref, place in [(ref, places[ref.id]) for ref in refs]
        if scope.cycle in (None, place.cycle)
        and scope.objective in (None, place.objective)
        and (ours is None or ref.id in ours or place.objective in ours)
    ]


def _ours(
    conn: Connection,
    bases: Sequence[Basis],
    rows: Sequence[Rows],
    places: Mapping[UUID, Place],
    teams: Collection[UUID],
) -> set[UUID]:
    """These teams, and what is theirs at one of the bases: objectives and KPIs."""
    objectives = {place.objective for place in places.values() if place.objective is not None}
    owned = [row for seen in rows for ref, row in seen.items() if ref.kind is Kind.KPI]
    owned += [row for basis in bases for row in OBJECTIVE.by_id(conn, basis, objectives).values()]
    return {*teams, *(row.id for row in owned if row.team in teams)}


def _inside(conn: Connection, basis: Basis, team: UUID) -> set[UUID]:
    """The team and all inside it."""
    sql = TEAM.query(basis, "select id from team where version = 1", columns="v.id, v.parent")
    above = dict(fetch(conn, sql, basis_params(basis)))
    found, size = {team}, 0
    while size < len(found):
        size = len(found)
        found |= {id for id, parent in above.items() if parent in found}
    return found


# ── what things say ──────────────────────────────────────────────────────────────────────────────


def _states(conn: Connection, basis: Basis, rows: Rows) -> dict[Ref, Told]:
    """What each of these says at a basis."""
    found: dict[Ref, dict[str, Any]] = {ref: dict(told(row)) for ref, row in rows.items()}
    for kind, beside in _BESIDE.items():
        of = [row for ref, row in rows.items() if ref.kind is kind]
        for id, more in (beside(conn, basis, of) if of else {}).items():
            found[Ref(kind, id)] |= more
    return dict(found)


def _standing(conn: Connection, basis: Basis, rows: Sequence[Any]) -> dict[UUID, dict[str, Any]]:
    """Where key results stand."""
    found = {}
    for id, one in key_result_standing.standings(conn, basis, rows).items():
        said = (("current", one.value), ("reached", one.reached), ("confidence", one.confidence))
        found[id] = {name: value for name, value in (*said, ("measuredAt", one.measured_at)) if value is not None}
    return found


def _latest(conn: Connection, basis: Basis, rows: Sequence[Any]) -> dict[UUID, dict[str, Any]]:
    """The latest readings of KPIs."""
    latest = measurements.READINGS.latest(conn, basis, [row.id for row in rows])
    return {id: {"latest": row.value, "measuredAt": row.measured_at} for id, row in latest.items()}


def _supports(conn: Connection, basis: Basis, rows: Sequence[Any]) -> dict[UUID, dict[str, Any]]:
    """What objectives support, dropped or not."""
    edges = "select v.objective, v.target_kind, v.target from support v where v.objective = any(%(ids)b)"
    return _listed(conn, basis, rows, edges, "supports")


def _members(conn: Connection, basis: Basis, rows: Sequence[Any]) -> dict[UUID, dict[str, Any]]:
    """Who is in teams."""
    edges = "select v.team, 'Person', v.person from membership v where v.team = any(%(ids)b)"
    return _listed(conn, basis, rows, edges, "members")


def _listed(conn: Connection, basis: Basis, rows: Sequence[Any], edges: str, name: str) -> dict[UUID, dict[str, Any]]:
    items: dict[UUID, list[Ref]] = {row.id: [] for row in rows}
    sql = f"{edges} and {is_valid_at(basis, 'v')} order by v.position"
    for of, kind, id in fetch(conn, sql, basis_params(basis, ids=list(items))):
        items[of].append(Ref(Kind(kind), id))
    return {id: {name: tuple(refs)} for id, refs in items.items() if refs}


_BESIDE = {Kind.KEY_RESULT: _standing, Kind.KPI: _latest, Kind.OBJECTIVE: _supports, Kind.TEAM: _members}
"""What is known of things beside their versions."""


def _order(one: Difference) -> tuple[int, int]:
    return _KINDS.index(one.ref.kind), (one.then or one.now).born


# ── what did it ──────────────────────────────────────────────────────────────────────────────────


def _is_linked(row: Any) -> bool:
    return getattr(row, "kpi", None) is not None


def _changes(conn: Connection, start: Basis, end: Basis, ids: Sequence[UUID], kpis: Collection[UUID]) -> list[Change]:
    where, params = _between(start, end)
    about = " or ".join(
        [
            f"v.subject_id = any(%(ids)b) and v.{ELSEWHERE}",
            "v.cycle = any(%(ids)b) and v.subject_kind = 'Cycle'",
            "v.objective = any(%(ids)b) and v.subject_kind = 'Objective'",
            "v.key_result = any(%(ids)b) and v.subject_kind in ('KeyResult', 'CheckIn')",
            "v.kpi = any(%(kpis)b::uuid[]) and v.subject_kind in ('Kpi', 'Reading')",
        ]
    )
    told = {**params, "ids": list(ids), "kpis": list(kpis), "remarks": list(_REMARKS), "limit": CHANGES_MAX + 1}
    where = f"{where} and ({about}) and v.topic <> all(%(remarks)b) order by v.position limit %(limit)s"
    found = read_where(conn, where, told)
    if len(found) > CHANGES_MAX:
        raise CommandRejected(
            Code.TOO_LARGE, f"More than {CHANGES_MAX} changes did this; ask for a shorter span or a scope."
        )
    return found


def _doers(change: Change, measured_by: Sequence[tuple[Ref, UUID, Any]]) -> list[Ref]:
    """What a change did something to."""
    if change.subject_kind is Kind.CHECK_IN and change.key_result is not None:
        return [Ref(Kind.KEY_RESULT, change.key_result)]
    if change.subject_kind is Kind.READING and change.kpi is not None:
        moved = [of for of, kpi, since in measured_by if kpi == change.kpi and since <= change.effective_at]
        return [Ref(Kind.KPI, change.kpi), *dict.fromkeys(moved)]
    return [change.subject]
