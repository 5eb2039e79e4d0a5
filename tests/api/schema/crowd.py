"""Many goals at once, appended to the log in one call."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID, uuid4

from domain.commands.people_commands import AddPerson, FormTeam
from domain.log.append import Append
from domain.log.mapper import EventMapper
from domain.model.event import Authorship, Event
from domain.model.key_result import KeyResultAdded
from domain.model.measurements.check_in import KeyResultCheckedIn
from domain.model.objective import ObjectiveDrafted
from domain.primitives.values import Kind, ObjectiveKind, PlanPoint, Ref, Source
from tests.api.schema import goals
from tests.api.schema.goals import day
from tests.asking import AskedWorld

DUE = date(2026, 3, 31)


class Crowd:
    """A cycle whose objectives each belong to one of seven owners and teams, and support the one before."""

    def __init__(self, world: AskedWorld) -> None:
        self._world = world
        self._cycle = goals.cycle(world)
        numbers = range(7)
        self._owners = [world.record(AddPerson(handle=f"p{n}", name=f"P{n}", effective_at=day(0))) for n in numbers]
        self._teams = [
            world.record(FormTeam(key=f"t{n}", name=f"T{n}", lead=self._owners[n], effective_at=day(0)))
            for n in numbers
        ]

    def join(self, objectives: int, key_results: int = 4) -> None:
        """Append this many objectives with their key results, and feed the projections."""
        mapper = EventMapper()
        stored = [mapper.to_stored_event(event) for event in self._goals(objectives, key_results)]
        self._world.log.append(stored, Append(Authorship("machine:crowd", Source.API, uuid4()), b"crowd"))
        self._world.catch_up()

    def _goals(self, objectives: int, key_results: int) -> Iterator[Event]:
        supports: tuple[Ref, ...] = ()
        for number in range(objectives):
            of = uuid4()
            yield ObjectiveDrafted(
                originator_id=of,
                originator_version=1,
                timestamp=day(1),
                cycle=self._cycle,
                title=f"Objective {number}",
                kind=ObjectiveKind.COMMITTED,
                owner=self._owners[number % 7],
                team=self._teams[number % 7],
                supports=supports,
                contributors=(self._owners[(number + 1) % 7],),
            )
            supports = (Ref(Kind.OBJECTIVE, of),) if number % 10 else ()
            for part in range(key_results):
                yield from _key_result(of, f"Key result {part} of {number}", float(number * 7 % 100) if part else None)


def _key_result(objective: UUID, title: str, value: float | None) -> Iterator[Event]:
    of = uuid4()
    yield KeyResultAdded(
        originator_id=of,
        originator_version=1,
        timestamp=day(2),
        objective=objective,
        title=title,
        metric=goals.rise(),
        due=DUE,
        plan=(PlanPoint(date(2026, 2, 14), 10.0), PlanPoint(DUE, 100.0)),
    )
    if value is not None:
        yield KeyResultCheckedIn(
            originator_id=uuid4(), originator_version=1, timestamp=day(20), key_result=of, value=value, confidence=0.5
        )
