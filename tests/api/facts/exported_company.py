"""A company whose log is exported, and what its tests compare."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.commands.command import Command, CycleBy, KpiBy
from domain.commands.cycle_commands import OpenCycle
from domain.commands.key_result_commands import AddKeyResult, CheckIn
from domain.commands.kpi_commands import ReadingInput, RecordReadings
from domain.commands.objective_commands import DraftObjective
from domain.commands.people_commands import AddPerson
from domain.commands.permissions import Author, Role
from domain.primitives.values import Direction, Metric, Source
from tests.api.facts.round_trip import Json, exported, imported, log_contents
from tests.metric_input import as_input
from tests.properties.conftest import World

CONSOLE = Author("machine:console", Source.CONSOLE, frozenset(Role))
Q1, Q2, NPS = CycleBy(key="2026-q1"), CycleBy(key="2026-q2"), KpiBy(key="nps")
LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TO_TEN = Metric(Direction.INCREASE, start=0.0, target=10.0)


def day(number: int) -> datetime:
    return LONG_AGO + timedelta(days=number)


class Company:
    """A workspace to write into: each method returns the id of the subject."""

    def __init__(self, world: World) -> None:
        self.world = world

    def do(self, command: Command, author: Author = CONSOLE) -> UUID:
        subject = self.world.keyframe.execute(command, author).result.subject
        assert subject is not None
        return subject.id

    def cycles(self) -> None:
        for by, first, last in ((Q1, date(2026, 1, 1), date(2026, 3, 31)), (Q2, date(2026, 4, 1), date(2026, 6, 30))):
            self.do(OpenCycle(key=by.key or "", name="Q", starts_on=first, ends_on=last, effective_at=LONG_AGO))

    def objective(self, title: str = "Grow well", **more: Any) -> UUID:
        return self.do(DraftObjective(cycle=Q1, title=title, effective_at=LONG_AGO, **more))

    def key_result(self, objective: UUID, title: str = "Sessions", metric: Metric = TO_TEN, **more: Any) -> UUID:
        more = {"effective_at": LONG_AGO, **more}
        return self.do(AddKeyResult(objective=objective, title=title, metric=as_input(metric), **more))

    def check_in(self, key_result: UUID, value: float, at: datetime) -> UUID:
        return self.do(CheckIn(key_result=key_result, value=value, measured_at=at))

    def readings(self, *dated_values: tuple[int, float]) -> list[UUID]:
        readings = [ReadingInput(kpi=NPS, value=value, measured_at=day(number)) for number, value in dated_values]
        outcome = self.world.keyframe.execute(RecordReadings(readings=readings), CONSOLE)
        return [id for id, _ in outcome.result.readings]

    def ada(self) -> UUID:
        return self.do(AddPerson(handle="ada", name="Ada", email="ada@example.com", effective_at=LONG_AGO))


def facts_of(facts: list[Json], *names: str) -> list[Json]:
    """The facts of these commands."""
    return [fact for fact in facts if fact["do"] in names]


def only(facts: list[Json], name: str) -> Json:
    (fact,) = facts_of(facts, name)
    return fact


def assert_round_trip(company: Company, another: World) -> None:
    """Importing the export gives the same log and the same export."""
    file = exported(company.world)
    imported(another, file)
    assert log_contents(another) == log_contents(company.world)
    assert exported(another) == file


def importing(at: datetime) -> Author:
    """The author of an imported fact with this `at`."""
    return Author("machine:console", Source.IMPORT, frozenset(Role), claimed_at=at)


def written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
