"""The workspace of a big customer, made once and kept in a directory.

An interrupted run goes on where it stopped; another size, seed or edition makes another workspace beside it.

Run: python -m benchmarks.customer_workspace --data /var/tmp/keyframe-customer
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from api.facts.importer import Import
from api.runtime.database import Database, open_database
from api.runtime.settings import Settings
from benchmarks.customer import Sizes, facts
from benchmarks.measuring import STATEMENT_SECONDS, World, world_of
from domain.handlers.dispatcher import Dispatcher
from projections.engine import health
from projections.engine.rebuild import rebuild

EDITION: Final = 1
"""Which story the facts tell; data of another edition is left alone, and made again."""
EVERY: Final = 10_000
"""The number of facts between two lines of progress."""
Data = Annotated[Path, typer.Option(help="The directory in which the customer is kept.")]
Scale = Annotated[float, typer.Option(help="The share of the customer's size: of people, teams, objectives and KPIs.")]
KEPT: Final = Path("build/customer")


class Made(msgspec.Struct, frozen=True):
    """What a workspace holds: facts up to `until`, and the head of its log after all of them, else None."""

    sizes: Sizes
    seed: int
    until: date
    position: int | None = None


@contextmanager
def customer(data: Path, sizes: Sizes, seed: int = 1) -> Iterator[World]:
    """The workspace of a customer of these sizes, made before if it is not there."""
    settings = Settings(data_dir=data.absolute(), workspace=_name(sizes, seed), statement_timeout_s=STATEMENT_SECONDS)
    with open_database(settings) as database:
        database.migrate()
        world = world_of(database)
        _make(database, world, sizes, seed)
        yield world


def _make(database: Database, world: World, sizes: Sizes, seed: int) -> None:
    kept = database.settings.data_dir / f"{database.settings.workspace}.json"
    if not kept.exists():
        kept.write_bytes(msgspec.json.encode(Made(sizes, seed, datetime.now(UTC).date())))
    made = msgspec.json.decode(kept.read_bytes(), type=Made)
    if made.position is None:
        _import(world, made)
        kept.write_bytes(msgspec.json.encode(msgspec.structs.replace(made, position=world.catch_up())))
    _rebuild_if_outdated(database, world)


def _rebuild_if_outdated(database: Database, world: World) -> None:
    """Rebuild the projections if another version of Keyframe built them."""
    workspace = database.settings.workspace
    with database.connect() as conn:
        found = health.examine(conn, world.log, workspace)
    if found is not None and not found.is_current:
        rebuild(world.log, database.connect, workspace=workspace)
        world.catch_up()


def _import(world: World, made: Made) -> None:
    began = time.monotonic()
    tally = Import(Dispatcher(world.log), world.log, "machine:benchmark").run(_lines(made, began))
    for refusal in tally.refusals:
        raise RuntimeError(f"line {refusal.line}: {refusal.message}")
    print(f"{tally.recorded:,} facts in {time.monotonic() - began:,.0f} s; building the projections", flush=True)


def _lines(made: Made, began: float) -> Iterator[bytes]:
    for number, fact in enumerate(facts(made.sizes, made.until, made.seed)):
        if number % EVERY == 0:
            print(f"{number:,} facts after {time.monotonic() - began:,.0f} s", flush=True)
        yield json.dumps(fact).encode()


def _name(sizes: Sizes, seed: int) -> str:
    """A name that no customer of other sizes, another seed or another edition has."""
    digest = sha256(msgspec.json.encode((EDITION, seed, sizes))).hexdigest()
    return f"customer_{digest[:8]}"


def main(data: Data = KEPT, scale: Scale = 1.0, seed: int = 1) -> None:
    """Make the customer, and print what it holds."""
    sizes = Sizes() if scale == 1 else Sizes().scaled(scale)
    with customer(data, sizes, seed) as world:
        print(f"{world.log.head().position:,} events in {world.database.settings.workspace} in {data}")


if __name__ == "__main__":
    typer.run(main)
