"""Commands on cycles and the scoring policy."""

from datetime import date
from typing import Annotated

from msgspec import UNSET, UnsetType

from domain.commands.command import Command, CycleBy, Key, NewExternal, Share, Title
from domain.commands.permissions import ADOPT_POLICY, RUN_CYCLES
from domain.model.cycle import (
    CycleAbandoned,
    CycleActivated,
    CycleClosed,
    CycleOpened,
    CycleRenamed,
    CycleRescheduled,
    ScoringPolicyAdopted,
)
from domain.primitives.documentation import doc
from domain.primitives.errors import Faults, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Cadence, Kind

CYCLE_DAYS_MAX = 3660


class OpenCycle(Command, frozen=True):
    """Open a cycle, a period for which goals are set. It starts in the state PLANNING."""

    NEEDS = RUN_CYCLES
    ANSWERS = Kind.CYCLE
    RECORDS = CycleOpened

    key: Key
    name: Annotated[Title, doc("The name of the cycle.")]
    starts_on: Annotated[date, doc("Its first day.")]
    ends_on: Annotated[date, doc("Its last day, the default due date of its key results.")]
    parent: Annotated[
        CycleBy | None,
        doc("The parent cycle, such as the year of a quarter. Cycles with the same parent must not overlap."),
    ] = None
    check_in_cadence: Annotated[Cadence, doc("How often check-ins on its key results are expected.")] = Cadence.WEEKLY
    external: NewExternal = UNSET

    def check(self, faults: Faults) -> None:
        with faults:
            refuse_days(self.starts_on, self.ends_on)


def refuse_days(starts_on: date, ends_on: date) -> None:
    """Raises `INVALID` for days that no cycle can have: an end before the start, or more than ten years."""
    if ends_on < starts_on:
        raise invalid(
            "A cycle must not end before its first day; give a later date.",
            "endsOn",
            rule=Rule.CYCLE_ENDS_BEFORE_START,
            startsOn=starts_on,
        )
    if (ends_on - starts_on).days > CYCLE_DAYS_MAX:
        raise invalid(
            "A cycle lasts at most ten years; give an earlier date.",
            "endsOn",
            rule=Rule.CYCLE_TOO_LONG,
            max=CYCLE_DAYS_MAX,
        )


class ActivateCycle(Command, frozen=True):
    """Activate a cycle: all its drafts are committed, and its plan is fixed as of this event."""

    NEEDS = RUN_CYCLES
    ANSWERS = Kind.CYCLE
    RECORDS = CycleActivated

    cycle: CycleBy


class CloseCycle(Command, frozen=True):
    """Close a cycle and fix its outcome. Rejected with `CONFLICT` while one of its objectives is active, unless
    `closeObjectives` is true."""

    NEEDS = RUN_CYCLES
    ANSWERS = Kind.CYCLE
    RECORDS = CycleClosed

    cycle: CycleBy
    close_objectives: Annotated[
        bool, doc("Whether to close all active objectives, each with the verdict that follows from its score.")
    ] = False


class RenameCycle(Command, frozen=True):
    """Change the name of a cycle that has not ended; its key stays."""

    NEEDS = RUN_CYCLES
    ANSWERS = Kind.CYCLE
    RECORDS = CycleRenamed

    cycle: CycleBy
    name: Annotated[Title, doc("The new name.")]


class RescheduleCycle(Command, frozen=True):
    """Change the days of a cycle that has not ended. Due dates that were never set to another day follow its last day,
    and plans are mapped to the new days. What has ended in it stays as it is. Rejected with `CONFLICT` if it would
    overlap a cycle with the same parent, or leave a cycle inside it outside."""

    NEEDS = RUN_CYCLES
    ANSWERS = Kind.CYCLE
    RECORDS = CycleRescheduled
    REASON_REQUIRED = True

    cycle: CycleBy
    starts_on: Annotated[date | UnsetType, doc("Its new first day.")] = UNSET
    ends_on: Annotated[date | UnsetType, doc("Its new last day.")] = UNSET

    def check(self, faults: Faults) -> None:
        with faults:
            if self.starts_on is not UNSET and self.ends_on is not UNSET:
                refuse_days(self.starts_on, self.ends_on)


class AbandonCycle(Command, frozen=True):
    """Abandon a cycle that was never activated. Its drafts are dropped, and can be carried into another cycle; its key
    stays taken. Rejected with `CONFLICT` while one of its objectives is active."""

    NEEDS = RUN_CYCLES
    ANSWERS = Kind.CYCLE
    RECORDS = CycleAbandoned
    REASON_REQUIRED = True

    cycle: CycleBy


class AdoptScoringPolicy(Command, frozen=True):
    """Change the scoring policy, the bands for health and scores, from the effective time on."""

    NEEDS = ADOPT_POLICY
    ANSWERS = Kind.POLICY
    RECORDS = ScoringPolicyAdopted

    on_track_gap: Annotated[
        Share | UnsetType,
        doc("The largest gap between expected and actual progress of an ON_TRACK key result; a share of 1."),
    ] = UNSET
    at_risk_gap: Annotated[
        Share | UnsetType, doc("The largest gap of an AT_RISK key result, which is OFF_TRACK beyond it; a share of 1.")
    ] = UNSET
    score_green: Annotated[
        Share | UnsetType,
        doc(
            "The lowest score that is ACHIEVED for an ASPIRATIONAL objective, and PARTIAL for a COMMITTED one; a "
            "share of 1."
        ),
    ] = UNSET
    score_amber: Annotated[
        Share | UnsetType, doc("The lowest score that is PARTIAL for an ASPIRATIONAL objective; a share of 1.")
    ] = UNSET
    stale_after_cadences: Annotated[
        float | UnsetType, doc("The number of cadences without a measurement after which a measure is stale.")
    ] = UNSET
    max_key_results_per_objective: Annotated[
        int | UnsetType, doc("The largest number of key results of an objective without a finding.")
    ] = UNSET
    max_objectives_per_owner: Annotated[
        int | UnsetType, doc("The largest number of objectives of a person in a cycle without a finding.")
    ] = UNSET

    def check(self, faults: Faults) -> None:
        with faults:
            if self.stale_after_cadences is not UNSET and self.stale_after_cadences <= 0:
                raise invalid(
                    "Must be above 0: the number of cadences after which a measure is stale.",
                    "staleAfterCadences",
                    rule=Rule.CADENCES_NOT_POSITIVE,
                    value=self.stale_after_cadences,
                )
        for name, limit in (
            ("maxKeyResultsPerObjective", self.max_key_results_per_objective),
            ("maxObjectivesPerOwner", self.max_objectives_per_owner),
        ):
            with faults:
                if limit is not UNSET and limit < 1:
                    raise invalid("Must be 1 or more.", name, rule=Rule.LIMIT_NOT_POSITIVE, value=limit)
