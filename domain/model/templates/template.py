"""Templates: objectives with their key results that are drafted again and again, for teams and cycles.

saved ──rename──▶ saved ──retire──▶ retired
"""

from datetime import datetime
from typing import Annotated, TypeAlias

from domain.model.event import Aggregate, Event, stored
from domain.model.fields import Name
from domain.model.templates.template_goals import TemplateGoal
from domain.primitives.documentation import doc
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.rules import Rule
from domain.primitives.values import Cadence, Kind

# ── fields of events ─────────────────────────────────────────────────────────────────────────────

Goals: TypeAlias = Annotated[tuple[TemplateGoal, ...], doc("Its objectives with their key results, in their order.")]

# ── events: their topics are the storage format ──────────────────────────────────────────────────


class TemplateEvent(Event, frozen=True, kw_only=True):
    KIND = Kind.TEMPLATE


@stored
class TemplateSaved(TemplateEvent, frozen=True, kw_only=True):
    """A template was saved."""

    TOPIC = "template-saved"
    FIRST = True
    name: Name
    cadence: Annotated[Cadence, doc("How often its key results are checked in.")]
    template_goals: Goals

    def apply(self, aggregate: "Template") -> None:
        aggregate.name = self.name
        aggregate.cadence = self.cadence
        aggregate.goals = self.template_goals


@stored
class TemplateRenamed(TemplateEvent, frozen=True, kw_only=True):
    """A template was renamed."""

    TOPIC = "template-renamed"
    name: Name

    def apply(self, aggregate: "Template") -> None:
        aggregate.name = self.name


@stored
class TemplateRetired(TemplateEvent, frozen=True, kw_only=True):
    """A template was retired: nothing is drafted from it any more."""

    TOPIC = "template-retired"

    def apply(self, aggregate: "Template") -> None:
        aggregate.retired = True


# ── the aggregate ────────────────────────────────────────────────────────────────────────────────


class Template(Aggregate):
    KIND = Kind.TEMPLATE
    name: str
    cadence: Cadence
    goals: tuple[TemplateGoal, ...]
    retired: bool = False

    def rename(self, name: str, at: datetime) -> None:
        self.refuse_retired()
        if name != self.name:
            self.record(TemplateRenamed(name=name), at)

    def retire(self, at: datetime) -> None:
        if not self.retired:
            self.record(TemplateRetired(), at)

    def refuse_retired(self) -> None:
        if self.retired:
            raise CommandRejected(
                Code.CLOSED,
                f"The template '{self.name}' is retired; choose another, or save a new one.",
                "template",
                rule=Rule.TEMPLATE_RETIRED,
                name=self.name,
            )
