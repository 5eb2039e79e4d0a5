"""Writing: every command of the domain, and the payload that answers it."""

from typing import Annotated, Any, Final

import strawberry

from api.context import Info
from api.schema import glossary, payloads
from api.schema.answers import carry_out
from api.schema.inputs import INPUTS
from api.schema.payloads import Payload
from domain import verbs
from domain.policy import NEEDS
from domain.verbs import VERBS, Command

PAYLOADS: Final[dict[type[Command], type[Payload]]] = {
    verbs.AddPerson: payloads.PersonPayload,
    verbs.RenamePerson: payloads.PersonPayload,
    verbs.DeactivatePerson: payloads.PersonPayload,
    verbs.ErasePerson: payloads.PersonPayload,
    verbs.FormTeam: payloads.TeamPayload,
    verbs.RenameTeam: payloads.TeamPayload,
    verbs.MoveTeam: payloads.TeamPayload,
    verbs.AppointLead: payloads.TeamPayload,
    verbs.JoinTeam: payloads.TeamPayload,
    verbs.LeaveTeam: payloads.TeamPayload,
    verbs.DisbandTeam: payloads.TeamPayload,
    verbs.OpenCycle: payloads.CyclePayload,
    verbs.ActivateCycle: payloads.CyclePayload,
    verbs.CloseCycle: payloads.CyclePayload,
    verbs.AdoptScoringPolicy: payloads.PolicyPayload,
    verbs.DraftObjective: payloads.ObjectivePayload,
    verbs.RewordObjective: payloads.ObjectivePayload,
    verbs.AssignObjective: payloads.ObjectivePayload,
    verbs.SetObjectiveVisibility: payloads.ObjectivePayload,
    verbs.AlignObjective: payloads.ObjectivePayload,
    verbs.UnalignObjective: payloads.ObjectivePayload,
    verbs.CommitObjective: payloads.ObjectivePayload,
    verbs.CloseObjective: payloads.ObjectivePayload,
    verbs.DropObjective: payloads.ObjectivePayload,
    verbs.ReopenObjective: payloads.ObjectivePayload,
    verbs.CarryObjective: payloads.ObjectivePayload,
    verbs.AddKeyResult: payloads.KeyResultPayload,
    verbs.RewordKeyResult: payloads.KeyResultPayload,
    verbs.AssignKeyResult: payloads.KeyResultPayload,
    verbs.RetargetKeyResult: payloads.KeyResultPayload,
    verbs.RescheduleKeyResult: payloads.KeyResultPayload,
    verbs.ReweighKeyResult: payloads.KeyResultPayload,
    verbs.CheckIn: payloads.CheckInPayload,
    verbs.CorrectCheckIn: payloads.CheckInPayload,
    verbs.LinkKpi: payloads.KeyResultPayload,
    verbs.UnlinkKpi: payloads.KeyResultPayload,
    verbs.ScoreKeyResult: payloads.KeyResultPayload,
    verbs.DropKeyResult: payloads.KeyResultPayload,
    verbs.DefineKpi: payloads.KpiPayload,
    verbs.RedefineKpi: payloads.KpiPayload,
    verbs.RetireKpi: payloads.KpiPayload,
    verbs.RecordReadings: payloads.ReadingsPayload,
    verbs.CorrectReading: payloads.ReadingsPayload,
    verbs.RetractReading: payloads.ReadingsPayload,
    verbs.PlanInitiative: payloads.InitiativePayload,
    verbs.MoveInitiative: payloads.InitiativePayload,
    verbs.AddComment: payloads.CommentPayload,
    verbs.Reflect: payloads.ReflectionPayload,
}


def _mutation(name: str, kind: type[Command]) -> Any:
    """The field that carries out one kind of command."""
    payload = PAYLOADS[kind]

    def resolve(info: Info, input: Any) -> Any:
        return payload(answer=carry_out(info.context, kind, input))

    annotated: Any = Annotated
    given = annotated[INPUTS[kind], strawberry.argument(description="What it takes.")]
    resolve.__annotations__ = {"info": Info, "input": given, "return": payload | None}
    return strawberry.mutation(resolver=resolve, name=name, description=f"{glossary.COMMANDS[kind]} {_takes(kind)}")


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
