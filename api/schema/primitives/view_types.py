"""Registry of the two types that show a whole view, so that types inside a view can return one without importing it.

A cycle returns its plan as a `Snapshot`, a payload contains a `Query`; both contain cycles and are defined above them.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, TypeAlias, TypeVar

from api.schema.primitives.refs import QueryRef, SnapshotRef
from api.snapshot.snapshot import View

C = TypeVar("C", bound=type[Any])

Open: TypeAlias = Callable[[], View]
"""Opens a view on the first read from it."""


class Moment(StrEnum):
    """Which view a type shows."""

    NOW = "NOW"
    THEN = "THEN"


_FACTORIES: Final[dict[Moment, Callable[[Open], Any]]] = {}


def shows(moment: Moment) -> Callable[[C], C]:
    """Register the type that shows views of this moment; its `to(open)` returns an instance."""

    def register(cls: C) -> C:
        _FACTORIES[moment] = cls.to
        return cls

    return register


def query(open: Open) -> QueryRef:
    """The `Query` over the present view that `open` returns."""
    shown: QueryRef = _FACTORIES[Moment.NOW](open)
    return shown


def snapshot(view: View) -> SnapshotRef:
    """The `Snapshot` over a view of the past."""
    shown: SnapshotRef = _FACTORIES[Moment.THEN](lambda: view)
    return shown
