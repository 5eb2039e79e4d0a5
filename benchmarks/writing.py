"""A mutation until its events are readable, against a bare insert and commit on the same server.

Run: python -m benchmarks.writing
"""

from itertools import count
from uuid import uuid4

from benchmarks.company import goals, write
from benchmarks.measuring import World, report, seconds, worlds

TIMES = 300
CHECK_IN = """
    mutation ($of: ID!, $value: Float!) {
      checkIn(input: {keyResult: $of, value: $value}) { position checkIn { value } problems { message } }
    }
"""
ONE = "{ keyResults(first: 1) { nodes { id } } }"


def main() -> None:
    with worlds() as new:
        world = new()
        write(world.log, goals(50, 4, 1))
        world.catch_up()
        with world.serving():
            bare, keyframe = _bare(world), _keyframe(world)
        figures = f"{keyframe * 1000:.2f} ms, bare {bare * 1000:.2f} ms (p50)"
        report("a mutation until readable / a bare insert and commit", keyframe / bare, "<= 3", figures)


def _keyframe(world: World) -> float:
    of = world.ask(ONE)["keyResults"]["nodes"][0]["id"]  # type: ignore[index]
    values = count()
    return seconds(lambda: world.ask(CHECK_IN, {"of": of, "value": float(next(values))}), TIMES, warm=30)


def _bare(world: World) -> float:
    with world.database.connect() as conn:
        conn.execute("create table bare (position bigserial primary key, id uuid, data bytea)")
        insert = "insert into bare (id, data) values (%s, %s)"
        return seconds(lambda: conn.execute(insert, [uuid4(), b"x" * 300], prepare=True), TIMES, warm=30)


if __name__ == "__main__":
    main()
