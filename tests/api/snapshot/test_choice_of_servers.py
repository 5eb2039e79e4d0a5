"""Which server answers a reader: the rules, without servers (docs/adr/0055)."""

from datetime import UTC, datetime
from math import inf
from time import monotonic
from typing import Any

import psycopg
import pytest

from api.snapshot import standbys as choice
from api.snapshot.primary_watch import PrimaryState
from api.snapshot.server_state import ServerState
from api.snapshot.sources import PRIMARY, Route, Source, StandbyBehind
from api.snapshot.standby import Standby, unfit
from api.snapshot.standbys import Standbys
from domain.log.event_store import Log

AT = datetime(2026, 1, 1, tzinfo=UTC)
SALT = b"salt"


def source(name: str) -> Source:
    nothing: Any = None
    return Source(name, nothing, None, Log(nothing))


def state(position: int, concealed: int = 0, *, head: int | None = None) -> ServerState:
    return ServerState(True, AT, SALT, position, True, position if head is None else head, concealed)  # noqa: FBT003


class Watch:
    """A primary that is seen in a given state."""

    def __init__(self) -> None:
        self.on_tick: Any = int
        self.last = PrimaryState(100, 100, 0, 0, is_away=False)

    def look(self) -> PrimaryState:
        return self.last

    def set(self, **changes: Any) -> None:
        self.last = self.last._replace(**changes)


class Servers:
    """A primary at position 100 and standbys at given positions."""

    def __init__(self, **positions: int) -> None:
        self.watch = Watch()
        watch: Any = self.watch
        self.standbys = {name: self._standby(name, position) for name, position in positions.items()}
        self.notified: list[int] = []
        self.choice = Standbys(source(PRIMARY), watch, list(self.standbys.values()), self.notified.append)

    def _standby(self, name: str, position: int) -> Standby:
        nothing: Any = None
        made = Standby(name, nothing, "goals", lambda: SALT)
        made.source, made.state, made.fault, made._seen_at = source(name), state(position), None, inf
        return made

    def route(self, actor: str = "ada") -> Route:
        return Route(self.choice, actor)

    def chosen(self, route: Route | None = None) -> str:
        return (route or self.route()).choose().source.name


def test_standby_with_the_wanted_position_is_chosen() -> None:
    servers = Servers(one=99)
    assert servers.chosen() == "one"
    servers.choice.note_command("ada", 100)
    assert servers.chosen() == PRIMARY
    assert servers.chosen(servers.route("bob")) == "one"


def test_standby_needs_the_last_concealing_event() -> None:
    servers = Servers(one=98, two=99)
    servers.watch.set(concealed=99)
    assert {servers.chosen(servers.route(actor)) for actor in "abcdef"} == {"two"}
    servers.watch.set(concealed=100)
    assert servers.chosen() == PRIMARY


def test_last_known_concealing_event_holds_while_the_primary_is_away() -> None:
    servers = Servers(one=99)
    servers.watch.set(is_away=True, concealed=99)
    assert servers.chosen() == "one"
    servers.watch.set(concealed=100)
    with pytest.raises(psycopg.OperationalError, match="no standby has position 100, and the primary"):
        servers.chosen()


def test_concealing_event_in_the_log_of_any_standby_holds_for_all() -> None:
    servers = Servers(one=99, two=98)
    servers.watch.set(is_away=True)
    servers.standbys["two"].state = state(98, concealed=100, head=100)
    with pytest.raises(psycopg.OperationalError):
        servers.chosen()


def test_lag_counts_only_while_the_primary_is_seen() -> None:
    servers = Servers(one=90)
    servers.watch.set(position_before=95)
    assert servers.chosen() == PRIMARY
    servers.watch.set(is_away=True)
    assert servers.chosen() == "one"


def test_event_that_the_primary_lost_is_not_waited_for() -> None:
    servers = Servers(one=100)
    servers.choice.note_command("ada", 103)
    assert servers.chosen() == "one"


def test_caller_of_a_command_in_doubt_reads_all_that_the_primary_has() -> None:
    servers = Servers(one=99)
    servers.choice.note_command("ada", None)
    servers.watch.set(is_away=True)
    with pytest.raises(psycopg.OperationalError):
        servers.chosen()
    servers.watch.set(is_away=False)
    assert servers.chosen() == PRIMARY
    servers.standbys["one"].state = state(100)
    assert servers.chosen() == "one"
    servers.watch.set(head=200, position=200)
    assert servers.chosen() == "one"


def test_forgotten_callers_want_the_position_of_the_latest_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "ACTORS_MAX", 2)
    servers = Servers(one=99)
    for actor, position in (("ada", 100), ("bob", 1), ("cyd", 1)):
        servers.choice.note_command(actor, position)
    assert servers.choice.wanted("ada") == servers.choice.wanted("new") == 100
    assert servers.choice.wanted("bob") == 1


def test_request_stays_with_its_server_and_reads_no_earlier_present() -> None:
    servers = Servers(one=100, two=100)
    route = servers.route()
    first = route.choose()
    first.check(99)
    assert {servers.chosen(route) for _ in range(5)} == {first.source.name}
    other = next(name for name in servers.standbys if name != first.source.name)
    servers.standbys[first.source.name].state = state(98)
    assert servers.chosen(route.next()) == other


def test_standby_at_an_earlier_position_than_expected_is_not_read() -> None:
    servers = Servers(one=100)
    route = servers.route()
    route.want(100)
    with pytest.raises(StandbyBehind, match="one is at position 99, and not at 100"):
        route.choose().check(99)


def test_failed_standby_is_avoided_by_the_request_and_left_aside_if_it_was_lost() -> None:
    servers = Servers(one=100)
    conflict, route = psycopg.errors.SerializationFailure("conflict with recovery"), servers.route()
    route.fail(route.choose().source, conflict)
    assert route.may_retry()
    assert servers.chosen(route) == PRIMARY
    assert servers.chosen() == "one"
    lost = servers.route()
    lost.fail(lost.choose().source, psycopg.OperationalError("server closed the connection"))
    assert servers.chosen() == PRIMARY


def test_slow_query_is_not_repeated() -> None:
    servers = Servers(one=100)
    route = servers.route()
    route.fail(route.choose().source, psycopg.errors.QueryCanceled("statement timeout"))
    assert not route.may_retry()


def test_subscriptions_are_woken_when_a_standby_has_the_position_or_after_a_while() -> None:
    servers = Servers(one=100)
    servers.choice.moved(101)
    assert servers.notified == []
    servers.choice.arrived(101)
    servers.choice.tick()
    assert servers.notified == [101]
    servers.choice.moved(102)
    servers.choice._reached_at = monotonic() - 1
    servers.choice.tick()
    servers.choice.arrived(102)
    assert servers.notified == [101, 102]
    servers.choice.moved(99)  # the projections are earlier after a crash
    assert servers.notified == [101, 102, 99]


def test_server_that_cannot_be_read_says_why() -> None:
    assert unfit(state(1), SALT) is None
    assert unfit(state(1), None) is None
    assert unfit(state(1)._replace(is_standby=False), SALT) == "It is no standby, but accepts writes."
    assert unfit(state(1), b"other") == "It has another workspace than the primary."
    found = unfit(state(1)._replace(is_current=False), SALT)
    assert found == "Its projections were built by another version of Keyframe."
