"""Subscriptions to changes and replays send only what the subscriber sees at the time of sending."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from threading import Event
from typing import Any

import pytest
from msgspec.structs import replace

from api.execution.subscription_hub import SubscriptionHub
from api.schema.schema import schema
from api.schema.subscriptions import subscription
from api.schema.subscriptions.subscription import READ_AHEAD_MAX
from domain.commands.discussion_commands import AddComment
from domain.commands.key_result_commands import AddKeyResult
from domain.commands.objective_commands import CommitObjective
from domain.commands.people_commands import JoinTeam, LeaveTeam
from domain.commands.permissions import Role
from domain.primitives.values import Kind, Ref, Visibility
from tests.api.privacy.conftest import Asked
from tests.api.privacy.small_company import RISE

CHANGES = "subscription ($after: Position) { changes(after: $after) { __typename position reason } }"
REPLAY = """
    subscription { replay(cycle: {key: "2026-q1"}, every: CHANGE, framesPerSecond: 60) {
        objectives progress { explain { label } } changes { position }
    } }
"""
FRAMES = '{ replay(cycle: {key: "2026-q1"}, every: CHANGE) { frames { objectives } } }'
Next = Callable[[], Awaitable[Any]]


class Stage:
    """A company that notifies its subscribers immediately."""

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

    def comment(self, on: str) -> int:
        position = self.to.record("_", AddComment(subject=Ref(Kind.OBJECTIVE, self.to[on]), body="…"))
        self.notify()
        return position

    @asynccontextmanager
    async def following(self, name: str, query: str, *roles: Role, **variables: Any) -> AsyncIterator[Next]:
        """Subscribe as a caller; each call returns the next result."""
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


def run_scene(asked: Asked, scene: Callable[[Stage], Awaitable[None]]) -> None:
    async def play() -> None:
        await scene(Stage(asked))

    asyncio.run(play())


async def next_kinds(following: Next, count: int) -> list[str]:
    """The types of the next `count` changes."""
    return [(await following())["changes"]["__typename"] for _ in range(count)]


def test_outsider_receives_no_hidden_changes(asked: Asked) -> None:
    async def scene(stage: Stage) -> None:
        async with (
            stage.following("moe", CHANGES, after=0) as moe,
            stage.following("ann", CHANGES, Role.ADMIN, after=0) as ann,
        ):
            assert "ObjectiveDrafted" not in await next_kinds(moe, 7)
            assert "ObjectiveDrafted" in await next_kinds(ann, 9)
            stage.comment("hush")
            stage.to.draft("open", Visibility.WORKSPACE)
            stage.notify()
            assert await next_kinds(moe, 1) == ["ObjectiveDrafted"]
            assert await next_kinds(ann, 2) == ["CommentAdded", "ObjectiveDrafted"]

    asked.small.ids["ann"] = asked.small["tom"]
    run_scene(asked, scene)


def test_change_hidden_after_it_was_read_ahead_is_not_sent(asked: Asked) -> None:
    """Changes are read ahead in pages and wait for their subscriber."""

    async def scene(stage: Stage) -> None:
        stage.show(Visibility.WORKSPACE)
        first = stage.comment("hush") - 1
        for _ in range(5):
            stage.comment("hush")
        async with stage.following("moe", CHANGES, after=first) as moe:
            assert await next_kinds(moe, 2) == ["CommentAdded"] * 2
            stage.show(Visibility.TEAM)
            stage.to.draft("open", Visibility.WORKSPACE)
            stage.notify()
            assert await next_kinds(moe, 1) == ["ObjectiveDrafted"]

    assert READ_AHEAD_MAX > 6
    run_scene(asked, scene)


def test_membership_changes_take_effect_in_a_running_subscription(asked: Asked) -> None:
    async def scene(stage: Stage) -> None:
        to = stage.to
        async with stage.following("mia", CHANGES) as mia:
            stage.comment("hush")
            to.record("_", JoinTeam(team=to["alpha"], person=to["mia"]))
            stage.notify()
            received = await next_kinds(mia, 1)
            stage.comment("hush")
            received += await next_kinds(mia, 1)
            to.record("_", LeaveTeam(team=to["alpha"], person=to["mia"]))
            stage.notify()
            received += await next_kinds(mia, 1)
            stage.comment("hush")
            stage.to.draft("open", Visibility.WORKSPACE)
            stage.notify()
            received += await next_kinds(mia, 1)
        assert [kind for kind in received if kind != "CommentAdded"] == ["TeamJoined", "TeamLeft", "ObjectiveDrafted"]

    run_scene(asked, scene)


def test_goal_shown_during_a_page_read_is_sent_with_the_visibility_change(
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
            receiving = asyncio.create_task(next_kinds(moe, 2))
            await asyncio.sleep(0)
            monkeypatch.setattr(subscription, "_page", page)
            stage.comment("hush")
            assert await asyncio.to_thread(shown.wait, 60)
            stage.comment("hush")
            assert await receiving == ["ObjectiveVisibilitySet", "CommentAdded"]

    run_scene(asked, scene)


def test_shared_page_reads_respect_each_subscribers_visibility(asked: Asked) -> None:
    """Subscribers at the same position share a page read if their visibility is the same."""

    async def scene(stage: Stage) -> None:
        to = stage.to
        to.record("_", JoinTeam(team=to["alpha"], person=to["mia"]))
        stage.notify()
        async with (
            stage.following("moe", CHANGES) as moe,
            stage.following("mia", CHANGES) as mia,
            stage.following("machine", CHANGES, Role.AUDITOR) as auditor,
        ):
            receiving = [
                asyncio.create_task(next_kinds(one, count)) for one, count in ((moe, 1), (mia, 2), (auditor, 2))
            ]
            stage.comment("hush")
            stage.to.draft("open", Visibility.WORKSPACE)
            stage.notify()
            assert await asyncio.gather(*receiving) == [
                ["ObjectiveDrafted"],
                ["CommentAdded", "ObjectiveDrafted"],
                ["CommentAdded", "ObjectiveDrafted"],
            ]

    run_scene(asked, scene)


def test_replay_continues_without_goals_hidden_meanwhile(asked: Asked) -> None:
    async def scene(stage: Stage) -> None:
        stage.to.draft("open", Visibility.WORKSPACE)
        stage.to.record("_", AddKeyResult(objective=stage.to["open"], title="Open result", metric=RISE))
        stage.show(Visibility.WORKSPACE)
        for name in ("open", "hush"):
            stage.to.record("_", CommitObjective(objective=stage.to[name]))
        assert max(frame["objectives"] for frame in asked.ask("moe", FRAMES)["replay"]["frames"]) == 2
        async with stage.following("moe", REPLAY) as moe:
            assert (await moe())["replay"]["objectives"] == 0
            stage.show(Visibility.TEAM)
            try:
                while True:
                    frame = (await moe())["replay"]
                    assert "hush" not in str(frame)
                    assert frame["objectives"] <= 1
            except StopAsyncIteration:
                pass

    run_scene(asked, scene)
