"""Environment variables that look like settings and are none: a misspelled name has no effect."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from api.runtime.settings import Settings

SIMILARITY_MIN = 0.7
"""The similarity from which a name counts as misspelled, as the ratio of `difflib`: 2 · matching / all letters."""

_PREFIX = "KEYFRAME_"
_TESTS = "TEST_"


class UnknownName(NamedTuple):
    """The name of a variable that no setting has, and the most similar name of a setting if there is one."""

    name: str
    nearest: str | None


def unknown_names(variables: Iterable[str]) -> list[UnknownName]:
    """The variables that begin like settings and are none, in order. Names for the tests of Keyframe are left out."""
    known = [name.upper() for name in Settings.model_fields]
    found = []
    for variable in sorted(variables):
        name = variable.upper().removeprefix(_PREFIX)
        if variable.upper().startswith(_PREFIX) and name not in known and not name.startswith(_TESTS):
            nearest = get_close_matches(name, known, 1, SIMILARITY_MIN)
            found.append(UnknownName(variable, f"{_PREFIX}{nearest[0]}" if nearest else None))
    return found
