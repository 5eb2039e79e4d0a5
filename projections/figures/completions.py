"""The periods of KPIs with a formula that complete between two bases: changes of progress without an event."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from domain.log import times
from domain.primitives.values import Basis
from projections.figures import timeline
from projections.figures.formula_readings import FormulaSeries
from projections.figures.horizon import Horizon
from projections.figures.timeline import Completion, Timeline
from projections.store.versioned_tables import Connection


def of_cycles_with_completions(conn: Connection, basis: Basis, cycles: Sequence[UUID], since: Basis) -> Timeline:
    """The goals of these cycles up to a basis, with the periods that completed after an earlier one; one more statement
    if a formula measures one of them."""
    found = timeline.of_cycles(conn, basis, cycles)
    ends = sorted(set(_ends(found, basis, since)))
    known = times.known_by(conn, [at for at, _ in ends]) if ends else []
    found.completions = [
        Completion(at, 0 if last is None else last.position, kpi) for (at, kpi), last in zip(ends, known, strict=True)
    ]
    return found


def _ends(of: Timeline, basis: Basis, since: Basis) -> Iterator[tuple[datetime, UUID]]:
    """The last instant of each period after an earlier basis, of each KPI with a formula that measures a key result: by
    the definitions and calendars known at the basis, and by those known before each later one of them."""
    linked = {kpi for id in of.key_results for kpi in of.linked_kpis(id)}
    for kpi in sorted(filter(of.is_worked_out, linked)):
        for position in FormulaSeries(of, kpi).known(since.position):
            for at in FormulaSeries(of, kpi).ends(Horizon(basis.at, position), since.at):
                yield at, kpi
