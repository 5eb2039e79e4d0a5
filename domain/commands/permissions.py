"""Who may do what: roles, permissions, the roles that have each permission, and what a command can require."""

from enum import StrEnum
from functools import cache
from typing import Final, NamedTuple


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
    """Everything that a caller with these roles may do: the union of what each role may."""
    return frozenset(permission for permission, may in _WHO_MAY.items() if may & roles)


def roles_with(permission: Permission) -> list[Role]:
    """The roles that have a permission, in their order."""
    return [role for role in Role if role in _WHO_MAY[permission]]


# ── what a command requires ──────────────────────────────────────────────────────────────────────


class Needs(NamedTuple):
    """What a command requires: a permission for anybody's things, and maybe another one that is enough for one's own.
    `of` is the field that names its subject; without it the subject is what the command creates.

    Besides this, `effectiveAt` requires BACKDATE, and an import requires IMPORT.
    """

    anybodys: Permission
    own: Permission | None = None
    of: str | None = None


MANAGE_PEOPLE: Final = Needs(Permission.MANAGE_PEOPLE)
RUN_CYCLES: Final = Needs(Permission.RUN_CYCLES)
DEFINE_KPIS: Final = Needs(Permission.DEFINE_KPIS)
ADOPT_POLICY: Final = Needs(Permission.ADOPT_POLICY)


def edit_goals(of: str | None) -> Needs:
    return Needs(Permission.EDIT_GOALS, Permission.EDIT_OWN_GOALS, of)


def record_readings(of: str) -> Needs:
    return Needs(Permission.RECORD_READINGS, Permission.RECORD_OWN_READINGS, of)
