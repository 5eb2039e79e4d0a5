"""The state of a key result before a check-in: what one statement finds is what its whole history gives."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from domain.model.measurements.check_in import KeyResultCheckedIn
from projections.history import effects
from projections.store.versioned_tables import Window
from projections.tables import changes
from projections.tables.changes import ChangeFilter
from tests.projections.history.examples import few
from tests.properties.histories import History
from tests.world import Worlds

CHECK_INS = ChangeFilter(topics=(KeyResultCheckedIn.TOPIC,))


@few(4)
@given(seed=st.integers(0, 2**32))
def test_state_before_a_check_in_equals_that_of_the_whole_history(worlds: Worlds, seed: int) -> None:
    with worlds() as world:
        History(world.keyframe, Random(seed)).live(300)
        world.catch_up()
        rows = changes.page(world.conn, world.now, CHECK_INS, Window(10_000))
        found = effects.states_before(world.conn, rows)
        assert found == effects._states_from_histories(world.conn, rows)
        assert found.keys() == {row.position for row in rows}


def test_states_before_no_check_ins_are_none(worlds: Worlds) -> None:
    with worlds() as world:
        assert effects.states_before(world.conn, []) == {}
