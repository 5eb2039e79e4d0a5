"""The changes subscription: it sends the changes that pass its filter, each read at the state right after it."""

from datetime import date
from typing import Any

import pytest

from api.schema.subscriptions import subscription
from domain.commands.command import Command
from domain.commands.cycle_commands import OpenCycle
from domain.commands.kpi_commands import RedefineKpi
from domain.commands.people_commands import FormTeam
from tests.api.schema.subscriptions.clients import CHANGES, PROTOCOLS, code, over_websocket, positions
from tests.api.schema.subscriptions.conftest import KPI, Serve, Workspace, until

NAMES = """subscription ($after: Position, $filter: ChangeFilter) {
  changes(after: $after, filter: $filter) {
    __typename
    position
    subject { id ... on Kpi { name version latest { value } } }
    ... on KpiRedefined { beforeName afterName }
  }
}"""


def rename(workspace: Workspace, name: str) -> int:
    return workspace.execute(RedefineKpi(kpi=KPI, name=name, reason="It is called so."))


def test_each_change_is_read_at_the_state_right_after_it(workspace: Workspace, serve: Serve) -> None:
    expected = [(rename(workspace, name), name) for name in ("Fans", "Friends", "Lovers")]
    with serve() as server, over_websocket(server.port, NAMES, after=1, filter={"types": ["KpiRedefined"]}) as results:
        until(lambda: server.position == workspace.head)
        expected.append((rename(workspace, "Spouses"), "Spouses"))
        found = [next(results)["data"]["changes"] for _ in expected]
    assert [(one["position"], one["subject"]["name"], one["subject"]["version"]) for one in found] == [
        (position, name, number) for number, (position, name) in enumerate(expected, 2)
    ]
    assert [one["beforeName"] for one in found] == ["Promoters", "Fans", "Friends", "Lovers"]
    assert [one["afterName"] for one in found] == [name for _, name in expected]
    assert len({one["subject"]["id"] for one in found}) == 1, "all have one subject, named by its present id"


def test_change_shows_the_value_known_at_its_position(workspace: Workspace, serve: Serve) -> None:
    first, last = workspace.head, workspace.write(3)
    rename(workspace, "Fans")
    with serve() as server, over_websocket(server.port, NAMES, after=0) as results:
        found = [next(results)["data"]["changes"] for _ in range(workspace.head)]
    values = {one["position"]: one["subject"]["latest"] for one in found}
    assert values[first] is None
    assert [values[position] for position in range(first + 1, last + 2)] == [{"value": 1.0}] * 4
    assert [one["subject"]["name"] for one in found] == ["Promoters"] * last + ["Fans"]


def test_changes_outside_the_filter_are_skipped(workspace: Workspace, serve: Serve) -> None:
    workspace.write(250)
    first = rename(workspace, "Fans")
    workspace.write(250)
    with serve() as server:
        with over_websocket(server.port, CHANGES, after=0, filter={"types": ["KpiRedefined"]}) as results:
            assert positions(results, first) == [first]
            workspace.write(250)
            second = rename(workspace, "Friends")
            assert positions(results, second) == [second]
        with over_websocket(server.port, CHANGES, after=first, filter={"types": ["KpiRedefined"]}) as results:
            assert positions(results, second) == [second]


@pytest.mark.parametrize(
    ("filter", "command"),
    [
        ({"cycle": {"key": "2027"}}, OpenCycle("2027", "2027", date(2027, 1, 1), date(2027, 12, 31))),
        ({"team": {"key": "apps"}}, FormTeam("apps", "Apps")),
    ],
)
def test_filter_may_name_a_key_that_is_created_later(
    workspace: Workspace, serve: Serve, filter: dict[str, Any], command: Command
) -> None:
    with serve() as server, over_websocket(server.port, CHANGES, after=0, filter=filter) as results:
        workspace.write(3)
        until(lambda: server.position == workspace.head)
        position = workspace.execute(command)
        workspace.write(3)
        assert positions(results, position) == [position]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_failing_change_ends_the_stream_and_is_not_skipped(
    workspace: Workspace, serve: Serve, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = workspace.write(10)
    original = subscription._change_at

    def fail(row: Any, context: Any) -> Any:
        if row.position == 5:
            raise RuntimeError
        return original(row, context)

    with serve() as server:
        with monkeypatch.context() as broken:
            broken.setattr(subscription, "_change_at", fail)
            with PROTOCOLS[protocol](server.port, CHANGES, after=0) as results:
                assert positions(results, 4) == [1, 2, 3, 4]
                assert [code(result) for result in results] == ["INTERNAL_SERVER_ERROR"]
        with PROTOCOLS[protocol](server.port, CHANGES, after=4) as results:
            assert positions(results, last) == list(range(5, last + 1))
