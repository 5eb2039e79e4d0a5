"""Handlers of the commands on key results."""

from datetime import date, datetime
from typing import TypeAlias

from msgspec import UNSET, UnsetType, structs

from domain.commands.command import KeyResultId, KpiBy
from domain.commands.key_result_commands import (
    AddKeyResult,
    AssignKeyResult,
    DropKeyResult,
    KeyResultDraft,
    LinkKpi,
    MetricInput,
    PlanKeyResult,
    RescheduleKeyResult,
    RetargetKeyResult,
    ReweighKeyResult,
    RewordKeyResult,
    ScoreKeyResult,
    UnlinkKpi,
    refuse_unlinkable,
)
from domain.handlers import related
from domain.handlers.across.referencing import with_reference
from domain.handlers.formulas import current_value, kpi_readings
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import UnitOfWork
from domain.metrics import plan_curve
from domain.model.cycle import Cycle
from domain.model.event import NIL_ID
from domain.model.key_result import KeyResult, KeyResultAdded, Link, stored_aggregate
from domain.model.kpi import Kpi
from domain.model.objective import Objective
from domain.primitives.checks import metric_checks, plan_checks
from domain.primitives.checks.plan_checks import Terms
from domain.primitives.errors import invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Aggregation, Direction, Metric, PlanPoint, Unit


@handles
def add_key_result(uow: UnitOfWork, command: AddKeyResult) -> KeyResult:
    objective = uow.change(Objective, command.objective, "objective")
    cycle = uow.get(Cycle, objective.cycle)
    cycle.refuse_closed("objective")
    objective.refuse_ended()
    uow.not_before(objective)
    return begun(uow, objective, addition(uow, cycle, command), command)


def begun(
    uow: UnitOfWork, objective: Objective, added: KeyResultAdded, given: AddKeyResult | KeyResultDraft
) -> KeyResult:
    """The key result of an addition, with the reference that it is given."""
    key_result = uow.begin(KeyResult, structs.replace(added, objective=objective.id))
    return with_reference(uow, key_result, given.external)


def addition(uow: UnitOfWork, cycle: Cycle, given: AddKeyResult | KeyResultDraft) -> KeyResultAdded:
    """The addition of a key result to some objective of a cycle that is not closed. Raises `NOT_FOUND`, `CONFLICT`,
    `INVALID`."""
    kpi = None if given.kpi is None else _kpi(uow, given.kpi)
    due = given.due or cycle.ends_on
    link = _link(kpi, given, None, max(due, cycle.ends_on))
    metric = _metric(uow, given.metric, Unit(), link, kpi)
    terms = Terms(metric, _begins_on(uow, cycle.starts_on, min(uow.at, uow.now)), due)
    return KeyResultAdded(
        objective=NIL_ID,
        title=given.title,
        description=given.description,
        metric=metric,
        owner=uow.colleague(given.owner, "owner"),
        weight=given.weight,
        due=due,
        plan=_new_plan(given.plan, terms),
        kpi=None if link is None else link.kpi,
        aggregate=None if link is None else stored_aggregate(link.aggregate),
        count_from=None if link is None else link.count_from,
        due_is_set=due != cycle.ends_on,
    )


@handles
def reword_key_result(uow: UnitOfWork, command: RewordKeyResult) -> KeyResult:
    key_result = _open(uow, command.key_result)
    key_result.reword(command.title, command.description, uow.at)
    return key_result


@handles
def assign_key_result(uow: UnitOfWork, command: AssignKeyResult) -> KeyResult:
    key_result = _open(uow, command.key_result)
    key_result.assign(uow.colleague(command.owner, "owner"), uow.at)
    return key_result


@handles
def retarget_key_result(uow: UnitOfWork, command: RetargetKeyResult) -> KeyResult:
    key_result = _open(uow, command.key_result)
    kpi = None if key_result.kpi is None else uow.get(Kpi, key_result.kpi)
    before = key_result.metric.unit
    metric = _metric(uow, command.metric, before, key_result.link_now, kpi)
    if kpi is None and metric.unit != before and current_value.is_measured(uow, key_result):
        raise invalid(
            f"The key result has measurements in {_named(before)}, so its unit cannot change; drop it and add another.",
            "metric",
            "unit",
            rule=Rule.UNIT_HAS_MEASUREMENTS,
        )
    agreed = _terms(uow, key_result)
    key_result.retarget(metric, _plan(key_result, command.plan, agreed, agreed._replace(metric=metric)), uow.at)
    return key_result


@handles
def reschedule_key_result(uow: UnitOfWork, command: RescheduleKeyResult) -> KeyResult:
    key_result = _open(uow, command.key_result)
    agreed = _terms(uow, key_result)
    plan = _plan(key_result, command.plan, agreed, agreed._replace(due=command.due))
    key_result.reschedule(command.due, plan, uow.at)
    return key_result


@handles
def plan_key_result(uow: UnitOfWork, command: PlanKeyResult) -> KeyResult:
    key_result = _open(uow, command.key_result)
    key_result.refuse_dropped()
    key_result.set_plan(plan_checks.checked(command.points, _terms(uow, key_result), "points"), uow.at)
    return key_result


@handles
def reweigh_key_result(uow: UnitOfWork, command: ReweighKeyResult) -> KeyResult:
    key_result = _open(uow, command.key_result)
    key_result.reweigh(command.weight, uow.at)
    return key_result


@handles
def link_kpi(uow: UnitOfWork, command: LinkKpi) -> KeyResult:
    key_result = _open(uow, command.key_result)
    kpi = uow.find(Kpi, command.kpi, "kpi")
    before = key_result.link_now
    if before is None or kpi.id != before.kpi:
        before = None
        kpi.refuse_retired()
        _refuse_unmeasurable(key_result.metric, kpi, "kpi")
    cycle = uow.get(Cycle, uow.get(Objective, key_result.objective).cycle)
    link = _link(kpi, command, before, max(key_result.due, cycle.ends_on))
    assert link is not None
    key_result.link(link.kpi, link.aggregate, link.count_from, uow.at)
    return key_result


@handles
def unlink_kpi(uow: UnitOfWork, command: UnlinkKpi) -> KeyResult:
    key_result = _open(uow, command.key_result)
    key_result.unlink(uow.at)
    return key_result


@handles
def score_key_result(uow: UnitOfWork, command: ScoreKeyResult) -> KeyResult:
    key_result = _open(uow, command.key_result)
    key_result.give_score(command.score, command.note, uow.at)
    return key_result


@handles
def drop_key_result(uow: UnitOfWork, command: DropKeyResult) -> KeyResult:
    key_result = _open(uow, command.key_result)
    key_result.drop(uow.at)
    return key_result


def _open(uow: UnitOfWork, id: "KeyResultId") -> KeyResult:
    """The key result to change, of an objective that has not ended, in a cycle that is not closed."""
    key_result = uow.change(KeyResult, id, "keyResult")
    objective = uow.get(Objective, key_result.objective)
    uow.get(Cycle, objective.cycle).refuse_closed("keyResult")
    objective.refuse_ended("keyResult")
    return key_result


def _terms(uow: UnitOfWork, key_result: KeyResult) -> Terms:
    """What the key result's plan is agreed on."""
    cycle = uow.get(Cycle, uow.get(Objective, key_result.objective).cycle)
    return terms(uow, key_result, cycle.starts_on, key_result.due)


def _begins_on(uow: UnitOfWork, starts_on: date, created_at: datetime) -> date:
    """The day on which a key result begins: the first of its cycle, or that of its creation if that is later."""
    return max(starts_on, uow.calendar.day_of(created_at))


def _new_plan(given: list[PlanPoint] | UnsetType, terms: Terms) -> tuple[PlanPoint, ...]:
    """The plan of an input; without one the straight line. Raises `INVALID`."""
    return () if given is UNSET else plan_checks.checked(given, terms, "plan")


def _plan(
    key_result: KeyResult, given: list[PlanPoint] | UnsetType, before: Terms, after: Terms
) -> tuple[PlanPoint, ...]:
    """The plan on new terms: that of the input, or else the present one, mapped. Raises `INVALID`."""
    return plan_curve.mapped(key_result.plan, before, after) if given is UNSET else _new_plan(given, after)


def _kpi(uow: UnitOfWork, by: KpiBy) -> Kpi:
    kpi = uow.find(Kpi, by, "kpi")
    kpi.refuse_retired()
    return kpi


def _link(
    kpi: Kpi | None, given: AddKeyResult | KeyResultDraft | LinkKpi, before: Link | None, last_day: date
) -> Link | None:
    """The link to a KPI. Omitted fields keep those of the link before; in a new link the aggregate is the KPI's own.

    Raises `INVALID` for a `countFrom` with the aggregate LAST or after `last_day`, from which no reading would count.
    """
    if kpi is None:
        return None
    aggregate = given.aggregate
    if aggregate is UNSET:
        aggregate = kpi.definition.aggregation if before is None else before.aggregate
    count_from = given.count_from
    if count_from is UNSET:
        count_from = None if before is None or aggregate is Aggregation.LAST else before.count_from
    if count_from is not None and aggregate is Aggregation.LAST:
        raise invalid(
            "The aggregate LAST counts one reading; omit countFrom or choose another aggregate.",
            "countFrom",
            rule=Rule.COUNT_FROM_WITH_LAST,
        )
    if count_from is not None and count_from > last_day:
        raise invalid(
            f"No reading would count: choose a day until {last_day}.",
            "countFrom",
            rule=Rule.COUNT_FROM_TOO_LATE,
            last=last_day,
        )
    return Link(kpi.id, aggregate, count_from)


def _metric(uow: UnitOfWork, given: MetricInput, unit: Unit, link: Link | None, kpi: Kpi | None) -> Metric:
    """The complete metric of an input, in the KPI's unit or else in this one, if the input has none.

    A start that the metric needs and does not state is 0 for a link through SUM (except of DECREASE), else the KPI's
    latest reading. AT_LEAST, AT_MOST and WITHIN need none: theirs follows from the measurements. Raises `INVALID`, also
    for another unit than the KPI's.
    """
    asked = given.complete(unit if kpi is None else kpi.definition.unit)
    metric = metric_checks.metric(asked, _baseline(uow, asked, link), "metric")
    _refuse_unmeasurable(metric, kpi, "metric", "unit")
    return metric


def _baseline(uow: UnitOfWork, metric: Metric, link: Link | None) -> float | None:
    if link is None or not metric.lacks_start:
        return None
    if link.aggregate is Aggregation.SUM and metric.direction is not Direction.DECREASE:
        return 0.0
    reading = kpi_readings.latest(uow, link.kpi, uow.at)
    return None if reading is None else reading.value


def _refuse_unmeasurable(metric: Metric, kpi: Kpi | None, *field: str) -> None:
    if kpi is None:
        return
    refuse_unlinkable(metric)
    if metric.unit != kpi.definition.unit:
        raise invalid(
            f"The KPI is measured in {_named(kpi.definition.unit)} and the key result in {_named(metric.unit)}: "
            "both need the same unit.",
            *field,
            rule=Rule.UNIT_OF_KPI,
            unit=_named(kpi.definition.unit),
        )


def _named(unit: Unit) -> str:
    return f"{unit.kind} '{unit.symbol}'" if unit.symbol else str(unit.kind)


# ── the days of its cycle ────────────────────────────────────────────────────────────────────────

Days: TypeAlias = tuple[date, date]
"""The first and the last day of a cycle."""


def catch_up(uow: UnitOfWork, objective: Objective, ended_at: datetime) -> None:
    """Have the key results of a reopened objective follow what happened to the days of its cycle since its end."""
    cycle = uow.get(Cycle, objective.cycle)
    (then,) = related.all_as_of(uow, [cycle], ended_at)
    if then.days != cycle.days:
        for key_result in related.children(uow, KeyResult, KeyResultAdded, objective.id):
            follow(uow, key_result, then.days, cycle.days)
        uow.record_first([objective])


def follow(uow: UnitOfWork, key_result: KeyResult, before: Days, after: Days) -> None:
    """Have a key result follow its cycle from some days to others: its due date, unless a person set another one, and
    its plan, which is mapped. A dropped one stays."""
    if key_result.is_dropped:
        return
    due = key_result.due_with(before[1], after[1])
    plan = plan_curve.mapped(
        key_result.plan, terms(uow, key_result, before[0], key_result.due), terms(uow, key_result, after[0], due)
    )
    key_result.follow_cycle(due, plan, uow.at)


def terms(uow: UnitOfWork, key_result: KeyResult, starts_on: date, due: date) -> Terms:
    """What the plan of a key result is agreed on in a cycle with this first day, up to this due day."""
    return Terms(key_result.metric, _begins_on(uow, starts_on, key_result.created_at), due)
