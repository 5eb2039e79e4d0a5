"""The goals of the departments and the product teams in the fourth, the open quarter."""

from api.demo.quarters.goals import (
    DONE,
    PERCENT,
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
    number,
    replan,
    retarget,
    rise,
    rise_by,
    steps,
    within,
)

DEPARTMENTS = (
    Goal("product/o1", "Buying is quicker than browsing", "tomasz", (
        Result("Visits that end in an order", rise_by(0.08, PERCENT), owner="yuki", kpi="conversion-rate"),
        Result("Buyers who need our help to finish", fall(11, 7, PERCENT), 0.98),
        Result("Saved searches that end in an order", rise(2, 6, PERCENT), 0.6, "late", owner="yuki",
            planned=((0.5, 2.5), (0.75, 4))),
        Result("Orders placed in under three minutes", rise(24, 40, PERCENT), 0.9, owner="priya", added=0.35,
            why="The objective says quicker, and nothing here measured it."),
    ), supports=("year:o3",), contributors=("yuki", "priya"), kind="ASPIRATIONAL"),
    Goal("commerce/o1", "Loyal riders, honest prices", "celeste", (
        Result("Orders from people who had bought before", rise(25, 27, PERCENT), kpi="repeat-share", owner="anouk"),
        Result("Gross margin", at_least(33, PERCENT, 32), kpi="gross-margin", owner="viktor"),
        Result("Price gap to comparable offers", within(-3, 3, PERCENT, 7), 0.9, mood="under"),
    ), supports=("year:o1", "year:o5/kr1"), contributors=("viktor", "anouk"), kind="ASPIRATIONAL"),
    Goal("operations/o1", "Promise less, keep more", "gunnar", (
        Result("Deliveries on the promised day", at_least(94, PERCENT, 91), kpi="on-time-delivery", owner="nikos"),
        Result("Days between buying an old bike and selling it", fall(26, 20, duration("d")), 0.75, digits=0,
            planned=((0.35, 24), (0.7, 21)), turns=(
            replan(0.57, ((0.35, 24), (0.85, 23)), "The second hall opens three weeks late; until then bikes wait."),
        )),
        Result("Bikes ready to be sold", within(270, 380, number("bikes")), kpi="stock-ready", owner="rosa"),
    ), supports=("year:o4",), contributors=("rosa", "nikos")),
    Goal("backbone/o1", "Hire slowly, settle quickly", "alma", (
        Result("Weeks until a new colleague does the whole job", fall(6, 3, duration("weeks")), 0.7, silent=(0.3, 0.8)),
        Result("New colleagues who are still here after six months", at_least(95, PERCENT), 1.3, "early", digits=0,
            turns=(
            drop_result(0.56, "It can be known after six months only; in a quarter it says what we wish."),
        )),
        Result("One-to-ones held every fortnight", rise(79, 92, PERCENT), 0.96),
        Result("Pay bands that everyone can read",
            steps(("bands", "Bands agreed with the leads", 2), ("letters", "Everyone has a letter", 2),
                ("open", "Open on the intranet", 1)), 1.0, owner="ruth"),
    ), supports=("year:o5", "year:o5/kr3"), contributors=("ruth",)),
    Goal("backbone/o2", "Understand what a bike really costs us", "viktor", (
        Result("Cost lines that can be traced to a bike", rise(20, 90, PERCENT), 0.6),
        Result("Error of the estimate when a bike is bought", within(-8, 8, PERCENT, 19), 0.8, owner="noor"),
    ), supports=("year:o5/kr1",), contributors=("noor",), added=0.6, draft=True,
        why="A draft: it waits for the finance system, and may become next quarter's.", turns=(
        Turn(0.64, "setObjectiveVisibility", {"visibility": "TEAM"}, "What suppliers ask for stays between us."),
    )),
)  # fmt: skip

STOREFRONT = (
    Goal("storefront/o1", "The right bike finds its rider", "yuki", (
        Result("Orders that began with a saved search", rise(0, 120, number("orders")), 0.98,
            planned=((0.3, 12), (0.6, 45), (0.8, 90))),
        Result("Alerts that are opened", at_least(35, PERCENT, 21), 0.45, "stall", "over", owner="kwame"),
        Result("Searches that find nothing", fall(17, 8, PERCENT), 0.95, "early", owner="pavel"),
    ), supports=("product/o1", "product/o1/kr3"), contributors=("kwame", "pavel"), kind="ASPIRATIONAL", plans=(
        Plan("Suggest the next best size when one is sold", "yuki", ((0.1, "DOING"), (0.6, "DONE"))),
        Plan("Alerts at the hour in which people read them", "kwame", ((0.4, "DOING"),), 0.8),
    )),
    Goal("storefront/o2", "Photos people can trust", "bruno", (
        Result("Bikes photographed again when their state changed", rise(40, 95, PERCENT), 0.9),
        Result("Complaints in a hundred orders that it looks different", fall(3.8, 1.5, number("complaints")), 0.96,
            digits=1, owner="leila",
            slip=Slip(0.1, 10, "A comma went missing.",
                     asked=("noor",
                               "More than thirty complaints in a hundred orders? I think a comma went for a walk."))),
        Result("One photo booth, one light",
            steps(("booth", "Booth stands", 1), ("light", "Light measured", 1), ("moved", "All photos from it", 2)),
            1.0, "early"),
    ), supports=("product/o1",), contributors=("leila", "stefan"), plans=(
        Plan("Build the booth from old packing crates", "stefan", ((0.05, "DOING"), (0.35, "DONE")), 0.3),
    )),
    Goal("storefront/o3", "A shop that reads well in every language", "sunniva", (
        Result("Pages translated and read by a native", rise(15, 100, PERCENT), 0.75, digits=0),
        Result("Visits a week from neighbouring countries", rise(900, 2500, number("visits")), 0.7, "late"),
        Result("Translation errors reported in a week", fall(16, 5, number("errors")), 1.0),
    ), supports=("product/o1",), contributors=("zoe",), kind="ASPIRATIONAL", turns=(
        Turn(0.25, "rewordObjective", {"title": "A shop that reads like home in every language"},
            "Reading well is for exams."),
    )),
)  # fmt: skip

CHECKOUT = (
    Goal("checkout/o1", "Nobody gives up at the till", "priya", (
        Result("Carts that are left at the till", fall(61, 54, PERCENT), 0.65, owner="fatima"),
        Result("Payments that go through at the first try", at_least(98.5, PERCENT, 97.9), kpi="payment-success"),
        Result("Returning buyers who use what we remember", rise(18, 45, PERCENT), 0.9, "leap", owner="june"),
        Result("Questions about payment in a week", fall(31, 12, number("questions")), 0.95, owner="mei"),
    ), supports=("product/o1",), contributors=("fatima", "june", "mei"),
        why="Last quarter we made it pretty. This time the clock decides.", plans=(
        Plan("Pay with what you paid with last time", "june", ((0.15, "DOING"), (0.55, "DONE"))),
        Plan("Say the delivery day before asking for the card", "fatima", ((0.3, "DOING"), (0.75, "DONE"))),
    )),
    Goal("checkout/o2", "Refunds as calm as purchases", "fatima", (
        Result("Days until the money is back", at_most(3, duration("d"), 8), 1.2, "early", digits=1, turns=(
            retarget(0.58, at_most(2, duration("d"), 8),
                "The bank offers instant transfers since this month; three days would be standing still."),
        )),
        Result("Refunds that need no hand of ours", rise(22, 70, PERCENT), 0.66),
        Result("Refunds for a part of an order",
            steps(("rules", "Rules agreed", 1), ("staff", "Care can do it", 2), ("self", "Buyers can do it", 3)), 0.75,
            owner="june"),
    ), supports=("product/o1/kr2",), contributors=("june", "hugo"), turns=(
        Turn(0.2, "alignObjective", {"to": "care/o1"}, "Every second question to care is about money back."),
    )),
    Goal("checkout/o3", "Leasing through an employer works from end to end", "oskar", (
        Result("Days from an employer's yes to a first bike", fall(40, 14, duration("d")), 0.7, owner="freya",
            added=0.54, digits=0),
    ), supports=("commerce/o1",), carried="checkout/o3", brought=(
        Result("The way of a leased bike",
            steps(("first", "First leased bike is paid for", 3), ("refund", "A return is refunded", 2)), 1.0),
        Result("Employers who offer us", rise(5, 12, number("employers")), 0.85, owner="freya", grows=True),
    )),
)  # fmt: skip

PLATFORM = (
    Goal("platform/o1", "Nights without a pager", "ines", (
        Result("Alarms at night", fall(23, 6, number("alarms")), 1.0),
        Result("Requests that fail", at_most(0.35, PERCENT, 0.45), kpi="error-rate", owner="rashid"),
        Result("Releases that have to be mended", fall(10.5, 8, PERCENT), kpi="change-failure", owner="pavel"),
        Result("A rota that people would choose",
            steps(("poll", "Asked everyone", 1), ("trial", "Four weeks tried", 2), ("kept", "Kept by a vote", 2)), 1.0,
            owner="zoe"),
    ), supports=("product/o1",), contributors=("rashid", "zoe"), plans=(
        Plan("Delete every alarm that nobody acted on", "ines", ((0.05, "DOING"), (0.3, "DONE"))),
    )),
    Goal("platform/o2", "Search answers before the finger lifts", "pavel", (
        Result("Slowest twentieth of searches", fall(620, 250, duration("ms")), 0.9, "leap", digits=0),
        Result("Slowest twentieth of checkouts", at_most(1100, duration("ms"), 1190), kpi="checkout-latency"),
        Result("Minutes until a new bike can be found", at_most(5, duration("min"), 45), 1.0, "early", digits=0),
        Result("Searches that are repeated in other words", fall(31, 22, PERCENT), 0.6, owner="zoe", added=0.56,
            why="Fast is worth little if the answer is wrong."),
    ), supports=("storefront/o1", "product/o1"), contributors=("zoe", "rashid"), kind="ASPIRATIONAL"),
    Goal("platform/o3", "Figures anyone can look up", "hanneke", (
        Result("Questions to Noor in a week", fall(25, 10, number("questions")), 0.96, owner="noor"),
        Result("Teams with a scoreboard of their own", rise(3, 11, number("teams")), 0.75, grows=True, due=0.7, turns=(
            Turn(0.65, "rescheduleKeyResult", {"due": 1.2},
                "The depot asked to go last, after their move; that is in the next quarter's third week."),
        )),
        Result("A glossary of every figure we use", DONE, 1.0, "late", weight=0.5),
    ), supports=("year:o6",), contributors=("noor",)),
)  # fmt: skip

PRODUCT = (*DEPARTMENTS, *STOREFRONT, *CHECKOUT, *PLATFORM)
