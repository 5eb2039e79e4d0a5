"""Lookup inputs: a thing by its id, by its key or handle, or by its counterpart in another system."""

from typing import Any, TypeAlias

import strawberry

from domain.commands.command import External


@strawberry.input(description="The counterpart of a thing in another system, which no other thing has.")
class ExternalInput:
    system: str = strawberry.field(description="The key of the other system, like jira.")
    id: str = strawberry.field(description="The id of the counterpart in the other system.")


def _external() -> Any:
    return strawberry.field(default=strawberry.UNSET, description="Its counterpart in another system.")


@strawberry.input(one_of=True, description="A cycle by its id, key or external reference: exactly one of them.")
class CycleBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The global id.")
    key: str | None = strawberry.field(default=strawberry.UNSET, description="The key, like 2026-q1.")
    external: ExternalInput | None = _external()


@strawberry.input(one_of=True, description="A KPI by its id, key or external reference: exactly one of them.")
class KpiBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The global id.")
    key: str | None = strawberry.field(default=strawberry.UNSET, description="The key, like conversion-rate.")
    external: ExternalInput | None = _external()


@strawberry.input(one_of=True, description="A team by its id, key or external reference: exactly one of them.")
class TeamBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The global id.")
    key: str | None = strawberry.field(default=strawberry.UNSET, description="The key, like marketing.")
    external: ExternalInput | None = _external()


@strawberry.input(one_of=True, description="A person by its id, handle or external reference: exactly one of them.")
class PersonBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The global id.")
    handle: str | None = strawberry.field(default=strawberry.UNSET, description="The handle, like ada.")
    external: ExternalInput | None = _external()


@strawberry.input(one_of=True, description="An objective by its id or external reference: exactly one of them.")
class ObjectiveBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The global id.")
    external: ExternalInput | None = _external()


@strawberry.input(one_of=True, description="A key result by its id or external reference: exactly one of them.")
class KeyResultBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The global id.")
    external: ExternalInput | None = _external()


@strawberry.input(one_of=True, description="An initiative by its id or external reference: exactly one of them.")
class InitiativeBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The global id.")
    external: ExternalInput | None = _external()


Keyed: TypeAlias = CycleBy | KpiBy | PersonBy | TeamBy
By: TypeAlias = Keyed | ObjectiveBy | KeyResultBy | InitiativeBy


def id_of(by: By) -> str | None:
    """The global id, or None for another lookup."""
    return None if by.id is strawberry.UNSET else by.id


def external_of(by: By) -> External | None:
    """The counterpart of a lookup by external reference; None for another lookup."""
    given = by.external
    return External(given.system, given.id) if isinstance(given, ExternalInput) else None


def key_of(by: By) -> str:
    """The key or handle; empty if the lookup is by another name."""
    found = by.handle if isinstance(by, PersonBy) else by.key if isinstance(by, Keyed) else None
    return found or ""
