"""The changes subscription of what alters the attention of a scope."""

from datetime import date
from typing import Any

from domain.commands.command import CycleBy
from domain.commands.cycle_commands import OpenCycle
from domain.commands.objective_commands import DraftObjective
from tests.api.schema.subscriptions.clients import over_websocket, positions
from tests.api.schema.subscriptions.conftest import Serve, Workspace

FOLLOWED = """subscription ($after: Position, $filter: ChangeFilter, $attention: AttentionScope) {
    changes(after: $after, filter: $filter, attention: $attention) { position } }"""


def test_only_changes_that_alter_the_attention_of_a_scope_are_delivered(workspace: Workspace, serve: Serve) -> None:
    workspace.execute(OpenCycle("2030", "2030", date(2030, 1, 1), date(2030, 12, 31)))
    by = CycleBy(key="2030")
    scope: Any = {"cycle": {"key": "2030"}}
    first = workspace.execute(DraftObjective(cycle=by, title="Win the hearts"))
    workspace.write(45)
    with serve() as server, over_websocket(server.port, FOLLOWED, after=0, attention=scope) as results:
        assert positions(results, first) == [first]
        workspace.write(30)
        second = workspace.execute(DraftObjective(cycle=by, title="Win the minds"))
        assert positions(results, second) == [second]
