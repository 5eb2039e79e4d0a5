"""Fields shared by events of several aggregates, each with its description.

The GraphQL schema publishes the descriptions. A field of a single event is described in the class of that event.
"""

from datetime import date
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import Meta

from domain.primitives.values import Ref

# ── names and texts ──────────────────────────────────────────────────────────────────────────────

Key: TypeAlias = Annotated[str, Meta(description="A short name, unique in the workspace.")]
Name: TypeAlias = Annotated[str, Meta(description="The name of the entity.")]
Title: TypeAlias = Annotated[str, Meta(description="The title, one line of text.")]
Description: TypeAlias = Annotated[str, Meta(description="A longer description.")]
Note: TypeAlias = Annotated[str, Meta(description="A note, as Markdown.")]
Body: TypeAlias = Annotated[str, Meta(description="The text, as Markdown.")]

# ── other aggregates, by id ──────────────────────────────────────────────────────────────────────

Owner: TypeAlias = Annotated[UUID, Meta(description="The person responsible for it.")]
OwningTeam: TypeAlias = Annotated[UUID, Meta(description="The team that owns it.")]
MeasuringKpi: TypeAlias = Annotated[UUID, Meta(description="The KPI that provides the readings.")]
Subject: TypeAlias = Annotated[Ref, Meta(description="The subject of the text.")]

# ── values and dates ─────────────────────────────────────────────────────────────────────────────

Due: TypeAlias = Annotated[date, Meta(description="The due date.")]
Score: TypeAlias = Annotated[float, Meta(description="The score, in [0, 1].")]
Value: TypeAlias = Annotated[
    float,
    Meta(description="The measured value, in the unit of the metric or KPI; null if none was given."),
]
