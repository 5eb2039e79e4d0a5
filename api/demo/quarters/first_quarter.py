"""The goals of the first quarter, the company's first with OKRs: few, and most of them chores."""

from api.demo.quarters.goals import (
    DONE,
    EURO,
    PERCENT,
    Ending,
    Goal,
    Plan,
    Result,
    Slip,
    at_least,
    at_most,
    duration,
    fall,
    number,
    points,
    retarget,
    rise,
    steps,
    within,
)

GOALS = (
    Goal("product/o1", "Shoppers see what they pay before they pay", "tomasz", (
        Result("Orders with a surprise in the total", fall(9, 2, PERCENT), 0.9, owner="priya"),
        Result("Visits that end in an order", rise(1.14, 1.18, PERCENT), kpi="conversion-rate", owner="yuki"),
        Result("Questions about the price in a hundred orders", fall(17, 8, number("questions")), 0.55, "late"),
    ), supports=("year:o3",), contributors=("yuki", "priya"),
        ending=Ending("One total, from the first page on. The questions will follow; they always come last.")),
    Goal("commerce/o1", "Become known beyond our own city", "celeste", (
        Result("Cost of a new buyer", fall(66, 63.5, EURO), kpi="acquisition-cost", owner="bilal"),
        Result("Bikes sold to other cities", rise(40, 220, number("bikes")), 0.5, "late", owner="mateo"),
        Result("Readers of the newsletter from other cities", rise(300, 1500, number("readers")), 0.65, owner="anouk"),
    ), supports=("year:o1",), contributors=("mateo", "anouk", "bilal"), kind="ASPIRATIONAL",
        ending=Ending("A reporter did more for us than the whole budget. We cannot plan reporters.")),
    Goal("operations/o1", "One file for every bike, from purchase to sale", "gunnar", (
        Result("Bikes with a complete inspection sheet", rise(55, 100, PERCENT), 1.04, owner="rosa"),
        Result("Inspection sheets that are corrected later", at_most(4, PERCENT, 13), 1.08, "early", owner="eamon"),
        Result("Days between buying an old bike and selling it", fall(41, 36, duration("d")), 1.1, digits=0),
    ), supports=("year:o2", "year:o6"), contributors=("rosa", "eamon"),
        ending=Ending("All of it, and on paper first. The screens came when the sheet was right."), plans=(
        Plan("Print the sheet, use it for a month, then build it", "eamon", ((0.06, "DOING"), (0.5, "DONE")), 0.5),
    )),
    Goal("backbone/o1", "Plan the year in figures, not in wishes", "viktor", (
        Result("Teams with an agreed budget", rise(0, 11, number("teams")), 1.0),
        Result("Weeks ahead that we know our cash", at_least(26, number("weeks"), 8), 1.1, "early", digits=0),
        Result("The bank has seen the plan and said yes", DONE, 1.0, "late", owner="ruth"),
    ), supports=("year:o5/kr1", "year:o6"), contributors=("ruth",),
        ending=Ending("The bank asked three questions and we had four answers.")),
    Goal("storefront/o1", "Searching feels like asking a friend", "yuki", (
        Result("Searches that find nothing", fall(26, 17, PERCENT), 0.75, owner="kwame"),
        Result("Sessions with more than five searches", fall(31, 18, PERCENT), 0.5, "stall"),
        Result("Riders who say that it understood them", at_least(7.5, points("/10"), 5.6), 0.6, owner="leila"),
    ), supports=("product/o1", "year:o3"), contributors=("kwame", "leila"), kind="ASPIRATIONAL", ending=Ending()),
    Goal("checkout/o1", "Pay the way you are used to", "priya", (
        Result("Ways to pay that riders asked for",
            steps(("transfer", "Bank transfer", 1), ("rates", "In three rates", 2), ("wallets", "Two wallets", 2)),
            1.0, owner="oskar"),
        Result("Payments that go through at the first try", at_least(96.5, PERCENT, 96), kpi="payment-success",
            owner="dmitri"),
    ), supports=("product/o1", "year:o3/kr3"), contributors=("oskar", "dmitri"),
        ending=Ending("Rates were worth the three weeks with the bank's forms.")),
    Goal("platform/o1", "Release on a Friday and sleep", "ines", (
        Result("Releases a week", at_least(18, number("releases"), 14), kpi="deploys", owner="pavel"),
        Result("Releases that have to be mended", fall(18, 15.5, PERCENT), kpi="change-failure"),
        Result("Hours until a fault is noticed", fall(9, 1, duration("h")), 0.5, "leap", owner="rashid"),
    ), supports=("product/o1",), contributors=("pavel", "rashid"), kind="ASPIRATIONAL",
        ending=Ending("We do release on Fridays. We do not sleep yet.")),
    Goal("growth/o1", "A hundred strangers tell us why they did not buy", "mateo", (
        Result("Interviews held", rise(0, 100, number("interviews")), 0.45, "stall", "over", owner="freya"),
        Result("Reasons that a team has acted on", rise(0, 12, number("reasons")), 0.3, "late"),
    ), supports=("commerce/o1",), contributors=("freya", "leila"), kind="ASPIRATIONAL",
        ending=Ending("Strangers do not answer mails. They do talk at traffic lights.")),
    Goal("workshop/o1", "Half the walking, all of the wrenching", "rosa", (
        Result("Hours of work in a bike", fall(5.9, 5.5, duration("h")), kpi="refurb-hours", owner="eamon"),
        Result("Steps a mechanic walks in a day", fall(9800, 6000, number("steps")), 0.75, "leap", owner="stefan"),
        Result("Tools that are where they belong at closing", rise(60, 95, PERCENT), 0.8, owner="lin"),
    ), supports=("year:o2", "operations/o1"), contributors=("eamon", "stefan", "lin"),
        ending=Ending("Stefan's pedometer convinced more people than any plan of the hall.")),
    Goal("delivery/o1", "We know where every bike is", "nikos", (
        Result("Bikes whose place is known to the hour", rise(35, 95, PERCENT), 0.4, "stall", "over"),
        Result("Vans with a box that tells where they are", rise(1, 9, number("vans")), 0.75, owner="jonas"),
        Result("Calls that ask where the bike is", fall(120, 60, number("calls")), 0.3, "late", owner="marta",
            slip=Slip(0.5, 0.5, "Counted the calls of one phone only.")),
    ), supports=("operations/o1",), contributors=("jonas", "marta"),
        ending=Ending("The boxes came in week ten. A plan that hangs on one parcel is a hope.")),
    Goal("care/o1", "No mail waits for tomorrow", "sofia", (
        Result("Time to the first reply", fall(9.2, 7.8, duration("h")), kpi="first-response-hours", owner="deniz"),
        Result("Mails older than a day", at_most(10, number("mails"), 64), 0.62, digits=0, turns=(
            retarget(0.45, at_most(15, number("mails"), 64), "Ten means that nobody may be ill. Fifteen is honest."),
        )),
        Result("Evening shifts in a week", within(4, 6, number("shifts"), 11), 1.0, "early", owner="hugo"),
    ), supports=("operations/o1", "year:o4/kr2"), contributors=("deniz", "hugo"), kind="ASPIRATIONAL", ending=Ending()),
)  # fmt: skip
