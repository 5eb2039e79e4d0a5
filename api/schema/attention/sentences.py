"""The message of an item, in one plain English sentence."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from api.schema.attention.beginnings import days, subjects
from api.schema.attention.findings_of_items import finding_of
from api.snapshot.snapshot import Batch
from domain.findings.finding_rule import counted
from domain.metrics.attention.items import AttentionKind, Item, Urgency
from domain.primitives.values import Kind


class _Facts(NamedTuple):
    """An item with the name of what it is about, its days, and the message of its finding."""

    item: Item
    name: str
    days: int
    finding: str | None

    @property
    def when(self) -> str:
        """The distance of its day: "3 days ago", "today", "in 2 days"."""
        if self.days == 0:
            return "today"
        return f"{counted(self.days, 'day')} ago" if self.days > 0 else f"in {counted(-self.days, 'day')}"

    @property
    def length(self) -> str:
        """How long it holds: "since today", "for 3 days"."""
        return "since today" if self.days < 1 else f"for {counted(self.days, 'day')}"

    @property
    def verb(self) -> str:
        return "was" if self.item.urgency is Urgency.OVERDUE else "is"


def messages(batch: Batch) -> Sequence[str]:
    """The sentence of each of these items."""
    of = zip(batch.rows, batch.all(subjects), batch.all(days), batch.all(finding_of), strict=True)
    return [
        _SENTENCES[item.kind](_Facts(item, _name(item, node), passed, None if found is None else found.message))
        for item, node, passed, found in of
    ]


def _name(item: Item, node: Any) -> str:
    named = item.about.kind in (Kind.KPI, Kind.CYCLE)
    return f"“{node.row.name if named else node.row.title}”"


def _plan_missing(of: _Facts) -> str:
    if of.item.due is None:
        return f"{of.name} has had no plan {of.length}: the last one ended when its metric or due day changed."
    return f"{of.name} {'began' if of.days > 0 else 'begins'} {of.when} and has no plan: activate the cycle."


def _unscored(of: _Facts) -> str:
    ends = "ended" if of.item.urgency is Urgency.OVERDUE else "ends"
    return f"{of.name} {ends} {of.when} with {counted(of.item.goals, 'objective')} not closed yet."


def _worse(of: _Facts) -> str:
    assert of.item.before is not None
    assert of.item.health is not None
    before, now = (health.replace("_", " ").lower() for health in (of.item.before, of.item.health))
    return f"{of.name} went from {before} to {now}, and has been so {of.length}."


_SENTENCES: Mapping[AttentionKind, Callable[[_Facts], str]] = {
    AttentionKind.NEVER_CHECKED_IN: lambda of: (
        f"{of.name} was never checked in: its first check-in {of.verb} due {of.when}."
    ),
    AttentionKind.CHECK_IN_DUE: lambda of: f"A check-in of {of.name} {of.verb} due {of.when}.",
    AttentionKind.READING_DUE: lambda of: f"A reading of {of.name} {of.verb} due {of.when}.",
    AttentionKind.GOALS_UNSCORED: _unscored,
    AttentionKind.PLAN_MISSING: _plan_missing,
    AttentionKind.HEALTH_WORSE: _worse,
    AttentionKind.OWNER_LEFT: lambda of: f"The owner of {of.name} left: assign another one.",
    AttentionKind.OWNER_MISSING: lambda of: f"{of.name} has no owner: assign one.",
    AttentionKind.TEAM_DISBANDED: lambda of: f"The team of {of.name} was disbanded: assign it to another team.",
    AttentionKind.KEY_RESULTS_MISSING: lambda of: f"{of.name} has no key results: add one, or drop it.",
    AttentionKind.SEVERE_FINDING: lambda of: f"{of.name}: {of.finding}",
}
