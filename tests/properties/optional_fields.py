"""Optional fields of random commands: some of those that a command leaves out are given, and cycles and KPIs are named
by id, by key or by external reference."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any, Final, TypeVar
from uuid import UUID

from msgspec import UNSET, Struct, structs

from domain.commands.command import By, Command, External, ExternalReferenceInput
from domain.commands.key_result_commands import (
    AddKeyResult,
    KeyResultDraft,
    LinkKpi,
    MetricInput,
    RescheduleKeyResult,
    RetargetKeyResult,
)
from domain.commands.kpi_commands import DefineKpi, RedefineKpi
from domain.commands.objective_commands import CarriedTarget, CarryObjective, CloseObjective, KeyResultScore
from domain.commands.people_commands import FormTeam
from domain.commands.subject_commands import SetExternalReference
from domain.commands.template_commands import SaveAsTemplate
from domain.handlers.batches.batch_dispatcher import BatchDispatcher
from domain.handlers.dispatcher import Result
from domain.handlers.unit_of_work import keyed_id
from domain.model.key_result import KeyResultAdded
from domain.primitives.values import (
    Aggregation,
    Cadence,
    Direction,
    Kind,
    Unit,
    UnitKind,
    Visibility,
)
from tests.properties.drawing import Drawing

S = TypeVar("S", bound=Struct)

SHARE: Final = 0.12
"""The share of optional fields that are given although the command leaves them out."""
SHARE_OF_REFERENCES: Final = 0.3
"""The same of external references, by which later commands name cycles and KPIs."""


class OptionalFields(Drawing):
    """Draws optional fields. It remembers the keys, the counterparts and the versions of what the commands concern."""

    def __init__(self, keyframe: BatchDispatcher, chance: Random) -> None:
        super().__init__(keyframe, chance)
        self._keyed: dict[UUID, str] = {}
        self._counterparts: dict[UUID, External] = {}
        self._versions: dict[UUID, int] = {}

    def _filled(self, given: S) -> S:
        """The command, or a part of one, with some more of its optional fields."""
        return structs.replace(given, **{name: self._field(given, name) for name in given.__struct_fields__})

    def _field(self, given: Any, name: str) -> Any:
        value = getattr(given, name)
        if isinstance(value, By):
            return self._named(value)
        if isinstance(value, MetricInput):
            return self._by_change(value)
        if isinstance(value, Struct):
            return self._filled(value)
        if isinstance(value, list) and value and isinstance(value[0], Struct):
            return [self._named(one) if isinstance(one, By) else self._filled(one) for one in value]
        is_omitted = value is UNSET or value is None or value == []
        share = SHARE_OF_REFERENCES if name == "external" else SHARE
        draw = FIELDS.get(name) if is_omitted and self._chance.random() < share else None
        return value if draw is None else draw(self, given)

    def _named(self, by: By) -> By:
        """The same lookup by id, by key or by external reference."""
        id = by.id or (keyed_id(by.KIND, by.key) if by.key is not None else None)
        if id is None or self._chance.random() < 0.6:
            return by
        ways: list[dict[str, Any]] = [{"id": id}]
        if id in self._keyed:
            ways.append({"key": self._keyed[id]})
        if id in self._counterparts:
            ways.append({"external": self._counterparts[id]})
        return type(by)(**self._chance.choice(ways))

    def _by_change(self, metric: MetricInput) -> MetricInput:
        """The metric, sometimes with a relative change in place of its target."""
        is_relative = metric.direction in (Direction.INCREASE, Direction.DECREASE) and metric.start
        if not is_relative or self._chance.random() > SHARE:
            return metric
        change = self._chance.choice([0.1, 0.5, 2.0]) * (1 if metric.direction is Direction.INCREASE else -0.4)
        return structs.replace(metric, target=None, change_by=change)

    def _note(self, command: Command, result: Result) -> None:
        """Remember keys, counterparts and versions after a command."""
        subject = result.subject
        if isinstance(command, SetExternalReference):
            subject = command.subject
            if command.id is not None:
                self._counterparts[subject.id] = External(command.system, command.id)
            elif subject.id in self._counterparts and self._counterparts[subject.id].system == command.system:
                del self._counterparts[subject.id]
        if subject is None:
            return
        self._versions[subject.id] = result.version
        key, external = getattr(command, "key", None), getattr(command, "external", UNSET)
        if key is not None:
            self._keyed[subject.id] = key
        if external is not UNSET:
            self._counterparts[subject.id] = External(external.system, external.id)

    # ── one field each ───────────────────────────────────────────────────────────────────────────

    def _new_external(self, _: Any) -> ExternalReferenceInput:
        """Mostly one that nothing has."""
        id = f"X-{self._chance.randint(0, 8)}" if self._chance.random() < 0.2 else f"Y-{self._key()}"
        return ExternalReferenceInput(
            self._chance.choice(["jira", "hr"]), id, self._chance.choice([None, "https://example.com/y"])
        )

    def _new_plan(self, given: Any) -> Any:
        """The plan of a key result that is added, or gets another metric or another due day."""
        if isinstance(given, AddKeyResult | KeyResultDraft):
            day = date(2025, self._chance.choice([1, 4, 7]), 1)
            return self._points(given.metric, day, given.due or day + timedelta(days=90))
        if not isinstance(given, RetargetKeyResult | RescheduleKeyResult):
            return UNSET
        found = self._found(given.key_result)
        if found is None:
            return []
        metric, due = getattr(given, "metric", found.metric), getattr(given, "due", found.due)
        return self._points(metric, due - timedelta(days=60), due)

    def _of_link(self, given: Any, drawn: Any) -> Any:
        """What only a link to a KPI has."""
        is_linked = isinstance(given, LinkKpi) or getattr(given, "kpi", None) is not None
        return drawn if is_linked else UNSET

    def _milestones(self, given: Any) -> Any:
        """Milestones, where no value is given."""
        is_free = getattr(given, "value", None) in (None, UNSET)
        return self._reached() if is_free else given.reached

    def _owning_team(self, given: Any) -> Any:
        return given.team if isinstance(given, SaveAsTemplate) else self._any(Kind.TEAM)

    def _first_day_of_goal(self, given: Any) -> Any:
        has_goal = isinstance(given, DefineKpi | RedefineKpi) and isinstance(given.goal, Struct)
        return self._day() if has_goal else UNSET

    def _key_of_parent(self, given: Any) -> Any:
        keys = [self._keyed[id] for id in self._ids[Kind.TEAM] if id in self._keyed]
        is_free = isinstance(given, FormTeam) and given.parent is None
        return self._chance.choice(keys) if keys and is_free else UNSET

    def _children(self, objective: UUID) -> list[UUID]:
        """The key results that were added to an objective."""
        return self._keyframe._log.children(objective, KeyResultAdded.TOPIC).ids

    def _carried_targets(self, given: Any) -> Any:
        if not isinstance(given, CarryObjective):
            return UNSET
        ids = self._children(given.objective)
        return [self._carried_target(id) for id in self._chance.sample(ids, min(1, len(ids)))]

    def _carried_target(self, id: UUID) -> CarriedTarget:
        metric = self._found(id).metric
        if metric.direction is Direction.WITHIN:
            return CarriedTarget(id, lower=1.0, upper=1.0 + abs(self._number()) + 1.0)
        if metric.direction is Direction.INCREASE and self._chance.random() < 0.5:
            return CarriedTarget(id, change_by=self._chance.choice([0.2, 0.7]))
        return CarriedTarget(id, target=self._number())

    def _given_scores(self, given: Any) -> Any:
        if not isinstance(given, CloseObjective):
            return UNSET
        return [KeyResultScore(id, self._share()) for id in self._children(given.objective)[:2]]

    def _known_version(self, given: Any) -> int | None:
        """The version of what the command changes, as the last command on it left it; often an older one by now."""
        of = getattr(given, given.NEEDS.of, None) if isinstance(given, Command) and given.NEEDS.of else None
        id = of.id if isinstance(of, By) else of
        return self._versions.get(id) if isinstance(id, UUID) else None


Draw = Callable[[OptionalFields, Any], Any]


def _text(drawing: OptionalFields, _: Any) -> str:
    return drawing._text()


def _share(drawing: OptionalFields, _: Any) -> float:
    return drawing._share()


def _one_of(*values: object) -> Draw:
    return lambda drawing, _: drawing._chance.choice(values)


def _boolean(drawing: OptionalFields, _: Any) -> bool:
    return drawing._chance.random() < 0.5


def _new_key(drawing: OptionalFields, _: Any) -> str:
    return f"again {drawing._key()}"


FIELDS: Final[Mapping[str, Draw]] = {
    **dict.fromkeys(("description", "note", "reflection", "title", "name"), _text),
    **dict.fromkeys(("confidence", "at_risk_gap", "score_amber"), _share),
    "idempotency_key": _new_key,
    "expected_version": OptionalFields._known_version,
    "external": OptionalFields._new_external,
    "email": _one_of(None, "b@example.com"),
    "owner": lambda drawing, _: drawing._maybe(Kind.PERSON),
    "contributors": lambda drawing, _: [drawing._any(Kind.PERSON)],
    "members": lambda drawing, _: [drawing._any(Kind.PERSON)],
    "lead": lambda drawing, _: drawing._any(Kind.PERSON),
    "parent_key": OptionalFields._key_of_parent,
    "visibility": _one_of(*Visibility),
    "commit": _boolean,
    "aggregate": lambda drawing, given: drawing._of_link(given, drawing._chance.choice([*Aggregation])),
    "count_from": lambda drawing, given: drawing._of_link(given, drawing._day()),
    "plan": OptionalFields._new_plan,
    "goal_from": OptionalFields._first_day_of_goal,
    "unit": lambda drawing, _: Unit(drawing._chance.choice([*UnitKind]), drawing._chance.choice(["", "€"])),
    "cadence": _one_of(*Cadence),
    "due": lambda drawing, _: drawing._day() + timedelta(days=20),
    "targets": OptionalFields._carried_targets,
    "keep_alignment": _boolean,
    "scores": OptionalFields._given_scores,
    "reached": OptionalFields._milestones,
    "team": OptionalFields._owning_team,
    "stale_after_cadences": _one_of(1.0, 1.5, 3.0),
    "max_key_results_per_objective": _one_of(2, 5),
    "max_objectives_per_owner": _one_of(1, 5),
}
"""How a field that was left out is drawn, by its name."""
