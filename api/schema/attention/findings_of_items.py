"""The findings of severity ERROR that items are about, read for a page at once."""

from collections.abc import Callable, Sequence
from typing import Any

from api.schema.attention.beginnings import subjects
from api.schema.metrics.findings import in_key_results, in_kpis
from api.snapshot.snapshot import Batch
from domain.findings.finding_rule import Finding
from domain.metrics.attention.items import AttentionKind
from domain.primitives.values import Kind

_READ: dict[Kind, Callable[[Batch], Sequence[list[Any]]]] = {Kind.KEY_RESULT: in_key_results, Kind.KPI: in_kpis}


def finding_of(batch: Batch) -> Sequence[Finding | None]:
    """The finding of each of these items; None for items of other kinds."""
    of = list(zip(batch.rows, batch.all(subjects), strict=True))
    found: dict[Any, list[Finding]] = {}
    for kind, read in _READ.items():
        severe = {
            item.about: node.row
            for item, node in of
            if item.kind is AttentionKind.SEVERE_FINDING and item.about.kind is kind
        }
        if severe:
            found |= zip(severe, read(Batch(batch.view, list(severe.values()))), strict=True)
    return [next((one for one in found.get(item.about, ()) if one.rule == item.rule), None) for item, _ in of]
