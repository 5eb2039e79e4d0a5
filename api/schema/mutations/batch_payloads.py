"""Payloads of batches: all entities of an input in its order, or a result for each item."""

from typing import Any, Final

import strawberry

from api.schema.mutations.command_result import BatchSucceeded, CommandDeclined, CommandSucceeded
from api.schema.mutations.payloads import Payload
from api.schema.mutations.problem import Problem
from api.schema.primitives.field import resolved
from api.schema.types.key_result import KeyResult
from api.schema.types.kpi import Kpi
from api.schema.types.measurements import CheckIn
from api.schema.types.objective import Objective
from api.schema.types.people import Person, Team
from api.snapshot.dataloaders import found
from domain.handlers.batches.batch_dispatcher import Done
from domain.handlers.dispatcher import Outcome
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Kind


def _all_of(kind: Kind, description: str) -> Any:
    """A field for the entities of a batch; empty if it was rejected or they cannot be read yet."""

    def resolve(self: Payload) -> Any:
        subjects = self.answer.subjects(kind) if isinstance(self.answer, CommandSucceeded) else []
        return [one for one in subjects if one is not None]

    return strawberry.field(resolver=resolve, description=description)


@strawberry.type(description="The result of adding several people.")
class PeoplePayload(Payload):
    people: list[Person] = _all_of(Kind.PERSON, "The people, in the order of the input; empty if it was rejected.")


@strawberry.type(description="The result of forming several teams.")
class TeamsPayload(Payload):
    teams: list[Team] = _all_of(Kind.TEAM, "The teams, in the order of the input; empty if it was rejected.")


@strawberry.type(description="The result of drafting several objectives.")
class ObjectivesPayload(Payload):
    objectives: list[Objective] = _all_of(
        Kind.OBJECTIVE, "The objectives, in the order of the input; empty if it was rejected."
    )


@strawberry.type(description="The result of defining several KPIs.")
class KpisPayload(Payload):
    kpis: list[Kpi] = _all_of(Kind.KPI, "The KPIs, in the order of the input; empty if it was rejected.")


@strawberry.type(description="What became of one check-in of several.")
class CheckInResult:
    check_in: CheckIn | None = strawberry.field(
        description="The check-in; null if it was rejected or cannot be read yet."
    )
    key_result: KeyResult | None = strawberry.field(description="Its key result, including all of the check-ins.")
    problems: list[Problem] = strawberry.field(
        description="Why it was rejected; empty if it was not. Paths begin within the check-in."
    )
    is_recorded: bool = strawberry.field(
        description="Whether it was recorded, now or with the same idempotency key before. False for one that was "
        "recorded before as it is, or was rejected."
    )


@strawberry.type(description="The result of several check-ins.")
class CheckInsPayload(Payload):
    @resolved("What became of each check-in, in the order of the input; empty if all were rejected together.")
    def results(self) -> list[CheckInResult]:
        if not isinstance(self.answer, BatchSucceeded):
            return []
        answer = self.answer
        check_ins = answer.subjects(Kind.CHECK_IN)
        wanted = [one.row.key_result for one in check_ins if one is not None]
        key_results = {} if answer.view is None else found(answer.view, Kind.KEY_RESULT, wanted)
        return [
            CheckInResult(
                check_in=check_in,
                key_result=None if check_in is None else key_results.get(check_in.row.key_result),
                problems=_problems(answer, done),
                is_recorded=isinstance(done, Outcome) and done.first is not None,
            )
            for check_in, done in zip(check_ins, answer.done, strict=True)
        ]

    @resolved("How many of the check-ins are recorded, now or with the same idempotency key before.")
    def recorded(self) -> int:
        if not isinstance(self.answer, BatchSucceeded):
            return 0
        return sum(isinstance(one, Outcome) and one.first is not None for one in self.answer.done)

    @resolved("How many of the check-ins were rejected by themselves, in the mode EACH.")
    def rejected(self) -> int:
        if not isinstance(self.answer, BatchSucceeded):
            return 0
        return sum(isinstance(one, CommandRejected) for one in self.answer.done)


def _problems(answer: BatchSucceeded, done: Done) -> list[Problem]:
    if not isinstance(done, CommandRejected):
        return []
    declined = CommandDeclined(answer.context, done)
    return [Problem(problem=one, declined=declined) for one in done.problems]


BATCH_PAYLOADS: Final[dict[Kind | None, type[Payload]]] = {
    Kind.PERSON: PeoplePayload,
    Kind.TEAM: TeamsPayload,
    Kind.OBJECTIVE: ObjectivesPayload,
    Kind.KPI: KpisPayload,
    Kind.CHECK_IN: CheckInsPayload,
}
"""The payload type of a batch, by the kind of what its items create."""
