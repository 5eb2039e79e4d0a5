"""Payloads of mutations over HTTP: changes, the entity right after the command, problems and repetition."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.commands.registry import VERBS
from tests.api.conftest import Api

CHANGES = "position changes { __typename position reason actor { handle source } }"


# ── every mutation ────────────────────────────────────────────────────────────────────────────────


class Story:
    """Sends one command after the other; each payload holds its entity with the selected fields."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.executed: set[str] = set()
        self.position = 0

    def send(self, verb: str, input: dict[str, Any], selection: str) -> Any:
        payload = self.api.do(verb, input, f"{CHANGES} behind {selection}")
        assert payload["changes"], verb
        assert payload["position"] == payload["changes"][-1]["position"] > self.position
        assert payload["behind"] == 0
        self.position = payload["position"]
        self.executed.add(verb)
        return next(iter(payload[name] for name in payload if name in selection and name != "position"))


WHY = "it is better so"
AT = "2026-01-01T00:00:00Z"


def test_every_mutation_returns_its_entity(api: Api) -> None:
    story = Story(api)
    ada, ben, sales = people_commands(story)
    objective, other = objective_commands(story, ada, ben, sales)
    key_result, check_in = key_result_commands(story, objective, other, ben)
    kpi_commands(story, key_result)
    discussion_commands(story, key_result, check_in)
    closing_commands(story, objective, other, key_result)
    handed = {"from": ben, "to": ada}
    assert story.send("handOver", handed, "person { handle }") == {"handle": "ben"}
    assert story.send("deactivatePerson", {"person": ben}, "person { active }") == {"active": False}
    erased = story.send("erasePerson", {"person": ben, "reason": WHY}, "person { name email }")
    assert erased == {"name": "Erased person", "email": None}
    assert story.executed == set(VERBS)


def people_commands(story: Story) -> tuple[str, str, str]:
    send = story.send
    ada = send("addPerson", {"handle": "ada", "name": "Ada", "email": "ada@example.com"}, "person { id }")["id"]
    ben = send("addPerson", {"handle": "ben", "name": "Ben"}, "person { id }")["id"]
    renamed = send("renamePerson", {"person": ada, "name": "Ada King"}, "person { name email }")
    assert renamed == {"name": "Ada King", "email": "ada@example.com"}
    sales = send("formTeam", {"key": "sales", "name": "Sales", "lead": ada}, "team { id lead { handle } }")["id"]
    north = send("formTeam", {"key": "north", "name": "North", "parent": sales}, "team { id parent { key } }")["id"]
    assert send("renameTeam", {"team": north, "name": "Far north"}, "team { name }") == {"name": "Far north"}
    assert send("moveTeam", {"team": north, "parent": None}, "team { parent { key } }") == {"parent": None}
    led = send("appointLead", {"team": sales, "person": ben}, "team { lead { handle } }")
    assert led == {"lead": {"handle": "ben"}}
    joined = send("joinTeam", {"team": sales, "person": ada}, "team { members { handle } }")
    assert joined == {"members": [{"handle": "ada"}]}
    assert send("leaveTeam", {"team": sales, "person": ada}, "team { members { handle } }") == {"members": []}
    assert send("disbandTeam", {"team": north}, "team { key }") == {"key": "north"}
    assert send("reviveTeam", {"team": north}, "team { disbanded }") == {"disbanded": False}
    assert send("deactivatePerson", {"person": ben}, "person { active }") == {"active": False}
    assert send("reactivatePerson", {"person": ben}, "person { active }") == {"active": True}
    return ada, ben, sales


def objective_commands(story: Story, ada: str, ben: str, sales: str) -> tuple[str, str]:
    send = story.send
    for key in ("2026", "2027"):
        days = {"startsOn": f"{key}-01-01", "endsOn": f"{key}-12-31"}
        opened = send("openCycle", {"key": key, "name": key, **days}, "cycle { key checkInCadence }")
        assert opened == {"key": key, "checkInCadence": "WEEKLY"}
    assert send("adoptScoringPolicy", {"scoreGreen": 0.8}, "policy { scoreGreen }") == {"scoreGreen": 0.8}
    asked = "calendar { version timeZone fiscalYearStartMonth weekStartsOn }"
    assert send("setCalendar", {"timeZone": "Europe/Lisbon", "weekStartsOn": "SUNDAY"}, asked) == {
        "version": 1, "timeZone": "Europe/Lisbon", "fiscalYearStartMonth": 1, "weekStartsOn": "SUNDAY",
    }  # fmt: skip
    base = {"cycle": {"key": "2026"}, "title": "Delight people"}
    objective = send("draftObjective", {**base, "owner": ada, "team": sales}, "objective { id owner { handle } }")["id"]
    other = send("draftObjective", {**base, "kind": "ASPIRATIONAL"}, "objective { id kind }")["id"]
    reworded = send("rewordObjective", {"objective": other, "title": "Be known"}, "objective { title description }")
    assert reworded == {"title": "Be known", "description": None}
    send("assignObjective", {"objective": other, "contributors": [ben]}, "objective { contributors { handle } }")
    aligned = send("alignObjective", {"objective": other, "to": objective}, "objective { supports { __typename } }")
    assert aligned == {"supports": [{"__typename": "Objective"}]}
    alone = send("unalignObjective", {"objective": other, "from": objective}, "objective { supports { __typename } }")
    assert alone == {"supports": []}
    among = {"objective": objective, "visibility": "TEAM"}
    assert send("setObjectiveVisibility", among, "objective { visibility }") == {"visibility": "TEAM"}
    assert send("commitObjective", {"objective": other}, "objective { state }") == {"state": "ACTIVE"}
    template = send("saveAsTemplate", {"name": "Usual", "objective": other}, "template { id objectives { title } }")
    assert template["objectives"] == [{"title": "Be known"}]
    named = {"template": template["id"], "name": "As usual"}
    assert send("renameTemplate", named, "template { name }") == {"name": "As usual"}
    use = {"template": template["id"], "cycle": {"key": "2027"}, "teams": [sales]}
    assert send("applyTemplate", use, "objectives { title state }") == [{"title": "Be known", "state": "DRAFT"}]
    retired = send("retireTemplate", {"template": template["id"]}, "template { retired }")
    assert retired == {"retired": True}
    return objective, other


def key_result_commands(story: Story, objective: str, other: str, ben: str) -> tuple[str, str]:
    send = story.send
    steps = [{"key": "a", "title": "A"}, {"key": "b", "title": "B", "weight": 3}]
    launch = {"objective": other, "title": "Launch", "metric": {"direction": "MILESTONES", "milestones": steps}}
    assert len(send("addKeyResult", launch, "keyResult { milestones { key } }")["milestones"]) == 2
    metric = {"direction": "INCREASE", "unit": {"kind": "NUMBER", "symbol": "users"}, "start": 0, "target": 10}
    added = {"objective": objective, "title": "Sessions", "metric": metric, "due": "2026-06-30", "weight": 2}
    key_result = send("addKeyResult", added, "keyResult { id due weight }")["id"]
    about = {"keyResult": key_result}
    send("rewordKeyResult", {**about, "title": "Sessions held"}, "keyResult { title }")
    send("assignKeyResult", {**about, "owner": ben}, "keyResult { owner { handle } }")
    further = {**about, "metric": {**metric, "target": 20}, "reason": WHY}
    assert send("retargetKeyResult", further, "keyResult { metric { target } }") == {"metric": {"target": 20.0}}
    middle, due = (f"{datetime.now(UTC).date() + timedelta(days=days)}" for days in (30, 60))
    send("rescheduleKeyResult", {**about, "due": due, "reason": WHY}, "keyResult { due }")
    planned = {**about, "points": [{"on": middle, "value": 4}], "reason": WHY}
    assert len(send("planKeyResult", planned, "keyResult { plan { on value } }")["plan"]) == 2
    send("reweighKeyResult", {**about, "weight": 3, "reason": WHY}, "keyResult { weight }")
    measured = {**about, "value": 5, "confidence": 0.6, "note": "Well"}
    check_in = send("checkIn", measured, "checkIn { id value } keyResult { progress { value } }")["id"]
    corrected = send("correctCheckIn", {"checkIn": check_in, "value": 6, "reason": WHY}, "checkIn { value confidence }")
    assert corrected == {"value": 6.0, "confidence": 0.6}
    return key_result, check_in


def kpi_commands(story: Story, key_result: str) -> None:
    send, about, kpi = story.send, {"keyResult": key_result}, {"kpi": {"key": "nps"}}
    goal = {"direction": "AT_LEAST", "target": 50}
    users = {"kind": "NUMBER", "symbol": "users"}
    send(
        "defineKpi",
        {"key": "nps", "name": "Promoters", "goal": goal, "unit": users},
        "kpi { goal { target tolerance } }",
    )
    send("redefineKpi", {**kpi, "cadence": "MONTHLY", "reason": WHY}, "kpi { cadence goal { target } }")
    planned = {**kpi, "targets": [{"from": "2100-01-01", "target": 60}], "reason": WHY}
    send("setKpiTargets", planned, "kpi { goalSchedule { from isTarget goal { target } } }")
    readings = {"readings": [{**kpi, "value": 40, "measuredAt": AT}]}
    reading = send("recordReadings", readings, "readings { id value } recorded unchanged")[0]["id"]
    corrected = send("correctReading", {"reading": reading, "value": 41, "reason": WHY}, "readings { value }")
    assert corrected == [{"value": 41.0}]
    taken_back = send("retractReading", {"reading": reading, "reason": WHY}, "readings { retracted } recorded")
    assert taken_back == [{"retracted": True}]
    assert send("linkKpi", {**about, **kpi}, "keyResult { kpi { key } }") == {"kpi": {"key": "nps"}}
    assert send("unlinkKpi", about, "keyResult { kpi { key } }") == {"kpi": None}
    retired = send("retireKpi", {**kpi, "reason": WHY}, "kpi { retired status }")
    assert retired == {"retired": True, "status": "RETIRED"}
    assert send("reviveKpi", kpi, "kpi { retired }") == {"retired": False}


def discussion_commands(story: Story, key_result: str, check_in: str) -> None:
    send = story.send
    work = send("planInitiative", {"title": "Ask", "subject": key_result}, "initiative { id state }")["id"]
    edited = send("editInitiative", {"initiative": work, "due": "2026-03-01"}, "initiative { title due }")
    assert edited == {"title": "Ask", "due": "2026-03-01"}
    assert send("moveInitiative", {"initiative": work, "to": "DONE"}, "initiative { state }") == {"state": "DONE"}
    labels = {"subject": key_result, "labels": ["b", "a"]}
    assert send("setLabels", labels, "entity { ... on KeyResult { labels } }") == {"labels": ["a", "b"]}
    named = {"subject": key_result, "system": "jira", "id": "OKR-7", "url": "https://jira.example.com/OKR-7"}
    referred = send("setExternalReference", named, "entity { externalReferences { system externalId url } }")
    assert referred == {"externalReferences": [{"system": "jira", "externalId": "OKR-7", "url": named["url"]}]}
    assert send("addComment", {"subject": check_in, "body": "Good!"}, "comment { body }") == {"body": "Good!"}


def closing_commands(story: Story, objective: str, other: str, key_result: str) -> None:
    send, about, this = story.send, {"keyResult": key_result}, {"objective": objective}
    cycle = send("activateCycle", {"cycle": {"key": "2026"}}, "cycle { id state }")["id"]
    assert send("scoreKeyResult", {**about, "score": 0.5}, "keyResult { score }") == {"score": 0.5}
    closed = send("closeObjective", {**this, "score": 0.9}, "objective { outcome { verdict score } }")
    assert closed == {"outcome": {"verdict": "PARTIAL", "score": 0.9}}
    reopened = send("reopenObjective", {**this, "reason": WHY}, "objective { state outcome { score } }")
    assert reopened == {"state": "ACTIVE", "outcome": None}
    gone = send("moveObjective", {**this, "to": {"key": "2027"}}, "objective { cycle { key } }")
    assert gone == {"cycle": {"key": "2027"}}
    back = send("moveObjective", {**this, "to": {"id": cycle}}, "objective { cycle { id } }")
    assert back == {"cycle": {"id": cycle}}
    there = send("moveKeyResult", {**about, "to": other}, "keyResult { objective { id } }")
    assert there == {"objective": {"id": other}}
    send("moveKeyResult", {**about, "to": objective}, "keyResult { objective { id } }")
    carried = send("carryObjective", {**this, "into": {"key": "2027"}}, "objective { carriedFrom { id } }")
    assert carried == {"carriedFrom": {"id": objective}}
    assert send("dropKeyResult", {**about, "reason": WHY}, "keyResult { state }") == {"state": "DROPPED"}
    assert send("dropObjective", {"objective": other, "reason": WHY}, "objective { state }") == {"state": "DROPPED"}
    renamed = send("renameCycle", {"cycle": {"id": cycle}, "name": "The year"}, "cycle { name }")
    assert renamed == {"name": "The year"}
    later = {"cycle": {"key": "2027"}, "startsOn": "2027-02-01", "reason": WHY}
    assert send("rescheduleCycle", later, "cycle { startsOn }") == {"startsOn": "2027-02-01"}
    abandoned = send("abandonCycle", {"cycle": {"key": "2027"}, "reason": WHY}, "cycle { state progress { health } }")
    assert abandoned == {"state": "ABANDONED", "progress": {"health": "DROPPED"}}
    ended = send("closeCycle", {"cycle": {"id": cycle}, "closeObjectives": True}, "cycle { state }")
    assert ended == {"state": "CLOSED"}
    reflection_input = {"subject": cycle, "kind": "LEARNED", "body": "Ask"}
    assert send("reflect", reflection_input, "reflection { kind }") == {"kind": "LEARNED"}


# ── payloads ──────────────────────────────────────────────────────────────────────────────────────


def test_payload_and_its_query_read_the_recorded_position(api: Api, key_result: str) -> None:
    payload = api.do(
        "checkIn",
        {"keyResult": key_result, "value": 4},
        "position checkIn { id value by { handle source } } keyResult { id current progress { value } } "
        f'query {{ basis {{ position isNow }} node(id: "{key_result}") {{ ... on KeyResult {{ current }} }} }}',
    )
    assert payload["checkIn"]["by"] == {"handle": "demo", "source": "API"}
    assert payload["keyResult"] == {"id": key_result, "current": 4.0, "progress": {"value": 0.4}}
    assert payload["query"]["basis"] == {"position": payload["position"], "isNow": True}
    assert payload["query"]["node"] == {"current": 4.0}


def test_mutation_result_is_readable_immediately(api: Api, objective: str) -> None:
    for number in range(10):
        payload = api.do("rewordObjective", {"objective": objective, "title": f"Title {number}"})
        data = api.ask("query ($id: ID!) { basis { position } objective(id: $id) { title } }", id=objective)
        assert data["objective"]["title"] == f"Title {number}"
        assert data["basis"]["position"] >= payload["position"]


def test_each_mutation_in_a_document_reads_the_state_after_itself(api: Api, objective: str) -> None:
    data = api.ask(
        """
        mutation ($id: ID!) {
          a: rewordObjective(input: {objective: $id, title: "First"}) { position objective { title version } }
          b: rewordObjective(input: {objective: $id, title: "Second"}) { position objective { title version } }
        }
        """,
        id=objective,
    )
    assert [data[name]["objective"] for name in "ab"] == [
        {"title": "First", "version": 2},
        {"title": "Second", "version": 3},
    ]
    assert data["b"]["position"] == data["a"]["position"] + 1


def test_satisfied_command_records_nothing_and_has_no_problems(api: Api, objective: str) -> None:
    first = api.do("commitObjective", {"objective": objective}, f"{CHANGES} objective {{ state version }}")
    again = api.do("commitObjective", {"objective": objective}, f"{CHANGES} objective {{ state version }}")
    assert (again["changes"], again["position"]) == ([], first["position"])
    assert again["objective"] == first["objective"] == {"state": "ACTIVE", "version": 2}


def test_payload_lists_all_recorded_changes_in_order(
    api: Api, key_result: str, objective: str, cycle: dict[str, str]
) -> None:
    api.do("activateCycle", {"cycle": cycle})
    payload = api.do("closeObjective", {"objective": objective, "reason": "done"}, CHANGES)
    assert [change["__typename"] for change in payload["changes"]] == ["KeyResultScored", "ObjectiveClosed"]
    assert [change["reason"] for change in payload["changes"]] == ["done", "done"]


def test_recorded_readings_are_counted_and_returned_in_input_order(api: Api, kpi: dict[str, str]) -> None:
    first, second = ({"kpi": kpi, "value": value, "measuredAt": f"2026-01-0{value}T00:00:00Z"} for value in (1, 2))
    selection = "recorded unchanged readings { value measuredAt } changes { __typename }"
    assert api.do("recordReadings", {"readings": [second]}, selection)["recorded"] == 1
    payload = api.do("recordReadings", {"readings": [second, first, second]}, selection)
    assert (payload["recorded"], payload["unchanged"], len(payload["changes"])) == (1, 2, 1)
    assert [reading["value"] for reading in payload["readings"]] == [2.0, 1.0, 2.0]


# ── idempotency ───────────────────────────────────────────────────────────────────────────────────


def test_repeated_idempotency_key_returns_the_first_answer(api: Api, objective: str) -> None:
    input = {"objective": objective, "title": "First title", "idempotencyKey": "once"}
    selection = f"{CHANGES} objective {{ id title version }}"
    first = api.do("rewordObjective", input, selection)
    api.do("rewordObjective", {"objective": objective, "title": "Later title"})
    again = api.do("rewordObjective", input, f'{selection} query {{ objective(id: "{objective}") {{ title }} }}')
    assert again.pop("query") == {"objective": {"title": "Later title"}}
    assert again == first


def test_idempotency_key_with_another_input_is_a_mismatch(api: Api, objective: str) -> None:
    api.do("rewordObjective", {"objective": objective, "title": "One", "idempotencyKey": "k-1"})
    other = {"objective": objective, "title": "Two", "idempotencyKey": "k-1"}
    assert api.refused("rewordObjective", other) == ("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])


# ── refusals ──────────────────────────────────────────────────────────────────────────────────────


def test_refused_command_is_returned_as_data_with_advice(api: Api, objective: str) -> None:
    payload = api.send("closeObjective", {"objective": objective}, "position behind changes { id } objective { id }")
    (problem,) = payload.pop("problems")
    assert problem["code"] == "CONFLICT"
    assert "commit or drop it first" in problem["message"]
    assert payload == {"position": None, "behind": 0, "changes": [], "objective": None}


def test_stale_problem_lists_changes_since(api: Api, objective: str) -> None:
    for title in ("Second", "Third"):
        api.do("rewordObjective", {"objective": objective, "title": title, "reason": title})
    payload = api.send(
        "rewordObjective",
        {"objective": objective, "title": "Fourth", "expectedVersion": 1},
        "problems { changesSince { __typename reason subject { id } } }",
    )
    assert [change["reason"] for change in payload["problems"][0]["changesSince"]] == ["Second", "Third"]
    assert payload["problems"][0]["changesSince"][0]["subject"] == {"id": objective}


def test_changes_since_is_empty_for_other_problems(api: Api, objective: str) -> None:
    payload = api.send("closeObjective", {"objective": objective}, "problems { changesSince { id } }")
    assert payload["problems"][0]["changesSince"] == []


@pytest.mark.parametrize(
    ("input", "field"),
    [
        ({"direction": "INCREASE", "start": 5, "target": 5}, ["metric", "target"]),
        ({"direction": "WITHIN", "lower": 2, "upper": 1}, ["metric", "upper"]),
        (
            {"direction": "MILESTONES", "milestones": [{"key": "a b", "title": "A"}]},
            ["metric", "milestones", "0", "key"],
        ),
        ({"direction": "AT_MOST", "target": 1e308, "start": -1e308}, ["metric", "target"]),
    ],
)
def test_problem_names_the_input_field(api: Api, objective: str, input: Any, field: list[str]) -> None:
    added = {"objective": objective, "title": "Sessions", "metric": input}
    assert api.refused("addKeyResult", added) == ("INVALID", field)
