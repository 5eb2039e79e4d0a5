"""How values change: the curve of a key result from its start to its end, and the stated confidence."""

import math
from itertools import accumulate, pairwise
from random import Random

from api.demo.quarters.goals import Json, Result

CURVES: dict[str, tuple[tuple[float, float], ...]] = {
    "steady": ((0.0, 0.0), (0.1, 0.17), (0.9, 1.0), (1.0, 1.0)),
    "early": ((0.0, 0.0), (0.35, 0.72), (0.6, 0.93), (0.9, 1.0), (1.0, 1.0)),
    "late": ((0.0, 0.0), (0.3, 0.03), (0.6, 0.2), (0.85, 0.58), (0.95, 1.0), (1.0, 1.0)),
    "stall": ((0.0, 0.0), (0.28, 0.55), (0.78, 0.6), (0.95, 1.0), (1.0, 1.0)),
    "leap": ((0.0, 0.0), (0.42, 0.08), (0.52, 0.78), (0.93, 1.0), (1.0, 1.0)),
    "slump": ((0.0, 0.0), (0.5, 0.8), (0.66, 0.38), (0.95, 1.0), (1.0, 1.0)),
    "relapse": ((0.0, 0.0), (0.62, 1.45), (0.74, 1.45), (0.84, 1.0), (1.0, 1.0)),
}
"""The corners of each curve: (share of the cycle, share of the final progress)."""

_NOISE = 0.025
_DIGITS = {"NUMBER": 0, "PERCENT": 1, "CURRENCY": 1, "DURATION": 1, "SCORE": 1}


def progress_at(curve: str, share: float) -> float:
    """The share of the final progress that is reached after this share of the cycle."""
    for (x0, y0), (x1, y1) in pairwise(CURVES[curve]):
        if share <= x1:
            return y0 + (y1 - y0) * (share - x0) / (x1 - x0)
    return 1.0


def ends(metric: Json) -> tuple[float, float]:
    """The start and the goal of the value."""
    if metric["direction"] == "WITHIN":
        middle, width = (metric["lower"] + metric["upper"]) / 2, metric["upper"] - metric["lower"]
        return metric.get("start", metric["lower"] - 0.6 * width), middle
    if "changeBy" in metric:
        return metric["start"], metric["start"] * (1 + metric["changeBy"])
    usual = 1.4 if metric["direction"] == "AT_MOST" else 0.75
    return metric.get("start", usual * metric["target"]), metric["target"]


def value_at(result: Result, share: float, rng: Random, reach: float | None) -> float:
    """The measured value after this share of the cycle: on the curve, with noise that never undoes what is reached."""
    start, goal = ends(result.metric)
    progress = progress_at(result.curve, share) * (result.reach if reach is None else reach)
    noise = rng.gauss(0, _NOISE)
    return _rounded(result, start + (goal - start) * (progress + (abs(noise) if progress >= 1 else noise)))


def _rounded(result: Result, value: float) -> float:
    digits = _DIGITS[result.metric["unit"]["kind"]] if result.digits is None else result.digits
    least = 0.0 if min(ends(result.metric)) >= 0 else -math.inf
    most = 100.0 if result.metric["unit"]["kind"] == "PERCENT" else math.inf
    figure = round(min(max(value, least), most), digits)
    return int(figure) if digits == 0 else figure


def only_grows(result: Result) -> bool:
    """Whether the value is a count that never decreases."""
    counts = result.metric["direction"] == "INCREASE" and result.metric.get("start") == 0
    return result.grows or (counts and result.curve not in ("slump", "relapse"))


def reached_at(result: Result, share: float) -> list[str]:
    """The keys of the milestones that are reached after this share of the cycle."""
    milestones = result.metric["milestones"]
    total = sum(milestone["weight"] for milestone in milestones)
    progress = progress_at(result.curve, share) * result.reach * total + 1e-9
    sums = accumulate(milestone["weight"] for milestone in milestones)
    return [milestone["key"] for milestone, so_far in zip(milestones, sums, strict=True) if so_far <= progress]


def measurement(result: Result, share: float, rng: Random, reach: float | None = None) -> Json:
    """The measurement of a check-in, in the form of the metric's direction."""
    match result.metric["direction"]:
        case "MILESTONES":
            return {"reached": reached_at(result, share)}
        case "DONE":
            return {"value": int(progress_at(result.curve, share) * (result.reach if reach is None else reach) >= 0.75)}
        case _:
            return {"value": value_at(result, share, rng, reach)}


def attained(result: Result, measured: Json) -> float:
    """The progress of a measurement from the start (0) to the original target (1)."""
    if "reached" in measured:
        weights = {one["key"]: one["weight"] for one in result.metric["milestones"]}
        return float(sum(weights[key] for key in measured["reached"]) / sum(weights.values()))
    if result.metric["direction"] == "DONE":
        return float(measured["value"])
    start, goal = ends(result.metric)
    return float((measured["value"] - start) / (goal - start))


def trend(result: Result, measured: Json, before: Json) -> str:
    """The trend since the previous check-in: "up", "flat", "down", or "there" once the target is reached."""
    now, then = attained(result, measured), attained(result, before) if before else 0.0
    if now >= 1:
        return "there"
    return "up" if now - then >= 0.03 else "down" if then - now >= 0.03 else "flat"


def confidence(result: Result, share: float, rng: Random) -> float:
    """The stated confidence, in steps of 0.05; an honest one approaches the likely outcome during the cycle."""
    match result.mood:
        case "over":
            stated = 0.9 if share < 0.93 else 0.75
        case "under":
            stated = 0.3 if share < 0.85 else 0.55
        case _:
            stated = 0.65 * (1 - share) + share * _likely(result.reach)
    return round(min(max(stated + rng.gauss(0, 0.05), 0.05), 0.95) * 20) / 20


def _likely(reach: float) -> float:
    return 0.92 if reach >= 0.95 else 0.72 if reach >= 0.7 else 0.35 if reach >= 0.4 else 0.12
