"""Templates of goals."""

from enum import StrEnum
from functools import singledispatch
from typing import Any

from domain.model.event import Event, Recorded
from domain.model.templates.template import TemplateRenamed, TemplateRetired, TemplateSaved
from domain.model.templates.template_goals import TemplateGoal
from domain.primitives.values import Basis, Cadence, Kind
from projections.store.batch_writer import BatchWriter, Reads
from projections.store.keyset import Filter, FilterBuilder, List, text
from projections.store.rows import Version
from projections.store.versioned_tables import Table, VersionedTable

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class TemplateRow(Version, frozen=True, gc=False):
    name: str
    cadence: Cadence
    template_goals: tuple[TemplateGoal, ...]
    retired: bool = False


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

TEMPLATE = VersionedTable(Kind.TEMPLATE, TemplateRow, searched=("name",))
TABLES: tuple[Table[Any], ...] = (TEMPLATE,)

# ── handlers ─────────────────────────────────────────────────────────────────────────────────────

READS: Reads = {}


@singledispatch
def apply(event: Event, entry: Recorded, writer: BatchWriter) -> None:
    """Apply an event to the tables of this projection; most events are ignored."""


@apply.register
def on_template_saved(event: TemplateSaved, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_first(TEMPLATE, entry)


@apply.register
def on_template_renamed(event: TemplateRenamed, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(TEMPLATE, entry)


@apply.register
def on_template_retired(event: TemplateRetired, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(TEMPLATE, entry, retired=True)


# ── filters and orders ───────────────────────────────────────────────────────────────────────────


class TemplateFilter(Filter, frozen=True):
    """`search`: words that occur in the name."""

    retired: bool | None = None
    search: str | None = None


class TemplateOrder(StrEnum):
    RECORDED = "RECORDED"
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


# ── queries ──────────────────────────────────────────────────────────────────────────────────────

templates = TEMPLATE.by_id
"""The templates with these ids, retired ones too; unknown ones are left out."""


def _conditions(_basis: Basis, filter: TemplateFilter) -> FilterBuilder:
    builder = FilterBuilder()
    builder.where("v.retired = {0}", filter.retired)
    builder.search(filter.search)
    return builder


TEMPLATES = List(TEMPLATE, _conditions, {TemplateOrder.NAME: text("name")})
