"""Callers of a workspace with a random history, some objectives of which are hidden from members, and their answers."""

from math import inf
from random import Random
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from api.execution.context import Bounds, Caller, Context, Moment, RequestStats
from api.execution.writer import Writer
from api.schema.schema import schema
from domain.commands.permissions import Role
from projections.engine import visibility
from projections.engine.projector import Projector
from projections.engine.rebuild import create
from tests.properties.conftest import World
from tests.properties.histories import History
from tests.properties.test_kept_answer_laws import hide_some


class Asker:
    """Has the history live for so many commands. `chance` draws what is hidden, and what is asked."""

    def __init__(self, world: World, chance: Random, history: History, commands: int) -> None:
        self.chance = chance
        self.world = world
        name = world.database.settings.workspace
        with world.database.connect() as conn:
            create(conn, name)
        history.live(commands)
        hide_some(world, history, chance)
        projector = Projector(world.log, world.database.connect, 500, name)
        projector.catch_up()
        pools = {"pool": world.database.pool(), "filtered": world.database.pool(filtered=True)}
        self._given: dict[str, Any] = {
            "log": world.log,
            "writer": Writer(world.log, projector, 1.0),
            "workspace": name,
            "bounds": Bounds(cost_max=inf),
            **pools,
        }
        with world.database.connect() as conn:
            self._basis, self._hidden = visibility.present_and_hidden(conn, None)

    def caller(self, role: Role) -> Context:
        """The context of a caller whose present is fixed."""
        hidden = visibility.NOTHING if role is Role.ADMIN else self._hidden
        return replace(self.caller_now(role), moment=Moment(self._basis, hidden, inf))

    def caller_now(self, role: Role) -> Context:
        """The context of a caller whose present has to be read."""
        return Context(Caller("robot", frozenset({role})), **self._given)


def answer(document: str, variables: dict[str, Any], context: Context, executor: type[Any]) -> tuple[bytes, list[Any]]:
    """The bytes of the data, and the errors in their order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "execution_context_class", executor)
        result = schema.execute_sync(document, variables, replace(context, stats=RequestStats()))
    return orjson.dumps(result.data), [error.formatted for error in result.errors or ()]
