"""How the parts of events are read: from what was said, or from the thing before and after it, for all at once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from api.schema.connections.filters import NOTHING
from api.schema.history.change import arounds, stood
from api.schema.types.measurements import VERSIONS
from api.schema.types.workspace import ScoringPolicy
from api.snapshot.dataloaders import found, found_refs, or_none
from api.snapshot.snapshot import Batch
from domain.model.event import Event
from domain.primitives.personal_data import ERASED, erased_handle
from domain.primitives.values import Kind
from projections.tables import cycle


class Source(NamedTuple):
    """Where a part is read: what an event of this kind SAID, or the thing BEFORE or AFTER it."""

    event: type[Event]
    side: str
    name: str

    def read(self, batch: Batch) -> list[Any]:
        """The part of each of the siblings, None for events of another kind."""
        if self.side == SAID:
            return [getattr(row.event, self.name) if type(row.event) is self.event else None for row in batch.rows]
        return [
            getattr(getattr(around, self.side), self.name, None) if type(row.event) is self.event else None
            for row, around in zip(batch.rows, batch.all(arounds), strict=True)
        ]


SAID, BEFORE, AFTER = "said", "before", "after"


def value(batch: Batch, source: Source) -> Sequence[Any]:
    return source.read(batch)


def thing(batch: Batch, source: Source, kind: Kind) -> Sequence[Any]:
    """The thing that an id names; None where it is not there at the view."""
    wanted = source.read(batch)
    things = found(batch.view, kind, wanted)
    return [things.get(id) for id in wanted]


def things(batch: Batch, source: Source, kind: Kind) -> Sequence[Any]:
    wanted = [ids or () for ids in source.read(batch)]
    known = found(batch.view, kind, [id for ids in wanted for id in ids])
    return [[known[id] for id in ids if id in known] for ids in wanted]


def ref(batch: Batch, source: Source) -> Sequence[Any]:
    """The thing that a reference names; None where it is not there at the view."""
    wanted = source.read(batch)
    things = found_refs(batch.view, wanted)
    return [None if ref is None else things.get(ref) for ref in wanted]


def refs(batch: Batch, source: Source) -> Sequence[Any]:
    wanted = [refs or () for refs in source.read(batch)]
    known = found_refs(batch.view, [ref for refs in wanted for ref in refs])
    return [[known[ref] for ref in refs if ref in known] for refs in wanted]


# ── parts of their own ───────────────────────────────────────────────────────────────────────────


def name(batch: Batch, source: Source) -> Sequence[str]:
    """A person's name, as the person shows it."""
    return [ERASED if name is None else name for name in source.read(batch)]


def handle(batch: Batch, source: Source) -> Sequence[str]:
    """A person's handle, as the person shows it."""
    known = zip(batch.rows, source.read(batch), strict=True)
    return [erased_handle(row.event.originator_id) if handle is None else handle for row, handle in known]


def policy(batch: Batch, source: Source) -> Sequence[ScoringPolicy | None]:
    """The scoring policy; before the first it is the default."""
    rows = [getattr(around, source.side) or cycle.DEFAULT_POLICY for around in batch.all(arounds)]
    return [ScoringPolicy(row=row) if isinstance(row, cycle.PolicyRow) else None for row in rows]


def measurement(batch: Batch, kind: Kind) -> Sequence[Any]:
    """The version of a check-in or reading that each event made, or took back."""
    shown_as, versions = VERSIONS[kind]
    view = batch.view
    known = view.read(versions, list({row.event.originator_id for row in batch.rows if row.event.KIND is kind}))
    rows = [_last(known.get(row.event.originator_id, ()), row.position) for row in batch.rows]
    return or_none(shown_as, view, rows)


def _last(versions: Sequence[Any], position: int) -> Any:
    return next((row for row in reversed(versions) if row.position <= position), None)


def said_thing(batch: Batch, kind: Kind) -> Sequence[Any]:
    """The thing that each event of this kind is an event of."""
    known = found(batch.view, kind, [row.event.originator_id for row in batch.rows if row.event.KIND is kind])
    return [known.get(row.event.originator_id) for row in batch.rows]


def previous(batch: Batch, part: str) -> Sequence[Any]:
    """Where the key result of each check-in stood before."""
    return [getattr(before, part) for before in batch.all(stood)]


def days_before_close(batch: Batch) -> Sequence[int | None]:
    """How many days each event lies before its cycle's end, its own day included."""
    cycles = batch.view.by_id(cycle.cycles, [row.change.cycle for row in batch.rows])
    known = [(row, cycles.get(row.change.cycle or NOTHING)) for row in batch.rows]
    return [None if end is None else (end.ends_on - row.effective_at.date()).days + 1 for row, end in known]
