"""Digests of the rows of the projections, one a table and block of positions. They show rows that were altered by
anything but the projector.

A digest is the number of rows and the sum of their hashes. So it does not depend on the order of writes, and each
statement that writes rows keeps it up to date by itself. The hash is not cryptographic, and digests can be changed like
rows: they find accidents and careless edits. See docs/adr/0041.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import psycopg
from psycopg.sql import quote

Connection: TypeAlias = psycopg.Connection[Any]

BLOCK_BITS: Final = 10
"""A block has 2^10 positions: a check of one block of all tables takes some milliseconds."""

TABLE: Final = "view_digest"
_DIGEST_DDL: Final = (
    "create table view_digest (name text, block bigint, rows bigint not null, digest numeric not null,"
    " primary key (name, block)) with (fillfactor = 50)"
)
_ALARM_DDL: Final = "create table view_alarm (name text, block bigint, primary key (name, block))"
DDL: Final = (_DIGEST_DDL, _ALARM_DDL)
"""The digests, and the blocks of tables whose rows differ from their digest."""

_PROBE: Final = "hash_record_extended(row('keyframe'::text, 1::bigint, 0.5::float8, '\\x00'::bytea, true), 0)"
"""A hash of constants. Another result than the stored one shows that the tables come from a server with other hash
functions, whose digests cannot be compared."""


def block(placed: str) -> str:
    """The expression of the block of a row, by the expression of the position of its event."""
    return f"({placed}) >> {BLOCK_BITS}"


def hashed(row: str) -> str:
    """The expression of the hash of a whole row.

    The hash of a record alone is linear in those of its columns: their sum would stay the same if two rows swapped a
    value.
    """
    return f"hashtextextended(hash_record_extended({row}, 0)::text, 0)"


def summed(table: str, placed: str, where: str = "true") -> str:
    """The query for block, rows and digest of the rows of a table."""
    columns = f"{block(placed)} as block, count(*) as rows, sum({hashed('r')}) as digest"
    return f"select {columns} from {table} r where {where} group by 1"


def keep(name: str, query: str) -> str:
    """The end of a statement that adds the block, rows and digest of a query to the digests of a table."""
    return (
        f"insert into view_digest as d select {quote(name)}, block, rows, digest from ({query}) s"
        " on conflict (name, block) do update set rows = d.rows + excluded.rows, digest = d.digest + excluded.digest"
    )


def inserting(name: str, placed: str, values: str) -> str:
    """The statement that inserts one row into a table, and adds it to its digest."""
    added = f"insert into {name} as r values ({values}) returning {block(placed)} as block, {hashed('r')} as digest"
    return f"with added as ({added}) {keep(name, 'select block, 1 as rows, digest from added')}"


def updating(name: str, placed: str, given: str, sets: str, where: str) -> str:
    """The statement that sets columns of rows `r` of a table, and updates their digests. `given`: the query for the
    parameters, `g` in `sets` and `where`."""
    changes = f"select {block(placed)} as block, {{}} from {{}} r"
    after = changes.format(f"{hashed('r')} as digest", "after")
    before = changes.format(f"-{hashed('r')}::numeric", "before")
    return (
        f"with given as ({given}), before as (select r.* from {name} r, given g where {where}),"
        f" after as (update {name} r set {sets} from given g where {where} returning r.*) "
    ) + keep(name, f"select block, 0 as rows, sum(digest) as digest from ({after} union all {before}) c group by block")


def add_copied(conn: Connection, name: str, placed: str, after: int, upto: int) -> None:
    """Add the rows of the positions in (after, upto], which were copied into a table, to its digests."""
    rows = summed(name, placed, f"{placed} > %b and {placed} <= %b")
    conn.execute(keep(name, rows), [after, upto], prepare=True)


def begin(conn: Connection) -> None:
    """Store the hash of constants beside the digests, for a generation with empty tables."""
    conn.execute(f"insert into view_digest values ('', 0, 0, {_PROBE})")


def compute(conn: Connection, tables: Mapping[str, str]) -> None:
    """Compute all digests from the tables, each given with the expression of the position of its rows."""
    with conn.transaction():
        conn.execute("delete from view_digest where name <> ''")
        for name, placed in tables.items():
            conn.execute(keep(name, summed(name, placed)))


def are_comparable(conn: Connection) -> bool:
    """Whether the digests were not computed with the hash functions of another server."""
    query = f"select from view_digest where name = '' and digest <> {_PROBE}"
    return conn.execute(query, prepare=True).fetchone() is None
