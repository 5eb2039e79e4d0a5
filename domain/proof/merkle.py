"""The Merkle tree over the log: its root, inclusion and consistency proofs, and their verification.

The tree is defined by RFC 6962, section 2.1, and RFC 9162, section 2.1, with SHA-256. Leaves are passed as hashes and
counted from 0; sizes are numbers of leaves.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()
"""The root of the empty tree."""

Look = Callable[[int, int], bytes]
"""Returns the hash of the complete subtree at `level` and `place`, over the 2^level leaves from place · 2^level on.
Level 0 has the leaves."""


def parent(left: bytes, right: bytes) -> bytes:
    """The hash of a node: SHA-256 of 0x01 and its two halves."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """An append-only tree that keeps only its right edge: one hash per bit that is set in its size."""

    __slots__ = ("_edge", "size")

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        edge, size = self._edge, self.size
        self.size = size + 1
        while size & 1:
            leaf = sha256(b"\x01" + edge.pop() + leaf).digest()
            size >>= 1
        edge.append(leaf)

    def root(self) -> bytes:
        return _joined(self._edge)


def levels(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """The hashes of the complete subtrees over these adjacent nodes, level by level. The first level has the nodes
    themselves."""
    rising = [list(hashes)]
    while len(rising[-1]) > 1:
        below = rising[-1]
        rising.append([parent(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
    return rising


# ── roots and proofs from the tree ───────────────────────────────────────────────────────────────


def root(look: Look, size: int) -> bytes:
    """The root of the first `size` leaves."""
    return _over(look, 0, size)


def inclusion(look: Look, index: int, size: int, edge: dict[int, bytes]) -> list[bytes]:
    """The inclusion proof of a leaf in the tree of the first `size` leaves (RFC 9162, 2.1.3.1).

    `edge` keeps the hashes of incomplete subtrees by their first leaf, for other proofs in the same tree. Raises
    `ValueError` for a leaf outside of the tree.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not among the first {size}")
    path, level, place, last = [], 0, index, size - 1
    while last:
        beside = place ^ 1
        if (beside + 1) << level <= size:
            path.append(look(level, beside))
        elif beside <= last:
            first = beside << level
            if first not in edge:
                edge[first] = _over(look, first, size)
            path.append(edge[first])
        level, place, last = level + 1, place >> 1, last >> 1
    return path


def consistency(look: Look, old: int, new: int) -> list[bytes]:
    """The consistency proof between the trees of the first `old` and the first `new` leaves (RFC 9162, 2.1.4.1).
    Raises `ValueError` if `new` is smaller than `old`."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves does not extend one of {old}")
    path, start, end = [], 0, new
    while start < old < end:
        middle = _middle(start, end)
        if old <= middle:
            path.append(_over(look, middle, end))
            end = middle
        else:
            path.append(_over(look, start, middle))
            start = middle
    if start:  # otherwise only the old tree remains, and the verifier knows its root
        path.append(_over(look, start, end))
    return path[::-1]


def _middle(start: int, end: int) -> int:
    """The split point of a tree: the left half is the largest power of two smaller than the tree."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def _over(look: Look, start: int, end: int) -> bytes:
    """The hash over a range that is a subtree: `start` is a multiple of a power of two that is at least its length."""
    whole = []
    while start < end:
        level = (end - start).bit_length() - 1
        whole.append(look(level, start >> level))
        start += 1 << level
    return _joined(whole)


def _joined(whole: Sequence[bytes]) -> bytes:
    """The root over adjacent complete subtrees, each smaller than its left neighbor."""
    if not whole:
        return EMPTY
    above = whole[-1]
    for left in whole[-2::-1]:
        above = parent(left, above)
    return above


# ── verification ─────────────────────────────────────────────────────────────────────────────────


def includes(root: bytes, size: int, leaf: bytes, index: int, path: Sequence[bytes]) -> bool:
    """Whether the path proves this leaf at this index of the tree with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, above = index, size - 1, leaf
    for beside in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            above = parent(beside, above)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            above = parent(above, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and above == root


def extends(old_root: bytes, old: int, new_root: bytes, new: int, path: Sequence[bytes]) -> bool:
    """Whether the path proves that the tree of `old` leaves is a prefix of the tree of `new` leaves
    (RFC 9162, 2.1.4.2). The empty tree is a prefix of every tree."""
    if not 0 <= old <= new:
        return False
    if old in {0, new}:
        return not path and old_root == (new_root if old else EMPTY)
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    if not steps:
        return False
    above_old = above_new = steps[0]
    for beside in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            above_old, above_new = parent(beside, above_old), parent(beside, above_new)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            above_new = parent(above_new, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and above_old == old_root and above_new == new_root
