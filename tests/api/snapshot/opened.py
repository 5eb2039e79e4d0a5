"""The connections that the subject of a test opens."""

from typing import Any

import psycopg

from api.runtime.database import Database


class Opened:
    """Opens connections of a workspace for reads, and remembers them."""

    def __init__(self, database: Database) -> None:
        self.opened: list[psycopg.Connection[Any]] = []
        self._database = database

    def connect(self) -> psycopg.Connection[Any]:
        """Open another connection. Raises what the database raises."""
        self.opened.append(self._database.connect_reader())
        return self.opened[-1]
