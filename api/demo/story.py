"""Builders of facts and references, in the form of a fact file."""

from datetime import datetime

from api.demo.quarters.goals import Json


def fact(at: datetime, by: str, do: str, input: Json, *, ref: str | None = None, reason: str | None = None) -> Json:
    """A fact at a past moment, whose author is a person given by handle."""
    line: Json = {"at": moment(at), "by": f"person:{by}", "do": do}
    if ref is not None:
        line["ref"] = ref
    if reason is not None:
        line["reason"] = reason
    return {**line, "input": input}


def moment(at: datetime) -> str:
    """The moment as text, to the second: text order is time order."""
    return at.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def the(ref: str) -> Json:
    """A reference, for fields that take an id."""
    return {"ref": ref}


def person(handle: str) -> Json:
    return the(f"person:{handle}")


def key(name: str) -> Json:
    """A key, for fields that take a cycle or a KPI."""
    return {"key": name}
