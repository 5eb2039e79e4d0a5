"""Time zones of the IANA database, from the pinned package `tzdata` alone: never the system's or PostgreSQL's."""

from difflib import get_close_matches
from functools import cache
from importlib import metadata, resources
from typing import Final
from zoneinfo import ZoneInfo

VERSION: Final = metadata.version("tzdata")
"""The version of the package, such as 2026.6 for the database 2026f."""
_ROOT: Final = resources.files("tzdata")


@cache
def names() -> tuple[str, ...]:
    """The names of all time zones, in alphabetical order."""
    return tuple(sorted((_ROOT / "zones").read_text("utf-8").split()))


@cache
def zone(name: str) -> ZoneInfo:
    """The time zone with this name. Raises `LookupError` for a name that the database does not have."""
    if name not in names():
        raise LookupError(f"tzdata {VERSION} has no time zone '{name}'")
    with _ROOT.joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, name)


def nearest(name: str) -> str | None:
    """The most similar name, ignoring case; a city alone is found, too. None if no name is similar."""
    by_name = {known.casefold(): known for known in names()}
    by_city = {known.rpartition("/")[2].casefold(): known for known in reversed(names())}
    given = name.strip().replace(" ", "_").casefold()
    found = get_close_matches(given, by_name, 1, 0.8) or get_close_matches(given, by_city, 1, 0.8)
    return by_name.get(found[0], by_city.get(found[0])) if found else None
