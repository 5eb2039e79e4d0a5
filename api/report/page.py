"""Renders the report as one HTML page without scripts or external resources, which its policy enforces."""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from api.report import charts
from api.report.content import Metric, Story

_STYLE = files(__package__).joinpath("page.css").read_text("utf-8")
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)
"""The content security policy of the page: it allows only the inline style of the page."""

_LABELS = {
    "KEPT": "kept", "ADDED_LATER": "added later", "DROPPED": "dropped", "ACHIEVED": "achieved", "PARTIAL": "partial",
    "MISSED": "missed", "NOT_SCORED": "not scored", "PENDING": "pending", "ON_TRACK": "on track", "AT_RISK": "at risk",
    "OFF_TRACK": "off track", "OUTDATED": "outdated",
    "NO_DATA": "no data", "STALE": "stale", "HEALTHY": "healthy", "WARNING": "warning", "BREACHED": "breached",
    "RETIRED": "retired", "WENT_WELL": "What went well", "TO_IMPROVE": "What to improve",
    "LEARNED": "What was learned", "NEXT": "What comes next",
}  # fmt: skip
_pages = Environment(
    loader=PackageLoader(__package__, "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True,
)  # fmt: skip


def goal(metric: Metric) -> str:
    """The goal of a metric as short text."""
    unit = metric.unit.symbol
    match metric.direction:
        case "INCREASE" | "DECREASE":
            return f"{charts.figure(metric.start)} → {charts.figure(metric.target, unit)}"
        case "AT_LEAST":
            return f"≥ {charts.figure(metric.target, unit)}"
        case "AT_MOST":
            return f"≤ {charts.figure(metric.target, unit)}"
        case "WITHIN":
            return f"{charts.figure(metric.lower)} to {charts.figure(metric.upper, unit)}"
        case "MILESTONES":
            return "milestones"
    return "done"


def rendered(story: Story) -> str:
    """The page as HTML."""
    return _page.render(story=story, style=Markup(_STYLE), policy=POLICY)  # noqa: S704 - the style is a file of this package


_pages.filters |= {
    "percent": charts.percent,
    "figure": charts.figure,
    "change": charts.change,
    "goal": goal,
    "label": lambda name: _LABELS.get(name, name),
    "short": lambda moment: f"{moment.day}\N{NO-BREAK SPACE}{moment:%b}",
    "day": lambda moment: f"{moment.day}\N{NO-BREAK SPACE}{moment:%B %Y}",
}
_pages.globals |= {
    name: getattr(charts, name)
    for name in ("attained", "attributed", "axis", "calibration", "ticks", "trajectory", "QUARTERS")
} | {"KINDS": ("WENT_WELL", "TO_IMPROVE", "LEARNED", "NEXT")}
_page = _pages.get_template("page.html")
