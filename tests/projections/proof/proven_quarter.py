"""A quarter with objectives, a linked KPI, comments and a closing, and other records that do not belong to it."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from domain.commands.command import Command, CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle, AdoptScoringPolicy, CloseCycle, OpenCycle
from domain.commands.discussion_commands import AddComment, PlanInitiative, Reflect
from domain.commands.key_result_commands import AddKeyResult, CheckIn, CorrectCheckIn, RetargetKeyResult
from domain.commands.kpi_commands import CorrectReading, DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import DraftObjective
from domain.commands.people_commands import AddPerson
from domain.commands.permissions import Author, Role
from domain.commands.workspace_commands import SetCalendar
from domain.handlers.dispatcher import Dispatcher
from domain.primitives.values import Direction, Kind, Metric, Ref, ReflectionKind, Source, Unit, UnitKind
from tests.metric_input import as_input

ADA = Author("machine:ada", Source.API, frozenset(Role))
Q1 = CycleBy(key="2024-q1")
SALES = KpiBy(key="sales")


def at(month: int, day: int) -> datetime:
    return datetime(2024, month, day, 9, tzinfo=UTC)


class Quarter:
    """Records the quarter; `inside` has the streams that belong to its evidence, `outside` those that do not."""

    def __init__(self, keyframe: Dispatcher) -> None:
        self._keyframe = keyframe
        self.inside: set[UUID] = set()
        self.outside: set[UUID] = set()
        self._record_context()
        self._record_quarter()

    def _do(self, command: Command) -> Any:
        return self._keyframe.execute(command, ADA).result

    def _in(self, command: Command) -> UUID:
        subject: Ref = self._do(command).subject
        self.inside.add(subject.id)
        return subject.id

    def _out(self, command: Command) -> UUID:
        subject: Ref = self._do(command).subject
        self.outside.add(subject.id)
        return subject.id

    def _record_context(self) -> None:
        then = datetime(2023, 1, 1, tzinfo=UTC)
        self.year = self._out(
            OpenCycle(
                key="2024", name="2024", starts_on=date(2024, 1, 1), ends_on=date(2024, 12, 31), effective_at=then
            )
        )
        self.cycle = self._in(
            OpenCycle(
                key="2024-q1", name="First quarter", starts_on=date(2024, 1, 1), ends_on=date(2024, 3, 31),
                parent=CycleBy(key="2024"), effective_at=then,
            )
        )  # fmt: skip
        self._out(
            OpenCycle(
                key="2024-jan", name="January", starts_on=date(2024, 1, 1), ends_on=date(2024, 1, 31),
                parent=Q1, effective_at=then,
            )
        )  # fmt: skip
        self.person = self._out(AddPerson(handle="ada", name="Ada Lovelace", email="ada@example.org"))
        self._in(AdoptScoringPolicy(score_green=0.8, reason="We aim higher."))
        self._in(SetCalendar(fiscal_year_start_month=2, reason="So does the finance team."))

    def _record_quarter(self) -> None:
        unit = Unit(UnitKind.NUMBER, "orders")
        self.kpi = self._in(DefineKpi(key="sales", name="Orders a day", unit=unit, effective_at=at(1, 1)))
        self._out(DefineKpi(key="mood", name="Mood", effective_at=at(1, 1)))
        goal = self._in(
            DraftObjective(cycle=Q1, title="Orders come by themselves", owner=self.person, effective_at=at(1, 2))
        )
        metric = Metric(Direction.INCREASE, unit, start=10, target=100)
        sold = self._in(
            AddKeyResult(
                objective=goal, title="A hundred orders", metric=as_input(metric), kpi=SALES, effective_at=at(1, 2)
            )
        )
        asked = self._in(
            AddKeyResult(objective=goal, title="Ask fifty", metric=as_input(metric), effective_at=at(1, 2))
        )
        self._do(ActivateCycle(cycle=Q1, effective_at=at(1, 3)))
        self._out(DraftObjective(cycle=CycleBy(key="2024"), title="A year of its own", effective_at=at(1, 3)))
        self._readings()
        checked = self._in(CheckIn(key_result=asked, value=40, confidence=0.5, note="œuvre", measured_at=at(2, 1)))
        self._do(CorrectCheckIn(check_in=checked, value=45, reason="Five more had answered."))
        self._do(
            RetargetKeyResult(
                key_result=asked,
                metric=as_input(metric.__class__(Direction.INCREASE, unit, start=10, target=60)),
                reason="Fewer.",
            )
        )
        self._in(PlanInitiative(title="Call them", subject=Ref(Kind.KEY_RESULT, asked)))
        self._in(AddComment(subject=Ref(Kind.OBJECTIVE, goal), body="Well done."))
        self._out(AddComment(subject=Ref(Kind.OBJECTIVE, self._other_goal()), body="Elsewhere."))
        self._do(CloseCycle(cycle=Q1, close_objectives=True))
        self._in(Reflect(subject=Ref(Kind.CYCLE, self.cycle), kind=ReflectionKind.LEARNED, body="Begin earlier."))
        self.sold = sold

    def _readings(self) -> None:
        readings = [ReadingInput(kpi=SALES, value=20 + day, measured_at=at(1, day)) for day in range(4, 14)]
        readings.append(ReadingInput(kpi=KpiBy(key="mood"), value=3, measured_at=at(2, 1)))
        readings.append(ReadingInput(kpi=SALES, value=5, measured_at=datetime(2023, 6, 1, tzinfo=UTC)))
        ids = [id for id, _ in self._do(RecordReadings(readings=readings)).readings]
        self.inside |= set(ids[:10])
        self.outside |= set(ids[10:])
        self._do(CorrectReading(reading=ids[0], value=25, reason="A typing error."))

    def _other_goal(self) -> UUID:
        return self._out(DraftObjective(cycle=CycleBy(key="2024"), title="Another goal of the year"))
