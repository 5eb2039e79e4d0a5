"""Packed columns are unpacked to the values that were stored."""

from datetime import UTC, date, datetime, timedelta

import msgspec

from projections.store.column_reader import Unpacked
from projections.store.packed_columns import NAME
from projections.store.stored_times import day, moment
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


def unpacked(world: World) -> dict[str, list[object]]:
    rows = world.conn.cursor(binary=True).execute(f"select {NAME} from sample order by position").fetchall()
    packed = [packed for (packed,) in rows]
    found = dict(Unpacked(SAMPLES.packed, packed, at_once=True))
    one_by_one = Unpacked(SAMPLES.packed, packed, at_once=False)
    assert found == {name: one_by_one[name] for name in COLUMNS}
    return found


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


def test_packed_columns_follow_their_columns(world: World) -> None:
    world.conn.execute(SAMPLES.ddl)
    SAMPLES.copy(world.conn, ROWS)
    world.conn.execute("update sample set value = 7.0, seen = null")
    found = unpacked(world)
    assert (found["value"], found["seen"]) == ([7.0] * 3, [None] * 3)
