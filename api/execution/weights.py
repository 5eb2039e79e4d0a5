"""What fields cost, in units of about 1 ms of one thread of the reference machine (2 cores, Python 3.11).

The weights are fixed here, so that every server accepts and refuses the same documents. `python -m benchmarks.costs`
compares them with measured times. How many objects and steps a field covers follows from the arguments of the document
and from the sizes of the workspace.
"""

from collections.abc import Mapping
from math import ceil
from typing import Final, Literal, NamedTuple, TypeAlias

FIELD: Final = 0.01
"""A field of the response: its share of reading, completing and encoding."""
LIST_SIZE: Final = 5
"""The assumed length of a list without pages, such as the key results of an objective or the members of a team."""
TERMS: Final = 8
"""The assumed number of terms that explain a figure."""

STEP_DAYS: Final[Mapping[str, float]] = {
    "DAY": 1, "WEEK": 7, "BIWEEKLY": 14, "MONTH": 30, "QUARTER": 90, "YEAR": 365,
}  # fmt: skip

STEPS: Final = ("every", "period")
"""The arguments that determine the number of steps."""

Length: TypeAlias = Literal["objectives", "entities", "kpis", "steps", "terms", "items", "parts"]


class Sizes(NamedTuple):
    """Sizes of a workspace: the objectives and changes of its largest cycle, the days of its longest cycle, the days
    of its whole history, and its KPIs. The defaults are those of a small company."""

    objectives: int = 50
    changes: int = 1_000
    days: int = 92
    history_days: int = 366
    kpis: int = 20

    def rounded(self) -> "Sizes":
        """Rounded up to one significant digit, so that the cost of a document seldom changes."""
        return Sizes(*(_rounded(size) for size in self))


def _rounded(size: int) -> int:
    digit = int(f"1{'0' * (len(str(size)) - 1)}")
    return ceil(size / digit) * digit


class FieldWeight(NamedTuple):
    """What one field costs besides the fields within it, for each object that has it.

    `each`: in any case; `objective` and `change`: for each of the largest cycle; `step`: for each step over the
    longest cycle; `objective_step`: for each objective and step; `day`: for each day of the history. `length`: how many
    objects it returns, if that does not follow from its pages; `item`: for each item of a batch, and each part of one,
    such as the key results of an objective; `is_whole`: its steps cover the whole history;
    `is_of_goal`: its steps by change are those of one objective, four times the mean.
    """

    each: float = 0.0
    objective: float = 0.0
    change: float = 0.0
    step: float = 0.0
    objective_step: float = 0.0
    day: float = 0.0
    item: float = 0.0
    length: Length | None = None
    is_whole: bool = False
    is_of_goal: bool = False

    def cost(self, sizes: Sizes, every: str) -> float:
        """The cost for one object, with steps of this length."""
        return (
            self.each
            + self.objective * sizes.objectives
            + self.change * sizes.changes
            + (self.step + self.objective_step * sizes.objectives) * self.steps(sizes, every)
            + self.day * sizes.history_days
        )

    def steps(self, sizes: Sizes, every: str) -> float:
        """The number of steps; one for every change of the largest cycle where a step has no length."""
        days = STEP_DAYS.get(every)
        covered = sizes.history_days if self.is_whole else sizes.days
        if days is not None:
            return ceil(covered / days) + 1
        return ceil(4 * sizes.changes / max(sizes.objectives, 4)) if self.is_of_goal else sizes.changes

    def size(self, sizes: Sizes, every: str) -> float | None:
        """The number of objects that the field returns; None if it follows from its pages, or from the input of a
        batch."""
        lengths: dict[Length | None, float | None] = {
            None: None,
            "objectives": sizes.objectives,
            "entities": sizes.objectives * (1 + LIST_SIZE),
            "kpis": sizes.kpis,
            "terms": TERMS,
            "steps": self.steps(sizes, every),
            "items": None,
            "parts": None,
        }
        return lengths[self.length]


TYPICAL: Final = Sizes()
"""The sizes of a workspace that has not been measured; smaller ones count as much."""

_EFFECT: Final = FieldWeight(each=0.1)
_ITEMS: Final = FieldWeight(length="items")
_PARTS: Final = FieldWeight(length="parts")

WEIGHTS: Final[Mapping[str, FieldWeight]] = {
    "Objective.progress": FieldWeight(each=0.08),
    "KeyResult.progress": FieldWeight(each=0.02),
    "Cycle.progress": FieldWeight(objective=0.08),
    "Team.progress": FieldWeight(objective=0.08),
    "Progress.explain": FieldWeight(each=0.02, length="terms"),
    "KeyResult.forecast": FieldWeight(each=0.15),
    "KeyResult.trajectory": FieldWeight(each=0.1, step=0.05, length="steps", is_of_goal=True),
    "Objective.progressOverTime": FieldWeight(each=0.5, step=0.05, length="steps", is_of_goal=True),
    "Cycle.progressOverTime": FieldWeight(objective=0.3, objective_step=0.02, length="steps"),
    "Cycle.film": FieldWeight(objective=0.3, objective_step=0.04),
    "Film.points": FieldWeight(length="steps"),
    "Film.objectives": FieldWeight(length="objectives"),
    "Film.keyResults": FieldWeight(length="entities"),
    "Team.progressOverTime": FieldWeight(objective=0.3, objective_step=0.02, length="steps"),
    "Kpi.status": FieldWeight(each=0.1),
    "Kpi.series": FieldWeight(day=0.01, length="steps", is_whole=True),
    "Kpi.comparison": FieldWeight(day=0.01),
    "*.effect": _EFFECT,
    "*.effects": _EFFECT,
    "*.attention": FieldWeight(each=5.0, objective=0.2),
    "AttentionItem.since": FieldWeight(each=0.2),
    "*.replay": FieldWeight(change=0.02, objective_step=0.18),
    "*.search": FieldWeight(each=5.0, objective=0.01),
    "Replay.frames": FieldWeight(length="steps"),
    "*.diff": FieldWeight(objective=1.0),
    "Diff.entities": FieldWeight(length="entities"),
    "EntityDiff.changes": FieldWeight(each=0.1),
    "*.retrospective": FieldWeight(change=0.1),
    "Retrospective.objectives": FieldWeight(length="objectives"),
    "Retrospective.silences": FieldWeight(length="entities"),
    "Retrospective.kpis": FieldWeight(each=5.0, length="kpis"),
    "Retrospective.kpiChanges": FieldWeight(each=5.0),
    "*.recordedAfterwards": FieldWeight(each=1.0, change=0.005),
    "Retrospective.planCurve": FieldWeight(objective=0.6),
    "Retrospective.closingReflections": FieldWeight(length="objectives"),
    "ObjectiveRetrospective.attribution": FieldWeight(each=2.0),
    "ObjectiveRetrospective.planCurve": FieldWeight(each=0.8),
    "KeyResultRetrospective.planCurve": FieldWeight(each=0.2),
    "KpiDelta.planCurve": FieldWeight(day=0.02),
    "Evidence.size": FieldWeight(change=0.05),
    "Evidence.sha256": FieldWeight(change=0.05),
    "Attribution.explain": FieldWeight(each=0.5, length="terms"),
    "Mutation.addPeople": FieldWeight(item=0.5),
    "Mutation.formTeams": FieldWeight(item=0.5),
    "Mutation.draftObjectives": FieldWeight(item=0.5),
    "Mutation.applyTemplate": FieldWeight(item=2.0),
    "Mutation.defineKpis": FieldWeight(item=0.5),
    "Mutation.checkInMany": FieldWeight(item=0.5),
    "PeoplePayload.people": _ITEMS,
    "PeoplePayload.changes": _PARTS,
    "TeamsPayload.teams": _ITEMS,
    "TeamsPayload.changes": _PARTS,
    "ObjectivesPayload.objectives": _ITEMS,
    "ObjectivesPayload.changes": _PARTS,
    "KpisPayload.kpis": _ITEMS,
    "KpisPayload.changes": _PARTS,
    "CheckInsPayload.results": _ITEMS,
    "CheckInsPayload.changes": _PARTS,
}
"""The weights of fields that cost more than `FIELD`, by type and name; `*` stands for every type."""

_NONE: Final = FieldWeight()


def weight_of(type: str | None, field: str) -> FieldWeight:
    """The weight of a field besides `FIELD`; nothing for a field that its type does not have (type None)."""
    if type is None:
        return _NONE
    return WEIGHTS.get(f"{type}.{field}") or WEIGHTS.get(f"*.{field}", _NONE)
