"""Reference implementation: rows and measurements at a basis, folded from the log in plain Python.

Figures are not part of it: those of the reference model are in `tests.reference`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from domain.model.event import Aggregate, Recorded, replay
from domain.model.key_result import Link
from domain.model.measurements.reading import ReadingRetracted
from domain.primitives.values import Aggregation, Basis, KeyResultState, Kind, ObjectiveState, Ref
from projections.tables.key_result import FormerLink, KeyResultRow
from projections.tables.objective import ObjectiveRow


class State:
    """All aggregates, relations and measurements at one basis."""

    def __init__(self, log: Iterable[Recorded], basis: Basis) -> None:
        self.basis = basis
        self.known = [entry for entry in log if entry.position <= basis.position]
        self.events: dict[UUID, list[Recorded]] = defaultdict(list)
        for entry in self.known:
            if entry.effective_at <= basis.at:
                self.events[entry.event.originator_id].append(entry)
        self.aggregates: dict[UUID, Any] = {
            id: replay(one.event for one in own) for id, own in self.events.items() if not _is_measured(own[0])
        }

    def of(self, kind: Kind) -> dict[UUID, Any]:
        return {id: aggregate for id, aggregate in self.aggregates.items() if aggregate.KIND is kind}

    def where(self, kind: Kind, holds: Callable[[Any], bool]) -> list[UUID]:
        """The ids of the aggregates of a kind that satisfy a condition, in order of creation."""
        found = [id for id, aggregate in self.of(kind).items() if holds(aggregate)]
        return sorted(found, key=lambda one: self.events[one][0].position)

    # ── alignment ────────────────────────────────────────────────────────────────────────────────

    def supports(self, objective: UUID) -> list[Ref]:
        """In the order of alignment, without dropped and not yet existing targets."""
        return [target for target in self.aggregates[objective].supports if self.is_there(target)]

    def is_there(self, target: Ref) -> bool:
        aggregate = self.aggregates.get(target.id)
        if aggregate is None:
            return False
        if target.kind is Kind.KEY_RESULT:
            return aggregate.state is not KeyResultState.DROPPED and self.is_there(self.owner(target))
        return aggregate.state is not ObjectiveState.DROPPED

    def ancestors(self, objective: UUID) -> set[Ref]:
        found: set[Ref] = set()
        todo = [Ref(Kind.OBJECTIVE, objective)]
        while todo:
            ref = todo.pop()
            above = self.supports(ref.id) if ref.kind is Kind.OBJECTIVE else [self.owner(ref)]
            fresh = [one for one in above if one not in found]
            found.update(fresh)
            todo += fresh
        return found - {Ref(Kind.OBJECTIVE, objective)}

    def descendants(self, objective: UUID) -> set[Ref]:
        above = Ref(Kind.OBJECTIVE, objective)
        return {Ref(Kind.OBJECTIVE, id) for id in self.of(Kind.OBJECTIVE) if above in self.ancestors(id)}

    def owner(self, key_result: Ref) -> Ref:
        return Ref(Kind.OBJECTIVE, self.aggregates[key_result.id].objective)

    # ── measurements ─────────────────────────────────────────────────────────────────────────────

    def measured(self, subject: UUID) -> list[Any]:
        """The current version of each check-in or reading of a subject, by (measured at, first position)."""
        streams: dict[UUID, list[Recorded]] = defaultdict(list)
        for entry in self.known:
            if _is_measured(entry) and entry.effective_at <= self.basis.at:
                streams[entry.event.originator_id].append(entry)
        own = [entries for entries in streams.values() if entries[0].event.belongs_to == subject]
        current = [entries for entries in own if not isinstance(entries[-1].event, ReadingRetracted)]
        return [entries[-1] for entries in sorted(current, key=lambda one: (one[-1].effective_at, one[0].position))]


def _is_measured(entry: Recorded) -> bool:
    return entry.event.KIND in (Kind.CHECK_IN, Kind.READING)


def same(row: Any, aggregate: Aggregate, entries: Sequence[Recorded]) -> None:
    """Assert that a row of a versioned table equals the aggregate that these events produce."""
    first, last = entries[0], entries[-1]
    assert (row.version, row.born, row.position) == (aggregate.version, first.position, last.position)
    assert (row.created_at, row.changed_at) == (first.effective_at, last.effective_at)
    assert (row.created_by.actor, row.changed_by.source, row.reason) == (first.by.actor, last.by.source, last.by.reason)
    for name in set(row.__struct_fields__) & set(vars(aggregate)) - {"version", "created_at", "changed_at", *_PAST}:
        assert getattr(row, name) == getattr(aggregate, name), name
    if isinstance(row, ObjectiveRow):
        is_ended = aggregate.state in (ObjectiveState.CLOSED, ObjectiveState.DROPPED)  # type: ignore[attr-defined]
        assert row.ended_at == (aggregate.ended_at if is_ended else None)  # type: ignore[attr-defined]
    if isinstance(row, KeyResultRow):
        former = aggregate.former  # type: ignore[attr-defined]
        assert row.former == (former and FormerLink(former.kpi, _stored(former), former.count_from, former.until))


def _stored(link: Link) -> Aggregation | None:
    """The aggregate of a link as its event has it: None for LAST."""
    return None if link.aggregate is Aggregation.LAST else link.aggregate


_PAST = frozenset({"ended_at", "former"})
"""Fields of the past, which an aggregate keeps in another form than its row."""
