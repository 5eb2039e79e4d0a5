"""The yearly goals of the company, for the last year and the current one.

Both years have five objectives on the same five subjects (demand, quality, buying, promises, the company itself), so
that a goal of either quarter supports a goal on its subject, in whichever year the quarter is.
"""

from api.demo.quarters.goals import (
    DONE,
    EURO,
    PERCENT,
    Ending,
    Goal,
    Plan,
    Result,
    Slip,
    Turn,
    at_least,
    at_most,
    duration,
    fall,
    fall_by,
    number,
    points,
    retarget,
    rise,
    steps,
    within,
)

LAST_YEAR = (
    Goal(
        "kettlewren/o1",
        "Become the first place people think of for a second-hand bike",
        "celeste",
        (
            Result("Bikes sold in the year", rise(0, 8000, number("bikes")), 0.94, "late", "under"),
            Result("Orders from people who had bought before", rise(19, 25, PERCENT), 0.62, "stall", owner="anouk"),
            Result(
                "Cities where we deliver to the door", rise(4, 9, number("cities")), 0.8, owner="gunnar", grows=True
            ),
        ),
        contributors=("mateo", "anouk"),
        kind="ASPIRATIONAL",
        ending=Ending(
            "ACHIEVED",
            0.8,
            "We sold nearly what we dreamt of. Being bought from once is quicker than being bought from twice.",
        ),
    ),
    Goal(
        "kettlewren/o2",
        "Sell bikes we would let our own children ride",
        "gunnar",
        (
            Result("Bikes that come back within 90 days with a defect", fall(7.5, 4, PERCENT), 0.85, owner="rosa"),
            Result("The forty-point inspection is done and filed for every bike", DONE, 1.0, "late", owner="eamon"),
        ),
        ending=Ending("ACHIEVED", None, "The inspection sheet did more than any training."),
    ),
    Goal(
        "kettlewren/o3",
        "Make buying a used bike online feel safe and quick",
        "tomasz",
        (
            Result("Shoppers who begin to pay and finish", rise(22, 32, PERCENT), 0.7, owner="priya"),
            Result("Page views that load in under two seconds", rise(61, 85, PERCENT), 0.9, "early", owner="ines"),
        ),
        ending=Ending("ACHIEVED", 0.8),
    ),
    Goal(
        "kettlewren/o4",
        "Keep every promise between payment and first ride",
        "gunnar",
        (
            Result("Deliveries on the promised day", at_least(92, PERCENT, 79), 0.66, "stall", "over", owner="nikos"),
            Result("Time to the first reply", at_most(8, duration("h"), 19), 1.1, owner="sofia"),
            Result("Cost of a delivery", fall(44, 38, EURO), 0.85, owner="jonas"),
        ),
        ending=Ending("MISSED", 0.6, "We answer quickly now, mostly to say that the van is late."),
    ),
    Goal(
        "kettlewren/o5",
        "Be a company that people stay with and a bank would lend to",
        "ruth",
        (
            Result("People leaving of their own will, in a year", at_most(14, PERCENT, 19), 1.05, owner="alma"),
            Result("Months of cash at the present pace", at_least(12, number("months"), 9), 1.3, owner="viktor"),
        ),
        ending=Ending(),
    ),
)

YEAR = (
    Goal(
        "kettlewren/o1",
        "Make second hand the first choice in every city we serve",
        "celeste",
        (
            Result(
                "Bikes sold in the year",
                rise(0, 11_000, number("bikes")),
                0.92,
                plans=(
                    Plan("Trade-in counters in three partner shops", "mateo", ((0.3, "DOING"), (0.8, "DONE")), 0.75),
                ),
            ),
            Result(
                "Orders from people who had bought before",
                rise(23, 28, PERCENT),
                owner="anouk",
                turns=(
                    Turn(
                        0.75,
                        "linkKpi",
                        {"kpi": {"key": "repeat-share"}},
                        "The weekly figure exists; typing it in by hand helps nobody.",
                    ),
                ),
            ),
            Result(
                "Cities where we deliver to the door",
                rise(8, 14, number("cities")),
                0.67,
                "leap",
                owner="gunnar",
                grows=True,
            ),
        ),
        contributors=("mateo", "gunnar"),
        kind="ASPIRATIONAL",
        why="A new bike should be the one that needs explaining.",
    ),
    Goal(
        "kettlewren/o2",
        "Make a Kettlewren bike as dependable as a new one",
        "gunnar",
        (
            Result(
                "Bikes that come back within 90 days with a defect",
                fall(4.6, 3, PERCENT),
                0.8,
                owner="rosa",
                slip=Slip(0.1, 1.4, "Had counted the punctures, which are not ours."),
            ),
            Result("Bikes that pass the final inspection at once", rise(81, 90, PERCENT), 0.85, owner="eamon"),
            Result(
                "A two-year guarantee that pays for itself",
                steps(
                    ("terms", "Terms agreed with the insurer", 1),
                    ("pilot", "Pilot in two cities", 2),
                    ("everywhere", "On every bike we sell", 3),
                    ("claims", "Claims settled within a week", 2),
                ),
                0.8,
                owner="rosa",
                weight=2,
            ),
        ),
        contributors=("rosa",),
    ),
    Goal(
        "kettlewren/o3",
        "Make choosing and paying the easy part",
        "tomasz",
        (
            Result(
                "Visits that end in an order",
                rise(1.2, 1.6, PERCENT),
                0.75,
                digits=2,
                owner="yuki",
                turns=(
                    retarget(
                        0.35,
                        rise(1.2, 1.5, PERCENT),
                        "1.6 came from a year with half the visits. Two analysts and the data say 1.5 is the stretch.",
                    ),
                ),
            ),
            Result("Buyers who would recommend us", rise(34, 44, points("NPS")), 0.9, digits=0, owner="sofia"),
            Result("Carts that are left at the till", fall_by(0.25, PERCENT, 68), 0.7, owner="priya"),
        ),
    ),
    Goal(
        "kettlewren/o4",
        "Keep every promise, from payment to first ride",
        "gunnar",
        (
            Result("Deliveries on the promised day", at_least(95, PERCENT, 88), 0.8, mood="over", owner="nikos"),
            Result("Time to the first reply", at_most(3, duration("h"), 7), 0.9, owner="sofia"),
            Result("Cost of a delivery", within(30, 35, EURO, 38), 0.7, mood="under", owner="jonas"),
        ),
        contributors=("sofia", "nikos"),
    ),
    Goal(
        "kettlewren/o5",
        "Grow without burning money or people",
        "ruth",
        (
            Result("Gross margin", rise(31, 34, PERCENT), 0.85, owner="viktor"),
            Result("People leaving of their own will, in a year", fall_by(0.3, PERCENT, 13.5), 0.9, owner="alma"),
            Result("Pay bands are open to everyone", DONE, 1.0, "leap", owner="alma", weight=0.5),
        ),
        contributors=("viktor", "alma"),
    ),
)
