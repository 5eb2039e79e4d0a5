import pytest

from domain.commands.permissions import Permission, Role, permissions

TABLE = """
                     ADMIN LEAD MEMBER AUDITOR METRICS
READ                   x    x     x       x       -
READ_PRIVATE           x    -     -       x       -
READ_LEDGER            x    x     -       x       -
EDIT_OWN_GOALS         x    x     x       -       -
EDIT_GOALS             x    x     -       -       -
RUN_CYCLES             x    x     -       -       -
DEFINE_KPIS            x    x     -       -       -
RECORD_OWN_READINGS    x    x     x       -       x
RECORD_READINGS        x    x     -       -       x
MANAGE_PEOPLE          x    -     -       -       -
ADOPT_POLICY           x    -     -       -       -
SET_CALENDAR           x    -     -       -       -
ISSUE_TOKENS           x    -     -       -       -
IMPORT                 x    -     -       -       -
BACKDATE               x    -     -       -       -
"""


def cells() -> list[tuple[Permission, Role, bool]]:
    heads, *rows = TABLE.strip().splitlines()
    roles = [Role(name) for name in heads.split()]
    return [
        (Permission(name), role, mark == "x")
        for name, *marks in map(str.split, rows)
        for role, mark in zip(roles, marks, strict=True)
    ]


@pytest.mark.parametrize(("permission", "role", "may"), cells())
def test_each_role_has_the_permissions_of_the_table(permission: Permission, role: Role, may: bool) -> None:
    assert (permission in permissions(frozenset({role}))) is may


def test_every_permission_is_in_the_table() -> None:
    assert {permission for permission, *_ in cells()} == set(Permission)
    assert {role for _, role, _ in cells()} == set(Role)


def test_permissions_of_several_roles_are_combined() -> None:
    assert permissions(frozenset({Role.AUDITOR, Role.METRICS})) == permissions(frozenset({Role.AUDITOR})) | permissions(
        frozenset({Role.METRICS})
    )
    assert permissions(frozenset()) == frozenset()
