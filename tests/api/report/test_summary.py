"""The summary of the report: a plain sentence for each question, from the quarter in `tests.api.retrospective`."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from api.report.content import RecordedAfterwards, ReportRequest, Story, read
from api.report.goal_looks import GoalCounts
from api.report.summary import sentences
from api.report.words import Page
from tests.api.retrospective.conftest import made
from tests.api.retrospective.quarter_by_hand import run_quarter


@pytest.fixture(scope="module")
def story(server: str) -> Iterator[Story]:
    with made(server) as world:
        run_quarter(world)
        yield read(world.context, ReportRequest("2026-q1"))


def text(story: Story, **changed: Any) -> str:
    return " ".join(sentences(replace(story, **changed))).replace("\N{NO-BREAK SPACE}", " ")


def test_summary_answers_what_was_planned_reached_moved_and_how_honest_it_was(story: Story) -> None:
    planned, reached, course, moved, *rest = [one.replace("\N{NO-BREAK SPACE}", " ") for one in sentences(story)]
    assert planned == (
        "Planned: 2 objectives and 3 key results; 1 objective and 2 key results added later; "
        "1 objective and 2 key results dropped."
    )
    assert reached == (
        "26 % is reached against the original targets, 72 % against the final ones; the score is 72 % "
        "(objectives: 2 partial)."
    )
    assert course == "Progress was farthest behind the plan on 2 April: 72 %, planned 100 %."
    assert moved == (
        "2 goalposts were moved; in sum, moved goalposts added 7 percentage points of progress, "
        "changes of scope added 10 percentage points of progress."
    )
    assert rest == [
        "Confidence was 84 percentage points too high. Said 84 % on average, 0 % came true (5 statements).",
        "5 key results had no update for longer than the cadence allows.",
        story.recorded_afterwards.summary,
    ]


def test_summary_says_when_history_was_entered_afterwards(story: Story) -> None:
    assert "recorded more than a cadence after they took effect, on " in text(story)
    assert "took effect" not in text(story, recorded_afterwards=RecordedAfterwards(None))


def test_summary_tells_how_people_judged(story: Story) -> None:
    attribution = story.attribution
    assert "People" not in text(story)
    above, below = replace(attribution, judgement=0.1), replace(attribution, judgement=-0.01)
    assert "People scored it 10 percentage points above its measured progress." in text(story, attribution=above)
    assert "People scored it 1 percentage point below its measured progress." in text(story, attribution=below)


def test_summary_of_an_open_cycle_names_what_is_expected(story: Story) -> None:
    cycle = replace(story.cycle, state="ACTIVE", progress=replace(story.cycle.progress, expected=0.625))
    expected = "So far 26 % is reached against the original targets, 72 % against the final ones; 62 % is expected"
    assert expected in text(story, cycle=cycle)


def test_summary_names_goalposts_that_were_moved_late(story: Story) -> None:
    late = replace(story.goalposts.nodes[0], days_before_close=3)
    moved = text(story, goalposts=Page(3, [*story.goalposts.nodes, late]))
    assert "3 goalposts were moved, 1 of them in the last 21 days;" in moved
    still = replace(story.attribution, scope=0.0)
    assert "No goalpost was moved." in text(story, goalposts=Page(0, []), attribution=still)


def test_confidence_close_to_the_outcome_is_honest(story: Story) -> None:
    close = replace(story.calibration, stated=0.62, hit=0.6)
    assert "Confidence was honest." in text(story, calibration=close)
    low = replace(story.calibration, stated=0.4, hit=0.6)
    assert "Confidence was 20 percentage points too low." in text(story, calibration=low)
    silent = replace(story.calibration, stated=None, hit=None)
    assert "Confidence" not in text(story, calibration=silent)


def test_summary_of_an_empty_cycle_is_short(story: Story) -> None:
    nothing = replace(story.attainment, against_original=None, against_final=None, score=None)
    curve = replace(story.plan_curve, points=[], largest_distance=None, largest_distance_from_last=None)
    still = replace(story.attribution, movement=0, goalpost=0, scope=0, final=0, judgement=None)
    empty = text(
        story,
        objective_page=Page(0, []),
        objective_counts=GoalCounts(0, 0, 0),
        key_result_counts=GoalCounts(0, 0, 0),
        attainment=nothing,
        plan_curve=curve,
        attribution=still,
        goalposts=Page(0, []),
        silences=Page(0, []),
        silent_key_results=0,
    )
    assert empty.startswith("Planned: nothing. Nothing was measured. No goalpost was moved.")
