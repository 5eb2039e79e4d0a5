"""Writing: every command of the domain, and the payload that answers it."""

from typing import Annotated, Any, Final

import strawberry

from api.execution.context import Info
from api.schema.mutations import descriptions, payloads
from api.schema.mutations.command_result import carry_out
from api.schema.mutations.inputs import INPUTS
from api.schema.mutations.payloads import Payload
from domain.commands import command as commands
from domain.commands.command import VERBS, Command
from domain.commands.permissions import NEEDS

PAYLOADS: Final[dict[type[Command], type[Payload]]] = {
    commands.AddPerson: payloads.PersonPayload,
    commands.RenamePerson: payloads.PersonPayload,
    commands.DeactivatePerson: payloads.PersonPayload,
    commands.ErasePerson: payloads.PersonPayload,
    commands.FormTeam: payloads.TeamPayload,
    commands.RenameTeam: payloads.TeamPayload,
    commands.MoveTeam: payloads.TeamPayload,
    commands.AppointLead: payloads.TeamPayload,
    commands.JoinTeam: payloads.TeamPayload,
    commands.LeaveTeam: payloads.TeamPayload,
    commands.DisbandTeam: payloads.TeamPayload,
    commands.OpenCycle: payloads.CyclePayload,
    commands.ActivateCycle: payloads.CyclePayload,
    commands.CloseCycle: payloads.CyclePayload,
    commands.AdoptScoringPolicy: payloads.PolicyPayload,
    commands.DraftObjective: payloads.ObjectivePayload,
    commands.RewordObjective: payloads.ObjectivePayload,
    commands.AssignObjective: payloads.ObjectivePayload,
    commands.SetObjectiveVisibility: payloads.ObjectivePayload,
    commands.AlignObjective: payloads.ObjectivePayload,
    commands.UnalignObjective: payloads.ObjectivePayload,
    commands.CommitObjective: payloads.ObjectivePayload,
    commands.CloseObjective: payloads.ObjectivePayload,
    commands.DropObjective: payloads.ObjectivePayload,
    commands.ReopenObjective: payloads.ObjectivePayload,
    commands.CarryObjective: payloads.ObjectivePayload,
    commands.AddKeyResult: payloads.KeyResultPayload,
    commands.RewordKeyResult: payloads.KeyResultPayload,
    commands.AssignKeyResult: payloads.KeyResultPayload,
    commands.RetargetKeyResult: payloads.KeyResultPayload,
    commands.RescheduleKeyResult: payloads.KeyResultPayload,
    commands.ReweighKeyResult: payloads.KeyResultPayload,
    commands.CheckIn: payloads.CheckInPayload,
    commands.CorrectCheckIn: payloads.CheckInPayload,
    commands.LinkKpi: payloads.KeyResultPayload,
    commands.UnlinkKpi: payloads.KeyResultPayload,
    commands.ScoreKeyResult: payloads.KeyResultPayload,
    commands.DropKeyResult: payloads.KeyResultPayload,
    commands.DefineKpi: payloads.KpiPayload,
    commands.RedefineKpi: payloads.KpiPayload,
    commands.RetireKpi: payloads.KpiPayload,
    commands.RecordReadings: payloads.ReadingsPayload,
    commands.CorrectReading: payloads.ReadingsPayload,
    commands.RetractReading: payloads.ReadingsPayload,
    commands.PlanInitiative: payloads.InitiativePayload,
    commands.MoveInitiative: payloads.InitiativePayload,
    commands.AddComment: payloads.CommentPayload,
    commands.Reflect: payloads.ReflectionPayload,
}


def _mutation(name: str, kind: type[Command]) -> Any:
    """The field that carries out one kind of command."""
    payload = PAYLOADS[kind]

    def resolve(info: Info, input: Any) -> Any:
        return payload(answer=carry_out(info.context, kind, input))

    annotated: Any = Annotated
    given = annotated[INPUTS[kind], strawberry.argument(description="What it takes.")]
    resolve.__annotations__ = {"info": Info, "input": given, "return": payload | None}
    return strawberry.mutation(resolver=resolve, name=name, description=f"{descriptions.COMMANDS[kind]} {_takes(kind)}")


def _takes(kind: type[Command]) -> str:
    """The permission that a command takes."""
    needs = NEEDS[kind]
    own = f", or {needs.own} for what is one's own" if needs.own else ""
    return f"Takes {needs.anybodys}{own}."


Mutation = strawberry.type(
    type("Mutation", (), {"__module__": __name__, **{name: _mutation(name, kind) for name, kind in VERBS.items()}}),
    description="Everything that can be asked of Keyframe. A command is carried out whole or not at all. Asking for "
    "what is so already records nothing and is no problem.",
)
