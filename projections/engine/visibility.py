"""Row visibility: for each table there is a SQL view of the same name that leaves out the rows of hidden objectives.

An objective may be visible to its team only. Others then see no row that belongs to it, at any basis, also at those
before it was hidden: its present visibility decides. A reader from whom something is hidden reads through these views
only, by a search path without the tables; the setting `keyframe.hidden` lists the hidden objectives. So no query needs
to filter by itself, and a query fails where the setting is not set or a view is missing. See docs/adr/0020.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from psycopg import sql

from domain.model.event import NOBODY, Event, body_fields
from domain.model.objective import ObjectiveAligned
from domain.primitives.values import EARLIEST, Ref
from projections.engine.registry import TABLES
from projections.store.basis import NEVER_MADE, ResolvedBasis
from projections.store.versioned_tables import OPEN, Connection, Table, fetch

E = TypeVar("E", bound=Event)

NOTHING: Final[frozenset[UUID]] = frozenset()
"""Nothing is hidden."""

# ── how rows belong to objectives ────────────────────────────────────────────────────────────────

_HIDDEN = "(select unnest(current_setting('keyframe.hidden')::uuid[]))"
_ALIGNED = f"""(
    select s.position from support s join change c on c.position = s.position and c.topic = '{ObjectiveAligned.TOPIC}'
    where s.through in {_HIDDEN}
    union all select s.until_position from support s where s.through in {_HIDDEN}
)"""
"""The events of any objective that name a hidden one: it came to support that, or no longer does."""


def _shown_of(id: str) -> str:
    """The condition that what a thing is part of is shown. A thing whose place is not known is not."""
    return f"(select p.objective is null or p.objective not in {_HIDDEN} from place p where p.id = {id})"


class Shown(NamedTuple):
    """Which rows of a table are shown, as a condition on a row `v`; `columns` that name a hidden thing are empty."""

    where: str
    columns: Mapping[str, str] = {}


EVERYTHING: Final = Shown("true")
"""These rows belong to no objective."""

SHOWN: Final[Mapping[str, Shown]] = {
    "cycle": EVERYTHING,
    "scoring_policy": EVERYTHING,
    "kpi": EVERYTHING,
    "reading": EVERYTHING,
    "person": EVERYTHING,
    "team": EVERYTHING,
    "membership": EVERYTHING,
    "tree_node": EVERYTHING,
    "objective": Shown(
        f"v.id not in {_HIDDEN} and v.position not in {_ALIGNED}",
        {"carried_from": f"case when v.carried_from not in {_HIDDEN} then v.carried_from end"},
    ),
    "key_result": Shown(
        f"v.objective not in {_HIDDEN}",
        {"carried_from": f"case when {_shown_of('v.carried_from')} then v.carried_from end"},
    ),
    "check_in": Shown(_shown_of("v.key_result")),
    "support": Shown(f"v.objective not in {_HIDDEN} and v.through not in {_HIDDEN}"),
    "initiative": Shown(_shown_of("v.id")),
    "comment": Shown(_shown_of("v.id")),
    "reflection": Shown(_shown_of("v.id")),
    "place": Shown(f"(v.objective is null or v.objective not in {_HIDDEN})"),
    "change": Shown(f"(v.objective is null or v.objective not in {_HIDDEN}) and v.position not in {_ALIGNED}"),
}  # fmt: skip
"""By table; a table without an entry is refused at import."""

UNTOLD = {table.name for table in TABLES} ^ SHOWN.keys()
if UNTOLD:
    raise LookupError(f"SHOWN must say which rows of these tables are visible: {', '.join(sorted(UNTOLD))}")

_HIDDEN_THING = f"create view {{}}.hidden_thing as select id from place where objective in {_HIDDEN}"
"""Everything that is hidden and has a place: goals, and what is done and said around them."""


def ddl(schema: str) -> list[sql.Composed]:
    """What makes the views in a schema, in a session that finds the tables."""
    name = sql.Identifier(schema)
    position = sql.SQL("create view {}.view_position as select * from view_position").format(name)
    return [position, sql.SQL(_HIDDEN_THING).format(name), *(_view(table, name) for table in TABLES)]


def _view(table: Table[Any], schema: sql.Identifier) -> sql.Composed:
    shown = SHOWN[table.name]
    columns = [f"{shown.columns.get(column.name, f'v.{column.name}')} as {column.name}" for column in table.columns]
    query = f"select {', '.join(columns)} from {table.name} v where {shown.where}"
    return sql.SQL(f"create view {{}}.{table.name} as {query}").format(schema)


DEFINITION: Final = "\n".join(part.as_string(None) for part in ddl("seen"))

# ── what is hidden from somebody ─────────────────────────────────────────────────────────────────


def _now(table: str, where: str) -> str:
    """The things of which something holds now, sought among those of which it ever held."""
    last = f"select * from {table} where {table}.id = c.id order by position desc limit 1"
    return f"(select distinct id from {table} where {where}) c cross join lateral ({last}) v where v.{where}"


_LOOK = f"""
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


def look(conn: Connection, person: UUID | None) -> tuple[ResolvedBasis, frozenset[UUID]]:
    """The present, and the objectives that are hidden from a person there, or from somebody who is none.

    Those are shown to their team alone, and the person is neither in it nor leads it, neither owns the objective nor
    contributes to it, and owns none of its key results. `conn` reads the tables.
    """
    for position, known, at, hidden in fetch(conn, _LOOK, {"person": person or NOBODY}):
        return ResolvedBasis(at, position, known or EARLIEST), frozenset(hidden)
    raise LookupError(NEVER_MADE)


def is_anything_private(conn: Connection) -> bool:
    """Whether any objective ever was shown to its team only. `conn` reads the tables."""
    ((found,),) = fetch(conn, "select exists (select from objective where visibility = 'TEAM')", {})
    return bool(found)


def set_hidden(conn: Connection, hidden: frozenset[UUID]) -> None:
    """Set which objectives are hidden from the reader of this session, who reads the views beside the tables."""
    conn.execute("select set_config('keyframe.hidden', %s, false)", [_written(hidden)], prepare=True)


@lru_cache(256)
def _written(hidden: frozenset[UUID]) -> str:
    return f"{{{','.join(map(str, hidden))}}}"


# ── what events say of it ────────────────────────────────────────────────────────────────────────


def redact_events(conn: Connection, events: Sequence[E]) -> list[E]:
    """The same events without the hidden things that their fields name. `conn` reads the views beside the tables.

    Raises `LookupError` for an event with a required field that names a hidden thing: it is hidden itself, and the
    caller should not have found it.
    """
    named = {id for event in events for id in _named(event)}
    rows = fetch(conn, "select id from hidden_thing where id = any(%(ids)b::uuid[])", {"ids": list(named)})
    hidden = {id for (id,) in rows}
    return [_without(event, hidden) for event in events]


def _named(event: Event) -> Iterable[UUID]:
    for value in _said(event).values():
        yield from map(_id, value if isinstance(value, tuple) else [value])


def _said(event: Event) -> dict[str, Any]:
    """The fields of an event that name things."""
    return {name: value for name in body_fields(type(event)) if _is_name(value := getattr(event, name))}


def _is_name(value: Any) -> bool:
    return isinstance(value, UUID | Ref) or (isinstance(value, tuple) and any(map(_is_name, value)))


def _id(name: UUID | Ref) -> UUID:
    return name.id if isinstance(name, Ref) else name


def _without(event: E, hidden: set[UUID]) -> E:
    said: dict[str, Any] = {}
    for name, value in _said(event).items():
        if isinstance(value, tuple):
            said[name] = tuple(one for one in value if _id(one) not in hidden)
        elif _id(value) in hidden:
            said[name] = None
            if any(field.name == name and field.required for field in msgspec.structs.fields(event)):
                raise LookupError(f"A change of the kind {event.TOPIC} names what is hidden.")
    return msgspec.structs.replace(event, **said) if said else event
