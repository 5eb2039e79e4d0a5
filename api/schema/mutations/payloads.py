"""What a mutation answers: what was recorded and where, what was refused, and the thing as it stands right then."""

from typing import Any, Final

import strawberry

from api.schema.history.change import Change
from api.schema.mutations.command_result import CommandDeclined, CommandSucceeded
from api.schema.primitives import view_types
from api.schema.primitives.field import answered
from api.schema.primitives.refs import QueryRef
from api.schema.primitives.scalars import Position
from api.schema.types.cycle import Cycle
from api.schema.types.discussion import Comment, Initiative, Reflection
from api.schema.types.key_result import KeyResult
from api.schema.types.kpi import Kpi
from api.schema.types.measurements import CheckIn, Reading
from api.schema.types.objective import Objective
from api.schema.types.people import Person, Team
from api.schema.types.workspace import ScoringPolicy
from api.snapshot.dataloaders import found
from domain.commands import key_result_commands
from domain.primitives.errors import Code
from domain.primitives.values import Kind

strawberry.enum(
    Code,
    name="ProblemCode",
    description="Why a command was refused. NOT_FOUND: there is no such thing. FORBIDDEN: not yours to do. INVALID: "
    "never right, whatever the state. STALE: it has changed since the version you saw. CONFLICT: not as things are "
    "now. CLOSED: it has ended. CIRCULAR: it would come to support or contain itself. DUPLICATE: the name is taken. "
    "IDEMPOTENCY_MISMATCH: the key was used with another input. TOO_LARGE: more than is taken at once.",
)


@strawberry.type(description="Why a command was refused: a stable code, and a sentence that says what to do.")
class Problem:
    declined: strawberry.Private[CommandDeclined]

    @answered("The stable code, for a program.")
    def code(self) -> Code:
        return self.declined.refused.code

    @answered("The sentence, for a person.")
    def message(self) -> str:
        return self.declined.refused.message

    @answered("The path within the input that it is about; empty if it is about the whole command.")
    def field(self) -> list[str]:
        return list(self.declined.refused.field)

    @answered("For STALE: what has changed since the version you saw, up to 500 changes.")
    def changes_since(self) -> list[Change]:
        return self.declined.changes_since


@strawberry.interface(
    description="Every payload: what was recorded, where, and what was refused. Refusals are data; top-level errors "
    "are for bugs, bad documents, and a database that cannot be reached."
)
class Payload:
    answer: strawberry.Private[CommandSucceeded | CommandDeclined]

    @answered("The place in the log that this answer stands on; null if the command was refused.")
    def position(self) -> Position | None:
        return Position(self.answer.position) if isinstance(self.answer, CommandSucceeded) else None

    @answered(
        "How many events the views lacked to stand at `position` when the answer could wait no longer; 0 as a rule. "
        "Otherwise the command was carried out all the same, but its thing is null here: read it again with the header "
        "`X-Keyframe-Min-Position`."
    )
    def behind(self) -> int:
        return self.answer.behind if isinstance(self.answer, CommandSucceeded) else 0

    @answered("What was recorded, in order; empty if it was so already, or was refused.")
    def changes(self) -> list[Change]:
        return self.answer.changes if isinstance(self.answer, CommandSucceeded) else []

    @answered("Why the command was refused, in which case nothing was recorded; else empty.")
    def problems(self) -> list[Problem]:
        return [Problem(declined=self.answer)] if isinstance(self.answer, CommandDeclined) else []

    @answered("The View of now, at `position` or after it.")
    def query(self) -> QueryRef:
        return view_types.query(lambda: self.answer.now)


def _about(kind: Kind, description: str) -> Any:
    """A field for the thing that the command was about; null where it was refused or cannot be read yet."""

    def resolve(self: Payload) -> Any:
        return self.answer.subject(kind) if isinstance(self.answer, CommandSucceeded) else None

    return strawberry.field(resolver=resolve, description=description)


@strawberry.type(description="What became of a command about a person.")
class PersonPayload(Payload):
    person: Person | None = _about(Kind.PERSON, "The person.")


@strawberry.type(description="What became of a command about a team.")
class TeamPayload(Payload):
    team: Team | None = _about(Kind.TEAM, "The team.")


@strawberry.type(description="What became of a command about a cycle.")
class CyclePayload(Payload):
    cycle: Cycle | None = _about(Kind.CYCLE, "The cycle.")


@strawberry.type(description="What became of a command about the scoring policy.")
class PolicyPayload(Payload):
    @answered("The policy in force.")
    def policy(self) -> ScoringPolicy | None:
        view = self.answer.view if isinstance(self.answer, CommandSucceeded) else None
        return None if view is None else ScoringPolicy(row=view.policy)


@strawberry.type(description="What became of a command about an objective.")
class ObjectivePayload(Payload):
    objective: Objective | None = _about(Kind.OBJECTIVE, "The objective; of a carrying, the new one.")


@strawberry.type(description="What became of a command about a key result.")
class KeyResultPayload(Payload):
    key_result: KeyResult | None = _about(Kind.KEY_RESULT, "The key result.")


@strawberry.type(description="What became of a check-in, or of its correction.")
class CheckInPayload(Payload):
    check_in: CheckIn | None = _about(Kind.CHECK_IN, "The check-in; of a correction, the version that stands now.")

    @answered("The key result, as it stands with it.")
    def key_result(self) -> KeyResult | None:
        if isinstance(self.answer, CommandDeclined) or self.answer.view is None:
            return None
        if isinstance(self.answer.command, key_result_commands.CheckIn):
            return KeyResult.find(self.answer.view, self.answer.command.key_result)
        check_in = self.answer.subject(Kind.CHECK_IN)
        return None if check_in is None else KeyResult.find(self.answer.view, check_in.row.key_result)


@strawberry.type(description="What became of a command about a KPI.")
class KpiPayload(Payload):
    kpi: Kpi | None = _about(Kind.KPI, "The KPI.")


@strawberry.type(description="What became of readings, or of the correction or taking back of one.")
class ReadingsPayload(Payload):
    @answered("The readings, in the order given, as they stand now.")
    def readings(self) -> list[Reading]:
        if isinstance(self.answer, CommandDeclined) or self.answer.view is None:
            return []
        things = found(self.answer.view, Kind.READING, self.answer.measured)
        return [things[id] for id in self.answer.measured]

    @answered("How many of them were recorded or changed.")
    def recorded(self) -> int:
        return self.answer.recorded if isinstance(self.answer, CommandSucceeded) else 0

    @answered("How many of them were there already, with the same value.")
    def unchanged(self) -> int:
        return len(self.answer.measured) - self.answer.recorded if isinstance(self.answer, CommandSucceeded) else 0


@strawberry.type(description="What became of a command about an initiative.")
class InitiativePayload(Payload):
    initiative: Initiative | None = _about(Kind.INITIATIVE, "The initiative.")


@strawberry.type(description="What became of a comment.")
class CommentPayload(Payload):
    comment: Comment | None = _about(Kind.COMMENT, "The comment.")


@strawberry.type(description="What became of a reflection.")
class ReflectionPayload(Payload):
    reflection: Reflection | None = _about(Kind.REFLECTION, "The reflection.")


PAYLOADS: Final[dict[Kind, type[Payload]]] = {
    Kind.PERSON: PersonPayload,
    Kind.TEAM: TeamPayload,
    Kind.CYCLE: CyclePayload,
    Kind.POLICY: PolicyPayload,
    Kind.OBJECTIVE: ObjectivePayload,
    Kind.KEY_RESULT: KeyResultPayload,
    Kind.CHECK_IN: CheckInPayload,
    Kind.KPI: KpiPayload,
    Kind.READING: ReadingsPayload,
    Kind.INITIATIVE: InitiativePayload,
    Kind.COMMENT: CommentPayload,
    Kind.REFLECTION: ReflectionPayload,
}
"""The payload type of a command, by the kind that it answers with."""
