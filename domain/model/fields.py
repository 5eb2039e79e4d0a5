"""Fields shared by events of several aggregates, each with its description.

The GraphQL schema publishes the descriptions. A field of a single event is described in the class of that event.
"""

from datetime import date, datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from domain.primitives.documentation import doc
from domain.primitives.values import Ref

# ── names and texts ──────────────────────────────────────────────────────────────────────────────

Key: TypeAlias = Annotated[str, doc("A short name, unique in the workspace.")]
Name: TypeAlias = Annotated[str, doc("The name of the entity.")]
Title: TypeAlias = Annotated[str, doc("The title, one line of text.")]
Description: TypeAlias = Annotated[str, doc("A longer description.")]
Note: TypeAlias = Annotated[str, doc("A note, as Markdown.")]
Body: TypeAlias = Annotated[str, doc("The text, as Markdown.")]

Labels: TypeAlias = Annotated[tuple[str, ...], doc("The words by which it is grouped, in alphabetical order.")]

# ── other aggregates, by id ──────────────────────────────────────────────────────────────────────

Owner: TypeAlias = Annotated[UUID, doc("The person responsible for it.")]
OwningTeam: TypeAlias = Annotated[UUID, doc("The team that owns it.")]
MeasuringKpi: TypeAlias = Annotated[UUID, doc("The KPI that provides the readings.")]
Subject: TypeAlias = Annotated[Ref, doc("The subject of the text.")]

# ── values and dates ─────────────────────────────────────────────────────────────────────────────

Due: TypeAlias = Annotated[date, doc("The due date.")]
ClaimedAt: TypeAlias = Annotated[
    datetime,
    doc(
        "When it was reported, as an import claims; null if that is when it was measured, and for other sources. The "
        "claim is not verified, and orders nothing."
    ),
]
Score: TypeAlias = Annotated[float, doc("The score, in [0, 1].")]
Value: TypeAlias = Annotated[
    float,
    doc("The measured value, in the unit of the metric or KPI; null if none was given."),
]
