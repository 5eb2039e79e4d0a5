"""The facts that bring a workspace to what a spreadsheet says, each with the line that it comes from."""

import json
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from api.cli.sheets.present_things import Colleague, Present
from api.cli.sheets.sheet_cells import CellProblem, Cells, WrongCell
from api.cli.sheets.sheet_file import simple
from api.cli.sheets.sheet_mapping import Given, Lookup, SheetMapping, names
from domain.handlers.unit_of_work import keyed_id
from domain.model.people import Team
from domain.primitives.parsers import KEY_LENGTH_MAX
from domain.primitives.values import Kind

Json = dict[str, Any]


class PlannedFact(NamedTuple):
    """A fact, its line in the sheet, and the column of each field of its input."""

    line: int
    fact: Json
    columns: Mapping[str, str]

    @property
    def text(self) -> bytes:
        """Its line in a fact file."""
        return json.dumps(self.fact, ensure_ascii=False).encode() + b"\n"


class Plan:
    """Facts and problems of a sheet, in the order of its lines, and what the sheet names already.

    People and teams are found as the mapping says. Those who are not there are added if it says so, once, before the
    first fact that names them.
    """

    def __init__(self, mapping: SheetMapping, present: Present) -> None:
        self.mapping = mapping
        self.present = present
        self.facts: list[PlannedFact] = []
        self.problems: list[CellProblem] = []
        self.created: dict[str, int] = {}
        """The line of each thing that a fact creates, by its name."""
        external = {one.subject.id: name for name, one in present.references.items()}
        people, teams = mapping.people.by or "handle", mapping.teams.by or "key"
        self._people = _by_name((_name_of(one, people, external), one.id) for one in present.people)
        self._teams = _by_name((_name_of_team(one, teams, external), one.id) for one in present.teams)
        self._handles = {str(one.id): one.personal.handle for one in present.people}

    def add(
        self,
        line: int,
        do: str,
        given: Json,
        columns: Mapping[str, Given | None] | None = None,
        *,
        at: datetime | None = None,
        creates: str | None = None,
        reason: str | None = None,
        by: str | None = None,
    ) -> None:
        """Add a fact, without the fields that are None."""
        moment = (at or self.present.at).isoformat()
        fact = {"at": moment, "by": by, "do": do, "ref": creates, "reason": reason, "input": _written(given)}
        if creates is not None:
            self.created[creates] = line
        headers = {name: ", ".join(names(one)) for name, one in (columns or {}).items() if names(one)}
        self.facts.append(PlannedFact(line, {key: one for key, one in fact.items() if one is not None}, headers))

    # ── people and teams ─────────────────────────────────────────────────────────────────────────

    def person(self, cells: Cells, given: Given | None) -> Any:
        """The person of a field as a fact names them; None for an empty cell, or with a problem for an unknown one."""
        return cells.read(given, lambda text: self._person(cells.line, text.removeprefix("@")))

    def handle(self, cells: Cells, given: Given | None) -> str | None:
        """The author of a fact, as `person:HANDLE`."""
        found = self.person(cells, given)
        if isinstance(found, Mapping):
            return str(found["ref"])
        return None if found is None else f"person:{self._handles[found]}"

    def _person(self, line: int, text: str) -> Any:
        found = self._people.get(simple(text))
        return self._new_person(line, text) if found is None else _only(found, text)

    def _new_person(self, line: int, text: str) -> Json:
        lookup = self.mapping.people
        by = lookup.by or "handle"
        if not lookup.create:
            raise _unknown("person", by, text, "people")
        handle = _key(text.partition("@")[0] if by == "email" else text)
        if keyed := next((one for one in self.present.people if one.personal.handle == handle), None):
            raise WrongCell(f"'{text}' would get the handle '{handle}', which {keyed.personal.name} has; add them by "
                            "hand.")  # fmt: skip
        given = {"handle": handle, "name": text, "email": text if by == "email" else None}
        return self._new(
            line, "addPerson", given | self._external(lookup, text), f"person:{handle}", self._people, text
        )

    def team(self, cells: Cells, given: Given | None) -> Any:
        """The team of a field, as `person`."""
        return cells.read(given, lambda text: self._team(cells.line, text))

    def _team(self, line: int, text: str) -> Any:
        found = self._teams.get(simple(text))
        return self._new_team(line, text) if found is None else _only(found, text)

    def _new_team(self, line: int, text: str) -> Json:
        lookup = self.mapping.teams
        if not lookup.create:
            raise _unknown("team", lookup.by or "key", text, "teams")
        key = _key(text)
        if any(one.key == key for one in self.present.teams):
            raise WrongCell(f"'{text}' would get the key '{key}', which another team has; form it by hand.")
        given = {"key": key, "name": text}
        return self._new(line, "formTeam", given | self._external(lookup, text), f"team/{key}", self._teams, text)

    def _new(self, line: int, do: str, given: Json, name: str, found: dict[str, list[Any]], text: str) -> Json:
        ref: Json = {"ref": name}
        if name in self.created:
            raise WrongCell(f"'{text}' and another name of the sheet would get the same key; tell them apart.")
        self.add(line, do, given, creates=name)
        found[simple(text)] = [ref]
        return ref

    def _external(self, lookup: Lookup, text: str) -> Json:
        return {"external": {"system": self.mapping.system, "id": text}} if lookup.by == "external" else {}


def kpi_id(key: str) -> str:
    """The id of the KPI with a key."""
    return str(keyed_id(Kind.KPI, key))


def cycle_id(key: str) -> UUID:
    """The id of the cycle with a key."""
    return keyed_id(Kind.CYCLE, key)


# ── names ────────────────────────────────────────────────────────────────────────────────────────


def _by_name(things: Iterable[tuple[str | None, UUID]]) -> dict[str, list[Any]]:
    """The ids of things by their names."""
    found: dict[str, list[Any]] = {}
    for name, id in things:
        if name:
            found.setdefault(simple(name), []).append(str(id))
    return found


def _name_of(one: Colleague, by: str, external: Mapping[UUID, str]) -> str | None:
    names = {"handle": one.personal.handle, "name": one.personal.name, "email": one.personal.email}
    return external.get(one.id) if by == "external" else names[by]


def _name_of_team(one: Team, by: str, external: Mapping[UUID, str]) -> str | None:
    return external.get(one.id) if by == "external" else one.name if by == "name" else one.key


def _only(found: list[Any], text: str) -> Any:
    if len(found) > 1:
        raise WrongCell(f"{len(found)} have the name '{text}'; name them by a handle, key or external reference.")
    return found[0]


def _unknown(what: str, by: str, text: str, part: str) -> WrongCell:
    return WrongCell(
        f"There is no {what} with the {by} '{text}'; add it, correct the cell, or set {part}.create = true in the "
        "mapping."
    )


def _key(text: str) -> str:
    """A handle or key of a name: `ada-lovelace` of 'Ada Lovelace'."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    letters = "".join(one if one.isascii() and (one.isalnum() or one in "_.") else "-" for one in plain
                      if not unicodedata.combining(one))  # fmt: skip
    key = "-".join(filter(None, letters.split("-"))).strip("._-")[:KEY_LENGTH_MAX]
    if not key:
        raise WrongCell(f"'{text}' gives no handle or key in a-z and 0-9; add it by hand, and name it by that.")
    return key


def _written(value: Any) -> Any:
    """A value as JSON, without the fields that are None."""
    if isinstance(value, dict):
        return {name: _written(one) for name, one in value.items() if one is not None}
    return value.isoformat() if isinstance(value, date) else value
