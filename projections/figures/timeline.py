"""Goals with all their versions and measurements, from one read, to compute figures at any number of bases.

A few statements read every version of the objectives and key results, all their measurements, the cycles and every
scoring policy and calendar. `projections.figures.figures` looks the state at a basis up in sorted lists, so a year of
days costs no more statements than one day. An objective without key results takes its value from the objectives that
support it, so those are read with it.
"""

from bisect import insort
from collections.abc import Callable, Collection, Iterable, Sequence
from copy import copy
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

from domain.metrics.worked.kpi_periods import Periods
from domain.primitives.calendar import Calendar
from domain.primitives.values import (
    EARLIEST,
    Basis,
    CycleState,
    KeyResultState,
    Kind,
    ObjectiveState,
    ScoringPolicy,
)
from projections.figures import measurement_series
from projections.figures.horizon import Horizon
from projections.figures.kpis import needed_readings
from projections.figures.kpis.needed_readings import NeededKpis
from projections.figures.measurement_series import EMPTY, MeasurementSeries
from projections.store.rows import Version
from projections.store.versioned_tables import Connection, VersionedTable, basis_params
from projections.tables.alignment import SUPPORT, Support
from projections.tables.cycle import CYCLE, CalendarRow, CycleRow, PolicyRow, settings
from projections.tables.key_result import KEY_RESULT, KeyResultRow
from projections.tables.kpi import KPI, KpiRow
from projections.tables.objective import OBJECTIVE, ObjectiveRow
from projections.tables.people import TEAM, TeamRow, reached

V = TypeVar("V", bound=Version)

BEGINNING = Basis(EARLIEST, 0)
"""Before everything."""

# ── versions ─────────────────────────────────────────────────────────────────────────────────────


class History(Generic[V]):
    """Every version of one aggregate, oldest first. Both clocks of one aggregate have the same order."""

    def __init__(self, versions: Sequence[V]) -> None:
        self.versions = versions

    def at(self, horizon: Horizon) -> V | None:
        """The version at a horizon; None before the first."""
        for version in reversed(self.versions):
            if horizon.sees(version.position, version.changed_at):
                return version
        return None


class Completion(NamedTuple):
    """The completion of a period of a KPI with a formula: its last instant, and the last position recorded by then."""

    at: datetime
    position: int
    kpi: UUID


# ── the timeline ─────────────────────────────────────────────────────────────────────────────────


class Timeline:
    """Goals with all versions and measurements up to the basis it was read at; `position` is that of the basis.

    `own`: the objectives that were asked for, without those that only support them. Of key results there are also
    versions that are known at the basis but effective after its moment.
    """

    def __init__(self, position: int) -> None:
        self.position = position
        self.policies: History[PolicyRow] = History(())
        self.calendars: History[CalendarRow] = History(())
        self.cycles: dict[UUID, History[CycleRow]] = {}
        self.own: list[UUID] = []
        self.objectives: dict[UUID, History[ObjectiveRow]] = {}
        self.key_results: dict[UUID, History[KeyResultRow]] = {}
        self.of_objective: dict[UUID, list[UUID]] = {}
        self.kpis: dict[UUID, History[KpiRow]] = {}
        self.edges: dict[UUID, list[Support]] = {}
        """By target: the alignments to an objective."""
        self.completions: Sequence[Completion] = ()
        """The periods that complete after some moment, in order, if they were read."""
        self.shared_periods: dict[tuple[UUID, int], Periods] = {}
        """By KPI and position: the complete periods of a formula, see `projections.figures.formula_readings`."""
        self.teams: dict[UUID, History[TeamRow]] = {}
        """All teams, if it was read for teams."""
        self._of_cycle: dict[UUID, list[UUID]] = {}
        self.measurements: dict[UUID, MeasurementSeries] = {}
        """By key result or KPI."""
        self._linked: dict[UUID, list[tuple[UUID, UUID]]] | None = None
        self._homes: dict[UUID, Sequence[UUID]] = {}

    def policy(self, horizon: Horizon) -> ScoringPolicy:
        """The scoring policy in force."""
        row = _governing(self.policies, horizon)
        return ScoringPolicy() if row is None else row.policy

    def calendar(self, horizon: Horizon) -> Calendar:
        """The calendar in force."""
        row = _governing(self.calendars, horizon)
        return Calendar() if row is None else row.calendar

    def calendars_at(self, horizon: Horizon) -> Sequence[tuple[datetime, Calendar]]:
        """Each calendar that a horizon sees, with the time since which it is in force, oldest first."""
        seen = [row for row in self.calendars.versions if horizon.sees(row.position, row.changed_at)]
        return [(EARLIEST, Calendar()), *((row.changed_at, row.calendar) for row in seen)]

    def series(self, subject: UUID) -> MeasurementSeries:
        """The measurements of a key result or KPI."""
        return self.measurements.get(subject, EMPTY)

    def linked_kpis(self, key_result: UUID) -> set[UUID]:
        """The KPIs that a key result was ever linked to."""
        return {row.kpi for row in self.key_results[key_result].versions if row.kpi is not None}

    def ever_linked(self) -> set[UUID]:
        """The KPIs that any key result was ever linked to."""
        return {kpi for id in self.key_results for kpi in self.linked_kpis(id)}

    def linked_to(self, kpi: UUID) -> Sequence[tuple[UUID, UUID]]:
        """The key results that were ever linked to a KPI, each after its objective."""
        if self._linked is None:
            self._linked = {}
            for objective, ids in self.of_objective.items():
                for id in ids:
                    for one in self.linked_kpis(id):
                        self._linked.setdefault(one, []).append((objective, id))
        return self._linked.get(kpi, ())

    def kpis_of(self, key_result: UUID) -> set[UUID]:
        """The KPIs whose definitions may change the value of a key result: those that it was ever linked to, and those
        that their formulas ever named, directly or not."""
        return self.with_inputs(self.linked_kpis(key_result))

    def with_inputs(self, kpis: Iterable[UUID]) -> set[UUID]:
        """These KPIs, and those that their formulas ever named, directly or not."""
        found = set(kpis)
        level = list(found)
        while level:
            level = list({id for kpi in level for id in self.inputs_of(kpi)} - found)
            found.update(level)
        return found

    def subjects(self, key_result: UUID) -> set[UUID]:
        """What the value of a key result ever came from: itself, and KPIs, directly or by a formula."""
        return {key_result, *self.kpis_of(key_result)}

    def inputs_of(self, kpi: UUID) -> set[UUID]:
        """The KPIs that any formula of a KPI named."""
        history = self.kpis.get(kpi)
        return set() if history is None else {id for row in history.versions for id in row.inputs}

    def is_worked_out(self, kpi: UUID) -> bool:
        """Whether a KPI has, or had, a formula in place of readings."""
        history = self.kpis.get(kpi)
        return history is not None and any(row.inputs for row in history.versions)

    def objectives_of_cycle(self, cycle: UUID) -> Sequence[UUID]:
        return self._of_cycle.get(cycle, ())

    def homes_of(self, key_result: UUID) -> Sequence[UUID]:
        """The objectives of the timeline that a key result was ever in."""
        found = self._homes.get(key_result)
        if found is None:
            homes = dict.fromkeys(row.objective for row in self.key_results[key_result].versions)
            found = self._homes[key_result] = [id for id in homes if id in self.of_objective]
        return found

    def add_objectives(self, versions: Iterable[ObjectiveRow]) -> list[UUID]:
        """Add objectives; returns their ids, in the order of drafting. Each is among those of every cycle that it was
        ever in."""
        histories = _histories(versions)
        self.objectives |= histories
        self.of_objective |= {id: [] for id in histories}
        self._homes = {}
        for id, history in histories.items():
            for cycle in dict.fromkeys(row.cycle for row in history.versions):
                self._of_cycle.setdefault(cycle, []).append(id)
        return list(histories)

    def add_key_results(self, versions: Iterable[KeyResultRow]) -> None:
        """Add key results. Each is among those of every objective that it was ever in, in the order of addition."""
        histories = _histories(versions)
        self.key_results |= histories
        for id in histories:
            for home in self.homes_of(id):
                known = self.of_objective[home]
                if id not in known:
                    insort(known, id, key=self._born)

    def _born(self, key_result: UUID) -> int:
        return self.key_results[key_result].versions[0].born

    def add_measurements(self, kind: Kind, rows: measurement_series.Rows) -> None:
        """Add measurements of one kind."""
        self.measurements |= measurement_series.by_subject(kind, rows)

    def may_take_from_others(self, objective: UUID) -> bool:
        """Whether supporters may ever have given its value: not if one of its key results was there before the first
        alignment to it, and was never dropped."""
        edges = self.edges.get(objective, ())
        if not edges:
            return False
        kept = [self.key_results[id].versions for id in self.of_objective[objective]]
        kept = [versions for versions in kept if is_live(versions[-1]) and _is_settled(versions, objective)]
        position, moment = min(edge.position for edge in edges), min(edge.effective_at for edge in edges)
        return not any(versions[0].position < position and versions[0].changed_at <= moment for versions in kept)


def _governing(history: History[V], horizon: Horizon) -> V | None:
    versions = reversed(history.versions)
    return next((one for one in versions if horizon.governs(one.position, one.changed_at)), None)


def is_live(row: ObjectiveRow | KeyResultRow | None) -> bool:
    """Whether a goal exists and is not dropped."""
    return row is not None and row.state not in (ObjectiveState.DROPPED, KeyResultState.DROPPED)


def _is_settled(versions: Sequence[KeyResultRow], objective: UUID) -> bool:
    """Whether a key result was always in this objective."""
    return all(row.objective == objective for row in versions)


def _histories(versions: Iterable[V]) -> dict[UUID, History[V]]:
    """The histories by id, in the order of the first versions."""
    found: dict[UUID, list[V]] = {}
    for version in versions:
        found.setdefault(version.id, []).append(version)
    return {id: History(of) for id, of in found.items()}


# ── queries ──────────────────────────────────────────────────────────────────────────────────────


def of_cycles(conn: Connection, basis: Basis, cycles: Sequence[UUID], since: datetime | None = None) -> Timeline:
    """The goals of these cycles and of the cycles inside them, up to a basis. `own` are those of these cycles. Of the
    readings of KPIs only those that figures from `since` on may depend on (default: from the opening of the cycles
    on)."""
    timeline = started(conn, basis)
    within = _within(timeline, cycles)
    wanted = f"select id from {OBJECTIVE.name} where arrived and cycle = any(%(cycles)b)"
    ids = timeline.add_objectives(OBJECTIVE.history(conn, basis, wanted, cycles=within))
    own = {id for cycle in cycles for id in timeline.objectives_of_cycle(cycle)}
    timeline.own = [id for id in ids if id in own]
    _add_goals(conn, basis, timeline, ids)
    _add_measurements(conn, basis, timeline, _first_needed(timeline, cycles, since))
    return timeline


Check: TypeAlias = Callable[["Timeline"], None]
"""Called with goals that have no measurements yet, which are most of what is read. It may raise."""


def of_objectives(conn: Connection, basis: Basis, objectives: Sequence[UUID], check: Check | None = None) -> Timeline:
    """These objectives up to a basis."""
    timeline = started(conn, basis)
    timeline.own = _add_objectives(conn, basis, timeline, objectives)
    return _completed(conn, basis, timeline, check)


def of_goals_in(
    conn: Connection,
    basis: Basis,
    objectives: Sequence[UUID],
    linked: Sequence[UUID],
    cycle: UUID,
    since: datetime | None,
) -> Timeline:
    """These objectives up to a basis, and of the `linked` ones only the key results that a KPI ever measured, with only
    those readings that figures of a cycle from `since` on, by all that the basis knows, may depend on (default: from
    its opening on)."""
    timeline = started(conn, basis)
    timeline.own = _add_objectives(conn, basis, timeline, objectives)
    _add_goals(conn, basis, timeline, timeline.own)
    if linked:
        _add_objectives(conn, basis, timeline, linked)
        of_kpis = f"select id from {KEY_RESULT.name} where kpi is not null and objective = any(%(objectives)b)"
        _add_key_results(conn, basis, timeline, of_kpis, linked)
    _add_measurements(conn, basis, timeline, Basis(_first_needed(timeline, [cycle], since).at, basis.position))
    return timeline


def part_of(whole: Timeline, objectives: Collection[UUID]) -> Timeline:
    """Some objectives of a timeline, and those that may ever have given them their value, directly or not."""
    wanted = dict.fromkeys(objectives)
    level = list(wanted)
    while level:
        takers = [id for id in level if whole.may_take_from_others(id)]
        others = {edge.objective for id in takers for edge in whole.edges[id]} | _other_homes(whole, level)
        level = sorted((others & whole.objectives.keys()) - wanted.keys())
        wanted |= dict.fromkeys(level)
    found = copy(whole)
    found._homes = {}  # noqa: SLF001
    found.own = list(objectives)
    found.objectives = {id: whole.objectives[id] for id in wanted}
    found.of_objective = {id: whole.of_objective[id] for id in wanted}
    found.key_results = {id: whole.key_results[id] for of in found.of_objective.values() for id in of}
    return found


def part_with(whole: Timeline, key_result: UUID) -> Timeline:
    """One key result of a timeline, in the objectives that it was ever in."""
    found = copy(whole)
    found.objectives, found.of_objective, found._of_cycle = {}, {}, {}  # noqa: SLF001
    homes = [whole.objectives[id].versions for id in whole.homes_of(key_result)]
    found.own = found.add_objectives(chain.from_iterable(homes))
    found.of_objective = {home: [key_result] for home in found.own}
    found.key_results = {key_result: whole.key_results[key_result]}
    return found


def of_teams(
    conn: Connection,
    basis: Basis,
    teams: Sequence[UUID],
    cycle: UUID | None,
    since: datetime | None,
    check: Check | None = None,
) -> Timeline:
    """All teams, and the goals that these teams, or any team that was ever inside them, owned at any time: in a cycle,
    or in all cycles that were active at any time from `since` on (default: the first plan of the active cycles)."""
    timeline = started(conn, basis)
    timeline.teams = _histories(TEAM.history(conn, basis, f"select id from {TEAM.name} where version = 1"))
    inside = ever_inside(timeline, teams)
    cycles = _active_since(timeline, since or _first_plan(timeline, basis)) if cycle is None else [cycle]
    wanted = f"select id from {OBJECTIVE.name} where team = any(%(teams)b) and cycle = any(%(cycles)b)"
    found = OBJECTIVE.history(conn, basis, wanted, teams=sorted(inside), cycles=cycles)
    timeline.own = timeline.add_objectives(found)
    return _completed(conn, basis, timeline, check)


def of_key_results(
    conn: Connection,
    basis: Basis,
    key_results: Sequence[UUID],
    since: datetime,
    ranges: Sequence[tuple[datetime, datetime]] = (),
) -> Timeline:
    """These key results with their measurements, without their objectives and cycles: enough for their standings at
    this basis. `since`: a moment before which nothing of them existed. `ranges`: the disjoint spans whose readings are
    read; without any, all are that the standings may depend on."""
    timeline = Timeline(basis.position)
    timeline.key_results = _histories(
        KEY_RESULT.read(
            conn, _known_versions(KEY_RESULT, "v.id = any(%(ids)b)"), basis_params(basis, ids=list(key_results))
        )
    )
    _add_check_ins(conn, basis, timeline)
    _add_kpis(conn, basis, timeline)
    if any(map(timeline.is_worked_out, timeline.kpis)):
        _add_settings(conn, basis, timeline)
    if ranges:
        readings = measurement_series.readings_within(conn, basis, sorted(timeline.kpis), ranges)
        timeline.add_measurements(Kind.READING, readings)
    else:
        _add_readings(conn, basis, timeline, Basis(since, basis.position))
    return timeline


def started(conn: Connection, basis: Basis) -> Timeline:
    """All cycles, scoring policies and calendars up to a basis, without goals."""
    timeline = Timeline(basis.position)
    _add_settings(conn, basis, timeline)
    timeline.cycles = _histories(CYCLE.history(conn, basis, f"select id from {CYCLE.name} where version = 1"))
    return timeline


def _add_settings(conn: Connection, basis: Basis, timeline: Timeline) -> None:
    policies, calendars = settings(conn, basis)
    timeline.policies, timeline.calendars = History(policies.rows), History(calendars.rows)


def _within(timeline: Timeline, cycles: Sequence[UUID]) -> list[UUID]:
    """These cycles and all cycles inside them."""
    found = dict.fromkeys(cycles)
    level = list(cycles)
    while level:
        inside = [id for id, history in timeline.cycles.items() if history.versions[-1].parent in level]
        level = [id for id in inside if id not in found]
        found |= dict.fromkeys(level)
    return list(found)


def ever_inside(timeline: Timeline, teams: Iterable[UUID]) -> set[UUID]:
    """These teams, and all teams that were ever inside them, directly or not."""
    within: dict[UUID | None, set[UUID]] = {}
    for history in timeline.teams.values():
        for version in history.versions:
            within.setdefault(version.parent, set()).add(version.id)
    return set().union(*(reached(team, within) for team in teams))


def _first_plan(timeline: Timeline, basis: Basis) -> datetime:
    """The earliest activation of the cycles that are active at the basis; without any, the moment of the basis."""
    rows = [history.versions[-1] for history in timeline.cycles.values()]
    plans = [row.plan_at for row in rows if row.state is CycleState.ACTIVE and row.plan_at is not None]
    return min(plans, default=basis.at)


def _active_since(timeline: Timeline, since: datetime) -> list[UUID]:
    """The cycles that were active at that moment or later."""
    rows = [history.versions[-1] for history in timeline.cycles.values()]
    return [row.id for row in rows if row.plan_at is not None and (row.outcome_at is None or row.outcome_at > since)]


def _add_objectives(conn: Connection, basis: Basis, timeline: Timeline, ids: Sequence[UUID]) -> list[UUID]:
    return timeline.add_objectives(OBJECTIVE.history(conn, basis, "select unnest(%(ids)b::uuid[])", ids=list(ids)))


def _completed(conn: Connection, basis: Basis, timeline: Timeline, check: Check | None) -> Timeline:
    """Add key results and supporters, level by level, and then all measurements."""
    _add_goals(conn, basis, timeline, timeline.own)
    if check is not None:
        check(timeline)
    _add_measurements(conn, basis, timeline)
    return timeline


def _add_goals(conn: Connection, basis: Basis, timeline: Timeline, objectives: Sequence[UUID]) -> None:
    level = list(objectives)
    while level:
        _add_key_results_and_edges(conn, basis, timeline, level)
        takers = [id for id in level if timeline.may_take_from_others(id)]
        others = {edge.objective for id in takers for edge in timeline.edges[id]} | _other_homes(timeline, level)
        others -= timeline.objectives.keys()
        level = _add_objectives(conn, basis, timeline, sorted(others)) if others else []


def _other_homes(timeline: Timeline, objectives: Sequence[UUID]) -> set[UUID]:
    """The objectives that key results of these were ever in."""
    ids = [id for objective in objectives for id in timeline.of_objective[objective]]
    return {row.objective for id in ids for row in timeline.key_results[id].versions}


def _add_key_results_and_edges(conn: Connection, basis: Basis, timeline: Timeline, objectives: Sequence[UUID]) -> None:
    created = (
        f"select id from {KEY_RESULT.name} where arrived and objective = any(%(objectives)b) and changed_at <= %(at)s"
    )
    _add_key_results(conn, basis, timeline, created, objectives)
    edges = (
        f"select {SUPPORT.names} from {SUPPORT.name} v where v.target = any(%(targets)b)"
        " and v.position <= %(position)s and v.effective_at <= %(at)s order by v.position, v.place"
    )
    for edge in SUPPORT.read(conn, edges, basis_params(basis, targets=list(objectives))):
        timeline.edges.setdefault(edge.target, []).append(edge)


def _add_key_results(
    conn: Connection, basis: Basis, timeline: Timeline, wanted: str, objectives: Sequence[UUID]
) -> None:
    """Add the key results with the ids of a query, which concerns these objectives."""
    params = basis_params(basis, objectives=list(objectives))
    timeline.add_key_results(KEY_RESULT.read(conn, _known_versions(KEY_RESULT, f"v.id in ({wanted})"), params))


def _known_versions(table: VersionedTable[Any], where: str) -> str:
    """The query for the versions known at the basis, effective or not, oldest first."""
    return f"select {table.seen} from {table.name} v where {where} and v.position <= %(position)s order by v.position"


def _add_measurements(conn: Connection, basis: Basis, timeline: Timeline, needed: Basis = BEGINNING) -> None:
    """Add all check-ins, the KPIs, and the readings that figures may depend on from `needed` on."""
    _add_check_ins(conn, basis, timeline)
    _add_kpis(conn, basis, timeline)
    _add_readings(conn, basis, timeline, needed)


def _add_check_ins(conn: Connection, basis: Basis, timeline: Timeline) -> None:
    rows = measurement_series.check_ins(conn, basis, list(timeline.key_results))
    timeline.add_measurements(Kind.CHECK_IN, rows)


def _add_readings(conn: Connection, basis: Basis, timeline: Timeline, needed: Basis) -> None:
    linked = filter(timeline.is_worked_out, timeline.ever_linked())
    formulas = {kpi: timeline.with_inputs([kpi]) for kpi in linked}
    versions = {id: history.versions for id, history in timeline.kpis.items()}
    of = NeededKpis(versions, timeline.calendars.versions, formulas, needed, basis.position)
    timeline.measurements |= needed_readings.read(conn, basis, of)


def before_day(day: date) -> datetime:
    """A moment before the beginning of a day in any time zone."""
    return max(datetime.combine(day, time.min, UTC) - timedelta(days=2), EARLIEST)


def _first_needed(timeline: Timeline, cycles: Sequence[UUID], since: datetime | None) -> Basis:
    """A basis before which no figure of these cycles is asked for: nothing of them existed then."""
    goals = [history.versions[0] for of in (timeline.objectives, timeline.key_results) for history in of.values()]
    objectives = [row for history in timeline.objectives.values() for row in history.versions]
    homes = {*cycles, *(row.cycle for row in objectives)}
    involved = [version for id in homes for version in timeline.cycles[id].versions]
    moments = [*(before_day(row.starts_on) for row in involved), *(row.changed_at for row in (*involved, *goals))]
    positions = [row.position for row in (*involved, *goals)]
    return Basis(min([*moments, *([since] if since else [])]), min(positions)) if positions else BEGINNING


def _add_kpis(conn: Connection, basis: Basis, timeline: Timeline) -> None:
    """Add the KPIs that measure key results and those that their formulas name, level by level. Of each there are also
    versions that are known at the basis but effective after its moment."""
    sql = _known_versions(KPI, "v.id = any(%(ids)b)")
    level = timeline.ever_linked()
    while level:
        timeline.kpis |= _histories(KPI.read(conn, sql, basis_params(basis, ids=sorted(level))))
        level = {id for kpi in level for id in timeline.inputs_of(kpi)} - timeline.kpis.keys()
