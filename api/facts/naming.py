"""What things are called in a fact file: by their keys where they have keys, else by where they belong."""

from collections import Counter
from uuid import UUID

from domain.primitives.values import Kind

_SHORT = {Kind.OBJECTIVE: "O", Kind.KEY_RESULT: "KR"}


class Names:
    """The names that an export has given so far.

    `2026-q3` is a cycle, `2026-q3/O2` its second objective, `2026-q3/O2/KR1` a key result of that; `team/care`,
    `kpi/nps`, `person:ada`; `2026-q3/O2/KR1/CheckIn1` the first check-in there that is spoken of later. Keys are in
    lower case and have neither '/' nor ':', so no two of these can be the same. `person:erased-1` is the first of
    those whose own handles nobody can read any more.
    """

    def __init__(self) -> None:
        self._names: dict[UUID, str] = {}
        self._keys: dict[UUID, str] = {}
        self._counted: Counter[tuple[UUID, Kind]] = Counter()
        self._batches = 0
        self._erased = 0

    def __getitem__(self, id: UUID) -> str:
        return self._names[id]

    def get(self, id: UUID | None) -> str | None:
        return None if id is None else self._names.get(id)

    def key(self, id: UUID) -> str:
        """The key of a cycle or KPI."""
        return self._keys[id]

    def person(self, id: UUID, handle: str) -> str:
        return self._give(id, f"person:{handle}")

    def erased(self) -> str:
        """The next handle for somebody whose own nobody can read any more."""
        self._erased += 1
        return f"erased-{self._erased}"

    def team(self, id: UUID, key: str) -> str:
        return self._give(id, f"team/{key}")

    def cycle(self, id: UUID, key: str) -> str:
        self._keys[id] = key
        return self._give(id, key)

    def kpi(self, id: UUID, key: str) -> str:
        self._keys[id] = key
        return self._give(id, f"kpi/{key}")

    def child(self, id: UUID, kind: Kind, parent: UUID) -> str:
        """By what it belongs to, and which of its kind it is there."""
        self._counted[parent, kind] += 1
        return self._give(id, f"{self._names[parent]}/{_SHORT.get(kind, kind)}{self._counted[parent, kind]}")

    def carried(self, id: UUID, objective: UUID) -> str:
        """The next key result that came along with a carried objective, as an import names it."""
        place = self._counted[objective, Kind.KEY_RESULT]
        self._counted[objective, Kind.KEY_RESULT] += 1
        return self._give(id, f"{self._names[objective]}/{place}")

    def batch(self) -> str:
        """The next batch of readings."""
        self._batches += 1
        return f"Readings{self._batches}"

    def reading(self, id: UUID, batch: str, place: int) -> str:
        """A reading of a batch, as an import names it."""
        return self._give(id, f"{batch}/{place}")

    def _give(self, id: UUID, name: str) -> str:
        self._names[id] = name
        return name
