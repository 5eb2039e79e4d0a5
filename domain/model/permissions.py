"""Who may do what: roles, permissions, and the two tables that join them to each other and to every command."""

from enum import StrEnum
from functools import cache
from typing import Final, NamedTuple

from domain.model import commands
from domain.model.commands import Command


class Role(StrEnum):
    """What a person or a machine token is in the workspace; one may be several."""

    ADMIN = "ADMIN"
    LEAD = "LEAD"
    MEMBER = "MEMBER"
    AUDITOR = "AUDITOR"
    METRICS = "METRICS"


class Permission(StrEnum):
    """What somebody may do. OWN means: as owner, contributor, or lead of the owning team (for readings:
    as owner of the KPI); the same verb without it means anybody's. READ_PRIVATE: what is for a team only, too.
    """

    READ = "READ"
    READ_PRIVATE = "READ_PRIVATE"
    READ_LEDGER = "READ_LEDGER"
    EDIT_OWN_GOALS = "EDIT_OWN_GOALS"
    EDIT_GOALS = "EDIT_GOALS"
    RUN_CYCLES = "RUN_CYCLES"
    DEFINE_KPIS = "DEFINE_KPIS"
    RECORD_OWN_READINGS = "RECORD_OWN_READINGS"
    RECORD_READINGS = "RECORD_READINGS"
    MANAGE_PEOPLE = "MANAGE_PEOPLE"
    ADOPT_POLICY = "ADOPT_POLICY"
    ISSUE_TOKENS = "ISSUE_TOKENS"
    IMPORT = "IMPORT"
    BACKDATE = "BACKDATE"


_ALL = frozenset(Role)
_STAFF = frozenset({Role.ADMIN, Role.LEAD})
_ADMIN = frozenset({Role.ADMIN})

_WHO_MAY: dict[Permission, frozenset[Role]] = {
    Permission.READ: _ALL - {Role.METRICS},
    Permission.READ_PRIVATE: frozenset({Role.ADMIN, Role.AUDITOR}),
    Permission.READ_LEDGER: _STAFF | {Role.AUDITOR},
    Permission.EDIT_OWN_GOALS: _STAFF | {Role.MEMBER},
    Permission.EDIT_GOALS: _STAFF,
    Permission.RUN_CYCLES: _STAFF,
    Permission.DEFINE_KPIS: _STAFF,
    Permission.RECORD_OWN_READINGS: _STAFF | {Role.MEMBER, Role.METRICS},
    Permission.RECORD_READINGS: _STAFF | {Role.METRICS},
    Permission.MANAGE_PEOPLE: _ADMIN,
    Permission.ADOPT_POLICY: _ADMIN,
    Permission.ISSUE_TOKENS: _ADMIN,
    Permission.IMPORT: _ADMIN,
    Permission.BACKDATE: _ADMIN,
}


@cache
def permissions(roles: frozenset[Role]) -> frozenset[Permission]:
    """Everything that somebody with these roles may do: the union of what each role may."""
    return frozenset(permission for permission, may in _WHO_MAY.items() if may & roles)


def roles_with(permission: Permission) -> list[Role]:
    """The roles that have a permission, in their order."""
    return [role for role in Role if role in _WHO_MAY[permission]]


# ── what each command takes ──────────────────────────────────────────────────────────────────────


class Needs(NamedTuple):
    """What a command takes: one permission to do it with anybody's things, and maybe another one that is enough for
    one's own. `of` is the field that names the thing in question; where there is none it is what the command makes."""

    anybodys: Permission
    own: Permission | None = None
    of: str | None = None


def _goal(of: str | None) -> Needs:
    return Needs(Permission.EDIT_GOALS, Permission.EDIT_OWN_GOALS, of)


def _readings(of: str) -> Needs:
    return Needs(Permission.RECORD_READINGS, Permission.RECORD_OWN_READINGS, of)


_PEOPLE, _CYCLES, _KPIS = map(Needs, (Permission.MANAGE_PEOPLE, Permission.RUN_CYCLES, Permission.DEFINE_KPIS))

NEEDS: Final[dict[type[Command], Needs]] = {
    commands.AddPerson: _PEOPLE,
    commands.RenamePerson: _PEOPLE,
    commands.DeactivatePerson: _PEOPLE,
    commands.ErasePerson: _PEOPLE,
    commands.FormTeam: _PEOPLE,
    commands.RenameTeam: _PEOPLE,
    commands.MoveTeam: _PEOPLE,
    commands.AppointLead: _PEOPLE,
    commands.JoinTeam: _PEOPLE,
    commands.LeaveTeam: _PEOPLE,
    commands.DisbandTeam: _PEOPLE,
    commands.OpenCycle: _CYCLES,
    commands.ActivateCycle: _CYCLES,
    commands.CloseCycle: _CYCLES,
    commands.AdoptScoringPolicy: Needs(Permission.ADOPT_POLICY),
    commands.DraftObjective: _goal(None),
    commands.RewordObjective: _goal("objective"),
    commands.AssignObjective: _goal("objective"),
    commands.SetObjectiveVisibility: _goal("objective"),
    commands.AlignObjective: _goal("objective"),
    commands.UnalignObjective: _goal("objective"),
    commands.CommitObjective: _goal("objective"),
    commands.CloseObjective: _goal("objective"),
    commands.DropObjective: _goal("objective"),
    commands.ReopenObjective: _goal("objective"),
    commands.CarryObjective: _goal("objective"),
    commands.AddKeyResult: _goal("objective"),
    commands.RewordKeyResult: _goal("key_result"),
    commands.AssignKeyResult: _goal("key_result"),
    commands.RetargetKeyResult: _goal("key_result"),
    commands.RescheduleKeyResult: _goal("key_result"),
    commands.ReweighKeyResult: _goal("key_result"),
    commands.CheckIn: _goal("key_result"),
    commands.CorrectCheckIn: _goal("check_in"),
    commands.LinkKpi: _goal("key_result"),
    commands.UnlinkKpi: _goal("key_result"),
    commands.ScoreKeyResult: _goal("key_result"),
    commands.DropKeyResult: _goal("key_result"),
    commands.DefineKpi: _KPIS,
    commands.RedefineKpi: _KPIS,
    commands.RetireKpi: _KPIS,
    commands.RecordReadings: _readings("readings"),
    commands.CorrectReading: _readings("reading"),
    commands.RetractReading: _readings("reading"),
    commands.PlanInitiative: _goal("subject"),
    commands.MoveInitiative: _goal("initiative"),
    commands.AddComment: _goal("subject"),
    commands.Reflect: _goal("subject"),
}
"""By command, every one of them. Beside it `effectiveAt` takes BACKDATE, and what an import says takes IMPORT."""
