"""What goes out as facts comes in as the same: the same log, the same answers as of any time, the same facts."""

from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cli import demo
from tests.api.facts.round_trip import Answers, Crowd, effective, exported, imported, told
from tests.properties.conftest import Worlds
from tests.properties.histories import History, moments

laws = settings.get_profile("laws")
chances = st.randoms(use_true_random=False)

REAL = Path(__file__).parents[4] / "shared" / "real" / "srcd-okrs.facts.ndjson"


@laws
@given(chance=chances)
def test_a_log_made_of_facts_says_what_the_first_one_said_and_is_told_in_the_same_bytes(
    worlds: Worlds, chance: Random
) -> None:
    with worlds() as first, worlds() as second:
        History(Crowd(first.log, chance), chance).live(150)
        file = exported(first)
        imported(second, file)
        assert told(second) == told(first)
        assert exported(second) == file


@settings(laws, max_examples=4)
@given(chance=chances)
def test_what_is_answered_as_of_any_time_is_the_same(worlds: Worlds, chance: Random) -> None:
    with worlds() as first, worlds() as second:
        History(Crowd(first.log, chance), chance).live(120)
        imported(second, exported(first))
        was, is_ = Answers(first), Answers(second)
        for at in moments(effective(first), chance, 12):
            assert is_.as_of(at) == was.as_of(at), at


def test_the_demo_comes_back_as_it_was(worlds: Worlds) -> None:
    with worlds() as first, worlds() as second:
        imported(first, b"".join(demo._fact_lines(date(2026, 7, 1))))
        file = exported(first)
        imported(second, file)
        assert told(second) == told(first)
        assert exported(second) == file


@pytest.mark.skipif(not REAL.exists(), reason=f"needs {REAL.name}, which does not come with the project")
def test_a_real_company_comes_back_as_it_was(worlds: Worlds) -> None:
    with worlds() as first, worlds() as second:
        imported(first, REAL.read_bytes())
        file = exported(first)
        imported(second, file)
        assert told(second) == told(first)
        assert exported(second) == file
        was, is_ = Answers(first), Answers(second)
        chance = Random(1)
        for at in moments(effective(first), chance, 5):
            assert is_.as_of(at) == was.as_of(at), at
