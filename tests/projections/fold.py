"""What is true at a basis, worked out from the log in plain Python: slow, and too simple to be wrong."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any
from uuid import UUID

from domain.model.event import Aggregate, Recorded, replay
from domain.model.kpi import ReadingRetracted
from domain.primitives.values import Basis, KeyResultState, Kind, ObjectiveState, Ref
from projections.history.key_result_standing import Standing


class World:
    """Everything at one basis."""

    def __init__(self, log: Iterable[Recorded], basis: Basis) -> None:
        self.basis = basis
        self.known = [said for said in log if said.position <= basis.position]
        self.said: dict[UUID, list[Recorded]] = defaultdict(list)
        for said in self.known:
            if said.effective_at <= basis.at:
                self.said[said.event.originator_id].append(said)
        self.things: dict[UUID, Any] = {
            id: replay(one.event for one in said) for id, said in self.said.items() if not _is_measured(said[0])
        }

    def of(self, kind: Kind) -> dict[UUID, Any]:
        return {id: thing for id, thing in self.things.items() if thing.KIND is kind}

    def where(self, kind: Kind, holds: Callable[[Any], bool]) -> list[UUID]:
        """The ids of the things of a kind that something holds of, in the order of their birth."""
        found = [id for id, thing in self.of(kind).items() if holds(thing)]
        return sorted(found, key=lambda one: self.said[one][0].position)

    # ── alignment ────────────────────────────────────────────────────────────────────────────────

    def supports(self, objective: UUID) -> list[Ref]:
        """In the order of alignment, without what was dropped or is not there yet."""
        return [target for target in self.things[objective].supports if self.is_there(target)]

    def is_there(self, target: Ref) -> bool:
        thing = self.things.get(target.id)
        if thing is None:
            return False
        if target.kind is Kind.KEY_RESULT:
            return thing.state is not KeyResultState.DROPPED and self.is_there(self.owner(target))
        return thing.state is not ObjectiveState.DROPPED

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

    def owner(self, key_result: Ref) -> Ref:
        return Ref(Kind.OBJECTIVE, self.things[key_result.id].objective)

    # ── measurements ─────────────────────────────────────────────────────────────────────────────

    def measured(self, subject: UUID) -> list[Any]:
        """The last word on each check-in or reading of a thing that stands, by (measured at, position)."""
        streams: dict[UUID, list[Recorded]] = defaultdict(list)
        for said in self.known:
            if _is_measured(said) and said.effective_at <= self.basis.at:
                streams[said.event.originator_id].append(said)
        last = [said[-1] for said in streams.values() if said[0].event.belongs_to == subject]
        stands = [said for said in last if not isinstance(said.event, ReadingRetracted)]
        return sorted(stands, key=attrgetter("effective_at", "position"))

    def standing(self, key_result: Any) -> Standing:
        own = self.measured(key_result.id)
        if key_result.kpi is None:
            figures = [said for said in own if said.event.value is not None or said.event.reached is not None]
            heard = own
        else:
            figures = [said for said in self.measured(key_result.kpi) if said.effective_at >= key_result.kpi_since]
            heard = [*own, *figures]
        sure = [said for said in own if said.event.confidence is not None]
        latest: Any = figures[-1] if figures else None
        confident: Any = sure[-1] if sure else None
        return Standing(
            value=latest and latest.event.value,
            reached=latest and getattr(latest.event, "reached", None),
            measured_at=latest and latest.effective_at,
            measurement=latest and latest.event.originator_id,
            position=latest and latest.position,
            last_measured_at=max(map(attrgetter("effective_at"), heard), default=None),
            confidence=confident and confident.event.confidence,
            confidence_position=confident and confident.position,
        )


def _is_measured(said: Recorded) -> bool:
    return said.event.KIND in (Kind.CHECK_IN, Kind.READING)


def same(row: Any, thing: Aggregate, said: Sequence[Recorded]) -> None:
    """Assert that a row of a chain is this thing, as these events made it."""
    first, last = said[0], said[-1]
    assert (row.version, row.born, row.position) == (thing.version, first.position, last.position)
    assert (row.created_at, row.changed_at) == (first.effective_at, last.effective_at)
    assert (row.created_by.actor, row.changed_by.source, row.reason) == (first.by.actor, last.by.source, last.by.reason)
    for name in set(row.__struct_fields__) & set(vars(thing)) - {"version", "created_at", "changed_at"}:
        if name != "kpi_since" or row.kpi is not None:
            assert getattr(row, name) == getattr(thing, name), name
