"""The types of the tables of goals: metrics, goals, and how they develop during a cycle."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
Values: TypeAlias = tuple[tuple[float, float], ...]
"""Values, each with a share of the cycle's days."""

PERCENT: Json = {"kind": "PERCENT", "symbol": "%"}
EURO: Json = {"kind": "CURRENCY", "symbol": "€"}
THOUSAND_EURO: Json = {"kind": "CURRENCY", "symbol": "k€"}
DONE: Json = {"direction": "DONE"}


def number(symbol: str) -> Json:
    return {"kind": "NUMBER", "symbol": symbol}


def duration(symbol: str) -> Json:
    return {"kind": "DURATION", "symbol": symbol}


def points(symbol: str) -> Json:
    return {"kind": "SCORE", "symbol": symbol}


def _metric(direction: str, unit: Json, **bounds: float | None) -> Json:
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    return {"direction": direction, "unit": unit, **given}


def rise(start: float, target: float, unit: Json) -> Json:
    return _metric("INCREASE", unit, start=start, target=target)


def fall(start: float, target: float, unit: Json) -> Json:
    return _metric("DECREASE", unit, start=start, target=target)


def rise_by(ratio: float, unit: Json, start: float | None = None) -> Json:
    """A rise by a share of the start; without a start, of the linked KPI's reading at that moment."""
    return _metric("INCREASE", unit, start=start, changeBy=ratio)


def fall_by(ratio: float, unit: Json, start: float | None = None) -> Json:
    """A fall by a share of the start; without a start, of the linked KPI's reading at that moment."""
    return _metric("DECREASE", unit, start=start, changeBy=-ratio)


def at_least(target: float, unit: Json, start: float | None = None) -> Json:
    return _metric("AT_LEAST", unit, start=start, target=target)


def at_most(target: float, unit: Json, start: float | None = None) -> Json:
    return _metric("AT_MOST", unit, start=start, target=target)


def within(lower: float, upper: float, unit: Json, start: float | None = None) -> Json:
    return _metric("WITHIN", unit, start=start, lower=lower, upper=upper)


def steps(*milestones: tuple[str, str, float]) -> Json:
    """Milestones as (key, title, weight), in the order in which they will be reached."""
    named = [{"key": key, "title": title, "weight": weight} for key, title, weight in milestones]
    return {"direction": "MILESTONES", "milestones": named}


@dataclass(frozen=True)
class Turn:
    """An edit of a goal or key result, at a share of the time its cycle has run (`in_review`: of the review)."""

    share: float
    do: str
    input: Json = field(default_factory=dict)
    reason: str | None = None
    by: str | None = None
    in_review: bool = False


@dataclass(frozen=True)
class Slip:
    """A check-in near this share of the cycle that is wrong by a factor, and the reason of its correction. `asked` is a
    comment that questions it: (author, text)."""

    share: float
    factor: float
    reason: str
    after_close: bool = False
    asked: tuple[str, str] | None = None


@dataclass(frozen=True)
class Late:
    """A check-in into a closed cycle, at a share of the time since; `reach` is the progress it measures."""

    share: float
    reach: float
    reason: str
    note: str


@dataclass(frozen=True)
class Plan:
    """An initiative and its changes of state: (share of the cycle's running time, state)."""

    title: str
    owner: str
    moves: tuple[tuple[float, str], ...] = ()
    due: float | None = None


@dataclass(frozen=True)
class Result:
    """A key result: its metric, its progress at the end of the cycle, and how it develops.

    `reach` is the progress from start to target at the end of the cycle. `curve` names a curve of `api.demo.curves`,
    `mood` the bias of its confidence. `silent` is a part of the cycle (from, to) without check-ins. `grows` means that
    the value never decreases (as every count from 0). `added` is the share at which it is added, if not with its
    objective. `due` is a share of the cycle's days. `planned` has the values of its plan; without any it is a straight
    line.
    """

    title: str
    metric: Json
    reach: float = 0.8
    curve: str = "steady"
    mood: str = "honest"
    owner: str | None = None
    weight: float = 1.0
    kpi: str | None = None
    due: float | None = None
    planned: Values = ()
    digits: int | None = None
    grows: bool = False
    added: float | None = None
    silent: tuple[float, float] | None = None
    why: str | None = None
    slip: Slip | None = None
    late: Late | None = None
    turns: tuple[Turn, ...] = ()
    plans: tuple[Plan, ...] = ()


@dataclass(frozen=True)
class Ending:
    """How an objective of a closed cycle was closed; Keyframe computes the verdict, and a missing score."""

    reflection: str | None = None
    score: float | None = None


@dataclass(frozen=True)
class Goal:
    """An objective; its key is its team and number, like `checkout/o1`.

    `supports` names objectives or key results of the same cycle, or `year:o1/kr2` of its parent.
    `added` is the share at which it is drafted, if not during planning. `draft` means that it is not committed.
    `carried` names the goal of the quarter before that it continues, `brought` the key results that are carried with
    it, in their order; its `results` are those added to them. `ending` is None if the closing of the cycle closes it.
    """

    key: str
    title: str
    owner: str | None
    results: tuple[Result, ...] = ()
    supports: tuple[str, ...] = ()
    contributors: tuple[str, ...] = ()
    kind: str = "COMMITTED"
    why: str | None = None
    added: float | None = None
    draft: bool = False
    carried: str | None = None
    brought: tuple[Result, ...] = ()
    ending: Ending | None = None
    turns: tuple[Turn, ...] = ()
    plans: tuple[Plan, ...] = ()

    @property
    def team(self) -> str:
        return self.key.partition("/")[0]


def retarget(share: float, metric: Json, reason: str) -> Turn:
    return Turn(share, "retargetKeyResult", {"metric": metric}, reason)


def replan(share: float, values: Values, reason: str) -> Turn:
    return Turn(share, "planKeyResult", {"points": values}, reason)


def reweigh(share: float, weight: float, reason: str) -> Turn:
    return Turn(share, "reweighKeyResult", {"weight": weight}, reason)


def drop_result(share: float, reason: str) -> Turn:
    return Turn(share, "dropKeyResult", {}, reason)
