"""Ids as PostgreSQL stores them are the UUIDs that they stand for, in Python and as parameters."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from projections.store.stored_ids import (
    ID_AS_BYTES,
    StoredIds,
    array_of,
    bytes_of,
    distinct,
    keys_of,
    repeated,
)
from projections.store.versioned_tables import _shown, fetch
from projections.tables.objective import OBJECTIVE
from tests.world import World

IDS = [uuid4() for _ in range(3)]


def stored(ids: Sequence[UUID | None]) -> StoredIds:
    return StoredIds([None if one is None else one.bytes for one in ids])


def test_a_uuid_is_made_of_its_bytes() -> None:
    found = stored([*IDS, None])
    assert [found[place] for place in range(4)] == [*IDS, None]
    assert list(found) == [*IDS, None]
    assert len(found) == 4


def test_a_part_is_stored_as_well() -> None:
    part = stored(IDS)[1:]
    assert type(part) is StoredIds
    assert list(part) == IDS[1:]


@pytest.mark.parametrize("of", [stored, list])
def test_stored_ids_and_uuids_have_the_same_bytes_repetitions_and_distinct_ids(of: type[list[UUID]]) -> None:
    ids = of([*IDS, IDS[0]])
    assert bytes_of(ids) == [one.bytes for one in (*IDS, IDS[0])]
    assert list(repeated(ids, [1, 0, 2, 1])) == [IDS[0], IDS[2], IDS[2], IDS[0]]
    assert list(distinct(ids)) == IDS
    assert [keys_of(ids).index(key) for key in keys_of(ids)] == [0, 1, 2, 0]


@pytest.mark.parametrize("ids", [IDS, []])
def test_stored_ids_are_parameters_and_results_of_statements(world: World, ids: list[UUID]) -> None:
    sql = "select one from unnest(%(ids)b::uuid[]) with ordinality as o (one, n) order by n"
    with world.database.connect() as conn:
        found = fetch(conn, sql, {"ids": array_of(stored(ids))}, loaders=ID_AS_BYTES)
        assert list(StoredIds([one for (one,) in found])) == ids
        assert fetch(conn, sql, {"ids": array_of(iter(ids))}) == [(one,) for one in ids]


def test_arrays_of_stored_ids_are_shown_as_uuids() -> None:
    column = next(one for one in OBJECTIVE.stored if one.name == "contributors")
    assert _shown(column, [[one.bytes for one in IDS], [], None]) == [tuple(IDS), (), None]
