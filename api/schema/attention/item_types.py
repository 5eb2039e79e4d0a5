"""The items of attention: an interface, and a type for each kind."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import strawberry

from api.schema.attention.beginnings import beginnings, days, subjects, turned
from api.schema.attention.findings_of_items import finding_of
from api.schema.attention.sentences import messages
from api.schema.connections.change_lists import at_positions
from api.schema.metrics.findings import Finding
from api.schema.primitives import enums
from api.schema.primitives.described_enum import described
from api.schema.primitives.field import related, to_one
from api.schema.primitives.node import Node
from api.schema.primitives.refs import ChangeRef, PersonRef, TeamRef
from api.snapshot.dataloaders import found
from api.snapshot.snapshot import Batch, RowProxy
from domain.metrics.attention.items import AttentionKind, Item, Urgency
from domain.primitives.values import Kind

described(
    "The kinds of items that call for attention, in the order in which problems are listed.",
    {
        "NEVER_CHECKED_IN": "A key result was never checked in, and its first check-in is due.",
        "CHECK_IN_DUE": "A check-in of a key result is due.",
        "READING_DUE": "A reading of a KPI is due.",
        "GOALS_UNSCORED": "A cycle ends with objectives that are not closed.",
        "PLAN_MISSING": "A cycle begins and was not activated, so it has no plan; or the plan of a key result ended "
        "with a change of its metric or due day, and no other was made.",
        "HEALTH_WORSE": "The health of an objective or key result is worse than before.",
        "OWNER_LEFT": "The owner of an objective, key result or KPI is deactivated.",
        "OWNER_MISSING": "An objective has no owner.",
        "TEAM_DISBANDED": "The team of an objective or KPI was disbanded.",
        "KEY_RESULTS_MISSING": "An objective has no key results, dropped ones aside.",
        "SEVERE_FINDING": "A key result or KPI has a finding of severity ERROR.",
    },
)(AttentionKind)
described(
    "How urgent an item is, the most urgent first.",
    {
        "OVERDUE": "Its day has passed.",
        "PROBLEM": "It is wrong now, and has no day.",
        "UPCOMING": "Its day is today or to come.",
    },
    name="AttentionUrgency",
)(Urgency)


@strawberry.interface(
    name="AttentionItem",
    description="An item of attention: what it is about, why, since when, and who should act. Each kind "
    "has a type of its own.",
)
class AttentionItem(RowProxy):
    row: strawberry.Private[Item]

    kind: AttentionKind = strawberry.field(description="The kind of the item.")
    urgency: Urgency = strawberry.field(description="How urgent it is.")
    about: Node = related("The objective, key result, KPI or cycle that it is about.", subjects)
    message: str = related("What it is, in one sentence.", messages)
    since: datetime | None = related(
        "Since when: the beginning of its day, or when the problem began. Null if its day is to come.", beginnings
    )
    days: int = related(
        "The days from that day to the day of this view, by the calendar: 0 for today, negative for a day to come.",
        days,
    )
    person: PersonRef | None = to_one(
        Kind.PERSON,
        "person",
        "Who should act: the first who has not left of the owner, the owner of the objective of a key result, and the "
        "lead of the team. Null without such a person.",
    )


TYPES: dict[AttentionKind, type[AttentionItem]] = {}
"""The type of each kind."""


def _of(kind: AttentionKind, description: str) -> Any:
    """A decorator: the type of a kind."""

    def register(cls: type[AttentionItem]) -> type[AttentionItem]:
        TYPES[kind] = strawberry.type(cls, description=description)
        return TYPES[kind]

    return register


def _due_on() -> Any:
    return related("The day on which it is due, by the calendar.", _due_days)


def _due_days(batch: Batch) -> Sequence[date | None]:
    return [item.due for item in batch.rows]


def _healths(batch: Batch, column: str) -> Sequence[Any]:
    return batch.column(column)


def _changes(batch: Batch) -> Sequence[Any]:
    """The change that made each of these goals worse; None if time did."""
    wanted = [None if turn is None else turn.position for turn in batch.all(turned)]
    nodes = at_positions(batch.view, sorted({position for position in wanted if position is not None}))
    by_position = {node.row.position: node for node in nodes}
    return [None if position is None else by_position.get(position) for position in wanted]


def _of_subject(batch: Batch, kind: Kind, column: str) -> Sequence[Any]:
    """The person or team in a column of what each of these items is about."""
    ids: list[Any] = [getattr(node.row, column, None) for node in batch.all(subjects)]
    objects = found(batch.view, kind, ids)
    return [objects.get(id) for id in ids]


@_of(AttentionKind.NEVER_CHECKED_IN, "A key result was never checked in, and its first check-in is due.")
class NeverCheckedInItem(AttentionItem):
    due_on: date = _due_on()


@_of(AttentionKind.CHECK_IN_DUE, "A check-in of a key result is due.")
class CheckInDueItem(AttentionItem):
    due_on: date = _due_on()


@_of(AttentionKind.READING_DUE, "A reading of a KPI is due.")
class ReadingDueItem(AttentionItem):
    due_on: date = _due_on()


@_of(AttentionKind.GOALS_UNSCORED, "A cycle ends with objectives that are not closed. Its day is the cycle's last day.")
class GoalsUnscoredItem(AttentionItem):
    goals: int = strawberry.field(description="The number of active objectives in the cycle that the scope has.")


@_of(
    AttentionKind.PLAN_MISSING,
    "A cycle begins and was not activated, so it has no plan; or the plan of a key result ended.",
)
class PlanMissingItem(AttentionItem):
    pass


@_of(AttentionKind.HEALTH_WORSE, "The health of an objective or key result is worse than before.")
class HealthWorseItem(AttentionItem):
    from_: enums.Health = related("The health at the earlier moment.", _healths, "before", name="from")
    to: enums.Health = related("The health at this view.", _healths, "health")
    change: ChangeRef | None = related(
        "The change since which it has been as bad as it is; null if no change made it so: time passed.", _changes
    )


@_of(AttentionKind.OWNER_LEFT, "The owner of an objective, key result or KPI is deactivated.")
class OwnerLeftItem(AttentionItem):
    owner: PersonRef | None = related("The owner who left.", _of_subject, Kind.PERSON, "owner")


@_of(AttentionKind.OWNER_MISSING, "An objective has no owner.")
class OwnerMissingItem(AttentionItem):
    pass


@_of(AttentionKind.TEAM_DISBANDED, "The team of an objective or KPI was disbanded.")
class TeamDisbandedItem(AttentionItem):
    team: TeamRef | None = related("The team that was disbanded.", _of_subject, Kind.TEAM, "team")


@_of(AttentionKind.KEY_RESULTS_MISSING, "An objective has no key results, dropped ones aside.")
class KeyResultsMissingItem(AttentionItem):
    pass


@_of(AttentionKind.SEVERE_FINDING, "A key result or KPI has a finding of severity ERROR.")
class SevereFindingItem(AttentionItem):
    finding: Finding | None = related("The finding, with what to do.", finding_of)
