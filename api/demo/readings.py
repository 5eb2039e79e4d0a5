"""The readings of the KPIs, day by day and week by week: two incidents, late readings, and corrections."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from api.demo.measures import DAILY, MEASURES, MONTHLY, WEEKLY, Measure
from api.demo.quarters.goals import Json
from api.demo.seasons import Calendar, workday_from
from api.demo.story import fact, key, moment, person, the

DAY = timedelta(days=1)
_NIGHTLY = time(20, 0)
_MONDAY = time(7, 5)
_ANALYST = "noor"
"""The person whose nightly job records the daily readings, and who reads what has no owner."""

_OUTAGE = "The three days without card payments are in it."
_FLOOD = "The water in the hall is in it."
_EXCUSES = (
    "A short week; the holiday took a day.",
    "Rain for five days.",
    "Two of us were ill.",
    "One odd day spoils the week; the rest is as before.",
    "Checked it twice: it is true.",
    "A step back. I expect it to return next week.",
    "The fair took everyone's time.",
    "We know why, and it is our own doing.",
    "A little worse, and nothing behind it that I can find.",
    "Last week was too good to last.",
    "School holidays.",
    "The first of the month falls into it.",
    "A few large orders fewer, that is all.",
    "New people, old questions.",
)
"""Notes on readings that are worse than the week before."""

_DOUBT = (
    (0, "bilal", "Twice as many visits, two days running! What did we do?"),
    (60, "noor", "We counted twice: the banner fired the counter again. Corrected; the old figure stays readable."),
)
"""Comments on the days with double-counted visits: (minutes after the discovery, author, text)."""


class Figures:
    """The true value of every KPI on a day; recorded values may be wrong or late."""

    def __init__(self, calendar: Calendar, seed: int) -> None:
        self._seed = seed
        turns = (*(quarter.starts_on for quarter in calendar.quarters), calendar.active.ends_on)
        self._turns = [datetime.combine(day, time(), UTC) for day in turns]
        self.outage = calendar.closed.running.at(0.62).date()
        """Card payments fail for three days; the care backlog takes nine more to recover."""
        self.flood = calendar.active.running.at(0.55).date()
        """The hall is flooded: a third of the bikes have to be dried and checked again."""

    def at(self, measure: Measure, day: date) -> float:
        """The value on a day, rounded as it is shown; it depends on the seed, the KPI and the day alone."""
        assert measure.levels is not None
        moment_of = datetime.combine(day, time(12), UTC)
        value = self._level(measure.levels, moment_of) * _season(measure, day)
        value += Random(f"{self._seed}/kpi/{measure.key}/{day}").gauss(0, measure.noise)  # noqa: S311  # chance for a story, not for secrets
        value *= 1 + (measure.shocks[0] - 1) * _shock(self.outage, day, 3, 9, measure)
        value *= 1 + (measure.shocks[1] - 1) * _shock(self.flood, day, 4, 16, measure)
        capped = min(value, 100.0) if measure.unit["kind"] == "PERCENT" else value
        return round(capped) if measure.digits == 0 else round(capped, measure.digits)

    def excuse(self, measure: Measure, day: date) -> str | None:
        """The note on a reading that is worse than the one of a week before (of a daily KPI: clearly); else None."""
        if self._fall(measure, day) <= (2 * measure.noise if measure.cadence == "DAILY" else 0):
            return None
        for incident, note in ((self.outage, _OUTAGE), (self.flood, _FLOOD)):
            if 0 <= (day - incident).days < 14:
                return note
        return Random(f"{self._seed}/excuse/{measure.key}/{day}").choice(_EXCUSES)  # noqa: S311  # chance for a story, not for secrets

    def _fall(self, measure: Measure, day: date) -> float:
        """By how much a value is worse than the one of a week before; below 0 if it is better."""
        if measure.goal is None or measure.goal["direction"] == "WITHIN":
            return 0.0
        change = self.at(measure, day) - self.at(measure, day - 7 * DAY)
        return change if measure.goal["direction"] == "AT_MOST" else -change

    def _level(self, levels: tuple[float, ...], at: datetime) -> float:
        last = len(levels) - 2
        leg = next((leg for leg in range(last) if at < self._turns[leg + 1]), last)
        start, end = self._turns[leg], self._turns[leg + 1]
        share = (at - start) / (end - start)
        return levels[leg] + (levels[leg + 1] - levels[leg]) * share


def _season(measure: Measure, day: date) -> float:
    weekday = measure.week[day.weekday()] if measure.week else 1.0
    return weekday * (1 + measure.year * math.cos((day.timetuple().tm_yday - 175) / 365 * math.tau))


def _shock(start: date, day: date, full_days: int, fading_days: int, measure: Measure) -> float:
    """The effect of an incident on a day: 1 at first, then fading; a weekly KPI is affected for one week."""
    passed = (day - start).days
    if measure.cadence != "DAILY":
        return 1.0 if 0 <= passed < 7 else 0.0
    slow = measure.key in ("care-backlog", "stock-ready", "van-utilisation")
    if passed < 0 or passed >= full_days + (fading_days if slow else 0):
        return 0.0
    return 1.0 if passed < full_days else 1 - (passed - full_days) / fading_days


def facts(calendar: Calendar, seed: int) -> Iterator[Json]:
    """The KPIs, their readings, and later changes of both."""
    figures = Figures(calendar, seed)
    yield from _definitions(calendar)
    yield from _nightly(calendar, figures)
    yield from _weekly(calendar, figures)
    yield from _monthly(calendar, figures)
    yield from _changes(calendar)


def _definitions(calendar: Calendar) -> Iterator[Json]:
    for place, measure in enumerate(MEASURES):
        given: Json = {"key": measure.key, "name": measure.name, "unit": measure.unit, "cadence": measure.cadence}
        given |= {"team": the(f"team/{measure.team}")}
        given |= {"owner": person(measure.owner)} if measure.owner else {}
        given |= {"goal": measure.goal} if measure.goal else {}
        given |= {"description": measure.why} if measure.why else {}
        given |= {"aggregation": measure.aggregation} if measure.aggregation != "LAST" else {}
        at = calendar.founding.at(0.7 + 0.28 * place / len(MEASURES))
        yield fact(at, measure.owner or _ANALYST, "defineKpi", given, ref=f"kpi/{measure.key}")


def _reading(measure: Measure, value: float, at: datetime, note: str | None = None) -> Json:
    reading: Json = {"kpi": key(measure.key), "value": value, "measuredAt": moment(at)}
    return reading | ({"note": note} if note else {})


def _days(calendar: Calendar) -> list[date]:
    count = (calendar.today - calendar.first_reading).days
    return [calendar.first_reading + passed * DAY for passed in range(count)]


# ── every night ──────────────────────────────────────────────────────────────────────────────────


def _nightly(calendar: Calendar, figures: Figures) -> Iterator[Json]:
    doubled = _doubled_days(calendar)
    for day in _days(calendar):
        at = datetime.combine(day, _NIGHTLY, UTC)
        whole = [measure for measure in DAILY if day not in doubled or measure.key != "visits"]
        readings = [_reading(one, figures.at(one, day), at, _note(figures, one, day)) for one in whole]
        yield fact(at + timedelta(minutes=4), _ANALYST, "recordReadings", {"readings": readings})
    yield from _double_count(doubled, figures)


def _note(figures: Figures, measure: Measure, day: date) -> str | None:
    remarks = {
        ("payment-success", figures.outage): "Card payments fail since noon; the provider knows and says nothing.",
        ("payment-success", figures.outage + 2 * DAY): "Half of it is back. Transfers still stand still.",
        ("orders-daily", figures.outage + DAY): "People fill carts and wait.",
        ("stock-ready", figures.flood): "Water in the hall. Everything on the lowest rack is out of sale.",
        ("stock-ready", figures.flood + 5 * DAY): "The first forty are dry, checked and back.",
    }
    return remarks.get((measure.key, day)) or figures.excuse(measure, day)


def _doubled_days(calendar: Calendar) -> list[date]:
    first = calendar.active.running.at(0.25).date()
    return [first, first + DAY]


def _double_count(days: list[date], figures: Figures) -> Iterator[Json]:
    """Two days with double-counted visits, corrected on the next working day."""
    found = datetime.combine(workday_from(days[-1] + DAY), time(8, 20), UTC)
    for minutes, by, body in _DOUBT:
        comment = {"subject": the("kpi/visits"), "body": body}
        yield fact(found + timedelta(minutes=minutes), by, "addComment", comment)
    visits = next(measure for measure in DAILY if measure.key == "visits")
    for place, day in enumerate(days, start=1):
        at, ref = datetime.combine(day, _NIGHTLY, UTC), f"kpi/visits/doubled-{place}"
        true = figures.at(visits, day)
        readings = [_reading(visits, true * 2, at)]
        yield fact(at + timedelta(minutes=6), _ANALYST, "recordReadings", {"readings": readings}, ref=ref)
        yield fact(
            found + timedelta(minutes=50 + place),
            "noor",
            "correctReading",
            {"reading": the(ref), "value": true, "note": "Each visit was counted twice."},
            reason="The new banner fired the counter a second time; the server's own log says half.",
        )


# ── every week and month ─────────────────────────────────────────────────────────────────────────


def _weekly(calendar: Calendar, figures: Figures) -> Iterator[Json]:
    mondays = [day for day in _days(calendar) if day.weekday() == 0]
    irregular = _IrregularReadings(calendar, figures, mondays)
    for monday in mondays:
        kept = [measure for measure in WEEKLY if not irregular.takes(measure, monday)]
        yield from _by_owner(kept, monday, figures)
    yield from irregular.facts()


def _monthly(calendar: Calendar, figures: Figures) -> Iterator[Json]:
    for day in _days(calendar):
        if day.day == 1:
            yield from _by_owner(MONTHLY, workday_from(day), figures)


def _by_owner(measures: Iterable[Measure], day: date, figures: Figures) -> Iterator[Json]:
    """One batch for each owner, recorded one after another on the morning of the day."""
    batches: dict[str, list[Json]] = defaultdict(list)
    at = datetime.combine(day, _MONDAY, UTC)
    for measure in measures:
        reading = _reading(measure, figures.at(measure, day), at, figures.excuse(measure, day))
        batches[measure.owner or _ANALYST].append(reading)
    for place, (owner, readings) in enumerate(batches.items(), start=1):
        yield fact(at + timedelta(minutes=11 * place), owner, "recordReadings", {"readings": readings})


class _IrregularReadings:
    """Irregular weekly readings: abandoned, three weeks late, mistyped, or retracted."""

    def __init__(self, calendar: Calendar, figures: Figures, mondays: list[date]) -> None:
        self._calendar, self._figures = calendar, figures
        weeks = [day for day in mondays if calendar.closed.starts_on <= day <= calendar.closed.ends_on]
        self._late = weeks[5:8]
        self._retracted = weeks[3]
        self._mistyped = weeks[-1]
        self._forgotten_from = weeks[2]
        self._retired_from = calendar.active.running.at(0.4).date()

    def takes(self, measure: Measure, monday: date) -> bool:
        """Whether this reading is not part of the usual batch."""
        return {
            "return-rate": monday in self._late,
            "csat": monday == self._retracted,
            "gross-margin": monday == self._mistyped,
            "accessories-share": monday >= self._forgotten_from,
            "newsletter-readers": monday >= self._retired_from,
        }.get(measure.key, False)

    def facts(self) -> Iterator[Json]:
        yield from self._three_weeks_late()
        yield from self._retracted_survey()
        yield from self._corrected_after_close()

    def _single(self, name: str, monday: date, factor: float, note: str | None = None) -> tuple[Measure, Json]:
        measure = next(measure for measure in WEEKLY if measure.key == name)
        value = round(self._figures.at(measure, monday) * factor, measure.digits)
        return measure, _reading(measure, value, datetime.combine(monday, _MONDAY, UTC), note)

    def _three_weeks_late(self) -> Iterator[Json]:
        readings = [self._single("return-rate", day, 1.0, "Counted from the returns' slips.")[1] for day in self._late]
        yield fact(
            datetime.combine(self._late[-1] + 10 * DAY, time(13, 40), UTC),
            "leila",
            "recordReadings",
            {"readings": readings},
            reason="The returns' scanner was in repair for three weeks; the slips are counted by hand now.",
        )

    def _retracted_survey(self) -> Iterator[Json]:
        measure, reading = self._single("csat", self._retracted, 1.09)
        ref = f"kpi/{measure.key}/retracted"
        at = datetime.combine(self._retracted, time(9, 20), UTC)
        yield fact(at, "sofia", "recordReadings", {"readings": [reading]}, ref=ref)
        asked = "Ninety-four? Did we get a new manager without noticing?"
        about = {"subject": the(f"kpi/{measure.key}")}
        yield fact(at + timedelta(hours=5), "deniz", "addComment", {**about, "body": asked})
        reply = "It went to our own inboxes. Taken back. Please do stop voting for yourselves."
        yield fact(at + timedelta(days=3, hours=5), "sofia", "addComment", {**about, "body": reply})
        yield fact(
            at + timedelta(days=3, hours=4),
            "sofia",
            "retractReading",
            {"reading": the(ref)},
            reason="The survey went to our own people only. A fine result, of no use.",
        )

    def _corrected_after_close(self) -> Iterator[Json]:
        measure, reading = self._single("gross-margin", self._mistyped, 1.06)
        ref = f"kpi/{measure.key}/mistyped"
        at = datetime.combine(self._mistyped, time(8, 50), UTC)
        yield fact(at, "viktor", "recordReadings", {"readings": [reading]}, ref=ref)
        assert self._calendar.closed.after is not None
        yield fact(
            self._calendar.closed.after.at(0.15),
            "viktor",
            "correctReading",
            {"reading": the(ref), "value": self._figures.at(measure, self._mistyped)},
            reason="Two supplier invoices of the last week were dated into the next month.",
        )


# ── the KPIs themselves ──────────────────────────────────────────────────────────────────────────


def _changes(calendar: Calendar) -> Iterator[Json]:
    closed, active = calendar.closed.running, calendar.active.running
    yield fact(
        closed.at(0.4),
        "leila",
        "redefineKpi",
        {"kpi": key("return-rate"), "goal": {"direction": "AT_MOST", "target": 8.5, "tolerance": 1.0}},
        reason="Nine was the trade's figure. We know every bike; we can ask more of ourselves.",
    )
    yield fact(
        active.at(0.2),
        "celeste",
        "redefineKpi",
        {"kpi": key("nps"), "goal": {"direction": "AT_LEAST", "target": 42, "tolerance": 4}},
        reason="Forty held for six weeks running.",
    )
    yield fact(
        active.at(0.4),
        "anouk",
        "retireKpi",
        {"kpi": key("newsletter-readers")},
        reason="It only ever goes up, and nobody has decided anything by it.",
    )
