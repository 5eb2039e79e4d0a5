"""One line of the story: a fact in the form that is imported."""

from datetime import datetime

from api.demo.quarters.goals import Json


def fact(at: datetime, by: str, do: str, input: Json, *, ref: str | None = None, reason: str | None = None) -> Json:
    """A fact said to have been done by a person, given by handle, at a moment of the past."""
    told: Json = {"at": moment(at), "by": f"person:{by}", "do": do}
    if ref is not None:
        told["ref"] = ref
    if reason is not None:
        told["reason"] = reason
    return {**told, "input": input}


def moment(at: datetime) -> str:
    """The moment as it stands in the file, to the second: text order is time order."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def the(ref: str) -> Json:
    """What stands where an ID is taken."""
    return {"ref": ref}


def person(handle: str) -> Json:
    return the(f"person:{handle}")


def key(name: str) -> Json:
    """What stands where a cycle or a KPI is taken."""
    return {"key": name}
