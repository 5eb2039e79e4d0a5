"""One GraphQL document about all figures of goals, and what the reference model answers to it.

Both answers are flat: a key is the id of an entity and the path of a field, so that a difference names its place.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from api.snapshot.global_ids import encode
from domain.primitives.calendar import Step
from domain.primitives.values import Aggregation, Kind
from tests.reference import calendars, counts, formulas, kpis, wholes
from tests.reference.entities import Cycle, Kpi, Objective
from tests.reference.figures import Figures, figures
from tests.reference.fold import View

Flat: TypeAlias = dict[str, Any]

PROGRESS = "value expected health confidence confidenceLowest measuredShare"
PLANNED = ("planned", "variance", "status")
SERIES = {
    "daily": (Step.DAY, Aggregation.FIRST),
    "weekly": (Step.WEEK, Aggregation.SUM),
    "monthly": (Step.MONTH, Aggregation.MEAN),
    "quarterly": (Step.QUARTER, Aggregation.LAST),
    "yearly": (Step.YEAR, Aggregation.MAX),
}


def document(cycles: list[UUID]) -> str:
    """The fields of a view. Teams are asked for their progress in each of these cycles, too."""
    series = " ".join(
        f"{name}: series(every: {every}, aggregate: {aggregate}) {{ start value }}"
        for name, (every, aggregate) in SERIES.items()
    )
    in_cycles = " ".join(
        f'in{number}: progress(cycle: {{id: "{encode(Kind.CYCLE, cycle)}"}}) {{ {PROGRESS} }}'
        for number, cycle in enumerate(cycles)
    )
    return f"""
    basis {{ at position }}
    objectives(first: 1000) {{ nodes {{
      entityId progress {{ {PROGRESS} }} healthCounts {{ health count }}
      keyResults(includeDropped: true) {{ entityId current score progress {{ {PROGRESS} unclamped }} }}
    }} }}
    cycles(first: 1000) {{ nodes {{
      entityId score progress {{ {PROGRESS} }}
      ofObjectives: healthCounts(of: OBJECTIVES) {{ health count }} ofKeyResults: healthCounts {{ health count }}
    }} }}
    teams(first: 1000) {{ nodes {{
      entityId progress {{ {PROGRESS} }} own: progress(includeSubteams: false) {{ {PROGRESS} }} {in_cycles}
      ofObjectives: healthCounts(of: OBJECTIVES) {{ health count }}
      ofKeyResults: healthCounts(includeSubteams: false) {{ health count }}
    }} }}
    kpis(first: 1000) {{ nodes {{
      entityId status {series} goal {{ direction target lower upper tolerance }}
      judged: series(every: MONTH, includePlanned: true) {{ start planned variance status }}
    }} }}
    """


def flat(answer: Any) -> Flat:
    """The answer to the document, flat."""
    nodes = [node for name in ("objectives", "cycles", "teams", "kpis") for node in answer[name]["nodes"]]
    nodes += [key_result for node in answer["objectives"]["nodes"] for key_result in node["keyResults"]]
    return {f"{node['entityId']} {path}": value for node in nodes for path, value in _paths(node, "")}


def _paths(part: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in part.items():
        if isinstance(value, dict):
            yield from _paths(value, f"{prefix}{name}.")
        elif isinstance(value, list) and name in SERIES:
            yield f"{prefix}{name}", {one["start"]: one["value"] for one in value if one["value"] is not None}
        elif isinstance(value, list) and name == "judged":
            yield f"{prefix}{name}", {one["start"]: {key: one[key] for key in PLANNED} for one in value}
        elif isinstance(value, list) and name != "keyResults":
            yield f"{prefix}{name}", {one["health"]: one["count"] for one in value if one["count"]}
        elif name not in ("entityId", "keyResults"):
            yield f"{prefix}{name}", value


# ── the model's answer ───────────────────────────────────────────────────────────────────────────


def modelled(view: View, cycles: list[UUID]) -> Flat:
    """What the reference model answers to the document."""
    found: Flat = {}
    for id, objective in view.objectives.items():
        found |= _named(Kind.OBJECTIVE, id, _objective(view, objective))
    for id, key_result in view.key_results.items():
        given = figures(view, key_result)
        fields = _progress(given) | {"progress.unclamped": given.unclamped}
        fields |= {"current": given.current, "score": key_result.score}
        found |= _named(Kind.KEY_RESULT, id, fields)
    for id, cycle in view.cycles.items():
        found |= _named(Kind.CYCLE, id, _cycle(view, cycle))
    for id in view.teams:
        found |= _named(Kind.TEAM, id, _team(view, id, cycles))
    for id, kpi in view.kpis.items():
        found |= _named(Kind.KPI, id, _kpi(view, kpi))
    return found


def _named(kind: Kind, id: UUID, fields: Flat) -> Flat:
    return {f"{encode(kind, id)} {path}": value for path, value in fields.items()}


def _progress(given: Figures, name: str = "progress") -> Flat:
    return {
        f"{name}.value": given.value,
        f"{name}.expected": given.expected,
        f"{name}.health": given.health,
        f"{name}.confidence": given.confidence,
        f"{name}.confidenceLowest": given.confidence_lowest,
        f"{name}.measuredShare": given.measured_share,
    }


def _objective(view: View, objective: Objective) -> Flat:
    counted = counts.of_key_results(view, [objective])
    return _progress(wholes.objective_figures(view, objective)) | {"healthCounts": dict(counted)}


def _cycle(view: View, cycle: Cycle) -> Flat:
    counted = {
        "ofObjectives": dict(counts.of_cycle(view, cycle, counts.of_objectives)),
        "ofKeyResults": dict(counts.of_cycle(view, cycle, counts.of_key_results)),
    }
    score = {"score": wholes.cycle_score(view, cycle)}
    return _progress(wholes.cycle_figures(view, cycle)) | score | counted


def _team(view: View, team: UUID, cycles: list[UUID]) -> Flat:
    fields = _progress(wholes.team_figures(view, team, None))
    fields |= _progress(wholes.team_figures(view, team, None, include_subteams=False), "own")
    for number, cycle in enumerate(cycles):
        is_there = cycle in view.cycles
        given = wholes.team_figures(view, team, view.cycles[cycle]) if is_there else wholes.NOTHING
        fields |= _progress(given, f"in{number}")
    of_objectives = counts.of_team(view, team, None, counts.of_objectives, include_subteams=True)
    of_key_results = counts.of_team(view, team, None, counts.of_key_results, include_subteams=False)
    return fields | {"ofObjectives": dict(of_objectives), "ofKeyResults": dict(of_key_results)}


def _kpi(view: View, kpi: Kpi) -> Flat:
    series = {name: _series(view, kpi, every, aggregate) for name, (every, aggregate) in SERIES.items()}
    goal = kpis.goal_on(view, kpi, kpis.day_of(view, view.basis.at))
    fields = ("direction", "target", "lower", "upper", "tolerance")
    in_force = {"goal": None} if goal is None else {f"goal.{name}": getattr(goal, name) for name in fields}
    judged = {_instant(start): one for start, one in kpis.judged_periods(view, kpi, Step.MONTH).items()}
    return {"status": kpis.status(view, kpi), **series, **in_force, "judged": judged}


def _series(view: View, kpi: Kpi, every: Step, aggregate: Aggregation) -> Flat:
    if formulas.has_formula(view, kpi.id):
        worked = kpis.worked_periods(view, kpi.id, every)
        return {_instant(start): value for start, _, value in worked}
    calendar = calendars.calendar_in_force(view, None)
    periods = {calendars.period_of(calendar, every, one.measured_at) for one in kpis.readings_of(view, kpi.id)}
    return {_instant(start): kpis.value_of(view, kpi.id, start, end, aggregate) for start, end in periods}


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


# ── differences ──────────────────────────────────────────────────────────────────────────────────


def differences(answered: Flat, expected: Flat) -> dict[str, tuple[Any, Any]]:
    """The fields in which two answers differ, each with both values; numbers may differ by rounding."""
    return {
        path: (answered.get(path, "absent"), expected.get(path, "absent"))
        for path in sorted(answered.keys() | expected.keys())
        if not same(answered.get(path, "absent"), expected.get(path, "absent"))
    }


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, up to the rounding of numbers."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, float | int) and isinstance(other, float | int):
        return abs(one - other) <= 1e-9 * max(1.0, abs(one), abs(other))
    return bool(one == other)
