"""A company with secrets: a story that both companies share, and goals that only a team may see.

Every text of a hidden aggregate contains the word of its objective, see `word`. Every command has a key, so that two
companies with the same commands have the same ids, even if one has more commands.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import msgspec

from domain.commands.command import Command, CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle, OpenCycle
from domain.commands.discussion_commands import AddComment, EditInitiative, MoveInitiative, PlanInitiative, Reflect
from domain.commands.key_result_commands import (
    AddKeyResult,
    CheckIn,
    CorrectCheckIn,
    LinkKpi,
    MetricInput,
    RescheduleKeyResult,
    RetargetKeyResult,
    ReweighKeyResult,
    UnlinkKpi,
)
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import (
    AlignObjective,
    CarryObjective,
    CloseObjective,
    DraftObjective,
    DropObjective,
    ReopenObjective,
    RewordObjective,
    SetObjectiveVisibility,
    UnalignObjective,
)
from domain.commands.people_commands import AddPerson, FormTeam, JoinTeam
from domain.commands.permissions import Author, Role
from domain.commands.subject_commands import SetExternalReference, SetLabels
from domain.model.event import Recorded
from domain.model.objective import ObjectiveAligned, ObjectiveUnaligned
from domain.primitives.values import (
    Direction,
    GoalDirection,
    InitiativeState,
    Kind,
    KpiGoal,
    Milestone,
    Ref,
    ReflectionKind,
    Source,
    Visibility,
)
from tests.world import World

START = datetime(2026, 1, 1, tzinfo=UTC)
Q1, Q2 = CycleBy(key="2026-q1"), CycleBy(key="2026-q2")
KPI = KpiBy(key="promoters")
HIDDEN = ("plan", "was", "shut", "gone", "next", "plain")
"""The objectives that are private to their team at the end. `plain` contains no secret word by then."""


def word(name: str) -> str:
    """The word in every text of a hidden objective."""
    return f"Zq7{name}"


def day(number: float) -> datetime:
    """The time this many days into the first cycle."""
    return START + timedelta(days=number)


def rise(target: float = 100) -> MetricInput:
    return MetricInput(direction=Direction.INCREASE, start=0, target=target)


class Company:
    """A workspace with the story: all of it, or without the hidden goals."""

    def __init__(self, world: World, *, has_secrets: bool) -> None:
        self.world = world
        self.has_secrets = has_secrets
        self.ids: dict[str, UUID] = {}
        self._by = Author("machine:author", Source.API, frozenset(Role))
        _run_story(self)
        world.catch_up()

    # ── commands ──────────────────────────────────────────────────────────────────────────────────

    def record(self, name: str, command: Command, at: float | None = None) -> UUID:
        """Execute a command; `name` refers to its subject from then on."""
        more: dict[str, Any] = {"idempotency_key": name}
        if at is not None:
            more["effective_at"] = day(at)
        outcome = self.world.keyframe.execute(msgspec.structs.replace(command, **more), self._by)
        assert outcome.first is not None, name
        about = outcome.result.subject
        self.ids[name] = outcome.result.readings[0][0] if about is None else about.id
        return self.ids[name]

    def execute_secret(self, name: str, command: Command, at: float | None = None) -> UUID:
        """Execute a command only in the company with secrets."""
        return self.record(name, command, at) if self.has_secrets else UUID(int=0)

    def __getitem__(self, name: str) -> UUID:
        return self.ids.get(name, UUID(int=0))

    def ref(self, kind: Kind, name: str) -> Ref:
        return Ref(kind, self[name])

    # ── what is hidden, by the log alone ─────────────────────────────────────────────────────────

    @cached_property
    def _parted(self) -> tuple[set[UUID], list[int]]:
        return parted(self.world.log.entries(0, 10_000), {self[name] for name in HIDDEN})

    @property
    def secret(self) -> set[UUID]:
        """The ids of the hidden objectives and of everything that belongs to them."""
        return self._parted[0]

    @property
    def visible(self) -> list[int]:
        """The positions of all events that an outsider may see."""
        return self._parted[1]


def parted(log: Sequence[Recorded], hidden: Collection[UUID]) -> tuple[set[UUID], list[int]]:
    """All that belongs to these objectives, and the positions of all events that neither are about that nor align a
    goal with it. What happened to a key result before it left one of these objectives is hidden, too."""
    stays: dict[UUID, list[tuple[int, UUID]]] = {}
    for entry in log:
        parent = entry.event.belongs_to or entry.event.moves_to
        if parent is not None:
            stays.setdefault(entry.event.originator_id, []).append((entry.position, parent))

    def is_hidden(id: UUID, position: int) -> bool:
        """Whether something is in one of these objectives at a position or later."""
        if id in hidden:
            return True
        own = stays.get(id)
        if own is None:
            return False
        ends = [*(since for since, _ in own[1:]), len(log) + 1]
        return any(position < end and is_hidden(parent, position) for (_, parent), end in zip(own, ends, strict=True))

    secret = {one.event.originator_id for one in log if is_hidden(one.event.originator_id, len(log))}
    visible = [
        entry.position
        for entry in log
        if not is_hidden(entry.event.originator_id, entry.position)
        and not (
            isinstance(entry.event, ObjectiveAligned | ObjectiveUnaligned)
            and is_hidden(entry.event.to.id, entry.position)
        )
    ]
    return secret, visible


# ── the story ─────────────────────────────────────────────────────────────────────────────────────


def _run_story(to: Company) -> None:
    _people(to)
    _drafts(to)
    _quarter(to)
    _closing(to)
    _next_quarter(to)
    _hiding(to)


def _people(to: Company) -> None:
    for handle in ("ann", "aud", "lia", "mia", "tom", "moe", "oda", "coy", "kay"):
        to.record(handle, AddPerson(handle=handle, name=handle.capitalize(), email=f"{handle}@example.org"), 0)
    to.record("company", FormTeam(key="company", name="Company"), 0)
    to.record("alpha", FormTeam(key="alpha", name="Alpha", parent=to["company"], lead=to["tom"]), 0)
    to.record("beta", FormTeam(key="beta", name="Beta", parent=to["company"], lead=to["lia"]), 0)
    to.record("mia in alpha", JoinTeam(team=to["alpha"], person=to["mia"]), 0)
    to.record("moe in beta", JoinTeam(team=to["beta"], person=to["moe"]), 0)
    to.record("q1", OpenCycle(key="2026-q1", name="First", starts_on=date(2026, 1, 1), ends_on=date(2026, 3, 31)), 0)
    to.record("q2", OpenCycle(key="2026-q2", name="Second", starts_on=date(2026, 4, 1), ends_on=date(2026, 6, 30)), 0)
    goal = KpiGoal(direction=GoalDirection.AT_LEAST, target=50)
    to.record("kpi", DefineKpi(key="promoters", name="Promoters", owner=to["moe"], team=to["beta"], goal=goal), 0)


def _draft(to: Company, title: str, **given: Any) -> DraftObjective:
    asked: dict[str, Any] = {"cycle": Q1, "title": title, "team": to["alpha"], "owner": to["oda"], **given}
    return DraftObjective(**asked)


def _drafts(to: Company) -> None:
    for name in ("open", "wide", "free", "calm"):
        team = to["beta"] if name == "wide" else to["alpha"]
        to.record(name, _draft(to, f"Everybody knows of the {name} goal", team=team), 1)
        to.record(f"{name}/kr", AddKeyResult(objective=to[name], title=f"Visits of {name}", metric=rise()), 1)
    to.record("open/kpi", AddKeyResult(objective=to["open"], title="Promoters rise", metric=rise(), kpi=KPI), 1)
    to.record("wide/open", AlignObjective(objective=to["wide"], to=to.ref(Kind.OBJECTIVE, "open")), 1)
    again = _draft(to, "Was a secret and is none", visibility=Visibility.TEAM)
    to.record("again", again, 1)
    to.record("again/kr", AddKeyResult(objective=to["again"], title="Once secret visits", metric=rise()), 1)
    for name in ("plan", "was", "shut", "gone"):
        _secret_draft(to, name)
    supports = [to.ref(Kind.OBJECTIVE, "open")] + [to.ref(Kind.OBJECTIVE, "plan")] * to.has_secrets
    to.record("bold", _draft(to, "Everybody knows of the bold goal", supports=supports), 1)
    plain = _draft(to, "Some old goal", visibility=Visibility.TEAM)
    to.execute_secret("plain", plain, 1)
    added = AddKeyResult(objective=to["plain"], title="Some old result", metric=rise())
    to.execute_secret("plain/kr", added, 1)


def _secret_draft(to: Company, name: str) -> None:
    drafted = _draft(
        to,
        f"We {word(name)} quietly",
        description=f"Nobody knows of {word(name)}",
        contributors=[to["coy"]],
        visibility=Visibility.WORKSPACE if name == "was" else Visibility.TEAM,
        supports=[to.ref(Kind.OBJECTIVE, "open"), to.ref(Kind.KEY_RESULT, "wide/kr")],
    )
    to.execute_secret(name, drafted, 1)
    steps = tuple(Milestone(key=f"m{number}", title=f"{word(name)} step {number}") for number in (1, 2))
    metrics = {"kr": rise(), "kpi": rise(), "steps": MetricInput(direction=Direction.MILESTONES, milestones=steps)}
    for part, metric in metrics.items():
        added = AddKeyResult(
            objective=to[name],
            title=f"{word(name)} {part}",
            description=f"Measures {word(name)}",
            metric=metric,
            owner=to["kay"] if name == "plan" else None,
            kpi=KPI if part == "kpi" else None,
        )
        to.execute_secret(f"{name}/{part}", added, 1)


def _quarter(to: Company) -> None:
    to.execute_secret("calm/plan", AlignObjective(objective=to["calm"], to=to.ref(Kind.OBJECTIVE, "plan")), 2)
    to.execute_secret("free/was", AlignObjective(objective=to["free"], to=to.ref(Kind.KEY_RESULT, "was/kr")), 2)
    off = UnalignObjective(objective=to["free"], from_=to.ref(Kind.KEY_RESULT, "was/kr"))
    to.execute_secret("free/was off", off, 3)
    to.record("q1 active", ActivateCycle(cycle=Q1), 4)
    to.execute_secret("free/plan", AlignObjective(objective=to["free"], to=to.ref(Kind.KEY_RESULT, "plan/kr")), 5)
    for number in (10, 20, 30):
        for name in ("open", "wide", "free", "again"):
            _check_in(to, to.record, name, number, f"Spoken of {name}")
        for name in ("plan", "was", "shut", "gone"):
            _check_in(to, to.execute_secret, name, number, f"{word(name)} is going on")
        read = ReadingInput(KPI, float(number), day(number), f"Read on day {number}")
        to.record(f"kpi/{number}", RecordReadings(readings=[read]))
    correct = CorrectCheckIn(check_in=to["open/kr/20"], value=21, note="Miscounted", reason="Counted again")
    to.record("open/kr/20 corrected", correct)
    to.record("open/kr moved", RetargetKeyResult(key_result=to["open/kr"], metric=rise(80), reason="Too far"), 31)
    to.record("open said", AddComment(subject=to.ref(Kind.OBJECTIVE, "open"), body="Looks good"), 31)
    to.record("open work", PlanInitiative(subject=to.ref(Kind.KEY_RESULT, "open/kr"), title="Ask around"), 31)
    for name in ("plan", "was"):
        _around(to, name)
    to.execute_secret("gone dropped", DropObjective(objective=to["gone"], reason=f"No more {word('gone')}"), 40)
    closed = CloseObjective(objective=to["shut"], reflection=f"Well, {word('shut')}")
    to.execute_secret("shut closed", closed, 41)
    to.execute_secret("shut reopened", ReopenObjective(objective=to["shut"], reason=f"{word('shut')} lives"), 42)
    to.execute_secret("shut closed again", closed, 43)


def _check_in(to: Company, tell: Any, name: str, number: int, note: str) -> None:
    given = CheckIn(
        key_result=to[f"{name}/kr"], value=float(number), confidence=0.5, note=note, measured_at=day(number)
    )
    tell(f"{name}/kr/{number}", given)


def _around(to: Company, name: str) -> None:
    """All other commands about a goal."""
    secret_word = word(name)
    result = to[f"{name}/kr"]
    do = to.execute_secret
    do(f"{name} reworded", RewordObjective(objective=to[name], title=f"We still {secret_word} quietly"), 31)
    do(f"{name} moved", RetargetKeyResult(key_result=result, metric=rise(60), reason=f"{secret_word} is hard"), 31)
    do(
        f"{name} due",
        RescheduleKeyResult(key_result=result, due=date(2026, 3, 20), reason=f"{secret_word} is late"),
        31,
    )
    for kind, of in [(Kind.OBJECTIVE, name), (Kind.KEY_RESULT, f"{name}/kr")]:
        number, at = f"{secret_word}-{of}", f"https://jira.example.com/{secret_word}"
        referred = SetExternalReference(subject=to.ref(kind, of), system="jira", id=number, url=at)
        do(f"{of} referred", referred, 31)
    labels = [f"{secret_word} label"]
    for kind, of in [(Kind.OBJECTIVE, name), (Kind.KEY_RESULT, f"{name}/kr")]:
        do(f"{of} labelled", SetLabels(subject=to.ref(kind, of), labels=labels), 31)
    do(f"{name} weighed", ReweighKeyResult(key_result=result, weight=3, reason=f"{secret_word} matters"), 31)
    correct = CorrectCheckIn(
        check_in=to[f"{name}/kr/20"], value=25, note=f"{secret_word} anew", reason=f"{secret_word} it was"
    )
    do(f"{name} corrected", correct)
    reached = CheckIn(key_result=to[f"{name}/steps"], reached=["m1"], note=f"{secret_word} one", measured_at=day(32))
    do(f"{name} reached", reached)
    do(f"{name} unlinked", UnlinkKpi(key_result=to[f"{name}/kpi"], reason=f"{secret_word} apart"), 33)
    do(f"{name} linked", LinkKpi(key_result=to[f"{name}/kpi"], kpi=KPI, reason=f"{secret_word} together"), 34)
    do(f"{name} work", PlanInitiative(subject=to.ref(Kind.KEY_RESULT, f"{name}/kr"), title=f"Do {secret_word}"), 34)
    edited = EditInitiative(initiative=to[f"{name} work"], title=f"Do {secret_word} well", due=date(2026, 3, 1))
    do(f"{name} work edited", edited, 34)
    do(f"{name} work on", MoveInitiative(initiative=to[f"{name} work"], to=InitiativeState.DOING), 35)
    subjects = [(Kind.OBJECTIVE, name), (Kind.KEY_RESULT, f"{name}/kr"), (Kind.CHECK_IN, f"{name}/kr/20")]
    for kind, of in [*subjects, (Kind.INITIATIVE, f"{name} work")]:
        do(f"{of} said", AddComment(subject=to.ref(kind, of), body=f"About {secret_word}"), 36)
    reflect = Reflect(subject=to.ref(Kind.OBJECTIVE, name), kind=ReflectionKind.LEARNED, body=f"{secret_word} is hard")
    do(f"{name} reflected", reflect, 36)


def _closing(to: Company) -> None:
    to.record("q1 closed", CloseCycle(cycle=Q1, close_objectives=True), 89)
    learned = Reflect(subject=to.ref(Kind.CYCLE, "q1"), kind=ReflectionKind.WENT_WELL, body="We got there")
    to.record("q1 reflected", learned, 90)
    late = CorrectCheckIn(check_in=to["open/kr/30"], value=33, reason="Found later")
    to.record("open late", late)
    with_secrets = CorrectCheckIn(check_in=to["plan/kr/30"], value=44, reason=f"{word('plan')} found later")
    to.execute_secret("plan late", with_secrets)


def _next_quarter(to: Company) -> None:
    to.execute_secret("next", CarryObjective(objective=to["plan"], into=Q2), 91)
    to.record("open next", CarryObjective(objective=to["open"], into=Q2), 91)
    _carried_from_a_secret(to)
    to.record("q2 active", ActivateCycle(cycle=Q2), 93)
    to.record("shown", SetObjectiveVisibility(objective=to["again"], visibility=Visibility.WORKSPACE), 94)
    supports = AlignObjective(objective=to["next"], to=to.ref(Kind.OBJECTIVE, "open next"))
    to.execute_secret("next/open", supports, 94)
    to.record("kpi/95", RecordReadings(readings=[ReadingInput(KPI, 60.0, day(95))]))


def _carried_from_a_secret(to: Company) -> None:
    """A visible objective carried from a hidden one; without secrets it is drafted directly."""
    if to.has_secrets:
        to.record("heir", CarryObjective(objective=to["plain"], into=Q2), 91)
        return
    to.record("heir", _draft(to, "Some old goal", cycle=Q2, visibility=Visibility.TEAM), 91)
    to.record("heir/kr", AddKeyResult(objective=to["heir"], title="Some old result", metric=rise()), 91)


def _hiding(to: Company) -> None:
    to.record("heir shown", SetObjectiveVisibility(objective=to["heir"], visibility=Visibility.WORKSPACE), 96)
    to.execute_secret("was hidden", SetObjectiveVisibility(objective=to["was"], visibility=Visibility.TEAM), 96)
