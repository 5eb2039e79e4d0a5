"""Retrospectives and replays say how much of their history was recorded afterwards, and when."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from api.schema.history.retrospective_figures import summary
from domain.commands.cycle_commands import ActivateCycle, OpenCycle
from projections.tables.changes import Afterwards
from tests.api.retrospective.quarter_by_hand import run_quarter
from tests.api.schema.goals import CYCLE, objective
from tests.asking import AskedWorld

FIELD = "recordedAfterwards { total count days { on count } summary }"
TODAY = datetime.now(UTC).date()


def of_retrospective(world: AskedWorld, narrowed: str = "") -> Any:
    return world.ask(f'{{ retrospective(cycle: {{key: "2026-q1"}}{narrowed}) {{ {FIELD} }} }}')["retrospective"][
        "recordedAfterwards"
    ]


def test_retrospective_counts_what_was_recorded_a_cadence_after_it_took_effect(world: AskedWorld) -> None:
    run_quarter(world)
    shown = 'changes(first: 1000, filter: {cycle: {key: "2026-q1"}}) { nodes { recordedAt effectiveAt } }'
    changes = world.ask(f"{{ {shown} }}")["changes"]["nodes"]
    delays = [datetime.fromisoformat(one["recordedAt"]) - datetime.fromisoformat(one["effectiveAt"]) for one in changes]
    count = sum(delay > timedelta(days=7) for delay in delays)
    found = of_retrospective(world)
    assert (found["total"], found["count"]) == (len(changes), count)
    assert [day["count"] for day in found["days"]] == [count]
    assert datetime.fromisoformat(found["days"][0]["on"]).date() in (TODAY, TODAY + timedelta(days=1))
    assert found["summary"].startswith(f"All {count} changes were recorded more than a cadence after they took effect")


def test_replay_says_the_same_of_the_whole_cycle(world: AskedWorld) -> None:
    run_quarter(world)
    shown = f'replay(cycle: {{key: "2026-q1"}}, every: MONTH) {{ {FIELD} }}'
    assert world.ask(f"{{ {shown} }}")["replay"]["recordedAfterwards"] == of_retrospective(world)


def test_history_recorded_in_time_has_no_summary(world: AskedWorld) -> None:
    today = datetime.now(UTC).date()
    world.do(OpenCycle(key="2026-q1", name="Q", starts_on=today, ends_on=today + timedelta(days=90)))
    objective(world, effective_at=None)
    world.do(ActivateCycle(cycle=CYCLE))
    found = of_retrospective(world)
    assert (found["count"], found["days"], found["summary"]) == (0, [], None)
    assert found["total"] > 0


def test_narrowed_retrospective_counts_the_changes_of_its_objectives(world: AskedWorld) -> None:
    made = run_quarter(world)
    id = world.ask("{ objectives(first: 100) { nodes { id title } } }")["objectives"]["nodes"]
    hearts = next(one["id"] for one in id if one["title"] == "Win the hearts of users")
    found = of_retrospective(world, f', objective: "{hearts}"')
    own = world.ask(f'{{ node(id: "{hearts}") {{ ... on Objective {{ changes(first: 1) {{ totalCount }} }} }} }}')
    assert found["total"] == own["node"]["changes"]["totalCount"]
    assert made
    assert found["total"] < of_retrospective(world)["total"]


AFTER = "recorded more than a cadence after"


@pytest.mark.parametrize(
    ("total", "days", "expected"),
    [
        (1, {1: 1}, f"All 1 change was {AFTER} it took effect, on 1 March 2026."),
        (702, {27: 689}, f"689 of 702 changes were {AFTER} they took effect, on 27 March 2026."),
        (5, {1: 1, 2: 1}, f"2 of 5 changes were {AFTER} they took effect, on 1 March 2026 and 2 March 2026."),
        (
            5_000,
            {1: 1, 2: 4_000, 3: 2},
            f"4,003 of 5,000 changes were {AFTER} they took effect, on 3 days, 4,000 of them on 2 March 2026.",
        ),
    ],
)
def test_summary_names_the_days(total: int, days: dict[int, int], expected: str) -> None:
    march = {date(2026, 3, day): count for day, count in days.items()}
    assert summary(Afterwards(total, march)) == expected
