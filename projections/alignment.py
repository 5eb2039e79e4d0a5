"""Who pulls in whose direction: the objectives and key results that objectives support.

An edge whose target was dropped (or is a key result of a dropped objective) is not seen: dropping a
parent leaves its children unaligned.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import psycopg

from domain.values import Basis, Ref
from projections.goals import ObjectiveRow


class Edge(msgspec.Struct, frozen=True):
    """`objective` supports `target`, an objective or a key result; `through` is the target's objective."""

    objective: UUID
    target: Ref
    through: UUID


def supports_of_objectives(
    conn: psycopg.Connection, basis: Basis, objectives: Sequence[UUID]
) -> dict[UUID, list[Ref]]:
    """What each of these objectives supports, in the order in which it was aligned."""


def supporters_of_targets(
    conn: psycopg.Connection, basis: Basis, targets: Sequence[UUID]
) -> dict[UUID, list[ObjectiveRow]]:
    """The objectives that support each of these objectives or key results, as they were drafted."""


def ancestors_of_objectives(
    conn: psycopg.Connection, basis: Basis, objectives: Sequence[UUID]
) -> dict[UUID, list[Ref]]:
    """All that each of these objectives supports, directly or through others, nearest first, each once.

    A supported key result is followed by its objective, one step further away.
    """


def edges_of_cycle(conn: psycopg.Connection, basis: Basis, cycle: UUID) -> list[Edge]:
    """Every edge that begins or ends in this cycle, in the order of alignment."""
