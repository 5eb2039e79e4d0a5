"""Objects of a batch that are made only when one of them is looked at.

Without them an answer that is computed by columns would make, and throw away, an object for each row.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, TypeVar, overload

from api.snapshot.snapshot import AnyProxy, Batch, View

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Siblings(Sequence[AnyProxy]):
    """Neighbouring rows of a batch as objects of one type."""

    proxy_type: type[AnyProxy]
    batch: Batch
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def __iter__(self) -> Iterator[AnyProxy]:
        return iter(self.batch.objects(self.proxy_type)[self.start : self.stop])

    @overload
    def __getitem__(self, place: int) -> AnyProxy: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[AnyProxy]: ...
    def __getitem__(self, place: int | slice) -> AnyProxy | Sequence[AnyProxy]:
        places = range(self.start, self.stop)[place]
        if isinstance(places, int):
            return self.batch.objects(self.proxy_type)[places]
        if places.step != 1:
            return [self.batch.objects(self.proxy_type)[one] for one in places]
        return Siblings(self.proxy_type, self.batch, places.start, places.stop)

    def few(self, place: int) -> Any:
        """The row at a place, with the columns that were read."""
        return self.batch.few[range(self.start, self.stop)[place]]

    def of(self, values: Sequence[T]) -> Sequence[T]:
        """Of the values of the whole batch, those of these objects."""
        return values[self.start : self.stop]


def all_of(proxy_type: type[AnyProxy], view: View, rows: Sequence[Any]) -> Siblings[AnyProxy]:
    """These rows as objects of one type, in one batch."""
    return Siblings(proxy_type, Batch(view, rows), 0, len(rows))


@dataclass(slots=True, eq=False)
class SiblingGroups(Sequence[Siblings[AnyProxy]]):
    """Rows of a batch as objects of one type, in groups that follow each other. `bounds`: the place at which each group
    starts, and the one at which the last group stops."""

    proxy_type: type[AnyProxy]
    batch: Batch
    bounds: Sequence[int]

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @overload
    def __getitem__(self, place: int) -> Siblings[AnyProxy]: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Siblings[AnyProxy]]: ...
    def __getitem__(self, place: int | slice) -> Siblings[AnyProxy] | Sequence[Siblings[AnyProxy]]:
        places = range(len(self))[place]
        if isinstance(places, int):
            return Siblings(self.proxy_type, self.batch, self.bounds[places], self.bounds[places + 1])
        if places.step != 1 or not places:
            return [self[one] for one in places]
        return SiblingGroups(self.proxy_type, self.batch, self.bounds[places.start : places.stop + 1])

    @property
    def joined(self) -> Siblings[AnyProxy]:
        """The objects of all groups."""
        return Siblings(self.proxy_type, self.batch, self.bounds[0], self.bounds[-1])

    def split(self, values: list[T]) -> list[list[T]]:
        """Values of the objects of all groups in the same groups."""
        first = self.bounds[0]
        return [values[start - first : stop - first] for start, stop in pairwise(self.bounds)]


def in_sizes(proxy_type: type[AnyProxy], batch: Batch, sizes: Iterable[int]) -> SiblingGroups[AnyProxy]:
    """The rows of a batch as objects, in groups of these sizes."""
    return SiblingGroups(proxy_type, batch, list(accumulate(sizes, initial=0)))


def joined(groups: Sequence[Any]) -> Siblings[Any] | None:
    """The objects of groups that follow each other in one batch, as one group; None for any others."""
    first = groups[0] if groups else None
    if type(first) is not Siblings:
        return None
    stop = first.start
    for group in groups:
        if type(group) is not Siblings or group.batch is not first.batch or group.start != stop:
            return None
        stop = group.stop
    return Siblings(first.proxy_type, first.batch, first.start, stop)
