"""The check-ins of each key result, week by week, with later corrections."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from api.demo.curves import confidence, measurement, only_grows, trend
from api.demo.notes import Notebook
from api.demo.quarters.goals import Goal, Json, Late, Result, Slip, Turn
from api.demo.seasons import Season, workday_from
from api.demo.story import fact, moment, the

_WEEKDAYS = (0, 1, 3, 3, 4, 4)
_SKIPPED = 0.09


@dataclass(frozen=True)
class Tracked:
    """A key result in its season, with its name in the file and the time of its check-ins. `keeper` returns the owner
    of its objective at a moment."""

    season: Season
    goal: Goal
    result: Result
    ref: str
    keeper: Callable[[datetime], str]
    since: datetime
    until: datetime
    born: float
    """The share of the cycle that had passed when it was added; 0 if it was planned."""

    def owner_at(self, at: datetime) -> str:
        """The owner at a moment: its own owner, else that of its objective."""
        given = [str(turn.input["owner"]) for turn in self._taken(self.result.turns, at) if "owner" in turn.input]
        return given[-1] if given else self.result.owner or self.keeper(at)

    def linked_at(self, at: datetime) -> bool:
        """Whether a KPI's readings are its measurements at a moment."""
        taken = [turn.do for turn in self._taken(self.result.turns, at) if turn.do in ("linkKpi", "unlinkKpi")]
        return taken[-1] == "linkKpi" if taken else self.result.kpi is not None

    def silent_at(self, at: datetime) -> bool:
        """Whether there are no check-ins: during the `silent` period, or while the objective is closed."""
        start, end = self.result.silent or (2.0, 2.0)
        taken = [turn.do for turn in self._taken(self.goal.turns, at)]
        shut = taken.count("closeObjective") > taken.count("reopenObjective")
        return shut or start <= self.season.elapsed(at) < end

    def _taken(self, turns: Iterable[Turn], at: datetime) -> list[Turn]:
        return [turn for turn in turns if self.season.at(turn.share, in_review=turn.in_review) <= at]

    def elapsed(self, at: datetime) -> float:
        """The share of the time since the key result was added that has passed."""
        return max(self.season.elapsed(at) - self.born, 0.0) / (1 - self.born)


def facts(tracked: Tracked, seed: int) -> Iterator[Json]:
    """All check-ins of a key result; its table may add a slip with its correction, and a late check-in."""
    rng = Random(f"{seed}/check-ins/{tracked.ref}")  # noqa: S311  # chance for a story, not for secrets
    checked_in = list(_regular(tracked, rng))
    if tracked.result.slip and checked_in:
        yield from _slip(tracked, tracked.result.slip, checked_in)
    yield from checked_in
    if tracked.result.late:
        yield from _late(tracked, tracked.result.late, rng)


def _days(season: Season, rng: Random) -> Iterator[date]:
    weekday, offset = rng.choice(_WEEKDAYS), rng.randint(2, 8)
    if season.is_year:
        for month in range(1, 14):
            yield workday_from(season.starts_on + timedelta(days=30 * month + offset - 5))
        return
    first = season.starts_on + timedelta(days=4)
    first += timedelta(days=(weekday - first.weekday()) % 7)
    for week in range(18):
        yield first + timedelta(weeks=week)


def _moments(tracked: Tracked, rng: Random) -> Iterator[datetime]:
    second_week, last_weeks = tracked.season.starts_on + timedelta(days=11), tracked.season.ends_on - timedelta(days=13)
    for day in _days(tracked.season, rng):
        at = datetime.combine(day, time(rng.randint(8, 15), rng.randint(0, 59), rng.randint(0, 59)), UTC)
        skipped = rng.random() < _SKIPPED and second_week < day < last_weeks
        if tracked.since < at < tracked.until and not skipped and not tracked.silent_at(at):
            yield at


def _regular(tracked: Tracked, rng: Random) -> Iterator[Json]:
    notebook = Notebook(tracked.goal.team, rng)
    before: Json = {}
    for at in _moments(tracked, rng):
        measured = _measured(tracked, at, before, rng)
        values = {"keyResult": the(tracked.ref), **measured, **_opinion(tracked, at, rng)}
        by = _author(tracked, at, rng)
        written = notebook.note(trend(tracked.result, measured, before) if measured else "linked", by)
        before = measured or before
        yield fact(at, by, "checkIn", values | ({"note": written} if written else {}))


def _measured(tracked: Tracked, at: datetime, before: Json, rng: Random) -> Json:
    """The manual measurement; empty if the readings of a KPI are the measurements."""
    if tracked.linked_at(at):
        return {}
    measured = measurement(tracked.result, tracked.elapsed(at), rng)
    if only_grows(tracked.result) and before:
        return {"value": max(measured["value"], before["value"])}
    return measured


def _opinion(tracked: Tracked, at: datetime, rng: Random) -> Json:
    """The confidence, which one in ten check-ins with a value leaves out."""
    stated, is_left_out = confidence(tracked.result, tracked.elapsed(at), rng), rng.random() < 0.1
    return {} if is_left_out and not tracked.linked_at(at) else {"confidence": stated}


def _author(tracked: Tracked, at: datetime, rng: Random) -> str:
    is_substitute = rng.random() < 0.08
    helpers = tracked.goal.contributors
    return rng.choice(helpers) if is_substitute and helpers and not tracked.season.is_year else tracked.owner_at(at)


def _slip(tracked: Tracked, slip: Slip, checked_in: list[Json]) -> Iterator[Json]:
    """Falsify one check-in in place, and yield its correction."""
    wanted = tracked.season.starts_on + (tracked.season.ends_on - tracked.season.starts_on) * slip.share
    wrong = min(checked_in, key=lambda one: abs(date.fromisoformat(one["at"][:10]) - wanted))
    right, at = wrong["input"]["value"], datetime.fromisoformat(wrong["at"])
    wrong["ref"] = f"{tracked.ref}/slip"
    wrong["input"]["value"] = type(right)(round(right * slip.factor, 2))
    later = at + timedelta(days=2 if at.weekday() < 3 else 4, minutes=17)
    if slip.asked:
        by, body = slip.asked
        yield fact(at + timedelta(minutes=95), by, "addComment", {"subject": the(tracked.ref), "body": body})
    if slip.after_close and tracked.season.after:
        later = tracked.season.after.at(0.4)
    values = {"checkIn": the(wrong["ref"]), "value": right}
    yield fact(later, tracked.owner_at(later), "correctCheckIn", values, reason=slip.reason)


def _late(tracked: Tracked, late: Late, rng: Random) -> Iterator[Json]:
    season = tracked.season
    assert season.after is not None
    measured = datetime.combine(season.ends_on, time(16, 30), UTC)
    values: Json = {"keyResult": the(tracked.ref), **measurement(tracked.result, 1.0, rng, late.reach)}
    values |= {"note": late.note, "measuredAt": moment(measured)}
    at = season.after.at(late.share)
    yield fact(at, tracked.owner_at(at), "checkIn", values, reason=late.reason)
