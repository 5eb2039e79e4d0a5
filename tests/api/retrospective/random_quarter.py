"""A random quarter: most commands change progress, and many are recorded late."""

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any
from uuid import UUID

from domain.commands.command import Command, KpiBy
from domain.commands.cycle_commands import ActivateCycle
from domain.commands.key_result_commands import (
    AddKeyResult,
    CheckIn,
    CorrectCheckIn,
    DropKeyResult,
    LinkKpi,
    PlanKeyResult,
    RescheduleKeyResult,
    RetargetKeyResult,
    ReweighKeyResult,
    ScoreKeyResult,
    UnlinkKpi,
)
from domain.commands.kpi_commands import CorrectReading, DefineKpi, ReadingInput, RecordReadings, RetractReading
from domain.commands.objective_commands import DraftObjective, DropObjective, ReopenObjective
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Direction, Metric, Milestone, PlanPoint
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, day
from tests.asking import AskedWorld
from tests.metric_input import as_input

LENGTH = 90
WEIGHTS = {
    "check_in": 10, "read": 6, "correct": 4, "correct_reading": 3, "retract": 2, "retarget": 3, "reweigh": 2,
    "reschedule": 1, "add": 2, "drop": 0.7, "link": 3, "unlink": 2, "score": 0.5, "drop_objective": 0.2,
    "reopen_objective": 0.5, "draft": 0.7, "plan": 3,
}  # fmt: skip
KPIS = ("users", "sales")


class Life:
    """One cycle with a handful of goals. `at` is the day it is now."""

    def __init__(self, world: AskedWorld, chance: Random) -> None:
        self._world = world
        self._chance = chance
        self.at = 0.0
        self._effective: Callable[[], dict[str, Any]] = lambda: {"effective_at": day(self.at)}
        goals.cycle(world)
        for key in KPIS:
            world.do(DefineKpi(key=key, name=key, effective_at=day(0)))
        self._objectives = [goals.objective(world, f"Go a long way {number}") for number in range(2)]
        self._key_results: list[UUID] = []
        self._check_ins: list[UUID] = []
        self._readings: list[float] = [0.0]
        for _ in range(4):
            self._try(self._add())

    def live(self, steps: int, until: float) -> None:
        """Execute `steps` random commands up to a day of the cycle."""
        step = (until - self.at) / steps
        for _ in range(steps):
            self.at += step
            name = self._chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            self._try(getattr(self, f"_{name}")())

    def _try(self, command: Command) -> None:
        with suppress(CommandRejected):
            outcome = self._world.do(command)
            subject = outcome.result.subject
            if subject is not None:
                known = {AddKeyResult: self._key_results, CheckIn: self._check_ins}.get(type(command))
                known = self._objectives if isinstance(command, DraftObjective) else known
                if known is not None:
                    known.append(subject.id)

    def activate(self) -> None:
        """Activate the cycle with an effective time before the last command, if that is accepted."""
        for at in (self._chance.choice([0, 3]), self.at):
            self._try(ActivateCycle(cycle=CYCLE, effective_at=day(at)))

    def now(self) -> None:
        """From now on effective times are record times; measurements may still be late."""
        self._effective = dict

    def _metric(self) -> Metric:
        low, high = self._chance.choice([0.0, 5.0]), self._chance.choice([20.0, 40.0, 80.0])
        return self._chance.choice(
            [
                Metric(Direction.INCREASE, start=low, target=high),
                Metric(Direction.DECREASE, start=high, target=low),
                Metric(Direction.AT_LEAST, start=low, target=high),
                Metric(Direction.AT_MOST, start=high, target=low),
                Metric(Direction.WITHIN, start=low, lower=20.0, upper=high + 1),
                Metric(Direction.MILESTONES, milestones=(Milestone("m1", "One", 1.0), Milestone("m2", "Two", 3.0))),
                Metric(Direction.DONE),
            ]
        )

    def _value(self) -> float:
        return self._chance.choice([-5.0, 0.0, 1.0, 7.0, 13.0, 21.0, 34.0, 55.0, 90.0])

    def _day(self) -> float:
        """Today, or sometimes an earlier day."""
        return self.at if self._chance.random() < 0.7 else self.at * self._chance.random()

    def _of(self) -> UUID:
        return self._chance.choice(self._key_results[-8:])

    def _kpi(self) -> KpiBy:
        return KpiBy(key=self._chance.choice(KPIS))

    # ── commands ──────────────────────────────────────────────────────────────────────────

    def _check_in(self) -> Command:
        entry = {"value": self._value()} if self._chance.random() < 0.8 else {"reached": ["m1"]}
        sure = self._chance.choice([None, 0.1, 0.5, 0.9])
        if self._chance.random() < 0.1:
            entry, sure = {}, 0.3
        return CheckIn(key_result=self._of(), confidence=sure, measured_at=day(self._day()), reason="late", **entry)

    def _correct(self) -> Command:
        return CorrectCheckIn(check_in=self._one(self._check_ins), value=self._value(), reason="wrong")

    def _read(self) -> Command:
        at = self._day()
        self._readings.append(at)
        return RecordReadings(readings=[ReadingInput(kpi=KpiBy(key="users"), value=self._value(), measured_at=day(at))])

    def _reading(self) -> UUID:
        return goals.reading(self._world, "users", self._chance.choice(self._readings))

    def _correct_reading(self) -> Command:
        return CorrectReading(reading=self._reading(), value=self._value(), reason="wrong")

    def _retract(self) -> Command:
        return RetractReading(reading=self._reading(), reason="wrong")

    def _retarget(self) -> Command:
        return RetargetKeyResult(
            key_result=self._of(), metric=as_input(self._metric()), reason="more", **self._effective()
        )

    def _plan(self) -> Command:
        """Up to two points on the days to come."""
        first = int(self.at) + 1
        days = sorted({self._chance.randint(first, first + 20) for _ in range(self._chance.randint(0, 2))})
        points = [PlanPoint(day(number).date(), self._chance.choice([0.25, 0.5, 13.0])) for number in days]
        return PlanKeyResult(key_result=self._of(), points=points, reason="more", **self._effective())

    def _reweigh(self) -> Command:
        weight = self._chance.choice([0.5, 1.0, 2.0, 5.0])
        return ReweighKeyResult(key_result=self._of(), weight=weight, reason="more", **self._effective())

    def _reschedule(self) -> Command:
        due = day(self._chance.randint(40, LENGTH)).date()
        return RescheduleKeyResult(key_result=self._of(), due=due, reason="later", **self._effective())

    def _add(self) -> Command:
        kpi = self._kpi() if self._chance.random() < 0.2 else None
        weight = self._chance.choice([1.0, 1.0, 3.0])
        return AddKeyResult(
            objective=self._one(self._objectives), title="As far as it goes", metric=as_input(self._metric()),
            weight=weight, kpi=kpi, **self._effective(),
        )  # fmt: skip

    def _drop(self) -> Command:
        return DropKeyResult(key_result=self._of(), reason="no", **self._effective())

    def _link(self) -> Command:
        return LinkKpi(key_result=self._of(), kpi=self._kpi(), **self._effective())

    def _unlink(self) -> Command:
        return UnlinkKpi(key_result=self._of(), **self._effective())

    def _score(self) -> Command:
        return ScoreKeyResult(key_result=self._of(), score=self._chance.random(), **self._effective())

    def _draft(self) -> Command:
        return DraftObjective(cycle=CYCLE, title="And a little further", **self._effective())

    def _drop_objective(self) -> Command:
        return DropObjective(objective=self._one(self._objectives), reason="no", **self._effective())

    def _reopen_objective(self) -> Command:
        return ReopenObjective(objective=self._one(self._objectives), reason="yes", **self._effective())

    def _one(self, ids: list[UUID]) -> UUID:
        return self._chance.choice(ids) if ids else UUID(int=0)
