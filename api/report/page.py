"""Renders the report as one HTML page without scripts or external resources, which its policy enforces."""

from base64 import b64encode
from calendar import month_name
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from api.report import amounts, growth, seal, summary, team_pages
from api.report.content import Heading, Story
from api.report.drawings import bars, kpi_charts, line_charts, marks
from api.report.goal_looks import Metric
from api.report.goalposts import Days, Formula, KpiGoal, Measure, Moved, PlanPoint, Target, WorkspaceCalendar
from domain.proof.report_seal import Sealed, digest
from domain.proof.signed_note import Signer, encoded

_STYLE = files(__package__).joinpath("page.css").read_text("utf-8")
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)
"""The content security policy of the page: it allows only the inline style of the page."""

PIECES = 1_000
"""Pieces of the template in one part of the page."""

_LABELS = {
    "KEPT": "kept", "ADDED_LATER": "added later", "DROPPED": "dropped", "ACHIEVED": "achieved", "PARTIAL": "partial",
    "MISSED": "missed", "NOT_SCORED": "not scored", "PENDING": "pending", "ON_TRACK": "on track", "AT_RISK": "at risk",
    "OFF_TRACK": "off track", "OUTDATED": "outdated",
    "NO_DATA": "no data", "STALE": "stale", "HEALTHY": "healthy", "WARNING": "warning", "BREACHED": "breached",
    "RETIRED": "retired", "WENT_WELL": "What went well", "TO_IMPROVE": "What to improve",
    "LEARNED": "What was learned", "NEXT": "What comes next", "CLOSING": "At the closing",
}  # fmt: skip
_AGGREGATES = {
    "LAST": "last reading", "FIRST": "first reading", "MEAN": "mean", "MIN": "smallest reading",
    "MAX": "largest reading", "SUM": "sum",
}  # fmt: skip
"""How the readings of a KPI become the value of a key result, in words."""
_pages = Environment(
    loader=PackageLoader(__package__, "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True, auto_reload=False,
)  # fmt: skip
"""The templates; each is compiled when it is used first, so that no process that renders none waits for it."""


def goal(metric: Metric) -> str:
    """The goal of a metric as short text."""
    unit = metric.unit.symbol
    match metric.direction:
        case "INCREASE" | "DECREASE":
            return f"{amounts.figure(metric.start)} → {amounts.figure(metric.target, unit)}"
        case "AT_LEAST" | "AT_MOST" | "WITHIN":
            return amounts.bounds(metric, unit)
        case "MILESTONES":
            return "milestones"
    return "done"


def goalpost(moved: Moved) -> str:
    """What a goalpost was before or after: a metric, a due day, a plan, what measures a key result, the days of the
    cycle, the calendar, or the goal or formula of a KPI."""
    match moved:
        case Metric():
            return goal(moved)
        case KpiGoal():
            return amounts.bounds(moved)
        case Target():
            return f"{amounts.bounds(moved.goal)} from {short(moved.since)}"
        case Days():
            return f"{short(moved.first)} to {short(moved.last)}"
        case date():
            return f"due {short(moved)}"
    return _plan_or_method(moved)


def _plan_or_method(moved: list[PlanPoint] | Formula | Measure | WorkspaceCalendar | None) -> str:
    match moved:
        case list():
            return ", ".join(f"{amounts.figure(one.value)} by {short(one.on)}" for one in moved) or "a straight line"
        case Measure():
            return _measure(moved)
        case WorkspaceCalendar():
            return _calendar(moved)
    return amounts.NOTHING if moved is None else moved.text


def _measure(of: Measure) -> str:
    if of.kpi is None:
        return "measured by check-ins"
    return f"measured by the {_AGGREGATES[of.aggregate or 'LAST']} of “{of.kpi}”"


def _calendar(of: WorkspaceCalendar) -> str:
    month, weekday = month_name[of.fiscal_year_start_month], of.week_starts_on.title()
    return f"days of {of.time_zone}, years from {month}, weeks from {weekday}"


def short(day: date) -> str:
    """A day without its year."""
    return f"{day.day}\N{NO-BREAK SPACE}{day:%b}"


def rendered(heading: Heading, story: Story, signer: Signer | None = None) -> str:
    """The page as HTML."""
    return "".join([head(heading), *parts(story, signer)])


def head(heading: Heading) -> str:
    """The head of the page, which is known before its figures."""
    of = f"{heading.cycle}, {heading.narrowed}" if heading.narrowed else heading.cycle
    style = Markup(_STYLE)  # noqa: S704 - the style is a file of this package
    return _pages.get_template("head.html").render(title=f"{of}: retrospective", style=style, policy=POLICY)


def parts(story: Story, signer: Signer | None = None, *, is_linked: bool = False) -> Iterator[str]:
    """The rest of the page as HTML, in parts of some ten kilobytes. A `signer` seals the figures and all text before
    the seal. `is_linked`: whether it links the reports of teams, as on a server."""
    hash = sha256(head(story.heading).encode())
    for part in _body(story, is_linked=is_linked):
        hash.update(part.encode())
        yield part
    figures = story.figures
    if signer is None:
        yield seal.end(None)
    else:
        yield seal.end(Sealed.of(figures.position, digest(figures.text), hash.digest()).signed(signer))


def unsealed(story: Story, *, is_linked: bool) -> str:
    """The page as HTML up to its seal."""
    return "".join([head(story.heading), *_body(story, is_linked=is_linked)])


def _body(story: Story, *, is_linked: bool) -> Iterator[str]:
    proof = story.figures.proof
    stream = _pages.get_template("sections/page.html").stream(
        story=story,
        is_linked=is_linked,
        proof=proof,
        root=None if proof is None else encoded(proof.root),
        figures=Markup(story.figures.text),  # noqa: S704 - its special characters are escaped
    )
    stream.enable_buffering(PIECES)
    return stream


_pages.filters |= {
    "percent": amounts.percent,
    "part": amounts.part,
    "in_per_cent": growth.in_per_cent,
    "figure": amounts.figure,
    "change": amounts.change,
    "goal": goal,
    "goalpost": goalpost,
    "label": lambda name: _LABELS.get(name, name),
    "short": short,
    "day": lambda moment: f"{moment.day}\N{NO-BREAK SPACE}{moment:%B %Y}",
}
_pages.globals |= {
    name: getattr(module, name)
    for module, names in (
        (bars, ("attributed", "axis", "calibration", "standing", "ticks", "HALVES")),
        (line_charts, ("burn_up", "of_objective", "of_key_result", "farthest")),
        (kpi_charts, ("of_kpi", "farthest_period")),
        (growth, ("against",)),
        (marks, ("mark",)),
        (summary, ("sentences", "counted")),
        (team_pages, ("team_pages",)),
    )
    for name in names
} | {"KINDS": ("WENT_WELL", "TO_IMPROVE", "LEARNED", "NEXT", "CLOSING")}
