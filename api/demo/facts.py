"""The demo company as a list of facts: two years, two quarters, forty people and the outcome of their goals."""

from collections.abc import Iterable, Iterator
from datetime import date
from operator import itemgetter

from api.demo import company, readings, talk
from api.demo.life import Chapter
from api.demo.quarters import active_goals, active_goals_shop, closed_goals, closed_goals_shop, year_goals
from api.demo.quarters.goals import Json
from api.demo.seasons import Calendar, Season
from api.demo.story import fact, the


def facts(today: date, seed: int = 2026) -> Iterator[Json]:
    """The facts of Kettlewren up to the end of the day before `today`, in the form of a fact file.

    The facts are in order of time. The same day and seed give the same facts. Another day shifts all dates (see
    `api.demo.seasons` for the closed and the active quarter). Another seed gives the same people, goals and turns with
    other figures.
    """
    calendar = Calendar.of(today)
    past = [one for one in _story(calendar, seed) if one["at"] < today.isoformat()]
    yield from sorted(past, key=itemgetter("at"))


def _story(calendar: Calendar, seed: int) -> Iterator[Json]:
    closed = Chapter(calendar.closed, (*closed_goals.PRODUCT, *closed_goals_shop.SHOP))
    active = Chapter(calendar.active, (*active_goals.PRODUCT, *active_goals_shop.SHOP), before=closed)
    yield from company.facts(calendar)
    yield from readings.facts(calendar, seed)
    yield from Chapter(calendar.last_year, year_goals.LAST_YEAR).facts(company.FOUNDER, seed)
    yield from Chapter(calendar.year, year_goals.YEAR).facts(company.FOUNDER, seed)
    yield from closed.facts(company.FOUNDER, seed)
    yield from active.facts(company.FOUNDER, seed)
    yield from _comments(calendar.closed, talk.COMMENTS_CLOSED)
    yield from _comments(calendar.active, talk.COMMENTS_ACTIVE)
    yield from _reflections(calendar.closed)


def _comments(season: Season, comments: Iterable[tuple[str, float, str, str]]) -> Iterator[Json]:
    for subject, share, by, body in comments:
        yield fact(season.running.at(share), by, "addComment", {"subject": the(season.ref(subject)), "body": body})


def _reflections(season: Season) -> Iterator[Json]:
    """The reflections of the review, and the scoring policy that the company adopted because of them."""
    assert season.review is not None
    assert season.after is not None
    for place, (subject, kind, by, body) in enumerate(talk.REFLECTIONS):
        share = 0.72 + 0.22 * place / len(talk.REFLECTIONS)
        reflection = {"subject": the(season.ref(subject)), "kind": kind, "body": body}
        yield fact(season.review.at(share), by, "reflect", reflection)
    yield fact(
        season.after.at(0.05),
        company.FOUNDER,
        "adoptScoringPolicy",
        {"onTrackGap": 0.15, "staleAfterCadences": 2.0},
        reason="One week of holiday made half of us red last quarter. Two silent weeks are a silence, one is a rest; "
        "and a gap of an eighth is still on track.",
    )
