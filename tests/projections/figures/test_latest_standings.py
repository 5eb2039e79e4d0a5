"""The standings that a few statements find at one basis equal those computed from the histories of the measurements."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.primitives.values import Kind
from projections.figures import latest_standings
from projections.store import basis as bases
from projections.tables import key_result
from tests.projections import folded_rows
from tests.projections.figures import from_histories
from tests.projections.history.examples import few
from tests.properties.histories import History, moments
from tests.world import Worlds

pytestmark = [pytest.mark.long, pytest.mark.no_cover]


@few(5)
@given(seed=st.integers(0, 2**32))
def test_standings_at_a_basis_equal_those_computed_from_histories(worlds: Worlds, seed: int) -> None:
    chance = Random(seed)
    with worlds() as world:
        History(world.keyframe, chance).live(200)
        log = world.log.entries(0, world.catch_up())
        effective, recorded = [entry.effective_at for entry in log], [entry.recorded_at for entry in log]
        asked = [bases.now(world.conn), *(bases.at_time(world.conn, at) for at in moments(effective, chance, 4))]
        for at, known in zip(moments(effective, chance, 4), moments(recorded, chance, 4), strict=True):
            asked.append(bases.at_time(world.conn, at, known))
        for basis in asked:
            ids = list(folded_rows.State(log, basis).of(Kind.KEY_RESULT))
            rows = list(key_result.key_results(world.conn, basis, ids).values())
            contexts = latest_standings.read_contexts(world.conn, basis, rows)
            found = latest_standings.standings(world.conn, basis, contexts)
            expected = from_histories.standings(world.conn, basis, ids)
            assert dict(zip([row.id for row in rows], found, strict=True)) == expected
