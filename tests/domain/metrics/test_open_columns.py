"""The figures of open key results as columns are those of their courses, one by one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.metrics import open_columns, progress
from domain.metrics.open_columns import OpenKeyResults
from domain.metrics.progress import KeyResultFacts, course, is_level
from domain.primitives.values import Cadence, Direction, Metric, ScoringPolicy
from tests.domain.metrics.builders import CLOSING, DAY, FROM_0_TO_100, OPENING, key_result, measured

AN_INSTANT = timedelta(microseconds=1)
HOLDING = Metric(Direction.AT_LEAST, start=10.0, target=8.0)

silences = st.sampled_from([0.0, 1.0, 1.5, 1e9])
policies = st.builds(
    ScoringPolicy, st.sampled_from([0.0, 0.1]), st.sampled_from([0.1, 0.3]), stale_after_cadences=silences
)
moments = st.builds(
    lambda days, instants: OPENING + days * DAY + instants * AN_INSTANT,
    st.sampled_from([-8.0, 0.0, 7.0, 10.5, 14.0, 17.5, 79.5, 83.0, 90.0, 97.0, 100.5]),
    st.integers(-1, 1),
)
values = st.one_of(st.none(), st.sampled_from([-5.0, 0.0, 10.0, 40.0, 70.0, 90.0, 100.0, 130.0]))


@st.composite
def facts(draw: st.DrawFn) -> KeyResultFacts:
    value, last = draw(values), draw(st.one_of(st.none(), moments))
    return key_result(
        metric=draw(st.sampled_from([FROM_0_TO_100, HOLDING])),
        begins_at=draw(moments),
        due_at=draw(st.one_of(st.just(CLOSING), moments)),
        latest=None if value is None or last is None else measured(value, at=last),
        last_measured_at=last,
    )


def stored(moment: datetime) -> int:
    return (moment - OPENING) // AN_INSTANT


def as_columns(of: Sequence[KeyResultFacts]) -> OpenKeyResults:
    return OpenKeyResults(
        [course(one, ScoringPolicy()).share for one in of],
        [is_level(one.metric) for one in of],
        [stored(one.begins_at) for one in of],
        [stored(one.due_at) for one in of],
        [None if one.last_measured_at is None else stored(one.last_measured_at) for one in of],
        {},
    )


@settings(max_examples=200)
@given(st.lists(facts(), max_size=5), moments, policies)
def test_columns_have_the_figures_of_each_key_result(
    of: Sequence[KeyResultFacts], at: datetime, policy: ScoringPolicy
) -> None:
    silence = policy.stale_after(Cadence.WEEKLY) // AN_INSTANT
    found = open_columns.at_moment(as_columns(of), stored(at), silence, policy)
    alone = [progress.of_key_result(one, at, policy) for one in of]
    assert list(zip(*found, strict=True)) == [(one.value, one.expected, one.health, one.gap) for one in alone]


def test_expected_progress_of_a_plan_takes_the_place_of_the_elapsed_time() -> None:
    planned = as_columns([key_result(40), key_result(40)])._replace(planned={1: 0.25})
    found = open_columns.at_moment(planned, stored(OPENING + 45 * DAY), stored(OPENING + 90 * DAY), ScoringPolicy())
    assert (found.expected, found.gap) == ([0.5, 0.25], [0.5 - 0.4, 0.25 - 0.4])
