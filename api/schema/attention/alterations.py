"""Which changes alter the attention of a scope: whose items differ right before and right after them."""

from collections.abc import Sequence
from typing import Any

from api.schema.attention.framing import horizon
from api.schema.attention.gathering import items
from api.schema.attention.scope import AttentionScope, Only, scope_of
from api.snapshot.snapshot import View
from projections.attention.touched import Touched, touched
from projections.store.basis import ResolvedBasis
from projections.tables.changes import Change


def altering(view: View, changes: Sequence[Change], given: AttentionScope) -> list[Change]:
    """Those of these changes after which an item of the scope is there, gone or another one: at the moment of the
    change, with what was known before it and after it. Only the goals and KPIs that a change touches are compared."""
    known = view.reads.read(touched, changes) if changes else {}
    return [
        change
        for change in changes
        if change.position in known and _alters(view, change, known[change.position], given)
    ]


def _alters(view: View, change: Change, of: Touched, given: AttentionScope) -> bool:
    only = None if of.is_far_reaching else Only(of.objectives, of.kpis)
    before, after = (_items(view, change, position, only, given) for position in (change.position - 1, change.position))
    return before != after


def _items(view: View, change: Change, position: int, only: Only | None, given: AttentionScope) -> set[Any]:
    """What is compared of the items at the moment of a change, as far as the log knew at a position."""
    then = View(view.reads, ResolvedBasis(change.recorded_at, position, change.recorded_at))
    found = items(then, scope_of(then, given), horizon(then, None, None), only)
    return {(one.kind, one.urgency, one.about, one.person, one.due, one.health, one.goals, one.rule) for one in found}
