"""Commands on objectives."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from domain.commands.command import (
    Command,
    CycleBy,
    KeyResultId,
    Markdown,
    NewExternal,
    ObjectiveId,
    OwnerId,
    PersonId,
    Share,
    TeamId,
    Title,
)
from domain.commands.key_result_commands import KeyResultDraft, check_measure
from domain.commands.permissions import edit_goals
from domain.model.objective import (
    ObjectiveAligned,
    ObjectiveAssigned,
    ObjectiveClosed,
    ObjectiveCommitted,
    ObjectiveDrafted,
    ObjectiveDropped,
    ObjectiveMoved,
    ObjectiveReopened,
    ObjectiveReworded,
    ObjectiveUnaligned,
    ObjectiveVisibilitySet,
    refuse_without_team,
)
from domain.primitives.documentation import doc
from domain.primitives.errors import Code, CommandRejected, Faults
from domain.primitives.rules import Rule
from domain.primitives.values import Kind, ObjectiveKind, Ref, Verdict, Visibility

CONTRIBUTORS_MAX = 100
SUPPORTS_MAX = 100
KEY_RESULTS_MAX = 50
"""Key results that are drafted together with their objective."""


class DraftObjective(Command, frozen=True):
    """Draft an objective in a cycle that is not closed, with its key results, and commit it if that is asked."""

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
    external: NewExternal = UNSET
    key_results: Annotated[list[KeyResultDraft] | UnsetType, doc("Its key results, in their order, up to 50.")] = UNSET
    commit: Annotated[
        bool | UnsetType, doc("Whether it is committed, too, and so becomes ACTIVE; by default it stays a draft.")
    ] = UNSET

    def check(self, faults: Faults) -> None:
        with faults:
            _refuse_many_contributors(self.contributors)
        with faults:
            if len(set(self.supports)) > SUPPORTS_MAX:
                raise CommandRejected(
                    Code.TOO_LARGE,
                    f"An objective supports at most {SUPPORTS_MAX} goals; name fewer.",
                    "supports",
                    rule=Rule.SUPPORTS_TOO_MANY,
                    max=SUPPORTS_MAX,
                )
        with faults:
            if self.visibility is not UNSET:
                refuse_without_team(self.visibility, self.team)
        self._check_key_results(self.key_results or [], faults)

    @staticmethod
    def _check_key_results(given: Sequence[KeyResultDraft], faults: Faults) -> None:
        if len(given) > KEY_RESULTS_MAX:
            message = f"At most {KEY_RESULTS_MAX} key results are drafted with their objective; add the others later."
            rejection = CommandRejected(
                Code.TOO_LARGE, message, "keyResults", rule=Rule.KEY_RESULTS_TOO_MANY, max=KEY_RESULTS_MAX
            )
            faults.keep(rejection)
        for index, one in enumerate(given[:KEY_RESULTS_MAX]):
            check_measure(one, faults, "keyResults", str(index))


class RewordObjective(Command, frozen=True):
    """Change an objective's title or description."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveReworded

    objective: ObjectiveId
    title: Annotated[Title | UnsetType, doc("One line of 1 to 300 characters; omitted keeps it.")] = UNSET
    description: Annotated[
        Markdown | None | UnsetType, doc("A longer description; null clears it, omitted keeps it.")
    ] = UNSET


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

    def check(self, faults: Faults) -> None:
        with faults:
            if self.contributors is not UNSET:
                _refuse_many_contributors(self.contributors)


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


class KeyResultScore(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The score of a key result at the closing of its objective."""

    key_result: KeyResultId
    score: Annotated[Share, doc("The score, from 0 to 1.")]


class CloseObjective(Command, frozen=True):
    """Close an objective with score and verdict, and score its key results that have no score. An objective that can
    have no score, since it has neither key results nor objectives that support it, is closed without one."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveClosed

    objective: ObjectiveId
    verdict: Annotated[
        Verdict | None,
        doc(
            "The verdict; by default it follows from the score. COMMITTED: ACHIEVED at 1, PARTIAL from the policy's "
            "`scoreGreen` on, else MISSED. ASPIRATIONAL: ACHIEVED from `scoreGreen` on, PARTIAL from `scoreAmber` on, "
            "else MISSED."
        ),
    ] = None
    score: Annotated[
        Share | None,
        doc(
            "The score, from 0 to 1; by default the weighted mean of its key results' scores. Without key results it "
            "is the mean over the objectives that directly support it and are visible to the whole workspace: of the "
            "score if closed, else of the progress."
        ),
    ] = None
    reflection: Annotated[Markdown | None, doc("A closing reflection.")] = None
    scores: Annotated[
        list[KeyResultScore] | UnsetType,
        doc(
            "Scores for key results that have none yet; by default each one's progress at the effective time, 0 "
            "without a measurement. Reopening the objective revokes them."
        ),
    ] = UNSET


class DropObjective(Command, frozen=True):
    """Drop an objective. Objectives that support it are then no longer aligned to it."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveDropped
    REASON_REQUIRED = True

    objective: ObjectiveId


class ReopenObjective(Command, frozen=True):
    """Reopen a closed or dropped objective, while its cycle is open. Undoes score and verdict; scores that people gave
    to its key results stay."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveReopened
    REASON_REQUIRED = True

    objective: ObjectiveId


class CarriedTarget(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The new target of a key result that is carried into another cycle: what its direction takes."""

    key_result: Annotated[KeyResultId, doc("The key result of the old objective. It is carried even if it is reached.")]
    target: Annotated[float | None, doc("The target value.")] = None
    change_by: Annotated[
        float | None, doc("The target as a relative change of the new start: 0.2 is 20 % more, -0.2 is 20 % less.")
    ] = None
    lower: Annotated[float | None, doc("The lower bound, for WITHIN.")] = None
    upper: Annotated[float | None, doc("The upper bound, for WITHIN.")] = None


class MoveObjective(Command, frozen=True):
    """Move an objective to another cycle, with its key results and everything that belongs to them. Due dates that were
    never set to another day are the last day of the new cycle, and plans are mapped. Alignments to and from goals in
    cycles that do not overlap the new one end. Rejected with `CLOSED` if the objective or one of the two cycles has
    ended."""

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveMoved

    objective: ObjectiveId
    to: Annotated[CycleBy, doc("The cycle that it belongs to from then on.")]


class CarryObjective(Command, frozen=True):
    """Draft a copy of an objective in another cycle, with the key results that are neither dropped nor reached.

    Each starts from its current value; a level goal, a sum and an unmeasured one keep their start. A target that was
    given by `changeBy` is resolved anew, any other one is kept and must lie ahead. Milestones that are reached are left
    out. The same objective is carried into a cycle once (`DUPLICATE`).
    """

    NEEDS = edit_goals("objective")
    ANSWERS = Kind.OBJECTIVE
    RECORDS = ObjectiveDrafted

    objective: ObjectiveId
    into: Annotated[CycleBy, doc("The cycle it continues in.")]
    targets: Annotated[
        list[CarriedTarget] | UnsetType, doc("New targets for some of its key results; the others keep theirs.")
    ] = UNSET
    keep_alignment: Annotated[
        bool | UnsetType,
        doc(
            "Whether it supports what the old one supports, or what that was carried into, as far as the cycles "
            "overlap; by default false."
        ),
    ] = UNSET


def _refuse_many_contributors(contributors: Sequence[PersonId]) -> None:
    if len(set(contributors)) > CONTRIBUTORS_MAX:
        raise CommandRejected(
            Code.TOO_LARGE,
            f"An objective has at most {CONTRIBUTORS_MAX} contributors; name fewer.",
            "contributors",
            rule=Rule.CONTRIBUTORS_TOO_MANY,
            max=CONTRIBUTORS_MAX,
        )
