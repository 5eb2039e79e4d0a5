"""The goals of the company for the year. The last takes its value from the objectives that support it."""

from api.demo.quarters.goals import (
    DONE,
    EURO,
    PERCENT,
    Goal,
    Plan,
    Result,
    Slip,
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

YEAR = (
    Goal("kettlewren/o1", "Make second hand the first choice in every city we serve", "celeste", (
        Result("Bikes sold in the year", rise(0, 11_000, number("bikes")), 0.95, plans=(
            Plan("Trade-in counters in three partner shops", "mateo", ((0.3, "DOING"), (0.8, "DONE")), 0.75),
        )),
        Result("Orders from people who had bought before", rise(21, 27, PERCENT), kpi="repeat-share", owner="anouk"),
        Result("Cities where we deliver to the door", rise(8, 14, number("cities")), 0.7, "leap", owner="gunnar",
            grows=True),
    ), contributors=("mateo", "gunnar"), kind="ASPIRATIONAL",
        why="A new bike should be the one that needs explaining."),
    Goal("kettlewren/o2", "Make a Kettlewren bike as dependable as a new one", "gunnar", (
        Result("Bikes that come back within 90 days with a defect", fall(4.6, 3, PERCENT), 0.98, owner="rosa",
            slip=Slip(0.1, 1.4, "Had counted the punctures, which are not ours.")),
        Result("Bikes that pass the final inspection at once", rise(77, 88, PERCENT), 0.95, owner="eamon"),
        Result("A two-year guarantee that pays for itself",
            steps(("terms", "Terms agreed with the insurer", 1), ("pilot", "Pilot in two cities", 2),
                ("everywhere", "On every bike we sell", 3), ("claims", "Claims settled within a week", 2)), 0.8,
            owner="rosa", weight=2),
    ), contributors=("rosa",)),
    Goal("kettlewren/o3", "Make choosing and paying the easy part", "tomasz", (
        Result("Visits that end in an order", rise(1.1, 1.6, PERCENT), 0.72, digits=2, owner="yuki", turns=(
            retarget(0.35, rise(1.1, 1.5, PERCENT),
                "1.6 came from a year with half the visits. Two analysts and the data say 1.5 is the stretch."),
        )),
        Result("Buyers who would recommend us", rise(29, 44, points("NPS")), 1.0, digits=0, owner="sofia"),
        Result("Carts that are left at the till", fall_by(0.25, PERCENT, 74), 0.86, owner="priya"),
    )),
    Goal("kettlewren/o4", "Keep every promise, from payment to first ride", "gunnar", (
        Result("Deliveries on the promised day", at_least(95, PERCENT, 84), 0.6, mood="over", owner="nikos"),
        Result("Time to the first reply", at_most(3, duration("h"), 9), 0.98, owner="sofia"),
        Result("Cost of a delivery", within(30, 35, EURO, 41), 0.9, mood="under", owner="jonas"),
    ), contributors=("sofia", "nikos")),
    Goal("kettlewren/o5", "Grow without burning money or people", "ruth", (
        Result("Gross margin", rise(29.5, 34, PERCENT), 0.95, owner="viktor"),
        Result("People leaving of their own will, in a year", fall_by(0.2, PERCENT, 15), 0.9, owner="alma"),
        Result("Pay bands are open to everyone", DONE, 1.0, "leap", owner="alma", weight=0.5),
    ), contributors=("viktor", "alma")),
    Goal("kettlewren/o6", "Decide by figures that everyone trusts", "ruth", contributors=("noor",),
        why="No figure of its own: it is as good as the goals of the teams that support it."),
)  # fmt: skip
