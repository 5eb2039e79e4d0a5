"""A rebuild of all projections against only decoding the same log.

Run: python -m benchmarks.rebuilding
"""

from benchmarks.company import goals, kpi, readings, write
from benchmarks.measuring import World, report, seconds, worlds
from projections.engine.rebuild import rebuild

TIMES = 3


def main() -> None:
    with worlds() as new:
        world = new()
        defined = kpi("orders")
        write(world.log, goals(500, 4, 10))
        write(world.log, iter([defined]))
        write(world.log, readings(defined.originator_id, 30_000))
        events = world.catch_up()
        rebuilt = seconds(lambda: rebuild(world.log, world.database.connect, workspace=world.context.workspace), TIMES)
        decoded = seconds(lambda: _decode(world), TIMES)
        figures = f"{events / rebuilt:,.0f} events/s, decoding {events / decoded:,.0f} events/s, {events:,} events"
        report("a rebuild / bare decoding of the log", rebuilt / decoded, "20,000/s", figures)


def _decode(world: World) -> None:
    after = 0
    while entries := world.log.entries(after, 5_000):
        after = entries[-1].position


if __name__ == "__main__":
    main()
