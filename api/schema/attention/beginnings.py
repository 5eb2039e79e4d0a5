"""Since when each item of a page holds, read for all of them at once: a statement for each kind that needs one."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from api.snapshot.dataloaders import found_refs
from api.snapshot.snapshot import Batch
from domain.metrics.attention.items import AttentionKind, Item
from domain.primitives.values import Kind
from projections.attention import begun
from projections.attention.turning import Turn, turns

Moments = Mapping[Any, datetime]


def subjects(batch: Batch) -> Sequence[Any]:
    """The goal, KPI or cycle that each of these items is about."""
    nodes = found_refs(batch.view, [item.about for item in batch.rows])
    return [nodes[item.about] for item in batch.rows]


def turned(batch: Batch) -> Sequence[Turn | None]:
    """When each goal that turned worse did so, and by which change; None for other items."""
    worse = [
        (item.about, node.row.objective if item.about.kind is Kind.KEY_RESULT else node.row.id, item.compared_at)
        for item, node in zip(batch.rows, batch.all(subjects), strict=True)
        if item.kind is AttentionKind.HEALTH_WORSE
    ]
    goals = {about: objective for about, objective, _ in worse}
    found = batch.view.read(turns, worse[0][2], goals) if worse else {}
    return [found.get(item.about) if item.kind is AttentionKind.HEALTH_WORSE else None for item in batch.rows]


def beginnings(batch: Batch) -> Sequence[datetime | None]:
    """Since when each of these items holds; None if its day is to come."""
    of = list(zip(batch.rows, batch.all(subjects), batch.all(turned), strict=True))
    known = {kind: read(batch) for kind, read in _KINDS.items() if any(item.kind is kind for item in batch.rows)}
    return [_beginning(batch, item, node.row, turn, known.get(item.kind, {})) for item, node, turn in of]


def _beginning(batch: Batch, item: Item, row: Any, turn: Turn | None, known: Moments) -> datetime | None:
    if item.due is not None:
        begins = batch.view.calendar.day_start(item.due)
        return begins if begins <= batch.view.basis.at else None
    if turn is not None:
        return turn.at
    created_at: datetime = row.created_at
    return max(known.get(_key(item.kind, row), created_at), created_at)


def _key(kind: AttentionKind, row: Any) -> Any:
    return getattr(row, _COLUMNS.get(kind, "id"))


_COLUMNS = {AttentionKind.OWNER_LEFT: "owner", AttentionKind.TEAM_DISBANDED: "team"}
"""By kind: what it is known of, if that is not what the item is about."""


def _read(query: Callable[..., dict[UUID, datetime]], kind: AttentionKind) -> Callable[[Batch], Moments]:
    def read(batch: Batch) -> Moments:
        of = zip(batch.rows, batch.all(subjects), strict=True)
        ids = [_key(kind, node.row) for item, node in of if item.kind is kind and item.due is None]
        return batch.view.read(query, list(dict.fromkeys(ids)))

    return read


_KINDS: Mapping[AttentionKind, Callable[[Batch], Moments]] = {
    kind: _read(query, kind)
    for kind, query in {
        AttentionKind.OWNER_LEFT: begun.left_at,
        AttentionKind.OWNER_MISSING: begun.unowned_since,
        AttentionKind.TEAM_DISBANDED: begun.disbanded_at,
        AttentionKind.KEY_RESULTS_MISSING: begun.bare_since,
        AttentionKind.PLAN_MISSING: begun.unplanned_since,
    }.items()
}


def days(batch: Batch) -> Sequence[int]:
    """The days since each of these items holds, by the calendar; negative before its day."""
    calendar, today = batch.view.calendar, batch.view.calendar.day_of(batch.view.basis.at)
    return [
        item.days if item.due is not None or since is None else (today - calendar.day_of(since)).days
        for item, since in zip(batch.rows, batch.all(beginnings), strict=True)
    ]
