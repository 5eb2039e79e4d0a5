"""Commands that set up most tests (a quarter, an objective, a key result, a KPI, people), and the resulting ids."""

from datetime import date
from uuid import UUID

from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle, OpenCycle
from domain.commands.key_result_commands import AddKeyResult, CheckIn, DropKeyResult, LinkKpi
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, RetireKpi
from domain.commands.objective_commands import CloseObjective, CommitObjective, DraftObjective, DropObjective
from domain.commands.people_commands import AddPerson, DeactivatePerson, FormTeam
from domain.handlers.unit_of_work import keyed_id
from domain.primitives.values import Direction, Kind, Metric, Milestone, Ref
from tests.domain.scenario import called, made, on
from tests.metric_input import as_input

Q1 = CycleBy(key="2026-q1")
Q1_ID = keyed_id(Kind.CYCLE, "2026-q1")
Q2 = CycleBy(key="2026-q2")
YEAR = CycleBy(key="2026")
OBJECTIVE = made("objective")
OTHER = made("other")
THIRD = made("third")
KEY_RESULT = made("key result")
CHECK_IN = made("check-in")
ADA, BEN = made("ada"), made("ben")
SALES, NORTH = keyed_id(Kind.TEAM, "sales"), keyed_id(Kind.TEAM, "north")
KPI = KpiBy(key="nps")
KPI_ID = keyed_id(Kind.KPI, "nps")

ZERO_TO_TEN = Metric(direction=Direction.INCREASE, start=0, target=10)
ZERO_TO_TWENTY = Metric(direction=Direction.INCREASE, start=0, target=20)
STEPS = Metric(
    direction=Direction.MILESTONES,
    milestones=(Milestone(key="draft", title="Draft agreed"), Milestone(key="launch", title="Launched", weight=3.0)),
)

ada = called("ada", AddPerson(handle="ada", name="Ada"))
ben = called("ben", AddPerson(handle="ben", name="Ben"))
ada_left = DeactivatePerson(person=ADA)
sales = FormTeam(key="sales", name="Sales")
north = FormTeam(key="north", name="North", parent=SALES)

opened = OpenCycle(key="2026-q1", name="Q1", starts_on=date(2026, 1, 1), ends_on=date(2026, 3, 31))
opened_q2 = OpenCycle(key="2026-q2", name="Q2", starts_on=date(2026, 4, 1), ends_on=date(2026, 6, 30))
opened_year = OpenCycle(key="2026", name="2026", starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31))
activated = ActivateCycle(cycle=Q1)
closed = CloseCycle(cycle=Q1, close_objectives=True)

drafted = called("objective", DraftObjective(cycle=Q1, title="Delight the people who use us"))
other = called("other", DraftObjective(cycle=Q1, title="Be known in the north"))
third = called("third", DraftObjective(cycle=Q1, title="Earn trust with partners"))
added = called("key result", AddKeyResult(objective=OBJECTIVE, title="Sessions held", metric=as_input(ZERO_TO_TEN)))
stepped = called("key result", AddKeyResult(objective=OBJECTIVE, title="Launch the app", metric=as_input(STEPS)))
committed = CommitObjective(objective=OBJECTIVE)
finished = CloseObjective(objective=OBJECTIVE)
dropped = DropObjective(objective=OBJECTIVE, reason="no longer relevant")
dropped_key_result = DropKeyResult(key_result=KEY_RESULT, reason="cannot be measured")

defined = DefineKpi(key="nps", name="Promoters")
retired = RetireKpi(kpi=KPI, reason="no longer used")
linked = LinkKpi(key_result=KEY_RESULT, kpi=KPI)


def checked_in(value: float, month: int = 2, day: int = 1) -> CheckIn:
    """A check-in whose id is `CHECK_IN`."""
    return called("check-in", CheckIn(key_result=KEY_RESULT, value=value, measured_at=on(month, day)))


def read(value: float, month: int = 2, day: int = 1) -> RecordReadings:
    return RecordReadings(readings=[reading(value, month, day)])


def reading(value: float, month: int = 2, day: int = 1) -> ReadingInput:
    return ReadingInput(kpi=KPI, value=value, measured_at=on(month, day))


def objective_ref(id: UUID = OBJECTIVE) -> Ref:
    return Ref(Kind.OBJECTIVE, id)


def key_result_ref(id: UUID = KEY_RESULT) -> Ref:
    return Ref(Kind.KEY_RESULT, id)


in_february = on(2, 10)
working = (opened, drafted, added, activated, in_february)
"""An active quarter with one objective and its key result."""
