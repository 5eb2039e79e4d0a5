"""Standings computed from a timeline, to compare with those of the statements for one basis."""

from collections.abc import Iterable
from uuid import UUID

from domain.primitives.values import Basis
from projections.figures import timeline
from projections.figures.figures import Figures
from projections.figures.horizon import Horizon
from projections.figures.standing import Standing
from projections.store.versioned_tables import Connection
from projections.tables import key_result


def standings(conn: Connection, basis: Basis, key_results: Iterable[UUID]) -> dict[UUID, Standing]:
    """The standing of each of these key results that exists at the basis."""
    rows = key_result.key_results(conn, basis, list(key_results))
    history = timeline.of_objectives(conn, basis, sorted({row.objective for row in rows.values()}))
    figures = Figures(history, Horizon.of(basis))
    return {id: figures.standing(id) for id in rows}
