"""Findings: what could be better about a goal or KPI. Each rule serves a letter of SMART; a finding never blocks.

Rules look at goals that can still be changed: a dropped, scored or closed goal has no findings.
A rule's stable name is that of its function, with hyphens; its docstring says what it looks for.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from domain.metrics.formulas import Fact
from domain.metrics.progress import is_outdated
from domain.primitives.values import Cadence, Direction, KeyResultState, Metric, ObjectiveState, ScoringPolicy, UnitKind

TITLE_WORDS_MIN = 3
TITLE_WORDS_MAX = 20
_OPEN = frozenset({ObjectiveState.DRAFT, ObjectiveState.ACTIVE})


class Severity(StrEnum):
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Smart(StrEnum):
    """The letter of SMART that a rule serves."""

    SPECIFIC = "S"
    MEASURABLE = "M"
    ACHIEVABLE = "A"
    """Someone has it in hand, and not too much besides."""
    RELEVANT = "R"
    TIME_BOUND = "T"


class Finding(Fact, frozen=True, gc=False):
    """What one rule found, in one sentence that says what to do."""

    rule: str
    severity: Severity
    message: str


# ── what the rules look at ───────────────────────────────────────────────────────────────────────


class WrittenObjective(Fact, frozen=True, gc=False):
    """An objective as it is written.

    `key_results`: how many are not dropped. `owner_objectives`: how many drafted or active ones its owner
    has in its cycle, this one included. `company_level`: nothing stands above it to be aligned to.
    `supports`: how many goals it is aligned to that are not dropped; `supports_dropped`: how many that are.
    """

    title: str
    state: ObjectiveState
    policy: ScoringPolicy
    owner: UUID | None = None
    key_results: int = 0
    owner_objectives: int = 0
    company_level: bool = False
    supports: int = 0
    supports_dropped: int = 0


class WrittenKeyResult(Fact, frozen=True, gc=False):
    """A key result as it is written. `begins_at`: the cycle's start, or its creation if that is later."""

    title: str
    state: KeyResultState
    metric: Metric
    due: date
    cycle_start: date
    cycle_end: date
    begins_at: datetime
    cadence: Cadence
    at: datetime
    policy: ScoringPolicy
    last_measured_at: datetime | None = None


class WrittenKpi(Fact, frozen=True, gc=False):
    """A KPI as it is defined."""

    retired: bool
    has_goal: bool
    owner: UUID | None
    cadence: Cadence
    defined_at: datetime
    at: datetime
    policy: ScoringPolicy
    latest_at: datetime | None = None


# ── rules as a table ─────────────────────────────────────────────────────────────────────────────

_T = TypeVar("_T")


class Rule(Generic[_T]):
    """A rule with its stable name; `check` answers with a sentence where it finds something."""

    def __init__(self, severity: Severity, serves: Smart, check: Callable[[_T], str | None]) -> None:
        self.name = check.__name__.replace("_", "-")
        self.severity = severity
        self.serves = serves
        self.meaning = (check.__doc__ or "").strip()
        self.check = check

    def finding(self, written: _T) -> Finding | None:
        message = self.check(written)
        return None if message is None else Finding(self.name, self.severity, message)


OBJECTIVE_RULES: list[Rule[WrittenObjective]] = []
ALIGNMENT_RULES: list[Rule[WrittenObjective]] = []
OWNER_RULES: list[Rule[WrittenObjective]] = []
KEY_RESULT_RULES: list[Rule[WrittenKeyResult]] = []
KPI_RULES: list[Rule[WrittenKpi]] = []


def _rule(
    table: list[Rule[_T]], severity: Severity, serves: Smart
) -> Callable[[Callable[[_T], str | None]], Callable[[_T], str | None]]:
    def enter(check: Callable[[_T], str | None]) -> Callable[[_T], str | None]:
        table.append(Rule(severity, serves, check))
        return check

    return enter


def _found(rules: Iterable[Rule[_T]], written: _T) -> list[Finding]:
    return [finding for rule in rules if (finding := rule.finding(written)) is not None]


def objective_findings(objective: WrittenObjective) -> list[Finding]:
    """What could be better about an objective that is a draft or active."""
    if objective.state not in _OPEN:
        return []
    return _found([*OBJECTIVE_RULES, *ALIGNMENT_RULES, *OWNER_RULES], objective)


def key_result_findings(key_result: WrittenKeyResult) -> list[Finding]:
    """What could be better about an active key result."""
    return _found(KEY_RESULT_RULES, key_result) if key_result.state is KeyResultState.ACTIVE else []


def kpi_findings(kpi: WrittenKpi) -> list[Finding]:
    """What could be better about a KPI that is not retired."""
    return [] if kpi.retired else _found(KPI_RULES, kpi)


def alignment_findings(objectives: Iterable[WrittenObjective]) -> list[Finding]:
    """What could be better about how the objectives of a cycle hang together, each named by its title.

    An owner with too many is found once, not once an objective.
    """
    open_ones = [one for one in objectives if one.state in _OPEN]
    alignment = [
        Finding(found.rule, found.severity, f"“{one.title}”: {found.message}")
        for one in open_ones
        for found in _found(ALIGNMENT_RULES, one)
    ]
    by_owner = {one.owner: one for one in open_ones if one.owner is not None}
    return alignment + [found for one in by_owner.values() for found in _found(OWNER_RULES, one)]


# ── objectives ───────────────────────────────────────────────────────────────────────────────────

_NUMBER = re.compile(
    r"(?<![\w.,/-])\d+(?:[.,]\d+)*\s?(?:%|[kmx]\b)?(?![\w/])"
    r"|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|fifty|dozens?|hundreds?"
    r"|thousands?|millions?|billions?|double|triple)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_DELIVERABLE_VERBS = (
    "build complete create define deliver deploy design develop document draft finalise finalize finish fix hire "
    "host implement install introduce launch migrate organise organize prepare produce publish refactor release "
    "rewrite roll run setup ship start update upgrade write"
)


def _forms(verbs: str) -> frozenset[str]:
    """The verbs and their -ing forms: write, writing; run, running."""
    return frozenset(
        form
        for verb in verbs.split()
        for form in (verb, f"{verb}ing", f"{verb.removesuffix('e')}ing", f"{verb}{verb[-1]}ing")
    )


_DELIVERABLES = _forms(_DELIVERABLE_VERBS)


def _words(title: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", title.lower())


def _numbers(title: str) -> list[str]:
    found = (match.group().strip() for match in _NUMBER.finditer(title))
    return [number for number in found if not _YEAR.fullmatch(number)]


@_rule(OBJECTIVE_RULES, Severity.WARNING, Smart.MEASURABLE)
def objective_has_number(objective: WrittenObjective) -> str | None:
    """A number in the title, years apart: numbers prove an objective, they are not one."""
    numbers = _numbers(objective.title)
    if not numbers:
        return None
    return f"Move “{numbers[0]}” into a key result: an objective says where to go, its key results how far."


@_rule(OBJECTIVE_RULES, Severity.WARNING, Smart.RELEVANT)
def objective_starts_with_deliverable(objective: WrittenObjective) -> str | None:
    """A title that begins with the verb of a deliverable: a task instead of what it is for."""
    first = next(iter(_words(objective.title)), "")
    if first not in _DELIVERABLES:
        return None
    return (
        f"“{first.capitalize()}” begins a task: say what will be better once it is done, and plan it as an initiative."
    )


@_rule(OBJECTIVE_RULES, Severity.INFO, Smart.SPECIFIC)
def objective_too_short(objective: WrittenObjective) -> str | None:
    """A title of fewer than 3 words."""
    count = len(objective.title.split())
    if count >= TITLE_WORDS_MIN:
        return None
    return f"Say a little more than {_counted(count, 'word')}: what will be different, and for whom?"


@_rule(OBJECTIVE_RULES, Severity.INFO, Smart.SPECIFIC)
def objective_too_long(objective: WrittenObjective) -> str | None:
    """A title of more than 20 words."""
    count = len(objective.title.split())
    if count <= TITLE_WORDS_MAX:
        return None
    return f"Say it in {TITLE_WORDS_MAX} words instead of {count}, so that people remember it; the rest is description."


@_rule(OBJECTIVE_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def objective_without_owner(objective: WrittenObjective) -> str | None:
    """Nobody owns it."""
    return None if objective.owner else "Name one person who owns it: what belongs to all is moved by nobody."


@_rule(OBJECTIVE_RULES, Severity.ERROR, Smart.MEASURABLE)
def objective_without_key_results(objective: WrittenObjective) -> str | None:
    """No key result that is not dropped."""
    return None if objective.key_results else "Add a key result: without one nobody can tell whether it was reached."


@_rule(OBJECTIVE_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def objective_with_too_many_key_results(objective: WrittenObjective) -> str | None:
    """More key results than the policy's `max_key_results_per_objective`."""
    most = objective.policy.max_key_results_per_objective
    if objective.key_results <= most:
        return None
    return f"Keep the {most} key results that prove it best of these {objective.key_results}, and drop the others."


@_rule(ALIGNMENT_RULES, Severity.WARNING, Smart.RELEVANT)
def objective_unaligned(objective: WrittenObjective) -> str | None:
    """Below company level, and aligned to nothing that still stands."""
    if objective.company_level or objective.supports:
        return None
    return "Align it to the objective or key result above that it helps to reach, or ask whether it is needed."


@_rule(ALIGNMENT_RULES, Severity.WARNING, Smart.RELEVANT)
def objective_supports_dropped(objective: WrittenObjective) -> str | None:
    """Aligned to a goal that was dropped."""
    if not objective.supports_dropped:
        return None
    return "A goal that it supports was dropped: align it anew, or drop it, too."


@_rule(OWNER_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def owner_with_too_many_objectives(objective: WrittenObjective) -> str | None:
    """Its owner has more objectives in the cycle than the policy's `max_objectives_per_owner`."""
    most, count = objective.policy.max_objectives_per_owner, objective.owner_objectives
    if objective.owner is None or count <= most:
        return None
    return f"The owner of “{objective.title}” has {count} objectives, more than {most}: choose what matters most."


# ── key results ──────────────────────────────────────────────────────────────────────────────────

_ACTIVITY_VERBS = _forms(
    "attend call conduct contact host hold interview meet organise organize perform post present publish run "
    "schedule send speak talk train visit write"
)
_ACTIVITY_NOUNS = (
    "activity article blogpost call campaign conference demo email event hackathon interview meetup meeting "
    "newsletter post presentation release session sprint survey talk training visit webinar workshop"
)
_ACTIVITIES = frozenset(_ACTIVITY_NOUNS.split())
_THRESHOLDS = frozenset({Direction.AT_LEAST, Direction.AT_MOST, Direction.WITHIN})
_COUNTS = frozenset({Direction.INCREASE, Direction.AT_LEAST})


@_rule(KEY_RESULT_RULES, Severity.WARNING, Smart.MEASURABLE)
def key_result_not_measurable(key_result: WrittenKeyResult) -> str | None:
    """Measured by DONE alone: it is 0 until the day it is 1, and says nothing on the way."""
    if key_result.metric.direction is not Direction.DONE:
        return None
    return "Done or not is hard to steer by: measure what it should change, or break it into milestones."


@_rule(KEY_RESULT_RULES, Severity.INFO, Smart.MEASURABLE)
def key_result_by_milestones(key_result: WrittenKeyResult) -> str | None:
    """Measured by milestones: they tell what was delivered, not what came of it."""
    if key_result.metric.direction is not Direction.MILESTONES:
        return None
    return "Milestones show what was delivered; if you can, measure what should come of it."


@_rule(KEY_RESULT_RULES, Severity.INFO, Smart.MEASURABLE)
def key_result_without_baseline(key_result: WrittenKeyResult) -> str | None:
    """A threshold without a start: its progress jumps from 0 to 1."""
    if key_result.metric.direction not in _THRESHOLDS or key_result.metric.start is not None:
        return None
    return "Give the value it starts from: without a baseline every step before the last one counts as nothing."


@_rule(KEY_RESULT_RULES, Severity.WARNING, Smart.TIME_BOUND)
def key_result_due_outside_cycle(key_result: WrittenKeyResult) -> str | None:
    """Due before its cycle starts or after it ends."""
    if key_result.cycle_start <= key_result.due <= key_result.cycle_end:
        return None
    return f"Due on {key_result.due}, outside its cycle ({key_result.cycle_start} to {key_result.cycle_end}): move one."


@_rule(KEY_RESULT_RULES, Severity.INFO, Smart.RELEVANT)
def key_result_counts_activity(key_result: WrittenKeyResult) -> str | None:
    """A count of what is done (sessions held, posts written) instead of what comes of it."""
    metric = key_result.metric
    if metric.direction not in _COUNTS or metric.unit.kind is not UnitKind.NUMBER:
        return None
    words = _words(key_result.title)
    nouns = {word.removesuffix("s") for word in [*words, *_words(metric.unit.symbol)]}
    if not (nouns & _ACTIVITIES or set(words[:1]) & _ACTIVITY_VERBS):
        return None
    return "Counts what you do: what will be different because of it, and can that be measured instead?"


@_rule(KEY_RESULT_RULES, Severity.WARNING, Smart.TIME_BOUND)
def key_result_silent(key_result: WrittenKeyResult) -> str | None:
    """No check-in or reading for longer than its cadence allows; if never, since it began."""
    since = max(key_result.last_measured_at or key_result.begins_at, key_result.begins_at)
    if not is_outdated(since, key_result.cadence, key_result.at, key_result.policy):
        return None
    silent = _counted((key_result.at - since).days, "day")
    return f"Check in: nothing was heard of it for {silent}, and its cadence is {key_result.cadence.lower()}."


# ── KPIs ─────────────────────────────────────────────────────────────────────────────────────────


@_rule(KPI_RULES, Severity.WARNING, Smart.MEASURABLE)
def kpi_without_goal(kpi: WrittenKpi) -> str | None:
    """No goal: every reading is healthy."""
    return None if kpi.has_goal else "Set a goal: without one no reading is ever good or bad."


@_rule(KPI_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def kpi_without_owner(kpi: WrittenKpi) -> str | None:
    """Nobody owns it."""
    return None if kpi.owner else "Name one person who owns it and acts when it turns."


@_rule(KPI_RULES, Severity.WARNING, Smart.TIME_BOUND)
def kpi_off_cadence(kpi: WrittenKpi) -> str | None:
    """No reading for longer than its cadence allows; if never, since it was defined."""
    since = kpi.latest_at or kpi.defined_at
    if not is_outdated(since, kpi.cadence, kpi.at, kpi.policy):
        return None
    silent = _counted((kpi.at - since).days, "day")
    return f"Record a reading: nothing was heard of it for {silent}, and its cadence is {kpi.cadence.lower()}."


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
