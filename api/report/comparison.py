"""The figures of a report against those that the log gives: each one that differs, by its path."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from domain.model.event import NIL_ID
from domain.primitives.personal_data import ERASED, erased_handle

_ERASED_HANDLE: Final = erased_handle(NIL_ID)[:-8]
_MISSING: Final = "nothing"


class Difference(NamedTuple):
    """A value that differs: where it is, what the report says, and what the log gives."""

    path: str
    reported: Any
    computed: Any

    def __str__(self) -> str:
        return f"{self.path}: {self.reported} in the report, {self.computed} by the log"

    @property
    def is_erasure(self) -> bool:
        """Whether it is the name of a person who was erased since."""
        computed = str(self.computed)
        is_name = self.path.rpartition(".")[2] in ("name", "handle")
        return is_name and (computed in (ERASED, str(None)) or computed.startswith(_ERASED_HANDLE))


def differences(reported: Any, computed: Any, path: str = "", *, is_whole: bool = True) -> Iterator[Difference]:
    """Each value of two responses that differs. `is_whole`: both are responses to the same query; otherwise, fields
    that only one of them has do not count, since another version asked for others."""
    if isinstance(reported, dict) and isinstance(computed, dict):
        for name in dict.fromkeys([*reported, *computed]) if is_whole else reported.keys() & computed.keys():
            inner = f"{path}.{name}" if path else name
            one, other = reported.get(name, _MISSING), computed.get(name, _MISSING)
            yield from differences(one, other, inner, is_whole=is_whole)
    elif isinstance(reported, list) and isinstance(computed, list):
        pairs = zip_longest(reported, computed, fillvalue=_MISSING)
        for place, (one, other) in enumerate(pairs):
            entries = _shortened(one, other), _shortened(other, one)
            yield from differences(*entries, f"{path}[{_label(place, one)}]", is_whole=is_whole)
    elif reported != computed:
        yield Difference(path, reported, computed)


def _shortened(item: Any, other: Any) -> Any:
    """An item of a list; of one without a counterpart only that it is there."""
    return "an entry" if other is _MISSING and isinstance(item, dict) else item


def _label(place: int, item: Any) -> str:
    """The place of an item, with the title of the goal or KPI that it is about."""
    for part in ("objective", "keyResult", "kpi") if isinstance(item, dict) else ():
        about = item.get(part)
        title = isinstance(about, dict) and (about.get("title") or about.get("name"))
        if title:
            return f"{place} “{title}”"
    return str(place)
