"""The curve of a cycle by day, against the same from a replay and from a query `asOf` for each day.

Run: python -m benchmarks.curves
"""

from datetime import timedelta

from benchmarks.company import OPENED, goals, write
from benchmarks.measuring import World, report, seconds, worlds

OBJECTIVES, KEY_RESULTS, ROUNDS, DAYS = 100, 4, 20, 90
TIMES = 3
FIGURES = "value expected health"
COUNTS = "healthCounts { health count }"


def main() -> None:
    with worlds() as new:
        world = new()
        write(world.log, goals(OBJECTIVES, KEY_RESULTS, ROUNDS, pause=timedelta(days=DAYS / (ROUNDS + 1))))
        world.catch_up()
        curve, year = _curve(world, DAYS), _curve(world, 365)
        replayed = seconds(lambda: world.ask(_replay()), 1, 0)
        one_by_one = seconds(lambda: _as_of_each(world), 1, 0)
    report("a quarter by day, 100 x 4: curve / replay", curve / replayed, "<= 0.4", _figures(curve, replayed))
    report("a quarter by day, 100 x 4: curve / 90 asOf", curve / one_by_one, "<= 0.4", _figures(curve, one_by_one))
    report("a year by day, 100 x 4 / a quarter by day", year / curve, "<= 4", _figures(year, curve))


def _curve(world: World, days: int) -> float:
    curve = f"progressOverTime({_span(days)}) {{ at {FIGURES} {COUNTS} }}"
    return seconds(lambda: world.ask(_of_cycle(curve)), TIMES)


def _replay() -> str:
    frames = f"frames {{ basis {{ at }} progress {{ {FIGURES} }} {COUNTS} }}"
    return f'{{ replay(cycle: {{key: "2026-q1"}}, {_span(DAYS)}) {{ {frames} }} }}'


def _as_of_each(world: World) -> None:
    for number in range(DAYS):
        at = (OPENED + timedelta(days=number)).isoformat()
        world.ask(f'{{ asOf(at: "{at}") {_of_cycle(f"progress {{ {FIGURES} }} {COUNTS}")} }}')


def _span(days: int) -> str:
    return f'every: DAY, from: "{OPENED.isoformat()}", to: "{(OPENED + timedelta(days=days - 1)).isoformat()}"'


def _of_cycle(fields: str) -> str:
    return f'{{ cycle(by: {{key: "2026-q1"}}) {{ {fields} }} }}'


def _figures(one: float, other: float) -> str:
    return f"{one:.2f} s, {other:.2f} s"


if __name__ == "__main__":
    main()
