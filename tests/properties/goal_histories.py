"""Random histories of one company's goals: a year with its quarters, headings above them, teams and KPIs.

Unlike `tests.properties.histories`, whose commands these are, time passes: a clock runs from the first day of the year
to the present, most changes are effective when the clock says so, and some are late. So the answers at past moments
differ, cycles end, and goals fall silent.
"""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType, structs

from domain.commands.command import Command, CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle, AdoptScoringPolicy, CloseCycle, OpenCycle, RescheduleCycle
from domain.commands.key_result_commands import (
    AddKeyResult,
    CheckIn,
    CorrectCheckIn,
    LinkKpi,
    PlanKeyResult,
    RescheduleKeyResult,
    RetargetKeyResult,
)
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, RedefineKpi
from domain.commands.objective_commands import AlignObjective, AssignObjective, CloseObjective, DraftObjective
from domain.commands.people_commands import FormTeam
from domain.handlers.batches.batch_dispatcher import BatchDispatcher
from domain.handlers.unit_of_work import keyed_id
from domain.primitives.values import (
    Aggregation,
    Cadence,
    Direction,
    GoalDirection,
    Kind,
    KpiGoal,
    Metric,
    Milestone,
    ObjectiveKind,
    Verdict,
)
from tests.metric_input import as_input
from tests.properties.histories import After, History

QUARTER_DAYS = 91
AGE_DAYS = 290
"""The year began so many days ago: three of its quarters are over, the fourth is open."""

WEIGHTS: dict[str, float] = {
    "checkIn": 16, "recordReadings": 12, "correctCheckIn": 3, "correctReading": 2, "retractReading": 1,
    "addKeyResult": 12, "draftObjective": 8, "commitObjective": 14, "scoreKeyResult": 3, "closeObjective": 3,
    "reopenObjective": 2, "dropObjective": 0.7, "dropKeyResult": 1, "closeCycle": 0.3, "activateCycle": 0.3,
    "alignObjective": 2, "unalignObjective": 1, "assignObjective": 1.5, "moveTeam": 0.7, "adoptScoringPolicy": 1,
    "retargetKeyResult": 4, "reweighKeyResult": 1.5, "rescheduleKeyResult": 2, "linkKpi": 2, "unlinkKpi": 1.5,
    "redefineKpi": 2.5, "defineKpi": 0.7, "setKpiTargets": 2, "retireKpi": 0.3, "reviveKpi": 0.3, "carryObjective": 0.5,
    "planKeyResult": 6, "setCalendar": 1, "abandonCycle": 0.3, "handOver": 0.3, "setLabels": 0.3,
    "setExternalReference": 0.3, "rescheduleCycle": 2, "moveKeyResult": 3, "moveObjective": 2, "renameCycle": 0.2,
    "setObjectiveVisibility": 0.5, "saveAsTemplate": 0.7, "applyTemplate": 0.7, "draftObjectives": 1, "defineKpis": 0.2,
    "checkInMany": 3, "addPerson": 0.5, "assignKeyResult": 0.3, "rewordObjective": 0.2, "rewordKeyResult": 0.2,
    "planInitiative": 0.2,
}  # fmt: skip


class GoalHistory(History):
    """A random history of goals. `first_day` is that of the year; `steps` commands bring the clock to the present."""

    weights = WEIGHTS

    def __init__(self, keyframe: BatchDispatcher, chance: Random, today: date) -> None:
        super().__init__(keyframe, chance)
        self.first_day = today - timedelta(days=AGE_DAYS)
        self.first_time = datetime.combine(self.first_day, time(), UTC)
        self._clock = self.first_time
        self._now = datetime.combine(today, time(), UTC)

    def live(self, steps: int, after: After | None = None) -> None:
        for command in self._first_commands():
            self._take(command, after)
        self._open_year(after)
        planned = self._cycle_changes()
        for left in range(steps, 0, -1):
            pause = (self._now - self._clock) / timedelta(hours=6) / left
            self._clock += timedelta(hours=6) * self._chance.randint(0, max(0, round(2 * pause)))
            while planned and planned[0][0] <= self._clock:
                self._take(planned.pop(0)[1], after)
            self._step(after)

    def _cycle_changes(self) -> list[tuple[datetime, Command]]:
        """When cycles begin and end, some days after their first and last days; some are not closed."""
        changes: list[tuple[datetime, Command]] = []
        for number in range(4):
            cycle = CycleBy(key=f"q{number + 1}")
            begins, ends = (
                self.first_time + timedelta(days=day * QUARTER_DAYS + self._chance.randint(-3, 8))
                for day in (number, number + 1)
            )
            changes.append((begins, ActivateCycle(cycle=cycle, effective_at=begins)))
            if self._chance.random() < 0.8:
                changes.append((ends, CloseCycle(cycle=cycle, close_objectives=True, effective_at=ends)))
        project = self.first_time + timedelta(days=QUARTER_DAYS // 2)
        changes.append((project, ActivateCycle(cycle=CycleBy(key="project"), effective_at=project)))
        return sorted(changes, key=lambda change: change[0])

    def _first_commands(self) -> list[Command]:
        before = self._clock - timedelta(days=40)
        company = FormTeam(key="company", name="Company", effective_at=before)
        return [company, *(self._kpi_with_readings() for _ in range(4))]

    def _open_year(self, after: After | None) -> None:
        """KPIs with formulas, teams below the company, the year, its quarters, and a project across two of them; some
        begin at once."""
        for _ in range(3):
            self._take(self._kpi_with_formula(), after)
        for _ in range(3):
            self._take(self._formTeam(), after)
        self._take(self._opened("year", 0, 4 * QUARTER_DAYS, None), after)
        year = CycleBy(key="year")
        for number in range(4):
            self._take(self._opened(f"q{number + 1}", number * QUARTER_DAYS, QUARTER_DAYS, year), after)
        self._take(self._opened("project", QUARTER_DAYS // 2, 2 * QUARTER_DAYS, None), after)
        self._take(ActivateCycle(cycle=year, effective_at=self._clock), after)
        for _ in range(8):
            self._take(self._draftObjective(), after)
            self._take(self._addKeyResult(), after)

    def _opened(self, key: str, day: int, days: int, parent: CycleBy | None) -> OpenCycle:
        starts_on = self.first_day + timedelta(days=day)
        return OpenCycle(
            key=key, name=key, starts_on=starts_on, ends_on=starts_on + timedelta(days=days - 1), parent=parent,
            check_in_cadence=self._chance.choice([Cadence.WEEKLY, Cadence.BIWEEKLY, Cadence.MONTHLY]),
            effective_at=self._clock - timedelta(days=30),
        )  # fmt: skip

    # ── drawing ──────────────────────────────────────────────────────────────────────────────────

    def _effective(self) -> datetime | None:
        """Mostly the clock's time, sometimes some days before; None, the time of recording, at the present."""
        if self._clock >= self._now:
            return None
        late = self._chance.choice([3, 20]) if self._chance.random() < 0.1 else 0
        return self._clock - timedelta(days=late)

    def _moment(self) -> datetime:
        """The time of a measurement: mostly the clock's, sometimes up to 60 days before."""
        late = self._chance.randint(0, 60) if self._chance.random() < 0.25 else 0
        return min(self._clock, self._now) - timedelta(days=late)

    def _since(self) -> dict[str, Any]:
        return {"reason": self._text(), "effective_at": self._effective()}

    def _number(self) -> float:
        return float(self._chance.randint(-2, 24) * 5)

    def _cycle(self) -> CycleBy:
        """Often the quarter of the clock, else any cycle."""
        quarter = min((self._clock.date() - self.first_day).days // QUARTER_DAYS, 3) + 1
        return CycleBy(key=self._chance.choice([f"q{quarter}", f"q{quarter}", "year", "project", "q1", "q2"]))

    def _metric(self) -> Metric:
        start = self._chance.choice([0.0, 20.0])
        drawn = self._chance.choice([Direction.INCREASE, *Direction])
        stated = self._chance.choice([None, None, 0.0, 50.0, 120.0])
        if drawn is Direction.INCREASE:
            return Metric(drawn, start=start, target=self._chance.choice([80.0, 100.0]))
        if drawn is Direction.DECREASE:
            return Metric(drawn, start=100.0, target=start)
        if drawn is Direction.WITHIN:
            return Metric(drawn, lower=40.0, upper=70.0, start=stated)
        if drawn is Direction.MILESTONES:
            return Metric(drawn, milestones=tuple(Milestone(f"m{one}", "m", one) for one in (1.0, 2.0)))
        if drawn is Direction.DONE:
            return Metric(drawn)
        return Metric(drawn, target=self._chance.choice([40.0, 90.0]), start=stated)

    def _goal(self) -> KpiGoal | None:
        if self._chance.random() < 0.2:
            return None
        if self._chance.random() < 0.3:
            return KpiGoal(GoalDirection.WITHIN, lower=20.0, upper=60.0, tolerance=10.0)
        return KpiGoal(
            self._chance.choice([GoalDirection.AT_LEAST, GoalDirection.AT_MOST]), target=50.0, tolerance=15.0
        )

    def _aggregate(self, field: str, command: type[Command]) -> dict[str, Any]:
        """An aggregate under the name that the command has for it; often none."""
        if field not in command.__struct_fields__ or self._chance.random() < 0.4:
            return {}
        return {field: self._chance.choice(list(Aggregation))}

    def _count_from(self, command: type[Command]) -> dict[str, Any]:
        if "count_from" not in command.__struct_fields__ or self._chance.random() < 0.7:
            return {}
        return {"count_from": self._clock.date() - timedelta(days=self._chance.randint(0, 30))}

    # ── commands ─────────────────────────────────────────────────────────────────────────────────

    def _formTeam(self) -> Command:  # noqa: N802
        return FormTeam(
            key=self._key(), name="Team", parent=self._any(Kind.TEAM), effective_at=self._clock - timedelta(days=30)
        )

    def _defineKpi(self) -> Command:  # noqa: N802
        return self._kpi_with_formula() if self._chance.random() < 0.6 else self._kpi_with_readings()

    def _kpi_with_readings(self) -> Command:
        return DefineKpi(
            key=self._key(), name="KPI", **self._goal_since(), effective_at=self._clock - timedelta(days=30),
            cadence=self._chance.choice([Cadence.WEEKLY, Cadence.BIWEEKLY, Cadence.MONTHLY, Cadence.QUARTERLY]),
            **self._aggregate("aggregation", DefineKpi),
        )  # fmt: skip

    def _kpi_with_formula(self) -> Command:
        """Mostly with a long cadence, so that few inputs have a coarser one."""
        return DefineKpi(
            key=self._key(), name="Formula", goal=self._goal(), effective_at=min(self._clock, self._now),
            cadence=self._chance.choice([Cadence.WEEKLY, Cadence.MONTHLY, Cadence.MONTHLY, Cadence.QUARTERLY]),
            formula=self._formula(),
        )  # fmt: skip

    def _redefineKpi(self) -> Command:  # noqa: N802
        if self._formulas and self._chance.random() < 0.4:
            cadences: list[Cadence | UnsetType] = [UNSET, UNSET, Cadence.MONTHLY, Cadence.QUARTERLY]
            cadence = self._chance.choice(cadences)
            kpi = KpiBy(id=self._chance.choice(self._formulas))
            return RedefineKpi(kpi=kpi, formula=self._formula(), cadence=cadence, **self._since())
        return RedefineKpi(
            kpi=KpiBy(id=self._any(Kind.KPI)), **self._goal_since(), **self._aggregate("aggregation", RedefineKpi),
            **self._since(),
        )  # fmt: skip

    def _goal_since(self) -> dict[str, Any]:
        """A goal, sometimes from a day on."""
        goal = self._goal()
        return {"goal": goal} | ({"goal_from": self._day()} if goal and self._chance.random() < 0.5 else {})

    def _day(self) -> date:
        """A day up to 80 days from the clock's, before or after; often the first of a month."""
        day = self._clock.date() + timedelta(days=self._chance.randint(-80, 80))
        return day.replace(day=1) if self._chance.random() < 0.5 else day

    def _recordReadings(self) -> Command:  # noqa: N802
        kpis = [self._read_kpi() for _ in range(self._chance.randint(1, 3))]
        readings = [ReadingInput(kpi=KpiBy(id=kpi), value=self._number(), measured_at=self._moment()) for kpi in kpis]
        return RecordReadings(readings=readings)

    def _activateCycle(self) -> Command:  # noqa: N802
        return ActivateCycle(cycle=self._cycle(), **self._since())

    def _closeCycle(self) -> Command:  # noqa: N802
        """Never as of an earlier time: a key result that was added since would have ended before it began."""
        return CloseCycle(
            cycle=self._cycle(), close_objectives=self._chance.random() < 0.8, effective_at=min(self._clock, self._now)
        )

    def _rescheduleCycle(self) -> Command:  # noqa: N802
        """Often shorter, or with the days of another quarter that has moved away."""
        key = self._chance.choice(["q1", "q2", "q3", "q4", "project", "project", "year"])
        cycle = self._found(keyed_id(Kind.CYCLE, key))
        first = timedelta(days=self._chance.choice([0, 0, 5, 20, -10]))
        last = timedelta(days=self._chance.choice([0, -5, -30, 10, 40]))
        return RescheduleCycle(
            cycle=CycleBy(key=key), starts_on=cycle.starts_on + first, ends_on=cycle.ends_on + last, **self._since()
        )

    def _adoptScoringPolicy(self) -> Command:  # noqa: N802
        return AdoptScoringPolicy(
            score_green=self._chance.choice([0.6, 0.7, 0.8]), on_track_gap=self._chance.choice([0.05, 0.1, 0.2]),
            stale_after_cadences=self._chance.choice([1.0, 1.5, 3.0]), **self._since(),
        )  # fmt: skip

    def _draftObjective(self) -> Command:  # noqa: N802
        supports = [self._ref(Kind.OBJECTIVE)] if self._ids[Kind.OBJECTIVE] and self._chance.random() < 0.5 else []
        return DraftObjective(
            cycle=self._cycle(), title="Grow with people", kind=self._chance.choice(list(ObjectiveKind)),
            team=self._any(Kind.TEAM) if self._chance.random() < 0.8 else None,
            supports=supports, effective_at=self._effective(),
            key_results=[self._key_result() for _ in range(self._chance.choice([0, 0, 0, 2]))] or UNSET,
        )  # fmt: skip

    def _assignObjective(self) -> Command:  # noqa: N802
        return AssignObjective(objective=self._any(Kind.OBJECTIVE), team=self._any(Kind.TEAM), **self._since())

    def _alignObjective(self) -> Command:  # noqa: N802
        kinds = [Kind.OBJECTIVE, Kind.OBJECTIVE, Kind.OBJECTIVE, Kind.KEY_RESULT]
        return AlignObjective(objective=self._any(Kind.OBJECTIVE), to=self._ref(*kinds), **self._since())

    def _closeObjective(self) -> Command:  # noqa: N802
        return CloseObjective(
            objective=self._any(Kind.OBJECTIVE), verdict=self._chance.choice([None, None, *Verdict]),
            score=self._chance.choice([None, None, 0.4, 1.0]), **self._since(),
        )  # fmt: skip

    def _addKeyResult(self) -> Command:  # noqa: N802
        kpi = KpiBy(id=self._any(Kind.KPI)) if self._chance.random() < 0.35 else None
        linked = {} if kpi is None else self._aggregate("aggregate", AddKeyResult) | self._count_from(AddKeyResult)
        due = self._clock.date() + timedelta(days=self._chance.randint(5, 80)) if self._chance.random() < 0.2 else None
        metric = self._metric()
        is_planned = due is not None and self._chance.random() < 0.5
        return AddKeyResult(
            objective=self._any(Kind.OBJECTIVE), title="Key result", metric=as_input(metric), due=due,
            plan=self._points(metric, self._clock.date(), due) if due is not None and is_planned else UNSET,
            weight=self._chance.choice([0.5, 1.0, 3.0]), kpi=kpi, effective_at=self._effective(), **linked,
        )  # fmt: skip

    def _often_planned(self) -> UUID:
        """A key result, often one of the last that have a plan."""
        planned = [command.key_result for command, _ in self.done if isinstance(command, PlanKeyResult)]
        return (
            self._chance.choice(planned[-3:]) if planned and self._chance.random() < 0.6 else self._any(Kind.KEY_RESULT)
        )

    def _retargetKeyResult(self) -> Command:  # noqa: N802
        """Often only to another target."""
        id = self._often_planned()
        found = self._found(id)
        metric = self._metric()
        if found is not None and found.metric.target is not None and self._chance.random() < 0.8:
            metric = structs.replace(
                found.metric, target=found.metric.target + self._chance.choice([-15.0, 10.0, 40.0])
            )
        return RetargetKeyResult(key_result=id, metric=as_input(metric), **self._since())

    def _rescheduleKeyResult(self) -> Command:  # noqa: N802
        due = self._clock.date() + timedelta(days=self._chance.randint(-5, 80))
        return RescheduleKeyResult(key_result=self._often_planned(), due=due, **self._since())

    def _linkKpi(self) -> Command:  # noqa: N802
        linked = self._aggregate("aggregate", LinkKpi) | self._count_from(LinkKpi)
        return LinkKpi(
            key_result=self._any(Kind.KEY_RESULT), kpi=KpiBy(id=self._any(Kind.KPI)), **linked, **self._since()
        )

    def _checkIn(self) -> Command:  # noqa: N802
        measured: dict[str, Any] = {"value": self._chance.choice([self._number(), 0.0, 1.0, 0.5])}
        if self._chance.random() < 0.35:
            measured = self._chance.choice([{}, {"reached": self._reached()}])
        return CheckIn(
            key_result=self._any(Kind.KEY_RESULT), confidence=self._chance.choice([None, self._share()]),
            note="note", reason="late", measured_at=self._moment(), **measured,
        )  # fmt: skip

    def _correctCheckIn(self) -> Command:  # noqa: N802
        corrected: dict[str, Any] = self._chance.choice([{"value": self._number()}, {"confidence": self._share()}])
        return CorrectCheckIn(check_in=self._any(Kind.CHECK_IN), reason="mistyped", **corrected)
