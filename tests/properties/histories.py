"""Random histories of commands on one workspace.

Every command type is drawn, and batches of them. Rejected commands are skipped.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeAlias

from domain.commands.batch_commands import CheckInMany
from domain.commands.command import Command, Items, verb
from domain.commands.permissions import Author, Role
from domain.commands.registry import MUTATIONS
from domain.handlers.batches.batch_dispatcher import BatchDispatcher, Done
from domain.handlers.dispatcher import Outcome
from domain.primitives.errors import CommandRejected
from domain.primitives.values import BatchMode, Kind, Source
from tests.properties.drawn_commands import DrawnCommands

AUTHOR = Author("machine:history", Source.API, frozenset(Role))

# Measurements are frequent; commands that end an aggregate are rare, so that enough active aggregates remain.
WEIGHTS: dict[str, float] = {
    "checkIn": 10, "recordReadings": 6, "correctCheckIn": 4, "correctReading": 3, "addKeyResult": 8,
    "draftObjective": 6, "retargetKeyResult": 4, "alignObjective": 5, "linkKpi": 4, "unlinkKpi": 4, "leaveTeam": 4,
    "closeCycle": 0.3, "closeObjective": 1, "dropObjective": 1, "dropKeyResult": 0.5, "disbandTeam": 0.2,
    "deactivatePerson": 0.2, "erasePerson": 0.4, "retireKpi": 0.3, "reopenObjective": 4, "joinTeam": 4,
    "planKeyResult": 5, "abandonCycle": 0.3, "handOver": 1, "saveAsTemplate": 1, "applyTemplate": 1,
    "retireTemplate": 0.3, "renameTemplate": 1, "addPeople": 1, "formTeams": 1, "draftObjectives": 2, "defineKpis": 1,
    "checkInMany": 3,
}  # fmt: skip

After: TypeAlias = Callable[[Command, Outcome], object]

REPEATABLE = frozenset(
    {
        "renamePerson", "deactivatePerson", "renameTeam", "moveTeam", "appointLead", "joinTeam", "leaveTeam",
        "disbandTeam", "activateCycle", "closeCycle", "adoptScoringPolicy", "rewordObjective", "assignObjective",
        "setObjectiveVisibility", "erasePerson", "setCalendar",
        "alignObjective", "unalignObjective", "commitObjective", "closeObjective", "dropObjective",
        "reopenObjective", "rewordKeyResult", "assignKeyResult", "retargetKeyResult", "rescheduleKeyResult",
        "reweighKeyResult", "correctCheckIn", "linkKpi", "unlinkKpi", "scoreKeyResult", "dropKeyResult",
        "redefineKpi", "setKpiTargets", "retireKpi", "recordReadings", "correctReading", "retractReading",
        "moveInitiative", "planKeyResult", "editInitiative", "handOver", "setLabels", "setExternalReference",
        "reviveKpi", "reactivatePerson", "reviveTeam", "renameCycle", "abandonCycle", "renameTemplate",
        "retireTemplate", "rescheduleCycle", "moveKeyResult", "moveObjective",
    }
)  # fmt: skip
"""The idempotent commands: repeated immediately, they record nothing."""


class History(DrawnCommands):
    """A random sequence of commands. `batches` has each batch with the outcomes of its items."""

    weights: Mapping[str, float] = {name: WEIGHTS.get(name, 2) for name in MUTATIONS}

    def __init__(self, keyframe: BatchDispatcher, chance: Random) -> None:
        super().__init__(keyframe, chance)
        self.batches: list[tuple[Command, list[Done]]] = []
        self.refused: Counter[str] = Counter()

    def live(self, steps: int, after: After | None = None) -> None:
        """Execute random commands; call `after` with each successful one and its outcome."""
        for command in self._first_commands():
            self._take(command, after)
        for _ in range(steps):
            self._step(after)

    def _first_commands(self) -> list[Command]:
        return [self._addPerson(), self._formTeam(), self._openCycle(), self._openCycle(), self._defineKpi()]

    def _step(self, after: After | None) -> None:
        """Execute one random command, or a batch of them."""
        (name,) = self._chance.choices(list(self.weights), list(self.weights.values()))
        items = MUTATIONS[name].ITEMS
        if items is None:
            self._take(self._drawn(name), after)
        else:
            self._take_batch(MUTATIONS[name], items, after)

    def _drawn(self, name: str) -> Command:
        """A random command of this type."""
        command: Command = getattr(self, f"_{name}")()
        return self._filled(command)

    def _take(self, command: Command, after: After | None) -> None:
        try:
            outcome = self._keyframe.execute(command, AUTHOR)
        except CommandRejected as refused:
            self.refused[refused.code] += 1
            return
        self._keep(command, outcome, after)

    def _take_batch(self, kind: type[Command], items: Items, after: After | None) -> None:
        """Execute some commands of one type as a batch; each that is recorded counts as one command."""
        fields: dict[str, Any] = {items.field: [self._drawn(verb(items.of)) for _ in range(self._chance.randint(1, 4))]}
        if kind is CheckInMany:
            fields["mode"] = self._chance.choice([*BatchMode])
        batch = kind(**fields, idempotency_key=self._chance.choice([None, f"batch {self._key()}"]))
        try:
            outcomes = self._keyframe.execute_batch(batch, AUTHOR)
        except CommandRejected as refused:
            self.refused[refused.code] += 1
            return
        self.batches.append((batch, outcomes))
        for command, outcome in zip(fields[items.field], outcomes, strict=True):
            if isinstance(outcome, Outcome):
                self._keep(command, outcome, after)

    def _keep(self, command: Command, outcome: Outcome, after: After | None) -> None:
        self._add_ids(outcome)
        self._note(command, outcome.result)
        self.done.append((command, outcome))
        if after is not None:
            after(command, outcome)

    def _add_ids(self, outcome: Outcome) -> None:
        subject = outcome.result.subject
        if subject is not None and subject.id not in self._ids[subject.kind]:
            self._ids[subject.kind].append(subject.id)
        for created in outcome.result.created:
            if created.id not in self._ids[created.kind]:
                self._ids[created.kind].append(created.id)
        for reading, _ in outcome.result.readings:
            if reading not in self._ids[Kind.READING]:
                self._ids[Kind.READING].append(reading)


def moments(history: Sequence[datetime], chance: Random, count: int) -> list[datetime]:
    """Random times: at a change, just before it, and anywhere between."""
    first, last = min(history), max(history)
    drawn = [chance.choice(history) for _ in range(count)]
    return [
        chance.choice([at, at - timedelta(microseconds=1), first + (last - first) * chance.random()]) for at in drawn
    ]
