"""Types by name only: they speak of each other in circles, and each stands in a module of its own."""

from typing import TYPE_CHECKING, Annotated, TypeAlias, Union

import strawberry

if TYPE_CHECKING:
    from api.schema.change import Change
    from api.schema.conversation import Comment, Initiative, Reflection
    from api.schema.cycle import Cycle
    from api.schema.key_result import KeyResult
    from api.schema.kpi import Kpi
    from api.schema.measurements import CheckIn, Reading
    from api.schema.objective import Objective
    from api.schema.people import Person, Team
    from api.schema.query import Snapshot

SnapshotRef: TypeAlias = Annotated["Snapshot", strawberry.lazy("api.schema.query")]
PersonRef: TypeAlias = Annotated["Person", strawberry.lazy("api.schema.people")]
TeamRef: TypeAlias = Annotated["Team", strawberry.lazy("api.schema.people")]
CycleRef: TypeAlias = Annotated["Cycle", strawberry.lazy("api.schema.cycle")]
ObjectiveRef: TypeAlias = Annotated["Objective", strawberry.lazy("api.schema.objective")]
KeyResultRef: TypeAlias = Annotated["KeyResult", strawberry.lazy("api.schema.key_result")]
CheckInRef: TypeAlias = Annotated["CheckIn", strawberry.lazy("api.schema.measurements")]
KpiRef: TypeAlias = Annotated["Kpi", strawberry.lazy("api.schema.kpi")]
ReadingRef: TypeAlias = Annotated["Reading", strawberry.lazy("api.schema.measurements")]
InitiativeRef: TypeAlias = Annotated["Initiative", strawberry.lazy("api.schema.conversation")]
ChangeRef: TypeAlias = Annotated["Change", strawberry.lazy("api.schema.change")]
CommentRef: TypeAlias = Annotated["Comment", strawberry.lazy("api.schema.conversation")]
ReflectionRef: TypeAlias = Annotated["Reflection", strawberry.lazy("api.schema.conversation")]

AlignmentTarget: TypeAlias = Annotated[
    Union[ObjectiveRef, KeyResultRef],  # noqa: UP007 - a union of lazy types has to be spelt out
    strawberry.union("AlignmentTarget", description="What an objective can support: an objective or a key result."),
]
