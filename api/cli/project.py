"""The `project` command: runs the projector as a process of its own."""

from collections.abc import Callable
from threading import Event as Flag
from threading import Thread

from api.cli.output import Failure
from api.runtime.database import Database
from api.runtime.log_setup import configure_logging
from projections.engine.projector import Condition, Projector
from projections.engine.rebuild import may_update


def state(condition: Condition, database: Database) -> str:
    """A sentence about a projector that leads or follows."""
    updates = "Updating" if condition is Condition.LEADING else "On standby: another process updates"
    return f"{updates} the projections of {database.settings.workspace}"


def project(database: Database, projector: Projector, on_change: Callable[[Condition], None]) -> None:
    """Run the projector until interrupted. Raises `Failure` if an event cannot be applied, and for a database user who
    may not write the projections.

    `on_change` is called whenever this projector starts to update the projections, or goes on standby.
    """
    configure_logging(database.settings.journal)
    with database.connect() as conn:
        if not may_update(conn):
            raise Failure(
                f"The database user '{conn.info.user}' may only read the projections: run 'keyframe project' as the "
                "owner of the tables, who ran 'keyframe migrate'."
            )
    stop = Flag()
    thread = Thread(target=projector.run, args=(stop,), name="projector")
    thread.start()
    try:
        last = Condition.STARTING
        while thread.is_alive():
            now = projector.status.condition
            if now is not last and now in (Condition.LEADING, Condition.FOLLOWING):
                on_change(now)
                last = now
            thread.join(0.2)
    except KeyboardInterrupt:
        pass
    finally:
        stop.set()
        projector.wake()
        thread.join()
    status = projector.status
    if status.poison_position is not None:
        raise Failure(
            f"Event {status.poison_position} ({status.poison_topic}) cannot be applied to the projections: "
            f"{status.cause}. They stay at the position before it. A newer Keyframe may support the event; "
            "see 'keyframe doctor'."
        )
