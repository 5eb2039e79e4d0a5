"""What is decided about key results and their check-ins."""

from datetime import datetime

import msgspec
from msgspec import UNSET

from domain.commands import key_result_commands
from domain.commands.command import KeyResultId, KpiBy
from domain.commands.key_result_commands import (
    AddKeyResult,
    AssignKeyResult,
    CorrectCheckIn,
    DropKeyResult,
    LinkKpi,
    MetricInput,
    RescheduleKeyResult,
    RetargetKeyResult,
    ReweighKeyResult,
    RewordKeyResult,
    ScoreKeyResult,
    UnlinkKpi,
)
from domain.handlers import current_value
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import Decision
from domain.model.cycle import Cycle
from domain.model.event import WHEN_RECORDED
from domain.model.key_result import CheckIn, KeyResult, KeyResultAdded, KeyResultCheckedIn
from domain.model.kpi import Kpi
from domain.model.objective import Objective
from domain.primitives import values
from domain.primitives.errors import invalid
from domain.primitives.values import Metric, Unit


@handles
def add_key_result(case: Decision, do: AddKeyResult) -> KeyResult:
    objective = case.change(Objective, do.objective, "objective")
    cycle = case.get(Cycle, objective.cycle)
    cycle.refuse_closed("objective")
    objective.refuse_ended()
    case.not_before(objective)
    kpi = None if do.kpi is None else _kpi(case, do.kpi)
    event = KeyResultAdded(
        objective=objective.id,
        title=values.title(do.title, "title"),
        description=values.prose(do.description, "description"),
        metric=values.metric(_asked(do.metric, Unit()), _baseline(case, do.metric, kpi), "metric"),
        owner=case.colleague(do.owner, "owner"),
        weight=values.weight(do.weight, "weight"),
        due=do.due or cycle.ends_on,
        kpi=None if kpi is None else kpi.id,
    )
    _refuse_unmeasurable(event.metric, kpi)
    return case.begin(KeyResult, event)


@handles
def reword_key_result(case: Decision, do: RewordKeyResult) -> KeyResult:
    key_result = _open(case, do.key_result)
    title = do.title if do.title is UNSET else values.title(do.title, "title")
    description = do.description if do.description is UNSET else values.prose(do.description, "description")
    key_result.reword(title, description, case.at)
    return key_result


@handles
def assign_key_result(case: Decision, do: AssignKeyResult) -> KeyResult:
    key_result = _open(case, do.key_result)
    key_result.assign(case.colleague(do.owner, "owner"), case.at)
    return key_result


@handles
def retarget_key_result(case: Decision, do: RetargetKeyResult) -> KeyResult:
    key_result = _open(case, do.key_result)
    kpi = None if key_result.kpi is None else case.get(Kpi, key_result.kpi)
    asked = _asked(do.metric, key_result.metric.unit)
    metric = values.metric(asked, _baseline(case, asked, kpi), "metric")
    _refuse_unmeasurable(metric, kpi)
    key_result.retarget(metric, case.at)
    return key_result


@handles
def reschedule_key_result(case: Decision, do: RescheduleKeyResult) -> KeyResult:
    key_result = _open(case, do.key_result)
    key_result.reschedule(do.due, case.at)
    return key_result


@handles
def reweigh_key_result(case: Decision, do: ReweighKeyResult) -> KeyResult:
    key_result = _open(case, do.key_result)
    key_result.reweigh(values.weight(do.weight, "weight"), case.at)
    return key_result


@handles
def link_kpi(case: Decision, do: LinkKpi) -> KeyResult:
    key_result = _open(case, do.key_result)
    kpi = case.find(Kpi, do.kpi, "kpi")
    if kpi.id != key_result.kpi:
        kpi.refuse_retired()
        _refuse_unmeasurable(key_result.metric, kpi)
        key_result.link(kpi.id, case.at)
    return key_result


@handles
def unlink_kpi(case: Decision, do: UnlinkKpi) -> KeyResult:
    key_result = _open(case, do.key_result)
    key_result.unlink(case.at)
    return key_result


@handles
def score_key_result(case: Decision, do: ScoreKeyResult) -> KeyResult:
    key_result = _open(case, do.key_result)
    score = values.share(do.score, "score")
    assert score is not None
    key_result.give_score(score, values.prose(do.note, "note"), case.at)
    return key_result


@handles
def drop_key_result(case: Decision, do: DropKeyResult) -> KeyResult:
    key_result = _open(case, do.key_result)
    key_result.drop(case.at)
    return key_result


@handles
def check_in(case: Decision, do: key_result_commands.CheckIn) -> CheckIn:
    key_result = case.change(KeyResult, do.key_result, "keyResult")
    late = _late(case, key_result)
    key_result.refuse_dropped()
    reached = None if do.reached is None else tuple(dict.fromkeys(do.reached))
    key_result.fits(do.value, reached, is_linked=key_result.kpi is not None)
    event = KeyResultCheckedIn(
        key_result=key_result.id,
        value=None if do.value is None else values.number(do.value, "value"),
        reached=reached,
        confidence=values.share(do.confidence, "confidence"),
        note=values.prose(do.note, "note"),
        late=late,
    )
    said = (event.value, event.reached, event.confidence, event.note)
    if said == (None, None, None, None):
        raise invalid("Say something: a value, the milestones reached, a confidence or a note.", "value")
    measured_at = case.at if do.measured_at is None else case.moment(do.measured_at, "measuredAt")
    return _said_before(case, key_result, measured_at, said) or case.begin(CheckIn, event, at=measured_at)


@handles
def correct_check_in(case: Decision, do: CorrectCheckIn) -> CheckIn:
    check_in = case.change(CheckIn, do.check_in, "checkIn")
    key_result = case.get(KeyResult, check_in.key_result)
    late = _late(case, key_result)
    value, reached, confidence, note = check_in.said
    if do.value is not UNSET:
        value = None if do.value is None else values.number(do.value, "value")
    if do.reached is not UNSET:
        reached = None if do.reached is None else tuple(dict.fromkeys(do.reached))
    if do.value is not UNSET or do.reached is not UNSET:
        key_result.fits(value, reached, is_linked=key_result.kpi is not None and not check_in.has_figure)
    check_in.correct(
        value=value,
        reached=reached,
        confidence=confidence if do.confidence is UNSET else values.share(do.confidence, "confidence"),
        note=note if do.note is UNSET else values.prose(do.note, "note"),
        late=late,
    )
    return check_in


def _said_before(
    case: Decision,
    key_result: KeyResult,
    measured_at: datetime,
    said: tuple[float | None, tuple[str, ...] | None, float | None, str | None],
) -> CheckIn | None:
    """The same check-in of the same instant, if it is there: then there is nothing to record, and of two that come at
    once only one is."""
    if measured_at is WHEN_RECORDED:
        return None
    ids = case.measured_at(KeyResultCheckedIn, key_result.id, measured_at, current_value.CHECK_INS_MAX)
    return next((one for one in case.get_all(CheckIn, ids) if one.said == said), None)


def _open(case: Decision, id: "KeyResultId") -> KeyResult:
    """The key result to change, of an objective that has not ended, in a cycle that is not closed."""
    key_result = case.change(KeyResult, id, "keyResult")
    objective = case.get(Objective, key_result.objective)
    case.get(Cycle, objective.cycle).refuse_closed("keyResult")
    objective.refuse_ended("keyResult")
    return key_result


def _late(case: Decision, key_result: KeyResult) -> bool:
    """Whether the cycle had closed: then a measurement needs a reason and is marked."""
    objective = case.get(Objective, key_result.objective)
    late = case.get(Cycle, objective.cycle).is_closed
    if late:
        case.refuse_without_reason("The cycle is closed, so this fact is late")
    return late


def _kpi(case: Decision, by: KpiBy) -> Kpi:
    kpi = case.find(Kpi, by, "kpi")
    kpi.refuse_retired()
    return kpi


def _asked(given: MetricInput, unit: Unit) -> Metric:
    """The metric that is asked for, with this unit if it names none."""
    said = msgspec.structs.asdict(given)
    return Metric(**{**said, "unit": unit if given.unit is UNSET else given.unit})


def _baseline(case: Decision, metric: Metric, kpi: Kpi | None) -> float | None:
    """The linked KPI's latest reading, where a start was not given."""
    if kpi is None or metric.start is not None:
        return None
    reading = current_value.latest_reading(case, kpi.id)
    return None if reading is None else reading.value


def _refuse_unmeasurable(metric: Metric, kpi: Kpi | None) -> None:
    if kpi is not None and metric.direction is values.Direction.MILESTONES:
        raise invalid("A KPI is a number and reaches no milestones; choose another direction or no KPI.", "kpi")
