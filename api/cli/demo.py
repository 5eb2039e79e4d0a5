"""The `demo` command: records the history of a demo company in a workspace of its own, and serves it."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from api.auth.authentication import DEMO
from api.cli.import_facts import fact_file, lines, run_import
from api.cli.migrate import migrate_tables
from api.cli.output import Failure, err, out
from api.console.sign_in import Guest
from api.demo import company
from api.demo.facts import facts
from api.demo.queries import queries
from api.execution.context import Caller
from api.runtime.database import Database
from api.runtime.projector import projector_of
from api.runtime.settings import Settings
from domain.commands.permissions import Role
from domain.log.schema import drop
from domain.primitives import personal_data
from projections.engine import health as projections
from projections.engine import rebuild

WORKSPACE = "demo"
OLD_DAYS = 14
"""Age of the demo data from which `--fresh` is suggested."""

STARTING = "The demo is being created; its progress is in the terminal. Try again in a moment."
"""What the server answers until the demo is ready."""

EDITION = 2
"""Which story the demo has; data of another edition is made again."""


class Story(msgspec.Struct, frozen=True):
    """The demo data: facts up to `today`. `position` is the head of the log after a complete import, else None."""

    today: date
    position: int | None = None
    edition: int = 1


_STORY: Final = msgspec.json.Decoder(Story)


def settings_for_demo(chosen: Settings) -> Settings:
    """The same settings with the embedded database and the demo's workspace, so that real data is never touched."""
    return chosen.model_copy(
        update={"database_url": None, "read_url": None, "direct_url": None, "workspace": WORKSPACE}
    )


def prepare(database: Database, *, fresh: bool) -> None:
    """Create or migrate the demo's workspace; without its data if they are to be made again. Raises `Failure`."""
    if fresh or is_outdated(database):
        drop_workspace(database)
    migrate_tables(database)


def drop_workspace(database: Database) -> None:
    """Drop the demo's workspace. Raises `Failure` if another process uses it."""
    others = "select from pg_stat_activity where application_name = %s and pid <> pg_backend_pid()"
    with database.connect() as conn:
        if conn.execute(others, [f"keyframe {WORKSPACE}"]).fetchone() is not None:
            raise Failure("Another demo runs on the same data: stop it first.")
        drop(conn, WORKSPACE)
    _story_path(database).unlink(missing_ok=True)


def is_outdated(database: Database) -> bool:
    """Whether the data was made by a version of Keyframe with another story."""
    story = _read_story(database)
    return story is not None and story.edition != EDITION


def import_story(database: Database) -> Story:
    """Record the company's history; after an interruption, resume. Returns what was recorded."""
    position = database.log(size_max=1).head().position
    story = _read_story(database)
    if story is None or position == 0:
        story = Story(datetime.now(UTC).date(), edition=EDITION)
        _write(_story_path(database), msgspec.json.encode(story))
        _write(_facts_path(database), b"".join(fact_lines(story.today)))
    if story.position is None or position < story.position:
        story = _import(database, story)
    _rebuild_outdated_projections(database)
    return story


def visitor(database: Database) -> Caller:
    """The founder of the company, with every role: who sends the requests to the demo. A machine, once erased."""
    log = database.log(size_max=1)
    founder = log.person_by_handle(personal_data.handle_digest(log.salt(), company.FOUNDER))
    return DEMO if founder is None else Caller(company.FOUNDER, DEMO.roles, founder)


def guests(database: Database) -> list[Guest]:
    """The people of the company as whom anybody may sign in to its console."""
    log = database.log(size_max=1)
    found = {one: log.person_by_handle(personal_data.handle_digest(log.salt(), one)) for one in company.GUESTS}
    return [
        Guest(id, handle, company.PEOPLE[handle], Role(company.GUESTS[handle]))
        for handle, id in found.items()
        if id is not None
    ]


def _import(database: Database, story: Story) -> Story:
    with fact_file(str(_facts_path(database))) as (file, size):
        label = "Creating the demo company …"
        result = run_import(database, lines(file), size, label=label, by_is_actor=True)
    for rejection in result.refusals:
        raise Failure(f"The demo failed at line {rejection.line}: {rejection.message}")
    err.print("Building its read models …")
    position = projector_of(database).catch_up()
    imported = msgspec.structs.replace(story, position=position)
    _write(_story_path(database), msgspec.json.encode(imported))
    return imported


def _rebuild_outdated_projections(database: Database) -> None:
    """Rebuild the projections if another version of Keyframe built them."""
    log = database.log(size_max=2)
    with database.connect() as conn:
        found = projections.examine(conn, log, WORKSPACE)
    if found is not None and not found.is_current:
        rebuild.rebuild(log, database.connect, workspace=WORKSPACE)


def show(story: Story, visitor: Caller, url: str) -> None:
    """Print the address, whose requests those of strangers are, and three example queries."""
    out.print(f"Kettlewren repairs bicycles. Its data ends on {story.today - timedelta(days=1)}.")
    if datetime.now(UTC).date() - story.today > timedelta(days=OLD_DAYS):
        out.print("The data is old: 'keyframe demo --fresh' imports it up to today.")
    out.print(f"\nOpen [bold]{url}[/bold] in a browser, and choose who you are.", soft_wrap=True)
    if visitor.person is not None:
        out.print(f"Requests without a sign-in are those of {company.PEOPLE[visitor.handle]}, who may do everything.")
    out.print("\nThree example queries:")
    for question in queries(story.today):
        out.print(f"\n[bold]{question.title}[/bold]")
        out.print(question.query.rstrip(), style="cyan", markup=False, soft_wrap=True)
    out.print(f"\nRun them at [bold]{url}/graphql[/bold]. Ctrl-C stops the server.", soft_wrap=True)


def fact_lines(today: date) -> Iterator[bytes]:
    """The history of the company up to a day, as the lines of a fact file."""
    for fact in facts(today):
        yield json.dumps(fact, ensure_ascii=False).encode() + b"\n"


def _story_path(database: Database) -> Path:
    return database.settings.data_dir / "demo.json"


def _facts_path(database: Database) -> Path:
    return database.settings.data_dir / "demo.facts.ndjson"


def _read_story(database: Database) -> Story | None:
    try:
        return _STORY.decode(_story_path(database).read_bytes())
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _write(path: Path, content: bytes) -> None:
    """Write a file atomically: a crash leaves the old content or the new."""
    draft = path.with_suffix(".new")
    draft.write_bytes(content)
    draft.replace(path)
