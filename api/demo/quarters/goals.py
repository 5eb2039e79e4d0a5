"""The words in which the tables of goals are written: what is aimed at, and how it is going to go."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

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
    """A check-in near this share of the cycle that was wrong by a factor, why it was corrected, and who
    had asked about it with what words."""

    share: float
    factor: float
    reason: str
    after_close: bool = False
    asked: tuple[str, str] | None = None


@dataclass(frozen=True)
class Late:
    """A check-in into a closed cycle, at a share of the time since; `reach` is what it found."""

    share: float
    reach: float
    reason: str
    note: str


@dataclass(frozen=True)
class Plan:
    """An initiative and when it moved on: (share of the cycle's running time, state)."""

    title: str
    owner: str
    moves: tuple[tuple[float, str], ...] = ()
    due: float | None = None


@dataclass(frozen=True)
class Result:
    """A key result: its metric, where it will stand at the cycle's end, and how it gets there.

    `reach` is the share of the way from start to target that is gone when the cycle ends. `course`
    names a shape of `api.demo.curves`, `mood` how its confidence is stated. `silent` is a share of
    the cycle (from, to) without check-ins. `grows` says that it counts what does not go away again (so does
    every count from 0). `added` is when it came, if not with its objective; `due` a share of the
    cycle's days.
    """

    title: str
    metric: Json
    reach: float = 0.8
    course: str = "steady"
    mood: str = "honest"
    owner: str | None = None
    weight: float = 1.0
    kpi: str | None = None
    due: float | None = None
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
    """How an objective of a closed cycle was closed; a score or verdict left out is Keyframe's to work out."""

    verdict: str | None = None
    score: float | None = None
    reflection: str | None = None


@dataclass(frozen=True)
class Goal:
    """An objective; its key is its team and number, like `checkout/o1`.

    `supports` names objectives or key results of the same cycle, or `year:o1/kr2` of its parent.
    `added` is when it came, if not during planning, and `draft` says it was not committed. `carried`
    names the goal of the closed quarter that it continues, and `brought` its key results that came
    along, in their order; its `results` are what was added to them. `ending` is None where the
    closing of the cycle closes it.
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


def retarget(share: float, metric: Json, reason: str, by: str | None = None) -> Turn:
    return Turn(share, "retargetKeyResult", {"metric": metric}, reason, by)


def reweigh(share: float, weight: float, reason: str, by: str | None = None) -> Turn:
    return Turn(share, "reweighKeyResult", {"weight": weight}, reason, by)


def drop_result(share: float, reason: str, by: str | None = None) -> Turn:
    return Turn(share, "dropKeyResult", {}, reason, by)
