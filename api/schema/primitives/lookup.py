"""Lookup inputs: a cycle, KPI, person or team by its id, or by its key or handle."""

from typing import TypeAlias

import strawberry


@strawberry.input(one_of=True, description="A cycle by its id or by its key: exactly one of the two.")
class CycleBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The global id.")
    key: str | None = strawberry.field(default=strawberry.UNSET, description="The key, like 2026-q1.")


@strawberry.input(one_of=True, description="A KPI by its id or by its key: exactly one of the two.")
class KpiBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The global id.")
    key: str | None = strawberry.field(default=strawberry.UNSET, description="The key, like conversion-rate.")


@strawberry.input(one_of=True, description="A team by its id or by its key: exactly one of the two.")
class TeamBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The global id.")
    key: str | None = strawberry.field(default=strawberry.UNSET, description="The key, like marketing.")


@strawberry.input(one_of=True, description="A person by its id or by its handle: exactly one of the two.")
class PersonBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The global id.")
    handle: str | None = strawberry.field(default=strawberry.UNSET, description="The handle, like ada.")


By: TypeAlias = CycleBy | KpiBy | PersonBy | TeamBy


def id_of(by: By) -> str | None:
    """The global id, or None if the lookup is by key or handle."""
    return None if by.id is strawberry.UNSET else by.id


def key_of(by: By) -> str:
    """The key or handle; empty if the lookup is by id."""
    return (by.handle if isinstance(by, PersonBy) else by.key) or ""
