"""A file of 100,000 readings over HTTP until all of them are readable, against COPY of the same rows.

Run: python -m benchmarks.ingesting
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from threading import Thread
from uuid import uuid4

import msgspec
import uvicorn

from api.cli.serve import _collect_seldom
from api.server.app import create_app
from benchmarks.company import OPENED, kpi, write
from benchmarks.measuring import World, report, seconds, worlds

READINGS = 100_000
TIMES = 3


def main() -> None:
    with worlds() as new:
        world = new()
        write(world.log, iter([kpi("orders")]))
        world.catch_up()
        with _serving(world) as port:
            for form, media in ((_lines, "application/x-ndjson"), (_table, "text/csv")):
                files = iter([form(number * READINGS) for number in range(TIMES + 1)])
                keyframe = seconds(lambda files=files, media=media: _sent(port, media, next(files)), TIMES)  # type: ignore[misc]
                copied = _copied(world)
                figures = f"{READINGS / keyframe:,.0f} readings/s, COPY {READINGS / copied:,.0f} rows/s"
                report(f"100,000 readings over HTTP ({media}) / COPY", keyframe / copied, "20,000/s", figures)


@contextmanager
def _serving(world: World) -> Iterator[int]:
    """The server in this process, on a free port."""
    _collect_seldom()
    app = create_app(world.database.settings, world.database, editor=False, anonymous=True)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="on", log_level="error", access_log=False))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


def _sent(port: int, media: str, file: bytes) -> None:
    http = HTTPConnection("127.0.0.1", port, timeout=600)
    http.request("POST", "/ingest/readings", file, {"content-type": media})
    answer = msgspec.json.decode(http.getresponse().read())
    if answer.get("recorded") != READINGS or "behind" in answer:
        raise RuntimeError(str(answer))


def _lines(first: int) -> bytes:
    return b"".join(
        b'{"kpi": "orders", "measured_at": "%s", "value": %d}\n' % (_moment(number), number)
        for number in range(first, first + READINGS)
    )


def _table(first: int) -> bytes:
    beyond = 10 * READINGS
    rows = (b"orders,%s,%d,\r\n" % (_moment(beyond + number), number) for number in range(first, first + READINGS))
    return b"kpi,measured_at,value,note\r\n" + b"".join(rows)


def _moment(number: int) -> bytes:
    return (OPENED + timedelta(seconds=number)).isoformat().encode()


def _copied(world: World) -> float:
    with world.database.connect() as conn:
        conn.execute("drop table if exists copied")
        conn.execute("create table copied (id uuid primary key, kpi uuid, measured_at timestamptz, value float8)")
        of = uuid4()

        def work() -> None:
            with conn.cursor().copy("copy copied from stdin") as copy:
                for number in range(READINGS):
                    copy.write_row((uuid4(), of, OPENED + timedelta(seconds=number), float(number)))

        return seconds(work, TIMES)


if __name__ == "__main__":
    main()
