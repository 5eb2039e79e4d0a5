"""Whoever follows the log, or watches a film, is told what they see at the moment at which they are told it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from threading import Event
from typing import Any

import pytest

from api.execution.subscription_hub import SubscriptionHub
from api.schema.subscriptions import subscription
from api.schema.subscriptions.subscription import READ_AHEAD_MAX
from domain.commands.discussion_commands import AddComment
from domain.commands.people_commands import JoinTeam, LeaveTeam
from domain.commands.permissions import Role
from domain.primitives.values import Kind, Ref, Visibility
from tests.api.privacy.conftest import Asked, schema

CHANGES = "subscription ($after: Position) { changes(after: $after) { __typename position reason } }"
FILM = """
    subscription { replay(cycle: {key: "2026-q1"}, every: CHANGE, framesPerSecond: 60) {
        objectives progress { explain { label } } changes { position }
    } }
"""
FRAMES = '{ replay(cycle: {key: "2026-q1"}, every: CHANGE) { frames { objectives } } }'
Next = Callable[[], Awaitable[Any]]


class Stage:
    """A company whose subscribers are told at once when something happens."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.to = asked.small
        self.hub = SubscriptionHub(4, 100)
        self.hub.open()
        self.notify()

    def notify(self) -> None:
        self.hub.notify(self.asked.world.catch_up())

    def show(self, visibility: Visibility) -> None:
        self.to.show(visibility)
        self.notify()

    def comment(self, on: str, body: str = "…") -> int:
        position = self.to.record("_", AddComment(subject=Ref(Kind.OBJECTIVE, self.to[on]), body=body))
        self.notify()
        return position

    @asynccontextmanager
    async def following(self, name: str, query: str, *roles: Role, **variables: Any) -> AsyncIterator[Next]:
        """Whoever subscribes; each call gives the next answer."""
        context = replace(self.asked.context(name, *roles), hub=self.hub, answer_timeout_s=60)
        results = await schema.stream(query, variables, context)

        async def following() -> Any:
            result: Any = await asyncio.wait_for(anext(results), 60)
            assert not result.errors, result.errors
            return result.data

        try:
            yield following
        finally:
            await results.aclose()


def played(asked: Asked, scene: Callable[[Stage], Awaitable[None]]) -> None:
    async def play() -> None:
        await scene(Stage(asked))

    asyncio.run(play())


async def told(following: Next, count: int) -> list[str]:
    """The kinds of so many changes."""
    return [(await following())["changes"]["__typename"] for _ in range(count)]


def test_nobody_else_is_told_of_it(asked: Asked) -> None:
    async def scene(stage: Stage) -> None:
        async with (
            stage.following("moe", CHANGES, after=0) as moe,
            stage.following("ann", CHANGES, Role.ADMIN, after=0) as ann,
        ):
            assert "ObjectiveDrafted" not in await told(moe, 7)
            assert "ObjectiveDrafted" in await told(ann, 9)
            stage.comment("hush")
            stage.to.draft("open", Visibility.WORKSPACE)
            stage.notify()
            assert await told(moe, 1) == ["ObjectiveDrafted"]
            assert await told(ann, 2) == ["CommentAdded", "ObjectiveDrafted"]

    asked.small.ids["ann"] = asked.small["tom"]
    played(asked, scene)


def test_what_is_found_and_hidden_before_it_is_told_is_not_told(asked: Asked) -> None:
    """Changes are found a page at a time, and wait for their reader."""

    async def scene(stage: Stage) -> None:
        stage.show(Visibility.WORKSPACE)
        first = stage.comment("hush") - 1
        for _ in range(5):
            stage.comment("hush")
        async with stage.following("moe", CHANGES, after=first) as moe:
            assert await told(moe, 2) == ["CommentAdded"] * 2
            stage.show(Visibility.TEAM)
            stage.to.draft("open", Visibility.WORKSPACE)
            stage.notify()
            assert await told(moe, 1) == ["ObjectiveDrafted"]

    assert READ_AHEAD_MAX > 6
    played(asked, scene)


def test_who_leaves_the_team_hears_no_more_of_it_and_who_comes_hears_of_it_from_then_on(asked: Asked) -> None:
    async def scene(stage: Stage) -> None:
        to = stage.to
        async with stage.following("mia", CHANGES) as mia:
            stage.comment("hush")
            to.record("_", JoinTeam(team=to["alpha"], person=to["mia"]))
            stage.notify()
            heard = await told(mia, 1)
            stage.comment("hush")
            heard += await told(mia, 1)
            to.record("_", LeaveTeam(team=to["alpha"], person=to["mia"]))
            stage.notify()
            heard += await told(mia, 1)
            stage.comment("hush")
            stage.to.draft("open", Visibility.WORKSPACE)
            stage.notify()
            heard += await told(mia, 1)
        assert [kind for kind in heard if kind != "CommentAdded"] == ["TeamJoined", "TeamLeft", "ObjectiveDrafted"]

    played(asked, scene)


def test_what_is_shown_while_a_page_is_found_is_told_with_what_shows_it(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, shown = subscription._page, Event()

    async def scene(stage: Stage) -> None:
        def page(*args: Any) -> Any:
            if not shown.is_set():
                stage.show(Visibility.WORKSPACE)
                shown.set()
            return found(*args)

        async with stage.following("moe", CHANGES) as moe:
            hear = asyncio.create_task(told(moe, 2))
            await asyncio.sleep(0)
            monkeypatch.setattr(subscription, "_page", page)
            stage.comment("hush")
            assert await asyncio.to_thread(shown.wait, 60)
            stage.comment("hush")
            assert await hear == ["ObjectiveVisibilitySet", "CommentAdded"]

    played(asked, scene)


def test_what_is_found_for_one_is_not_told_to_another(asked: Asked) -> None:
    """Subscribers who wait at the same place share what is read there, if they see the same."""

    async def scene(stage: Stage) -> None:
        to = stage.to
        to.record("_", JoinTeam(team=to["alpha"], person=to["mia"]))
        stage.notify()
        async with (
            stage.following("moe", CHANGES) as moe,
            stage.following("mia", CHANGES) as mia,
            stage.following("machine", CHANGES, Role.AUDITOR) as auditor,
        ):
            hear = [asyncio.create_task(told(one, count)) for one, count in ((moe, 1), (mia, 2), (auditor, 2))]
            stage.comment("hush")
            stage.to.draft("open", Visibility.WORKSPACE)
            stage.notify()
            assert await asyncio.gather(*hear) == [
                ["ObjectiveDrafted"],
                ["CommentAdded", "ObjectiveDrafted"],
                ["CommentAdded", "ObjectiveDrafted"],
            ]

    played(asked, scene)


def test_a_film_goes_on_without_what_is_hidden_meanwhile(asked: Asked) -> None:
    async def scene(stage: Stage) -> None:
        stage.to.draft("open", Visibility.WORKSPACE)
        stage.show(Visibility.WORKSPACE)
        assert max(frame["objectives"] for frame in asked.ask("moe", FRAMES)["replay"]["frames"]) == 2
        async with stage.following("moe", FILM) as moe:
            assert (await moe())["replay"]["objectives"] == 0
            stage.show(Visibility.TEAM)
            try:
                while True:
                    frame = (await moe())["replay"]
                    assert "hush" not in str(frame)
                    assert frame["objectives"] <= 1
            except StopAsyncIteration:
                pass

    played(asked, scene)
