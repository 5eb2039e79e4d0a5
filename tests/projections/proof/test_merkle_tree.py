"""The stored Merkle tree matches the log at every size, also after a rebuild."""

from itertools import pairwise

import pytest

from domain.log import raw
from domain.log.mapper import leaf_hash
from domain.proof import merkle
from projections.engine import rebuild
from projections.proof import merkle_tree
from projections.proof.merkle_tree import Tree
from tests.projections.proof.conftest import Attested

SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 700, 1000, 1023, 1024, 1025, 1300]


@pytest.fixture
def grown(world: Attested) -> Attested:
    """1,300 events that were projected in several batches."""
    for count in (1, 254, 1, 1, 300, 466, 2, 275):
        world.fill(count)
        world.catch_up()
    return world


def roots(world: Attested) -> list[bytes]:
    frontier = merkle.Frontier()
    found = [frontier.root()]
    for row in world.log.rows(0, 10_000):
        frontier.add(leaf_hash(row))
        found.append(frontier.root())
    return found


def test_the_root_matches_the_stored_rows_at_every_size(grown: Attested) -> None:
    expected = roots(grown)
    assert grown.size == 1300
    assert [Tree(grown.conn, size).root for size in SIZES] == [expected[size] for size in SIZES]
    largest = Tree(grown.conn, 1300)
    assert [merkle.root(largest._look, size) for size in range(1301)] == expected


def test_inclusion_proofs_verify_at_any_log_size(grown: Attested) -> None:
    expected, rows = roots(grown), grown.log.rows(0, 10_000)
    for size in SIZES[1:]:
        tree = Tree(grown.conn, size)
        for position in {1, 2, size // 2, size - 1, size} & set(range(1, size + 1)):
            proof = tree.inclusion(position)
            assert (proof.position, proof.size, proof.leaf) == (position, size, rows[position - 1].leaf_hash)
            assert merkle.includes(expected[size], size, proof.leaf, position - 1, proof.path)


def test_consistency_proofs_verify_for_every_earlier_size(grown: Attested) -> None:
    expected = roots(grown)
    for old, new in [*pairwise(SIZES), (0, 1300), (3, 1300), (256, 1024), (1300, 1300)]:
        path = Tree(grown.conn, new).consistency(old)
        assert merkle.extends(expected[old], old, expected[new], new, path)


def test_a_proof_reads_a_bounded_number_of_hashes(grown: Attested) -> None:
    tree = Tree(grown.conn, 1300)
    tree.inclusion(700)
    assert sum(len(tile[0]) for tile in tree._tiles.values()) <= 2 * merkle_tree.WIDTH + 1300 // merkle_tree.WIDTH
    row = grown.conn.execute("select count(*) from tree_node").fetchone()
    assert row == (1300 // merkle_tree.WIDTH,)


def test_upper_levels_of_the_tree_are_stored(world: Attested, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merkle_tree, "STEP", 2)
    monkeypatch.setattr(merkle_tree, "WIDTH", 4)
    world.conn.execute("delete from tree_node")
    for count in (3, 90, 170):
        world.fill(count)
        merkle_tree.grow(world.conn, world.size - count, world.size)
    expected = roots(world)
    largest = Tree(world.conn, 263)
    assert [merkle.root(largest._look, size) for size in range(264)] == expected
    assert all(
        merkle.includes(expected[263], 263, proof.leaf, proof.position - 1, proof.path)
        for proof in map(largest.inclusion, range(1, 264))
    )
    levels = world.conn.execute("select level, count(*) from tree_node group by level order by level").fetchall()
    assert levels == [(2, 65), (4, 16), (6, 4), (8, 1)]


def test_there_are_no_proofs_beyond_the_size_of_the_log(grown: Attested) -> None:
    with pytest.raises(LookupError):
        _ = Tree(grown.conn, 1301).root
    with pytest.raises(ValueError, match="not among"):
        Tree(grown.conn, 5).inclusion(6)
    with pytest.raises(ValueError, match="not among"):
        Tree(grown.conn, 5).inclusion(0)
    with pytest.raises(ValueError, match="does not extend"):
        Tree(grown.conn, 5).consistency(6)


def test_a_rebuilt_tree_is_identical_and_checkpoints_survive(grown: Attested) -> None:
    note = grown.sign()
    before = grown.conn.execute("select * from tree_node order by level, place").fetchall()
    workspace = grown.database.settings.workspace
    rebuild.rebuild(grown.log, grown.database.connect, workspace=workspace)
    with grown.database.connect() as conn:
        assert conn.execute("select * from tree_node order by level, place").fetchall() == before
        assert merkle_tree.note(conn, 1300) == note


def test_the_sweep_yields_every_row_as_stored(grown: Attested) -> None:
    rows = grown.log.rows(0, 10_000)
    swept = list(raw.sweep(grown.conn))
    assert [(row[0], row[3], row[4], row[5]) for row in swept] == [
        (row.position, row.stream.bytes, row.version, row.belongs_to is not None) for row in rows
    ]
    assert [row[6] for row in swept] == [row[7] for row in swept] == [leaf_hash(row) for row in rows]
