"""Handlers of the commands on cycles, the scoring policy and the calendar."""

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from msgspec import UNSET, structs

from domain.commands.command import Command
from domain.commands.cycle_commands import (
    AbandonCycle,
    ActivateCycle,
    AdoptScoringPolicy,
    CloseCycle,
    OpenCycle,
    RenameCycle,
)
from domain.commands.workspace_commands import SetCalendar
from domain.handlers import authorization, closing, related
from domain.handlers.across.referencing import with_reference
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import CALENDAR_ID, POLICY_ID, UnitOfWork, keyed_id
from domain.model.cycle import Cycle, CycleOpened, Policy, ScoringPolicyAdopted
from domain.model.objective import Objective, ObjectiveDrafted
from domain.model.workspace import CalendarSet, WorkspaceCalendar
from domain.primitives import values
from domain.primitives.calendar import Calendar
from domain.primitives.errors import Code, CommandRejected, Faults, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Kind, ObjectiveState, ScoringPolicy

NAMES_MAX = 10

Settings = TypeVar("Settings", ScoringPolicy, Calendar)


@handles
def open_cycle(uow: UnitOfWork, command: OpenCycle) -> Cycle:
    parent = None if command.parent is None else uow.find(Cycle, command.parent, "parent")
    if parent is not None:
        parent.refuse_closed("parent")
        uow.not_before(parent)
        fit_into(uow, parent, command.starts_on, command.ends_on, command.key)
    event = CycleOpened(
        key=command.key,
        name=command.name,
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        check_in_cadence=command.check_in_cadence,
        parent=None if parent is None else parent.id,
    )
    return with_reference(uow, uow.begin(Cycle, event, keyed_id(Kind.CYCLE, command.key)), command.external)


def fit_into(uow: UnitOfWork, parent: Cycle, starts_on: date, ends_on: date, key: str) -> None:
    """Raises `INVALID` for days outside the parent, `CONFLICT` for days that another cycle inside it has."""
    if not parent.starts_on <= starts_on <= ends_on <= parent.ends_on:
        raise invalid(
            f"The cycle must lie within its parent: {parent.starts_on} to {parent.ends_on}.",
            "startsOn",
            rule=Rule.CYCLE_OUTSIDE_PARENT,
            first=parent.starts_on,
            last=parent.ends_on,
        )
    for sibling in related.children(uow, Cycle, CycleOpened, parent.id):
        if sibling.key != key and not sibling.is_abandoned and sibling.overlaps(starts_on, ends_on):
            raise CommandRejected(
                Code.CONFLICT,
                f"Overlaps '{sibling.key}' ({sibling.starts_on} to {sibling.ends_on}), which has the same parent.",
                "startsOn",
                rule=Rule.CYCLES_OVERLAP,
                cycle=sibling.key,
            )


@handles
def activate_cycle(uow: UnitOfWork, command: ActivateCycle) -> Cycle:
    cycle = uow.subject(uow.find(Cycle, command.cycle, "cycle"))
    cycle.refuse_closed("cycle")
    for objective in related.children(uow, Objective, ObjectiveDrafted, cycle.id):
        if objective.state is ObjectiveState.DRAFT and cycle.state is values.CycleState.PLANNING:
            objective.commit(uow.at)
    cycle.activate(uow.at)
    return cycle


@handles
def close_cycle(uow: UnitOfWork, command: CloseCycle) -> Cycle:
    """Child cycles stay open: a year may be closed before its last quarter."""
    cycle = uow.subject(uow.find(Cycle, command.cycle, "cycle"))
    held = related.children(uow, Objective, ObjectiveDrafted, cycle.id)
    still_active = _still_active(held)
    if not command.close_objectives:
        _refuse_active(uow, still_active, "Close or drop them first, or set closeObjectives: true.")
    for objective in closing.parts_first(uow, still_active):
        closing.close(uow, objective)
    if not cycle.is_closed:
        refuse_earlier(uow, related.ever_children(uow, Objective, ObjectiveDrafted, cycle.id))
    cycle.close(uow.at)
    return cycle


@handles
def rename_cycle(uow: UnitOfWork, command: RenameCycle) -> Cycle:
    cycle = uow.subject(uow.find(Cycle, command.cycle, "cycle"))
    cycle.rename(command.name, uow.at)
    return cycle


@handles
def abandon_cycle(uow: UnitOfWork, command: AbandonCycle) -> Cycle:
    """Child cycles stay, as at a closing. Objectives that have ended stay as they ended."""
    cycle = uow.subject(uow.find(Cycle, command.cycle, "cycle"))
    cycle.refuse_activated()
    held = related.children(uow, Objective, ObjectiveDrafted, cycle.id)
    _refuse_active(uow, _still_active(held), "Close or drop them first.")
    if not cycle.is_abandoned:
        for objective in held:
            if objective.state is ObjectiveState.DRAFT:
                closing.refuse_earlier(uow, objective)
                objective.drop(uow.at)
        refuse_earlier(uow, related.ever_children(uow, Objective, ObjectiveDrafted, cycle.id))
    cycle.abandon(uow.at)
    return cycle


def _still_active(held: Sequence[Objective]) -> list[Objective]:
    return [objective for objective in held if objective.state is ObjectiveState.ACTIVE]


def _refuse_active(uow: UnitOfWork, still_active: Sequence[Objective], advice: str) -> None:
    """Raises `CONFLICT` naming these objectives, if there are any."""
    if still_active:
        names = _titles(still_active, [objective for objective in still_active if authorization.sees(uow, objective)])
        raise CommandRejected(
            Code.CONFLICT,
            f"Still active: {names}. {advice}",
            "cycle",
            rule=Rule.OBJECTIVES_STILL_ACTIVE,
            objectives=names,
        )


def _titles(objectives: Sequence[Objective], seen: Sequence[Objective]) -> str:
    """The titles of the objectives that the author sees, up to `NAMES_MAX`; the hidden ones are not named."""
    names = ", ".join(f"'{objective.title}'" for objective in seen[:NAMES_MAX])
    more = f" and {len(seen) - NAMES_MAX} more" if len(seen) > NAMES_MAX else ""
    if len(seen) == len(objectives):
        return f"{names}{more}"
    return f"{names}{more}{', and ' if seen else ''}objectives that are private to their team"


def refuse_earlier(uow: UnitOfWork, held: Sequence[Objective]) -> None:
    """Raises `INVALID` if one of these objectives changed after the effective time: the outcome of a cycle is the state
    as of its closing, and what has ended keeps the days of its end."""
    last = max((objective.changed_at for objective in held), default=uow.at)
    if uow.at < last:
        raise invalid(
            f"An objective in this cycle changed later, at {last.isoformat()}; choose a later time.",
            "effectiveAt",
            rule=Rule.OBJECTIVE_CHANGED_LATER,
            earliest=last,
        )


@handles
def adopt_scoring_policy(uow: UnitOfWork, command: AdoptScoringPolicy) -> Policy:
    policy = _checked(_with_given(uow.policy, command))
    adopted = uow.known(POLICY_ID)
    if isinstance(adopted, Policy):
        uow.subject(adopted).adopt(policy, uow.at)
        return adopted
    defaults = uow.subject(Policy(POLICY_ID))
    if policy == ScoringPolicy():
        return defaults
    return uow.begin(Policy, ScoringPolicyAdopted(policy=policy), POLICY_ID)


def _checked(policy: ScoringPolicy) -> ScoringPolicy:
    """The policy, if its bands are in order. Raises `INVALID`."""
    faults = Faults()
    for low, high, is_ordered in (
        ("onTrackGap", "atRiskGap", policy.on_track_gap <= policy.at_risk_gap),
        ("scoreAmber", "scoreGreen", policy.score_amber <= policy.score_green),
    ):
        with faults:
            if not is_ordered:
                raise invalid(f"{low} must not be above {high}.", low, rule=Rule.BANDS_NOT_ORDERED, low=low, high=high)
    faults.refuse()
    return policy


@handles
def set_calendar(uow: UnitOfWork, command: SetCalendar) -> WorkspaceCalendar:
    calendar = _with_given(uow.calendar, command)
    current = uow.known(CALENDAR_ID)
    if isinstance(current, WorkspaceCalendar):
        uow.subject(current).set(calendar, uow.at)
        return current
    default = uow.subject(WorkspaceCalendar(CALENDAR_ID))
    if calendar == Calendar():
        return default
    return uow.begin(WorkspaceCalendar, CalendarSet(calendar=calendar), CALENDAR_ID)


def _with_given(settings: Settings, command: Command) -> Settings:
    """The settings with the fields that the command gives."""
    given = {name: value for name in settings.__struct_fields__ if (value := getattr(command, name)) is not UNSET}
    return structs.replace(settings, **given)
