"""Search over things of all kinds: every word of the query must occur in the searchable text of a thing."""

import string
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from domain.primitives.values import Basis, Kind, Ref
from projections.store.search_text import COLUMN, words
from projections.store.versioned_tables import (
    Connection,
    Cursor,
    Table,
    VersionedTable,
    Window,
    basis_params,
    fetch,
    is_last,
)
from projections.tables import cycle, discussion, key_result, kpi, measurements, objective, people
from projections.tables.across import template


class Searched(NamedTuple):
    """Where the things of a kind are found: their table, the number of its searched fields that name a thing, the
    condition that a row is valid at the basis, and the position at which the thing was recorded."""

    table: Table[Any]
    names: int
    valid: str = "true"
    born: str = "v.born"


SEARCHED: Final[dict[Kind, Searched]] = {
    Kind.OBJECTIVE: Searched(objective.OBJECTIVE, 1),
    Kind.KEY_RESULT: Searched(key_result.KEY_RESULT, 1),
    Kind.KPI: Searched(kpi.KPI, 2),
    Kind.PERSON: Searched(people.PERSON, 3),
    Kind.TEAM: Searched(people.TEAM, 2),
    Kind.CYCLE: Searched(cycle.CYCLE, 2),
    Kind.INITIATIVE: Searched(discussion.INITIATIVE, 1),
    Kind.TEMPLATE: Searched(template.TEMPLATE, 1),
    Kind.COMMENT: Searched(discussion.COMMENT, 0, discussion.KNOWN, "v.position"),
    Kind.REFLECTION: Searched(discussion.REFLECTION, 0, discussion.KNOWN, "v.position"),
    Kind.CHECK_IN: Searched(measurements.CHECK_IN, 0, measurements.CURRENT, "v.first_position"),
}
"""By kind; the searched fields of a table begin with those that name a thing."""


class Hit(NamedTuple):
    """A thing that matches. `rank` is higher for a better match; `born` is the position at which it was recorded."""

    ref: Ref
    born: int
    rank: int

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.rank, self.born)


def hits(conn: Connection, basis: Basis, query: str, kinds: Sequence[Kind], window: Window) -> list[Hit]:
    """A page of the things of these kinds that contain every word of the query, best first, in one statement.

    In the names of a thing a whole word counts 3, a word that begins so 2, a part of a word 1; elsewhere a word counts
    0. A name that equals the query counts one more. Of equal ranks the thing recorded last comes first.
    """
    wanted = words(query)
    if not wanted or not kinds:
        return []
    limits = [
        f"(rank, born) {past} (%({name}_value)s, %({name}_tie)s)"
        for name, cursor, past in (("after", window.after, "<"), ("before", window.before, ">"))
        if cursor is not None
    ]
    direction = "asc" if window.backwards else "desc"
    ranked = f"select *, {_rank(wanted)} as rank from ({_matching(basis, wanted, kinds)}) m"
    sql = (
        f"select kind, id, born, rank from ({ranked}) r"
        f" where {' and '.join(['true', *limits])} order by rank {direction}, born {direction} limit %(limit)s"
    )
    params = _params(basis, wanted) | _cursors(window) | {"limit": window.limit}
    found = [Hit(Ref(Kind(kind), id), born, rank) for kind, id, born, rank in fetch(conn, sql, params, prepare=False)]
    return found[::-1] if window.backwards else found


def hit_counts(conn: Connection, basis: Basis, query: str, kinds: Sequence[Kind]) -> dict[Kind, int]:
    """The number of things of each of these kinds that contain every word of the query; kinds without any are left
    out."""
    wanted = words(query)
    if not wanted or not kinds:
        return {}
    sql = f"select kind, count(*) from ({_matching(basis, wanted, kinds)}) m group by kind"
    return {Kind(kind): count for kind, count in fetch(conn, sql, _params(basis, wanted), prepare=False)}


# ── statements ───────────────────────────────────────────────────────────────────────────────────

_PUNCTUATION: Final = (
    string.punctuation + "\u2013\u2014\u2018\u2019\u201a\u201c\u201d\u201e\u2026\xab\xbb\xa1\xbf\xb7\n\t"
)
"""What separates words in names, besides spaces."""


def _params(basis: Basis, wanted: Sequence[str]) -> dict[str, Any]:
    names = [_spaced(word).strip() for word in wanted]
    texts = {f"w{place}": word for place, word in enumerate(wanted)}
    parts = {f"n{place}": name for place, name in enumerate(names)}
    wholes = {f"s{place}": f" {name}" for place, name in enumerate(names)}
    spaces = {"punctuation": _PUNCTUATION, "spaces": " " * len(_PUNCTUATION), "all_names": f" {' '.join(names)} "}
    return basis_params(basis, **texts, **parts, **wholes, **spaces)


def _spaced(word: str) -> str:
    return word.translate(str.maketrans(_PUNCTUATION, " " * len(_PUNCTUATION)))


def _cursors(window: Window) -> dict[str, Any]:
    given = {"after": window.after, "before": window.before}
    return {
        f"{name}_{part}": getattr(cursor, part)
        for name, cursor in given.items()
        if cursor is not None
        for part in ("value", "tie")
    }


def _rank(wanted: Sequence[str]) -> str:
    """The rank of a row `m` by its `names`, which are spaced and between spaces."""
    by_word = [
        f"case when %(n{place})s = '' then 0 when strpos(names, %(s{place})s || ' ') > 0 then 3"
        f" when strpos(names, %(s{place})s) > 0 then 2 when strpos(names, %(n{place})s) > 0 then 1 else 0 end"
        for place, _ in enumerate(wanted)
    ]
    return " + ".join([*by_word, "case when names = %(all_names)s then 1 else 0 end"])


def _matching(basis: Basis, wanted: Sequence[str], kinds: Sequence[Kind]) -> str:
    """The query for all things of these kinds that match at the basis."""
    matches = " and ".join(f"strpos(v.{COLUMN}, %(w{place})s) > 0" for place, _ in enumerate(wanted))
    return " union all ".join(_of_kind(basis, kind, SEARCHED[kind], matches) for kind in kinds)


def _of_kind(basis: Basis, kind: Kind, of: Searched, matches: str) -> str:
    name = of.table.name
    valid = is_last(name, basis, "v") if isinstance(of.table, VersionedTable) else of.valid
    columns = f"'{kind}' as kind, v.id, {of.born} as born, {_names(of.names)} as names"
    return f"select {columns} from {name} v where {valid} and {matches}"


def _names(count: int) -> str:
    """The expression of the first lines of the searchable text, spaced and between spaces."""
    lines = [f"split_part(v.{COLUMN}, chr(10), {line + 1})" for line in range(count)]
    if not lines:
        return "''"
    return f"' ' || translate({' || chr(10) || '.join(lines)}, %(punctuation)s, %(spaces)s) || ' '"


def searched_fields(kind: Kind) -> Sequence[str]:
    """The fields of a row of this kind that search looks into, in the order in which matches are shown."""
    return SEARCHED[kind].table.searched
