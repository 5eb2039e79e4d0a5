"""Concurrent conflicting commands on the real log: at most one of them is recorded."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from api.runtime.database import Database
from domain.commands.command import Command, CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle, OpenCycle
from domain.commands.key_result_commands import AddKeyResult, CheckIn
from domain.commands.kpi_commands import DefineKpi, RedefineKpi
from domain.commands.kpi_formula_input import KpiAverageInput, KpiFormulaInput
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
    """Send commands concurrently; their outcomes."""
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
    """The outcomes that recorded events, and the codes of the rejections."""
    recorded = [one for one in outcomes if isinstance(one, Outcome) and one.first is not None and not one.repeated]
    return recorded, [str(one.code) for one in outcomes if isinstance(one, CommandRejected)]


def every_round(test: Callable[[str], None]) -> None:
    for number in range(ROUNDS):
        test(f"r{number}")


def a_draft(keyframe: Dispatcher, name: str) -> None:
    """Set up an active cycle with two drafts, the first with a key result."""
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


def test_only_one_of_concurrent_close_and_commit_succeeds(keyframe: Dispatcher) -> None:
    def test(name: str) -> None:
        a_draft(keyframe, name)
        commit, close = CommitObjective(objective=made(f"{name} a")), CloseCycle(cycle=CycleBy(key=name))
        recorded, refused = split(at_once(keyframe, commit, close))
        assert len(recorded) == 1
        assert refused in (["CLOSED"], ["CONFLICT"])

    every_round(test)


def test_concurrent_check_in_precedes_the_closing_or_is_refused(keyframe: Dispatcher) -> None:
    def test(name: str) -> None:
        a_draft(keyframe, name)
        check_in, close = (
            CheckIn(key_result=made(f"{name} k"), value=1),
            CloseCycle(cycle=CycleBy(key=name)),
        )
        checked_in, closed = at_once(keyframe, check_in, close)
        assert isinstance(closed, Outcome) and closed.last is not None
        if isinstance(checked_in, Outcome):
            assert checked_in.last is not None and checked_in.last < closed.last
        else:
            assert (checked_in.code, checked_in.field) == ("CLOSED", ("keyResult",))

    every_round(test)


def test_only_one_of_two_concurrent_mutual_alignments_succeeds(keyframe: Dispatcher) -> None:
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


def test_concurrent_commands_with_one_idempotency_key_get_one_result(keyframe: Dispatcher) -> None:
    def test(name: str) -> None:
        a_draft(keyframe, name)
        once = called(f"{name} once", CheckIn(key_result=made(f"{name} k"), value=1))
        outcomes = at_once(keyframe, *[once] * 6)
        assert all(isinstance(one, Outcome) for one in outcomes)
        assert len({one.last for one in outcomes if isinstance(one, Outcome)}) == 1
        assert len({one.result for one in outcomes if isinstance(one, Outcome)}) == 1

    every_round(test)


def test_concurrent_identical_check_ins_are_recorded_once(keyframe: Dispatcher) -> None:
    def test(name: str) -> None:
        a_draft(keyframe, name)
        check_in = CheckIn(key_result=made(f"{name} k"), value=1, measured_at=on(1, 20))
        recorded, refused = split(at_once(keyframe, *[check_in] * 4))
        assert (len(recorded), refused) == (1, [])

    every_round(test)


def test_concurrent_uses_of_one_handle_succeed_once(keyframe: Dispatcher) -> None:
    def test(name: str) -> None:
        people = [AddPerson(handle=name, name=f"{name} {number}") for number in range(4)]
        recorded, refused = split(at_once(keyframe, *people))
        assert (len(recorded), refused) == (1, ["DUPLICATE"] * 3)

    every_round(test)


def test_concurrent_sibling_cycles_never_overlap(keyframe: Dispatcher) -> None:
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


def test_concurrent_formulas_form_no_circle(keyframe: Dispatcher) -> None:
    def test(name: str) -> None:
        first, second, read = (f"{name}-{one}" for one in ("a", "b", "read"))
        for command in (DefineKpi(key=read, name=read), *(of_one(key, read) for key in (first, second))):
            keyframe.execute(command, AUTHOR)
        redefined = (redefinition(of_one(key, other)) for key, other in ((first, second), (second, first)))
        recorded, refused = split(at_once(keyframe, *redefined))
        assert (len(recorded), refused) == (1, ["CIRCULAR"])

    every_round(test)


def of_one(key: str, of: str) -> DefineKpi:
    formula = KpiFormulaInput(average=KpiAverageInput([KpiBy(key=of)]))
    return DefineKpi(key=key, name=key, formula=formula)


def redefinition(defined: DefineKpi) -> RedefineKpi:
    return RedefineKpi(kpi=KpiBy(key=defined.key), formula=defined.formula, reason="another question")
