"""The facts of a cycle: planning, commitment, edits, closing and carrying over."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from api.demo import checkins
from api.demo.checkins import Tracked
from api.demo.company import TEAMS
from api.demo.quarters.goals import Goal, Json, Plan, Result, Turn
from api.demo.seasons import Season, Window
from api.demo.story import fact, key, person, the

LEADS = {team: members[0] for team, _, _, members in TEAMS}
_CADENCE = {True: "MONTHLY", False: "WEEKLY"}


class Chapter:
    """A cycle and its goals. `before` is the chapter of the cycle from which some goals are carried."""

    def __init__(self, season: Season, goals: tuple[Goal, ...], before: "Chapter | None" = None) -> None:
        self.season = season
        self.goals = goals
        self.before = before

    def facts(self, opener: str, seed: int) -> Iterator[Json]:
        """All facts of the cycle."""
        yield from self._opening(opener)
        for goal in self.goals:
            yield from self._goal_facts(goal)
            yield from self._turns(goal.turns, "objective", self.season.ref(goal.key), partial(self.keeper, goal))
            yield from _plans(self.season, goal.plans, self.season.ref(goal.key))
            for ref, result in self.results(goal):
                yield from self._added(goal, ref, result)
            for ref, result in (*self.brought(goal), *self.results(goal)):
                yield from self._pursued(goal, ref, result, seed)
        yield from self._closing(opener)

    def keeper(self, goal: Goal, at: datetime) -> str:
        """The author of facts about an objective at a moment: its owner, else the lead of its team."""
        given = [str(turn.input["owner"]) for turn in goal.turns if "owner" in turn.input and self._at(turn) <= at]
        return given[-1] if given else goal.owner or LEADS[goal.team]

    def results(self, goal: Goal) -> Iterator[tuple[str, Result]]:
        """The key results of the table, with their names in the file."""
        for place, result in enumerate(goal.results, start=1):
            yield f"{self.season.ref(goal.key)}/kr{place}", result

    def brought(self, goal: Goal) -> Iterator[tuple[str, Result]]:
        """The key results that are carried with an objective, named as the importer does."""
        for place, result in enumerate(goal.brought):
            yield f"{self.season.ref(goal.key)}/{place}", result

    # ── opening and planning ─────────────────────────────────────────────────────────────────────

    def _opening(self, opener: str) -> Iterator[Json]:
        season = self.season
        values: Json = {
            "key": season.key,
            "name": season.name,
            "startsOn": season.starts_on.isoformat(),
            "endsOn": season.ends_on.isoformat(),
            "checkInCadence": _CADENCE[season.is_year],
        }
        values |= {"parent": key(season.parent)} if season.parent else {}
        yield fact(season.planning.at(0.0), opener, "openCycle", values, ref=season.key)
        yield fact(season.activated, opener, "activateCycle", {"cycle": key(season.key)})

    def drafted(self, goal: Goal) -> datetime:
        if goal.added is not None:
            return self.season.running.at(goal.added)
        return self.season.planning.at(0.06 + self._slot() * self.goals.index(goal))

    def committed(self, goal: Goal) -> datetime:
        """When the objective was committed to: with its cycle, or on its own."""
        if goal.carried:
            return self._review_before().at(self._carried_at(goal) + 0.02)
        return self.season.activated if goal.added is None else self.season.running.at(goal.added + 0.02)

    def _slot(self) -> float:
        """The share of the planning in which each goal is drafted."""
        return (self.season.drafting - 0.06) / len(self.goals)

    def _goal_facts(self, goal: Goal) -> Iterator[Json]:
        if goal.carried:
            yield from self._carried(goal)
        else:
            yield from self._drafted(goal)

    def _drafted(self, goal: Goal) -> Iterator[Json]:
        season = self.season
        values: Json = {
            "cycle": key(season.key),
            "title": goal.title,
            "kind": goal.kind,
            "team": the(f"team/{goal.team}"),
        }
        values |= {"owner": person(goal.owner)} if goal.owner else {}
        values |= {"description": goal.why} if goal.why else {}
        values |= {"contributors": [person(one) for one in goal.contributors]} if goal.contributors else {}
        values |= {"supports": [the(season.ref(one)) for one in goal.supports]} if goal.supports else {}
        at = self.drafted(goal)
        yield fact(at, self.keeper(goal, at), "draftObjective", values, ref=season.ref(goal.key))
        if goal.added is not None and not goal.draft:
            at = self.committed(goal)
            yield fact(at, self.keeper(goal, at), "commitObjective", self._reference(goal))

    def _reference(self, goal: Goal) -> Json:
        return {"objective": the(self.season.ref(goal.key))}

    def _carried(self, goal: Goal) -> Iterator[Json]:
        """The objective of the quarter before, carried into its new cycle, aligned there, and committed to."""
        review = self._review_before()
        share = self._carried_at(goal)
        values: Json = {"objective": the(self._old_ref(goal)), "into": key(self.season.key)}
        by = self.keeper(goal, review.at(share))
        yield fact(review.at(share), by, "carryObjective", values, ref=self.season.ref(goal.key))
        for place, above in enumerate(goal.supports, start=1):
            aligned = self._reference(goal) | {"to": the(self.season.ref(above))}
            yield fact(review.at(share + 0.005 * place), by, "alignObjective", aligned)
        yield fact(self.committed(goal), by, "commitObjective", self._reference(goal))

    def _old_ref(self, goal: Goal) -> str:
        assert self.before is not None
        assert goal.carried is not None
        return self.before.season.ref(goal.carried)

    def _review_before(self) -> Window:
        assert self.before is not None
        assert self.before.season.review is not None
        return self.before.season.review

    def _carried_at(self, goal: Goal) -> float:
        """The share of that quarter's review: after its goals are closed, before the cycle is closed."""
        return 0.74 + 0.04 * [one for one in self.goals if one.carried].index(goal)

    # ── key results ──────────────────────────────────────────────────────────────────────────────

    def _pursued(self, goal: Goal, ref: str, result: Result, seed: int) -> Iterator[Json]:
        tracked = self.tracked(goal, ref, result)
        yield from self._turns(result.turns, "keyResult", ref, tracked.owner_at)
        yield from _plans(self.season, result.plans, ref)
        if not goal.draft:
            yield from checkins.facts(tracked, seed)

    def _added_at(self, goal: Goal, result: Result, place: int) -> datetime:
        if result.added is not None:
            return self.season.running.at(result.added)
        if goal.added is not None:
            return self.season.running.at(goal.added + 0.003 * place)
        if goal.carried:
            return self.committed(goal)
        return self.season.planning.at(0.06 + self._slot() * (self.goals.index(goal) + 0.19 * place))

    def _added(self, goal: Goal, ref: str, result: Result) -> Iterator[Json]:
        values: Json = {"objective": the(ref.rpartition("/")[0]), "title": result.title, "metric": result.metric}
        values |= {"owner": person(result.owner)} if result.owner else {}
        values |= {"description": result.why} if result.why else {}
        values |= {"weight": result.weight} if result.weight != 1 else {}
        values |= {"due": self.season.day(result.due).isoformat()} if result.due else {}
        values |= {"plan": self._value("points", result.planned)} if result.planned else {}
        values |= {"kpi": key(result.kpi)} if result.kpi else {}
        at = self._added_at(goal, result, goal.results.index(result) + 1)
        yield fact(at, self.keeper(goal, at), "addKeyResult", values, ref=ref)

    def tracked(self, goal: Goal, ref: str, result: Result) -> Tracked:
        season, born = self.season, self._added_at(goal, result, 1)
        late = result.added is not None or goal.added is not None or goal.carried is not None
        return Tracked(
            season=season,
            goal=goal,
            result=result,
            ref=ref,
            keeper=partial(self.keeper, goal),
            since=max(born, self.committed(goal)),
            until=self._until(goal, result),
            born=season.elapsed(born) if late else 0.0,
        )

    def _until(self, goal: Goal, result: Result) -> datetime:
        """The end of the check-ins: when the key result ends, or when the review of the cycle begins."""
        ended = [turn for turn in result.turns if turn.do in ("dropKeyResult", "scoreKeyResult")]
        ended += [turn for turn in goal.turns if turn.do == "dropObjective"]
        ends = [self._at(turn) for turn in ended]
        return min([*ends, (self.season.review or self.season.running).at(0.0 if self.season.review else 1.0)])

    # ── turns ────────────────────────────────────────────────────────────────────────────────────

    def _at(self, turn: Turn) -> datetime:
        return self.season.at(turn.share, in_review=turn.in_review)

    def _turns(self, turns: Iterable[Turn], what: str, ref: str, keeper: Callable[[datetime], str]) -> Iterator[Json]:
        for turn in turns:
            at, values = self._at(turn), {what: the(ref)}
            values |= {name: self._value(name, value) for name, value in turn.input.items()}
            yield fact(at, turn.by or keeper(at), turn.do, values, reason=turn.reason)

    def _value(self, name: str, value: Any) -> Any:
        match name:
            case "owner":
                return person(value)
            case "contributors":
                return [person(one) for one in value]
            case "to" | "from":
                return the(self.season.ref(value))
            case "due":
                return self.season.day(value).isoformat()
            case "points":
                return [{"on": self.season.day(share).isoformat(), "value": planned} for share, planned in value]
            case _:
                return value

    # ── closing ──────────────────────────────────────────────────────────────────────────────────

    def _closing(self, opener: str) -> Iterator[Json]:
        if self.season.review is None:
            return
        ended = [goal for goal in self.goals if goal.ending]
        for place, goal in enumerate(ended):
            yield self._closed(goal, self.season.review.at(0.3 + 0.4 * place / len(ended)))
        values: Json = {"cycle": key(self.season.key)}
        values |= {"closeObjectives": True} if len(ended) < len(self.goals) else {}
        yield fact(self.season.review.at(0.97), opener, "closeCycle", values)

    def _closed(self, goal: Goal, at: datetime) -> Json:
        assert goal.ending is not None
        given = {"score": goal.ending.score, "reflection": goal.ending.reflection}
        values = self._reference(goal) | {name: value for name, value in given.items() if value is not None}
        return fact(at, self.keeper(goal, at), "closeObjective", values)


def _plans(season: Season, plans: Iterable[Plan], subject: str) -> Iterator[Json]:
    for number, plan in enumerate(plans, start=1):
        ref = f"{subject}/plan{number}"
        values: Json = {"title": plan.title, "subject": the(subject), "owner": person(plan.owner)}
        values |= {"due": season.day(plan.due).isoformat()} if plan.due else {}
        planned_at = max(plan.moves[0][0] - 0.04, 0.01) if plan.moves else 0.1
        yield fact(season.running.at(planned_at), plan.owner, "planInitiative", values, ref=ref)
        for share, state in plan.moves:
            yield fact(season.running.at(share), plan.owner, "moveInitiative", {"initiative": the(ref), "to": state})
