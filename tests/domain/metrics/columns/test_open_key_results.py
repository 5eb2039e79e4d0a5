"""The figures of open key results as columns are those of their courses, one by one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.metrics import progress
from domain.metrics.columns import open_key_results
from domain.metrics.columns.arrays import healths, numbers
from domain.metrics.columns.open_key_results import Figures, OpenKeyResults
from domain.metrics.progress import KeyResultFacts, course, is_level
from domain.metrics.rating import Health
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
        begins_at=draw(st.one_of(st.just(OPENING), moments)),
        due_at=draw(st.one_of(st.just(CLOSING), moments)),
        latest=None if value is None or last is None else measured(value, at=last),
        last_measured_at=last,
    )


def stored(moment: datetime) -> int:
    return (moment - OPENING) // AN_INSTANT


def as_columns(of: Sequence[KeyResultFacts], *, are_shared: bool = False) -> OpenKeyResults:
    """`are_shared`: a beginning or due day that all have is given once."""
    begins, dues = ([stored(getattr(one, name)) for one in of] for name in ("begins_at", "due_at"))
    return OpenKeyResults(
        np.array([course(one, ScoringPolicy()).share for one in of], np.float64),
        np.array([is_level(one.metric) for one in of]) if any(is_level(one.metric) for one in of) else None,
        begins[0] if are_shared and len({*begins}) == 1 else np.array(begins, np.int64),
        dues[0] if are_shared and len({*dues}) == 1 else np.array(dues, np.int64),
        np.array([stored(one.last_measured_at or one.begins_at) for one in of], np.int64),
        {},
    )


def figures(found: Figures) -> list[tuple[float | Health | None, ...]]:
    columns = (numbers(found.value), numbers(found.expected), healths(found.health), numbers(found.gap))
    return list(zip(*columns, strict=True))


def check(of: Sequence[KeyResultFacts], at: datetime, policy: ScoringPolicy) -> None:
    """The columns of these key results have the figures of each, bit for bit."""
    silence = policy.stale_after(Cadence.WEEKLY) // AN_INSTANT
    alone = [progress.of_key_result(one, at, policy) for one in of]
    expected = [(one.value, one.expected, one.health, one.gap) for one in alone]
    for are_shared in (False, True):
        found = open_key_results.at_moment(as_columns(of, are_shared=are_shared), stored(at), silence, policy)
        assert repr(figures(found)) == repr(expected)


@settings(max_examples=200)
@given(st.lists(facts(), max_size=5), moments, policies)
def test_columns_have_the_figures_of_each_key_result(
    of: Sequence[KeyResultFacts], at: datetime, policy: ScoringPolicy
) -> None:
    check(of, at, policy)


def test_elapsed_share_of_a_span_of_centuries_is_rounded_once() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    of = [key_result(40, due_at=last), key_result(begins_at=OPENING + AN_INSTANT, due_at=last - AN_INSTANT)]
    for days in range(1, 2_000_000, 99_991):
        check(of, OPENING + days * DAY + AN_INSTANT, ScoringPolicy())
        check(of[:1], OPENING + days * DAY + AN_INSTANT, ScoringPolicy())


def test_expected_progress_of_a_plan_takes_the_place_of_the_elapsed_time() -> None:
    planned = as_columns([key_result(40), key_result(40)])._replace(planned={1: 0.25})
    found = open_key_results.at_moment(planned, stored(OPENING + 45 * DAY), stored(OPENING + 90 * DAY), ScoringPolicy())
    assert (found.expected.tolist(), found.gap.tolist()) == ([0.5, 0.25], [0.5 - 0.4, 0.25 - 0.4])
