"""The Merkle tree of RFC 6962: roots, inclusion proofs and consistency proofs."""

from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.proof import merkle

# The test vectors of the Certificate Transparency projects.
INPUTS = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
LEAVES = [sha256(b"\x00" + bytes.fromhex(one)).digest() for one in INPUTS]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSIONS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCIES = {
    (1, 1): [],
    (1, 8): INCLUSIONS[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def lookup_in(leaves: Sequence[bytes]) -> merkle.Look:
    rising = merkle.levels(leaves)
    return lambda level, place: rising[level][place]


def reference_root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash (MTH), implemented literally as RFC 6962 defines it."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + reference_root(leaves[:split]) + reference_root(leaves[split:])).digest()


def leaves_by_number(count: int) -> list[bytes]:
    return [sha256(b"\x00" + number.to_bytes(8)).digest() for number in range(count)]


LEAVES_256 = leaves_by_number(256)
LOOK = lookup_in(LEAVES_256)
ROOTS_BY_SIZE = [merkle.root(LOOK, size) for size in range(257)]
SIZES = range(1, 131)
"""The sizes of which every proof is tested: they contain each shape of a tree of up to seven levels, and the first ones
of the eighth."""


def hexes(path: Sequence[bytes]) -> list[str]:
    return [one.hex() for one in path]


def test_roots_are_those_of_the_rfc() -> None:
    frontier = merkle.Frontier()
    grown = [frontier.root().hex()]
    for leaf in LEAVES:
        frontier.add(leaf)
        grown.append(frontier.root().hex())
    assert grown == ROOTS
    assert [merkle.root(lookup_in(LEAVES), size).hex() for size in range(9)] == ROOTS


@pytest.mark.parametrize(("index", "size"), INCLUSIONS)
def test_inclusion_proofs_are_those_of_the_rfc(index: int, size: int) -> None:
    path = merkle.inclusion(lookup_in(LEAVES), index, size, {})
    assert hexes(path) == INCLUSIONS[index, size]
    assert merkle.includes(bytes.fromhex(ROOTS[size]), size, LEAVES[index], index, path)


@pytest.mark.parametrize(("old", "new"), CONSISTENCIES)
def test_consistency_proofs_are_those_of_the_rfc(old: int, new: int) -> None:
    path = merkle.consistency(lookup_in(LEAVES), old, new)
    assert hexes(path) == CONSISTENCIES[old, new]
    assert merkle.extends(bytes.fromhex(ROOTS[old]), old, bytes.fromhex(ROOTS[new]), new, path)


def test_incremental_and_direct_roots_match_the_definition() -> None:
    frontier = merkle.Frontier()
    for size in range(257):
        assert frontier.root() == ROOTS_BY_SIZE[size] == reference_root(LEAVES_256[:size])
        assert frontier.size == size
        if size < 256:
            frontier.add(LEAVES_256[size])


def test_inclusion_proofs_verify_for_every_leaf_and_only_in_its_tree() -> None:
    for size in SIZES:
        edge: dict[int, bytes] = {}
        for index in range(size):
            path = merkle.inclusion(LOOK, index, size, edge)
            assert merkle.includes(ROOTS_BY_SIZE[size], size, LEAVES_256[index], index, path)
            assert not merkle.includes(ROOTS_BY_SIZE[size], size, LEAVES_256[index - 1], index, path) or size == 1
            assert not merkle.includes(ROOTS_BY_SIZE[size - 1], size, LEAVES_256[index], index, path)


def test_consistency_proofs_verify_for_every_pair_of_sizes() -> None:
    for new in (0, *SIZES):
        for old in range(new + 1):
            path = merkle.consistency(LOOK, old, new)
            assert merkle.extends(ROOTS_BY_SIZE[old], old, ROOTS_BY_SIZE[new], new, path)
            if old < new:
                assert not merkle.extends(ROOTS_BY_SIZE[old + 1], old, ROOTS_BY_SIZE[new], new, path)
                assert not merkle.extends(ROOTS_BY_SIZE[old], old, ROOTS_BY_SIZE[new - 1], new, path) or old == 0


@settings(max_examples=60)
@given(size=st.integers(1, 5000), chance=st.randoms(use_true_random=False))
def test_proofs_verify_for_any_size_and_fail_when_altered(size: int, chance: Random) -> None:
    leaves = leaves_by_number(size)
    look = lookup_in(leaves)
    root, index, old = merkle.root(look, size), chance.randrange(size), chance.randint(1, size)
    old_root = merkle.root(look, old)
    path, link = merkle.inclusion(look, index, size, {}), merkle.consistency(look, old, size)
    assert merkle.includes(root, size, leaves[index], index, path)
    assert merkle.extends(old_root, old, root, size, link)
    for wrong in damaged(path, chance):
        assert not merkle.includes(root, size, leaves[index], index, wrong)
    for wrong in damaged(link, chance):
        assert not merkle.extends(old_root, old, root, size, wrong)
    assert not merkle.includes(root, size, leaves[index], (index + 1) % size, path) or size == 1


def damaged(path: Sequence[bytes], chance: Random) -> list[list[bytes]]:
    other = [*path]
    wrong = [[*path, LEAVES_256[0]], [LEAVES_256[0], *path]]
    if path:
        at, bit = chance.randrange(len(path)), chance.randrange(256)
        other[at] = (int.from_bytes(path[at]) ^ 1 << bit).to_bytes(32)
        wrong += [other, [*path[:-1]], [*path[1:]]]
    if len(path) > 1:
        wrong.append([*path[1:], path[0]])
    return wrong


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (4, 3), (0, 0)])
def test_a_leaf_outside_the_tree_has_no_inclusion_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="not among"):
        merkle.inclusion(LOOK, index, size, {})
    assert not merkle.includes(ROOTS_BY_SIZE[size], size, LEAVES_256[index], index, [])


@pytest.mark.parametrize(("old", "new"), [(4, 3), (-1, 3)])
def test_there_is_no_consistency_proof_to_a_smaller_tree(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="does not extend"):
        merkle.consistency(LOOK, old, new)
    assert not merkle.extends(ROOTS_BY_SIZE[old], old, ROOTS_BY_SIZE[new], new, [])


def test_the_empty_tree_is_consistent_with_every_tree() -> None:
    assert merkle.extends(merkle.EMPTY, 0, ROOTS_BY_SIZE[5], 5, [])
    assert not merkle.extends(ROOTS_BY_SIZE[1], 0, ROOTS_BY_SIZE[5], 5, [])
    assert not merkle.extends(merkle.EMPTY, 0, ROOTS_BY_SIZE[5], 5, [LEAVES_256[0]])


def test_trees_of_adjacent_sizes_have_different_roots() -> None:
    assert all(one != another for one, another in pairwise(ROOTS_BY_SIZE))
