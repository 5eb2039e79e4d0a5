"""A big customer as a list of facts: people in a tree of teams, quarters of goals, and KPIs with daily readings."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from operator import itemgetter
from random import Random
from typing import Any, Final, TypeAlias

import msgspec

from api.demo.story import fact, key, moment, person, the

Fact: TypeAlias = dict[str, Any]
QUARTER_DAYS: Final = 91
RUNNING_DAYS: Final = 63
"""How long the last quarter has run; the earlier ones are closed."""
NINE: Final = time(9, tzinfo=UTC)
KPIS_OF_A_FORMULA: Final = 10
"""Every tenth KPI is worked out from two others."""
KEY_RESULTS_OF_A_LINK: Final = 20
"""Every twentieth key result is measured by a KPI."""
PRIVATE_AMONG: Final = 100
"""Every hundredth objective is visible to its team only."""


class Sizes(msgspec.Struct, frozen=True):
    """The sizes of a customer; by default those of the performance goals."""

    people: int = 5_000
    teams: int = 800
    levels: int = 5
    quarters: int = 2
    objectives: int = 3_000
    """A quarter."""
    key_results: int = 4
    """An objective."""
    check_ins: int = 3
    """A key result."""
    kpis: int = 500
    days: int = 726
    """Of readings, one a day and KPI."""

    def scaled(self, share: float) -> "Sizes":
        """A smaller customer: as many levels, quarters, key results, check-ins and days, of a share of the rest."""
        parts = {
            name: max(round(getattr(self, name) * share), 10) for name in ("people", "teams", "objectives", "kpis")
        }
        return msgspec.structs.replace(self, **parts)


def facts(sizes: Sizes, until: date, seed: int = 1) -> Iterator[Fact]:
    """The facts of a customer up to the end of the day before `until`, in the order in which they can be imported."""
    first = until - timedelta(days=RUNNING_DAYS + QUARTER_DAYS * (sizes.quarters - 1))
    founding = min(first, until - timedelta(days=sizes.days)) - timedelta(days=30)
    yield from _people(sizes, _at(founding))
    yield from _teams(sizes, _at(founding))
    yield from _kpis(sizes, _at(founding + timedelta(days=1)), seed)
    yield from _readings(sizes, until, seed)
    yield from _year(sizes, first)
    for number in range(sizes.quarters):
        quarter = _Quarter(sizes, number, first + timedelta(days=QUARTER_DAYS * number), until, seed)
        yield from sorted(quarter.facts(), key=itemgetter("at"))


# ── people and teams ─────────────────────────────────────────────────────────────────────────────


def _people(sizes: Sizes, at: datetime) -> Iterator[Fact]:
    for number in range(sizes.people):
        given = {"handle": _handle(number), "name": f"Person {number}", "email": f"{_handle(number)}@example.com"}
        yield fact(at, _handle(0), "addPerson", given, ref=f"person:{_handle(number)}")


def _teams(sizes: Sizes, at: datetime) -> Iterator[Fact]:
    for number in range(sizes.teams):
        given: Fact = {"key": f"team-{number}", "name": f"Team {number}", "lead": person(_lead(sizes, number))}
        if number:
            given["parent"] = the(f"team/{_above(sizes, number)}")
        yield fact(at, _handle(0), "formTeam", given, ref=f"team/{number}")
    for number in range(sizes.people):
        joined = {"team": the(f"team/{number % sizes.teams}"), "person": person(_handle(number))}
        yield fact(at, _handle(0), "joinTeam", joined)


def _above(sizes: Sizes, team: int) -> int:
    """The parent of a team in a tree of so many levels, in which every team has as many parts."""
    parts = 1
    while sum(parts**level for level in range(sizes.levels)) < sizes.teams:
        parts += 1
    return (team - 1) // parts


def _lead(sizes: Sizes, team: int) -> str:
    return _handle(team % sizes.people)


def _handle(number: int) -> str:
    return f"p{number}"


# ── KPIs ─────────────────────────────────────────────────────────────────────────────────────────


def _kpis(sizes: Sizes, at: datetime, seed: int) -> Iterator[Fact]:
    rng = Random(f"{seed}/kpis")
    for number in range(sizes.kpis):
        goal = {"direction": rng.choice(["AT_LEAST", "AT_MOST"]), "target": 100, "tolerance": 5}
        given: Fact = {"key": f"kpi-{number}", "name": f"Measure {number}", "goal": goal}
        given |= {"unit": {"kind": "NUMBER"}, "owner": person(_lead(sizes, number % sizes.teams))}
        given |= {"team": the(f"team/{number % sizes.teams}"), "cadence": "WEEKLY" if _is_formula(number) else "DAILY"}
        given |= {"aggregation": "LAST" if _is_formula(number) else rng.choice(["MEAN", "LAST", "SUM"])}
        if _is_formula(number):
            given["formula"] = {"average": {"of": [key(f"kpi-{number - 1}"), key(f"kpi-{number - 2}")]}}
        yield fact(at, _handle(0), "defineKpi", given)


def _readings(sizes: Sizes, until: date, seed: int) -> Iterator[Fact]:
    first = until - timedelta(days=sizes.days)
    for number in range(sizes.kpis):
        if _is_formula(number):
            continue
        rng = Random(f"{seed}/readings/{number}")
        values = ((first + timedelta(days=day), 100 + 20 * rng.random() - 10) for day in range(sizes.days))
        given = [
            {"kpi": key(f"kpi-{number}"), "value": round(value, 2), "measuredAt": moment(_at(day))}
            for day, value in values
        ]
        yield fact(
            _at(until - timedelta(days=1)), _lead(sizes, number % sizes.teams), "recordReadings", {"readings": given}
        )


def _is_formula(kpi: int) -> bool:
    return kpi % KPIS_OF_A_FORMULA == KPIS_OF_A_FORMULA - 1


# ── goals ────────────────────────────────────────────────────────────────────────────────────────


def _year(sizes: Sizes, first: date) -> Iterator[Fact]:
    """A year of goals without key results of their own, which the goals of the quarters support."""
    at = _at(first - timedelta(days=20))
    days = {"startsOn": first.isoformat(), "endsOn": (first + timedelta(days=QUARTER_DAYS * 4)).isoformat()}
    yield fact(at, _handle(0), "openCycle", {"key": "year", "name": "The year", "checkInCadence": "MONTHLY", **days})
    for number in range(min(10, sizes.teams)):
        given = {"cycle": key("year"), "title": f"Customers of market {number} stay", "team": the(f"team/{number}")}
        yield fact(at, _lead(sizes, number), "draftObjective", given, ref=f"year/{number}")
    yield fact(at + timedelta(hours=1), _handle(0), "activateCycle", {"cycle": key("year")})


class _Quarter:
    """One quarter: drafted before its first day, checked in on, edited and, except the last, closed."""

    def __init__(self, sizes: Sizes, number: int, first: date, until: date, seed: int) -> None:
        self._sizes, self._key, self._first = sizes, f"q{number + 1}", first
        self._until = min(_at(first + timedelta(days=QUARTER_DAYS)), _at(until - timedelta(days=1)))
        self._is_last = number == sizes.quarters - 1
        self._rng = Random(f"{seed}/{self._key}")

    def facts(self) -> Iterator[Fact]:
        drafting, last = _at(self._first - timedelta(days=10)), self._first + timedelta(days=QUARTER_DAYS - 1)
        days = {"startsOn": self._first.isoformat(), "endsOn": last.isoformat(), "parent": key("year")}
        yield fact(drafting - timedelta(days=1), _handle(0), "openCycle", {"key": self._key, "name": self._key, **days})
        for number in range(self._sizes.objectives):
            yield from self._drafted(number, drafting)
            yield from self._edited(number)
            for part in range(self._sizes.key_results):
                yield from self._pursued(number, part)
        yield fact(_at(self._first), _handle(0), "activateCycle", {"cycle": key(self._key)})
        if not self._is_last:
            yield fact(self._until, _handle(0), "closeCycle", {"cycle": key(self._key), "closeObjectives": True})

    def _drafted(self, number: int, at: datetime) -> Iterator[Fact]:
        team = number % self._sizes.teams
        given: Fact = {
            "cycle": key(self._key),
            "title": f"Customers of region {number} come back",
            "team": the(f"team/{team}"),
        }
        given |= {"kind": self._rng.choice(["COMMITTED", "ASPIRATIONAL"]), "owner": person(self._keeper(number))}
        given |= {"supports": self._supported(number)}
        given |= {"visibility": "TEAM"} if number % PRIVATE_AMONG == PRIVATE_AMONG - 1 else {}
        yield fact(at, self._keeper(number), "draftObjective", given, ref=self._ref(number))
        for part in range(self._sizes.key_results):
            yield self._added(number, part, at)

    def _added(self, number: int, part: int, at: datetime) -> Fact:
        metric: Fact = {"direction": "INCREASE", "start": 0, "target": 100}
        given: Fact = {
            "objective": the(self._ref(number)),
            "title": f"Share of orders of kind {part}",
            "metric": metric,
        }
        given |= {"weight": self._rng.choice([1, 1, 2])}
        if self._is_linked(number, part):
            metric |= {"start": 80, "target": 120}
            given["kpi"] = key(f"kpi-{self._rng.randrange(self._sizes.kpis)}")
        return fact(at, self._keeper(number), "addKeyResult", given, ref=self._ref(number, part))

    def _supported(self, number: int) -> list[Fact]:
        """The first goals support those of the year, the others one of the team above."""
        if number < min(10, self._sizes.teams):
            return [the(f"year/{number}")]
        team = number % self._sizes.teams
        return [the(self._ref(_above(self._sizes, team) if team else 0))]

    def _pursued(self, number: int, part: int) -> Iterator[Fact]:
        value = 0.0
        for turn in range(self._sizes.check_ins):
            value += self._rng.uniform(0, 150 / self._sizes.check_ins)
            measured = {} if self._is_linked(number, part) else {"value": round(value, 1)}
            given = {"keyResult": the(self._ref(number, part)), "confidence": round(self._rng.random(), 1), **measured}
            given |= {"note": "A good week: three shops more."} if self._rng.random() < 0.1 else {}
            yield fact(self._moment(turn + 1), self._keeper(number), "checkIn", given)

    def _edited(self, number: int) -> Iterator[Fact]:
        """Every tenth goal moves a goalpost, and every fiftieth is dropped."""
        if number % 10 == 5:
            given = {
                "keyResult": the(self._ref(number, 0)),
                "metric": {"direction": "INCREASE", "start": 0, "target": 80},
            }
            if not self._is_linked(number, 0):
                yield fact(
                    self._moment(1), self._keeper(number), "retargetKeyResult", given, reason="Two markets less."
                )
        if number % 50 == 49:
            given = {"objective": the(self._ref(number))}
            yield fact(
                self._until - timedelta(hours=2), self._keeper(number), "dropObjective", given, reason="Not now."
            )

    def _moment(self, turn: int) -> datetime:
        """A moment in one of the equal parts of the quarter."""
        begin = _at(self._first) + timedelta(hours=1)
        span = (self._until - timedelta(hours=3) - begin) / self._sizes.check_ins
        return begin + span * (turn - 1 + self._rng.random())

    def _is_linked(self, number: int, part: int) -> bool:
        return (number * self._sizes.key_results + part) % KEY_RESULTS_OF_A_LINK == KEY_RESULTS_OF_A_LINK - 1

    def _keeper(self, number: int) -> str:
        return _handle(number % self._sizes.people)

    def _ref(self, number: int, part: int | None = None) -> str:
        return f"{self._key}/{number}" if part is None else f"{self._key}/{number}/{part}"


def _at(day: date) -> datetime:
    return datetime.combine(day, NINE)
