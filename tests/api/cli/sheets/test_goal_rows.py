"""Rows of goals as facts: what is new is created, what differs is edited, and the rest stays."""

from typing import Any

from api.cli.sheets.present_things import Colleague
from domain.model.key_result import KeyResult
from domain.model.objective import Objective
from domain.model.people import Team
from domain.primitives.personal_data import Personal
from tests.api.cli.sheets.planning import facts, nothing, planned, present, problems
from tests.domain.given_goals import ADA, SALES, ada, ben, key_result_ref, objective_ref, sales, working
from tests.domain.scenario import given

HEADER = "O,Goal,KR,Result,Start,Target,Weight\n"
COLUMNS: dict[str, Any] = {
    "objective": {"id": "O", "title": "Goal", "cycle": {"constant": "2026-q1"}},
    "key_result": {"id": "KR", "title": "Result", "start": "Start", "target": "Target", "weight": "Weight"},
}
base = given(ada, ben, sales, *working)
OBJECTIVE = base.aggregate(Objective, objective_ref().id)
KEY_RESULT = base.aggregate(KeyResult, key_result_ref().id)
METRIC = KEY_RESULT.metric
THERE = present(("o1", OBJECTIVE), ("kr1", KEY_RESULT))


def external(id: str) -> dict[str, str]:
    return {"system": "sheet", "id": id}


def test_rows_that_repeat_their_objective_create_it_once() -> None:
    found = facts(planned(HEADER + "o9,Grow,kr8,Sales,1,5,\no9,Grow,kr9,Costs,5,1,2\n", COLUMNS, nothing()))
    objective = {"ref": "Objective/o9"}
    assert found == [
        ("draftObjective", {"cycle": {"key": "2026-q1"}, "title": "Grow", "external": external("o9")}),
        ("addKeyResult", {"objective": objective, "title": "Sales", "external": external("kr8"),
                          "metric": {"direction": "INCREASE", "start": 1, "target": 5}}),
        ("addKeyResult", {"objective": objective, "title": "Costs", "weight": 2, "external": external("kr9"),
                          "metric": {"direction": "DECREASE", "start": 5, "target": 1}}),
    ]  # fmt: skip


def test_an_unchanged_row_records_nothing() -> None:
    row = f"o1,{OBJECTIVE.title},kr1,{KEY_RESULT.title},{METRIC.start},{METRIC.target},1\n"
    assert facts(planned(HEADER + row, COLUMNS, THERE)) == []
    assert facts(planned(HEADER + "o1,,kr1,,,,\n", COLUMNS, THERE)) == []


def test_a_changed_row_edits_what_it_changes() -> None:
    plan = planned(HEADER + "o1,Better,kr1,Better sales,,1000,3\n", COLUMNS, THERE)
    id = str(KEY_RESULT.id)
    given = dict(facts(plan))
    assert given["rewordObjective"] == {"objective": str(OBJECTIVE.id), "title": "Better"}
    assert given["rewordKeyResult"] == {"keyResult": id, "title": "Better sales"}
    assert given["retargetKeyResult"]["metric"]["target"] == 1000
    assert given["retargetKeyResult"]["metric"]["start"] == METRIC.start
    assert given["reweighKeyResult"] == {"keyResult": id, "weight": 3}
    assert {one.fact["do"]: one.fact.get("reason") for one in plan.facts}["retargetKeyResult"] is not None


def test_rows_that_disagree_about_their_objective_are_refused() -> None:
    plan = planned(HEADER + "o9,Grow,,,,,\no9,Shrink,kr9,Costs,5,1,\n", COLUMNS, nothing())
    assert [one.fact["do"] for one in plan.facts] == ["draftObjective"]
    assert problems(plan) == [(3, "Goal", "Line 2 gives the objective 'o9' another title: make them equal.")]


def test_a_key_result_of_a_wrong_objective_is_refused_with_the_line() -> None:
    plan = planned(HEADER + "o9,,,,,,\no9,,kr9,Costs,5,1,\n,Nothing,,,,,\n", COLUMNS, nothing())
    assert plan.facts == []
    assert [(line, column) for line, column, _ in problems(plan)] == [(2, "Goal"), (3, ""), (4, "O")]
    assert "Its objective is wrong in line 2" in problems(plan)[1][2]


def test_an_id_of_another_kind_and_a_repeated_one_are_refused() -> None:
    plan = planned(HEADER + "kr1,Grow,,,,,\no1,,kr1,,,,\no1,,kr1,,,,\n", COLUMNS, THERE)
    assert [(line, column) for line, column, _ in problems(plan)] == [(2, "O"), (4, "KR")]


def test_an_objective_in_another_cycle_and_a_key_result_below_another_objective_are_moved() -> None:
    elsewhere = COLUMNS | {"objective": COLUMNS["objective"] | {"cycle": {"constant": "2026-q2"}}}
    moved = planned(HEADER + "o1,,,,,,\n", elsewhere, THERE)
    assert facts(moved) == [("moveObjective", {"objective": str(OBJECTIVE.id), "to": {"key": "2026-q2"}})]
    given = facts(planned(HEADER + "o9,New,kr1,,,,\n", COLUMNS, THERE))
    assert given[1] == ("moveKeyResult", {"keyResult": str(KEY_RESULT.id), "to": {"ref": "Objective/o9"}})


def test_a_kind_cannot_change() -> None:
    columns = {"objective": COLUMNS["objective"] | {"kind": "Kind"}}
    plan = planned("O,Goal,Kind\no1,,aspirational\n", columns, THERE)
    assert [(line, column) for line, column, _ in problems(plan)] == [(2, "Kind")]


def test_people_and_teams_are_found_by_name_or_created_when_the_mapping_says_so() -> None:
    columns = {"objective": COLUMNS["objective"] | {"owner": "Who", "team": "Team"}, "people": {"by": "name"}}
    text = "O,Goal,Who,Team\no9,Grow,ada  LOVELACE,sales\no10,Rest,Cyd Ötzi,Care\n"
    there = nothing()
    there.people.append(Colleague(ADA, Personal("ada", "Ada Lovelace")))
    there.teams.append(base.aggregate(Team, SALES))
    plan = planned(text, columns, there)
    assert [(line, column) for line, column, _ in problems(plan)] == [(3, "Who"), (3, "Team")]
    assert plan.facts[0].fact["input"]["owner"] == str(ADA)
    assert plan.facts[0].fact["input"]["team"] == str(SALES)
    made = {"people": {"by": "name", "create": True}, "teams": {"create": True}}
    given = dict(facts(planned(text, columns | made, there)))
    assert given["addPerson"] == {"handle": "cyd-otzi", "name": "Cyd Ötzi"}
    assert given["formTeam"] == {"key": "care", "name": "Care"}
    assert given["draftObjective"]["owner"] == {"ref": "person:cyd-otzi"}


def test_two_people_of_one_name_are_distinguished() -> None:
    columns = {"objective": COLUMNS["objective"] | {"owner": "Who"}, "people": {"by": "name"}}
    there = nothing()
    there.people += [Colleague(ADA, Personal("ada", "Ada")), Colleague(SALES, Personal("ada2", "Ada"))]
    assert "2 have the name 'Ada'" in problems(planned("O,Goal,Who\no9,Grow,Ada\n", columns, there))[0][2]


def test_levels_put_key_results_below_their_objective() -> None:
    columns = {"levels": {"column": "Type"}, "objective": COLUMNS["objective"] | {"id": "Id", "title": "Name"},
               "key_result": {"id": "Id", "title": "Name"}}  # fmt: skip
    text = "Type,Id,Name\nObjective,1,Grow\nkey  result,2,Sales\nTask,3,Call\n"
    plan = planned(text, columns, nothing())
    assert [one.fact["do"] for one in plan.facts] == ["draftObjective", "addKeyResult"]
    assert plan.facts[1].fact["input"]["objective"] == {"ref": "Objective/1"}
    assert [(line, column) for line, column, _ in problems(plan)] == [(4, "Type")]


def test_goals_are_aligned_and_committed_after_all_rows() -> None:
    columns = {"objective": COLUMNS["objective"] | {"supports": "Parent", "commit": True}}
    text = "O,Goal,Parent\n1,Team goal,2\n2,Company goal,\n3,Other,9\n"
    plan = planned(text, columns, nothing())
    assert [one.fact["do"] for one in plan.facts][3:] == ["alignObjective", *["commitObjective"] * 3]
    assert plan.facts[3].fact["input"] == {"objective": {"ref": "Objective/1"}, "to": {"ref": "Objective/2"}}
    assert problems(plan) == [(4, "Parent", "There is no goal with the id '9'; correct it.")]


def test_an_existing_goal_is_aligned_once_and_gets_another_address() -> None:
    columns = {"objective": COLUMNS["objective"] | {"supports": "Parent", "url": "Link"}}
    text = "O,Goal,Parent,Link\no9,New,o1,\no1,,kr9,https://e.com/1\n"
    plan = planned(text, columns, THERE)
    assert [(one.fact["do"], one.fact["input"]) for one in plan.facts][1:] == [
        ("setExternalReference", {"subject": {"kind": "Objective", "id": str(OBJECTIVE.id)}, "system": "sheet",
                                  "id": "o1", "url": "https://e.com/1"}),
        ("alignObjective", {"objective": {"ref": "Objective/o9"},
                            "to": {"kind": "Objective", "id": str(OBJECTIVE.id)}}),
    ]  # fmt: skip
    assert [(line, column) for line, column, _ in problems(plan)] == [(3, "Parent")]


def test_a_direction_that_is_not_stated_follows_from_the_numbers() -> None:
    columns = {"objective": COLUMNS["objective"], "key_result": {"id": "KR", "title": "R", "start": "S", "target": "T",
               "lower": "L", "upper": "U"}}  # fmt: skip
    text = "O,Goal,KR,R,S,T,L,U\n" + "".join(
        f"o9,,{index},x,{cells}\n"
        for index, cells in enumerate(("1,2,,", "2,1,,", ",5,,", ",,1,2", ",,,", "10 %,20 %,,"))
    )
    plan = planned(text.replace("o9,,0", "o9,Grow,0"), columns, nothing())
    metrics = [given["metric"] for do, given in facts(plan) if do == "addKeyResult"]
    assert [one["direction"] for one in metrics] == ["INCREASE", "DECREASE", "AT_LEAST", "WITHIN", "DONE", "INCREASE"]
    assert metrics[-1]["unit"] == {"kind": "PERCENT", "symbol": "%"}
