"""Who may do what: roles, permissions, and the two tables that join them to each other and to every command."""

from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from typing import Final, NamedTuple

from domain import verbs
from domain.verbs import Command


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


def permissions(roles: Iterable[Role]) -> frozenset[Permission]:
    """Everything that somebody with these roles may do: the union of what each role may."""
    return _held(frozenset(roles))


@cache
def _held(roles: frozenset[Role]) -> frozenset[Permission]:
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
    verbs.AddPerson: _PEOPLE,
    verbs.RenamePerson: _PEOPLE,
    verbs.DeactivatePerson: _PEOPLE,
    verbs.ErasePerson: _PEOPLE,
    verbs.FormTeam: _PEOPLE,
    verbs.RenameTeam: _PEOPLE,
    verbs.MoveTeam: _PEOPLE,
    verbs.AppointLead: _PEOPLE,
    verbs.JoinTeam: _PEOPLE,
    verbs.LeaveTeam: _PEOPLE,
    verbs.DisbandTeam: _PEOPLE,
    verbs.OpenCycle: _CYCLES,
    verbs.ActivateCycle: _CYCLES,
    verbs.CloseCycle: _CYCLES,
    verbs.AdoptScoringPolicy: Needs(Permission.ADOPT_POLICY),
    verbs.DraftObjective: _goal(None),
    verbs.RewordObjective: _goal("objective"),
    verbs.AssignObjective: _goal("objective"),
    verbs.SetObjectiveVisibility: _goal("objective"),
    verbs.AlignObjective: _goal("objective"),
    verbs.UnalignObjective: _goal("objective"),
    verbs.CommitObjective: _goal("objective"),
    verbs.CloseObjective: _goal("objective"),
    verbs.DropObjective: _goal("objective"),
    verbs.ReopenObjective: _goal("objective"),
    verbs.CarryObjective: _goal("objective"),
    verbs.AddKeyResult: _goal("objective"),
    verbs.RewordKeyResult: _goal("key_result"),
    verbs.AssignKeyResult: _goal("key_result"),
    verbs.RetargetKeyResult: _goal("key_result"),
    verbs.RescheduleKeyResult: _goal("key_result"),
    verbs.ReweighKeyResult: _goal("key_result"),
    verbs.CheckIn: _goal("key_result"),
    verbs.CorrectCheckIn: _goal("check_in"),
    verbs.LinkKpi: _goal("key_result"),
    verbs.UnlinkKpi: _goal("key_result"),
    verbs.ScoreKeyResult: _goal("key_result"),
    verbs.DropKeyResult: _goal("key_result"),
    verbs.DefineKpi: _KPIS,
    verbs.RedefineKpi: _KPIS,
    verbs.RetireKpi: _KPIS,
    verbs.RecordReadings: _readings("readings"),
    verbs.CorrectReading: _readings("reading"),
    verbs.RetractReading: _readings("reading"),
    verbs.PlanInitiative: _goal("subject"),
    verbs.MoveInitiative: _goal("initiative"),
    verbs.AddComment: _goal("subject"),
    verbs.Reflect: _goal("subject"),
}
"""By command, every one of them. Beside it `effectiveAt` takes BACKDATE, and what an import says takes IMPORT."""
