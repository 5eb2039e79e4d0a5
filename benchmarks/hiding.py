"""1,000 objectives with 4 key results each: a caller who sees everything against one from whom some of it is hidden.

Run: python -m benchmarks.hiding
"""

from benchmarks.company import goals, write
from benchmarks.measuring import World, report, seconds, worlds
from benchmarks.reading import GOALS
from domain.commands.permissions import Role

TIMES = 25
PAGES = {
    "a page of 50": "{ %s }" % (GOALS % 50),
    "1,000 objectives x 4": "{ %s }" % (GOALS % 1_000),
    "the last 100 changes": "{ changes(last: 100) { nodes { position reason fields { field before after } } } }",
}


def main() -> None:
    with worlds() as new:
        for private in (0, 50, 500):
            world = new()
            write(world.log, goals(1_000, 4, 4, private))
            world.catch_up()
            for name, page in PAGES.items():
                _compare(world, f"{name}, {private or 'nothing'} hidden: shown in part / whole", page, private)


def _compare(world: World, what: str, page: str, private: int) -> None:
    """Alternate between both callers, so that other load on the machine affects both."""
    member = world.of(Role.MEMBER)
    pairs = [[seconds(lambda: one.ask(page), 1, 0) for one in (world, member)] for _ in range(TIMES)]  # noqa: B023
    whole, part = (min(times) for times in zip(*pairs, strict=True))
    report(what, part / whole, "<= 3" if private else "<= 1.1", f"{part * 1000:.1f} ms against {whole * 1000:.1f} ms")


if __name__ == "__main__":
    main()
