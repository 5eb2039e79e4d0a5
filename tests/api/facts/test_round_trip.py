"""Round trip: importing exported facts gives the same log, the same answers as of any time, and the same facts."""

from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cli import demo
from tests.api.facts.round_trip import Answers, RandomAuthors, effective, exported, imported, log_contents
from tests.properties.conftest import Worlds
from tests.properties.histories import History, moments

pytestmark = pytest.mark.long

laws = settings.get_profile("laws")
chances = st.randoms(use_true_random=True)

REAL = Path(__file__).parents[4] / "shared" / "real" / "srcd-okrs.facts.ndjson"


@pytest.mark.no_cover
@laws
@given(chance=chances)
def test_random_log_round_trips_to_the_same_events_and_bytes(worlds: Worlds, chance: Random) -> None:
    with worlds() as first, worlds() as second:
        History(RandomAuthors(first.log, chance), chance).live(150)
        file = exported(first)
        imported(second, file)
        assert log_contents(second) == log_contents(first)
        assert exported(second) == file


@pytest.mark.no_cover
@settings(laws, max_examples=4)
@given(chance=chances)
def test_imported_workspace_answers_the_same_as_of_any_time(worlds: Worlds, chance: Random) -> None:
    with worlds() as first, worlds() as second:
        History(RandomAuthors(first.log, chance), chance).live(120)
        imported(second, exported(first))
        was, is_ = Answers(first), Answers(second)
        for at in moments(effective(first), chance, 12):
            assert is_.as_of(at) == was.as_of(at), at


def test_demo_round_trips(worlds: Worlds) -> None:
    with worlds() as first, worlds() as second:
        imported(first, b"".join(demo.fact_lines(date(2026, 7, 1))))
        file = exported(first)
        imported(second, file)
        assert log_contents(second) == log_contents(first)
        assert exported(second) == file


@pytest.mark.skipif(not REAL.exists(), reason=f"needs {REAL.name}, which does not come with the project")
def test_real_company_round_trips(worlds: Worlds) -> None:
    with worlds() as first, worlds() as second:
        imported(first, REAL.read_bytes())
        file = exported(first)
        imported(second, file)
        assert log_contents(second) == log_contents(first)
        assert exported(second) == file
        was, is_ = Answers(first), Answers(second)
        chance = Random(1)
        for at in moments(effective(first), chance, 5):
            assert is_.as_of(at) == was.as_of(at), at
