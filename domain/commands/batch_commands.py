"""Batches: several commands of one kind in one request. Each item is the single command, with its rules and events."""

from typing import Annotated

from msgspec import structs

from domain.commands.command import Command, Items
from domain.commands.key_result_commands import CheckIn
from domain.commands.kpi_commands import DefineKpi
from domain.commands.objective_commands import DraftObjective
from domain.commands.people_commands import AddPerson, FormTeam
from domain.commands.permissions import DEFINE_KPIS, MANAGE_PEOPLE, edit_goals
from domain.model.kpi import KpiDefined
from domain.model.measurements.check_in import KeyResultCheckedIn
from domain.model.objective import ObjectiveDrafted
from domain.model.people import PersonAdded, TeamFormed
from domain.primitives.documentation import doc
from domain.primitives.errors import Code, CommandRejected, Faults, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import BatchMode, Kind

ITEMS_MAX = 500
"""Items of one batch."""


class AddPeople(Command, frozen=True):
    """Add up to 500 people, all or nothing."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.PERSON
    RECORDS = PersonAdded
    ITEMS = Items("people", AddPerson)

    people: Annotated[list[AddPerson], doc("The people, each as in `addPerson`.")]


class FormTeams(Command, frozen=True):
    """Form up to 500 teams, all or nothing. A team may name a parent of the same request by its key, in any order."""

    NEEDS = MANAGE_PEOPLE
    ANSWERS = Kind.TEAM
    RECORDS = TeamFormed
    ITEMS = Items("teams", FormTeam)

    teams: Annotated[list[FormTeam], doc("The teams, each as in `formTeam`.")]


class DraftObjectives(Command, frozen=True):
    """Draft up to 500 objectives with their key results, all or nothing."""

    NEEDS = edit_goals(None)
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveDrafted
    ITEMS = Items("objectives", DraftObjective)

    objectives: Annotated[list[DraftObjective], doc("The objectives, each as in `draftObjective`.")]


class DefineKpis(Command, frozen=True):
    """Define up to 500 KPIs, all or nothing."""

    NEEDS = DEFINE_KPIS
    ANSWERS = Kind.KPI
    RECORDS = KpiDefined
    ITEMS = Items("kpis", DefineKpi)

    kpis: Annotated[list[DefineKpi], doc("The KPIs, each as in `defineKpi`.")]


class CheckInMany(Command, frozen=True):
    """Record up to 500 check-ins, each by the rules and the permission of `checkIn`.

    With `mode: ALL` all are recorded or none. With `EACH` those that can be are recorded, and every other one has its
    own problems in its result."""

    NEEDS = edit_goals("key_result")
    ANSWERS = Kind.CHECK_IN
    RECORDS = KeyResultCheckedIn
    ITEMS = Items("check_ins", CheckIn)

    check_ins: Annotated[list[CheckIn], doc("The check-ins, each as in `checkIn`.")]
    mode: Annotated[BatchMode, doc("Whether one that is rejected keeps the others from being recorded.")] = (
        BatchMode.ALL
    )


def items_of(batch: Command | type[Command]) -> Items:
    """The field of a batch that has its items, and what they are. Raises `TypeError` for a single command."""
    if batch.ITEMS is None:
        raise TypeError(f"{batch} is a single command")
    return batch.ITEMS


def path_of_items(batch: Command) -> str:
    """The name of that field in the input."""
    names = dict(zip(batch.__struct_fields__, batch.__struct_encode_fields__, strict=True))
    return names[items_of(batch).field]


def check_size(batch: Command, count: int, faults: Faults) -> None:
    """Keep the fault of a batch without items, or with too many."""
    path = path_of_items(batch)
    if not count:
        faults.keep(invalid("Give at least one item.", path, rule=Rule.BATCH_EMPTY))
    if count > ITEMS_MAX:
        message = f"At most {ITEMS_MAX} items in one request; split it."
        faults.keep(CommandRejected(Code.TOO_LARGE, message, path, rule=Rule.BATCH_TOO_MANY, max=ITEMS_MAX))


def mode_of(batch: Command) -> BatchMode:
    """Whether one item that is rejected keeps the others from being recorded."""
    return batch.mode if isinstance(batch, CheckInMany) else BatchMode.ALL


def completed(item: Command, header: Command) -> Command:
    """The item with the reason and the effective time that it takes from its batch."""
    reason = item.reason if item.reason is not None else header.reason
    effective_at = item.effective_at if item.effective_at is not None else header.effective_at
    if (reason, effective_at) == (item.reason, item.effective_at):
        return item
    return structs.replace(item, reason=reason, effective_at=effective_at)
