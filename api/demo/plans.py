"""The plans of the KPIs: formulas over other KPIs, and a year of targets, month by month."""

from collections.abc import Iterator
from datetime import datetime

from api.demo.measures import over, under
from api.demo.quarters.goals import EURO, PERCENT, Json, number
from api.demo.seasons import Calendar, Season, months_after
from api.demo.story import fact, key, person, the

_FORMULAS: tuple[tuple[str, str, str, str, Json], ...] = (
    # key, name, owner, team, and the rest of the definition
    ("conversion", "Orders in a hundred visits", "yuki", "storefront", {
        "unit": PERCENT, "goal": over(1.2, 0.1),
        "formula": {"ratio": {"numerator": key("orders-daily"), "denominator": key("visits"), "scale": 100}},
    }),
    ("cost-per-delivery", "Cost of a delivery, by the books", "jonas", "delivery", {
        "unit": EURO, "goal": under(38, 3),
        "formula": {"ratio": {"numerator": key("delivery-spend"), "denominator": key("deliveries")}},
    }),
    ("orders-growth", "Growth of orders on the month before", "celeste", "commerce", {
        "unit": number("of last month"), "goal": over(0.02, 0.03),
        "formula": {"growth": {"of": key("orders-daily"), "over": "PREVIOUS"}},
    }),
)  # fmt: skip

_ORDERS = (54, 54, 56, 59, 62, 66, 70, 74, 76, 78, 80, 84)
"""Orders a day that were planned for each month of the fiscal year."""
_ON_TIME = (85, 85, 86, 87, 88, 89, 90, 91, 92, 92, 93, 94)
"""Deliveries on the promised day that were planned for each month of the fiscal year, in percent."""


def facts(calendar: Calendar) -> Iterator[Json]:
    """The formulas, the targets of the fiscal year, and how two of them are moved."""
    yield from _formulas(calendar)
    planned = calendar.year.planning
    why = "The plan of the year: slow in the cold months, and the new van from summer on."
    yield _targets(calendar.year, "orders-daily", dict(enumerate(_ORDERS)), planned.at(0.6), "celeste", why)
    yield _targets(calendar.year, "on-time-delivery", dict(enumerate(_ON_TIME)), planned.at(0.65), "nikos", why)
    yield _targets(
        calendar.year,
        "on-time-delivery",
        {10: 91, 11: 92},
        calendar.active.running.at(0.45),
        "marta",
        "The second van stands in the workshop until the end of the year. Ninety-four was planned with both.",
    )


def _formulas(calendar: Calendar) -> Iterator[Json]:
    for place, (name, title, owner, team, rest) in enumerate(_FORMULAS):
        given = {
            "key": name,
            "name": title,
            "cadence": "MONTHLY",
            "team": the(f"team/{team}"),
            **rest,
            "owner": person(owner),
        }
        yield fact(calendar.founding.at(0.985 + 0.003 * place), owner, "defineKpi", given, ref=f"kpi/{name}")


def _targets(year: Season, kpi: str, targets: dict[int, float], at: datetime, by: str, reason: str) -> Json:
    """Targets by the month of the fiscal year, counted from 0."""
    given = [
        {"from": months_after(year.starts_on, month).isoformat(), "target": target} for month, target in targets.items()
    ]
    return fact(at, by, "setKpiTargets", {"kpi": key(kpi), "targets": given}, reason=reason)
