"""Findings: suggestions to improve goals and KPIs. Each rule checks a SMART criterion. Findings block no command.

Only goals that can still be changed are checked: a dropped, scored or closed goal has no findings. A rule's stable name
is the name of its function with hyphens; its docstring describes what it finds.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from domain.metrics.formulas import Fact
from domain.metrics.health import is_outdated
from domain.primitives.values import Cadence, Direction, KeyResultState, Metric, ObjectiveState, ScoringPolicy, UnitKind

TITLE_WORDS_MIN = 3
TITLE_WORDS_MAX = 20
_OPEN = frozenset({ObjectiveState.DRAFT, ObjectiveState.ACTIVE})


class Severity(StrEnum):
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Smart(StrEnum):
    """The SMART criterion of a rule."""

    SPECIFIC = "S"
    MEASURABLE = "M"
    ACHIEVABLE = "A"
    """It has an owner, and the owner does not have too many goals."""
    RELEVANT = "R"
    TIME_BOUND = "T"


class Finding(Fact, frozen=True, gc=False):
    """The result of one rule, with a message that suggests what to do."""

    rule: str
    severity: Severity
    message: str


# ── inputs of the rules ──────────────────────────────────────────────────────────────────────────


class WrittenObjective(Fact, frozen=True, gc=False):
    """An objective as the rules see it.

    `key_results`: the number that are not dropped. `owner_objectives`: the number of the owner's draft and active
    objectives in the cycle, including this one. `company_level`: there is no level above to align it to. `supports`:
    the number of goals it is aligned to that are not dropped; `supports_dropped`: the number that are dropped.
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
    """A key result as the rules see it. `begins_at`: the cycle's start, or its creation if that is later."""

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
    """A KPI as the rules see it."""

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
    """A rule with its stable name. `check` returns a message, or None without a finding."""

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
    def register(check: Callable[[_T], str | None]) -> Callable[[_T], str | None]:
        table.append(Rule(severity, serves, check))
        return check

    return register


def _found(rules: Iterable[Rule[_T]], written: _T) -> list[Finding]:
    return [finding for rule in rules if (finding := rule.finding(written)) is not None]


def objective_findings(objective: WrittenObjective) -> list[Finding]:
    """The findings of an objective; none unless it is a draft or active."""
    if objective.state not in _OPEN:
        return []
    return _found([*OBJECTIVE_RULES, *ALIGNMENT_RULES, *OWNER_RULES], objective)


def key_result_findings(key_result: WrittenKeyResult) -> list[Finding]:
    """The findings of a key result; none unless it is active."""
    return _found(KEY_RESULT_RULES, key_result) if key_result.state is KeyResultState.ACTIVE else []


def kpi_findings(kpi: WrittenKpi) -> list[Finding]:
    """The findings of a KPI; none if it is retired."""
    return [] if kpi.retired else _found(KPI_RULES, kpi)


def alignment_findings(objectives: Iterable[WrittenObjective]) -> list[Finding]:
    """The findings on the alignment and ownership of a cycle's objectives. Each message names the objective by title.

    An owner with too many objectives is reported once.
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
    """The verbs and their -ing forms, such as write and writing, run and running."""
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
    """A number in the title, except a year: numbers belong into key results."""
    numbers = _numbers(objective.title)
    if not numbers:
        return None
    return f"Move “{numbers[0]}” into a key result: an objective names the direction, its key results the numbers."


@_rule(OBJECTIVE_RULES, Severity.WARNING, Smart.RELEVANT)
def objective_starts_with_deliverable(objective: WrittenObjective) -> str | None:
    """A title that begins with the verb of a deliverable: a task instead of an outcome."""
    first = next(iter(_words(objective.title)), "")
    if first not in _DELIVERABLES:
        return None
    return (
        f"“{first.capitalize()}” begins a task: describe the improvement it brings, and plan the task as an initiative."
    )


@_rule(OBJECTIVE_RULES, Severity.INFO, Smart.SPECIFIC)
def objective_too_short(objective: WrittenObjective) -> str | None:
    """A title of fewer than 3 words."""
    count = len(objective.title.split())
    if count >= TITLE_WORDS_MIN:
        return None
    return f"The title has only {_counted(count, 'word')}: describe what will be different, and for whom."


@_rule(OBJECTIVE_RULES, Severity.INFO, Smart.SPECIFIC)
def objective_too_long(objective: WrittenObjective) -> str | None:
    """A title of more than 20 words."""
    count = len(objective.title.split())
    if count <= TITLE_WORDS_MAX:
        return None
    return f"Shorten the title from {count} to {TITLE_WORDS_MAX} words, and move the rest to the description."


@_rule(OBJECTIVE_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def objective_without_owner(objective: WrittenObjective) -> str | None:
    """No owner."""
    return None if objective.owner else "Assign one owner, who is responsible for the objective."


@_rule(OBJECTIVE_RULES, Severity.ERROR, Smart.MEASURABLE)
def objective_without_key_results(objective: WrittenObjective) -> str | None:
    """No key results, dropped ones aside."""
    return None if objective.key_results else "Add a key result: without one the objective cannot be measured."


@_rule(OBJECTIVE_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def objective_with_too_many_key_results(objective: WrittenObjective) -> str | None:
    """More key results than the policy's `max_key_results_per_objective`."""
    most = objective.policy.max_key_results_per_objective
    if objective.key_results <= most:
        return None
    return f"Keep the {most} most meaningful of the {objective.key_results} key results, and drop the others."


@_rule(ALIGNMENT_RULES, Severity.WARNING, Smart.RELEVANT)
def objective_unaligned(objective: WrittenObjective) -> str | None:
    """Below company level, and not aligned to any goal, dropped ones aside."""
    if objective.company_level or objective.supports:
        return None
    return "Align it to the objective or key result that it supports, or reconsider whether it is needed."


@_rule(ALIGNMENT_RULES, Severity.WARNING, Smart.RELEVANT)
def objective_supports_dropped(objective: WrittenObjective) -> str | None:
    """Aligned to a goal that was dropped."""
    if not objective.supports_dropped:
        return None
    return "A goal that it supports was dropped: align it to another goal, or drop it, too."


@_rule(OWNER_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def owner_with_too_many_objectives(objective: WrittenObjective) -> str | None:
    """Its owner has more objectives in the cycle than the policy's `max_objectives_per_owner`."""
    most, count = objective.policy.max_objectives_per_owner, objective.owner_objectives
    if objective.owner is None or count <= most:
        return None
    return f"The owner of “{objective.title}” has {count} objectives, more than {most}: keep the most important ones."


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
    """Measured by DONE: progress is 0 until it is 1, without steps between."""
    if key_result.metric.direction is not Direction.DONE:
        return None
    return "Done or not done shows no progress: measure the intended effect, or use milestones."


@_rule(KEY_RESULT_RULES, Severity.INFO, Smart.MEASURABLE)
def key_result_by_milestones(key_result: WrittenKeyResult) -> str | None:
    """Measured by milestones: they show deliverables, not effects."""
    if key_result.metric.direction is not Direction.MILESTONES:
        return None
    return "Milestones show deliverables; if possible, measure their effect."


@_rule(KEY_RESULT_RULES, Severity.INFO, Smart.MEASURABLE)
def key_result_without_baseline(key_result: WrittenKeyResult) -> str | None:
    """A threshold without a start: progress jumps from 0 to 1."""
    if key_result.metric.direction not in _THRESHOLDS or key_result.metric.start is not None:
        return None
    return "Give a start value: without a baseline progress stays 0 until the target is met."


@_rule(KEY_RESULT_RULES, Severity.WARNING, Smart.TIME_BOUND)
def key_result_due_outside_cycle(key_result: WrittenKeyResult) -> str | None:
    """Due before its cycle starts or after it ends."""
    if key_result.cycle_start <= key_result.due <= key_result.cycle_end:
        return None
    return (
        f"Due on {key_result.due}, outside its cycle ({key_result.cycle_start} to {key_result.cycle_end}): change it."
    )


@_rule(KEY_RESULT_RULES, Severity.INFO, Smart.RELEVANT)
def key_result_counts_activity(key_result: WrittenKeyResult) -> str | None:
    """A count of activities (sessions held, posts written) instead of their effect."""
    metric = key_result.metric
    if metric.direction not in _COUNTS or metric.unit.kind is not UnitKind.NUMBER:
        return None
    words = _words(key_result.title)
    nouns = {word.removesuffix("s") for word in [*words, *_words(metric.unit.symbol)]}
    if not (nouns & _ACTIVITIES or set(words[:1]) & _ACTIVITY_VERBS):
        return None
    return "This counts activities: measure their effect instead, if possible."


@_rule(KEY_RESULT_RULES, Severity.WARNING, Smart.TIME_BOUND)
def key_result_silent(key_result: WrittenKeyResult) -> str | None:
    """No check-in or reading for longer than its cadence allows, counted from its beginning if there is none."""
    since = max(key_result.last_measured_at or key_result.begins_at, key_result.begins_at)
    if not is_outdated(since, key_result.cadence, key_result.at, key_result.policy):
        return None
    days = _counted((key_result.at - since).days, "day")
    return f"Check in: no measurement for {days}, and its cadence is {key_result.cadence.lower()}."


# ── KPIs ─────────────────────────────────────────────────────────────────────────────────────────


@_rule(KPI_RULES, Severity.WARNING, Smart.MEASURABLE)
def kpi_without_goal(kpi: WrittenKpi) -> str | None:
    """No goal: every reading is healthy."""
    return None if kpi.has_goal else "Set a goal: without one every reading is healthy."


@_rule(KPI_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def kpi_without_owner(kpi: WrittenKpi) -> str | None:
    """No owner."""
    return None if kpi.owner else "Assign one owner, who acts when the KPI misses its goal."


@_rule(KPI_RULES, Severity.WARNING, Smart.TIME_BOUND)
def kpi_off_cadence(kpi: WrittenKpi) -> str | None:
    """No reading for longer than its cadence allows, counted from its definition if there is none."""
    since = kpi.latest_at or kpi.defined_at
    if not is_outdated(since, kpi.cadence, kpi.at, kpi.policy):
        return None
    days = _counted((kpi.at - since).days, "day")
    return f"Record a reading: no reading for {days}, and its cadence is {kpi.cadence.lower()}."


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
