"""The days for which the story is generated, and access to its facts."""

from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Any
from uuid import uuid5

from api.demo.facts import facts
from domain.commands.command import Command
from domain.commands.registry import VERBS
from domain.handlers.unit_of_work import WORKSPACE
from domain.primitives.values import Kind

TODAY = date(2026, 11, 21)

EDGES = [date(2026, month, 1) + timedelta(days=days) for month in range(1, 13) for days in (-1, 0)]
"""The last and first days of months: from the first on, another quarter is the open one."""

MANY_DAYS = sorted({*EDGES, date(2028, 2, 29), *(date(2026, 1, 11) + timedelta(days=52 * n) for n in range(8))})


@lru_cache(maxsize=2)
def story_facts(today: date) -> list[dict[str, Any]]:
    return list(facts(today))


def inputs_of(verb: str) -> list[dict[str, Any]]:
    """The inputs of one command, in order."""
    return [fact["input"] for fact in story_facts(TODAY) if fact["do"] == verb]


def names(value: Any) -> list[str]:
    """Every ref in an input, in any order."""
    found, parts = [], [value]
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts += part
        elif isinstance(part, dict):
            parts += part.values()
            found += [part["ref"]] if part.keys() == {"ref"} else []
    return found


def command_and_input(fact: dict[str, Any]) -> tuple[type[Command], dict[str, Any]]:
    """The command of a fact, and its input with ids in place of refs."""
    command = VERBS[fact["do"]]
    either = {
        "subject": fact["do"] in ("planInitiative", "addComment", "reflect"),
        "to": fact["do"] == "alignObjective",
    }
    either |= {"from": True, "supports": True}
    given = {name: _with_ids(value, of_several_kinds=either.get(name, False)) for name, value in fact["input"].items()}
    return command, given | {"effectiveAt": fact["at"], "reason": fact.get("reason")}


def _with_ids(value: Any, *, of_several_kinds: bool = False) -> Any:
    if isinstance(value, list):
        return [_with_ids(one, of_several_kinds=of_several_kinds) for one in value]
    if isinstance(value, dict) and value.keys() == {"ref"}:
        id = _id(value["ref"])
        return {"kind": Kind.OBJECTIVE, "id": id} if of_several_kinds else id
    return {name: _with_ids(one) for name, one in value.items()} if isinstance(value, dict) else value


@cache
def _id(ref: str) -> str:
    return str(uuid5(WORKSPACE, ref))
