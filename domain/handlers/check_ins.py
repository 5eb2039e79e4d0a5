"""Handlers of the commands on check-ins."""

from datetime import datetime

from msgspec import UNSET

from domain.commands import key_result_commands
from domain.commands.key_result_commands import CorrectCheckIn
from domain.commands.permissions import Permission
from domain.handlers.formulas import current_value, windows
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import UnitOfWork
from domain.model.cycle import Cycle
from domain.model.event import WHEN_RECORDED
from domain.model.key_result import KeyResult
from domain.model.measurements.check_in import CheckIn, KeyResultCheckedIn, refuse_misfit
from domain.model.objective import Objective


@handles
def check_in(uow: UnitOfWork, command: key_result_commands.CheckIn) -> CheckIn:
    key_result = uow.change(KeyResult, command.key_result, "keyResult")
    measured_at = uow.at if command.measured_at is None else uow.moment(command.measured_at, "measuredAt")
    late = windows.late(uow, key_result, measured_at, "keyResult" if command.measured_at is None else "measuredAt")
    reached = None if command.reached is None else tuple(dict.fromkeys(command.reached))
    refuse_misfit(key_result.metric, command.value, reached, is_linked=key_result.kpi is not None)
    event = KeyResultCheckedIn(
        key_result=key_result.id,
        value=command.value,
        reached=reached,
        confidence=command.confidence,
        note=command.note,
        late=late,
        claimed_at=uow.claimed_at(measured_at),
    )
    if measured_at is not WHEN_RECORDED:
        content = (event.value, event.reached, event.confidence, event.note)
        if (same := _duplicate(uow, key_result, measured_at, content)) is not None:
            return same
        _refuse_backdated(uow, key_result, measured_at)
    return uow.begin(CheckIn, event, at=measured_at)


@handles
def correct_check_in(uow: UnitOfWork, command: CorrectCheckIn) -> CheckIn:
    check_in = uow.change(CheckIn, command.check_in, "checkIn")
    key_result = uow.get(KeyResult, check_in.key_result)
    late = windows.late(uow, key_result, check_in.created_at, "checkIn")
    value, reached, confidence, note = check_in.content
    if command.value is not UNSET:
        value = command.value
    if command.reached is not UNSET:
        reached = None if command.reached is None else tuple(dict.fromkeys(command.reached))
    if command.value is not UNSET or command.reached is not UNSET:
        is_linked = key_result.kpi is not None and not check_in.has_measurement
        refuse_misfit(key_result.metric, value, reached, is_linked=is_linked)
    check_in.correct(
        value=value,
        reached=reached,
        confidence=confidence if command.confidence is UNSET else command.confidence,
        note=note if command.note is UNSET else command.note,
        late=late,
        claimed_at=uow.claimed_at(check_in.created_at),
    )
    return check_in


def _duplicate(
    uow: UnitOfWork,
    key_result: KeyResult,
    measured_at: datetime,
    content: tuple[float | None, tuple[str, ...] | None, float | None, str | None],
) -> CheckIn | None:
    """The recorded check-in with the same content and the same instant, None if there is none. Of two concurrent
    check-ins only one is recorded."""
    ids = uow.measured(KeyResultCheckedIn, key_result.id, measured_at, measured_at, current_value.CHECK_INS_MAX)
    return next((one for one in uow.get_all(CheckIn, ids) if one.content == content), None)


def _refuse_backdated(uow: UnitOfWork, key_result: KeyResult, measured_at: datetime) -> None:
    """Raises `INVALID` for a check-in without a reason that was measured more than one cadence of its cycle ago, if the
    author may edit own goals only."""
    if Permission.EDIT_GOALS in uow.can:
        return
    cadence = uow.get(Cycle, uow.get(Objective, key_result.objective).cycle).check_in_cadence
    if uow.now - measured_at > cadence.length:
        uow.refuse_without_reason(f"The check-in was measured more than {cadence.days} days ago")
