"""Lists that are filtered, sorted or searched have the goals that show what is asked for, at every basis."""

from collections import Counter
from random import Random
from typing import Any

from domain.metrics.badness import place
from domain.metrics.rating import Health
from tests.properties.cases import Case, on_histories, past

OWED = "entityId nextCheckInDue objective { entityId }"
DROPPED_TOO = ", filter: {state: [ACTIVE, SCORED, DROPPED]}"


def filtered(kind: str) -> str:
    """The goals with each health value, and those with one of two."""
    each = [
        f"{health}: {kind}(first: 1000, filter: {{health: [{health}]}}) {{ nodes {{ entityId }} }}" for health in Health
    ]
    pair = "health: [AT_RISK, DROPPED], progress: {lte: 0.5}"
    return " ".join([*each, f"pair: {kind}(first: 1000, filter: {{{pair}}}) {{ nodes {{ entityId }} }}"])


def ids(answer: Any) -> list[str]:
    return [node["entityId"] for node in answer["nodes"]]


def bases(case: Case) -> list[str]:
    return ["", *past(case, Random(case.seed))]


def at(arguments: str, fields: str) -> str:
    return f"asOf({arguments}) {{ {fields} }}" if arguments else f"asOf {{ {fields} }}"


@on_histories(3)
def test_goals_filtered_by_health_are_those_that_show_it(case: Case) -> None:
    for kind, every in {"objectives": "", "keyResults": DROPPED_TOO}.items():
        for basis in bases(case):
            asked = f"all: {kind}(first: 1000{every}) {{ nodes {{ entityId progress {{ value health }} }} }}"
            answer = case.ask(at(basis, f"{asked} {filtered(kind)}"))["asOf"]
            goals = answer["all"]["nodes"]
            for health in Health:
                shown = [goal["entityId"] for goal in goals if goal["progress"]["health"] == health]
                assert (kind, basis, health, ids(answer[health])) == (kind, basis, health, shown)
            low = [goal for goal in goals if goal["progress"]["value"] is not None and goal["progress"]["value"] <= 0.5]
            pair = [goal["entityId"] for goal in low if goal["progress"]["health"] in ("AT_RISK", "DROPPED")]
            assert (kind, basis, ids(answer["pair"])) == (kind, basis, pair)


@on_histories(3)
def test_goals_filtered_by_what_is_due_are_those_that_owe_a_check_in(case: Case) -> None:
    within = '(first: 1000, filter: {dueBefore: "9999-12-31"}) { nodes { entityId } }'
    for basis in bases(case):
        fields = f"objectives{within} keyResults{within}"
        every = f"all: keyResults(first: 1000{DROPPED_TOO}) {{ nodes {{ {OWED} }} }}"
        answer = case.ask(at(basis, f"{fields} {every}"))["asOf"]
        owing = [goal for goal in answer["all"]["nodes"] if goal["nextCheckInDue"] is not None]
        assert (basis, ids(answer["keyResults"])) == (basis, [goal["entityId"] for goal in owing])
        assert (basis, set(ids(answer["objectives"]))) == (basis, {goal["objective"]["entityId"] for goal in owing})


@on_histories(3)
def test_goals_sorted_by_health_and_progress_are_in_the_order_of_what_they_show(case: Case) -> None:
    sort = "sort: [{field: HEALTH}, {field: PROGRESS, direction: DESC}]"
    for kind in ("objectives", "keyResults"):
        for basis in bases(case):
            fields = "nodes { progress { value health } } healthCounts { health count }"
            answer = case.ask(at(basis, f"{kind}(first: 1000, {sort}) {{ {fields} }}"))["asOf"][kind]
            shown = [goal["progress"] for goal in answer["nodes"]]
            assert (kind, basis, shown) == (kind, basis, sorted(shown, key=_place))
            counts = Counter(one["health"] for one in shown)
            counted = {one["health"]: one["count"] for one in answer["healthCounts"]}
            assert counted == {health: counts[health] for health in counted}


def _place(progress: Any) -> tuple[Any, ...]:
    """Without a value last."""
    health, value = progress["health"], progress["value"]
    by_health = (health is None, 0 if health is None else place(Health(health)))
    return (*by_health, value is None, 0.0 if value is None else -value)


@on_histories(3)
def test_a_search_finds_the_goals_whose_text_at_the_basis_has_the_word(case: Case) -> None:
    for kind, (every, within) in {"OBJECTIVE": ("objectives", ""), "KEY_RESULT": ("keyResults", DROPPED_TOO)}.items():
        for basis in bases(case):
            for word in ("e", "an"):
                found = f'found: search(query: "{word}", kinds: [{kind}], first: 1000) {{ nodes {{ node {{ id }} }} }}'
                asked = f"all: {every}(first: 1000{within}) {{ nodes {{ id title description }} }}"
                answer = case.ask(at(basis, f"{found} {asked}"))["asOf"]
                hits = {hit["node"]["id"] for hit in answer["found"]["nodes"]}
                having = {goal["id"] for goal in answer["all"]["nodes"] if word in _text(goal)}
                assert (kind, basis, word, hits) == (kind, basis, word, having)


def _text(goal: Any) -> str:
    return f"{goal['title']}\n{goal['description'] or ''}".casefold()
