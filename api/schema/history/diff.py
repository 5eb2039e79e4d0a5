"""Diffs between two moments: added, changed and removed entities, and the changes that caused the differences."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

import strawberry
from strawberry import UNSET

from api.schema.connections.change_lists import as_changes
from api.schema.connections.connection import Connection, connection
from api.schema.connections.filters import identified, named
from api.schema.history.change import Change
from api.schema.history.field_changes import FieldChange, shown
from api.schema.metrics.figures import of_cycles, of_key_results, of_objectives, of_teams, parts
from api.schema.primitives import enums
from api.schema.primitives.field import related, resolved
from api.schema.primitives.lookup import CycleBy, TeamBy
from api.schema.primitives.node import Node
from api.schema.primitives.scalars import Position
from api.schema.types.workspace import Basis, basis_of
from api.snapshot.dataloaders import TYPES
from api.snapshot.pagination import PageRequest, encode, page_of, within
from api.snapshot.snapshot import Batch, RowProxy, View, as_batch
from domain.primitives import values
from domain.primitives.lazy import cached_property
from domain.primitives.values import Kind, Ref
from projections.history import diff, diff_candidates
from projections.history.diff import Difference, DiffKind
from projections.history.diff_candidates import Candidate, Scope
from projections.store.versioned_tables import Cursor, Window

# ── inputs ───────────────────────────────────────────────────────────────────────────────────────


@strawberry.input(description="An effective time and a log position: see `Basis`.")
class BasisInput:
    at: datetime = strawberry.field(description="The effective time.")
    position: Position = strawberry.field(description="The position of the last included event.")


@strawberry.input(one_of=True, description="A moment, given in one of three ways.")
class Moment:
    time: datetime | None = strawberry.field(
        default=UNSET, description="The effective time, with all that is known now, as `asOf(at:)`."
    )
    position: Position | None = strawberry.field(
        default=UNSET, description="The state right after this event, as `asOf(position:)`."
    )
    basis: BasisInput | None = strawberry.field(default=UNSET, description="The basis of another answer.")


@strawberry.input(
    description="A filter of the compared entities. An entity must match every field that is set, at one of the two "
    "moments."
)
class DiffScope:
    cycle: CycleBy | None = strawberry.field(
        default=None, description="This cycle, with the goals and initiatives in it."
    )
    team: TeamBy | None = strawberry.field(
        default=None,
        description="This team and those inside it, with their objectives, key results, initiatives and KPIs.",
    )
    objective: strawberry.ID | None = strawberry.field(
        default=None, description="This objective, with its key results and initiatives."
    )


From: TypeAlias = Annotated[Moment, strawberry.argument(name="from", description="The first moment.")]
To: TypeAlias = Annotated[
    Moment | None,
    strawberry.argument(name="to", description="The second moment. Default: now. It may be earlier than the first."),
]
Within: TypeAlias = Annotated[
    DiffScope | None, strawberry.argument(description="Only entities that match this filter.")
]


def moment(view: View, given: Moment | None) -> View:
    """The view at a moment. Raises `INVALID` for a moment in the future."""
    if given is None:
        return view
    if isinstance(given.basis, BasisInput):
        return view.reads.at(values.Basis(given.basis.at, given.basis.position))
    if given.position is None or given.position is UNSET:
        return view.reads.as_of(given.time or None, None, None)
    return view.reads.as_of(None, None, given.position)


# ── types ────────────────────────────────────────────────────────────────────────────────────────


class Compared(NamedTuple):
    """An entity that may differ between two views, with its nodes there; None where it does not exist."""

    difference: Difference
    start: View
    end: View
    then: Any
    now: Any

    @property
    def kind(self) -> DiffKind:
        return self.difference.kind


def _side(batch: Batch, side: str) -> Sequence[Any]:
    return [getattr(one, side) for one in batch.rows]


def _fields(batch: Batch) -> Sequence[list[FieldChange]]:
    return shown(batch.view, [one.difference.fields for one in batch.rows])


def _changes(batch: Batch) -> Sequence[list[Change]]:
    """The changes behind each difference, each read once and shown at the later of the two moments."""
    first: Compared = batch.rows[0]
    of = [one.difference for one in batch.rows]
    causes = batch.view.reads.read(diff.changes, first.start.basis, first.end.basis, of)
    rows = {row.position: row for each in causes.values() for row in each}
    known = {change.row.position: change for change in as_changes(batch.view, list(rows.values()))}
    return [[known[row.position] for row in causes[one.ref]] for one in of]


# ── figures ──────────────────────────────────────────────────────────────────────────────────────


@strawberry.type(description="A number at the two moments.")
class FloatChange:
    before: float | None = strawberry.field(description="The number at the first moment; null if there is none.")
    after: float | None = strawberry.field(description="The number at the second moment; null if there is none.")


@strawberry.type(description="A health at the two moments.")
class HealthChange:
    before: enums.Health | None = strawberry.field(description="The health at the first moment; null if it has none.")
    after: enums.Health | None = strawberry.field(description="The health at the second moment; null if it has none.")


_FIGURES: dict[Kind, tuple[Any, ...]] = {
    Kind.KEY_RESULT: (of_key_results,),
    Kind.OBJECTIVE: (of_objectives,),
    Kind.CYCLE: (of_cycles,),
    Kind.TEAM: (of_teams, None, True),
}
"""By kind: the load function of the progress, with its arguments."""
_MEASURED = {Kind.KEY_RESULT: (parts,)}


def _both(batch: Batch, shown_as: type[Any], loads: dict[Kind, tuple[Any, ...]], name: str) -> Sequence[Any]:
    """A figure of each entity at both moments; None for a kind that does not have it."""
    return [
        shown_as(before=_figure(one.then, load, name), after=_figure(one.now, load, name))
        if (load := loads.get(one.difference.ref.kind))
        else None
        for one in batch.rows
    ]


def _figure(node: Any, load: tuple[Any, ...], name: str) -> Any:
    return None if node is None else attrgetter(name)(node.each(*load))


def _changes_of_progress(batch: Batch, name: str) -> Sequence[FloatChange | None]:
    return _both(batch, FloatChange, _FIGURES, name)


def _changes_of_health(batch: Batch) -> Sequence[HealthChange | None]:
    return _both(batch, HealthChange, _FIGURES, "health")


def _changes_of_current(batch: Batch) -> Sequence[FloatChange | None]:
    return _both(batch, FloatChange, _MEASURED, "current.value")


# ── entities ─────────────────────────────────────────────────────────────────────────────────────


@strawberry.type(description="An entity that differs between the two moments.")
class EntityDiff(RowProxy):
    row: strawberry.Private[Compared]

    kind: enums.DiffKind = strawberry.field(description="Whether it was added, changed or removed.")
    then: Node | None = related("The entity at the first moment; null if it did not exist.", _side, "then")
    now: Node | None = related("The entity at the second moment; null if it did not exist.", _side, "now")
    fields: list[FieldChange] = related(
        "The fields that differ. They include the measured values: current, reached, confidence and measuredAt of a "
        "key result; latest and measuredAt of a KPI.",
        _fields,
    )
    progress: FloatChange | None = related(
        "The value of `progress` of a key result, objective or cycle, and of a team in all active cycles; null for "
        "other entities.",
        _changes_of_progress,
        "value",
    )
    expected: FloatChange | None = related(
        "The expected progress, of the same entities as `progress`.", _changes_of_progress, "expected"
    )
    health: HealthChange | None = related("The health, of the same entities as `progress`.", _changes_of_health)
    current: FloatChange | None = related(
        "The value `current` of a key result, in the metric's unit; null for other entities.", _changes_of_current
    )
    changes: list[Change] = related(
        "The changes that are included at one of the two moments only, in log order. Those of a key result include its "
        "check-ins and the readings that measure it. Comments and reflections are left out. TOO_LARGE for more than "
        "10,000 changes in one diff.",
        _changes,
    )


_ENTITIES = (
    "Every cycle, team, person, KPI, objective, key result and initiative with a field that differs, and every cycle, "
    "objective and key result with another progress, by kind and then in the order of creation"
)


@strawberry.type(description="The differences between two moments.")
class Diff:
    start: strawberry.Private[View]
    end: strawberry.Private[View]
    scope: strawberry.Private[Scope]

    @resolved("The first moment.", name="from")
    def since(self) -> Basis:
        return basis_of(self.start)

    @resolved("The second moment.", name="to")
    def until(self) -> Basis:
        return basis_of(self.end)

    @cached_property
    def candidates(self) -> list[Candidate]:
        found: list[Candidate] = self.start.reads.read(
            diff_candidates.candidates, self.start.basis, self.end.basis, self.scope
        )
        return found

    @resolved(f"{_ENTITIES}.", deprecated="Use `differences`.")
    def entities(self) -> list[EntityDiff]:
        return self._shown(self._compared(self.candidates))

    @connection(f"{_ENTITIES}.")
    def differences(self, page_request: PageRequest) -> Connection[EntityDiff]:
        window = page_request.window("PLACE")
        return Connection(
            page=page_of(
                window,
                self._shown(self._read(window)),
                lambda node: encode(_place(node.row), "PLACE"),
                lambda other: bool(self._read(other)),
                lambda: len(self._compared(self.candidates)),
            )
        )

    def _read(self, window: Window) -> list[Compared]:
        """The differences in a window. It compares as many candidates as it needs, in ever larger parts."""
        inside = within(self.candidates, window, _place)
        found: list[Compared] = []
        size = window.limit
        while inside and len(found) < window.limit:
            part, inside = (inside[-size:], inside[:-size]) if window.backwards else (inside[:size], inside[size:])
            more = self._compared(part)
            found = more + found if window.backwards else found + more
            size *= GROWTH
        return found[-window.limit :] if window.backwards else found[: window.limit]

    @cached_property
    def _known(self) -> dict[Ref, Compared]:
        """The candidates that were compared so far."""
        return {}

    def _compared(self, candidates: Sequence[Candidate]) -> list[Compared]:
        """Those of these candidates that differ. Each candidate is compared once, for its page and for the count."""
        known = self._known
        self._compare([one for one in candidates if one.ref not in known])
        found = [known[one.ref] for one in candidates]
        return [one for one in found if one.difference.fields or _has_moved(one)]

    def _compare(self, candidates: Sequence[Candidate]) -> None:
        start, end = self.start, self.end
        found = start.reads.read(diff.compared, start.basis, end.basis, candidates)
        then = _nodes(start, found, [one.then for one in found])
        now = _nodes(end, found, [one.now for one in found])
        compared = zip(found, then, now, strict=True)
        self._known.update((one.ref, Compared(one, start, end, *nodes)) for one, *nodes in compared)

    def _shown(self, compared: Sequence[Compared]) -> list[EntityDiff]:
        later = max(self.start, self.end, key=lambda view: (view.basis.position, view.basis.at))
        return as_batch(EntityDiff, later, compared)


GROWTH: Final = 8
"""How much larger each part is that a page compares, if the part before did not fill it: few parts, few statements."""


def _place(one: Candidate | Compared) -> Cursor:
    return Cursor(*(one.difference if isinstance(one, Compared) else one).place)


def _nodes(view: View, of: Sequence[Difference], rows: Sequence[Any]) -> Sequence[Any]:
    """The nodes of these rows at a view, None for no row; nodes of one kind are siblings."""
    by_kind: dict[Kind, list[Any]] = {}
    for one, row in zip(of, rows, strict=True):
        by_kind.setdefault(one.ref.kind, []).extend([] if row is None else [row])
    nodes = {kind: iter(as_batch(TYPES[kind][0], view, rows)) for kind, rows in by_kind.items()}
    return [None if row is None else next(nodes[one.ref.kind]) for one, row in zip(of, rows, strict=True)]


def _has_moved(one: Compared) -> bool:
    """Whether a key result, objective or cycle has another progress."""
    kind = one.difference.ref.kind
    if kind not in _FIGURES or kind is Kind.TEAM:
        return False
    return bool(_figure(one.then, _FIGURES[kind], "value") != _figure(one.now, _FIGURES[kind], "value"))


def diff_between(view: View, start: Moment, end: Moment | None, within: DiffScope | None) -> Diff:
    """The diff between two moments. Raises `INVALID` for a moment in the future."""
    return Diff(start=moment(view, start), end=moment(view, end), scope=_scope(view, within))


def _scope(view: View, given: DiffScope | None) -> Scope:
    if given is None:
        return Scope()
    return Scope(
        cycle=named(view, Kind.CYCLE, given.cycle),
        team=named(view, Kind.TEAM, given.team),
        objective=identified(Kind.OBJECTIVE, given.objective),
    )
