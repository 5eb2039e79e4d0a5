"""The migration files of the log match what is installed in the database."""

import re
from pathlib import Path

import pytest

import domain.log
from api.runtime.database import Database
from domain.log.schema import MIGRATIONS
from domain.model.event import WHEN_RECORDED

FILES = sorted((Path(domain.log.__path__[0]) / "migrations").iterdir())
APPEND = re.compile(r"^create (?:or replace )?function append_commands\(.*?^    end \$\$;\n", re.DOTALL | re.MULTILINE)
BODY = re.compile(r"\$\$(.*)\$\$", re.DOTALL)
DEFINITION = "select pg_get_functiondef(oid), prosrc from pg_proc where oid = 'append_commands'::regproc"


@pytest.fixture(scope="module")
def last_append() -> str:
    """The last definition of `append_commands` in the files, from `create` to its semicolon."""
    found: list[str] = [text for file in FILES for text in APPEND.findall(file.read_text("utf-8"))]
    return found[-1]


def test_migration_files_are_numbered_without_gaps() -> None:
    assert [file.name[:5] for file in FILES] == [f"{n:04}-" for n in range(1, len(FILES) + 1)]
    assert all(file.suffix == ".sql" for file in FILES)


def test_every_migration_file_is_loaded_in_order() -> None:
    assert list(MIGRATIONS) == [file.read_bytes() for file in FILES]


def test_last_append_in_the_files_is_the_installed_one(database: Database, last_append: str) -> None:
    with database.connect() as conn:
        conn.execute("select set_config('search_path', %s, false)", [database.settings.workspace])
        row = conn.execute(DEFINITION).fetchone()
        assert row is not None
        installed, source = row
        assert BODY.findall(last_append) == [source]
        conn.execute("drop function append_commands")
        conn.execute(last_append.encode())
        assert conn.execute(DEFINITION).fetchone() == (installed, source)


def test_append_uses_the_same_sentinel_for_the_recording_time_as_the_events(last_append: str) -> None:
    assert f"when e.said = '{WHEN_RECORDED.isoformat()}'\n" in last_append
