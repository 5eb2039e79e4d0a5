"""A diff compares the figures that its two moments show, and lists every goal with another progress."""

from itertools import permutations
from random import Random
from typing import Any, TypeAlias

from api.snapshot.global_ids import encode
from domain.primitives.values import Kind
from tests.properties.cases import Case, on_histories, past

FIGURES = "progress { value expected health }"
SHOWN = f"""
    basis {{ at position }}
    objectives(first: 1000) {{
      nodes {{ entityId {FIGURES} cycle {{ entityId }} keyResults(includeDropped: true) {{ entityId {FIGURES} }} }}
    }}
    cycles(first: 1000) {{ nodes {{ entityId {FIGURES} }} }}
"""
COMPARED = """
    entities {
      now { ... on Objective { entityId } ... on KeyResult { entityId } ... on Cycle { entityId } }
      then { ... on Objective { entityId } ... on KeyResult { entityId } ... on Cycle { entityId } }
      progress { before after } expected { before after } health { before after }
    }
"""
Figures: TypeAlias = dict[str, tuple[Any, ...]]
"""By entity id: value, expected progress and health."""


def moments(case: Case, chance: Random) -> list[tuple[str, Any]]:
    """Random moments, as inputs of a diff, with the answer about all goals there."""
    found = []
    for arguments in chance.sample(past(case, chance), 3):
        answer = case.ask(f"asOf({arguments}) {{ {SHOWN} }}")["asOf"]
        basis = answer["basis"]
        found.append((f'{{basis: {{at: "{basis["at"]}", position: {basis["position"]}}}}}', answer))
    return found


def figures(answer: Any) -> Figures:
    objectives = answer["objectives"]["nodes"]
    parts = [part for one in objectives for part in one["keyResults"]]
    return {
        one["entityId"]: tuple(one["progress"].values()) for one in (*objectives, *parts, *answer["cycles"]["nodes"])
    }


def goals_in(answer: Any, cycle: str) -> set[str]:
    """The cycle, and the objectives in it."""
    return {cycle, *(one["entityId"] for one in answer["objectives"]["nodes"] if one["cycle"]["entityId"] == cycle)}


def compared(answer: Any) -> dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """By entity id: the figures of goals before and after."""
    goals = [(one["now"] or one["then"], one) for one in answer["diff"]["entities"]]
    return {goal["entityId"]: (side(one, "before"), side(one, "after")) for goal, one in goals if goal}


def side(one: Any, name: str) -> tuple[Any, ...]:
    return tuple(one[figure][name] for figure in ("progress", "expected", "health"))


@on_histories(3)
def test_a_diff_lists_every_goal_with_another_progress_and_shows_its_figures(case: Case) -> None:
    nothing = (None, None, None)
    chance = Random(case.seed)
    cycle = encode(Kind.CYCLE, chance.choice(case.cycles))
    for (start, then), (end, now) in permutations(moments(case, chance), 2):
        before, after = figures(then), figures(now)
        found = compared(case.ask(f"diff(from: {start}, to: {end}) {{ {COMPARED} }}"))
        moved = {id for id in before.keys() & after.keys() if before[id][0] != after[id][0]}
        assert moved <= found.keys()
        for id, figures_of_both in found.items():
            assert figures_of_both == (before.get(id, nothing), after.get(id, nothing))
        scope = f'scope: {{cycle: {{id: "{cycle}"}}}}'
        within = compared(case.ask(f"diff(from: {start}, to: {end}, {scope}) {{ {COMPARED} }}"))
        assert within.items() <= found.items()
        assert moved & goals_in(now, cycle) <= within.keys()
