"""A retrospective narrowed to a team, a person or an objective, with every number computed by hand.

A  Win the hearts     team web, owner lin    a1  0 to 100, from day 20 on 0 to 50      a2  0 to 50, owner kim
B  Grow in the north  team org, owner kim    b1  0 to 10
C  Be quicker         no team, no owner      c1  0 to 4, owner lin                     c2  0 to 4, by the KPI speed

The team web is inside the team org.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from api.snapshot.global_ids import encode
from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.discussion_commands import Reflect
from domain.commands.key_result_commands import CorrectCheckIn, LinkKpi, RetargetKeyResult
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, RedefineKpi
from domain.commands.objective_commands import CloseObjective
from domain.commands.people_commands import AddPerson, FormTeam, MoveTeam
from domain.primitives.values import Kind, Ref, ReflectionKind
from tests.api.retrospective.conftest import made
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, check_in, day, key_result, objective, rise
from tests.asking import AskedWorld
from tests.metric_input import as_input

WIN, GROW, QUICK = "Win the hearts of users", "Grow in the north", "Be quicker than ever"


def run_quarter(world: AskedWorld) -> dict[str, UUID]:
    """The whole quarter, day by day; the ids of its goals, people and teams."""
    own = _people(world)
    goals.cycle(world)
    own["A"] = objective(world, WIN, team=own["web"], owner=own["lin"])
    own["B"] = objective(world, GROW, team=own["org"], owner=own["kim"])
    own["C"] = objective(world, QUICK)
    own["a1"] = key_result(world, own["A"], "a1", rise(100))
    own["a2"] = key_result(world, own["A"], "a2", rise(50), owner=own["kim"])
    own["b1"] = key_result(world, own["B"], "b1", rise(10))
    own["c1"] = key_result(world, own["C"], "c1", rise(4), owner=own["lin"])
    own["c2"] = key_result(world, own["C"], "c2", rise(4))
    for key in ("speed", "apart"):
        world.do(DefineKpi(key=key, name=key.title(), effective_at=day(0)))
    world.do(LinkKpi(key_result=own["c2"], kpi=KpiBy(key="speed"), effective_at=day(0)))
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    _measure(world, own)
    _change(world, own)
    world.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(91)))
    return own


def _people(world: AskedWorld) -> dict[str, UUID]:
    own = {
        handle: world.record(AddPerson(handle=handle, name=handle, effective_at=day(0))) for handle in ("lin", "kim")
    }
    own["org"] = world.record(FormTeam(key="org", name="Organization", effective_at=day(0)))
    own["web"] = world.record(FormTeam(key="web", name="Web", parent=own["org"], effective_at=day(0)))
    return own


def _measure(world: AskedWorld, own: dict[str, UUID]) -> None:
    check_in(world, own["a1"], 20, 8, confidence=0.9, note="A slow start.")
    check_in(world, own["a2"], 10, 10)
    wrong = check_in(world, own["b1"], 50, 10, confidence=0.4, note="Off we go.")
    world.do(CorrectCheckIn(check_in=wrong, value=5, confidence=0.4, note="Off we went.", reason="A typing error."))
    check_in(world, own["c1"], 1, 15, note="One is done.")
    world.do(RecordReadings(readings=[ReadingInput(kpi=KpiBy(key="speed"), value=2, measured_at=day(40))]))


def _change(world: AskedWorld, own: dict[str, UUID]) -> None:
    metric = as_input(rise(50))
    world.do(RetargetKeyResult(key_result=own["a1"], metric=metric, reason="The market shrank.", effective_at=day(20)))
    for key in ("speed", "apart"):
        kpi = KpiBy(key=key)
        world.do(RedefineKpi(kpi=kpi, description="By the clock.", reason=f"Clearer: {key}.", effective_at=day(50)))
    world.do(CloseObjective(objective=own["A"], score=0.5, reflection="Ask first.", effective_at=day(80)))
    world.do(Reflect(subject=Ref(Kind.OBJECTIVE, own["B"]), kind=ReflectionKind.LEARNED, body="Go north early."))
    cycle = Ref(Kind.CYCLE, goals.cycle_id(world))
    world.do(Reflect(subject=cycle, kind=ReflectionKind.WENT_WELL, body="We spoke."))


@pytest.fixture(scope="module")
def quarter(server: str) -> Iterator[tuple[AskedWorld, dict[str, UUID]]]:
    with made(server) as world:
        yield world, run_quarter(world)


@pytest.fixture(scope="module")
def world(quarter: tuple[AskedWorld, dict[str, UUID]]) -> AskedWorld:
    return quarter[0]


@pytest.fixture(scope="module")
def own(quarter: tuple[AskedWorld, dict[str, UUID]]) -> dict[str, UUID]:
    return quarter[1]


FIGURES = """
    attainment { againstOriginal againstFinal score }
    attribution { initial movement goalpost scope final judgement explain { objective { title } amount } }
"""
LISTS = """
    objectives { objective { title } attainment { againstFinal } keyResults { keyResult { title } } }
    goalposts { subject { ... on KeyResult { title } } }
    silences { keyResult { title } }
    calibration { count }
    kpis { kpi { key } }
    reflections { body }
    closingReflections { body objective { title } }
    reasons { nodes { reason } }
    checkInNotes { nodes { note } }
"""
ORG, WEB = 'team: {key: "org"}', 'team: {key: "web"}'
LIN, KIM = 'person: {handle: "lin"}', 'person: {handle: "kim"}'


def look(world: AskedWorld, narrowed: str = "", fields: str = FIGURES) -> dict[str, Any]:
    arguments = 'cycle: {key: "2026-q1"}' + (f", {narrowed}" if narrowed else "")
    found: dict[str, Any] = world.ask(f"{{ retrospective({arguments}) {{ {fields} }} }}")["retrospective"]
    return found


def only(id: UUID) -> str:
    return f'objective: "{encode(Kind.OBJECTIVE, id)}"'


def titles(world: AskedWorld, narrowed: str) -> dict[str, list[str]]:
    """The titles of the key results that remain, by the title of their objective."""
    fields = "objectives { objective { title } keyResults { keyResult { title } } }"
    return {
        one["objective"]["title"]: [part["keyResult"]["title"] for part in one["keyResults"]]
        for one in look(world, narrowed, fields)["objectives"]
    }


# ── what remains ──────────────────────────────────────────────────────────────────────────────────


def test_team_narrows_to_its_objectives_and_those_of_the_teams_inside_it(world: AskedWorld) -> None:
    assert titles(world, ORG) == {WIN: ["a1", "a2"], GROW: ["b1"]}
    assert titles(world, WEB) == {WIN: ["a1", "a2"]}


def test_person_narrows_to_owned_objectives_and_owned_key_results(world: AskedWorld) -> None:
    assert titles(world, LIN) == {WIN: ["a1", "a2"], QUICK: ["c1"]}
    assert titles(world, KIM) == {WIN: ["a2"], GROW: ["b1"]}


def test_objective_narrows_to_itself(world: AskedWorld, own: dict[str, UUID]) -> None:
    assert titles(world, only(own["C"])) == {QUICK: ["c1", "c2"]}


def test_all_conditions_must_hold(world: AskedWorld, own: dict[str, UUID]) -> None:
    assert titles(world, f"{WEB}, {KIM}") == {WIN: ["a2"]}
    assert titles(world, f"{WEB}, {only(own['C'])}") == {}


def test_owners_and_teams_are_those_of_the_outcome(world: AskedWorld, own: dict[str, UUID]) -> None:
    world.do(MoveTeam(team=own["web"], parent=None))
    assert titles(world, ORG) == {WIN: ["a1", "a2"], GROW: ["b1"]}


# ── figures ───────────────────────────────────────────────────────────────────────────────────────

FIGURES_OF = [
    # narrowed to, against original, against final, score, initial, movement, goalpost, scope, final, judgement
    ("", 1.075 / 3, 1.175 / 3, 1.375 / 3, 0, 1.075 / 3, 0.1 / 3, 0, 1.175 / 3, 0.2 / 3),
    (ORG, 0.35, 0.4, 0.5, 0, 0.35, 0.05, 0, 0.4, 0.1),  # A and B
    (WEB, 0.2, 0.3, 0.5, 0, 0.2, 0.1, 0, 0.3, 0.2),  # A
    (LIN, 0.2875, 0.3375, 0.4375, 0, 0.2875, 0.05, 0, 0.3375, 0.1),  # A and C
]
"""A: 0.2 by the original target, 0.3 by the final one, scored 0.5; B: 0.5; C: (0.25 + 0.5) / 2."""


@pytest.mark.parametrize(("narrowed", "figures"), [(narrowed, figures) for narrowed, *figures in FIGURES_OF])
def test_figures_are_over_the_objectives_that_remain(world: AskedWorld, narrowed: str, figures: Any) -> None:
    found = look(world, narrowed)
    explained = found["attribution"].pop("explain")
    assert [*found["attainment"].values(), *found["attribution"].values()] == [
        pytest.approx(one, abs=1e-9) for one in figures
    ]
    assert sum(one["amount"] for one in explained) == pytest.approx(found["attribution"]["final"], abs=1e-9)


def test_narrowed_to_nothing_it_has_no_figures(world: AskedWorld, own: dict[str, UUID]) -> None:
    found = look(world, f"{WEB}, {only(own['C'])}")
    assert [*found["attainment"].values()] == [None] * 3
    assert [*found["attribution"].values()] == [0, 0, 0, 0, 0, None, []]


def test_judgement_is_the_score_less_the_progress(world: AskedWorld) -> None:
    fields = "objectives { objective { title } attribution { final judgement } attainment { score } }"
    shown = {
        one["objective"]["title"]: one["attribution"]["judgement"] for one in look(world, "", fields)["objectives"]
    }
    assert shown == {WIN: pytest.approx(0.2), GROW: pytest.approx(0), QUICK: pytest.approx(0)}


def test_lists_are_over_the_key_results_that_remain(world: AskedWorld) -> None:
    found = look(world, KIM, LISTS)
    assert found["goalposts"] == []
    assert {one["keyResult"]["title"] for one in found["silences"]} == {"a2", "b1"}
    assert found["calibration"]["count"] == 1
    assert found["kpis"] == []
    assert [one["body"] for one in found["reflections"]] == ["Go north early."]
    assert [one["reason"] for one in found["reasons"]["nodes"]] == ["A typing error."]
    assert [one["note"] for one in found["checkInNotes"]["nodes"]] == ["Off we went."]


# ── remarks ───────────────────────────────────────────────────────────────────────────────────────


def test_kpis_are_those_linked_to_its_key_results(world: AskedWorld, own: dict[str, UUID]) -> None:
    def shown(narrowed: str, field: str = "kpis") -> list[str]:
        return [one["kpi"]["key"] for one in look(world, narrowed, f"{field} {{ kpi {{ key }} }}")["kpis"]]

    assert shown("") == shown(only(own["C"])) == ["speed"]
    assert shown(ORG) == []
    assert shown(ORG, "kpis(all: true)") == ["apart", "speed"]


def test_closing_reflections_name_objective_author_and_time(world: AskedWorld) -> None:
    fields = "closingReflections { body objective { title } by { handle } at position }"
    (found,) = look(world, "", fields)["closingReflections"]
    assert (found["body"], found["objective"]["title"], found["by"]["handle"]) == ("Ask first.", WIN, "ada")
    assert found["at"] == "2026-03-22T00:00:00Z"
    assert look(world, ORG, fields)["closingReflections"] == [found]
    assert look(world, KIM, fields)["closingReflections"] == [found]


def test_reasons_are_those_of_its_goals_their_check_ins_and_kpis(world: AskedWorld) -> None:
    fields = "reasons { totalCount nodes { __typename reason actor { handle } subject { __typename } } }"
    found = look(world, "", fields)["reasons"]
    assert [(one["reason"], one["__typename"]) for one in found["nodes"]] == [
        ("A typing error.", "CheckInCorrected"),
        ("The market shrank.", "KeyResultRetargeted"),
        ("Clearer: speed.", "KpiRedefined"),
    ]
    assert found["totalCount"] == 3
    assert {one["actor"]["handle"] for one in found["nodes"]} == {"ada"}
    assert [one["subject"]["__typename"] for one in found["nodes"]] == ["KeyResult", "KeyResult", "Kpi"]


def test_reasons_come_in_pages(world: AskedWorld) -> None:
    page = look(world, "", "reasons(first: 2) { nodes { position } pageInfo { hasNextPage endCursor } }")["reasons"]
    assert (len(page["nodes"]), page["pageInfo"]["hasNextPage"]) == (2, True)
    after = page["pageInfo"]["endCursor"]
    rest = look(world, "", f'reasons(first: 2, after: "{after}") {{ nodes {{ reason }} }}')["reasons"]
    assert rest["nodes"] == [{"reason": "Clearer: speed."}]


def test_check_in_notes_are_current_and_in_the_order_of_measurement(world: AskedWorld) -> None:
    fields = "checkInNotes { totalCount nodes { note keyResult { title } by { handle } measuredAt } }"
    found = look(world, "", fields)["checkInNotes"]
    noted = [(one["note"], one["keyResult"]["title"]) for one in found["nodes"]]
    assert noted == [("A slow start.", "a1"), ("Off we went.", "b1"), ("One is done.", "c1")]
    assert found["totalCount"] == 3


# ── bad arguments ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("narrowed", "field"),
    [
        ('team: {key: "nobody"}', "team"),
        ('person: {handle: "nobody"}', "person"),
        (f'person: {{id: "{encode(Kind.PERSON, UUID(int=7))}"}}', "person"),
        (only(UUID(int=7)), "objective"),
        (f'objective: "{encode(Kind.CYCLE, UUID(int=7))}"', "objective"),
    ],
)
def test_unknown_team_person_or_objective_is_not_found(world: AskedWorld, narrowed: str, field: str) -> None:
    query = f'{{ retrospective(cycle: {{key: "2026-q1"}}, {narrowed}) {{ isFinal }} }}'
    assert world.refused(query) == ("NOT_FOUND", [field])


def test_objective_of_another_cycle_is_not_found(world: AskedWorld) -> None:
    other = goals.cycle(world, "2026-q2", goals.Q2)
    of_other = objective(world, "Another one altogether", cycle=CycleBy(id=other), effective_at=day(92))
    query = f'{{ retrospective(cycle: {{key: "2026-q1"}}, {only(of_other)}) {{ isFinal }} }}'
    assert world.refused(query) == ("NOT_FOUND", ["objective"])


def test_statement_count_does_not_depend_on_what_it_is_narrowed_to(world: AskedWorld) -> None:
    def count(narrowed: str) -> int:
        return world.count(f'{{ retrospective(cycle: {{key: "2026-q1"}}, {narrowed}) {{ {LISTS} }} }}')

    assert count(ORG) <= count(WEB) + 1
    assert count(KIM) <= 32
