"""Readings in batches of 1,000, from the command until they are readable, against COPY of the same rows.

Run: python -m benchmarks.readings
"""

from datetime import timedelta
from itertools import count
from uuid import uuid4

from benchmarks.company import OPENED, kpi, write
from benchmarks.measuring import World, report, seconds, worlds
from domain.commands.command import KpiBy
from domain.commands.kpi_commands import ReadingInput, RecordReadings

BATCH = 1_000
TIMES = 20


def main() -> None:
    with worlds() as new:
        world = new()
        write(world.log, iter([kpi("orders")]))
        world.catch_up()
        with world.serving():
            keyframe = _keyframe(world)
        copied = _copied(world)
        figures = f"{BATCH / keyframe:,.0f} readings/s, COPY {BATCH / copied:,.0f} rows/s"
        report("1,000 readings until readable / COPY of the same rows", keyframe / copied, "20,000/s", figures)


def _keyframe(world: World) -> float:
    batches = count()

    def work() -> None:
        first = next(batches) * BATCH
        of = KpiBy(key="orders")
        readings = [
            ReadingInput(kpi=of, value=float(number), measured_at=OPENED + timedelta(seconds=number))
            for number in range(first, first + BATCH)
        ]
        outcome = world.context.writer.execute(RecordReadings(readings=readings), world.context.caller.author)
        if world.context.writer.behind(outcome.head):
            raise RuntimeError("the projections did not catch up in time")

    return seconds(work, TIMES, warm=3)


def _copied(world: World) -> float:
    batches = count()
    with world.database.connect() as conn:
        conn.execute("create table copied (id uuid primary key, kpi uuid, measured_at timestamptz, value float8)")
        of = uuid4()

        def work() -> None:
            first = next(batches) * BATCH
            with conn.cursor().copy("copy copied from stdin") as copy:
                for number in range(first, first + BATCH):
                    copy.write_row((uuid4(), of, OPENED + timedelta(seconds=number), float(number)))

        return seconds(work, TIMES, warm=3)


if __name__ == "__main__":
    main()
