"""Roles, permissions, the roles with each permission, the authors of commands, and the requirements of commands."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID

from msgspec import Struct

from domain.primitives.lazy import cached_property
from domain.primitives.values import Kind, Source


class Role(StrEnum):
    """A role of a person or machine token in the workspace. A caller may have several."""

    ADMIN = "ADMIN"
    LEAD = "LEAD"
    MEMBER = "MEMBER"
    AUDITOR = "AUDITOR"
    METRICS = "METRICS"


class Permission(StrEnum):
    """An action that a caller may perform. OWN limits it to goals that the caller owns, contributes to or leads the
    team of, and to readings of KPIs that the caller owns. READ_PRIVATE includes goals with the visibility TEAM.
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
    SET_CALENDAR = "SET_CALENDAR"
    ISSUE_TOKENS = "ISSUE_TOKENS"
    IMPORT = "IMPORT"
    BACKDATE = "BACKDATE"


_ALL = frozenset(Role)
_STAFF = frozenset({Role.ADMIN, Role.LEAD})
_ADMIN = frozenset({Role.ADMIN})

_ROLES_BY_PERMISSION: dict[Permission, frozenset[Role]] = {
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
    Permission.SET_CALENDAR: _ADMIN,
    Permission.ISSUE_TOKENS: _ADMIN,
    Permission.IMPORT: _ADMIN,
    Permission.BACKDATE: _ADMIN,
}


@cache
def permissions(roles: frozenset[Role]) -> frozenset[Permission]:
    """All permissions of a caller with these roles."""
    return frozenset(permission for permission, allowed in _ROLES_BY_PERMISSION.items() if allowed & roles)


def roles_with(permission: Permission) -> list[Role]:
    """The roles with a permission, in the order of `Role`."""
    return [role for role in Role if role in _ROLES_BY_PERMISSION[permission]]


# ── authors ──────────────────────────────────────────────────────────────────────────────────────


class Author(Struct, frozen=True, dict=True):
    """The author of a command: `actor` is "person:UUID" or "machine:NAME".

    `on_behalf_of` and `claimed_at` are the `by` and the `at` of an imported fact: claims, which grant no permissions.
    """

    actor: str
    source: Source
    roles: frozenset[Role]
    on_behalf_of: UUID | None = None
    claimed_at: datetime | None = None

    @cached_property
    def person(self) -> UUID | None:
        """The person's id; None for a machine."""
        kind, _, name = self.actor.partition(":")
        return UUID(name) if kind == "person" else None

    @cached_property
    def can(self) -> frozenset[Permission]:
        return permissions(self.roles)


# ── requirements of commands ─────────────────────────────────────────────────────────────────────


class Needs(NamedTuple):
    """The permission that a command requires for any subject, and optionally the weaker one that is enough for the
    author's own. `of` is the field with the subject; without it the subject is the object that the command creates.
    `of_kind`: the permission that a subject of one of these kinds requires instead.

    Besides this, `effectiveAt` requires BACKDATE, and an import requires IMPORT.
    """

    any_subject: Permission
    own: Permission | None = None
    of: str | None = None
    of_kind: Mapping[Kind, Permission] = MappingProxyType({})

    def for_subject(self, kind: Kind) -> "Needs":
        """What a subject of this kind requires."""
        return Needs(self.of_kind[kind], of=self.of) if kind in self.of_kind else self


MANAGE_PEOPLE: Final = Needs(Permission.MANAGE_PEOPLE)
RUN_CYCLES: Final = Needs(Permission.RUN_CYCLES)
DEFINE_KPIS: Final = Needs(Permission.DEFINE_KPIS)
ADOPT_POLICY: Final = Needs(Permission.ADOPT_POLICY)
SET_CALENDAR: Final = Needs(Permission.SET_CALENDAR)


def edit_goals(of: str | None) -> Needs:
    return Needs(Permission.EDIT_GOALS, Permission.EDIT_OWN_GOALS, of)


def edit_subject(of: str, *kinds: Kind) -> Needs:
    """For commands on things of several kinds: the permission of editing the thing. `kinds` are those that are neither
    goals nor belong to one."""
    return Needs(Permission.EDIT_GOALS, Permission.EDIT_OWN_GOALS, of, {kind: _EDITING[kind] for kind in kinds})


_EDITING: Final = {
    Kind.PERSON: Permission.MANAGE_PEOPLE,
    Kind.TEAM: Permission.MANAGE_PEOPLE,
    Kind.CYCLE: Permission.RUN_CYCLES,
    Kind.KPI: Permission.DEFINE_KPIS,
}


def record_readings(of: str) -> Needs:
    return Needs(Permission.RECORD_READINGS, Permission.RECORD_OWN_READINGS, of)
