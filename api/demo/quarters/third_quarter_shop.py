"""The goals of the growth, workshop, delivery and care teams in the third quarter, with their outcomes."""

from api.demo.quarters.goals import (
    DONE,
    EURO,
    PERCENT,
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
    number,
    points,
    retarget,
    reweigh,
    rise,
)

GROWTH = (
    Goal("growth/o1", "Riders bring riders", "mateo", (
        Result("Orders that come through a rider", rise(3, 9, PERCENT), 0.55, "late"),
        Result("Buyers who pass their link on", at_least(20, PERCENT, 11), 0.5, "stall", "over"),
        Result("Talks with people who brought a friend", rise(0, 15, number("talks")), 1.3, "early", owner="freya"),
    ), supports=("commerce/o1",), contributors=("freya", "leila"), kind="ASPIRATIONAL",
        ending=Ending("They tell friends at the bike rack, not by link. We know what to build now.", 0.6), plans=(
        Plan("Talk with fifteen people who brought a friend", "freya", ((0.1, "DOING"), (0.6, "DONE"))),
    )),
    Goal("growth/o2", "Be found by people who want to mend their bike", "anouk", (
        Result("Visits a week from repair guides", rise(300, 2400, number("visits")), 0.95, "late", "under"),
        Result("Repair guides published", rise(0, 24, number("guides")), 1.04, turns=(
            reweigh(0.5, 0.25, "It counts our typing, not their reading. The visits tell whether it helps."),
        )),
        Result("Newsletter sign-ups from guides", rise(0, 900, number("sign-ups")), 0.6,
            late=Late(0.55, 0.68, "The form on phones wrote into another list until we found it.",
                     "They had signed up all along.")),
    ), supports=("commerce/o1/kr1",), contributors=("eamon",), kind="ASPIRATIONAL",
        ending=Ending("Eamon writes better than any agency. Let mechanics speak.", 0.8)),
    Goal("growth/o3", "Learn what the second city teaches", "bilal", (
        Result("Cost of a first order in the new city", at_most(70, EURO, 112), 0.5, silent=(0.25, 0.55), digits=0),
        Result("Orders a week in the new city", rise(0, 45, number("orders")), 0.3, "late", "over"),
        Result("A decision on the third city is written down", DONE, 1.0, "late", turns=(
            Turn(0.25, "scoreKeyResult", {"score": 1.0, "note": "Two pages, one recommendation: not yet."},
                in_review=True),
        )),
        Result("Partner shops that hand our bikes over", rise(0, 6, number("shops")), 0.83, owner="freya", added=0.4,
            why="The van cannot be there every day; a shop can."),
    ), supports=("year:o1/kr3",), contributors=("freya", "jonas"), kind="ASPIRATIONAL", turns=(
        Turn(0.33, "alignObjective", {"to": "commerce/o1"}, "It decides where we spend, more than where we drive."),
        Turn(0.34, "unalignObjective", {"from": "year:o1/kr3"}, "Learning first. A city is counted when it pays."),
    ), ending=Ending("It taught us what we asked: a city needs a shop door before it needs adverts.")),
)  # fmt: skip

WORKSHOP = (
    Goal("workshop/o1", "Right the first time", "rosa", (
        Result("Bikes that pass the final inspection at once", at_least(84, PERCENT, 81), kpi="first-pass-yield"),
        Result("Hours of work in a bike", fall(5.4, 5.05, duration("h")), kpi="refurb-hours", owner="eamon"),
        Result("Mechanics certified for hydraulic brakes", rise(0, 10, number("mechanics")), 1.0, "leap", owner="lin"),
    ), supports=("year:o2", "operations/o1/kr2"), contributors=("eamon", "lin"),
        ending=Ending("The second pair of eyes costs four minutes and saves forty."), plans=(
        Plan("A second pair of eyes before the wash", "rosa", ((0.05, "DOING"), (0.3, "DONE"))),
        Plan("Brake course with the manufacturer", "lin", ((0.3, "DOING"), (0.5, "DONE")), 0.5),
    )),
    Goal("workshop/o2", "No bike waits for a part", "eamon", (
        Result("Bikes blocked by a missing part", fall(46, 15, number("bikes")), 0.7, "slump"),
        Result("Parts with a second supplier", rise(20, 60, PERCENT), 0.45, mood="over", digits=0),
        Result("Of the fifty most used parts, out of stock", at_most(3, number("parts"), 11), 1.15, "early"),
    ), supports=("operations/o1/kr2",), contributors=("lin", "viktor"),
        ending=Ending("One supplier's strike undid six weeks. Hence the second suppliers, next.", 0.65), plans=(
        Plan("Ask twelve suppliers for terms", "lin", ((0.1, "DOING"), (0.75, "DONE"))),
    )),
    Goal("workshop/o3", "A workshop people want to learn in", "stefan", (
        Result("Skill talks held with apprentices", rise(0, 6, number("talks")), 0.85, silent=(0.2, 0.6), turns=(
            Turn(0.2, "scoreKeyResult", {"score": 0.8, "note": "Five of six, but four of them in the last month."},
                in_review=True),
        )),
        Result("Mood in the workshop", at_least(8, points("/10"), 6.9), 0.95,
            late=Late(0.2, 1.05, "Four sheets lay in the drawer of the break room.",
                     "Four sheets more, all of them kind.")),
    ), supports=("backbone/o1",), contributors=("alma",), kind="ASPIRATIONAL", ending=Ending(None, 0.9), turns=(
        Turn(0.3, "assignObjective", {"contributors": ["alma", "abeni"]}, "Abeni was an apprentice herself."),
    )),
)  # fmt: skip

DELIVERY = (
    Goal("delivery/o1", "The van comes when we said", "nikos", (
        Result("Deliveries within the promised two hours", rise(71, 88, PERCENT), 0.58, "stall", "over", turns=(
            retarget(0.88, rise(71, 82, PERCENT), "We will not make 88, and 82 is still better than last quarter."),
        )),
        Result("First attempts that fail", fall(9, 5, PERCENT), 0.9, owner="marta"),
        Result("Routes changed after nine in a week", at_most(10, number("routes"), 26), 0.75, owner="jonas"),
    ), supports=("operations/o1/kr1",), contributors=("marta", "jonas"),
        ending=Ending("Moving the target in week twelve fooled nobody, ourselves least.", 0.55), plans=(
        Plan("Text message one hour before", "marta", ((0.15, "DOING"), (0.4, "DONE"))),
        Plan("A spare van on Mondays", "nikos", ((0.5, "DOING"), (0.6, "CANCELLED"))),
    )),
    Goal("delivery/o2", "Cheaper kilometres, cleaner kilometres", "jonas", (
        Result("Cost of a delivery", fall(38, 35.5, EURO), kpi="delivery-cost"),
        Result("Kilometres driven on electricity", rise(10, 35, PERCENT), 0.9, "leap", turns=(
            Turn(0.4, "rewordKeyResult", {"title": "Share of kilometres driven on electricity"}, "It is one."),
        )),
        Result("Trips back with an empty van", fall(41, 28, PERCENT), 0.75, owner="tariq"),
    ), supports=("year:o4/kr3",), contributors=("tariq",), kind="ASPIRATIONAL",
        ending=Ending(None, 0.75)),
    Goal("delivery/o3", "Bikes arrive as they left", "tariq", (
        Result("Bikes damaged on the way", at_most(2, PERCENT, 2.4), kpi="damage-rate"),
        Result("Reusable cases in use", rise(0, 120, number("cases")), 0.75, silent=(0.5, 0.9),
            slip=Slip(0.97, 1.25, "The cases on order were counted with those in use.", after_close=True)),
    ), supports=("operations/o1",),
        why="Added in the third week, after five frames in a row had come out of van 3 bent.", added=0.18, ending=None),
)  # fmt: skip

CARE = (
    Goal("care/o1", "Answers before people have to ask twice", "sofia", (
        Result("Time to the first reply", fall(7, 4.7, duration("h")), kpi="first-response-hours", owner="deniz"),
        Result("Second contacts about the same matter", fall(28, 18, PERCENT), 1.04, "late", "under"),
        Result("Satisfied after contact", at_least(88.5, PERCENT, 86), kpi="csat"),
        Result("Answers that a colleague has read along", rise(0, 10, PERCENT), 0.9, owner="mei", added=0.5,
            why="Quick is not yet good. Every tenth answer gets a second reader.", turns=(
            drop_result(0.8, "It helped the new ones and slowed the rest; we keep it as a habit, not a figure."),
        )),
    ), supports=("year:o4/kr2",), contributors=("deniz", "mei"),
        ending=Ending("We hardly dared to say so before the last week."), plans=(
        Plan("Answer templates written by those who answer", "mei", ((0.1, "DOING"), (0.45, "DONE"))),
    )),
    Goal("care/o2", "What hurts customers reaches who can fix it", "hugo", (
        Result("Recurring problems mended at the source", rise(0, 10, number("problems")), 0.7, "relapse"),
        Result("Days from report to an owner", at_most(2, duration("d"), 9), 0.8, digits=1),
    ), supports=("operations/o1",), contributors=("sofia",), turns=(
        Turn(0.7, "closeObjective",
            {"verdict": "ACHIEVED", "score": 1.0, "reflection": "All ten are mended. On to the next thing!"}),
        Turn(0.78, "reopenObjective", {},
            "Three of the ten came back within a week. Mended means that it stays away for a month.", "sofia"),
    ), ending=Ending("Seven that stay mended are better than ten that were announced.", 0.65)),
)  # fmt: skip

SHOP = (*GROWTH, *WORKSHOP, *DELIVERY, *CARE)
