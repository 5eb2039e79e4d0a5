"""Rules for findings on objectives: wording, key results, alignment and ownership."""

from uuid import UUID

from domain.findings import wording
from domain.findings.finding_rule import Rule, Severity, Smart, counted, rule
from domain.metrics.formulas import Fact
from domain.primitives.values import ObjectiveState, ScoringPolicy

TITLE_WORDS_MIN = 3
TITLE_WORDS_MAX = 20


class WrittenObjective(Fact, frozen=True, gc=False):
    """An objective as the rules see it.

    `key_results`: the number that are not dropped. `owner_objectives`: the number of the owner's draft and active
    objectives in the cycle, including this one. `same_titles`: the number of other draft and active objectives with
    this title in its team and cycle. `owner_left`: the owner is deactivated. `company_level`: there is no level above
    to align it to. `supports`: the number of goals it is aligned to that are not dropped; `supports_dropped`: the
    number that are dropped.
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
    same_titles: int = 0
    owner_left: bool = False
    team_disbanded: bool = False


OBJECTIVE_RULES: list[Rule[WrittenObjective]] = []
ALIGNMENT_RULES: list[Rule[WrittenObjective]] = []
OWNER_RULES: list[Rule[WrittenObjective]] = []

# ── wording ──────────────────────────────────────────────────────────────────────────────────────


@rule(OBJECTIVE_RULES, Severity.WARNING, Smart.MEASURABLE)
def objective_has_number(objective: WrittenObjective) -> str | None:
    """A number in the title, except a year: numbers belong into key results."""
    numbers = wording.numbers(objective.title)
    if not numbers:
        return None
    return f"Move “{numbers[0]}” into a key result: an objective names the direction, its key results the numbers."


@rule(OBJECTIVE_RULES, Severity.WARNING, Smart.RELEVANT)
def objective_starts_with_deliverable(objective: WrittenObjective) -> str | None:
    """A title that begins with the verb of a deliverable: a task instead of an outcome."""
    verb = wording.deliverable(objective.title)
    if verb is None:
        return None
    return (
        f"“{verb.capitalize()}” begins a task: describe the improvement it brings, and plan the task as an initiative."
    )


@rule(OBJECTIVE_RULES, Severity.INFO, Smart.SPECIFIC)
def objective_vague(objective: WrittenObjective) -> str | None:
    """A title that promises an improvement ("improve", "better", "enhance") without what changes, or for whom."""
    word = wording.vague(objective.title)
    if word is None:
        return None
    return f"“{word.capitalize()}” is vague: describe what will be different, and for whom."


@rule(OBJECTIVE_RULES, Severity.INFO, Smart.SPECIFIC)
def objective_too_short(objective: WrittenObjective) -> str | None:
    """A title of fewer than 3 words."""
    count = len(objective.title.split())
    if count >= TITLE_WORDS_MIN:
        return None
    return f"The title has only {counted(count, 'word')}: describe what will be different, and for whom."


@rule(OBJECTIVE_RULES, Severity.INFO, Smart.SPECIFIC)
def objective_too_long(objective: WrittenObjective) -> str | None:
    """A title of more than 20 words."""
    count = len(objective.title.split())
    if count <= TITLE_WORDS_MAX:
        return None
    return f"Shorten the title from {count} to {TITLE_WORDS_MAX} words, and move the rest to the description."


@rule(OBJECTIVE_RULES, Severity.WARNING, Smart.SPECIFIC)
def objective_title_repeated(objective: WrittenObjective) -> str | None:
    """The title of another draft or active objective of its team and cycle; case, accents and punctuation aside."""
    if not objective.same_titles:
        return None
    others = counted(objective.same_titles, "other objective")
    return f"The team has {others} with this title in the cycle: merge them, or word them apart."


# ── key results and ownership ────────────────────────────────────────────────────────────────────


@rule(OBJECTIVE_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def objective_without_owner(objective: WrittenObjective) -> str | None:
    """No owner."""
    return None if objective.owner else "Assign one owner, who is responsible for the objective."


@rule(OBJECTIVE_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def objective_owner_left(objective: WrittenObjective) -> str | None:
    """An owner who has left: the person is deactivated."""
    return "Its owner has left: assign another one." if objective.owner_left else None


@rule(OBJECTIVE_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def objective_team_disbanded(objective: WrittenObjective) -> str | None:
    """A team that was disbanded."""
    return "Its team was disbanded: assign it to another team, or drop it." if objective.team_disbanded else None


@rule(OBJECTIVE_RULES, Severity.ERROR, Smart.MEASURABLE)
def objective_without_key_results(objective: WrittenObjective) -> str | None:
    """No key results, dropped ones aside."""
    return None if objective.key_results else "Add a key result, which shows whether the objective is reached."


@rule(OBJECTIVE_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def objective_with_too_many_key_results(objective: WrittenObjective) -> str | None:
    """More key results than the policy's `max_key_results_per_objective`."""
    most = objective.policy.max_key_results_per_objective
    if objective.key_results <= most:
        return None
    return f"Keep the {most} most meaningful of the {objective.key_results} key results, and drop the others."


# ── alignment ────────────────────────────────────────────────────────────────────────────────────


@rule(ALIGNMENT_RULES, Severity.WARNING, Smart.RELEVANT)
def objective_unaligned(objective: WrittenObjective) -> str | None:
    """Below company level, and not aligned to any goal, dropped ones aside."""
    if objective.company_level or objective.supports:
        return None
    return "Align it to the objective or key result that it supports, or reconsider whether it is needed."


@rule(ALIGNMENT_RULES, Severity.WARNING, Smart.RELEVANT)
def objective_supports_dropped(objective: WrittenObjective) -> str | None:
    """Aligned to a goal that was dropped."""
    if not objective.supports_dropped:
        return None
    return "A goal that it supports was dropped: align it to another goal, or drop it, too."


@rule(OWNER_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def owner_with_too_many_objectives(objective: WrittenObjective) -> str | None:
    """Its owner has more objectives in the cycle than the policy's `max_objectives_per_owner`."""
    most, count = objective.policy.max_objectives_per_owner, objective.owner_objectives
    if objective.owner is None or count <= most:
        return None
    return f"The owner of “{objective.title}” has {count} objectives, more than {most}: keep the most important ones."
