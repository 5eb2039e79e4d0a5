"""The goals of the departments and the product teams in the third quarter, with their outcomes."""

from api.demo.quarters.goals import (
    DONE,
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
    replan,
    retarget,
    reweigh,
    rise,
    rise_by,
    steps,
    within,
)

DEPARTMENTS = (
    Goal("product/o1", "Shoppers find the right bike and trust what they see", "tomasz", (
        Result("Visits that end in an order", rise(1.22, 1.34, PERCENT), owner="yuki", kpi="conversion-rate"),
        Result("Bike pages with measured frame geometry", rise(12, 80, PERCENT), 0.9, "late", owner="bruno"),
        Result("Usability in moderated sessions", at_least(8, points("/10"), 6.4), 1.05, mood="under"),
    ), supports=("year:o3",), contributors=("yuki", "priya"), kind="ASPIRATIONAL",
        ending=Ending("Measured frames changed the conversation: people ask about colours now.")),
    Goal("commerce/o1", "Demand that does not need a discount", "celeste", (
        Result("Cost of a new buyer", fall(62, 57, {"kind": "CURRENCY", "symbol": "€"}), kpi="acquisition-cost"),
        Result("Orders from people who had bought before", rise(23, 25.5, PERCENT), kpi="repeat-share"),
        Result("Revenue from orders without a voucher", rise_by(0.15, THOUSAND_EURO, 410), 0.75, "late", "over"),
    ), supports=("year:o1", "year:o1/kr2"), contributors=("mateo", "anouk"), kind="ASPIRATIONAL",
        ending=Ending(None, 0.7)),
    Goal("operations/o1", "A smooth road from pick-up to doorstep", "gunnar", (
        Result("Deliveries on the promised day", at_least(92, PERCENT, 88), kpi="on-time-delivery", owner="nikos"),
        Result("Days between buying an old bike and selling it", fall(31, 24, duration("d")), 0.8, digits=0, turns=(
            reweigh(0.3, 2.0, "Cash sits in these days. The board looks here first, and so should we."),
        )),
        Result("Bikes ready to be sold", within(260, 400, number("bikes")), kpi="stock-ready", owner="rosa"),
    ), supports=("year:o4", "year:o2"), contributors=("rosa", "nikos"),
        ending=Ending("The van week cost us the on-time figure. The stock has never been this steady.")),
    Goal("backbone/o1", "Know our numbers, keep our people", "ruth", (
        Result("Working days until a month is closed", fall(14, 6, duration("d")), 1.06, owner="viktor", digits=0),
        Result("People who would recommend working here", at_least(7.7, points("/10"), 7.3), 1.1, owner="alma",
            silent=(0.2, 0.5)),
        Result("One-to-ones held every fortnight", rise(48, 80, PERCENT), 1.05, "stall", owner="alma",
            slip=Slip(0.5, 1.18, "The calendar counts the ones that were declined.")),
    ), supports=("year:o5",), contributors=("viktor", "alma"),
        ending=Ending("Six days. Viktor has stopped bringing a sleeping bag.")),
)  # fmt: skip

STOREFRONT = (
    Goal("storefront/o1", "Help people choose a frame size without calling us", "leila", (
        Result("Size questions in a hundred orders", fall(14, 6, number("questions")), 0.9, "leap", due=0.8, turns=(
            Turn(0.66, "rescheduleKeyResult", {"due": 1.0},
                "The fit finder waits for the licence of the body measurements, two weeks more."),
        )),
        Result("Sessions that use the fit finder", rise(0, 30, PERCENT), 0.72, "leap", planned=((0.5, 3), (0.75, 18)),
            turns=(
            replan(0.7, ((0.5, 3), (0.9, 8)), "Without the licence nobody sees it; most of it has to come at the end."),
        )),
        Result("Bikes sent back for the wrong size", at_most(2.5, PERCENT, 4.3), 0.65, "late", owner="yuki"),
    ), supports=("product/o1",), contributors=("yuki", "mei"), kind="ASPIRATIONAL",
        ending=Ending("Two weeks late and worth it. Ask for licences before the quarter begins.", 0.75), plans=(
        Plan("Fit finder: body measurements to frame size", "leila", ((0.05, "DOING"), (0.55, "DONE")), 0.5),
        Plan("Photograph riders of every height on every frame type", "bruno", ((0.2, "DOING"), (0.6, "DONE"))),
    )),
    Goal("storefront/o2", "Make every bike's story visible", "bruno", (
        Result("Bikes with twelve photos or more", rise(35, 90, PERCENT), 1.03, "early"),
        Result("Readers who reach the end of the inspection report", at_least(40, PERCENT), 0.5, turns=(
            drop_result(0.6, "The scroll tracking never worked on phones. What we cannot measure we drop."),
        )),
        Result("Wear report on the bike page",
            steps(("design", "Design tested with five riders", 1), ("hundred", "On the first hundred bikes", 2),
                ("all", "On every bike", 3), ("languages", "In every language we sell in", 1)), 1.0,
            silent=(0.3, 0.65), owner="kwame"),
    ), supports=("product/o1/kr2",), contributors=("kwame", "lin"), turns=(
        Turn(0.12, "rewordObjective", {"description": "A used bike has a past. Told well, it is a reason to buy."}),
    ), ending=Ending(), plans=(
        Plan("A second light tent in the hall", "bruno", ((0.1, "DOING"), (0.25, "DONE")), 0.3),
    )),
    Goal("storefront/o3", "Launch 3 landing pages for new cities", "kwame", (
        Result("City pages online", rise(0, 3, number("pages")), 0.6),
        Result("City pages stand in the site map", DONE, 0.0),
    ), turns=(
        Turn(0.45, "dropObjective", {},
            "Three pages are a list of tasks, and Bilal's team found that nobody searches for them.", "tomasz"),
    )),
)  # fmt: skip

CHECKOUT = (
    Goal("checkout/o1", "Paying feels like the shortest step", "priya", (
        Result("Carts that are left at the till", fall_by(0.12, PERCENT, 68), 0.85, owner="fatima"),
        Result("Payments that go through at the first try", at_least(98, PERCENT, 97.2), kpi="payment-success",
            owner="dmitri", turns=(
            Turn(0.55, "assignKeyResult", {"owner": "june"}, "Dmitri leaves; June knows the provider."),
        )),
        Result("Median time from cart to paid", at_most(90, duration("s"), 148), 0.42, "stall", "over", owner="priya",
            digits=0,
            late=Late(0.3, 0.55, "The provider's own report for the last days came after we had closed.",
                     "Their clock says we were a little quicker than ours did.")),
        Result("Minutes until a second provider takes over", at_most(5, duration("min"), 240), 0.97, "early", "under",
            owner="june", added=0.68, why="Three days without card payments. Once is enough.", digits=0),
    ), supports=("product/o1", "year:o3/kr1"), contributors=("fatima", "june"),
        ending=Ending("We said 0.9 for ten weeks because the design was finished. A design is not a time.", 0.55),
        plans=(
        Plan("One page instead of four", "fatima", ((0.05, "DOING"), (0.7, "DONE"))),
        Plan("Contract with a second payment provider", "june", ((0.68, "DOING"), (0.85, "DONE")), 0.9),
        Plan("Save carts across devices", "priya", ((0.3, "DOING"), (0.62, "CANCELLED"))),
    )),
    Goal("checkout/o2", "Fraud stays someone else's business model", "dmitri", (
        Result("Chargebacks in a thousand orders", fall(5.2, 2.5, number("chargebacks")), 0.88, digits=1),
        Result("Good orders declined by mistake", at_most(1, PERCENT, 2.6), 0.7, "slump", weight=2),
        Result("Orders that someone looks at by hand", within(2, 5, PERCENT, 9), 1.0, "early"),
    ), supports=("backbone/o1",), contributors=("june",), turns=(
        Turn(0.55, "assignObjective", {"owner": "june", "contributors": ["oskar"]},
            "Dmitri's last week; he and June walked through every rule.", "priya"),
    ), ending=Ending("The new rules were strict with honest people at first. June mended that.")),
    Goal("checkout/o3", "Leasing through an employer works from end to end", "oskar", (
        Result("The way of a leased bike",
            steps(("contract", "Contract with the leasing house", 1),
                ("sandbox", "Orders pass in their test system", 2), ("first", "First leased bike is paid for", 3),
                ("refund", "A return is refunded to the right side", 2)), 0.45),
        Result("Employers who offer us", rise(0, 12, number("employers")), 0.4, "late", owner="freya"),
    ), supports=("commerce/o1",), contributors=("freya", "viktor"), kind="ASPIRATIONAL",
        ending=Ending("Lawyers have quarters of their own. The demand is real: we carry it on."), plans=(
        Plan("Test orders with the leasing house", "oskar", ((0.35, "DOING"), (0.8, "DONE"))),
    )),
)  # fmt: skip

PLATFORM = (
    Goal("platform/o1", "Releases are boring", "ines", (
        Result("Releases that have to be mended", fall(14, 11, PERCENT), kpi="change-failure"),
        Result("Releases a week", at_least(28, number("releases"), 22), kpi="deploys", owner="pavel"),
        Result("Time to restore after a fault", at_most(45, duration("min"), 140), 1.06, "early", "under", digits=0),
    ), supports=("product/o1",), contributors=("pavel", "rashid"),
        ending=Ending("Nobody noticed forty of our releases. That was the point."), plans=(
        Plan("Every change behind a switch", "pavel", ((0.1, "DOING"), (0.5, "DONE"))),
        Plan("Rehearse an outage once a month", "ines", ((0.2, "DOING"), (0.65, "DONE"))),
    )),
    Goal("platform/o2", "The shop stays fast on a cheap phone", "rashid", (
        Result("Slowest twentieth of checkouts", fall(1450, 1150, duration("ms")), kpi="checkout-latency"),
        Result("Weight of a bike page", fall(840, 500, number("kB")), 1.15, "early", turns=(
            retarget(0.3, fall(840, 420, number("kB")),
                "The picture library alone gave back 260 kB; 500 would be reached in week five. Aim lower."),
        )),
        Result("Speed score on a middling phone", rise(46, 75, points("/100")), 0.82, digits=0, owner="sunniva"),
    ), supports=("product/o1/kr1",), contributors=("sunniva",), ending=Ending()),
    Goal("platform/o3", "One set of figures that everyone trusts", "hanneke", (
        Result("Dashboards rebuilt on shared definitions", rise(0, 18, number("dashboards")), 0.9),
        Result("Figures that disagree on a Monday", fall(9, 1, number("disputes")), 0.8,
            slip=Slip(0.62, 2.0, "Counted each dispute once for either side."), owner="noor"),
        Result("Every order event is described", DONE, 1.0, "late", weight=0.5),
    ), supports=("backbone/o1", "year:o6"), contributors=("noor",), turns=(
        Turn(0.2, "alignObjective", {"to": "operations/o1"}, "Half of the disputes are about stock."),
    ), ending=None),
)  # fmt: skip

PRODUCT = (*DEPARTMENTS, *STOREFRONT, *CHECKOUT, *PLATFORM)
