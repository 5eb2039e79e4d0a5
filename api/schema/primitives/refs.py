"""Lazy references to types: GraphQL types refer to each other in cycles, Python modules must not."""

from typing import TYPE_CHECKING, Annotated, TypeAlias, Union

import strawberry

if TYPE_CHECKING:
    from api.schema.history.change import Change
    from api.schema.query import Query, Snapshot
    from api.schema.types.cycle import Cycle
    from api.schema.types.discussion import Comment, Initiative, Reflection
    from api.schema.types.entity import Entity
    from api.schema.types.key_result import KeyResult
    from api.schema.types.kpi import Kpi
    from api.schema.types.measurements import CheckIn, Reading
    from api.schema.types.objective import Objective
    from api.schema.types.people import Person, Team
    from api.schema.types.templates.template import Template

QueryRef: TypeAlias = Annotated["Query", strawberry.lazy("api.schema.query")]
SnapshotRef: TypeAlias = Annotated["Snapshot", strawberry.lazy("api.schema.query")]
EntityRef: TypeAlias = Annotated["Entity", strawberry.lazy("api.schema.types.entity")]
PersonRef: TypeAlias = Annotated["Person", strawberry.lazy("api.schema.types.people")]
TeamRef: TypeAlias = Annotated["Team", strawberry.lazy("api.schema.types.people")]
CycleRef: TypeAlias = Annotated["Cycle", strawberry.lazy("api.schema.types.cycle")]
ObjectiveRef: TypeAlias = Annotated["Objective", strawberry.lazy("api.schema.types.objective")]
KeyResultRef: TypeAlias = Annotated["KeyResult", strawberry.lazy("api.schema.types.key_result")]
CheckInRef: TypeAlias = Annotated["CheckIn", strawberry.lazy("api.schema.types.measurements")]
KpiRef: TypeAlias = Annotated["Kpi", strawberry.lazy("api.schema.types.kpi")]
ReadingRef: TypeAlias = Annotated["Reading", strawberry.lazy("api.schema.types.measurements")]
TemplateRef: TypeAlias = Annotated["Template", strawberry.lazy("api.schema.types.templates.template")]
InitiativeRef: TypeAlias = Annotated["Initiative", strawberry.lazy("api.schema.types.discussion")]
ChangeRef: TypeAlias = Annotated["Change", strawberry.lazy("api.schema.history.change")]
CommentRef: TypeAlias = Annotated["Comment", strawberry.lazy("api.schema.types.discussion")]
ReflectionRef: TypeAlias = Annotated["Reflection", strawberry.lazy("api.schema.types.discussion")]

AlignmentTarget: TypeAlias = Annotated[
    Union[ObjectiveRef, KeyResultRef],  # noqa: UP007 - a union of lazy types has to be spelt out
    strawberry.union(
        "AlignmentTarget", description="A goal that an objective can support: an objective or a key result."
    ),
]
