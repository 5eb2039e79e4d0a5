"""Commands about objectives."""

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from domain.commands.command import Command, CycleBy, Markdown, ObjectiveId, OwnerId, PersonId, TeamId, Title
from domain.commands.permissions import edit_goals
from domain.model.objective import (
    ObjectiveAligned,
    ObjectiveAssigned,
    ObjectiveClosed,
    ObjectiveCommitted,
    ObjectiveDrafted,
    ObjectiveDropped,
    ObjectiveReopened,
    ObjectiveReworded,
    ObjectiveUnaligned,
    ObjectiveVisibilitySet,
)
from domain.primitives.documentation import doc
from domain.primitives.values import Kind, ObjectiveKind, Ref, Verdict, Visibility


class DraftObjective(Command, frozen=True):
    """Draft an objective in a cycle that is not closed."""

    NEEDS = edit_goals(None)
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveDrafted

    cycle: CycleBy
    title: Title
    description: Markdown | None = None
    kind: Annotated[ObjectiveKind, doc("Whether it must be reached in full.")] = ObjectiveKind.COMMITTED
    owner: OwnerId | None = None
    team: Annotated[TeamId | None, doc("The team whose it is.")] = None
    contributors: Annotated[
        list[PersonId], doc("The people who work on it beside the owner: all of them, up to 100.")
    ] = msgspec.field(default_factory=list)
    supports: Annotated[list[Ref], doc("The objectives and key results that it supports, up to 100.")] = msgspec.field(
        default_factory=list
    )
    # UNSET stands for WORKSPACE: the digest of a command from before this field stays as it was
    visibility: Annotated[Visibility | UnsetType, doc("Who sees it: by default WORKSPACE; TEAM needs a team.")] = UNSET


class RewordObjective(Command, frozen=True):
    """Change an objective's title or description."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveReworded

    objective: ObjectiveId
    title: Annotated[str | UnsetType, doc("One line of 1 to 300 characters; left out it stays.")] = UNSET
    description: Annotated[str | None | UnsetType, doc("More about it; null clears it, left out it stays.")] = UNSET


class AssignObjective(Command, frozen=True):
    """Change who owns an objective, which team's it is, or who contributes."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveAssigned

    objective: ObjectiveId
    owner: Annotated[
        PersonId | None | UnsetType, doc("The person who answers for it; null clears it, left out it stays.")
    ] = UNSET
    team: Annotated[TeamId | None | UnsetType, doc("The team whose it is; null clears it, left out it stays.")] = UNSET
    contributors: Annotated[
        list[PersonId] | UnsetType, doc("The people who work on it beside the owner: all of them, up to 100.")
    ] = UNSET


class SetObjectiveVisibility(Command, frozen=True):
    """Say who sees an objective, and all that belongs to it: everybody, or only its team and those who work on it. It
    holds for its history, too, and can be said of what has ended."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveVisibilitySet

    objective: ObjectiveId
    visibility: Annotated[Visibility, doc("Who sees it from now on; TEAM needs a team.")]


class AlignObjective(Command, frozen=True):
    """Say that an objective supports another objective or a key result of the same or an overlapping cycle; never one
    that supports it (`CIRCULAR`)."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveAligned

    objective: ObjectiveId
    to: Annotated[Ref, doc("The objective or key result it supports.")]


class UnalignObjective(Command, frozen=True):
    """Take an alignment back."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveUnaligned

    objective: ObjectiveId
    from_: Annotated[Ref, doc("The objective or key result it no longer supports.")] = msgspec.field(name="from")


class CommitObjective(Command, frozen=True):
    """Commit to a draft: it becomes ACTIVE."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveCommitted

    objective: ObjectiveId


class CloseObjective(Command, frozen=True):
    """Close an objective with its verdict, and score every key result that is not scored yet."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveClosed

    objective: ObjectiveId
    verdict: Annotated[
        Verdict | None, doc("What it came to; by default ACHIEVED if the score is at least the policy's `scoreGreen`.")
    ] = None
    score: Annotated[float | None, doc("From 0 to 1; by default its progress at that moment.")] = None
    reflection: Annotated[str | None, doc("What there is to say about how it ended.")] = None


class DropObjective(Command, frozen=True):
    """Give an objective up; what supports it is unaligned by that."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveDropped
    REASON_REQUIRED = True

    objective: ObjectiveId


class ReopenObjective(Command, frozen=True):
    """Take an objective's closing or dropping back, while its cycle is open."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveReopened
    REASON_REQUIRED = True

    objective: ObjectiveId


class CarryObjective(Command, frozen=True):
    """Draft an objective anew in another cycle, with the key results that are neither dropped nor reached, each
    starting from its current value."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveDrafted

    objective: ObjectiveId
    into: Annotated[CycleBy, doc("The cycle it goes on in.")]
