"""The demo company as a list of facts: a year of four quarters, forty people and the outcome of their goals."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from operator import itemgetter

from api.demo import company, plans, readings, talk
from api.demo.life import Chapter
from api.demo.quarters import (
    first_quarter,
    fourth_quarter,
    fourth_quarter_shop,
    second_quarter,
    third_quarter,
    third_quarter_shop,
    year_goals,
)
from api.demo.quarters.goals import Goal, Json
from api.demo.seasons import Calendar, Season
from api.demo.story import fact, the


def facts(today: date, seed: int = 2026) -> Iterator[Json]:
    """The facts of Kettlewren up to the end of the day before `today`, in the form of a fact file.

    The facts are in order of time. The same day and seed give the same facts. Another day shifts all dates (see
    `api.demo.seasons` for the quarters). Another seed gives the same people, goals and turns with other figures.
    """
    calendar = Calendar.of(today)
    past = [one for one in _story(calendar, seed) if one["at"] < today.isoformat()]
    yield from sorted(past, key=itemgetter("at"))


GOALS: tuple[tuple[Goal, ...], ...] = (
    first_quarter.GOALS,
    second_quarter.GOALS,
    (*third_quarter.PRODUCT, *third_quarter_shop.SHOP),
    (*fourth_quarter.PRODUCT, *fourth_quarter_shop.SHOP),
)
"""The goals of the four quarters."""


def _story(calendar: Calendar, seed: int) -> Iterator[Json]:
    yield from company.facts(calendar)
    yield from readings.facts(calendar, seed)
    yield from plans.facts(calendar)
    yield from Chapter(calendar.year, year_goals.YEAR).facts(company.FOUNDER, seed)
    before: Chapter | None = None
    for quarter, goals, comments, reflections in zip(
        calendar.quarters, GOALS, talk.COMMENTS, talk.REFLECTIONS, strict=True
    ):
        before = Chapter(quarter, goals, before)
        yield from before.facts(company.FOUNDER, seed)
        yield from _comments(quarter, comments)
        yield from _reflections(quarter, reflections)
    yield _new_policy(calendar.closed)


def _comments(season: Season, comments: Iterable[tuple[str, float, str, str]]) -> Iterator[Json]:
    for subject, share, by, body in comments:
        yield fact(season.running.at(share), by, "addComment", {"subject": the(season.ref(subject)), "body": body})


def _reflections(season: Season, reflections: Sequence[tuple[str, str, str, str]]) -> Iterator[Json]:
    """The reflections of the review."""
    for place, (subject, kind, by, body) in enumerate(reflections):
        assert season.review is not None
        share = 0.72 + 0.22 * place / len(reflections)
        reflection = {"subject": the(season.ref(subject)), "kind": kind, "body": body}
        yield fact(season.review.at(share), by, "reflect", reflection)


def _new_policy(season: Season) -> Json:
    """The scoring policy that the company adopted because of its reflections."""
    assert season.after is not None
    return fact(
        season.after.at(0.05),
        company.FOUNDER,
        "adoptScoringPolicy",
        {"staleAfterCadences": 2.0},
        reason="One week of holiday made half of us grey last quarter. Two silent weeks are a silence, one is a rest.",
    )
