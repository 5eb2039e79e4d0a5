"""Fields that events of several aggregates have, each described once.

The description is published: the GraphQL schema shows it at the field. A field that one event alone has is described
where it stands, in the class of its event.
"""

from datetime import date
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import Meta

from domain.primitives.values import Ref

# ── names and words ──────────────────────────────────────────────────────────────────────────────

Key: TypeAlias = Annotated[str, Meta(description="A short name, unique in the workspace.")]
Name: TypeAlias = Annotated[str, Meta(description="What it, or the person, is called.")]
Title: TypeAlias = Annotated[str, Meta(description="What it says, in one line.")]
Description: TypeAlias = Annotated[str, Meta(description="More about it.")]
Note: TypeAlias = Annotated[str, Meta(description="What there was to say about it.")]
Body: TypeAlias = Annotated[str, Meta(description="What was said.")]

# ── other things, by id ──────────────────────────────────────────────────────────────────────────

Owner: TypeAlias = Annotated[UUID, Meta(description="Who answers for it.")]
OwningTeam: TypeAlias = Annotated[UUID, Meta(description="The team whose it is.")]
MeasuringKpi: TypeAlias = Annotated[UUID, Meta(description="The KPI.")]
Subject: TypeAlias = Annotated[Ref, Meta(description="What it is about.")]

# ── figures and days ─────────────────────────────────────────────────────────────────────────────

Due: TypeAlias = Annotated[date, Meta(description="The day it is due.")]
Score: TypeAlias = Annotated[float, Meta(description="How it was scored, in [0, 1].")]
Value: TypeAlias = Annotated[
    float,
    Meta(description="What was measured, in the unit of the metric or KPI; null where nothing of it was said."),
]
