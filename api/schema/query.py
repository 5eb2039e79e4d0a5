"""Root types for reading: `Query` shows the View of now, `Snapshot` that of another moment, with the same fields."""

from typing import Annotated, Self, TypeAlias, TypeVar

import strawberry

from api.execution.context import Info
from api.schema import node_lookup
from api.schema.connections import filters, lists
from api.schema.connections.change_lists import ChangeFilter, all_changes
from api.schema.connections.connection import Connection, OrderBy, Where, connection
from api.schema.connections.filters import (
    NOTHING,
    CycleFilter,
    KeyResultFilter,
    KeyResultOrder,
    KpiFilter,
    KpiOrder,
    ObjectiveFilter,
    ObjectiveOrder,
)
from api.schema.history import ledger
from api.schema.history.change import Change
from api.schema.history.diff import Diff, Within, compared
from api.schema.history.diff import From as FromMoment
from api.schema.history.diff import To as ToMoment
from api.schema.history.ledger import Ledger
from api.schema.history.replay import Every, From, Knowing, Replay, To, frames
from api.schema.history.retrospective import AsFarAs, Retrospective, look_back
from api.schema.metrics import goal_lists
from api.schema.metrics.alignment import AlignmentMap, Map
from api.schema.primitives.field import answered
from api.schema.primitives.lookup import By, CycleBy, KpiBy, PersonBy, TeamBy, id_of, key_of
from api.schema.primitives.node import Node
from api.schema.primitives.refs import SnapshotRef
from api.schema.primitives.view_types import Moment, Open, shows, snapshot
from api.schema.types import kpi
from api.schema.types.cycle import Cycle
from api.schema.types.entity import At, AtPosition, Entity, Known
from api.schema.types.key_result import KeyResult
from api.schema.types.kpi import Kpi
from api.schema.types.objective import Objective
from api.schema.types.people import Person, Team
from api.schema.types.workspace import Basis, Viewer, Workspace, basis_of
from api.snapshot.dataloaders import BY_KEY
from api.snapshot.pagination import PageRequest
from api.snapshot.snapshot import View, as_batch
from domain.commands.permissions import Permission
from domain.primitives.calendar import Step
from domain.primitives.values import Kind
from projections.store.versioned_tables import Order
from projections.tables import cycle as cycle_table
from projections.tables import people

E = TypeVar("E", bound=Entity)

_Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]
_Cycle: TypeAlias = Annotated[CycleBy, strawberry.argument(description="The cycle, by id or key.")]
_Kpi: TypeAlias = Annotated[KpiBy, strawberry.argument(description="The KPI, by id or key.")]
_Person: TypeAlias = Annotated[PersonBy, strawberry.argument(description="The person, by id or handle.")]
_Team: TypeAlias = Annotated[TeamBy, strawberry.argument(description="The team, by id or key.")]

_CYCLES = lists.Listing(Kind.CYCLE, cycle_table.CYCLES)
_TEAMS = lists.Listing(Kind.TEAM, people.TEAMS)
_PEOPLE = lists.Listing(Kind.PERSON, people.PEOPLE)


@strawberry.interface(
    name="View",
    description="Everything that can be read at one basis. `Query` is the View of now, `Snapshot` the View of another "
    "moment. One answer never mixes two moments, whatever is written meanwhile.",
)
class SnapshotFields:
    open: strawberry.Private[Open]

    @classmethod
    def to(cls, open: Open) -> Self:
        """The fields over a view that is opened when the first of them is read."""
        fields = cls.__new__(cls)
        fields.open = open
        return fields

    @property
    def view(self) -> View:
        return self.open()

    @answered("What this answer stands on.")
    def basis(self) -> Basis:
        return basis_of(self.view)

    @answered("The workspace.")
    def workspace(self, info: Info) -> Workspace:
        return Workspace(name=info.context.workspace, view=self.view)

    @answered("The thing with a global id; null, never an error, for an unknown one.")
    def node(self, id: _Id) -> Node | None:
        thing: Node | None = node_lookup.find(self.view, id)
        return thing

    @answered("The things with these global ids, in their order; null where one is unknown.")
    def nodes(
        self,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, up to 1,000.")],
    ) -> list[Node | None]:
        return node_lookup.find_all(self.view, ids)

    @answered("A cycle; null for an unknown one.")
    def cycle(self, by: _Cycle) -> Cycle | None:
        return _named(self.view, Cycle, by)

    @connection("The cycles, by start.")
    def cycles(self, asked: PageRequest, filter: Where[CycleFilter] = None) -> Connection[Cycle]:
        wanted, order = filters.cycle_filter(filter), Order(cycle_table.CycleOrder.STARTS_ON)
        return lists.listed(self.view, _CYCLES, wanted, order, asked)

    @answered("An objective; null for an unknown one.")
    def objective(self, id: _Id) -> Objective | None:
        return _found(self.view, Objective, id)

    @connection("The objectives, in the order of recording if none is asked for.")
    def objectives(
        self, asked: PageRequest, filter: Where[ObjectiveFilter] = None, order_by: OrderBy[ObjectiveOrder] = None
    ) -> Connection[Objective]:
        return goal_lists.objectives(self.view, filter, order_by, asked)

    @connection("The key results, in the order of recording if none is asked for.")
    def key_results(
        self, asked: PageRequest, filter: Where[KeyResultFilter] = None, order_by: OrderBy[KeyResultOrder] = None
    ) -> Connection[KeyResult]:
        return goal_lists.key_results(self.view, filter, order_by, asked)

    @answered("A KPI; null for an unknown one.")
    def kpi(self, by: _Kpi) -> Kpi | None:
        return _named(self.view, Kpi, by)

    @connection("The KPIs, by name if no order is asked for.")
    def kpis(
        self, asked: PageRequest, filter: Where[KpiFilter] = None, order_by: OrderBy[KpiOrder] = None
    ) -> Connection[Kpi]:
        return kpi.kpis(self.view, filter, order_by, asked)

    @answered("A team; null for an unknown one.")
    def team(self, by: _Team) -> Team | None:
        return _named(self.view, Team, by)

    @connection("The teams that were not disbanded, by name.")
    def teams(self, asked: PageRequest) -> Connection[Team]:
        wanted, order = people.TeamFilter(disbanded=False), Order(people.TeamOrder.NAME)
        return lists.listed(self.view, _TEAMS, wanted, order, asked)

    @answered("A person; null for an unknown one.")
    def person(self, by: _Person) -> Person | None:
        return _named(self.view, Person, by)

    @connection("The people, by name; those who have left, too.")
    def people(
        self,
        asked: PageRequest,
        search: Annotated[
            str | None, strawberry.argument(description="A part of handle, name or email, whatever the case.")
        ] = None,
    ) -> Connection[Person]:
        wanted, order = filters.person_filter(search), Order(people.PersonOrder.NAME)
        return lists.listed(self.view, _PEOPLE, wanted, order, asked)

    @answered("How the objectives of a cycle hang together; empty for an unknown cycle.")
    def alignment(self, cycle: _Cycle) -> AlignmentMap:
        return AlignmentMap(map=Map(self.view, filters.named(self.view, Kind.CYCLE, cycle) or NOTHING))

    @connection("What happened, as far as this View knows, in the order of the log.")
    def changes(self, asked: PageRequest, filter: Where[ChangeFilter] = None) -> Connection[Change]:
        return all_changes(self.view, filter, asked)


def _found(view: View, shown_as: type[E], id: str) -> E | None:
    """The thing an id names, at the basis the id names, if it is shown as this type."""
    thing = node_lookup.find(view, id)
    return thing if isinstance(thing, shown_as) else None


def _named(view: View, shown_as: type[E], by: By) -> E | None:
    """The thing by its id, at the basis the id names, or by its key or handle."""
    id = id_of(by)
    if id is not None:
        return _found(view, shown_as, id)
    row = view.by_key(BY_KEY[shown_as.KIND], key_of(by))
    return None if row is None else as_batch(shown_as, view, [row])[0]


@shows(Moment.THEN)
@strawberry.type(description="The View of another moment. What it says is fixed for ever, and so are its ids.")
class Snapshot(SnapshotFields):
    pass


@shows(Moment.NOW)
@strawberry.type(description="The View of now, and the doors to all other moments.")
class Query(SnapshotFields):
    @answered("Who asks, and what they may do.")
    def viewer(self, info: Info) -> Viewer:
        caller = info.context.caller
        person = None
        if Permission.READ in caller.can:  # whoever may not has no view to be told of
            self.view.mark_read()
            person = Person.find(self.view, caller.person)
        return Viewer(person=person, handle=caller.handle, roles=sorted(caller.roles), can=sorted(caller.can))

    @answered("The log as evidence: what it was at any size, signed, and the proofs. For those who may read it.")
    def ledger(self, info: Info) -> Ledger:
        self.view.mark_read()
        return ledger.opened(self.view, info)

    @answered(
        "The whole View at another moment. at: what was true then. known: as far as had been recorded by "
        "then (default: now). position: exactly what the log said at that place. A moment in the future is INVALID; "
        "before the first event everything is empty."
    )
    def as_of(self, at: At = None, known: Known = None, position: AtPosition = None) -> SnapshotRef:
        return snapshot(self.view.reads.as_of(at, known, position))

    @answered(
        "Two moments compared: what was added, changed and removed from one to the other, field by field, and by which "
        "changes. A moment in the future is INVALID."
    )
    def diff(self, from_: FromMoment, to: ToMoment = None, scope: Within = None) -> Diff:
        return compared(self.view, from_, to, scope)

    @answered(
        "A cycle as a film: how it stood at each step of its way, as far as was known at that moment. What was "
        "brought in with the cycle from elsewhere counts as known from when it was true."
    )
    def replay(
        self,
        cycle: _Cycle,
        every: Every = Step.WEEK,
        from_: From = None,
        to: To = None,
        known: Knowing = None,
    ) -> Replay:
        return Replay(frames=frames(self.view, cycle, every, from_, to, known))

    @answered(
        "A cycle looked back on: what it planned against what came of it, and why. NOT_FOUND for an unknown cycle, "
        "CONFLICT for one that was never activated."
    )
    def retrospective(self, cycle: _Cycle, known: AsFarAs = None) -> Retrospective:
        return look_back(self.view, cycle, known)
