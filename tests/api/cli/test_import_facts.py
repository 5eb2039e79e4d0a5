import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from psycopg import sql

from api.cli.import_facts import lines
from api.facts.importer import LINE_BYTES_MAX
from api.runtime.database import Connection, Database
from api.runtime.settings import Settings
from domain.log.schema import application_role, drop
from tests.api.cli.terminal import FACTS, SMALL, fill, keyframe, rows, started, table
from tests.waiting import until

REFUSED = FACTS[6].replace(b"q1/o1/kr1", b"nothing").replace(b'"ref": "c1", ', b"")


@contextmanager
def second_workspace(database: Database) -> Iterator[tuple[Settings, Connection]]:
    """A second workspace beside the test's own."""
    settings = database.settings.model_copy(update={"workspace": f"{database.settings.workspace}_b"})
    with database.connect() as conn:
        try:
            conn.execute(sql.SQL("set search_path to {}").format(sql.Identifier(settings.workspace)))
            yield settings, conn
        finally:
            drop(conn, settings.workspace)
            conn.execute(
                sql.SQL("drop role if exists {}").format(
                    sql.Identifier(application_role(settings.workspace, conn.info.dbname))
                )
            )


def wait_for(conn: Connection, position: int) -> None:
    """Wait until the log reaches a position."""
    until(lambda: conn.execute("select from log where position >= %s", [position]).fetchone() is not None, 60)


def workspace_schemas(database: Database) -> set[object]:
    """The schemas whose names start with the workspace of the test."""
    with database.connect() as conn:
        names = "select nspname from pg_namespace where starts_with(nspname, %s)"
        return {name for (name,) in conn.execute(names, [database.settings.workspace]).fetchall()}


def test_facts_are_recorded_and_counted(database: Database) -> None:
    done = keyframe(database.settings, "import", str(SMALL))
    assert done.returncode == 0, done.stderr
    assert table(done.stdout) == {"read": 14, "recorded": 14, "already there": 0, "refused": 0}


def test_facts_imported_twice_are_recorded_once(database: Database) -> None:
    fill(database)
    with database.connect() as conn:
        before = rows(conn)
        done = keyframe(database.settings, "import", str(SMALL))
        assert rows(conn) == before
    assert table(done.stdout) == {"read": 14, "recorded": 0, "already there": 14, "refused": 0}


def test_killed_import_resumes_when_run_again(database: Database) -> None:
    with second_workspace(database) as (settings, uninterrupted), database.connect() as interrupted:
        keyframe(settings, "migrate")
        keyframe(settings, "import", str(SMALL))
        with started(database.settings, "import", "-") as process:
            assert process.stdin is not None
            process.stdin.write(b"".join(FACTS[:6]))
            process.stdin.flush()
            wait_for(interrupted, 8)
            process.kill()
            process.communicate()
        assert len(rows(interrupted)) < len(rows(uninterrupted))

        done = keyframe(database.settings, "import", str(SMALL))
        assert done.returncode == 0, done.stderr
        assert rows(interrupted) == rows(uninterrupted)


def test_dash_imports_standard_input(database: Database) -> None:
    done = keyframe(database.settings, "import", "-", stdin=b"".join(FACTS[:3]))
    assert table(done.stdout)["recorded"] == 3


def test_dry_run_counts_and_records_nothing(database: Database) -> None:
    with database.connect() as conn:
        fill(database, FACTS[:5])
        before, names = rows(conn), workspace_schemas(database)
        done = keyframe(database.settings, "import", str(SMALL), "--dry-run")
        assert done.returncode == 0, done.stderr
        assert table(done.stdout) == {"read": 14, "would be recorded": 9, "already there": 5, "refused": 0}
        assert (rows(conn), workspace_schemas(database)) == (before, names)


def test_dry_run_applies_the_real_rules(database: Database) -> None:
    done = keyframe(database.settings, "import", "-", "--dry-run", stdin=b"".join([*FACTS, FACTS[0]]))
    assert done.returncode == 1
    assert "line 15  DUPLICATE" in done.stdout


def test_dry_run_creates_no_workspace(database: Database) -> None:
    with second_workspace(database) as (settings, _):
        names = workspace_schemas(database)
        done = keyframe(settings, "import", str(SMALL), "--dry-run")
        assert table(done.stdout)["would be recorded"] == 14
        assert workspace_schemas(database) == names


def test_dry_run_does_not_block_an_import(database: Database) -> None:
    with started(database.settings, "import", "-", "--dry-run") as trying, database.connect() as conn:
        assert trying.stdin is not None
        trying.stdin.write(b"".join(FACTS[:4]))
        trying.stdin.flush()
        conn.execute(sql.SQL("set search_path to {}").format(sql.Identifier(f"{database.settings.workspace}_dry")))
        wait_until_log_exists(conn)
        wait_for(conn, 4)
        fill(database)
        second = keyframe(database.settings, "import", str(SMALL), "--dry-run")
        assert (second.returncode, "Another dry run" in second.stderr) == (1, True)
        printed, _ = trying.communicate(b"".join(FACTS[4:]))
        assert table(printed.decode())["would be recorded"] == 14


def wait_until_log_exists(conn: Connection) -> None:
    until(lambda: conn.execute("select to_regclass('log')").fetchone() != (None,), seconds_max=60)


def test_dry_run_does_not_drop_an_existing_workspace_of_the_copys_name(database: Database) -> None:
    copy = sql.Identifier(f"{database.settings.workspace}_dry")
    with database.connect() as conn:
        conn.execute(sql.SQL("create schema {}").format(copy))
        done = keyframe(database.settings, "import", str(SMALL), "--dry-run")
        assert done.returncode == 1
        assert f"The copy needs the schema {database.settings.workspace}_dry" in done.stderr
        conn.execute(sql.SQL("drop schema {}").format(copy))


def test_refused_fact_is_reported_with_line_and_code_and_stops_the_import(database: Database) -> None:
    done = keyframe(database.settings, "import", "-", stdin=b"".join([*FACTS[:3], REFUSED, *FACTS[3:]]))
    assert done.returncode == 1
    assert "line 4  NOT_FOUND" in done.stdout
    assert table(done.stdout) == {"read": 4, "recorded": 3, "already there": 0, "refused": 1}


def test_refused_fact_is_reported_with_all_its_problems_and_their_rules(database: Database) -> None:
    wrong = {"key": "Q 1", "name": "", "startsOn": "2026-04-01", "endsOn": "2026-03-31"}
    fact = {"at": "2026-01-01T00:00:00Z", "do": "openCycle", "input": wrong}
    misfit = {**fact, "input": {"key": 1, "name": "Q1", "startsOn": "soon", "starts": 1, "endsOn": "2026-03-31"}}
    lines_given = "\n".join(map(json.dumps, (fact, misfit))).encode()
    done = keyframe(database.settings, "import", "-", "--continue-on-refusal", stdin=lines_given)
    first, second = (line for line in done.stdout.splitlines() if line.startswith("line "))
    assert re.findall(r"\((\w+)\): [^\[]*\[(\w+)\]", first) == [
        ("key", "KEY_MALFORMED"), ("name", "TITLE_EMPTY"), ("endsOn", "CYCLE_ENDS_BEFORE_START"),
    ]  # fmt: skip
    assert re.findall(r"\(([\w.]+)\): [^\[]*\[(\w+)\]", second) == [
        ("input.key", "INPUT_MALFORMED"), ("input.startsOn", "INPUT_MALFORMED"), ("input.starts", "INPUT_MALFORMED"),
    ]  # fmt: skip


def test_continue_on_refusal_imports_the_remaining_facts(database: Database) -> None:
    arguments = ("import", "-", "--continue-on-refusal")
    done = keyframe(database.settings, *arguments, stdin=b"".join([*FACTS[:3], REFUSED, *FACTS[3:]]))
    assert done.returncode == 1
    assert table(done.stdout) == {"read": 15, "recorded": 14, "already there": 0, "refused": 1}


def test_malformed_line_is_refused(database: Database) -> None:
    done = keyframe(database.settings, "import", "-", stdin=b"\xff\xfe nonsense\n")
    assert done.returncode == 1
    assert "line 1  INVALID: This is not a fact" in done.stdout


def test_fact_with_a_duplicate_key_is_refused(database: Database) -> None:
    twice = FACTS[0].replace(b"{", b'{"at": "2020-01-01T00:00:00Z", ', 1)
    done = keyframe(database.settings, "import", "-", stdin=twice)
    assert done.returncode == 1
    assert 'This is not a fact: the key "at" appears twice in one object.' in done.stdout


@pytest.mark.parametrize("name", ["nothing.ndjson", "."])
def test_unreadable_file_is_a_one_line_error(settings: Settings, name: str) -> None:
    done = keyframe(settings, "import", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"keyframe: {name} cannot be read: ")
    assert done.stderr.count("\n") == 1


def test_byte_order_mark_is_skipped() -> None:
    assert list(lines(io.BytesIO(b"\xef\xbb\xbf{}\n{}"))) == [b"{}\n", b"{}"]


def test_too_long_line_does_not_affect_the_next_line() -> None:
    found = list(lines(io.BytesIO(b"x" * (3 * LINE_BYTES_MAX) + b"\n{}\n")))
    assert [len(found[0]), found[1:]] == [LINE_BYTES_MAX + 1, [b"{}\n"]]
