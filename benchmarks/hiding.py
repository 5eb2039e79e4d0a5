"""1,000 objectives with 4 key results each: for whom everything is shown, against for whom some of it is hidden.

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
    """One after the other, again and again, so that both have the same work going on beside them."""
    member = world.of(Role.MEMBER)
    pairs = [[seconds(lambda: one.ask(page), 1, 0) for one in (world, member)] for _ in range(TIMES)]  # noqa: B023
    whole, part = (min(times) for times in zip(*pairs, strict=True))
    report(what, part / whole, "<= 3" if private else "<= 1.1", f"{part * 1000:.1f} ms against {whole * 1000:.1f} ms")


if __name__ == "__main__":
    main()
