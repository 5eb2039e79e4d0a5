"""Verifying the whole log, with checkpoints, against a bare copy of the same rows to the client.

Run: python -m benchmarks.verifying
"""

from benchmarks.company import goals, kpi, readings, write
from benchmarks.measuring import World, report, seconds, worlds
from domain.log import raw
from domain.proof.signed_note import Signer
from projections.proof import merkle_tree, signer
from projections.proof.signer import Keys
from projections.proof.verification import verify

READINGS = 200_000
CHECKPOINT_EVENTS = 1_000
TIMES = 3


def main() -> None:
    keys = Keys(Signer.new("keyframe/benchmark"))
    with worlds() as new:
        world = new()
        defined = kpi("orders")
        write(world.log, goals(500, 4, 10))
        write(world.log, iter([defined]))
        write(world.log, readings(defined.originator_id, READINGS))
        events = _signed(world, keys)
        with world.database.connect() as conn:
            verified = seconds(lambda: verify(conn, keys.verifiers), TIMES)
            copied = seconds(lambda: sum(1 for _ in raw.copied(conn)), TIMES)
            proven = seconds(lambda: merkle_tree.Tree(conn, events).inclusion(events // 3), TIMES)
        figures = f"{events / verified:,.0f} events/s, copying {events / copied:,.0f} events/s, {events:,} events"
        report(
            "verifying the log / a bare copy of it",
            verified / copied,
            "100,000/s",
            f"{figures}; a proof {proven * 1000:.1f} ms",
        )


def _signed(world: World, keys: Keys) -> int:
    """Catch up, and sign a checkpoint after every thousandth event; the number of events."""
    events = world.catch_up()
    with world.database.connect() as conn:
        for size in range(CHECKPOINT_EVENTS, events, CHECKPOINT_EVENTS):
            signer.keep(conn, size, keys)
    return events


if __name__ == "__main__":
    main()
