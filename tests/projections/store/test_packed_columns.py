"""Packed columns are unpacked to the values that were stored."""

from datetime import UTC, date, datetime, timedelta
from math import isnan

import msgspec

from projections.store import column_reader
from projections.store.column_reader import Unpacked
from projections.store.packed_columns import NAME, NO_TIME
from projections.store.stored_times import day, moment, stored
from projections.store.versioned_tables import Table
from tests.world import World


class Sample(msgspec.Struct, frozen=True):
    position: int
    weight: float
    due: date
    since: datetime
    value: float | None = None
    seen: datetime | None = None
    is_open: bool = False
    is_late: bool = False


COLUMNS = Sample.__struct_fields__
SAMPLES = Table("sample", Sample, ["position"], packed=COLUMNS)
AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC) + timedelta(microseconds=1)
ROWS = [
    Sample(1, 0.1, date(2026, 3, 31), AT, -2.5, AT + timedelta(days=1), is_open=True, is_late=True),
    Sample(2**40, 1e300, date(1999, 12, 31), AT - timedelta(days=20_000), is_late=True),
    Sample(2**62, -0.0, date(2000, 1, 1), AT, 1e-300, is_open=True),
]


FLAGS = ("is_open", "is_late")


def packed_columns(world: World) -> Unpacked:
    rows = world.conn.cursor(binary=True).execute(f"select {NAME} from sample order by position").fetchall()
    found = column_reader.unpacked(SAMPLES.packed, b"".join(packed for (packed,) in rows))
    assert found.size == len(rows)
    return found


def unpacked(world: World) -> dict[str, list[object]]:
    found = packed_columns(world)
    return {name: found[name] for name in COLUMNS}


def test_packed_columns_have_the_stored_values(world: World) -> None:
    world.conn.execute(SAMPLES.ddl)
    assert unpacked(world) == {name: [] for name in COLUMNS}
    SAMPLES.copy(world.conn, ROWS[:2])
    SAMPLES.insert(world.conn, ROWS[2:])
    found = unpacked(world)
    found["due"] = [day(one) for one in found["due"] if isinstance(one, int)]
    for name in ("since", "seen"):
        found[name] = [None if one is None else moment(one) for one in found[name] if one is None or type(one) is int]
    assert found == {name: [getattr(row, name) for row in ROWS] for name in COLUMNS}
    assert tuple(found) == COLUMNS
    assert {type(one) for name in ("is_open", "is_late") for one in found[name]} == {bool}


def test_packed_columns_as_arrays_have_numbers_for_what_is_missing(world: World) -> None:
    world.conn.execute(SAMPLES.ddl)
    SAMPLES.copy(world.conn, ROWS)
    found = packed_columns(world)
    assert found.array("value").tolist()[::2] == [-2.5, 1e-300]
    assert isnan(found.array("value")[1])
    assert found.array("seen").tolist() == [stored(AT) + 86_400_000_000, NO_TIME, NO_TIME]
    assert found.array("is_late").tolist() == [True, True, False]
    twice = found + found
    assert (twice.size, twice["position"]) == (6, found["position"] * 2)


def test_flags_of_all_rows_are_known_without_the_columns(world: World) -> None:
    world.conn.execute(SAMPLES.ddl)
    none = packed_columns(world)
    assert [(none.any(name), none.all(name)) for name in FLAGS] == [(False, True)] * 2
    SAMPLES.copy(world.conn, ROWS[:2])
    some = packed_columns(world)
    assert [(some.any(name), some.all(name)) for name in FLAGS] == [(True, False), (True, True)]


def test_packed_columns_follow_their_columns(world: World) -> None:
    world.conn.execute(SAMPLES.ddl)
    SAMPLES.copy(world.conn, ROWS)
    world.conn.execute("update sample set value = 7.0, seen = null")
    found = unpacked(world)
    assert (found["value"], found["seen"]) == ([7.0] * 3, [None] * 3)
