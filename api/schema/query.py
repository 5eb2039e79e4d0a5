"""Root types for reading: `Query` for the present and `Snapshot` for another moment, with the same fields."""

from typing import Annotated, Any, Self, TypeAlias, TypeVar

import strawberry

from api.execution.context import Info
from api.schema import node_lookup
from api.schema.attention.attention_list import ORDER_TOLD, AttentionConnection, Until, WorseSince, attention
from api.schema.attention.scope import AttentionScope, scope_of
from api.schema.connections import filter_criteria, filters, list_orders, lists
from api.schema.connections.change_lists import ChangeFilter, all_changes
from api.schema.connections.connection import Connection, OrderBy, Sort, Where, connection
from api.schema.connections.filters import (
    NOTHING,
    CycleFilter,
    KeyResultFilter,
    KpiFilter,
    ObjectiveFilter,
    PersonFilter,
    TeamFilter,
)
from api.schema.connections.list_orders import (
    CycleOrder,
    KeyResultOrder,
    KpiOrder,
    ObjectiveOrder,
    PersonOrder,
    TeamOrder,
)
from api.schema.connections.search import SearchHitConnection, SearchKinds, SearchQuery, search_page
from api.schema.history import ledger
from api.schema.history.change import Change
from api.schema.history.diff import Diff, Within, diff_between
from api.schema.history.diff import From as FromMoment
from api.schema.history.diff import To as ToMoment
from api.schema.history.ledger import Ledger
from api.schema.history.narrowed import OfObjective, OfPerson, OfTeam
from api.schema.history.replay import Every, From, Knowing, Replay, To, replay_of
from api.schema.history.retrospective import AsFarAs, Retrospective, retrospective_of
from api.schema.metrics import goal_lists
from api.schema.metrics.alignment import AlignmentMap, Map
from api.schema.metrics.goal_lists import GoalConnection
from api.schema.primitives.field import resolved
from api.schema.primitives.lookup import (
    By,
    CycleBy,
    InitiativeBy,
    KeyResultBy,
    KpiBy,
    ObjectiveBy,
    PersonBy,
    TeamBy,
    external_of,
    id_of,
    key_of,
)
from api.schema.primitives.node import Node
from api.schema.primitives.refs import SnapshotRef
from api.schema.primitives.semantic_non_null import NULL_ON_FAILURE
from api.schema.primitives.view_types import Moment, Open, shows, snapshot
from api.schema.types import kpi
from api.schema.types.attached import LabelCount
from api.schema.types.cycle import Cycle
from api.schema.types.discussion import Initiative
from api.schema.types.entity import At, AtPosition, Entity, Known
from api.schema.types.key_result import KeyResult
from api.schema.types.kpi import Kpi, KpiConnection
from api.schema.types.objective import Objective
from api.schema.types.people import PEOPLE, Person, Team
from api.schema.types.templates.template import TEMPLATES, Template, TemplateFilter, template_criteria
from api.schema.types.workspace import Basis, Viewer, Workspace, basis_of
from api.snapshot.dataloaders import BY_KEY, found
from api.snapshot.pagination import PageRequest
from api.snapshot.snapshot import View, as_batch
from domain.commands.permissions import Permission
from domain.primitives.calendar import Step
from domain.primitives.errors import invalid
from domain.primitives.values import Kind
from projections.tables import cycle as cycle_table
from projections.tables import people
from projections.tables.across import label_counts
from projections.tables.across import template as template_table

E = TypeVar("E", bound=Entity)

_Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The global id.")]
_IdOrBy: TypeAlias = Annotated[
    strawberry.ID | None,
    strawberry.argument(
        description="The global id; or give `by`: exactly one of the two.",
        deprecation_reason="Use `by`. Removed in 0.5.",
    ),
]
_Objective: TypeAlias = Annotated[
    ObjectiveBy | None, strawberry.argument(description="The objective, by id or external reference.")
]
_KeyResult: TypeAlias = Annotated[
    KeyResultBy, strawberry.argument(description="The key result, by id or external reference.")
]
_Initiative: TypeAlias = Annotated[
    InitiativeBy, strawberry.argument(description="The initiative, by id or external reference.")
]
_Cycle: TypeAlias = Annotated[CycleBy, strawberry.argument(description="The cycle, by id or key.")]
_Kpi: TypeAlias = Annotated[KpiBy, strawberry.argument(description="The KPI, by id or key.")]
_Person: TypeAlias = Annotated[PersonBy, strawberry.argument(description="The person, by id or handle.")]
_Team: TypeAlias = Annotated[TeamBy, strawberry.argument(description="The team, by id or key.")]

_SECTION = (
    "The same View, for a part of a page: an error in it, such as an invalid argument, makes this field null and "
    "leaves the rest of the answer as it is."
)
_CYCLES = lists.Listing(Kind.CYCLE, cycle_table.CYCLES)
_TEAMS = lists.Listing(Kind.TEAM, people.TEAMS)


@strawberry.interface(
    name="View",
    description="All reads at one basis. `Query` is the View of the present, `Snapshot` the View of another moment. An "
    "answer never mixes two moments, even with concurrent writes.",
)
class SnapshotFields:
    open: strawberry.Private[Open]

    @classmethod
    def to(cls, open: Open) -> Self:
        """The fields over a view that is opened on the first read."""
        fields = cls.__new__(cls)
        fields.open = open
        return fields

    @property
    def view(self) -> View:
        return self.open()

    @resolved("The basis of this answer: its effective time and log position.")
    def basis(self) -> Basis:
        return basis_of(self.view)

    @resolved(_SECTION, directives=NULL_ON_FAILURE)
    def section(self) -> "SnapshotFields | None":
        return self

    @resolved("The workspace of this server.")
    def workspace(self, info: Info) -> Workspace:
        return Workspace(name=info.context.workspace, view=self.view)

    @resolved("The node with a global id; null for an unknown id, never an error.")
    def node(self, id: _Id) -> Node | None:
        node: Node | None = node_lookup.find(self.view, id)
        return node

    @resolved("The nodes with these global ids, in the same order; null for each unknown id.")
    def nodes(
        self,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, up to 1,000.")],
    ) -> list[Node | None]:
        return node_lookup.find_all(self.view, ids)

    @resolved("The cycle with an id or key; null if it does not exist.")
    def cycle(self, by: _Cycle) -> Cycle | None:
        return _named(self.view, Cycle, by)

    @connection("The cycles, by default in the order of their first days.")
    def cycles(
        self, page_request: PageRequest, filter: Where[CycleFilter] = None, sort: Sort[CycleOrder] = None
    ) -> Connection[Cycle]:
        wanted = lists.Wanted(
            filter_criteria.cycles(self.view, filter), list_orders.keys(cycle_table.CycleOrder.STARTS_ON, sort)
        )
        return _page(self.view, _CYCLES, wanted, page_request)

    @resolved("The objective with an id or external reference; null if it does not exist.")
    def objective(self, id: _IdOrBy = None, by: _Objective = None) -> Objective | None:
        if (id is None) == (by is None):
            raise invalid("Give `id` or `by`: exactly one of the two.", "by")
        return _named(self.view, Objective, by) if by is not None else _found(self.view, Objective, str(id))

    @connection("The objectives, by default in the order of recording.")
    def objectives(
        self,
        page_request: PageRequest,
        filter: Where[ObjectiveFilter] = None,
        order_by: OrderBy[ObjectiveOrder] = None,
        sort: Sort[ObjectiveOrder] = None,
    ) -> GoalConnection[Objective]:
        return goal_lists.objectives(self.view, filter, sort, order_by, page_request)

    @resolved("The key result with an id or external reference; null if it does not exist.")
    def key_result(self, by: _KeyResult) -> KeyResult | None:
        return _named(self.view, KeyResult, by)

    @resolved("The initiative with an id or external reference; null if it does not exist.")
    def initiative(self, by: _Initiative) -> Initiative | None:
        return _named(self.view, Initiative, by)

    @connection("The key results, by default in the order of recording.")
    def key_results(
        self,
        page_request: PageRequest,
        filter: Where[KeyResultFilter] = None,
        order_by: OrderBy[KeyResultOrder] = None,
        sort: Sort[KeyResultOrder] = None,
    ) -> GoalConnection[KeyResult]:
        return goal_lists.key_results(self.view, filter, sort, order_by, page_request)

    @resolved("The KPI with an id or key; null if it does not exist.")
    def kpi(self, by: _Kpi) -> Kpi | None:
        return _named(self.view, Kpi, by)

    @connection("The KPIs, by default in the order of their names.")
    def kpis(
        self,
        page_request: PageRequest,
        filter: Where[KpiFilter] = None,
        order_by: OrderBy[KpiOrder] = None,
        sort: Sort[KpiOrder] = None,
    ) -> KpiConnection[Kpi]:
        return kpi.kpis(self.view, filter, sort, order_by, page_request)

    @resolved("The team with an id or key; null if it does not exist.")
    def team(self, by: _Team) -> Team | None:
        return _named(self.view, Team, by)

    @connection("The teams without disbanded ones, by default in the order of their names.")
    def teams(
        self, page_request: PageRequest, filter: Where[TeamFilter] = None, sort: Sort[TeamOrder] = None
    ) -> Connection[Team]:
        wanted = lists.Wanted(filter_criteria.teams(filter), list_orders.keys(people.TeamOrder.NAME, sort))
        return _page(self.view, _TEAMS, wanted, page_request)

    @resolved("The person with an id or handle; null if it does not exist.")
    def person(self, by: _Person) -> Person | None:
        return _named(self.view, Person, by)

    @connection("The people, including deactivated ones, by default in the order of their names.")
    def people(
        self,
        page_request: PageRequest,
        search: Annotated[
            str | None,
            strawberry.argument(
                description=f"Words in the handle, name or email. {filters.SEARCHED}",
                deprecation_reason="Use `filter`. Removed in 0.5.",
            ),
        ] = None,
        filter: Where[PersonFilter] = None,
        sort: Sort[PersonOrder] = None,
    ) -> Connection[Person]:
        if search is not None and filter is not None:
            raise invalid("Give `filter` or `search`, not both.", "filter")
        given = filter if search is None else PersonFilter(search=search)
        wanted = lists.Wanted(
            filter_criteria.persons(self.view, given), list_orders.keys(people.PersonOrder.NAME, sort)
        )
        return _page(self.view, PEOPLE, wanted, page_request)

    @connection(
        "The things of all kinds that contain every word of the query, best first: those with the words in their names "
        "before those with the words elsewhere, whole words before parts, and of equals the one recorded last.",
        NULL_ON_FAILURE,
    )
    def search(
        self, page_request: PageRequest, query: SearchQuery, kinds: SearchKinds = None
    ) -> SearchHitConnection | None:
        return search_page(self.view, query, kinds, page_request)

    @resolved("The template with an id; null if it does not exist.")
    def template(self, id: _Id) -> Template | None:
        return _found(self.view, Template, str(id))

    @connection("The templates by name, by default without retired ones.")
    def templates(self, page_request: PageRequest, filter: Where[TemplateFilter] = None) -> Connection[Template]:
        wanted = lists.Wanted(template_criteria(filter), list_orders.keys(template_table.TemplateOrder.NAME, None))
        return _page(self.view, TEMPLATES, wanted, page_request)

    @resolved("The labels in use, in alphabetical order, with the number of things that have each.")
    def label_counts(self) -> list[LabelCount]:
        return as_batch(LabelCount, self.view, self.view.read(label_counts.label_counts))

    @resolved("The alignment map of a cycle; empty for an unknown cycle.")
    def alignment(self, cycle: _Cycle) -> AlignmentMap:
        return AlignmentMap(map=Map(self.view, filters.named(self.view, Kind.CYCLE, cycle) or NOTHING))

    @connection(
        "What calls for attention in a scope, as of this View: check-ins and readings that are due, goals that turned "
        f"worse, and goals that lack what they need. {ORDER_TOLD} Null only with an error."
    )
    def attention(
        self,
        page_request: PageRequest,
        for_: Annotated[AttentionScope, strawberry.argument(name="for", description="Whose attention is asked for.")],
        until: Until = None,
        worse_since: WorseSince = None,
    ) -> AttentionConnection | None:
        return attention(self.view, scope_of(self.view, for_), until, worse_since, page_request)

    @connection("The changes that this View includes, in log order.")
    def changes(self, page_request: PageRequest, filter: Where[ChangeFilter] = None) -> Connection[Change]:
        return all_changes(self.view, filter, page_request)


def _page(view: View, of: lists.Listing, wanted: lists.Wanted, page_request: PageRequest) -> Connection[Any]:
    page, _ = lists.list_page(view, of, wanted, page_request)
    return Connection(page=page)


def _found(view: View, shown_as: type[E], id: str) -> E | None:
    """The node with an id, at the basis in the id; None if it is of another type."""
    node = node_lookup.find(view, id)
    return node if isinstance(node, shown_as) else None


def _named(view: View, shown_as: type[E], by: By) -> E | None:
    """The node by its id, at the basis in the id, by its key or handle, or by its external reference."""
    id = id_of(by)
    external = external_of(by)
    if id is not None:
        return _found(view, shown_as, id)
    if external is not None:
        named = filters.referring(view, shown_as.KIND, external)
        return None if named is None else found(view, shown_as.KIND, [named]).get(named)
    row = view.by_key(BY_KEY[shown_as.KIND], key_of(by))
    return None if row is None else as_batch(shown_as, view, [row])[0]


@shows(Moment.THEN)
@strawberry.type(description="The View of another moment. Its content and its ids never change.")
class Snapshot(SnapshotFields):
    @resolved(_SECTION, directives=NULL_ON_FAILURE)
    def section(self) -> "Snapshot | None":
        return self


@shows(Moment.NOW)
@strawberry.type(description="The View of the present, with access to all other moments.")
class Query(SnapshotFields):
    @resolved(_SECTION, directives=NULL_ON_FAILURE)
    def section(self) -> "Query | None":
        return self

    @resolved("The caller of this request, with roles and permissions.")
    def viewer(self, info: Info) -> Viewer:
        caller = info.context.caller
        person = None
        if Permission.READ in caller.can:  # other callers have no view to read from
            self.view.mark_read()
            person = Person.find(self.view, caller.person)
        roles, can = sorted(caller.roles), sorted(caller.can)
        return Viewer(person=person, handle=caller.handle, roles=roles, can=can, open=self.open)

    @resolved("The ledger: signed checkpoints and proofs of the log. Requires the permission READ_LEDGER.")
    def ledger(self, info: Info) -> Ledger:
        self.view.mark_read()
        return ledger.open_ledger(self.view, info)

    @resolved(
        "The whole View at another moment: by effective time (`at`), recording time (`known`) or log position "
        "(`position`). A moment in the future is INVALID. Before the first event the View is empty."
    )
    def as_of(self, at: At = None, known: Known = None, position: AtPosition = None) -> SnapshotRef:
        return snapshot(self.view.reads.as_of(at, known, position))

    @resolved(
        "The differences between two moments: added, changed and removed entities, their changed fields, and the "
        "changes behind them. A moment in the future is INVALID."
    )
    def diff(self, from_: FromMoment, to: ToMoment = None, scope: Within = None) -> Diff:
        return diff_between(self.view, from_, to, scope)

    @resolved(
        "The history of a cycle as a sequence of frames, each with what was known at its time. Facts imported together "
        "with the cycle count as known from their effective time."
    )
    def replay(
        self,
        cycle: _Cycle,
        every: Every = Step.WEEK,
        from_: From = None,
        to: To = None,
        known: Knowing = None,
    ) -> Replay:
        return replay_of(self.view, cycle, every, from_, to, known)

    @resolved(
        "The retrospective of a cycle: its plan against its outcome, with the causes. `team`, `person` and `objective` "
        "narrow it: every figure and list in it is over the objectives that match all of them. NOT_FOUND for an "
        "unknown cycle, team, person or objective, CONFLICT for a cycle that was never activated."
    )
    def retrospective(
        self,
        cycle: _Cycle,
        known: AsFarAs = None,
        team: OfTeam = None,
        person: OfPerson = None,
        objective: OfObjective = None,
    ) -> Retrospective:
        return retrospective_of(self.view, cycle, known, team, person, objective)
