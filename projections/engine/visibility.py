"""Row visibility: for each table there is a SQL view of the same name that leaves out the rows of hidden objectives.

An objective may be visible to its team only. Other readers see no row that belongs to it, at any basis, even before it
was hidden: its present visibility decides. A reader with hidden objectives reads only through these views, by a search
path without the tables; the setting `keyframe.hidden` lists the hidden objectives. So no query filters by itself, and
a query fails if the setting is not set or a view is missing. See docs/adr/0020.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from psycopg import sql
from psycopg.pq import TransactionStatus

from domain.model.event import NIL_ID, Event, body_fields
from domain.model.key_result import KeyResultAssigned, KeyResultMoved
from domain.model.objective import ObjectiveAligned, ObjectiveAssigned, ObjectiveUnaligned, ObjectiveVisibilitySet
from domain.model.people import PersonDeactivated, PersonErased, TeamDisbanded, TeamLeadAppointed, TeamLeft
from domain.primitives.values import EARLIEST, Ref
from projections.engine.registry import TABLES
from projections.store.basis import NOT_CREATED, ResolvedBasis
from projections.store.versioned_tables import OPEN, Connection, Table, fetch

E = TypeVar("E", bound=Event)

NOTHING: Final[frozenset[UUID]] = frozenset()
"""No objective is hidden."""

# ── how rows belong to objectives ────────────────────────────────────────────────────────────────

_HIDDEN = "(select unnest(current_setting('keyframe.hidden')::uuid[]))"


def _enters(id: str, position: str) -> str:
    """The condition that a key result is moved to a hidden objective after a position: what came before is not shown
    either."""
    return (
        f"exists (select from key_result m where m.arrived and m.version > 1 and m.id = {id}"
        f" and m.position > {position} and m.objective in {_HIDDEN})"
    )


_ALIGNED = f"""(
    select s.position from support s join change c on c.position = s.position and c.topic = '{ObjectiveAligned.TOPIC}'
    where s.through in {_HIDDEN} or {_enters("s.target", "s.position")}
    union all
    select s.until_position from support s
    join change c on c.position = s.until_position and c.topic = '{ObjectiveUnaligned.TOPIC}'
    where s.through in {_HIDDEN} or {_enters("s.target", "s.until_position")}
)"""
"""The positions of events that align an objective with a hidden one, or end such an alignment."""


def _place_of(id: str) -> str:
    """The last place of a node."""
    return f"(select * from place where place.id = {id} order by place.position desc limit 1)"


def _shown_of(id: str) -> str:
    """The condition that the present objective of a node is shown. A node without a place is not shown."""
    present = "(select h.objective from place h where h.id = p.key_result order by h.position desc limit 1)"
    return f"(select p.objective is null or coalesce({present}, p.objective) not in {_HIDDEN} from {_place_of(id)} p)"


class Shown(NamedTuple):
    """Which rows of a table are shown: a condition on a row `v`, and expressions for `columns` that may contain the id
    of a hidden node."""

    where: str
    columns: Mapping[str, str] = {}


EVERYTHING: Final = Shown("true")
"""All rows are shown, because they belong to no objective."""

SHOWN: Final[Mapping[str, Shown]] = {
    "cycle": EVERYTHING,
    "scoring_policy": EVERYTHING,
    "calendar": EVERYTHING,
    "day_offset": EVERYTHING,
    "kpi": EVERYTHING,
    "reading": EVERYTHING,
    "person": EVERYTHING,
    "team": EVERYTHING,
    "membership": EVERYTHING,
    "tree_node": EVERYTHING,
    "template": EVERYTHING,
    "objective": Shown(
        f"v.id not in {_HIDDEN} and v.position not in {_ALIGNED}",
        {"carried_from": f"case when v.carried_from not in {_HIDDEN} then v.carried_from end"},
    ),
    "key_result": Shown(
        f"v.objective not in {_HIDDEN} and not {_enters('v.id', 'v.position')}",
        {"carried_from": f"case when {_shown_of('v.carried_from')} then v.carried_from end"},
    ),
    "standing": Shown(f"v.objective not in {_HIDDEN} and not {_enters('v.id', 'v.position')}"),
    "check_in": Shown(_shown_of("v.key_result")),
    "support": Shown(
        f"v.objective not in {_HIDDEN} and v.through not in {_HIDDEN} and not {_enters('v.target', 'v.position')}"
    ),
    "initiative": Shown(_shown_of("v.id")),
    "comment": Shown(_shown_of("v.id")),
    "reflection": Shown(_shown_of("v.id")),
    "external_reference": Shown(_shown_of("v.subject_id")),
    "place": Shown(_shown_of("v.id")),
    "change": Shown(
        f"(v.objective is null or v.objective not in {_HIDDEN}) and not {_enters('v.key_result', 'v.position')}"
        f" and v.position not in {_ALIGNED}"
    ),
}  # fmt: skip
"""By table; a table without an entry is refused at import."""

UNDECLARED = {table.name for table in TABLES} ^ SHOWN.keys()
if UNDECLARED:
    raise LookupError(f"SHOWN must declare which rows of these tables are visible: {', '.join(sorted(UNDECLARED))}")

_HIDDEN_NODES = f"create view {{}}.hidden_thing as select v.id from place v where not {_shown_of('v.id')}"
"""The ids of all hidden nodes that have a place: goals, initiatives, comments and reflections."""


def ddl(schema: str) -> list[sql.Composed]:
    """The statements that create the views in a schema, for a session with the tables in its search path."""
    name = sql.Identifier(schema)
    position = sql.SQL("create view {}.view_position as select * from view_position").format(name)
    return [position, sql.SQL(_HIDDEN_NODES).format(name), *(_view(table, name) for table in TABLES)]


def _view(table: Table[Any], schema: sql.Identifier) -> sql.Composed:
    shown = SHOWN[table.name]
    names = [*(column.name for column in table.stored), *table.packed.stored]
    columns = [f"{shown.columns.get(name, f'v.{name}')} as {name}" for name in names]
    query = f"select {', '.join(columns)} from {table.name} v where {shown.where}"
    return sql.SQL(f"create view {{}}.{table.name} as {query}").format(schema)


DEFINITION: Final = "\n".join(part.as_string(None) for part in ddl("seen"))

CONCEALING: Final[frozenset[type[Event]]] = frozenset(
    {
        ObjectiveVisibilitySet, ObjectiveAssigned, KeyResultAssigned, KeyResultMoved, TeamLeadAppointed, TeamLeft,
        TeamDisbanded, PersonDeactivated, PersonErased,
    }
)  # fmt: skip
"""The events after which a person may see less than before, or less is seen of a person: those that change what the
rule of `present_and_hidden` reads of a node that exists, and what ends a person."""

# ── hidden objectives of a reader ────────────────────────────────────────────────────────────────


def _now(table: str, where: str) -> str:
    """The nodes that fulfil a condition now. The candidates are those with any version that fulfils it."""
    last = f"select * from {table} where {table}.id = c.id order by position desc limit 1"
    return f"(select distinct id from {table} where {where}) c cross join lateral ({last}) v where v.{where}"


_PRESENT_AND_HIDDEN = f"""
    select position, recorded_at, greatest(clock_timestamp(), recorded_at), array(
        select v.id from {_now("objective", "visibility = 'TEAM'")}
            and v.owner is distinct from %(person)s and %(person)s <> all(v.contributors)
            and coalesce(v.team not in (
                select team from membership where person = %(person)s and until_position = {OPEN}
                union all select v.id from {_now("team", "lead = %(person)s")}
            ), true)
            and v.id not in (select v.objective from {_now("key_result", "owner = %(person)s")})
    ) from view_position
"""


def present_and_hidden(conn: Connection, person: UUID | None) -> tuple[ResolvedBasis, frozenset[UUID]]:
    """The present basis, and the objectives that are hidden from a person at it; None is a caller without a person.

    An objective is hidden if it is visible to its team only, and the person is neither member nor lead of that team,
    neither owner nor contributor of the objective, and owner of none of its key results. `conn` reads the tables.
    """
    for position, known, at, hidden in fetch(conn, _PRESENT_AND_HIDDEN, {"person": person or NIL_ID}):
        return ResolvedBasis(at, position, known or EARLIEST), frozenset(hidden)
    raise LookupError(NOT_CREATED)


def is_any_objective_private(conn: Connection) -> bool:
    """Whether any objective was ever visible to its team only. `conn` reads the tables."""
    ((found,),) = fetch(conn, "select exists (select from objective where visibility = 'TEAM')", {})
    return bool(found)


def set_hidden(conn: Connection, hidden: frozenset[UUID]) -> None:
    """Set the objectives that the visibility views hide until the end of the transaction, or in this session if none is
    open."""
    is_local = conn.info.transaction_status is not TransactionStatus.IDLE
    conn.execute("select set_config('keyframe.hidden', %s, %s)", [_written(hidden), is_local], prepare=True)


@lru_cache(256)
def _written(hidden: frozenset[UUID]) -> str:
    return f"{{{','.join(map(str, hidden))}}}"


# ── hidden nodes in events ───────────────────────────────────────────────────────────────────────


def redact_events(conn: Connection, events: Sequence[E]) -> list[E]:
    """The same events without references to hidden nodes. `conn` reads the visibility views.

    Raises `LookupError` for an event with a required field that refers to a hidden node: such an event is hidden
    itself, and a caller cannot find it.
    """
    named = {id for event in events for id in _named(event)}
    rows = fetch(conn, "select id from hidden_thing where id = any(%(ids)b::uuid[])", {"ids": list(named)})
    hidden = {id for (id,) in rows}
    return [_without(event, hidden) for event in events]


def _named(event: Event) -> Iterable[UUID]:
    for value in _references(event).values():
        yield from map(_id, value if isinstance(value, tuple) else [value])


def _references(event: Event) -> dict[str, Any]:
    """The fields of an event that refer to nodes."""
    return {name: value for name in body_fields(type(event)) if _is_reference(value := getattr(event, name))}


def _is_reference(value: Any) -> bool:
    return isinstance(value, UUID | Ref) or (isinstance(value, tuple) and any(map(_is_reference, value)))


def _id(name: UUID | Ref) -> UUID:
    return name.id if isinstance(name, Ref) else name


def _without(event: E, hidden: set[UUID]) -> E:
    shown: dict[str, Any] = {}
    for name, value in _references(event).items():
        if isinstance(value, tuple):
            shown[name] = tuple(one for one in value if _id(one) not in hidden)
        elif _id(value) in hidden:
            shown[name] = None
            if any(field.name == name and field.required for field in msgspec.structs.fields(event)):
                raise LookupError(f"The field '{name}' of a change of the kind {event.TOPIC} refers to a hidden node.")
    return msgspec.structs.replace(event, **shown) if shown else event
