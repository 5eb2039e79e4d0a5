"""No two commands that rule each other out are both recorded, however closely they come: on the real log."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from api.runtime.database import Database
from domain.commands.command import Command, CycleBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle, OpenCycle
from domain.commands.key_result_commands import AddKeyResult, CheckIn
from domain.commands.objective_commands import AlignObjective, CommitObjective, DraftObjective
from domain.commands.people_commands import AddPerson
from domain.handlers.dispatcher import Dispatcher, Outcome
from domain.log.event_store import Log
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Direction, Metric
from tests.domain.given_goals import objective_ref, opened
from tests.domain.scenario import AUTHOR, called, made, on
from tests.metric_input import as_input

ROUNDS = 8


@pytest.fixture
def keyframe(database: Database) -> Dispatcher:
    return Dispatcher(Log(database.pool(), database.settings.workspace))


def at_once(keyframe: Dispatcher, *commands: Command) -> list[Outcome | CommandRejected]:
    """What became of commands that were all sent at one moment."""
    barrier = Barrier(len(commands))

    def send(command: Command) -> Outcome | CommandRejected:
        barrier.wait()
        try:
            return keyframe.execute(command, AUTHOR)
        except CommandRejected as refused:
            return refused

    with ThreadPoolExecutor(len(commands)) as threads:
        return list(threads.map(send, commands))


def split(outcomes: list[Outcome | CommandRejected]) -> tuple[list[Outcome], list[str]]:
    """Those that recorded something, and the codes of those that were refused."""
    recorded = [one for one in outcomes if isinstance(one, Outcome) and one.first is not None and not one.repeated]
    return recorded, [str(one.code) for one in outcomes if isinstance(one, CommandRejected)]


def every_round(test: Callable[[str], None]) -> None:
    for number in range(ROUNDS):
        test(f"r{number}")


def a_draft(keyframe: Dispatcher, name: str) -> None:
    """A cycle under way, with one draft in it and a key result of that."""
    cycle = CycleBy(key=name)
    for command in (
        OpenCycle(key=name, name=name, starts_on=opened.starts_on, ends_on=opened.ends_on),
        ActivateCycle(cycle=cycle),
        called(f"{name} a", DraftObjective(cycle=cycle, title="One of two")),
        called(f"{name} b", DraftObjective(cycle=cycle, title="The other")),
        called(
            f"{name} k",
            AddKeyResult(objective=made(f"{name} a"), title="Done", metric=as_input(Metric(direction=Direction.DONE))),
        ),
    ):
        keyframe.execute(command, AUTHOR)


def test_a_cycle_is_closed_or_its_draft_committed_but_never_both(keyframe: Dispatcher) -> None:
    def test(name: str) -> None:
        a_draft(keyframe, name)
        commit, close = CommitObjective(objective=made(f"{name} a")), CloseCycle(cycle=CycleBy(key=name))
        recorded, refused = split(at_once(keyframe, commit, close))
        assert len(recorded) == 1
        assert refused in (["CLOSED"], ["CONFLICT"])

    every_round(test)


def test_a_check_in_is_before_the_end_of_its_cycle_or_refused_as_late(keyframe: Dispatcher) -> None:
    def test(name: str) -> None:
        a_draft(keyframe, name)
        check_in, close = (
            CheckIn(key_result=made(f"{name} k"), value=1),
            CloseCycle(cycle=CycleBy(key=name)),
        )
        said, closed = at_once(keyframe, check_in, close)
        assert isinstance(closed, Outcome) and closed.last is not None
        if isinstance(said, Outcome):
            assert said.last is not None and said.last < closed.last
        else:
            assert said.field == ("reason",)

    every_round(test)


def test_two_alignments_that_would_close_a_circle_leave_exactly_one(keyframe: Dispatcher) -> None:
    def test(name: str) -> None:
        a_draft(keyframe, name)
        a, b = made(f"{name} a"), made(f"{name} b")
        recorded, refused = split(
            at_once(
                keyframe,
                AlignObjective(objective=a, to=objective_ref(b)),
                AlignObjective(objective=b, to=objective_ref(a)),
            )
        )
        assert (len(recorded), refused) == (1, ["CIRCULAR"])

    every_round(test)


def test_one_key_is_used_once_and_everyone_gets_its_result(keyframe: Dispatcher) -> None:
    def test(name: str) -> None:
        a_draft(keyframe, name)
        once = called(f"{name} once", CheckIn(key_result=made(f"{name} k"), value=1))
        outcomes = at_once(keyframe, *[once] * 6)
        assert all(isinstance(one, Outcome) for one in outcomes)
        assert len({one.last for one in outcomes if isinstance(one, Outcome)}) == 1
        assert len({one.result for one in outcomes if isinstance(one, Outcome)}) == 1

    every_round(test)


def test_the_same_check_in_of_one_instant_is_recorded_once(keyframe: Dispatcher) -> None:
    def test(name: str) -> None:
        a_draft(keyframe, name)
        said = CheckIn(key_result=made(f"{name} k"), value=1, measured_at=on(1, 20))
        recorded, refused = split(at_once(keyframe, *[said] * 4))
        assert (len(recorded), refused) == (1, [])

    every_round(test)


def test_a_name_is_given_once(keyframe: Dispatcher) -> None:
    def test(name: str) -> None:
        people = [AddPerson(handle=name, name=f"{name} {number}") for number in range(4)]
        recorded, refused = split(at_once(keyframe, *people))
        assert (len(recorded), refused) == (1, ["DUPLICATE"] * 3)

    every_round(test)


def test_siblings_never_overlap(keyframe: Dispatcher) -> None:
    def test(name: str) -> None:
        keyframe.execute(OpenCycle(key=name, name=name, starts_on=opened.starts_on, ends_on=opened.ends_on), AUTHOR)
        children = [
            OpenCycle(
                key=f"{name}-{number}",
                name=name,
                starts_on=opened.starts_on,
                ends_on=opened.ends_on,
                parent=CycleBy(key=name),
            )
            for number in range(3)
        ]
        recorded, refused = split(at_once(keyframe, *children))
        assert (len(recorded), refused) == (1, ["CONFLICT"] * 2)

    every_round(test)
