"""Make a workspace as this version leaves it: `python -m tests.upgrades.make DIRECTORY`.

The facts become a log by way of an import; a client with a token adds to it. See README.md for what is written.
"""

import json
import re
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from psycopg import sql

from api.cli.import_facts import ACTOR
from api.facts.importer import Import
from api.runtime import embedded_postgres, signing_key
from api.runtime.database import Connection, Database, open_database
from api.runtime.projector import projector_of
from domain.commands.permissions import Role
from domain.handlers.dispatcher import Dispatcher
from domain.log.credentials import api_tokens
from domain.model.event import EVENTS
from projections.proof import evidence
from tests.upgrades.released_workspace import (
    ANSWER,
    CHECKPOINT,
    CYCLE,
    EVIDENCE,
    FACTS,
    HERE,
    KEY,
    NAME,
    QUESTION,
    SCHEMA,
    ask,
    client,
    settings,
)

NOT_ON_EVERY_SERVER = ("--", "\\", "SET ", "SELECT pg_catalog.set_config")
"""Lines of a dump that only psql, or only a server of the same version, understands."""
CHECK_IN = """
    mutation ($keyResult: ID!) {
      checkIn(input: {keyResult: $keyResult, value: 30, idempotencyKey: "week-20"}) { problems { code } }
      addComment(input: {subject: $keyResult, body: "Recorded by a client."}) { problems { code } }
    }
"""
KEY_RESULT = '{ keyResults(filter: {search: "A hundred answers"}) { nodes { id } } }'


def make(directory: Path) -> None:
    """Write the folder of this version."""
    directory.mkdir(parents=True)
    for source in (FACTS, QUESTION):
        (directory / source).write_bytes((HERE / source).read_bytes())
    keys = signing_key.create(directory / KEY, f"keyframe/{NAME}")
    with tempfile.TemporaryDirectory() as data, embedded_postgres.running(Path(data)) as dsn:
        with open_database(settings(dsn, directory / KEY)) as database:
            database.migrate()
            _fill(database, directory)
            with database.connect() as conn:
                lines = evidence.of_cycle(conn, NAME, CYCLE, keys)
                (directory / EVIDENCE).write_bytes(b"".join(lines))
                _copy_tables(conn, directory)
        _dump_schema(embedded_postgres.Server((Path(data) / "postgres").resolve()).bin_path, dsn, directory / SCHEMA)


def _fill(database: Database, directory: Path) -> None:
    """Record everything, and write the checkpoint and the answer."""
    log = database.log()
    with (directory / FACTS).open("rb") as lines:
        tally = Import(Dispatcher(log), log, ACTOR).run(lines)
    assert tally.refusals == []
    projector_of(database).catch_up()
    with database.connect() as conn:
        conn.execute("insert into void_attempt (id) values (gen_random_uuid())")
        _, token = api_tokens.issue(conn, "fixture", [Role.ADMIN], None, timedelta(days=1))
    with client(database, token) as http:
        (key_result,) = ask(http, KEY_RESULT)["keyResults"]["nodes"]
        payloads = ask(http, CHECK_IN, keyResult=key_result["id"])
        assert all(payload["problems"] == [] for payload in payloads.values())
        answer = ask(http, (directory / QUESTION).read_text())
        fields = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in answer.items()]
        (directory / ANSWER).write_text("{\n" + ",\n".join(fields) + "\n}\n")
        (directory / CHECKPOINT).write_text(http.get("/checkpoint").text)
    recorded = {stored.topic.partition(".")[0] for stored in log.rows(0, 1_000)}
    assert recorded == set(EVENTS), f"{FACTS} records no {set(EVENTS) - recorded}."


def _copy_tables(conn: Connection, directory: Path) -> None:
    """Write each table of the log's schema as COPY text."""
    tables = conn.execute("select tablename from pg_tables where schemaname = %s", [NAME]).fetchall()
    for (table,) in tables:
        with (directory / f"{table}.copy").open("wb") as file:
            statement = sql.SQL("copy {} to stdout").format(sql.Identifier(NAME, table))
            with conn.cursor().copy(statement) as rows:
                for block in rows:
                    file.write(block)


def _dump_schema(programs: Path, dsn: str, file: Path) -> None:
    """Write the definitions of the log's schema as PostgreSQL itself prints them."""
    options = ("--schema-only", "--no-owner", "--no-privileges", f"--schema={NAME}")
    dump = subprocess.run([programs / "pg_dump", *options, dsn], check=True, capture_output=True, text=True).stdout
    kept = [line for line in dump.splitlines() if not line.startswith(NOT_ON_EVERY_SERVER)]
    file.write_text(re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() + "\n")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
