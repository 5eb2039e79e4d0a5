"""The names of a fact file: an aggregate is named by its key if it has one, else by its parent and number."""

from collections import Counter
from uuid import UUID

from domain.primitives.values import Kind

_SHORT = {Kind.OBJECTIVE: "O", Kind.KEY_RESULT: "KR"}


class Names:
    """The names that an export has given so far.

    `2026-q3` is a cycle, `2026-q3/O2` its second objective, `2026-q3/O2/KR1` a key result of that; `team/care`,
    `kpi/nps`, `person:ada`; `2026-q3/O2/KR1/CheckIn1` the first check-in there that a later fact references. Keys are
    in lower case and have neither '/' nor ':', so that names do not collide. `person:erased-1` is the first erased
    person, whose handle cannot be decrypted.
    """

    def __init__(self) -> None:
        self._names: dict[UUID, str] = {}
        self._keys: dict[UUID, str] = {}
        self._counted: Counter[tuple[UUID, Kind]] = Counter()
        self._batches = 0
        self._templates = 0
        self._erased = 0

    def __getitem__(self, id: UUID) -> str:
        return self._names[id]

    def get(self, id: UUID | None) -> str | None:
        return None if id is None else self._names.get(id)

    def key(self, id: UUID) -> str:
        """The key of a cycle or KPI."""
        return self._keys[id]

    def person(self, id: UUID, handle: str) -> str:
        return self._assign(id, f"person:{handle}")

    def erased(self) -> str:
        """The next handle for an erased person, whose own handle cannot be decrypted."""
        self._erased += 1
        return f"erased-{self._erased}"

    def team(self, id: UUID, key: str) -> str:
        return self._assign(id, f"team/{key}")

    def cycle(self, id: UUID, key: str) -> str:
        self._keys[id] = key
        return self._assign(id, key)

    def kpi(self, id: UUID, key: str) -> str:
        self._keys[id] = key
        return self._assign(id, f"kpi/{key}")

    def template(self, id: UUID) -> str:
        """Name the next template: `template/1`."""
        self._templates += 1
        return self._assign(id, f"template/{self._templates}")

    def child(self, id: UUID, kind: Kind, parent: UUID) -> str:
        """Name an aggregate by its parent and its number among the same kind."""
        self._counted[parent, kind] += 1
        return self._assign(id, f"{self._names[parent]}/{_SHORT.get(kind, kind)}{self._counted[parent, kind]}")

    def carried(self, id: UUID, objective: UUID) -> str:
        """Name the next key result that was carried with an objective, as the importer does."""
        place = self._counted[objective, Kind.KEY_RESULT]
        self._counted[objective, Kind.KEY_RESULT] += 1
        return self._assign(id, f"{self._names[objective]}/{place}")

    def batch(self) -> str:
        """The name of the next batch of readings."""
        self._batches += 1
        return f"Readings{self._batches}"

    def reading(self, id: UUID, batch: str, place: int) -> str:
        """Name a reading of a batch, as the importer does."""
        return self._assign(id, f"{batch}/{place}")

    def _assign(self, id: UUID, name: str) -> str:
        self._names[id] = name
        return name
