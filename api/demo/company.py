"""The teams and people of Kettlewren, which repairs used bicycles and sells them online, and their changes."""

from collections.abc import Iterator

from api.demo.quarters.goals import Json
from api.demo.seasons import Calendar
from api.demo.story import fact, key, person, the

FOUNDER = "maren"
LEAVER = "dmitri"

TEAMS = (
    # key, name, parent, members: the lead comes first
    ("kettlewren", "Kettlewren", None, ("maren",)),
    ("product", "Product and Engineering", "kettlewren", ("tomasz",)),
    ("commerce", "Commerce", "kettlewren", ("celeste",)),
    ("operations", "Operations", "kettlewren", ("gunnar",)),
    ("backbone", "People and Finance", "kettlewren", ("ruth", "viktor", "alma", "noor")),
    ("storefront", "Storefront", "product", ("yuki", "leila", "bruno", "sunniva", "kwame")),
    ("checkout", "Checkout", "product", ("priya", "oskar", "fatima", "dmitri", "june")),
    ("platform", "Platform", "product", ("ines", "rashid", "hanneke", "pavel")),
    ("growth", "Growth", "commerce", ("mateo", "anouk", "bilal", "freya")),
    ("workshop", "Workshop", "operations", ("rosa", "eamon", "lin", "stefan")),
    ("delivery", "Delivery", "operations", ("nikos", "marta", "jonas", "tariq")),
    ("care", "Customer Care", "operations", ("sofia", "deniz", "hugo", "mei")),
)

PEOPLE = {
    "maren": "Maren Halvorsen",
    "tomasz": "Tomasz Wieczorek",
    "celeste": "Céleste Moreau",
    "gunnar": "Gunnar Aase",
    "ruth": "Ruth Adeyemi",
    "viktor": "Viktor Szabó",
    "alma": "Alma Reyes",
    "noor": "Noor Jansen",
    "yuki": "Yuki Tanabe",
    "leila": "Leila Haddad",
    "bruno": "Bruno Castelli",
    "sunniva": "Sunniva Dahl",
    "kwame": "Kwame Mensah",
    "priya": "Priya Raghavan",
    "oskar": "Oskar Lindqvist",
    "fatima": "Fatima El Idrissi",
    "dmitri": "Dmitri Volkov",
    "june": "June Albright",
    "ines": "Inês Carvalho",
    "rashid": "Rashid Karimi",
    "hanneke": "Hanneke de Wit",
    "pavel": "Pavel Novotný",
    "mateo": "Mateo Rivas",
    "anouk": "Anouk Visser",
    "bilal": "Bilal Demir",
    "freya": "Freya Sandberg",
    "rosa": "Rosa Quintana",
    "eamon": "Eamon Doyle",
    "lin": "Lin Zhao",
    "stefan": "Stefan Brandl",
    "nikos": "Nikos Stathopoulos",
    "marta": "Marta Kowalczyk",
    "jonas": "Jonas Weber",
    "tariq": "Tariq Aziz",
    "sofia": "Sofia Lombardi",
    "deniz": "Deniz Kaya",
    "hugo": "Hugo Pereira",
    "mei": "Mei Watanabe",
    "abeni": "Abeni Oyelaran",
    "zoe": "Zoë Papadaki",
}

GUESTS = {"priya": "LEAD", "leila": "MEMBER", "ruth": "AUDITOR"}
"""The people as whom a visitor may sign in to the console, with the role that each has there."""

LATER = {"abeni": "workshop", "zoe": "platform"}
"""People who join later, with their teams."""


def facts(calendar: Calendar) -> Iterator[Json]:
    """The facts about people and teams, from the founding on."""
    yield from _people(calendar)
    yield _days(calendar)
    yield from _teams(calendar)
    yield from _arrivals(calendar)
    yield from _moves(calendar)
    yield from _farewell(calendar)


def _person(handle: str) -> Json:
    return {"handle": handle, "name": PEOPLE[handle], "email": f"{handle}@example.com"}


def _people(calendar: Calendar) -> Iterator[Json]:
    first = [handle for handle in PEOPLE if handle not in LATER]
    for place, handle in enumerate(first):
        at = calendar.founding.at(0.2 * place / len(first))
        yield fact(at, FOUNDER, "addPerson", _person(handle), ref=f"person:{handle}")


def _days(calendar: Calendar) -> Json:
    """The company is in Lisbon, and its fiscal year begins with the year of the story."""
    days = {"timeZone": "Europe/Lisbon", "fiscalYearStartMonth": calendar.year.starts_on.month}
    return fact(calendar.founding.at(0.01), FOUNDER, "setCalendar", days)


def _teams(calendar: Calendar) -> Iterator[Json]:
    for place, (team, name, parent, members) in enumerate(TEAMS):
        share = 0.25 + 0.03 * place
        formed = {"key": team, "name": name, "lead": person(members[0])}
        above = {"parent": the(f"team/{parent}")} if parent else {}
        yield fact(calendar.founding.at(share), FOUNDER, "formTeam", {**formed, **above}, ref=f"team/{team}")
        for seat, handle in enumerate(members, start=1):
            joined = {"team": the(f"team/{team}"), "person": person(handle)}
            yield fact(calendar.founding.at(share + 0.004 * seat), members[0], "joinTeam", joined)


def _arrivals(calendar: Calendar) -> Iterator[Json]:
    window = calendar.closed.running
    for handle, share in (("abeni", 0.2), ("zoe", 0.75)):
        yield fact(window.at(share), "alma", "addPerson", _person(handle), ref=f"person:{handle}")
        joined = {"team": the(f"team/{LATER[handle]}"), "person": person(handle)}
        yield fact(window.at(share + 0.01), "alma", "joinTeam", joined)


def _moves(calendar: Calendar) -> Iterator[Json]:
    closed, active = calendar.closed.running, calendar.active
    yield fact(
        closed.at(0.35),
        FOUNDER,
        "renameTeam",
        {"team": the("team/platform"), "name": "Platform and Data"},
        reason="Hanneke's figures moved in with the engineers a year ago; the name was the last to notice.",
    )
    yield fact(closed.at(0.15), "alma", "renamePerson", {"person": person("freya"), "name": "Freya Sandberg-Lund"})
    yield fact(
        active.planning.at(0.05),
        FOUNDER,
        "moveTeam",
        {"team": the("team/care"), "parent": the("team/commerce")},
        reason="Care hears first why people come back or do not; it should sit with those who sell.",
    )
    yield fact(
        active.running.at(0.3),
        "gunnar",
        "appointLead",
        {"team": the("team/delivery"), "person": person("marta")},
        reason="Nikos goes back to planning routes, as he asked to; Marta has run the depot for a year.",
    )


def _farewell(calendar: Calendar) -> Iterator[Json]:
    """Dmitri leaves in the closed quarter. His goals get other owners before (`Turn`s at 0.55)."""
    window, leaver = calendar.closed.running, person(LEAVER)
    yield fact(
        window.at(0.56),
        "priya",
        "redefineKpi",
        {"kpi": key("payment-success"), "owner": person("june")},
        reason="Dmitri leaves on Friday; June takes the payments over.",
    )
    yield fact(window.at(0.57), "priya", "leaveTeam", {"team": the("team/checkout"), "person": leaver})
    yield fact(
        window.at(0.58),
        "alma",
        "deactivatePerson",
        {"person": leaver},
        reason="Dmitri has left to build boats. His goals are June's and Oskar's now.",
    )
