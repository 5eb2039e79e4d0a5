"""Thinning of old checkpoints: of each day the last one stays, and that of each cycle's closing.

Days are those of UTC, by the time of signing. The numbers of the removed checkpoints are signed: see
`domain.proof.register`.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

from domain.proof.register import Removal
from domain.proof.signed_note import Signer
from projections.proof import checkpoint_register
from projections.store.versioned_tables import Connection, fetch

PAGE: Final = 500
"""The largest number of checkpoints that one step considers, so that it delays the projector by milliseconds only."""


class Signed(NamedTuple):
    """A stored checkpoint: its number, its size, the day of its signing, and whether it may be thinned by its age."""

    number: int
    size: int
    day: date
    is_old: bool


class Thinning:
    """Removes checkpoints that were signed more than `days` days before today, step by step, in the order of their
    numbers."""

    def __init__(self, signer: Signer, days: int) -> None:
        self._signer = signer
        self._days = days
        self._after = 0

    def step(self, conn: Connection, position: int) -> bool:
        """Thin the next page of checkpoints up to a position of the projections, which know the closings up to there.
        Returns whether more may follow."""
        page = _page(conn, self._after, position, self._days)
        old = [one for one in page[:PAGE] if one.is_old]
        closings = _closings(conn, [one.size for one in old])
        followed = zip(old, page[1:], strict=False)
        thin = [one.number for one, after in followed if after.day == one.day and one.size not in closings]
        self._remove(conn, thin)
        if old:
            self._after = old[-1].number
        return len(old) == PAGE

    def _remove(self, conn: Connection, numbers: Sequence[int]) -> None:
        if not numbers:
            return
        with conn.transaction():
            checkpoint_register.lock(conn)
            for first, last in _ranges(numbers):
                checkpoint_register.remove(conn, Removal(self._signer.name, first, last), self._signer)


def _page(conn: Connection, after: int, position: int, days: int) -> list[Signed]:
    """The next page by number, and one more: the successor of its last one."""
    query = """
        select number, size, day, day < (clock_timestamp() at time zone 'UTC')::date - %(days)s::int
        from checkpoint, cast(signed_at at time zone 'UTC' as date) as day
        where number > %(after)s and size <= %(position)s order by number limit %(limit)s
    """
    rows = fetch(conn, query, {"after": after, "position": position, "days": days, "limit": PAGE + 1})
    return [Signed(*row) for row in rows]


def _closings(conn: Connection, sizes: Sequence[int]) -> set[int]:
    """Those of these sizes at which a cycle was closed."""
    query = "select distinct outcome_position from cycle where outcome_position = any(%(sizes)b::bigint[])"
    return {position for (position,) in fetch(conn, query, {"sizes": list(sizes)})}


def _ranges(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and last number of each run of consecutive numbers."""
    first = last = numbers[0]
    for number in numbers[1:]:
        if number != last + 1:
            yield first, last
            first = number
        last = number
    yield first, last
