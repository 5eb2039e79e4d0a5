"""Health and status by colour and shape, with the shapes of the console, so that they can be read without colours."""

from typing import Final

from markupsafe import Markup

_RING: Final = '<circle class="line" cx="8" cy="8" r="5.2"/>'
_SHAPES: Final = {
    "ON_TRACK": '<circle cx="8" cy="8" r="5.5"/>',
    "AT_RISK": '<path d="M8 2 14.5 13.5H1.5Z"/>',
    "OFF_TRACK": '<path d="M8 1.2 14.8 8 8 14.8 1.2 8Z"/>',
    "OUTDATED": '<path class="line" d="M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Zm0 2V8l2.6 1.8"/>',
    "PENDING": '<circle class="dots" cx="8" cy="8" r="5"/>',
    "ACHIEVED": '<path class="thick" d="m2.5 8.5 3.7 3.7L13.5 4.5"/>',
    "PARTIAL": f'{_RING}<path d="M8 2.8a5.2 5.2 0 0 1 0 10.4Z"/>',
    "MISSED": '<path class="thick" d="m3.5 3.5 9 9m0-9-9 9"/>',
    "DROPPED": '<path class="thick" d="M3 8h10"/>',
    "NOT_SCORED": _RING,
}
_LIKE: Final = {
    "HEALTHY": "ON_TRACK", "WARNING": "AT_RISK", "BREACHED": "OFF_TRACK", "STALE": "OUTDATED", "NO_DATA": "PENDING",
    "RETIRED": "DROPPED",
}  # fmt: skip
"""Statuses of KPIs have the colours and shapes of health."""


def mark(name: str, label: str = "") -> Markup:
    """The mark of a health or status; decoration without a label."""
    kind = _LIKE.get(name, name)
    text = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    shape = Markup(_SHAPES[kind])  # noqa: S704 - a constant of this module
    return Markup('<svg class="mark {}" viewBox="0 0 16 16" {}>{}</svg>').format(kind.lower(), text, shape)
