"""The goals of the second quarter: the goals get bolder, and one of the first quarter is carried on."""

from api.demo.quarters.goals import (
    DONE,
    EURO,
    PERCENT,
    THOUSAND_EURO,
    Ending,
    Goal,
    Late,
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
    reweigh,
    rise,
    rise_by,
)

GOALS = (
    Goal("product/o1", "The first visit is enough to decide", "tomasz", (
        Result("Buyers who decide on their first visit", rise(11, 18, PERCENT), 0.78, owner="yuki"),
        Result("Visits that end in an order", rise_by(0.04, PERCENT), kpi="conversion-rate", owner="yuki"),
        Result("Bike pages with a film", rise(4, 60, PERCENT), 0.62, "late", owner="bruno"),
    ), supports=("year:o3",), contributors=("yuki", "bruno"), kind="ASPIRATIONAL",
        ending=Ending("Films sell bikes that photos do not. They cost an hour each, so we choose.")),
    Goal("commerce/o1", "Riders come back before the chain is worn", "celeste", (
        Result("Orders from people who had bought before", rise(22, 23.3, PERCENT), kpi="repeat-share", owner="anouk"),
        Result("Revenue from accessories", rise_by(0.2, THOUSAND_EURO, 55), 0.5, "stall", "over", owner="mateo"),
        Result("Members of the service plan", rise(0, 300, number("members")), 0.62, "late", owner="freya"),
    ), supports=("year:o1/kr2",), contributors=("anouk", "mateo", "freya"), kind="ASPIRATIONAL",
        ending=Ending("They come back for the mechanic, not for the bell.")),
    Goal("operations/o1", "Fewer days in the hall, more on the road", "gunnar", (
        Result("Days between buying an old bike and selling it", fall(36, 31, duration("d")), 1.08, digits=0),
        Result("Bikes that wait for a decision", at_most(25, number("bikes"), 90), 1.06, owner="rosa", digits=0),
        Result("Deliveries on the promised day", at_least(87.2, PERCENT, 86), kpi="on-time-delivery", owner="nikos"),
    ), supports=("year:o2", "year:o4"), contributors=("rosa", "nikos"),
        ending=Ending("Thirty-one days. Deciding on Tuesdays and Fridays was the whole trick.")),
    Goal("backbone/o1", "People know what is expected of them", "alma", (
        Result("Roles with a page that everyone can read", rise(6, 30, number("roles")), 1.0),
        Result("People who would recommend working here", at_least(7.3, points("/10"), 7.0), 1.15, owner="ruth"),
        Result("One-to-ones held every fortnight", rise(22, 45, PERCENT), 1.1, "early"),
    ), supports=("year:o5",), contributors=("ruth",), ending=Ending()),
    Goal("backbone/o2", "One set of books for two warehouses", "viktor", (
        Result("Working days until a month is closed", fall(19, 14, duration("d")), 1.1, digits=0),
        Result("Differences found at stocktaking", fall_by(0.5, number("bikes"), 44), 0.84, "leap", owner="noor"),
    ), supports=("year:o5/kr1", "year:o6"), contributors=("noor",),
        ending=Ending("Seven bikes were never found. One of them was ridden by its mechanic.")),
    Goal("storefront/o1", "Every question is answered on the page", "leila", (
        Result("Questions before an order, in a hundred orders", fall(38, 24, number("questions")), 0.78),
        Result("Bike pages with answers of the workshop", rise(0, 100, PERCENT), 0.82, "early", owner="sunniva"),
        Result("Readers who found the answer", at_least(60, PERCENT, 34), 0.8, owner="kwame", added=0.3,
            why="An answer that nobody finds is none."),
    ), supports=("product/o1",), contributors=("sunniva", "kwame"), kind="ASPIRATIONAL", ending=Ending()),
    Goal("checkout/o1", "A cart is as good as a promise", "priya", (
        Result("Carts that are left at the till", fall(74, 68, PERCENT), 0.76, owner="fatima"),
        Result("Bikes sold twice by mistake", at_most(0, number("bikes"), 7), 1.0, "early", owner="june", digits=0),
        Result("Carts that survive a change of device", DONE, 1.0, "late", owner="oskar"),
    ), supports=("product/o1", "year:o3/kr3"), contributors=("fatima", "june", "oskar"),
        ending=Ending("No bike was sold twice since May. The carts we did not save in time.")),
    Goal("platform/o1", "Faults find us before customers do", "rashid", (
        Result("Faults that a customer reported first", fall(60, 20, PERCENT), 1.05, owner="ines"),
        Result("Services with an alarm that someone owns", rise(5, 19, number("services")), 1.0, owner="pavel"),
        Result("Requests that fail", at_most(0.51, PERCENT, 0.54), kpi="error-rate"),
    ), supports=("product/o1",), contributors=("ines", "pavel"),
        ending=Ending("Nineteen services, nineteen names. The names made the difference.")),
    Goal("platform/o2", "Teams look figures up instead of asking for them", "hanneke", (
        Result("Questions to Noor in a week", fall(46, 25, number("questions")), 0.82, owner="noor"),
        Result("Figures with a definition", rise(4, 40, number("figures")), 0.68, grows=True),
    ), supports=("year:o6",), contributors=("noor",), kind="ASPIRATIONAL", ending=Ending()),
    Goal("growth/o1", "A second city hears of us", "bilal", (
        Result("Visits a week from the new city", rise(90, 900, number("visits")), 0.66, "late"),
        Result("Cost of a first order in the new city", at_most(80, EURO, 160), 0.55, owner="anouk", digits=0),
        Result("Flyers handed out", rise(0, 5000, number("flyers")), 0.9, turns=(
            drop_result(0.4, "It counts our legs, not their interest."),
        )),
    ), supports=("year:o1/kr3",), contributors=("anouk",), kind="ASPIRATIONAL",
        ending=Ending("Half of the way. People there trust a shop that they can walk into."), plans=(
        Plan("A stand at the Saturday market", "bilal", ((0.2, "DOING"), (0.7, "DONE"))),
    )),
    Goal("workshop/o1", "Brakes that never come back", "eamon", (
        Result("Brakes that come back within a month", fall(6, 2.5, PERCENT), 0.8, owner="lin"),
        Result("Bikes that pass the final inspection at once", at_least(80.2, PERCENT, 79), kpi="first-pass-yield",
            owner="rosa"),
        Result("Mechanics who have sat the brake test", rise(0, 12, number("mechanics")), 1.0, "leap",
            owner="stefan"),
    ), supports=("year:o2", "operations/o1"), contributors=("lin", "rosa", "stefan"), ending=Ending()),
    Goal("delivery/o1", "We know where every bike is", "nikos", (
        Result("Bikes handed over without a signature", fall(14, 2, PERCENT), 0.9, owner="tariq", added=0.16),
    ), supports=("operations/o1",), carried="delivery/o1", brought=(
        Result("Bikes whose place is known to the hour", rise(59, 95, PERCENT), 1.05),
        Result("Vans with a box that tells where they are", rise(7, 9, number("vans")), 1.0, "early", owner="jonas"),
        Result("Calls that ask where the bike is", fall(102, 60, number("calls")), 0.8, owner="marta"),
    ), ending=Ending("Late by one quarter, and done. Nobody has asked for a bike since June that we could not name.")),
    Goal("delivery/o2", "A van that is full both ways", "jonas", (
        Result("Cost of a delivery", fall(39.5, 38.4, EURO), kpi="delivery-cost"),
        Result("Trips back with an empty van", fall(58, 41, PERCENT), 0.7, owner="tariq", turns=(
            reweigh(0.4, 2.0, "The empty way back is the cost. The rest follows from it."),
        )),
        Result("Old bikes picked up on the way back", rise(0, 160, number("bikes")), 0.62, "late", owner="marta",
            slip=Slip(0.6, 1.6, "Bikes that were promised were counted as picked up.")),
    ), supports=("year:o4/kr3",), contributors=("tariq", "marta"), kind="ASPIRATIONAL", ending=Ending(None, 0.7)),
    Goal("care/o1", "Whoever writes knows when we answer", "sofia", (
        Result("Time to the first reply", fall(8, 7.2, duration("h")), kpi="first-response-hours", owner="deniz"),
        Result("Mails with a promise that was kept", rise(40, 80, PERCENT), 0.36, "stall", "over", owner="hugo",
            late=Late(0.1, 0.4, "Friday's mails were still in the other inbox.", "Twelve promises more were kept.")),
        Result("Matters open for a week", at_most(20, number("matters"), 75), 0.3, "late", owner="mei", digits=0),
    ), supports=("operations/o1", "year:o4/kr2"), contributors=("deniz", "hugo", "mei"), turns=(
        Turn(0.5, "rewordObjective", {"title": "Everyone who writes knows when we answer"}, "It is a promise to all."),
    ), ending=Ending("We promised hours before we had counted the mails. Count first, then promise.")),
)  # fmt: skip
