"""The demo: a company to look at, in a workspace of its own, told through the same door as any fact file."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from api.cli.import_facts import bring_in, fact_file, lines
from api.cli.output import Failure, err, out
from api.demo.facts import facts
from api.demo.queries import queries
from api.runtime.database import Database
from api.runtime.projector import projector_of
from api.runtime.settings import Settings
from domain.log.schema import drop
from projections.engine import health as views
from projections.engine import rebuild

WORKSPACE = "demo"
OLD_DAYS = 14
"""A story that ended so long ago is not very like a company of today."""


class Story(msgspec.Struct, frozen=True):
    """What is told: everything up to this day. `position` is where the log stood when it was told to the end."""

    today: date
    position: int | None = None


def settings_for_demo(chosen: Settings) -> Settings:
    """The same settings, but with our own database and the demo's workspace: real data is never touched."""
    return chosen.model_copy(update={"database_url": None, "workspace": WORKSPACE})


def forget(database: Database) -> None:
    """Drop the demo's workspace. Raises `Failure` if another process uses it."""
    others = "select from pg_stat_activity where application_name = %s and pid <> pg_backend_pid()"
    with database.connect() as conn:
        if conn.execute(others, [f"keyframe {WORKSPACE}"]).fetchone() is not None:
            raise Failure("Another demo is running on the same data: stop that one first.")
        drop(conn, WORKSPACE)
    _note(database).unlink(missing_ok=True)


def live(database: Database) -> Story:
    """Let the company live through its two quarters, or through what is missing of them after an interruption."""
    position = database.log(size_max=1).head().position
    story = _noted(database)
    if story is None or position == 0:
        story = Story(datetime.now(UTC).date())
        _write(_note(database), msgspec.json.encode(story))
        _write(_file(database), b"".join(_told(story.today)))
    if story.position is None or position < story.position:
        story = _tell(database, story)
    _renew_views(database)
    return story


def _tell(database: Database, story: Story) -> Story:
    with fact_file(str(_file(database))) as (file, size):
        tally = bring_in(database, lines(file), size, label="The company lives through two quarters")
    for refusal in tally.refusals:
        raise Failure(f"The demo could not be told, at line {refusal.line}: {refusal.message}")
    with err.status("Preparing what can be seen …"):
        position = projector_of(database).catch_up()
    told = Story(story.today, position)
    _write(_note(database), msgspec.json.encode(told))
    return told


def _renew_views(database: Database) -> None:
    """Make views anew that another version of Keyframe has left behind."""
    log = database.log(size_max=2)
    with database.connect() as conn:
        found = views.examine(conn, log, WORKSPACE)
    if found is not None and not found.is_current:
        rebuild.rebuild(log, database.connect, workspace=WORKSPACE)


def show(story: Story, url: str) -> None:
    """Where to look, and what is worth asking."""
    out.print(f"Kettlewren mends bicycles, and has told Keyframe everything up to {story.today - timedelta(days=1)}.")
    if datetime.now(UTC).date() - story.today > timedelta(days=OLD_DAYS):
        out.print("That is a while ago: 'keyframe demo --fresh' tells the story up to today.")
    out.print("Three questions worth asking:")
    for question in queries(story.today):
        out.print(f"\n[bold]{question.title}[/bold]")
        out.print(question.query.rstrip(), style="cyan", markup=False, soft_wrap=True)
    out.print(f"\nAsk them at [bold]{url}/graphql[/bold]. Ctrl-C stops everything.", soft_wrap=True)


def _told(today: date) -> Iterator[bytes]:
    for fact in facts(today):
        yield json.dumps(fact, ensure_ascii=False).encode() + b"\n"


def _note(database: Database) -> Path:
    return database.settings.data_dir / "demo.json"


def _file(database: Database) -> Path:
    return database.settings.data_dir / "demo.facts.ndjson"


def _noted(database: Database) -> Story | None:
    try:
        return msgspec.json.decode(_note(database).read_bytes(), type=Story)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, even if the machine stops meanwhile."""
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(path)
