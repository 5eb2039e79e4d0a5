"""An in-memory log for thousands of facts, indexed by stream and by parent."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from domain.log.append import Append, CommandRow
from domain.log.mapper import StoredRow
from tests.domain.memory_log import Entry, MemoryLog


class IndexedLog(MemoryLog):
    def __init__(self) -> None:
        super().__init__()
        self._by_stream: dict[UUID, list[Entry]] = defaultdict(list)
        self._by_parent: dict[UUID, list[Entry]] = defaultdict(list)

    def append(self, stored: Sequence[StoredRow], append: Append) -> CommandRow:
        before = len(self.entries_made)
        command = super().append(stored, append)
        for entry in self.entries_made[before:]:
            self._by_stream[entry.row.originator_id].append(entry)
            if entry.row.belongs_to is not None:
                self._by_parent[entry.row.belongs_to].append(entry)
        return command

    def _stream(self, id: UUID) -> Sequence[Entry]:
        return self._by_stream.get(id, ())

    def _of(self, parent: UUID, topic: str) -> list[Entry]:
        return [entry for entry in self._by_parent.get(parent, ()) if entry.row.topic.startswith(f"{topic}.v")]
