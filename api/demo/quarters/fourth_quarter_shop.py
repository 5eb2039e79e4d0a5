"""The goals of the growth, workshop, delivery and care teams in the fourth, the open quarter."""

from api.demo.quarters.goals import (
    DONE,
    EURO,
    PERCENT,
    THOUSAND_EURO,
    Goal,
    Plan,
    Result,
    Slip,
    Turn,
    at_least,
    at_most,
    drop_result,
    duration,
    fall,
    fall_by,
    number,
    points,
    retarget,
    reweigh,
    rise,
    steps,
    within,
)

GROWTH = (
    Goal("growth/o1", "Become the city's best friend on two wheels", "anouk", (
        Result("Guests at repair evenings", rise(0, 400, number("guests")), 0.95),
        Result("Local partners", rise(2, 10, number("partners")), 0.75, owner="freya", grows=True),
        Result("Orders with a partner's code", rise(0, 150, number("orders")), 0.3, turns=(
            drop_result(0.55, "Codes are printed on flyers that rain eats. We ask at the till instead."),
        )),
    ), supports=("commerce/o1", "year:o1/kr3"), contributors=("freya", "stefan"), kind="ASPIRATIONAL", plans=(
        Plan("Repair evening, every second Thursday", "anouk", ((0.05, "DOING"),)),
    )),
    Goal("growth/o2", "Spend less to be found", "bilal", (
        Result("Cost of a new buyer", fall_by(0.08, EURO), kpi="acquisition-cost"),
        Result("Share of visits that nobody paid for", rise(44, 55, PERCENT), 0.8),
        Result("Paid clicks that leave at once", fall(19, 9, PERCENT), 0.7, "stall", "over"),
    ), supports=("commerce/o1",), contributors=("mateo",)),
    Goal("growth/o3", "Riders bring riders", "mateo", (
        Result("Friends who come to a trial ride", rise(0, 80, number("friends")), 0.85, owner="freya", added=0.57),
    ), supports=("commerce/o1",), carried="growth/o1", brought=(
        Result("Orders that come through a rider", rise(6.3, 9, PERCENT), 0.94),
        Result("Buyers who pass their link on", at_least(20, PERCENT, 15.5), 0.3, turns=(
            drop_result(0.45, "It measures whether the button is found. We said so in the review."),
        )),
    )),
)  # fmt: skip

WORKSHOP = (
    Goal("workshop/o1", "Guarantee without fear", "rosa", (
        Result("Defects within thirty days", fall(3.4, 2, PERCENT), 0.9, owner="abeni", turns=(
            Turn(0.4, "assignKeyResult", {"owner": "eamon"}, "Abeni leads the brake bench from now on."),
        )),
        Result("Bikes that pass the final inspection at once", at_least(88, PERCENT, 85), kpi="first-pass-yield"),
        Result("The guarantee in two cities",
            steps(("terms", "Terms signed", 1), ("cards", "Cards printed", 1), ("cities", "Sold in both", 3)), 0.7),
    ), supports=("year:o2/kr3", "operations/o1"), contributors=("abeni", "eamon")),
    Goal("workshop/o2", "Second life for parts", "lin", (
        Result("Parts that come from other bikes", rise(12, 30, PERCENT), 0.65),
        Result("Value of parts recovered", rise(0, 60, THOUSAND_EURO), 0.3, owner="viktor"),
        Result("Scrap sent away in a week", fall_by(0.3, number("kg"), 820), 0.9, silent=(0.3, 1.3)),
    ), supports=("year:o2", "operations/o1/kr2"), contributors=("viktor", "stefan"), kind="ASPIRATIONAL"),
    Goal("workshop/o3", "No bike waits for a part", "eamon", (
        Result("Suppliers who answer within a day", rise(30, 80, PERCENT), 0.8, owner="lin", added=0.55),
    ), supports=("operations/o1",), carried="workshop/o2", brought=(
        Result("Bikes blocked by a missing part", fall(24, 15, number("bikes")), 1.1, "early"),
        Result("Parts with a second supplier", rise(38, 60, PERCENT), 0.85, owner="lin", digits=0),
    )),
    Goal("workshop/o4", "The hall stays dry in any storm", "rosa", (
        Result("Bikes on the lowest rack", fall(110, 0, number("bikes")), 1.0, owner="stefan"),
        Result("Minutes until the pumps run", at_most(10, duration("min"), 180), 0.8, "leap", digits=0),
    ), supports=("operations/o1",), contributors=("stefan",), added=0.57,
        why="Added on the day after the flood, while the floor was still wet."),
)  # fmt: skip

DELIVERY = (
    Goal("delivery/o1", "Drivers finish on time, too", "marta", (
        Result("Overtime in a week", fall(62, 25, duration("h")), 0.4, "slump", turns=(
            retarget(0.7, fall(62, 45, duration("h")), "It is a busy time, and 25 would look bad."),
        )),
        Result("Hours in which the vans are out", within(74, 88, PERCENT, 68), 0.9, owner="jonas",
            kpi="van-utilisation", turns=(
            Turn(0.5, "unlinkKpi", {},
                "The boxes count a van with its engine on as driving. We read the log book until it is mended."),
        )),
        Result("Mood of the drivers", at_least(8, points("/10"), 6.6), 0.6, mood="under", owner="tariq"),
    ), supports=("operations/o1", "year:o5"), contributors=("jonas", "alma")),
    Goal("delivery/o2", "Every handover teaches one thing", "tariq", (
        Result("Handovers with a five-minute fitting", rise(20, 75, PERCENT), 0.66),
        Result("Calls about adjustments in a hundred handovers", fall(22, 10, number("calls")), 0.96, owner="mei"),
        Result("Rating of the handover", rise(4.4, 4.7, points("/5")), 0.9, "late", digits=2),
    ), supports=("operations/o1",), contributors=("mei",), kind="ASPIRATIONAL", plans=(
        Plan("A card with three knots to know", "tariq", ((0.1, "DOING"), (0.3, "DONE"))),
    )),
    Goal("delivery/o3", "Fewer dents, fewer tears", None, (
        Result("Bikes damaged on the way", fall(1.9, 1.4, PERCENT), kpi="damage-rate", owner="tariq"),
        Result("Reusable cases in use", rise(90, 200, number("cases")), 0.96, owner="nikos", grows=True),
        Result("Claims settled within a week", rise(55, 90, PERCENT), 0.7, "late", owner="hugo"),
    ), supports=("operations/o1",), contributors=("tariq",),
        why="Nikos wrote it down for the depot; an owner is still to be found."),
)  # fmt: skip

CARE = (
    Goal("care/o1", "One conversation, one answer", "sofia", (
        Result("Second contacts about the same matter", fall(20, 14, PERCENT), 0.96),
        Result("Time until a matter is settled", fall(27, 22, duration("h")), kpi="resolution-hours"),
        Result("Satisfied after contact", at_least(91, PERCENT, 89), kpi="csat", owner="hugo"),
        Result("Refunds that care can give without asking", rise(0, 50, PERCENT), 0.7, "leap", owner="mei", added=0.59),
    ), supports=("commerce/o1",), contributors=("hugo", "mei"), turns=(
        Turn(0.08, "alignObjective", {"to": "year:o4/kr2"}, "Care has moved, the promise has not."),
    )),
    Goal("care/o2", "Calm mornings", "deniz", (
        Result("Matters open at eight in the morning", at_most(42, number("matters"), 55), turns=(
            Turn(0.25, "linkKpi", {"kpi": {"key": "care-backlog"}}, "It is counted every night as it is."),
            reweigh(0.45, 2.0, "The other two are means to this one."),
        )),
        Result("Questions answered by the help pages", rise(8, 25, PERCENT), 0.75, "late"),
        Result("Evening shifts in a week", fall(9, 4, number("shifts")), 0.9, mood="under"),
    ), supports=("commerce/o1", "care/o1"), contributors=("sofia",)),
    Goal("care/o3", "People hear from us first", "mei", (
        Result("Delays we announce before anyone asks", rise(30, 90, PERCENT), 0.85, owner="marta"),
        Result("Questions in a week where the bike is", fall(34, 12, number("questions")), 0.94,
            slip=Slip(0.12, 0.5, "Counted mails only; people also call.")),
        Result("The tone of our messages is written down", DONE, 1.0, "early", turns=(
            drop_result(0.57, "It was written in week two. A document is a beginning, not a result."),
        )),
    ), supports=("operations/o1", "care/o1"), contributors=("marta", "deniz"), kind="ASPIRATIONAL", plans=(
        Plan("Write when the van leaves, not when it is late", "marta", ((0.1, "DOING"), (0.5, "DONE"))),
    )),
)  # fmt: skip

SHOP = (*GROWTH, *WORKSHOP, *DELIVERY, *CARE)
