"""Carrying an objective into another cycle: what is left of its key results, from where they stand."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from msgspec import structs

from domain.commands.objective_commands import CarriedTarget, CarryObjective
from domain.handlers import authorization, closing, related
from domain.handlers.formulas import current_value
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import UnitOfWork
from domain.metrics.progress import is_level
from domain.model.cycle import Cycle
from domain.model.key_result import KeyResult, KeyResultAdded
from domain.model.kpi import Kpi
from domain.model.objective import Objective, ObjectiveDrafted
from domain.primitives.checks import metric_checks
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Aggregation, Direction, Kind, Metric, ObjectiveState, Ref

Goal = TypeVar("Goal", Objective, KeyResult)


@handles
def carry_objective(uow: UnitOfWork, command: CarryObjective) -> Objective:
    """Draft the objective in another cycle, with the key results that are neither dropped nor reached.

    The old one may have ended. An objective that never had key results is carried as it is. Raises `INVALID` if all of
    its key results are dropped or reached, or if one of them or the objective changed after the effective time: what is
    carried is their present state. Raises `DUPLICATE` if it was carried into this cycle before.
    """
    old = uow.change(Objective, command.objective, "objective")
    into = uow.find(Cycle, command.into, "into")
    _refuse_cycle(uow, old, into)
    key_results = related.children(uow, KeyResult, KeyResultAdded, old.id)
    carried = list(_carried(uow, key_results, into, _targets(key_results, command.targets or ())))
    if key_results and not carried:
        raise invalid(
            "All of its key results are reached or dropped: nothing is left to carry.",
            "objective",
            rule=Rule.NOTHING_LEFT_TO_CARRY,
        )
    event = ObjectiveDrafted(
        cycle=into.id, title=old.title, description=old.description, kind=old.kind, owner=old.owner,
        team=old.team, contributors=old.contributors, carried_from=old.id, visibility=old.visibility,
        supports=tuple(_alignment(uow, old, into)) if command.keep_alignment is True else (),
    )  # fmt: skip
    new = uow.begin(Objective, event)
    for added in carried:
        uow.begin(KeyResult, structs.replace(added, objective=new.id))
    return new


def _refuse_cycle(uow: UnitOfWork, old: Objective, into: Cycle) -> None:
    into.refuse_closed("into")
    uow.not_before(into)
    closing.refuse_earlier(uow, old)
    if into.id == old.cycle:
        raise invalid(
            "The objective is already in this cycle; choose another one.", "into", rule=Rule.CARRIED_INTO_SAME_CYCLE
        )
    for one in related.children(uow, Objective, ObjectiveDrafted, into.id):
        if one.carried_from == old.id:
            raise _carried_before(into, is_seen=authorization.sees(uow, one))


def _carried_before(into: Cycle, *, is_seen: bool) -> CommandRejected:
    """The rejection of a second copy. It refers to the first one only if the author sees it."""
    advice = "edit that one, or reopen it if it is dropped" if is_seen else "choose another cycle"
    return CommandRejected(
        Code.DUPLICATE,
        f"The objective was carried into '{into.key}' before: {advice}.",
        "into",
        rule=Rule.CARRIED_BEFORE,
        cycle=into.key,
    )


def _targets(key_results: Sequence[KeyResult], given: Sequence[CarriedTarget]) -> dict[UUID, CarriedTarget]:
    """The new targets by key result. Raises `NOT_FOUND` for what is no key result of the objective, `CLOSED` for a
    dropped one, and `INVALID` for one that is named twice."""
    own = {one.id: one for one in key_results}
    targets: dict[UUID, CarriedTarget] = {}
    for index, one in enumerate(given):
        field = ("targets", str(index), "keyResult")
        if one.key_result not in own:
            raise CommandRejected(Code.NOT_FOUND, f"The objective has no key result {one.key_result}.", *field)
        own[one.key_result].refuse_dropped()
        if one.key_result in targets:
            raise invalid("This key result is named twice; give one target.", *field, rule=Rule.KEY_RESULT_REPEATED)
        targets[one.key_result] = one
    return targets


# ── key results ──────────────────────────────────────────────────────────────────────────────────


def _carried(
    uow: UnitOfWork, key_results: Sequence[KeyResult], into: Cycle, targets: Mapping[UUID, CarriedTarget]
) -> Iterator[KeyResultAdded]:
    """What is left: the key results that are neither dropped nor reached, those to be held, and those with a new
    target. A sum begins anew, and a retired KPI is not linked again."""
    for one in key_results:
        if one.is_dropped or (_is_reached(uow, one) and one.id not in targets):
            continue
        kpi = None if one.kpi is None or uow.get(Kpi, one.kpi).retired else one.kpi
        yield KeyResultAdded(
            objective=one.objective, title=one.title, description=one.description,
            metric=_metric(uow, one, targets.get(one.id)), owner=one.owner, weight=one.weight, due=into.ends_on,
            kpi=kpi, aggregate=None if kpi is None else one.aggregate, carried_from=one.id,
        )  # fmt: skip


def _is_reached(uow: UnitOfWork, key_result: KeyResult) -> bool:
    """Whether nothing is left to do. A level goal is never reached: it is to be held."""
    if is_level(current_value.metric_with_start(uow, key_result, uow.at)):
        return False
    return (current_value.progress(uow, key_result, uow.at) or 0.0) >= 1.0


def _metric(uow: UnitOfWork, key_result: KeyResult, target: CarriedTarget | None) -> Metric:
    """The metric from its current value. Raises `INVALID`, naming the key result, for a target that does not lie
    ahead."""
    holds = is_level(current_value.metric_with_start(uow, key_result, uow.at))
    left = _milestones_left(uow, key_result)
    asked = structs.replace(left, start=_start(uow, key_result, holds=holds), **_goal(key_result, target))
    try:
        metric = metric_checks.metric(asked, None, "targets")
    except CommandRejected as refused:
        raise _not_ahead(key_result, refused.message) from refused
    if not holds and is_level(metric):
        raise _not_ahead(key_result, f"{metric.start:g} meets its goal already.")
    return metric


def _not_ahead(key_result: KeyResult, why: str) -> CommandRejected:
    return invalid(
        f"'{key_result.title}' cannot go on to its target: {why} Give it a new one in `targets`.",
        "targets",
        rule=Rule.TARGET_NOT_AHEAD,
        title=key_result.title,
    )


def _milestones_left(uow: UnitOfWork, key_result: KeyResult) -> Metric:
    """The metric without the milestones that are reached; it begins at 0."""
    measured = current_value.latest(uow, key_result, uow.at)
    reached = () if measured is None or measured.reached is None else measured.reached
    left = tuple(one for one in key_result.metric.milestones if one.key not in reached)
    return structs.replace(key_result.metric, milestones=left)


def _start(uow: UnitOfWork, key_result: KeyResult, *, holds: bool) -> float | None:
    """The current value. A level goal, a sum, and what has no measurement or no start keep theirs."""
    metric = key_result.metric
    measured = current_value.latest(uow, key_result, uow.at)
    is_sum = key_result.aggregate is Aggregation.SUM
    if holds or is_sum or measured is None or metric.direction in (Direction.DONE, Direction.MILESTONES):
        return metric.start
    return measured.value


def _goal(key_result: KeyResult, target: CarriedTarget | None) -> dict[str, float | None]:
    """The bounds of the metric: the new ones, else the old ones; a target given by a ratio is resolved anew."""
    if target is not None:
        return {name: getattr(target, name) for name in ("target", "change_by", "lower", "upper")}
    return {} if key_result.metric.change_by is None else {"target": None}


# ── alignment ────────────────────────────────────────────────────────────────────────────────────


def _alignment(uow: UnitOfWork, old: Objective, into: Cycle) -> list[Ref]:
    """The goals that the old one supports, or that these were carried into: the first of them that is not dropped and
    in a cycle that overlaps. Goals without any are left out."""
    objectives = [one for one in closing.overlapping(uow, into, uow.at) if one.state is not ObjectiveState.DROPPED]
    uow.load(one.id for one in old.supports)
    found = dict.fromkeys(_continued(uow, one, objectives) for one in old.supports)
    goals = [one for one in found if one is not None]
    for goal in goals:
        uow.not_before_move(uow.ref(goal, (Objective, KeyResult)))
    return goals


def _continued(uow: UnitOfWork, supported: Ref, objectives: Sequence[Objective]) -> Ref | None:
    """The goal itself, or its nearest successor, among these objectives and their key results."""
    if supported.kind is Kind.OBJECTIVE:
        objective = _nearest(uow, Objective, supported.id, objectives)
        return None if objective is None else Ref(Kind.OBJECTIVE, objective.id)
    origin = uow.get(KeyResult, supported.id).objective
    holders = [one for one in objectives if origin in _chain(uow, Objective, one)]
    live = [one for holder in holders for one in closing.live_key_results(uow, holder, uow.at)]
    key_result = _nearest(uow, KeyResult, supported.id, live)
    return None if key_result is None else Ref(Kind.KEY_RESULT, key_result.id)


def _nearest(uow: UnitOfWork, kind: type[Goal], origin: UUID, goals: Sequence[Goal]) -> Goal | None:
    """The goal that is `origin`, or continues it by the fewest steps."""
    steps = [(chain.index(origin), one) for one in goals if origin in (chain := _chain(uow, kind, one))]
    return min(steps, key=lambda found: found[0])[1] if steps else None


def _chain(uow: UnitOfWork, kind: type[Goal], goal: Goal) -> list[UUID]:
    """The goal and those of earlier cycles that it continues, the latest first."""
    chain = [goal.id]
    while goal.carried_from is not None:
        goal = uow.get(kind, goal.carried_from)
        chain.append(goal.id)
    return chain
