"""The notes of check-ins: phrases about progress, and phrases about events in the team."""

from random import Random

_HOW = {
    "up": (
        "Good week.",
        "Moving, at last.",
        "A step forward, as planned.",
        "Better than I expected on Monday.",
        "The change from two weeks ago begins to show.",
        "Steady. Nothing to add.",
        "We did less at once, and it shows.",
        "This is what we hoped the last two weeks were for.",
        "Up again; I begin to believe it.",
        "Slow, but in the right direction.",
        "More than the week before, and for a reason we understand.",
        "The trick was to ask those who do it every day.",
        "Half of it is luck, half of it is work. I take both.",
        "On its way.",
    ),
    "flat": (
        "No change worth a word.",
        "Flat. We were busy elsewhere.",
        "Waiting for others; I have asked twice.",
        "The easy part is done, the rest is not easy.",
        "Same as last week, and I do not like it.",
        "We know why it stands still and will try the other way.",
        "Nothing moved because nobody worked on it. Next week.",
        "Holiday week, half the team away.",
        "Plateau. Let us talk about it on Tuesday.",
        "Prepared a lot, none of it shows yet.",
        "As good as unchanged.",
    ),
    "down": (
        "A step back.",
        "Worse. Looking into it.",
        "Lost what we won last week.",
        "I do not trust this figure yet, but it is what we measured.",
        "Down, and we can say why.",
        "Not our week.",
        "Noise, I hope.",
    ),
    "there": (
        "There. Now to hold it.",
        "Reached. Leaving it open until it has held for two weeks.",
        "Done, as far as I am concerned.",
        "Over the line!",
        "Beyond the target; perhaps it was too soft.",
        "Still there.",
        "Holds.",
    ),
    "linked": (
        "The figure speaks for itself.",
        "Reads itself from the KPI; my guess is beside it.",
        "As the curve says.",
        "Noisy days, but the week as a whole is fine.",
        "I look at the week, not at the day.",
        "One odd day in it, see the reading.",
        "No more to do by hand here than wait.",
        "The curve is kinder than my stomach.",
    ),
}

_WHAT = {
    "kettlewren": (
        "The board asked about it.",
        "More in the monthly letter.",
        "The figures are Viktor's, the hope is mine.",
        "Talked it through with the leads.",
        "Next month will tell more.",
        "We compared with the month of last year, too.",
    ),
    "product": (
        "Tried it on four people in the hallway.",
        "The two teams talk to each other now, which helps.",
        "We cut one thing to finish two.",
        "The tests ran over the weekend.",
        "Tomasz drew it on the wall, and suddenly it was simple.",
        "The next part needs the storefront's help.",
        "Priya showed it to the board.",
    ),
    "commerce": (
        "The weekend was dry and warm.",
        "A competitor gives vouchers away.",
        "The newsletter brought most of it.",
        "Three shops asked to be partners.",
        "The press wrote about us, kindly.",
        "Prices of new bikes went up again.",
        "The fair is in sight.",
    ),
    "operations": (
        "The hall is full and calm.",
        "Mondays remain the hard day.",
        "The new shift plan holds.",
        "One rack more, two arguments less.",
        "The buyers and the workshop sit at one table now.",
        "A lorry of children's bikes came unannounced.",
        "Rosa and Nikos compared their lists.",
    ),
    "backbone": (
        "Two leads still owe me an answer.",
        "The new forms are half as long.",
        "Noor checked the figures.",
        "The bank was content.",
        "One interview more, and a good one.",
        "The tax office wrote. It was nothing.",
        "Asked around at lunch.",
    ),
    "storefront": (
        "Bruno's new photos are on the first pages.",
        "The test ran for five days, long enough for me.",
        "Phones first, the rest follows.",
        "Leila sat beside two customers while they searched.",
        "One bug less in the filters.",
        "The old page went, nobody missed it.",
        "Kwame rewrote the texts.",
        "We asked twelve riders.",
        "The second variant won, by a hair.",
    ),
    "checkout": (
        "The provider answered, for once.",
        "Half of the gain is the shorter form.",
        "June found the leak in the address step.",
        "We tested with our own cards, twice.",
        "Released on Tuesday, behind the switch.",
        "The address check is too clever for villages.",
        "Oskar spoke with their lawyer.",
        "One field less.",
        "We watched twenty recordings; people look for the delivery day.",
    ),
    "platform": (
        "The new index is live on one machine.",
        "Pavel deleted more than he wrote.",
        "Measured at night and at noon, both fine.",
        "One machine was renewed in between.",
        "The rehearsal found two gaps; both are closed.",
        "The cache was too warm to be true.",
        "Ines wrote it down for whoever is on call.",
        "Two alarms less.",
        "An upgrade ate Thursday.",
    ),
    "growth": (
        "The fair brought a bump.",
        "Two partners signed, one thinks.",
        "The mails went out a day late.",
        "Rain. People do not think of bikes when it rains.",
        "We stopped the advert that nobody clicked.",
        "Freya spoke with six riders.",
        "The best text was the shortest.",
        "A school asked for forty bikes.",
        "Someone filmed their repair, and others watched.",
    ),
    "workshop": (
        "Two frames blocked the stand for days.",
        "The brake parts came.",
        "Eamon was at the course, the bench was one short.",
        "A lot of city bikes this week, they go quickly.",
        "The new stands are worth their price.",
        "Cargo bikes take twice the time of anything.",
        "Lin sorted the small parts, we find things again.",
        "The compressor was out on Wednesday.",
        "Stefan's two apprentices did a whole bike alone.",
    ),
    "delivery": (
        "The ring road is closed again.",
        "One van in repair.",
        "The text message an hour before works.",
        "New driver, he learns the hills first.",
        "Monday had forty stops, too many.",
        "The charger at the depot works again.",
        "Marta moved two routes.",
        "Lifts out of order in three houses, on one day.",
        "People are at home on Saturdays.",
    ),
    "care": (
        "Phones were quiet on Friday.",
        "The new answers save a mail each.",
        "Many questions about one and the same gear.",
        "Hugo trained the two new colleagues.",
        "People write longer mails than they used to.",
        "The chat was off on Thursday.",
        "Deniz sorted the mornings anew.",
        "One angry man, four mails, now a friend.",
        "The help page on tyres takes a lot off us.",
    ),
}

_SILENT, _HOW_ONLY, _WHAT_ONLY = 0.45, 0.7, 0.82


class Notebook:
    """The notes of one key result. About half of its check-ins have none, unless the value fell; a phrase about the
    team is used once."""

    def __init__(self, team: str, rng: Random) -> None:
        self._rng = rng
        self._how = {trend: rng.sample(phrases, len(phrases)) for trend, phrases in _HOW.items()}
        self._what = rng.sample(_WHAT[team], len(_WHAT[team]))

    def note(self, trend: str, by: str) -> str | None:
        """The next note of this trend ("up", "flat", "down", "there" or "linked"), or None. A phrase that names the
        author is not used."""
        drawn = self._rng.random()
        how = self._how[trend].pop() if self._how[trend] else None
        what = next((one for one in self._what if by.capitalize() not in one), None)
        if trend == "down":
            return how or "Down again, for the same reason."
        if drawn < _SILENT or how is None or what is None:
            return None
        if drawn < _HOW_ONLY:
            return how
        self._what.remove(what)
        return what if drawn < _WHAT_ONLY else f"{how} {what}"
