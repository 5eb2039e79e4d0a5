"""The summary of a report in plain sentences: what was planned, what was reached, what moved, how honest it was."""

from collections import Counter

from api.report.amounts import percent
from api.report.content import Story

LATE_DAYS = 21
"""The last days of a cycle, in which a changed target is mentioned as late."""
HONEST_POINTS = 5
"""Up to this many percentage points, the mean confidence is close to the share that came true."""
_VERDICTS = {"ACHIEVED": "achieved", "PARTIAL": "partial", "MISSED": "missed"}


def sentences(story: Story) -> list[str]:
    """The sentences of the summary, in the order of the questions."""
    found = (_planned(story), _reached(story), _judged(story), _course(story), _goalposts(story), _confidence(story))
    honest = (_silences(story), story.recorded_afterwards.summary)
    return [one for one in (*found, *honest) if one is not None]


# ── plan and outcome ─────────────────────────────────────────────────────────────────────────────


def _planned(story: Story) -> str:
    planned, added, dropped = (_goals(story, name) for name in ("planned", "added_later", "dropped"))
    later = [f"; {goals} {how}" for goals, how in ((added, "added later"), (dropped, "dropped")) if goals]
    return f"Planned: {planned or 'nothing'}{''.join(later)}."


def _goals(story: Story, count: str) -> str:
    """One of the counts of objectives and key results, in words; empty without any."""
    objectives, key_results = (getattr(of, count) for of in (story.objective_counts, story.key_result_counts))
    named = ((objectives, "objective"), (key_results, "key result"))
    return " and ".join(counted(number, name) for number, name in named if number)


def _reached(story: Story) -> str | None:
    attainment = story.attainment
    if attainment.against_original is None and attainment.against_final is None:
        return "Nothing was measured."
    reached = (
        f"{percent(attainment.against_original)} is reached against the original targets, "
        f"{percent(attainment.against_final)} against the final ones"
    )
    if story.cycle.end is None:
        expected = "" if story.narrowed else f"; {percent(story.cycle.progress.expected)} is expected by now"
        return f"So far {reached}{expected}."
    return f"{reached[0].upper()}{reached[1:]}{_scored(story)}."


def _scored(story: Story) -> str:
    ended = _ended(story)
    verdicts = [f"{ended[health]} {name}" for health, name in _VERDICTS.items() if ended[health]]
    if story.attainment.score is None:
        return ""
    of_objectives = f" (objectives: {', '.join(verdicts)})" if verdicts else ""
    return f"; the score is {percent(story.attainment.score)}{of_objectives}"


def _ended(story: Story) -> Counter[str | None]:
    """The number of objectives by how they ended; empty if the report shows only some of them and is narrowed."""
    if not story.is_cut:
        return Counter(one.objective.progress.health for one in story.objectives)
    return Counter() if story.narrowed else Counter({one.health: one.count for one in story.cycle.objectives})


def _judged(story: Story) -> str | None:
    judgement = _points(story.attribution.judgement or 0.0)
    if judgement == 0:
        return None
    side = "above" if judgement > 0 else "below"
    return f"People scored it {_in_points(judgement)} {side} its measured progress."


def _course(story: Story) -> str | None:
    """When progress was farthest from the plan."""
    far = story.plan_curve.farthest
    if far is None or _points(far.distance) == 0:
        return None
    side = "behind" if far.distance < 0 else "ahead of"
    at = story.day_of(far.at)
    day = f"{at.day} {at:%B}"
    return (
        f"Progress was farthest {side} the plan on {day}: {percent(far.actual or 0.0)}, planned {percent(far.planned)}."
    )


# ── what moved, and how honest it was ────────────────────────────────────────────────────────────


def _goalposts(story: Story) -> str:
    moved = story.goalposts.total_count
    if not moved:
        return f"No goalpost was moved{_scope(story, first=True)}."
    days_left = [one.days_before_close for one in story.goalposts.nodes if one.days_before_close is not None]
    late = sum(days <= LATE_DAYS for days in days_left)
    in_the_end = f", {late} of them in the last {LATE_DAYS} days" if late else ""
    changed = f"{counted(moved, 'goalpost')} {'was' if moved == 1 else 'were'} moved{in_the_end}"
    return f"{changed}; in sum, moved goalposts {_gave(story.attribution.goalpost)}{_scope(story)}."


def _scope(story: Story, *, first: bool = False) -> str:
    if _points(story.attribution.scope) == 0:
        return ""
    return f"{';' if first else ','} changes of scope {_gave(story.attribution.scope)}"


def _gave(share: float) -> str:
    points = _points(share)
    if points == 0:
        return "changed progress by less than a point"
    return f"{'added' if points > 0 else 'took'} {_in_points(points)} of progress"


def _confidence(story: Story) -> str | None:
    calibration = story.calibration
    if calibration.stated is None or calibration.hit is None:
        return None
    gap = _points(calibration.stated - calibration.hit)
    side = "honest" if abs(gap) <= HONEST_POINTS else f"{_in_points(gap)} too {'high' if gap > 0 else 'low'}"
    return f"Confidence was {side}. {calibration.summary}".replace(" %", "\N{NO-BREAK SPACE}%")


def _silences(story: Story) -> str | None:
    if not story.silent_key_results:
        return None
    return f"{counted(story.silent_key_results, 'key result')} had no update for longer than the cadence allows."


# ── words ────────────────────────────────────────────────────────────────────────────────────────


def counted(number: int, name: str) -> str:
    """A number with its noun: '1 target', '2 targets'."""
    return f"{number} {name}{'' if number == 1 else 's'}"


def _points(share: float) -> int:
    return round(100 * share)


def _in_points(points: int) -> str:
    return counted(abs(points), "percentage point")
