"""The state of a cycle's goals at any number of bases, from one read of all their versions.

Five statements read every version of the cycle's objectives and key results, all their measurements, and every scoring
policy. The state at a basis is then looked up in sorted lists, so a year of days costs no more statements than one day.
At each basis the result equals that of the queries on the projections.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

from domain.metrics import progress
from domain.metrics.progress import KeyResultProgress, ObjectiveProgress, SharedProgress
from domain.primitives.values import Basis, KeyResultState, Kind, ObjectiveState, Ref, ScoringPolicy
from projections.history import formula_inputs
from projections.history.key_result_standing import Standing
from projections.store.versioned_tables import OPEN, Connection, Version, basis_params, fetch
from projections.tables.cycle import POLICY, CycleRow, PolicyRow
from projections.tables.key_result import KEY_RESULT, KeyResultRow
from projections.tables.objective import OBJECTIVE, ObjectiveRow

V = TypeVar("V", bound=Version)

# ── versions ─────────────────────────────────────────────────────────────────────────────────────


class MeasurementVersion(msgspec.Struct, frozen=True, gc=False):
    """One version of a check-in or reading, current from `position` to `until_position`, which is `OPEN` without an
    end."""

    subject: UUID
    node: Ref
    position: int
    until_position: int
    recorded_at: datetime
    measured_at: datetime
    value: float | None
    reached: tuple[str, ...] | None
    confidence: float | None

    @property
    def is_measured(self) -> bool:
        return self.value is not None or self.reached is not None

    @property
    def has_confidence(self) -> bool:
        return self.confidence is not None


class History(Generic[V]):
    """Every version of one aggregate, oldest first. Both clocks of one aggregate have the same order."""

    def __init__(self) -> None:
        self.versions: list[V] = []
        self._positions: list[int] = []
        self._moments: list[datetime] = []

    def add(self, version: V) -> None:
        self.versions.append(version)
        self._positions.append(version.position)
        self._moments.append(version.changed_at)

    def at(self, basis: Basis) -> V | None:
        """The version at a basis; None before the first."""
        count = min(bisect_right(self._positions, basis.position), bisect_right(self._moments, basis.at))
        return self.versions[count - 1] if count else None


class MeasurementSeries:
    """Every version of every measurement of one key result or KPI, by (measured at, position)."""

    def __init__(self) -> None:
        self.versions: list[MeasurementVersion] = []
        self._moments: list[datetime] = []

    def add(self, version: MeasurementVersion) -> None:
        self.versions.append(version)
        self._moments.append(version.measured_at)

    def latest(
        self,
        basis: Basis,
        matches: Callable[[MeasurementVersion], bool] | None = None,
        since: datetime | None = None,
    ) -> MeasurementVersion | None:
        """The latest version that is current at a basis, matches, and was measured at or after `since`."""
        for place in range(bisect_right(self._moments, basis.at) - 1, -1, -1):
            version = self.versions[place]
            if since is not None and version.measured_at < since:
                return None
            if is_current(version, basis) and (matches is None or matches(version)):
                return version
        return None


def is_current(version: MeasurementVersion, basis: Basis) -> bool:
    """Whether the version, but no event that ended it, is known at the basis."""
    return version.position <= basis.position < version.until_position


_is_measured: Callable[[MeasurementVersion], bool] = attrgetter("is_measured")
_has_confidence: Callable[[MeasurementVersion], bool] = attrgetter("has_confidence")

# ── the timeline ─────────────────────────────────────────────────────────────────────────────────


class BitemporalTimeline:
    """A cycle with all versions and measurements of its goals that are known at the basis it was read at; `position` is
    the position of that basis."""

    def __init__(
        self,
        cycle: CycleRow,
        position: int,
        policies: Iterable[PolicyRow],
        objectives: Iterable[ObjectiveRow],
        key_results: Iterable[KeyResultRow],
    ) -> None:
        self.cycle = cycle
        self.position = position
        self.policies: History[PolicyRow] = History()
        for policy in policies:
            self.policies.add(policy)
        self.objectives = _histories(objectives)
        self.key_results = _histories(key_results)
        self.series: dict[UUID, MeasurementSeries] = {}
        self.of_objective: dict[UUID, list[UUID]] = {id: [] for id in self.objectives}
        for id, history in self.key_results.items():
            self.of_objective[history.versions[0].objective].append(id)

    @property
    def versions(self) -> Iterator[Version]:
        """Every version of every goal."""
        for objective in self.objectives.values():
            yield from objective.versions
        for key_result in self.key_results.values():
            yield from key_result.versions

    def policy(self, basis: Basis) -> ScoringPolicy:
        """The scoring policy in force."""
        row = self.policies.at(basis)
        return ScoringPolicy() if row is None else row.policy

    def progress(self, basis: Basis) -> SharedProgress:
        """The progress of the cycle, and in it of each objective and each key result that is not dropped."""
        policy = self.policy(basis)
        rows = [row for history in self.objectives.values() if (row := history.at(basis)) is not None]
        return progress.of_objectives([self.progress_of_objective(row, basis, policy) for row in rows])

    def progress_of_objective(self, row: ObjectiveRow, basis: Basis, policy: ScoringPolicy) -> ObjectiveProgress:
        """The progress of an objective, by its key results that are not dropped."""
        rows = [self.key_results[id].at(basis) for id in self.of_objective[row.id]]
        live = [part for part in rows if part is not None and part.state is not KeyResultState.DROPPED]
        parts = [self._progress_of_key_result(part, row, basis, policy) for part in live]
        return progress.of_objective(formula_inputs.of_objective(row), parts)

    def _progress_of_key_result(
        self, row: KeyResultRow, objective: ObjectiveRow, basis: Basis, policy: ScoringPolicy
    ) -> KeyResultProgress:
        facts = formula_inputs.of_key_result(row, self.standing(row, basis), self.cycle, objective)
        return progress.of_key_result(facts, basis.at, policy)

    def measurements(self, subject: UUID, basis: Basis) -> list[MeasurementVersion]:
        """The measurements of a key result or KPI that are current at a basis, by (measured at, position)."""
        versions = self.series.get(subject, _EMPTY).versions
        return [version for version in versions if version.measured_at <= basis.at and is_current(version, basis)]

    def standing(self, row: KeyResultRow, basis: Basis) -> Standing:
        """The standing of a key result; equal to that of `key_result_standing.standings`."""
        own = self.series.get(row.id, _EMPTY)
        last = own.latest(basis)
        confident = last if last is None or last.has_confidence else own.latest(basis, _has_confidence)
        if row.kpi is None:
            measured = last if last is None or last.is_measured else own.latest(basis, _is_measured)
        else:
            measured = self.series.get(row.kpi, _EMPTY).latest(basis, since=row.kpi_since)
        moments = [version.measured_at for version in (last, measured) if version is not None]
        return Standing(*_value_columns(measured), max(moments, default=None), *_confidence_columns(confident))


def _value_columns(
    version: MeasurementVersion | None,
) -> tuple[float | None, tuple[str, ...] | None, datetime | None, UUID | None, int | None]:
    if version is None:
        return None, None, None, None, None
    return version.value, version.reached, version.measured_at, version.node.id, version.position


def _confidence_columns(version: MeasurementVersion | None) -> tuple[float | None, int | None]:
    return (None, None) if version is None else (version.confidence, version.position)


def is_live(row: ObjectiveRow | KeyResultRow | None) -> bool:
    """Whether a goal exists and is not dropped."""
    return row is not None and row.state not in (ObjectiveState.DROPPED, KeyResultState.DROPPED)


def _histories(versions: Iterable[V]) -> dict[UUID, History[V]]:
    """The histories by id, in the order of the first versions."""
    histories: dict[UUID, History[V]] = {}
    for version in versions:
        histories.setdefault(version.id, History()).add(version)
    return histories


_EMPTY = MeasurementSeries()

# ── queries ──────────────────────────────────────────────────────────────────────────────────────


def read(conn: Connection, basis: Basis, cycle: CycleRow) -> BitemporalTimeline:
    """The timeline of a cycle up to a basis: five statements, or four if no KPI was ever linked."""
    first = "where version = 1"
    timeline = BitemporalTimeline(
        cycle,
        basis.position,
        POLICY.history(conn, basis, f"select id from {POLICY.name} {first}"),
        OBJECTIVE.history(
            conn, basis, f"select id from {OBJECTIVE.name} {first} and cycle = %(cycle)s", cycle=cycle.id
        ),
        KEY_RESULT.history(
            conn, basis, f"select id from {KEY_RESULT.name} {first} and cycle = %(cycle)s", cycle=cycle.id
        ),
    )
    for row in fetch(conn, _CHECK_INS, basis_params(basis, cycle=cycle.id)):
        _add(timeline, Kind.CHECK_IN, row)
    since = _linked_since(timeline)
    if since:
        kpis = basis_params(basis, kpis=list(since), since=list(since.values()))
        for row in fetch(conn, _READINGS, kpis):
            _add(timeline, Kind.READING, (*row, None, None))
    return timeline


_KNOWN = "v.position <= %(position)s and v.measured_at <= %(at)s"
_CHECK_INS = f"""
    select v.key_result, v.id, v.position, v.until_position, v.recorded_at, v.measured_at,
        v.value, v.reached, v.confidence
    from check_in v join key_result k on k.id = v.key_result and k.version = 1
    where k.cycle = %(cycle)s and {_KNOWN} order by v.measured_at, v.position
"""
_READINGS = f"""
    select v.kpi, v.id, v.position, v.until_position, v.recorded_at, v.measured_at, v.value
    from unnest(%(kpis)b::uuid[], %(since)b::timestamptz[]) as k (id, since)
    join reading v on v.kpi = k.id and v.measured_at >= k.since
    where {_KNOWN} order by v.measured_at, v.position
"""


def _linked_since(timeline: BitemporalTimeline) -> dict[UUID, datetime]:
    """Every KPI that any key result was ever linked to, and the time of the first link."""
    since: dict[UUID, datetime] = {}
    for history in timeline.key_results.values():
        for one in history.versions:
            if one.kpi is not None and one.kpi_since is not None:
                since[one.kpi] = min(one.kpi_since, since.get(one.kpi, one.kpi_since))
    return since


def _add(timeline: BitemporalTimeline, kind: Kind, row: Sequence[Any]) -> None:
    subject, id, position, until, recorded_at, measured_at, value, reached, confidence = row
    version = MeasurementVersion(
        subject, Ref(kind, id), position, until or OPEN, recorded_at, measured_at, value,
        None if reached is None else tuple(reached), confidence,
    )  # fmt: skip
    timeline.series.setdefault(subject, MeasurementSeries()).add(version)
