"""The KPIs of the company that are read, with their owners and typical values."""

from dataclasses import dataclass

from api.demo.quarters.goals import EURO, PERCENT, Json, duration, number, points


@dataclass(frozen=True)
class Measure:
    """A KPI and the pattern of its readings.

    `levels` are the typical values at the start of each quarter and at the end of the last, with linear interpolation
    in between. `noise` is a standard deviation in the unit. `week` is the factor of each weekday from Monday on.
    `year` is the share by which the best week of summer exceeds the yearly mean. `shocks` are the factors of the two
    incidents.
    """

    key: str
    name: str
    unit: Json
    cadence: str
    owner: str | None
    team: str
    levels: tuple[float, ...] | None
    noise: float = 0.0
    goal: Json | None = None
    digits: int = 1
    week: tuple[float, ...] | None = None
    year: float = 0.0
    shocks: tuple[float, float] = (1.0, 1.0)
    why: str | None = None
    aggregation: str = "LAST"


def over(target: float, tolerance: float) -> Json:
    return {"direction": "AT_LEAST", "target": target, "tolerance": tolerance}


def under(target: float, tolerance: float) -> Json:
    return {"direction": "AT_MOST", "target": target, "tolerance": tolerance}


def between(lower: float, upper: float, tolerance: float) -> Json:
    return {"direction": "WITHIN", "lower": lower, "upper": upper, "tolerance": tolerance}


_SHOPPING_WEEK = (1.04, 0.98, 0.96, 0.95, 0.93, 1.05, 1.19)
_OFFICE_WEEK = (1.3, 1.12, 1.0, 0.95, 0.9, 0.82, 0.91)

DAILY = (
    Measure(
        "visits",
        "Visits to the shop",
        number("visits"),
        "DAILY",
        "noor",
        "growth",
        (4700, 4975, 5200, 5600, 6100),
        70,
        digits=0,
        week=_SHOPPING_WEEK,
        year=0.18,
        shocks=(0.94, 1.0),
        why="Visits by people; our own and those of machines are taken out. No goal: more is not always better.",
        aggregation="SUM",
    ),
    Measure(
        "orders-daily",
        "Orders a day",
        number("orders"),
        "DAILY",
        "celeste",
        "commerce",
        (54, 59, 63, 73, 84),
        2,
        over(56, 12),
        digits=0,
        week=_SHOPPING_WEEK,
        year=0.16,
        shocks=(0.55, 1.0),
        aggregation="SUM",
    ),
    Measure(
        "conversion-rate",
        "Visits that end in an order",
        PERCENT,
        "DAILY",
        "yuki",
        "storefront",
        (1.14, 1.18, 1.22, 1.33, 1.43),
        0.008,
        over(1.2, 0.1),
        digits=2,
        shocks=(0.58, 1.0),
    ),
    Measure(
        "payment-success",
        "Payments that go through at the first try",
        PERCENT,
        "DAILY",
        "dmitri",
        "checkout",
        (96.2, 96.8, 97.3, 98.1, 98.7),
        0.1,
        over(97, 1),
        shocks=(0.7, 1.0),
    ),
    Measure(
        "checkout-latency",
        "Slowest twentieth of checkouts",
        duration("ms"),
        "DAILY",
        "rashid",
        "platform",
        (1620, 1521, 1440, 1180, 1060),
        14,
        under(1300, 200),
        digits=0,
        shocks=(2.3, 1.0),
    ),
    Measure(
        "error-rate",
        "Requests that fail",
        PERCENT,
        "DAILY",
        "ines",
        "platform",
        (0.61, 0.54, 0.48, 0.42, 0.33),
        0.01,
        under(0.5, 0.3),
        digits=2,
        shocks=(7.5, 1.0),
    ),
    Measure(
        "stock-ready",
        "Bikes ready to be sold",
        number("bikes"),
        "DAILY",
        "rosa",
        "workshop",
        (205, 230, 250, 322, 335),
        4,
        between(250, 400, 30),
        digits=0,
        shocks=(1.04, 0.66),
        why="Too few and people find nothing; too many and our cash stands in the hall.",
    ),
    Measure(
        "care-backlog",
        "Matters open at the end of the day",
        number("matters"),
        "DAILY",
        "deniz",
        "care",
        (75, 67, 61, 54, 42),
        1.5,
        under(55, 15),
        digits=0,
        week=_OFFICE_WEEK,
        shocks=(2.6, 1.25),
    ),
    Measure(
        "van-utilisation",
        "Hours in which the vans are out",
        PERCENT,
        "DAILY",
        "jonas",
        "delivery",
        (59, 63, 66, 69, 78),
        1,
        between(70, 90, 5),
        shocks=(0.97, 0.8),
    ),
)

WEEKLY = (
    Measure("on-time-delivery", "Deliveries on the promised day", PERCENT, "WEEKLY", "nikos", "delivery",
            (84, 86.2, 88, 91.2, 90.4), 0.15, over(92, 4), shocks=(0.93, 0.97)),
    Measure("delivery-cost", "Cost of a delivery", EURO, "WEEKLY", "jonas", "delivery",
            (41, 39.4, 38, 35.8, 37.6), 0.09, under(36, 3), digits=2),
    Measure("deliveries", "Deliveries a week", number("deliveries"), "WEEKLY", "jonas", "delivery",
            (226, 246, 262, 300, 344), 3, digits=0, shocks=(0.6, 0.85), aggregation="SUM"),
    Measure("delivery-spend", "Spent on vans, drivers and fuel in a week", EURO, "WEEKLY", "jonas", "delivery",
            (9270, 9690, 9960, 10740, 12930), 40, digits=0, shocks=(0.7, 0.9), aggregation="SUM"),
    Measure("damage-rate", "Bikes damaged on the way", PERCENT, "WEEKLY", "tariq", "delivery",
            (2.9, 2.62, 2.4, 1.95, 1.5), 0.03, under(2, 0.5), shocks=(1.0, 1.15)),
    Measure("return-rate", "Bikes sent back within a fortnight", PERCENT, "WEEKLY", "leila", "storefront",
            (10.4, 9.8, 9.4, 8.5, 11.2), 0.06, under(9, 1.5), shocks=(1.1, 1.0)),
    Measure("first-response-hours", "Time to the first reply", duration("h"), "WEEKLY", "deniz", "care",
            (9.2, 8.0, 7, 4.3, 3.4), 0.08, under(5, 2), shocks=(1.7, 1.1)),
    Measure("resolution-hours", "Time until a matter is settled", duration("h"), "WEEKLY", "hugo", "care",
            (36, 33.2, 31, 27, 22.5), 0.2, under(26, 5), shocks=(1.3, 1.15)),
    Measure("csat", "Satisfied after contact", PERCENT, "WEEKLY", "sofia", "care",
            (83, 84.7, 86, 89.6, 91.2), 0.18, over(90, 4), shocks=(0.94, 0.98)),
    Measure("nps", "Buyers who would recommend us", points("NPS"), "WEEKLY", "celeste", "commerce",
            (29, 32, 34, 39, 43), 0.3, over(40, 6), digits=0, why="Promoters less detractors, of the last six weeks."),
    Measure("refurb-hours", "Hours of work in a bike", duration("h"), "WEEKLY", "eamon", "workshop",
            (5.9, 5.62, 5.4, 4.95, 4.7), 0.02, under(5, 0.5), digits=2),
    Measure("first-pass-yield", "Bikes that pass the final inspection at once", PERCENT, "WEEKLY", "rosa", "workshop",
            (77, 79.2, 81, 85.2, 88.3), 0.2, over(85, 4), shocks=(1.0, 0.96)),
    Measure("acquisition-cost", "Cost of a new buyer", EURO, "WEEKLY", "bilal", "growth",
            (66, 63.8, 62, 58, 53.5), 0.2, under(58, 6), digits=2),
    Measure("newsletter-readers", "Readers of the newsletter", number("readers"), "WEEKLY", "anouk", "growth",
            (15900, 17275, 18400, 20100, 21800), 15, digits=0),
    Measure("repeat-share", "Orders from people who had bought before", PERCENT, "WEEKLY", "anouk", "growth",
            (21, 22.1, 23, 25, 26.9), 0.08, over(25, 3)),
    Measure("gross-margin", "Gross margin", PERCENT, "WEEKLY", "viktor", "backbone",
            (29.6, 30.4, 31, 32, 33.3), 0.08, over(32, 2)),
    Measure("referral-share", "Orders that come through a rider", PERCENT, "WEEKLY", "freya", "growth",
            (2.1, 2.6, 3, 6.2, 8.3), 0.08, over(6, 2)),
    Measure("deploys", "Releases a week", number("releases"), "WEEKLY", "pavel", "platform",
            (15, 19, 22, 31, 34), 0.5, over(25, 8), digits=0),
    Measure("change-failure", "Releases that have to be mended", PERCENT, "WEEKLY", "ines", "platform",
            (18, 15.8, 14, 10, 7.8), 0.18, under(10, 4)),
    Measure("accessories-share", "Orders with an accessory", PERCENT, "WEEKLY", None, "commerce",
            (18, 18.4, 18.8, 19.4, 20), 0.15, why="Nobody's since the shelf moved online; not read for a long time."),
)  # fmt: skip

MONTHLY = (
    Measure("turnover", "People leaving of their own will, in a year", PERCENT, "MONTHLY", "alma", "backbone",
            (15, 14.2, 13.5, 12.4, 12.9), 0.2, under(12, 3)),
    Measure("engagement", "People who would recommend working here", points("/10"), "MONTHLY", "alma", "backbone",
            (7.1, 7.3, 7.4, 7.7, 8.0), 0.1),
)  # fmt: skip

UNREAD = (
    Measure("carbon-per-bike", "Carbon in a bike we sell", {"kind": "NUMBER", "symbol": "kg CO₂"}, "QUARTERLY", None,
            "operations", None, why="Wanted by everyone, measured by no one yet."),
)  # fmt: skip

MEASURES = (*DAILY, *WEEKLY, *MONTHLY, *UNREAD)
