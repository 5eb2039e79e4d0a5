"""The digests of the projections hold after every batch, a restart and a rebuild, whatever was erased, hidden or
corrected."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.engine import view_checker
from projections.engine.projector import Projector
from projections.engine.rebuild import create, rebuild, verify_views
from projections.store.versioned_tables import Connection
from tests.properties import histories
from tests.properties.conftest import World, Worlds
from tests.properties.histories import History

pytestmark = [pytest.mark.long, pytest.mark.no_cover]

laws = settings.get_profile("laws")


def stored(conn: Connection) -> list[object]:
    return conn.execute("select name, block, rows, digest from view_digest order by 1, 2").fetchall()


def is_intact(world: World, conn: Connection) -> bool:
    """Whether no check finds a difference: the running one, that of all digests, and the comparison with the log."""
    name = world.database.settings.workspace
    view_checker.check_block(conn, 0)
    found = verify_views(world.log, world.database.connect, workspace=name)
    return (view_checker.alarms(conn), view_checker.check_all(conn)) == ([], []) and not (found and found.tables)


@laws
@given(chance=st.randoms(use_true_random=True))
def test_digests_never_raise_a_false_alarm(worlds: Worlds, chance: Random, monkeypatch: pytest.MonkeyPatch) -> None:
    rare = {"erasePerson": 3, "setObjectiveVisibility": 4, "retractReading": 3}
    monkeypatch.setattr(histories, "WEIGHTS", histories.WEIGHTS | rare)
    with worlds() as world, world.database.connect() as conn:
        name = world.database.settings.workspace
        create(conn, name)

        def look(*_: object) -> None:
            if chance.random() < 0.2:
                Projector(world.log, world.database.connect, chance.choice([1, 3, 40]), name).catch_up()
                assert view_checker.check_all(conn) == []

        History(world.keyframe, chance).live(120, after=look)
        Projector(world.log, world.database.connect, 500, name).catch_up()
        assert is_intact(world, conn)
        grown = stored(conn)
        rebuild(world.log, world.database.connect, workspace=name, batch_size=chance.choice([1, 7, 500]))
        assert stored(conn) == grown
        assert is_intact(world, conn)
