"""Files that are computed in parts, one part at a time, on threads of the heavy lane."""

from collections.abc import Iterator
from functools import partial
from typing import Final, TypeVar

from msgspec.structs import replace

from api.execution.context import Context
from projections.store.deadline import Deadline

T = TypeVar("T")

PART_COST: Final = 100.0
"""The estimated cost of a part, in units of about 1 ms."""


def file_context(context: Context, seconds: float) -> Context:
    """The context of a file, all parts of which take `seconds` at most."""
    return replace(context, deadline=Deadline(context.answer_timeout_s, seconds))


async def next_part(parts: Iterator[T], context: Context) -> T | None:
    """The next part, or None after the last. It has the time of one answer, within the time of the file.

    Raises `Busy`, and whatever the computation raises, as `DeadlineExceeded`.
    """
    context.deadline.renew(context.answer_timeout_s)
    return await context.lanes.heavy.run(partial(next, parts, None), context.caller.actor, PART_COST, context.deadline)
