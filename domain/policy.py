"""Who may do what: roles, permissions, and the one table that joins them."""

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What a person or a machine token is in the workspace; one may be several."""

    ADMIN = "ADMIN"
    LEAD = "LEAD"
    MEMBER = "MEMBER"
    AUDITOR = "AUDITOR"
    METRICS = "METRICS"


class Permission(StrEnum):
    """What somebody may do. OWN means: as owner, contributor, or lead of the owning team (for readings:
    as owner of the KPI); the same verb without it means anybody's.
    """

    READ = "READ"
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
    held = frozenset(roles)
    return frozenset(permission for permission, may in _WHO_MAY.items() if may & held)
