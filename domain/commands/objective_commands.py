"""Commands on objectives."""

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
    kind: Annotated[ObjectiveKind, doc("Whether it is committed or aspirational.")] = ObjectiveKind.COMMITTED
    owner: OwnerId | None = None
    team: Annotated[TeamId | None, doc("The team that owns it.")] = None
    contributors: Annotated[
        list[PersonId], doc("The complete list of people who work on it besides the owner, up to 100.")
    ] = msgspec.field(default_factory=list)
    supports: Annotated[list[Ref], doc("The objectives and key results it supports, up to 100.")] = msgspec.field(
        default_factory=list
    )
    # UNSET means WORKSPACE, so the digests of commands recorded before this field existed stay valid
    visibility: Annotated[Visibility | UnsetType, doc("Who can see it: by default WORKSPACE; TEAM needs a team.")] = (
        UNSET
    )


class RewordObjective(Command, frozen=True):
    """Change an objective's title or description."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveReworded

    objective: ObjectiveId
    title: Annotated[str | UnsetType, doc("One line of 1 to 300 characters; omitted keeps it.")] = UNSET
    description: Annotated[str | None | UnsetType, doc("A longer description; null clears it, omitted keeps it.")] = (
        UNSET
    )


class AssignObjective(Command, frozen=True):
    """Change the owner, the team or the contributors of an objective."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveAssigned

    objective: ObjectiveId
    owner: Annotated[
        PersonId | None | UnsetType, doc("The person responsible for it; null clears it, omitted keeps it.")
    ] = UNSET
    team: Annotated[TeamId | None | UnsetType, doc("The team that owns it; null clears it, omitted keeps it.")] = UNSET
    contributors: Annotated[
        list[PersonId] | UnsetType, doc("The complete list of people who work on it besides the owner, up to 100.")
    ] = UNSET


class SetObjectiveVisibility(Command, frozen=True):
    """Set who can see an objective and everything that belongs to it: the workspace, or only its team and the people
    who work on it. The visibility also applies to its history, and can be set on ended objectives."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveVisibilitySet

    objective: ObjectiveId
    visibility: Annotated[Visibility, doc("Who can see it; TEAM needs a team.")]


class AlignObjective(Command, frozen=True):
    """Align an objective to an objective or key result that it supports, in the same or an overlapping cycle. The
    target must not support the objective itself (`CIRCULAR`)."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveAligned

    objective: ObjectiveId
    to: Annotated[Ref, doc("The objective or key result it supports.")]


class UnalignObjective(Command, frozen=True):
    """Remove an alignment."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveUnaligned

    objective: ObjectiveId
    from_: Annotated[Ref, doc("The objective or key result it no longer supports.")] = msgspec.field(name="from")


class CommitObjective(Command, frozen=True):
    """Commit a draft: the objective becomes ACTIVE."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveCommitted

    objective: ObjectiveId


class CloseObjective(Command, frozen=True):
    """Close an objective with a verdict, and score its key results that have no score."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveClosed

    objective: ObjectiveId
    verdict: Annotated[
        Verdict | None, doc("The verdict; by default ACHIEVED if the score is at least the policy's `scoreGreen`.")
    ] = None
    score: Annotated[float | None, doc("The score, from 0 to 1; by default its progress at the effective time.")] = None
    reflection: Annotated[str | None, doc("A closing reflection.")] = None


class DropObjective(Command, frozen=True):
    """Drop an objective. Objectives that support it are then no longer aligned to it."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveDropped
    REASON_REQUIRED = True

    objective: ObjectiveId


class ReopenObjective(Command, frozen=True):
    """Reopen a closed or dropped objective, while its cycle is open."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveReopened
    REASON_REQUIRED = True

    objective: ObjectiveId


class CarryObjective(Command, frozen=True):
    """Draft a copy of an objective in another cycle, with the key results that are neither dropped nor reached. Each
    starts from its current value."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveDrafted

    objective: ObjectiveId
    into: Annotated[CycleBy, doc("The cycle it continues in.")]
