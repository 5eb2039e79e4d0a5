"""Commands decide from aggregates that earlier commands have loaded, as if they had loaded them themselves."""

from collections.abc import Iterable
from uuid import UUID

import pytest

from domain.commands.command import Command
from domain.commands.key_result_commands import CheckIn, RewordKeyResult
from domain.commands.objective_commands import ReopenObjective
from domain.handlers.dispatcher import Dispatcher, Outcome
from domain.handlers.recent_aggregates import RecentAggregates
from domain.model.event import Aggregate, Event, replay
from domain.model.key_result import KeyResult
from domain.primitives.errors import Code, CommandRejected
from tests.domain.given_goals import (
    ADA,
    KEY_RESULT,
    OBJECTIVE,
    Q1_ID,
    activated,
    ada,
    added,
    committed,
    drafted,
    finished,
    opened,
)
from tests.domain.memory_log import MemoryLog
from tests.domain.scenario import AUTHOR

check_in = CheckIn(key_result=KEY_RESULT, value=1.0)


class CountingLog(MemoryLog):
    """Counts how often streams are read."""

    reads = 0

    def streams(self, ids: Iterable[UUID]) -> dict[UUID, list[Event]]:
        self.reads += 1
        return super().streams(ids)


class Company:
    """A log with an objective and its key result, and two processes that record on it."""

    def __init__(self) -> None:
        self.log = CountingLog()
        self.here = Dispatcher(self.log, recent=RecentAggregates())
        self.there = Dispatcher(self.log, recent=RecentAggregates())
        self.do(ada, opened, activated, drafted, added, committed)
        self.here.execute(check_in, AUTHOR)

    def do(self, *commands: Command) -> None:
        """Execute commands in the other process."""
        for command in commands:
            self.there.execute(command, AUTHOR)

    def refused(self, command: Command) -> Code:
        with pytest.raises(CommandRejected) as refused:
            self.here.execute(command, AUTHOR)
        return refused.value.code

    def current(self, id: UUID) -> Aggregate:
        aggregate: Aggregate = replay(self.log.streams([id])[id])
        return aggregate


def test_a_second_check_in_reads_no_stream() -> None:
    company = Company()
    before, entries = company.log.reads, len(company.log.entries_made)
    company.here.execute(check_in, AUTHOR)
    # the log in memory reads each stream of a command once to verify its version: four here, and none before
    assert company.log.reads - before == 4
    assert len(company.log.entries_made) == entries + 1


def test_an_end_that_another_process_records_is_no_loophole() -> None:
    company = Company()
    company.do(finished)
    assert company.refused(check_in) is Code.CLOSED
    assert company.here.conflicts == 1


def test_a_rejection_by_an_outdated_aggregate_is_decided_again() -> None:
    company = Company()
    company.do(finished)
    assert company.refused(check_in) is Code.CLOSED
    company.do(ReopenObjective(objective=OBJECTIVE, reason="Closed too early"))
    assert company.here.execute(check_in, AUTHOR).first is not None


def test_what_another_process_has_undone_is_recorded_again() -> None:
    company = Company()
    first = RewordKeyResult(key_result=KEY_RESULT, title="Sessions held with customers")
    second = RewordKeyResult(key_result=KEY_RESULT, title="Calls held with customers")
    company.here.execute(first, AUTHOR)
    company.here.execute(check_in, AUTHOR)
    company.do(second)
    assert company.here.execute(first, AUTHOR).first is not None, "nothing was recorded, by an outdated title"
    key_result = company.current(KEY_RESULT)
    assert isinstance(key_result, KeyResult)
    assert key_result.title == first.title


def test_a_command_sees_what_the_process_itself_has_recorded() -> None:
    company = Company()
    company.here.execute(finished, AUTHOR)
    assert company.refused(check_in) is Code.CLOSED


def test_a_rejected_command_leaves_no_trace_in_later_ones() -> None:
    company = Company()
    version = company.current(KEY_RESULT).version
    outdated = RewordKeyResult(key_result=KEY_RESULT, title="Sessions", expected_version=version + 7)
    assert company.refused(outdated) is Code.STALE
    outcome: Outcome = company.here.execute(RewordKeyResult(key_result=KEY_RESULT, title="Sessions"), AUTHOR)
    assert outcome.result.version == version + 1


def test_a_copy_changes_independently() -> None:
    company, recent = Company(), RecentAggregates()
    recent.keep(company.current(KEY_RESULT))
    changed = recent.find([KEY_RESULT])[KEY_RESULT]
    assert isinstance(changed, KeyResult)
    changed.reword("Another title", None, changed.changed_at)
    kept = recent.find([KEY_RESULT])[KEY_RESULT]
    assert (changed.has_pending_events, kept.has_pending_events) == (True, False)
    assert vars(kept) == vars(company.current(KEY_RESULT))


def test_people_are_not_kept() -> None:
    company, recent = Company(), RecentAggregates()
    recent.keep(company.current(ADA))
    assert recent.find([ADA]) == {}


def test_the_least_recently_used_aggregates_are_forgotten() -> None:
    company, recent = Company(), RecentAggregates(2)
    for id in (Q1_ID, OBJECTIVE):
        recent.keep(company.current(id))
    recent.find([Q1_ID])
    recent.keep(company.current(KEY_RESULT))
    assert recent.find([Q1_ID, OBJECTIVE, KEY_RESULT]).keys() == {Q1_ID, KEY_RESULT}


def test_what_has_changed_is_forgotten() -> None:
    company, recent = Company(), RecentAggregates()
    recent.keep(company.current(OBJECTIVE))
    recent.forget([OBJECTIVE, KEY_RESULT])
    assert recent.find([OBJECTIVE]) == {}
