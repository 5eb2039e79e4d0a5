"""Compares the rows of commands with the digests in the register of checkpoints."""

from collections.abc import Sequence
from contextlib import closing
from typing import NamedTuple

from domain.log import raw
from domain.proof import register
from projections.store.versioned_tables import Connection


class Statement(NamedTuple):
    """The root of the log at a size, the source of that statement for messages, and the digest of its commands if it is
    known."""

    size: int
    root: bytes
    source: str
    commands: bytes | None = None


class RecordedCommands:
    """One pass over the commands, beside the one over their events."""

    def __init__(self) -> None:
        self._read = self._matched = 0
        self._digest = register.NO_COMMANDS

    def compare(self, conn: Connection, page: Sequence[Statement]) -> tuple[int, int] | None:
        """Compare the commands up to each of the next statements, in ascending order of size. Returns the last size
        that matches before a difference, and the size of the first statement that does not; None if all match."""
        with closing(raw.commands(conn, self._read, page[-1].size)) as commands:
            command = next(commands, None)
            for one in page:
                while command is not None and command.last <= one.size:
                    self._digest = register.with_command(self._digest, command)
                    command = next(commands, None)
                if one.commands is not None:
                    if one.commands != self._digest:
                        return self._matched, one.size
                    self._matched = one.size
        self._read = page[-1].size
        return None
