from datetime import UTC, datetime
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.snapshot import global_ids
from api.snapshot.global_ids import ChangeId, GlobalId
from domain.primitives.values import Basis, Kind

BASIS = Basis(datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC), 42)
VERSIONED = (Kind.CHECK_IN, Kind.READING)


@given(st.sampled_from([kind for kind in Kind if kind not in VERSIONED]), st.uuids(), st.none() | st.just(BASIS))
def test_global_id_round_trips(kind: Kind, id: UUID, basis: Basis | None) -> None:
    assert global_ids.decode(global_ids.encode(kind, id, global_ids.suffix(basis))) == GlobalId(kind, id, None, basis)


@given(st.sampled_from(Kind), st.lists(st.lists(st.uuids(), max_size=5), max_size=4), st.none() | st.just(BASIS))
def test_ids_of_many_objects_are_those_of_each(kind: Kind, lists: list[list[UUID]], basis: Basis | None) -> None:
    end = global_ids.suffix(basis)
    with patch.object(global_ids, "KEPT_MAX", 3), patch.object(global_ids, "_KEPT", {}):
        for ids in (*lists, *lists):
            assert global_ids.encode_all(kind, ids, end) == [global_ids.encode(kind, id, end) for id in ids]
            assert all(len(kept) <= 3 for kept in global_ids._KEPT.values())


@given(st.sampled_from(VERSIONED), st.uuids(), st.integers(1, 10**6), st.none() | st.just(BASIS))
def test_global_id_of_a_measurement_holds_its_version(kind: Kind, id: UUID, version: int, basis: Basis | None) -> None:
    assert global_ids.decode(global_ids.encode_version(kind, id, version, global_ids.suffix(basis))) == GlobalId(
        kind, id, version, basis
    )


@given(st.integers(0, 2**53))
def test_global_id_of_a_change_holds_its_position(position: int) -> None:
    assert global_ids.decode(global_ids.encode_change(position)) == ChangeId(position)


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(0, 2**53),
)
def test_basis_round_trips_in_a_global_id(at: datetime, position: int) -> None:
    basis = Basis(at, position)
    assert global_ids.decode(global_ids.encode_change(7, global_ids.suffix(basis))) == ChangeId(7, basis)


@given(st.text() | st.binary().map(lambda raw: raw.hex()) | st.from_regex(r"[A-Za-z0-9_=-]{1,60}"))
def test_invalid_global_id_decodes_to_none(text: str) -> None:
    named = global_ids.decode(text)
    assert named is None or _again(named) == text


def _again(named: GlobalId | ChangeId) -> str:
    end = global_ids.suffix(named.basis)
    if isinstance(named, ChangeId):
        return global_ids.encode_change(named.position, end)
    if named.version is not None:
        return global_ids.encode_version(named.kind, named.id, named.version, end)
    return global_ids.encode(named.kind, named.id, end)


@pytest.mark.parametrize("kind", Kind)
def test_longest_global_id_of_a_kind_round_trips(kind: Kind) -> None:
    end, id, version = b"@-62135596800000000.9999999999999999", UUID(int=2**128 - 1), 999_999_999
    is_versioned = kind in {Kind.CHECK_IN, Kind.READING}
    text = global_ids.encode_version(kind, id, version, end) if is_versioned else global_ids.encode(kind, id, end)
    basis = Basis(datetime.min.replace(tzinfo=UTC), 9_999_999_999_999_999)
    assert global_ids.decode(text) == GlobalId(kind, id, version if is_versioned else None, basis)
    assert len(text) <= global_ids.LENGTH_MAX


@pytest.mark.parametrize(
    "text",
    [
        "A" * (global_ids.LENGTH_MAX + 1),
        global_ids.encode(Kind.CHECK_IN, UUID(int=1)),
        global_ids.encode_version(Kind.OBJECTIVE, UUID(int=1), 2),
        global_ids.encode("Change", UUID(int=1)),
        global_ids.encode("Nothing", UUID(int=1)),
        global_ids.encode(Kind.OBJECTIVE, UUID(int=1), b"@99999999999999999999.1"),
        global_ids.encode(Kind.OBJECTIVE, UUID(int=1), b"@999999999999999999.1"),
        global_ids.encode(Kind.OBJECTIVE, UUID(int=1)) + "==",
        "",
        "é",
    ],
)
def test_global_id_with_wrong_version_or_basis_decodes_to_none(text: str) -> None:
    assert global_ids.decode(text) is None


def test_snapshot_id_resolves_to_the_entity_id() -> None:
    id = uuid4()
    text = global_ids.encode(Kind.OBJECTIVE, id, global_ids.suffix(BASIS))
    assert global_ids.entity(text, Kind.KEY_RESULT, Kind.OBJECTIVE) == id
    assert global_ids.entity(text, Kind.KEY_RESULT) is None
