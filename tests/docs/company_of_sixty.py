"""The company of docs/running-a-quarter.md: the page shows its first items, this module adds all others."""

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

PEOPLE, TEAMS, KPIS, COMPANY_OBJECTIVES, OBJECTIVES_A_TEAM, WEEKS = 60, 9, 12, 3, 2, 13
FIRST_FRIDAY: Final = datetime.fromisoformat("2026-01-02T15:00:00Z")
PACES: Final = (1.1, 1.0, 0.85, 0.6, 0.4)
"""The share of its way that a key result has gone at the end; the key results take turns."""
CONFIDENCES: Final = (0.9, 0.8, 0.7, 0.5, 0.4)
SILENT: Final = 9
"""Every ninth key result has no check-in after `TALKATIVE` weeks."""
TALKATIVE: Final = 3
BREACHED: Final = 3
"""Every third KPI misses its goal from the fifth week on."""

_NAME = re.compile(r"(person|team|objective|keyResult|kpi|template):.+")
_MADE: Final = (("people", "person", "handle"), ("teams", "team", "key"), ("kpis", "kpi", "key"))
"""The lists of inputs and answers, the kind of their items, and what names an item."""
Item = dict[str, Any]


class Company:
    """What a client keeps of a quarter: its ids by the names on the page, and what it measures."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._handles: list[str] = []
        self._leads: dict[str, str] = {}
        self._kpis: list[Item] = []
        self._key_results: dict[str, Item] = {}
        self._grown: Mapping[str, Callable[[Item], None]] = {
            "AddPeople": self._add_people, "FormTeams": self._form_teams, "DefineKpis": self._define_kpis,
            "CompanyGoals": self._draft_company_goals, "TeamGoals": self._draft_team_goals,
            "CheckIns": partial(self._check_in, week=1), "Readings": partial(self._read, week=1),
        }  # fmt: skip

    def complete(self, step: str, variables: Item) -> Item:
        """The variables of a step with all items of the company, and with ids for their names."""
        if step in self._grown:
            self._grown[step](variables["input"])
        completed: Item = self._with_ids(variables)
        return completed

    def keep(self, given: Item, data: Item) -> None:
        """Keep the ids of what a mutation made, by the names that its input gave them."""
        (made,) = data.values()
        for field, kind, name in _MADE:
            self._ids |= {f"{kind}:{one[name]}": one["id"] for one in made.get(field, ())}
        for one, objective in zip(given.get("objectives", ()), made.get("objectives", ()), strict=False):
            self._keep_reference("objective", one, objective)
            for key_result, drafted in zip(one["keyResults"], objective["keyResults"], strict=True):
                self._keep_reference("keyResult", key_result, drafted)
        if "template" in made:
            self._ids[f"template:{given['name']}"] = made["template"]["id"]

    def friday(self, week: int) -> Iterator[tuple[str, Item]]:
        """The calls of a Friday by the names of their steps: the check-ins, and every other week the readings."""
        check_ins: Item = {"mode": "EACH", "idempotencyKey": f"{friday(week):%Y-%m-%d}", "checkIns": []}
        self._check_in(check_ins, week)
        yield "CheckIns", self._with_ids({"input": check_ins})
        if week % 2:
            readings: Item = {"readings": []}
            self._read(readings, week)
            yield "Readings", self._with_ids({"input": readings})

    def _add_people(self, given: Item) -> None:
        numbers = range(len(given["people"]) + 1, PEOPLE + 1)
        given["people"] += [{"handle": f"p{n:02}", "name": f"Person {n}"} for n in numbers]
        self._handles = [one["handle"] for one in given["people"]]

    def _form_teams(self, given: Item) -> None:
        """Teams of equal size; the lead of each is its first member."""
        teams, free = given["teams"], [f"person:{handle}" for handle in self._handles[len(given["teams"]) :]]
        for n in range(len(teams), TEAMS):
            team = {"key": f"t{n}", "name": f"Team {n}", "parentKey": "company", "lead": free[0]}
            teams.append(team | {"members": [free.pop(0)]})
        for n, person in enumerate(free):
            teams[n % TEAMS]["members"].append(person)
        self._leads = {f"team:{one['key']}": one["lead"] for one in teams}

    def _define_kpis(self, given: Item) -> None:
        kpis, teams = given["kpis"], list(self._leads)
        for n in range(len(kpis), KPIS):
            team = teams[n % TEAMS]
            kpis.append({**kpis[1], "key": f"k{n}", "name": f"KPI {n}", "team": team, "owner": self._leads[team]})
        self._kpis = kpis

    def _draft_company_goals(self, given: Item) -> None:
        self._draft(given["objectives"], [(team, None) for team in ["team:company"] * COMPANY_OBJECTIVES])

    def _draft_team_goals(self, given: Item) -> None:
        teams = [team for team in self._leads if team != "team:company" for _ in range(OBJECTIVES_A_TEAM)]
        supported = [f"objective:O-{1 + n // OBJECTIVES_A_TEAM % COMPANY_OBJECTIVES}" for n in range(len(teams))]
        self._draft(given["objectives"], list(zip(teams, supported, strict=True)))

    def _draft(self, objectives: list[Item], places: list[tuple[str, str | None]]) -> None:
        """Add an objective like the first for each place, its team and what it supports, but the first place."""
        first = int(objectives[0]["external"]["id"].removeprefix("O-"))
        for n, (team, supported) in enumerate(places[1:], first + 1):
            objectives.append(_like(objectives[0], n, team, self._leads[team], supported))
        for key_result in (one for objective in objectives for one in objective["keyResults"]):
            name = f"KR-{len(self._key_results) + 1}"
            key_result["external"] = {"system": "plan", "id": name}
            self._key_results[name] = key_result

    def _check_in(self, given: Item, week: int) -> None:
        shown = {one["keyResult"] for one in given["checkIns"]}
        given["checkIns"] += [
            _check_in(f"keyResult:{name}", key_result, n, week)
            for n, (name, key_result) in enumerate(self._key_results.items())
            if f"keyResult:{name}" not in shown and (n % SILENT or week <= TALKATIVE)
        ]

    def _read(self, given: Item, week: int) -> None:
        shown = {one["kpi"]["key"] for one in given["readings"]}
        given["readings"] += [
            {"kpi": {"key": one["key"]}, "value": _value(one, n, week), "measuredAt": friday(week).isoformat()}
            for n, one in enumerate(self._kpis)
            if one["key"] not in shown
        ]

    def _keep_reference(self, kind: str, given: Item, made: Item) -> None:
        self._ids[f"{kind}:{given['external']['id']}"] = made["id"]

    def _with_ids(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._with_ids(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._with_ids(one) for one in value]
        return self._ids[value] if isinstance(value, str) and _NAME.fullmatch(value) else value


def friday(week: int) -> datetime:
    """When the check-ins of a week, counted from 1, are measured."""
    return FIRST_FRIDAY + timedelta(weeks=week - 1)


def _like(shown: Item, number: int, team: str, lead: str, supported: str | None) -> Item:
    """An objective like the shown one, in a team and owned by its lead, and measured by check-ins alone."""
    made = deepcopy(shown) | {"title": f"Customers of kind {number} come back", "team": team, "owner": lead}
    made["external"] = {"system": "plan", "id": f"O-{number}"}
    if supported:
        made["supports"] = [supported]
    for one in made["keyResults"]:
        one.pop("kpi", None)
        one |= {"title": f"{one['title']} of kind {number}", "owner": lead}
    return made


def _check_in(name: str, key_result: Item, number: int, week: int) -> Item:
    said = {"keyResult": name, "confidence": CONFIDENCES[number % len(CONFIDENCES)]}
    metric = key_result["metric"]
    way = min(1, PACES[number % len(PACES)] * week / WEEKS) * (metric["target"] - metric["start"])
    value = {} if "kpi" in key_result else {"value": round(metric["start"] + way)}
    return said | value | {"measuredAt": friday(week).isoformat()}


def _value(kpi: Item, number: int, week: int) -> float:
    """The reading of a KPI: one to keep above its goal grows by two a week."""
    if kpi["goal"]["direction"] == "AT_LEAST":
        return float(kpi["goal"]["target"] + 2 * week)
    missed = number % BREACHED == 0 and week >= 5
    return float(kpi["goal"]["target"] + (15 if missed else -5))
