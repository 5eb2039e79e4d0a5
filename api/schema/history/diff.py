"""Two moments compared: what was added, changed and removed between them, and by which changes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple, TypeAlias

import strawberry
from strawberry import UNSET

from api.schema.connections.change_lists import told
from api.schema.connections.filters import identified, named
from api.schema.history.change import Change
from api.schema.history.field_changes import FieldChange, shown
from api.schema.primitives import enums
from api.schema.primitives.field import answered, related
from api.schema.primitives.lookup import CycleBy, TeamBy
from api.schema.primitives.node import Node
from api.schema.primitives.scalars import Position
from api.schema.types.workspace import Basis, basis_of
from api.snapshot.dataloaders import TYPES
from api.snapshot.snapshot import Batch, RowProxy, View, as_batch
from domain.primitives import values
from domain.primitives.values import Kind
from projections.history import diff
from projections.history.diff import Difference, DiffKind, Scope

# ── what can be asked for ────────────────────────────────────────────────────────────────────────


@strawberry.input(description="A moment and how far the log was known: see `Basis`.")
class BasisInput:
    at: datetime = strawberry.field(description="The moment in the world.")
    position: Position = strawberry.field(description="The last event that counts.")


@strawberry.input(one_of=True, description="A moment, in one of three ways.")
class Moment:
    time: datetime | None = strawberry.field(
        default=UNSET, description="What was true then, by all that is known now: as `asOf(at:)`."
    )
    position: Position | None = strawberry.field(
        default=UNSET, description="What a reader saw right after this event: as `asOf(position:)`."
    )
    basis: BasisInput | None = strawberry.field(default=UNSET, description="What another answer stood on.")


@strawberry.input(
    description="What to compare: things for which every part given holds, at one of the two moments; without it, all."
)
class DiffScope:
    cycle: CycleBy | None = strawberry.field(
        default=None, description="This cycle, and the goals and initiatives in it."
    )
    team: TeamBy | None = strawberry.field(
        default=None, description="This team and those inside it, their goals with all that is in them, and their KPIs."
    )
    objective: strawberry.ID | None = strawberry.field(
        default=None, description="This objective, and the key results and initiatives in it."
    )


From: TypeAlias = Annotated[Moment, strawberry.argument(name="from", description="The moment to begin with.")]
To: TypeAlias = Annotated[
    Moment | None,
    strawberry.argument(
        name="to", description="The moment to end with; now, if it is left out. It may lie before the other one."
    ),
]
Within: TypeAlias = Annotated[DiffScope | None, strawberry.argument(description="Only things that belong to this.")]


def moment(view: View, given: Moment | None) -> View:
    """The View of a moment. Raises `INVALID` for one in the future."""
    if given is None:
        return view
    if isinstance(given.basis, BasisInput):
        return view.reads.at(values.Basis(given.basis.at, given.basis.position))
    if given.position is None or given.position is UNSET:
        return view.reads.as_of(given.time or None, None, None)
    return view.reads.as_of(None, None, given.position)


# ── what is answered ─────────────────────────────────────────────────────────────────────────────


class Compared(NamedTuple):
    """A thing that differs between two Views."""

    thing: Difference
    start: View
    end: View

    @property
    def kind(self) -> DiffKind:
        return self.thing.kind


def _then(batch: Batch) -> Sequence[Any]:
    return _at(batch, [one.start for one in batch.rows], [one.thing.then for one in batch.rows])


def _now(batch: Batch) -> Sequence[Any]:
    return _at(batch, [one.end for one in batch.rows], [one.thing.now for one in batch.rows])


def _at(batch: Batch, views: Sequence[View], rows: Sequence[Any]) -> Sequence[Any]:
    """These rows as things of their views; those of a kind are siblings."""
    by_kind: dict[Kind, list[Any]] = {}
    for one, row in zip(batch.rows, rows, strict=True):
        by_kind.setdefault(one.thing.ref.kind, []).extend([] if row is None else [row])
    things = {kind: iter(as_batch(TYPES[kind][0], views[0], of)) for kind, of in by_kind.items()}
    return [
        None if row is None else next(things[one.thing.ref.kind]) for one, row in zip(batch.rows, rows, strict=True)
    ]


def _fields(batch: Batch) -> Sequence[list[FieldChange]]:
    return shown(batch.view, [one.thing.fields for one in batch.rows])


def _changes(batch: Batch) -> Sequence[list[Change]]:
    """What did it, each change read once, and told at the later of the two moments."""
    first: Compared = batch.rows[0]
    of = [one.thing for one in batch.rows]
    did = batch.view.reads.read(diff.changes, first.start.basis, first.end.basis, of)
    rows = {row.position: row for each in did.values() for row in each}
    known = {change.row.position: change for change in told(batch.view, list(rows.values()))}
    return [[known[row.position] for row in did[one.ref]] for one in of]


@strawberry.type(description="A thing that is otherwise at one moment than at the other.")
class EntityDiff(RowProxy):
    row: strawberry.Private[Compared]

    kind: enums.DiffKind = strawberry.field(description="What became of it.")
    then: Node | None = related("The thing at the first moment; null if it was not there.", _then)
    now: Node | None = related("The thing at the second moment; null if it is not there.", _now)
    fields: list[FieldChange] = related(
        "What is otherwise, field by field: what its changes changed, and what is known of it at that moment: of a key "
        "result current, reached, confidence and measuredAt; of a KPI latest and measuredAt.",
        _fields,
    )
    changes: list[Change] = related(
        "What did it: the changes that count at one of the two moments and not at the other, in the order of the log. "
        "With those of a key result go its check-ins and the readings it takes its value from. What was only said, in "
        "comments and reflections, changed nothing. TOO_LARGE for more than 10,000 in one diff.",
        _changes,
    )


@strawberry.type(description="Two moments compared.")
class Diff:
    start: strawberry.Private[View]
    end: strawberry.Private[View]
    scope: strawberry.Private[Scope]

    @answered("The first moment.", name="from")
    def since(self) -> Basis:
        return basis_of(self.start)

    @answered("The second moment.", name="to")
    def until(self) -> Basis:
        return basis_of(self.end)

    @answered(
        "Every cycle, team, person, KPI, objective, key result and initiative that differs, by kind, and of a kind in "
        "the order in which they came."
    )
    def entities(self) -> list[EntityDiff]:
        start, end = self.start, self.end
        found = start.reads.read(diff.diff, start.basis, end.basis, self.scope)
        later = max(start, end, key=lambda view: (view.basis.position, view.basis.at))
        return as_batch(EntityDiff, later, [Compared(one, start, end) for one in found])


def compared(view: View, start: Moment, end: Moment | None, within: DiffScope | None) -> Diff:
    """Two moments compared. Raises `INVALID` for one in the future."""
    return Diff(start=moment(view, start), end=moment(view, end), scope=_scope(view, within))


def _scope(view: View, given: DiffScope | None) -> Scope:
    if given is None:
        return Scope()
    return Scope(
        cycle=named(view, Kind.CYCLE, given.cycle),
        team=named(view, Kind.TEAM, given.team),
        objective=identified(Kind.OBJECTIVE, given.objective),
    )
