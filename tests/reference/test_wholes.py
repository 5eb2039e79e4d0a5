"""The figures of objectives, cycles and teams, against numbers worked out by hand."""

from collections import Counter
from datetime import date
from uuid import UUID

import pytest

from domain.model.key_result import KeyResultDropped
from domain.model.objective import ObjectiveDropped
from domain.model.people import TeamFormed, TeamMoved
from tests.reference import counts
from tests.reference.figures import Figures
from tests.reference.fold import View
from tests.reference.script import Script
from tests.reference.wholes import cycle_figures, cycle_score, objective_figures, team_figures


def of(view: View, objective: UUID) -> Figures:
    return objective_figures(view, view.objectives[objective])


def of_cycle(view: View, cycle: UUID) -> Figures:
    return cycle_figures(view, view.cycles[cycle])


def measured(
    script: Script, cycle: UUID, value: float, weight: float = 1.0, supports: UUID | None = None, at: float = 0
) -> UUID:
    """An objective with one key result, measured ten days later."""
    objective = script.objective(cycle, supports=supports, at=at)
    script.check_in(script.key_result(objective, weight=weight, at=at), at + 10, value)
    return objective


def test_unmeasured_key_result_counts_0() -> None:
    script = Script()
    objective = measured(script, script.cycle(), 60, weight=3)
    script.key_result(objective)
    assert of(script.view(11), objective).value == pytest.approx(0.45)
    assert of(script.view(11), objective).measured_share == 0.75


def test_objective_is_null_while_nothing_is_measured() -> None:
    script = Script()
    objective = script.objective(script.cycle())
    script.key_result(objective)
    figures = of(script.view(46), objective)
    assert (figures.value, figures.expected) == (None, 0.5)


def test_dropped_key_result_counts_nowhere() -> None:
    script = Script()
    objective = measured(script, script.cycle(), 60)
    script.add(KeyResultDropped(), 5, script.key_result(objective))
    assert of(script.view(11), objective).value == 0.6


def test_drafts_count_in_no_mean() -> None:
    script = Script()
    cycle = script.cycle()
    measured(script, cycle, 60)
    draft = script.objective(cycle, committed=False)
    script.key_result(draft)
    assert of_cycle(script.view(11), cycle).value == 0.6
    assert of(script.view(60), draft).health == "PENDING"
    assert counts.of_cycle(script.view(11), script.view(11).cycles[cycle], counts.of_key_results).total() == 1


def test_heading_takes_the_mean_of_what_supports_it() -> None:
    script = Script()
    cycle = script.cycle()
    heading = script.objective(cycle)
    measured(script, cycle, 60, weight=3, supports=heading)
    measured(script, cycle, 20, supports=heading)
    script.add(ObjectiveDropped(), 11, measured(script, cycle, 100, supports=heading))
    assert of(script.view(12), heading).value == pytest.approx(0.4)
    assert of(script.view(10.5), heading).value == pytest.approx(0.6)


def test_heading_counts_only_where_there_is_nothing_else() -> None:
    script = Script()
    year = script.cycle(date(2026, 1, 1), date(2026, 12, 31))
    heading = script.objective(year)
    quarter = script.cycle()
    measured(script, quarter, 60, supports=heading)
    other = script.objective(quarter)
    measured(script, quarter, 20, supports=other)
    assert of_cycle(script.view(12), year).value == pytest.approx(0.6)
    assert of_cycle(script.view(12), quarter).value == pytest.approx(0.4)


def test_empty_objective_counts_in_no_mean() -> None:
    script = Script()
    cycle = script.cycle()
    measured(script, cycle, 60)
    empty = script.objective(cycle)
    assert of_cycle(script.view(11), cycle).value == 0.6
    assert (of(script.view(11), empty).value, of(script.view(11), empty).expected) == (None, None)


def test_year_fills_up_by_the_days_of_its_quarters() -> None:
    script = Script()
    year = script.cycle(date(2026, 1, 1), date(2026, 12, 31))
    quarter = script.cycle(parent=year)
    script.cycle(date(2026, 10, 1), date(2026, 12, 31), parent=year, active=False)
    measured(script, quarter, 50)
    figures = of_cycle(script.view(46), year)
    assert figures.value == pytest.approx(92 * 0.5 / 365)
    assert figures.expected == pytest.approx(92 * 0.5 / 365)
    assert figures.measured_share == 1


def test_ended_heading_stands_still() -> None:
    script = Script()
    year, quarter = script.cycle(date(2026, 1, 1), date(2026, 12, 31)), script.cycle()
    heading = script.objective(year)
    part = script.objective(quarter, supports=heading)
    key_result = script.key_result(part)
    script.check_in(key_result, 10, 40)
    script.close(heading, 20)
    script.check_in(key_result, 30, 90)
    measured(script, quarter, 100, supports=heading, at=25)
    assert of(script.view(40), heading).value == 0.4
    script.check_in(key_result, 15, 50)
    assert of(script.view(40), heading).value == 0.5  # a late fact about the time before its end


def test_closed_year_shows_its_quarters_as_they_were() -> None:
    script = Script()
    year = script.cycle(date(2026, 1, 1), date(2026, 12, 31))
    quarter = script.cycle(parent=year)
    measured(script, quarter, 50)
    script.close_cycle(year, 46)
    measured(script, quarter, 100, at=48)
    view = script.view(60)
    assert of_cycle(view, year).value == pytest.approx(92 * 0.5 / 365)
    assert cycle_score(view, view.cycles[year]) == pytest.approx(92 * 0.5 / 365)
    assert of_cycle(view, year).health == "MISSED"


def test_late_facts_alter_no_score() -> None:
    script = Script()
    year = script.cycle(date(2026, 1, 1), date(2026, 12, 31))
    quarter = script.cycle(parent=year)
    objective = measured(script, quarter, 50)
    script.close_cycle(year, 46)
    (key_result,) = script.view(46).key_results
    script.check_in(key_result, 40, 100)
    view = script.view(60)
    assert of(view, objective).value == 1
    assert cycle_score(view, view.cycles[year]) == pytest.approx(92 * 0.5 / 365)
    assert of_cycle(view, year).value == pytest.approx(92 / 365)


def test_closed_cycles_score_is_the_mean_of_scores_without_headings() -> None:
    script = Script()
    cycle = script.cycle()
    heading = script.objective(cycle)
    for value in (30, 90):
        script.close(measured(script, cycle, value, supports=heading), 90, value / 100 + 0.1)
    script.close(heading, 91, 0.1)
    script.close_cycle(cycle, 92)
    view = script.view(93)
    assert cycle_score(view, view.cycles[cycle]) == pytest.approx(0.7)
    assert of_cycle(view, cycle).health == "ACHIEVED"
    assert of_cycle(view, cycle).value == pytest.approx(0.6)


def test_confidence_is_the_weighted_mean_of_those_that_state_one() -> None:
    script = Script()
    objective = script.objective(script.cycle())
    script.check_in(script.key_result(objective, weight=3), 10, 10, 0.8)
    script.check_in(script.key_result(objective), 10, 10, 0.4)
    script.check_in(script.key_result(objective), 10, 10)
    figures = of(script.view(11), objective)
    assert figures.confidence == pytest.approx(0.7)
    assert figures.confidence_lowest == 0.4


def test_whole_is_judged_by_the_mean_of_its_parts_gaps() -> None:
    script = Script()
    objective = measured(script, script.cycle(), 0)
    script.check_in(script.key_result(objective), 10, 100)
    early = of(script.view(10), objective)
    assert early.gap == pytest.approx(10 / 92 - 0.5)
    assert early.health == "ON_TRACK"


def test_pending_part_has_no_gap() -> None:
    script = Script()
    objective = measured(script, script.cycle(), 0)
    script.key_result(objective, at=10)
    figures = of(script.view(18), objective)
    assert figures.gap == pytest.approx(18 / 92 / 2)
    assert figures.health == "ON_TRACK"


def test_whole_is_outdated_if_more_than_half_of_it_is() -> None:
    script = Script()
    objective = measured(script, script.cycle(), 50)
    script.check_in(script.key_result(objective), 25, 50)
    assert of(script.view(26), objective).health == "ON_TRACK"
    measured_twice = script.key_result(objective)
    script.check_in(measured_twice, 10, 50)
    assert of(script.view(26), objective).health == "OUTDATED"
    assert counts.of_key_results(script.view(26), [script.view(26).objectives[objective]]) == Counter(
        {"OUTDATED": 2, "ON_TRACK": 1}
    )


def test_dropped_goals_are_in_no_count() -> None:
    script = Script()
    cycle = script.cycle()
    kept, dropped = measured(script, cycle, 10), measured(script, cycle, 20)
    script.add(KeyResultDropped(), 11, script.key_result(kept))
    script.add(ObjectiveDropped(), 11, dropped)
    script.objective(cycle)  # nothing can measure it
    view = script.view(12)
    assert counts.of_cycle(view, view.cycles[cycle], counts.of_objectives) == Counter({"ON_TRACK": 1})
    assert counts.of_cycle(view, view.cycles[cycle], counts.of_key_results) == Counter({"ON_TRACK": 1})
    assert counts.of_key_results(view, [view.objectives[dropped]]) == Counter()


def test_team_is_over_its_subtree_and_the_active_cycles() -> None:
    script = Script()
    above = script.add(TeamFormed(key="a", name="a"), -20)
    below = script.add(TeamFormed(key="b", name="b", parent=above), -20)
    cycle, planned = script.cycle(), script.cycle(active=False)
    for team, within, value in ((above, cycle, 20), (below, cycle, 60), (below, planned, 100)):
        script.check_in(script.key_result(script.objective(within, team=team)), 10, value)
    view = script.view(11)
    assert team_figures(view, above, None).value == pytest.approx(0.4)
    assert team_figures(view, above, None, include_subteams=False).value == pytest.approx(0.2)
    assert team_figures(view, below, view.cycles[planned]).value == 1


def test_team_in_a_closed_cycle_has_the_subtree_of_its_closing() -> None:
    script = Script()
    above = script.add(TeamFormed(key="a", name="a"), -20)
    below = script.add(TeamFormed(key="b", name="b", parent=above), -20)
    cycle = script.cycle()
    objective = script.objective(cycle, team=below)
    script.check_in(script.key_result(objective), 10, 60)
    script.close(objective, 92)
    script.close_cycle(cycle, 92)
    script.add(TeamMoved(parent=None), 93, below)
    view = script.view(94)
    assert team_figures(view, above, view.cycles[cycle]).value == 0.6
