import io
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from psycopg import sql

from api.cli.import_facts import lines
from api.facts.importer import LINE_BYTES_MAX
from api.runtime.database import Connection, Database
from api.runtime.settings import Settings
from domain.log.schema import drop
from tests.api.cli.terminal import FACTS, SMALL, fill, keyframe, rows, started, table

REFUSED = FACTS[6].replace(b"q1/o1/kr1", b"nothing").replace(b'"ref": "c1", ', b"")


@contextmanager
def another(database: Database) -> Iterator[tuple[Settings, Connection]]:
    """A second workspace beside the test's own."""
    settings = database.settings.model_copy(update={"workspace": f"{database.settings.workspace}_b"})
    with database.connect() as conn:
        try:
            conn.execute(sql.SQL("set search_path to {}").format(sql.Identifier(settings.workspace)))
            yield settings, conn
        finally:
            drop(conn, settings.workspace)
            conn.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(f"{settings.workspace}_app")))


def wait_for(conn: Connection, position: int) -> None:
    """Return when the log has come to a position."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if conn.execute("select count(*) from log where position >= %s", [position]).fetchone() != (0,):
            return
    pytest.fail(f"the log did not come to position {position}")


def schemas(database: Database) -> set[object]:
    """What there is that belongs to the test."""
    with database.connect() as conn:
        names = "select nspname from pg_namespace where starts_with(nspname, %s)"
        return {name for (name,) in conn.execute(names, [database.settings.workspace]).fetchall()}


def test_facts_are_recorded_and_counted(database: Database) -> None:
    done = keyframe(database.settings, "import", str(SMALL))
    assert done.returncode == 0, done.stderr
    assert table(done.stdout) == {"read": 14, "recorded": 14, "already there": 0, "refused": 0}


def test_facts_brought_in_twice_are_recorded_once(database: Database) -> None:
    fill(database)
    with database.connect() as conn:
        before = rows(conn)
        done = keyframe(database.settings, "import", str(SMALL))
        assert rows(conn) == before
    assert table(done.stdout) == {"read": 14, "recorded": 0, "already there": 14, "refused": 0}


def test_an_import_that_was_killed_and_run_again_ends_like_one_that_was_not(database: Database) -> None:
    with another(database) as (settings, uncut), database.connect() as cut:
        keyframe(settings, "import", str(SMALL))
        with started(database.settings, "import", "-") as process:
            assert process.stdin is not None
            process.stdin.write(b"".join(FACTS[:6]))
            process.stdin.flush()
            wait_for(cut, 8)
            process.kill()
            process.communicate()
        assert len(rows(cut)) < len(rows(uncut))

        done = keyframe(database.settings, "import", str(SMALL))
        assert done.returncode == 0, done.stderr
        assert rows(cut) == rows(uncut)


def test_the_standard_input_is_read(database: Database) -> None:
    done = keyframe(database.settings, "import", "-", stdin=b"".join(FACTS[:3]))
    assert table(done.stdout)["recorded"] == 3


def test_a_dry_run_says_what_would_happen_and_records_nothing(database: Database) -> None:
    with database.connect() as conn:
        fill(database, FACTS[:5])
        before, names = rows(conn), schemas(database)
        done = keyframe(database.settings, "import", str(SMALL), "--dry-run")
        assert done.returncode == 0, done.stderr
        assert table(done.stdout) == {"read": 14, "would be recorded": 9, "already there": 5, "refused": 0}
        assert (rows(conn), schemas(database)) == (before, names)


def test_a_dry_run_refuses_by_the_real_rules(database: Database) -> None:
    done = keyframe(database.settings, "import", "-", "--dry-run", stdin=b"".join([*FACTS, FACTS[0]]))
    assert done.returncode == 1
    assert "line 15  DUPLICATE" in done.stdout


def test_a_dry_run_makes_no_workspace(database: Database) -> None:
    with another(database) as (settings, _):
        names = schemas(database)
        done = keyframe(settings, "import", str(SMALL), "--dry-run")
        assert table(done.stdout)["would be recorded"] == 14
        assert schemas(database) == names


def test_a_dry_run_holds_nobody_up(database: Database) -> None:
    with started(database.settings, "import", "-", "--dry-run") as trying, database.connect() as conn:
        assert trying.stdin is not None
        trying.stdin.write(b"".join(FACTS[:4]))
        trying.stdin.flush()
        conn.execute(sql.SQL("set search_path to {}").format(sql.Identifier(f"{database.settings.workspace}_dry")))
        wait_until_there(conn)
        wait_for(conn, 4)
        fill(database)
        second = keyframe(database.settings, "import", str(SMALL), "--dry-run")
        assert (second.returncode, "already" in second.stderr) == (1, True)
        printed, _ = trying.communicate(b"".join(FACTS[4:]))
        assert table(printed.decode())["would be recorded"] == 14


def wait_until_there(conn: Connection) -> None:
    deadline = time.monotonic() + 60
    while conn.execute("select to_regclass('log')").fetchone() == (None,):
        assert time.monotonic() < deadline


def test_a_dry_run_drops_no_workspace_that_stands_where_the_copy_would(database: Database) -> None:
    copy = sql.Identifier(f"{database.settings.workspace}_dry")
    with database.connect() as conn:
        conn.execute(sql.SQL("create schema {}").format(copy))
        done = keyframe(database.settings, "import", str(SMALL), "--dry-run")
        assert done.returncode == 1
        assert f"The copy needs the schema {database.settings.workspace}_dry" in done.stderr
        conn.execute(sql.SQL("drop schema {}").format(copy))


def test_a_refusal_names_its_line_and_code_and_stops_the_import(database: Database) -> None:
    done = keyframe(database.settings, "import", "-", stdin=b"".join([*FACTS[:3], REFUSED, *FACTS[3:]]))
    assert done.returncode == 1
    assert "line 4  NOT_FOUND" in done.stdout
    assert table(done.stdout) == {"read": 4, "recorded": 3, "already there": 0, "refused": 1}


def test_an_import_goes_on_after_a_refusal_if_told_to(database: Database) -> None:
    words = ("import", "-", "--continue-on-refusal")
    done = keyframe(database.settings, *words, stdin=b"".join([*FACTS[:3], REFUSED, *FACTS[3:]]))
    assert done.returncode == 1
    assert table(done.stdout) == {"read": 15, "recorded": 14, "already there": 0, "refused": 1}


def test_a_line_that_is_no_fact_is_refused(database: Database) -> None:
    done = keyframe(database.settings, "import", "-", stdin=b"\xff\xfe nonsense\n")
    assert done.returncode == 1
    assert "line 1  INVALID: This is not a fact" in done.stdout


@pytest.mark.parametrize("name", ["nothing.ndjson", "."])
def test_a_file_that_cannot_be_read_is_a_sentence(settings: Settings, name: str) -> None:
    done = keyframe(settings, "import", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"keyframe: {name} cannot be read: ")
    assert done.stderr.count("\n") == 1


def test_a_byte_order_mark_is_no_part_of_a_fact() -> None:
    assert list(lines(io.BytesIO(b"\xef\xbb\xbf{}\n{}"))) == [b"{}\n", b"{}"]


def test_a_line_that_is_too_long_does_not_spill_into_the_next() -> None:
    found = list(lines(io.BytesIO(b"x" * (3 * LINE_BYTES_MAX) + b"\n{}\n")))
    assert [len(found[0]), found[1:]] == [LINE_BYTES_MAX + 1, [b"{}\n"]]
