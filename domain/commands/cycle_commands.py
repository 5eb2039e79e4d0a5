"""Commands about cycles and the scoring policy."""

from datetime import date
from typing import Annotated

from msgspec import UNSET, UnsetType

from domain.commands.command import Command, CycleBy, Key
from domain.commands.permissions import ADOPT_POLICY, RUN_CYCLES
from domain.model.cycle import CycleActivated, CycleClosed, CycleOpened, ScoringPolicyAdopted
from domain.primitives.documentation import doc
from domain.primitives.values import Cadence, Kind


class OpenCycle(Command, frozen=True):
    """Open a cycle, a stretch of days for which goals are set. It begins in PLANNING."""

    NEEDS = RUN_CYCLES
    ANSWERS = Kind.CYCLE
    RECORDS = CycleOpened

    key: Key
    name: Annotated[str, doc("What the cycle is called.")]
    starts_on: Annotated[date, doc("Its first day.")]
    ends_on: Annotated[date, doc("Its last day; key results are due then unless they say otherwise.")]
    parent: Annotated[
        CycleBy | None, doc("The cycle it lies in, like the year of a quarter; cycles of one parent may not overlap.")
    ] = None
    check_in_cadence: Annotated[Cadence, doc("How often its key results are expected to be checked in on.")] = (
        Cadence.WEEKLY
    )


class ActivateCycle(Command, frozen=True):
    """Begin a cycle: every draft in it is committed, and its plan is fixed as of this event."""

    NEEDS = RUN_CYCLES
    ANSWERS = Kind.CYCLE
    RECORDS = CycleActivated

    cycle: CycleBy


class CloseCycle(Command, frozen=True):
    """End a cycle and fix its outcome; refused (`CONFLICT`) while an objective in it is active, unless
    `closeObjectives` is true."""

    NEEDS = RUN_CYCLES
    ANSWERS = Kind.CYCLE
    RECORDS = CycleClosed

    cycle: CycleBy
    close_objectives: Annotated[
        bool, doc("Whether to close every objective that is still active, with the verdict its score gives it.")
    ] = False


class AdoptScoringPolicy(Command, frozen=True):
    """Change the bands by which health and scores are judged, from now on."""

    NEEDS = ADOPT_POLICY
    ANSWERS = Kind.POLICY
    RECORDS = ScoringPolicyAdopted

    on_track_gap: Annotated[
        float | UnsetType,
        doc("Up to this gap between expected and actual progress a key result is ON_TRACK; a share of 1."),
    ] = UNSET
    at_risk_gap: Annotated[
        float | UnsetType, doc("Up to this gap it is AT_RISK, beyond it OFF_TRACK; a share of 1.")
    ] = UNSET
    score_green: Annotated[float | UnsetType, doc("From this score on an objective is ACHIEVED; a share of 1.")] = UNSET
    score_amber: Annotated[
        float | UnsetType, doc("From this score on a result is amber rather than red; a share of 1.")
    ] = UNSET
    stale_after_cadences: Annotated[
        float | UnsetType, doc("After how many cadences of silence a measure is out of date.")
    ] = UNSET
    max_key_results_per_objective: Annotated[
        int | UnsetType, doc("How many key results an objective has before a finding says it is too many.")
    ] = UNSET
    max_objectives_per_owner: Annotated[
        int | UnsetType, doc("How many objectives a person owns in a cycle before a finding says it is too many.")
    ] = UNSET
