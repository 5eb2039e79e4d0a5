"""1,000 objectives with 4 key results each, and a page of 50: `asOf` against now, and with a log ten times longer.

Run: python -m benchmarks.reading
"""

from benchmarks.company import goals, write
from benchmarks.measuring import World, report, seconds, worlds

TIMES = 7
GOALS = """
    objectives(first: %d) { nodes {
      id title progress { value health }
      keyResults { id title current progress { value expected health } }
    } }
"""


def main() -> None:
    with worlds() as new:
        short, long = new(), new()
        for world, rounds in ((short, 1), (long, 10)):
            write(world.log, goals(1_000, 4, rounds))
            world.catch_up()
        for page, name in ((1_000, "1,000 objectives x 4"), (50, "a page of 50")):
            now, then = _now(short, page), _then(short, page)
            now_long, then_long = _now(long, page), _then(long, page)
            report(f"{name}: asOf / now", then / now, "<= 1.3", _figures(now, then))
            report(
                f"{name}: asOf / now, log 10 times longer",
                then_long / now_long,
                "<= 1.3",
                _figures(now_long, then_long),
            )
            report(f"{name}: now, log 10 times longer / short", now_long / now, "<= 1.2", _figures(now, now_long))
            report(f"{name}: asOf, log 10 times longer / short", then_long / then, "<= 1.2", _figures(then, then_long))


def _now(world: World, page: int) -> float:
    document = '{ cycle(by: {key: "2026-q1"}) { %s } }' % (GOALS % page)
    return seconds(lambda: world.ask(document), TIMES)


def _then(world: World, page: int) -> float:
    """As of the middle of the events after the goals were set."""
    middle = (world.log.head().position + 6_002) // 2
    document = f'{{ asOf(position: {middle}) {{ cycle(by: {{key: "2026-q1"}}) {{ {GOALS % page} }} }} }}'
    return seconds(lambda: world.ask(document), TIMES)


def _figures(one: float, other: float) -> str:
    return f"{one * 1000:.1f} ms, {other * 1000:.1f} ms"


if __name__ == "__main__":
    main()
