"""Progress of objectives, teams and cycles: weighted means over their parts, as pure functions.

A mean counts everything that could have been measured: a part without a value counts as 0, and the mean is None only
while no part has one. Drafts and dropped goals do not count.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from math import fsum
from typing import NamedTuple, Self, TypeAlias, TypeVar, cast
from uuid import UUID

from msgspec import structs

from domain.metrics import formulas, progress
from domain.metrics.formulas import Fact, Measurement, clamped, mean, scaled
from domain.metrics.progress import KeyResultFigures, KeyResultProgress, Progress, Term, terms
from domain.metrics.rating import Health, band, verdict
from domain.primitives.values import Kind, ObjectiveKind, ObjectiveState, Ref, ScoringPolicy, Verdict

# ── inputs and results ───────────────────────────────────────────────────────────────────────────


class ObjectiveFacts(Fact, frozen=True, gc=False):
    """An objective at a basis."""

    id: UUID
    title: str
    position: int
    state: ObjectiveState
    verdict: Verdict | None = None
    score: float | None = None


class CycleFacts(Fact, frozen=True, gc=False):
    """A cycle at a basis. `days`: its length."""

    id: UUID
    name: str
    position: int
    days: int
    is_closed: bool = False
    is_abandoned: bool = False


class Whole(Progress, frozen=True, gc=False):
    """The progress of a whole. `total` is the divisor of its mean, None for the sum of the weights. Only the parts with
    their facts explain it."""

    parts: "tuple[AnyPart, ...]"
    weights: tuple[float, ...]
    total: float | None

    @property
    def given(self) -> "list[progress.Part]":
        """What its terms are made of."""
        return [
            (part.label, weight, part.value, part.node, part.source_position)
            for part, weight in zip(cast("tuple[_Explained, ...]", self.parts), self.weights, strict=True)
        ]

    @property
    def explain(self) -> tuple[Term, ...]:
        return () if self.value is None else terms(self.given, self.total)


class ObjectiveProgress(Whole, frozen=True, gc=False):
    """An objective's progress. Its parts are its key results, or the objectives that support it if it `is_heading`:
    an objective without key results takes its value from others."""

    of: ObjectiveFacts
    is_heading: bool

    @property
    def label(self) -> str:
        return self.of.title

    @property
    def node(self) -> Ref:
        return Ref(Kind.OBJECTIVE, self.of.id)

    @property
    def source_position(self) -> int:
        return self.of.position

    @property
    def key_results(self) -> "tuple[AnyPart, ...]":
        """Its key results that are not dropped."""
        return () if self.is_heading else self.parts

    @property
    def healths(self) -> "list[Health | None]":
        """The health of each of its key results that are not dropped."""
        return [part.health for part in self.key_results]

    @property
    def counted(self) -> "tuple[AnyPart, ...]":
        """The objectives that it takes its value from."""
        return self.parts if self.is_heading else ()

    @property
    def counts(self) -> bool:
        """Whether it counts in means: it is neither a draft nor dropped, and it can have a value."""
        return bool(self.parts) and self.of.state in COUNTED


class Part(NamedTuple):
    """A key result in the mean of its objective: its value and its weight, its latest measurement within its window,
    and the value that a metric without a start begins at."""

    value: float | None
    weight: float
    latest: Measurement | None
    baseline: float | None


class Worth(NamedTuple):
    """What an objective is in a mean: its value, whether it counts there, and whether it takes its value from
    others."""

    value: float | None
    counts: bool
    is_heading: bool


class ObjectiveOutline(Progress, frozen=True, gc=False, kw_only=True):
    """An objective's progress without that of its parts. `key_results`: their healths, none of an objective that takes
    its value from others."""

    of: ObjectiveFacts
    counts: bool
    is_heading: bool
    key_results: Sequence[Health | None]

    @classmethod
    def of_whole(cls, whole: ObjectiveProgress) -> Self:
        """The outline of an objective."""
        return cls(
            *_figures_of(whole),
            of=whole.of,
            counts=whole.counts,
            is_heading=whole.is_heading,
            key_results=whole.healths,
        )


class Settled(NamedTuple):
    """The figures of an objective that the clock does not move, see `Progress`."""

    value: float | None
    unclamped: float | None
    measured_share: float
    confidence: float | None
    confidence_lowest: float | None


class GroupProgress(Whole, frozen=True, gc=False):
    """The progress of a team or cycle.

    `parts` are the objectives in its mean, or for a cycle of cycles its `children`. `counted` are all objectives that
    count, including those that take their value from others.
    """

    counted: tuple[ObjectiveProgress, ...]

    @property
    def key_results(self) -> list[KeyResultFigures]:
        """The key results of the counted objectives."""
        return [part for one in self.counted if not one.is_heading for part in one.parts]  # type: ignore[misc]

    def healths(self, of: "Counted") -> "list[Health | None]":
        """The health of each objective that counts, or of each of their key results."""
        return [one.health for one in (self.counted if of is Counted.OBJECTIVES else self.key_results)]


class CycleProgress(GroupProgress, frozen=True, gc=False, kw_only=True):
    """A cycle's progress. `score`: None while it is open."""

    of: CycleFacts
    score: float | None

    @property
    def label(self) -> str:
        return self.of.name

    @property
    def node(self) -> Ref:
        return Ref(Kind.CYCLE, self.of.id)

    @property
    def source_position(self) -> int:
        return self.of.position


class Summary(Progress, frozen=True, gc=False, kw_only=True):
    """The progress of a whole without the progress of its parts: what is kept of each of many moments.

    `key_results` and `objectives`: the number of its counted goals by health. `given`: what its terms are made of, by
    the divisor `total`.
    """

    key_results: Mapping[Health | None, int]
    objectives: Mapping[Health | None, int]
    given: Sequence[progress.Part]
    total: float | None

    @classmethod
    def of(cls, whole: GroupProgress) -> Self:
        """The summary of a team or cycle."""
        return cls(
            *_figures_of(whole),
            key_results=Counter(whole.healths(Counted.KEY_RESULTS)),
            objectives=Counter(whole.healths(Counted.OBJECTIVES)),
            given=whole.given,
            total=whole.total,
        )

    @property
    def explain(self) -> tuple[Term, ...]:
        return () if self.value is None else terms(self.given, self.total)


class Counted(StrEnum):
    """Which goals of a cycle or team are counted by health."""

    KEY_RESULTS = "KEY_RESULTS"
    OBJECTIVES = "OBJECTIVES"


COUNTED = (ObjectiveState.ACTIVE, ObjectiveState.CLOSED)
"""The states in which an objective counts: it is neither a draft nor dropped."""
AnyPart: TypeAlias = KeyResultFigures | ObjectiveProgress | CycleProgress
_InMean: TypeAlias = AnyPart | ObjectiveOutline
T = TypeVar("T")
AnyObjective = TypeVar("AnyObjective", ObjectiveProgress, ObjectiveOutline)
_Explained: TypeAlias = KeyResultProgress | ObjectiveProgress | CycleProgress

# ── means ────────────────────────────────────────────────────────────────────────────────────────

_Means: TypeAlias = tuple[float | None, float | None, float | None]
Groups: TypeAlias = Sequence[Sequence[float]]
Weights: TypeAlias = Groups | None
"""The weights of groups; None if all are 1."""


def mean_value(values: Sequence[float | None], weights: Sequence[float], fill: float = 1.0) -> float | None:
    """Σ weight · value / Σ weight, a missing value counting 0, times `fill`; None if all are missing."""
    missing = values.count(None)
    if missing == len(values):
        return None
    given = [value or 0.0 for value in values] if missing else cast("Sequence[float]", values)
    return clamped(mean(weights, given) * fill)


def mean_values(groups: Sequence[Sequence[float | None]], weights: Weights) -> list[float | None]:
    """`mean_value` of each of these groups of values."""
    try:
        return formulas.all_clamped(formulas.means(cast("Groups", groups), weights))
    except TypeError:  # a value is missing
        found = formulas.all_clamped(formulas.means(_filled(groups), weights))
        are_missing = [group.count(None) == len(group) for group in groups]
        return [None if is_missing else one for one, is_missing in zip(found, are_missing, strict=True)]


def _filled(groups: Sequence[Sequence[float | None]]) -> "Groups":
    """These groups with 0 for what is missing."""
    return [[one or 0.0 for one in group] if None in group else cast("Sequence[float]", group) for group in groups]


def mean_expected(dues: Sequence[float | None], weights: Sequence[float], fill: float = 1.0) -> float | None:
    """Σ weight · expected / Σ weight, times `fill`; None without parts."""
    return mean(weights, [due or 0.0 for due in dues]) * fill if dues else None


def mean_dues(groups: Sequence[Sequence[float | None]], weights: Weights) -> list[float]:
    """`mean_expected` of each of these groups, none of which is empty."""
    return formulas.means(_filled(groups), weights)


def _means(parts: Sequence[_InMean], weights: Sequence[float], fill: float) -> _Means:
    """Value, unclamped and expected progress. `fill` is Σ weight / divisor: 1 unless the parts fill only a share of the
    whole."""
    if not parts:
        return None, None, None
    due = mean_expected([part.expected for part in parts], weights, fill)
    value = mean_value([part.value for part in parts], weights, fill)
    if value is None:
        return None, None, due
    return value, mean(weights, [part.unclamped or 0.0 for part in parts]) * fill, due


def mean_confidence(stated: Sequence[float | None], weights: Sequence[float]) -> float | None:
    """The weighted mean of the confidences that are stated; None without any."""
    if stated.count(None) == len(stated):
        return None
    given = [(weight, one) for one, weight in zip(stated, weights, strict=True) if one is not None]
    return mean(*zip(*given, strict=True))


def _confidence(parts: Sequence[_InMean], weights: Sequence[float]) -> tuple[float | None, float | None]:
    """The weighted mean of the parts that state a confidence, and the lowest confidence of any."""
    lowest = [part.confidence_lowest for part in parts if part.confidence_lowest is not None]
    return mean_confidence([part.confidence for part in parts], weights), min(lowest, default=None)


def health_while_open(
    healths: Sequence[Health | None], weights: Sequence[float], rated: Callable[[], Health]
) -> Health:
    """PENDING if all parts are; OUTDATED if more than half of the weight that is not PENDING is; else as rated by the
    mean of the gaps."""
    return unrated(healths, weights) or rated()


def unrated(healths: Sequence[Health | None], weights: Sequence[float]) -> Health | None:
    """The health that does not depend on the gaps, if these parts have one."""
    pending, outdated = healths.count(Health.PENDING), healths.count(Health.OUTDATED)
    if pending == len(healths):
        return Health.PENDING
    if outdated and (pending + outdated == len(healths) or _is_silent(healths, scaled(weights))):
        return Health.OUTDATED
    return None


def _is_silent(healths: Sequence[Health | None], weights: Sequence[float]) -> bool:
    awake = [(weight, health) for weight, health in zip(weights, healths, strict=True) if health != Health.PENDING]
    outdated = fsum(weight for weight, health in awake if health is Health.OUTDATED)
    return outdated > fsum(weight for weight, _ in awake) / 2


class _Figures(NamedTuple):
    """The fields of `Progress`; as computed from parts, with the health of a whole that has not ended."""

    value: float | None
    unclamped: float | None
    expected: float | None
    health: Health | None
    gap: float
    measured_share: float
    confidence: float | None
    confidence_lowest: float | None


def _figures_of(of: Progress) -> _Figures:
    return _Figures(
        of.value, of.unclamped, of.expected, of.health, of.gap, of.measured_share, of.confidence, of.confidence_lowest
    )


def _figures(parts: Sequence[_InMean], weights: Sequence[float], policy: ScoringPolicy, fill: float = 1.0) -> _Figures:
    gap = mean(weights, [part.gap for part in parts]) if parts else 0.0
    share = mean(weights, [part.measured_share for part in parts]) if parts else 0.0
    health = (
        health_while_open([part.health for part in parts], weights, lambda: band(gap, policy))
        if parts
        else Health.PENDING
    )
    return _Figures(*_means(parts, weights, fill), health, gap, share, *_confidence(parts, weights))


# ── objectives ───────────────────────────────────────────────────────────────────────────────────


def of_objective(
    facts: ObjectiveFacts, key_results: Sequence[KeyResultFigures], policy: ScoringPolicy
) -> ObjectiveProgress:
    """Σ weight · progress / Σ weight over these key results, which are those that are not dropped by themselves."""
    return _of_objective(facts, key_results, [part.weight for part in key_results], policy, is_heading=False)


def worth(state: ObjectiveState, values: Sequence[float | None], weights: Sequence[float]) -> Worth:
    """What an objective is in a mean, by the values and weights of its key results that are not dropped by themselves.
    Without any it counts nowhere."""
    return Worth(mean_value(values, weights), bool(weights) and state in COUNTED, is_heading=not weights)


def worths(states: Sequence[ObjectiveState], values: Sequence[Sequence[float | None]], weights: Groups) -> list[Worth]:
    """`worth` of each of these objectives."""
    with_parts = [number for number, group in enumerate(weights) if group]
    means = mean_values([values[number] for number in with_parts], [weights[number] for number in with_parts])
    found = [Worth(None, counts=False, is_heading=True)] * len(states)
    for number, value in zip(with_parts, means, strict=True):
        found[number] = Worth(value, states[number] in COUNTED, is_heading=False)
    return found


def settled(
    shares: Sequence[float | None],
    values: Sequence[float | None],
    confidences: Sequence[float | None],
    weights: Sequence[float],
) -> Settled:
    """What stays of an objective until the next event, by the unclamped progress, the values, the confidences and the
    weights of its key results, of which there is at least one."""
    value = mean_value(values, weights)
    return Settled(
        value,
        None if value is None else mean(weights, [share or 0.0 for share in shares]),
        mean(weights, [float(one is not None) for one in values]),
        mean_confidence(confidences, weights),
        min((one for one in confidences if one is not None), default=None),
    )


def outline(
    facts: ObjectiveFacts,
    of: Settled,
    healths: Sequence[Health | None],
    expected: float,
    gaps: Sequence[float],
    weights: Sequence[float],
    policy: ScoringPolicy,
) -> ObjectiveOutline:
    """An objective at a moment, by its expected progress, and the healths and gaps of its key results there."""
    gap = mean(weights, gaps)
    health = health_in_state(facts.state, facts.verdict, health_while_open(healths, weights, lambda: band(gap, policy)))
    return ObjectiveOutline(
        of.value, of.unclamped, expected, health, gap, of.measured_share, of.confidence,
        of.confidence_lowest, of=facts, counts=facts.state in COUNTED, is_heading=False, key_results=healths,
    )  # fmt: skip


def of_heading(
    facts: ObjectiveFacts, supporters: Sequence[ObjectiveProgress], policy: ScoringPolicy
) -> ObjectiveProgress:
    """The plain mean of the objectives that directly support it and count; for an objective without key results."""
    counted = [one for one in supporters if one.counts]
    return _of_objective(facts, counted, [1.0] * len(counted), policy, is_heading=True)


def at_moment(
    before: ObjectiveProgress, key_results: Sequence[KeyResultProgress], policy: ScoringPolicy
) -> ObjectiveProgress:
    """An objective with key results at another moment, with no event in between: only the clock has changed expected
    progress, gap and health of these key results, and so its own."""
    weights = before.weights
    gap = mean(weights, [part.gap for part in key_results])
    due = mean(weights, [part.expected or 0.0 for part in key_results])
    health = health_in_state(
        before.of.state,
        before.of.verdict,
        health_while_open([part.health for part in key_results], weights, lambda: band(gap, policy)),
    )
    return structs.replace(before, expected=due, health=health, gap=gap, parts=tuple(key_results))


def _of_objective(
    facts: ObjectiveFacts,
    parts: Sequence[AnyPart],
    weights: Sequence[float],
    policy: ScoringPolicy,
    *,
    is_heading: bool,
) -> ObjectiveProgress:
    figures = _figures(parts, weights, policy)
    figures = figures._replace(health=health_in_state(facts.state, facts.verdict, figures.health))
    return ObjectiveProgress(*figures, tuple(parts), tuple(weights), None, facts, is_heading)


def health_in_state(state: ObjectiveState, verdict: Verdict | None, while_open: Health | None) -> Health | None:
    """The health of an objective, by that of an open one."""
    if state is ObjectiveState.DROPPED:
        return Health.DROPPED
    if state is ObjectiveState.CLOSED:
        return None if verdict is None else Health(verdict)
    return while_open


# ── teams and cycles ─────────────────────────────────────────────────────────────────────────────


def chosen(counts: Sequence[bool], are_headings: Sequence[bool]) -> list[int]:
    """The places of the objectives that a team's or cycle's mean is taken over: those that count and have key results
    of their own, or, without any, those that take their value from others."""
    counted = [place for place, does_count in enumerate(counts) if does_count]
    return [place for place in counted if not are_headings[place]] or counted


def in_mean(objectives: Sequence[AnyObjective]) -> list[AnyObjective]:
    """The objectives that a team's or cycle's mean is taken over."""
    places = chosen([one.counts for one in objectives], [one.is_heading for one in objectives])
    return [objectives[place] for place in places]


def mean_worth(objectives: Sequence[Worth]) -> float | None:
    """The value of the plain mean over the objectives that `chosen` has."""
    places = chosen([one.counts for one in objectives], [one.is_heading for one in objectives])
    return mean_value([objectives[place].value for place in places], [1.0] * len(places))


def means_of(objectives: Sequence[Worth], dues: Sequence[float | None]) -> tuple[float | None, float | None]:
    """The value and the expected progress of the plain mean over the objectives that `chosen` has. `dues`: the expected
    progress of each objective."""
    places = chosen([one.counts for one in objectives], [one.is_heading for one in objectives])
    weights = [1.0] * len(places)
    value = mean_value([objectives[place].value for place in places], weights)
    return value, mean_expected([dues[place] for place in places], weights)


def of_team(objectives: Sequence[ObjectiveProgress], policy: ScoringPolicy) -> GroupProgress:
    """The plain mean over the objectives of a team."""
    parts = in_mean(objectives)
    weights = [1.0] * len(parts)
    counted = tuple(one for one in objectives if one.counts)
    return GroupProgress(*_figures(parts, weights, policy), tuple(parts), tuple(weights), None, counted)


def of_cycle(
    facts: CycleFacts,
    objectives: Sequence[ObjectiveProgress],
    children: Sequence[CycleProgress],
    policy: ScoringPolicy,
    scored: Sequence[CycleProgress] = (),
) -> CycleProgress:
    """The plain mean over its objectives; without any, Σ days · value of its `children` / its own days, so that a year
    fills up quarter by quarter. `children`: those that have been activated; `scored`: the same as
    known at the closing of a closed cycle."""
    parts: Sequence[AnyPart] = in_mean(objectives)
    weights, fill = [1.0] * len(parts), 1.0
    if not parts and children:
        parts, weights = children, [float(child.of.days) for child in children]
        fill = sum(weights) / facts.days
    figures = _figures(parts, weights, policy, fill)
    score = _score(facts, objectives, scored) if facts.is_closed else None
    return CycleProgress(
        *figures._replace(health=health_of_cycle(facts, score, figures.health, policy)),
        tuple(parts),
        tuple(weights),
        None if fill == 1.0 else float(facts.days),
        _counted(objectives, parts),
        of=facts,
        score=score,
    )


def summary_of_cycle(facts: CycleFacts, objectives: Sequence[ObjectiveOutline], policy: ScoringPolicy) -> Summary:
    """The same over its objectives, without their parts."""
    parts = in_mean(objectives)
    figures = _figures(parts, [1.0] * len(parts), policy)
    counted = [one for one in objectives if one.counts]
    score = _score(facts, objectives, ()) if facts.is_closed else None
    return Summary(
        *figures._replace(health=health_of_cycle(facts, score, figures.health, policy)),
        key_results=Counter(health for one in counted for health in one.key_results),
        objectives=Counter(one.health for one in counted),
        given=[(one.of.title, 1.0, one.value, Ref(Kind.OBJECTIVE, one.of.id), one.of.position) for one in parts],
        total=None,
    )


def _counted(objectives: Sequence[ObjectiveProgress], parts: Sequence[AnyPart]) -> tuple[ObjectiveProgress, ...]:
    """The objectives that count; for a cycle of cycles, those of its children."""
    children = [part for part in parts if isinstance(part, CycleProgress)]
    if children:
        return tuple(one for child in children for one in child.counted)
    return tuple(one for one in objectives if one.counts)


def _score(
    facts: CycleFacts,
    objectives: Sequence[ObjectiveProgress] | Sequence[ObjectiveOutline],
    children: Sequence[CycleProgress],
) -> float | None:
    """The plain mean of the scores of its closed objectives, without those that take their value from others unless
    there is nothing else; for a cycle of cycles, Σ days · (score, or value while open) / its own days."""
    if children:
        scores_by_days = [(part.of.days, part.score if part.of.is_closed else part.value) for part in children]
        if all(score is None for _, score in scores_by_days):
            return None
        return fsum(days * (score or 0.0) for days, score in scores_by_days) / facts.days
    return mean_score([(one.of.state, one.of.score, one.is_heading) for one in objectives])


def mean_score(objectives: Sequence[tuple[ObjectiveState, float | None, bool]]) -> float | None:
    """The plain mean of the scores of the closed ones, without those that take their value from others unless there is
    nothing else. Each is a state, a score, and whether it takes its value from others."""
    closed = [(score, is_heading) for state, score, is_heading in objectives if state is ObjectiveState.CLOSED]
    chosen = [score for score, is_heading in closed if not is_heading] or [score for score, _ in closed]
    scores = [score for score in chosen if score is not None]
    return fsum(scores) / len(scores) if scores else None


def health_of_cycle(
    facts: CycleFacts, score: float | None, open_health: Health | None, policy: ScoringPolicy
) -> Health | None:
    """DROPPED if it was abandoned; of a closed one by its score, null without one."""
    if facts.is_abandoned:
        return Health.DROPPED
    if not facts.is_closed:
        return open_health
    return None if score is None else Health(verdict(score, ObjectiveKind.ASPIRATIONAL, policy))
