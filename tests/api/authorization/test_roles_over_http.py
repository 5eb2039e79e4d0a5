"""Roles over HTTP: problems of mutations, errors of queries, and private goals that are not found."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from graphql import GraphQLArgument, GraphQLField, get_named_type, is_composite_type, is_required_argument

from api.schema.schema import schema
from api.snapshot import global_ids
from domain.commands.permissions import Role
from domain.primitives.values import Kind
from tests.api.authorization.conftest import Company
from tests.api.authorization.two_teams import CARL, OUR, QUARTER, THEIR, THEIRS, goal, proof
from tests.domain.given_goals import BEN

QUERY: dict[str, GraphQLField] = dict(schema._schema.query_type.fields)  # type: ignore[union-attr]
SUBSCRIPTION: dict[str, GraphQLField] = dict(schema._schema.subscription_type.fields)  # type: ignore[union-attr]
READERS = [Role.ADMIN, Role.LEAD, Role.MEMBER, Role.AUDITOR]
UNKNOWN = '{external: {system: "jira", id: "none"}}'
GIVEN = {
    "ID": f'"{global_ids.encode(Kind.OBJECTIVE, goal(OUR))}"', "[ID!]": "[]", "CycleBy": '{key: "over"}',
    "KeyResultBy": UNKNOWN, "InitiativeBy": UNKNOWN, "KpiBy": '{key: "our-kpi"}', "TeamBy": '{key: "our"}',
    "PersonBy": '{handle: "ada"}', "Moment": '{time: "2026-03-01T00:00:00Z"}', "Int": "1",
    "String": '"goal"', "AttentionScope": '{team: {key: "our"}}',
}  # fmt: skip
"""The value for a required argument of each type."""
ONE_OF = {"objective": ["id"]}
"""Fields of which one of several optional arguments is required."""


def document(name: str, field: GraphQLField) -> str:
    """The smallest valid selection of a field."""

    def given(argument: GraphQLArgument) -> str:
        return GIVEN[str(argument.type).removesuffix("!")]

    needed = ONE_OF.get(name, [name for name, one in field.args.items() if is_required_argument(one)])
    arguments = [f"{name}: {given(field.args[name])}" for name in needed]
    asked = f"{name}({', '.join(arguments)})" if arguments else name
    return f"{asked} {{ __typename }}" if is_composite_type(get_named_type(field.type)) else asked


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


# ── reading ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize("name", QUERY)
def test_each_role_may_read_every_query_field_but_members_not_the_ledger(
    company: Company, name: str, role: Role
) -> None:
    answer = company.asked_by(role).answer(f"{{ {document(name, QUERY[name])} }}")
    may = name != "ledger" or role is not Role.MEMBER
    assert codes(answer) == ([] if may else ["FORBIDDEN"])
    assert (answer["data"] is not None) is may


@pytest.mark.parametrize("name", QUERY)
def test_metrics_role_may_read_only_the_viewer(company: Company, name: str) -> None:
    robot = company.asked_by(Role.METRICS, person=None)
    if name == "viewer":
        viewer = robot.ask("{ __typename viewer { handle roles can } }")["viewer"]
        assert viewer == {"handle": "robot", "roles": ["METRICS"], "can": ["RECORD_OWN_READINGS", "RECORD_READINGS"]}
    else:
        answer = robot.answer(f"{{ {document(name, QUERY[name])} }}")
        assert (answer.get("data"), codes(answer)) == (None, ["FORBIDDEN"])


@pytest.mark.parametrize(
    "query",
    [
        "{ viewer { ...more } } fragment more on Viewer { person { name } }",
        "{ ...root } fragment root on Query { ... on View { workspace { head } } }",
        "{ __schema { types { name } } }",
    ],
)
def test_metrics_role_cannot_read_through_fragments_or_introspection(company: Company, query: str) -> None:
    answer = company.asked_by(Role.METRICS, person=None).answer(query)
    assert (answer.get("data"), codes(answer)) == (None, ["FORBIDDEN"])


@pytest.mark.parametrize("name", SUBSCRIPTION)
def test_metrics_role_is_refused_every_subscription(company: Company, name: str) -> None:
    http = company.asked_by(Role.METRICS, person=None).http
    query = f"subscription {{ {document(name, SUBSCRIPTION[name])} }}"
    response = http.post("/graphql", json={"query": query}, headers={"accept": "text/event-stream"})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert '"code":"FORBIDDEN"' in response.text
    assert '"data":{' not in response.text


def test_invalid_documents_get_the_same_codes_for_every_role(company: Company) -> None:
    for role in (Role.METRICS, Role.LEAD):
        asked = company.asked_by(role)
        assert set(codes(asked.answer("{ ...nothing }"))) == {"GRAPHQL_VALIDATION_FAILED"}
        assert set(codes(asked.answer("{ viewer { handle"))) == {"GRAPHQL_PARSE_FAILED"}


AUDITORS = [Role.ADMIN, Role.LEAD, Role.AUDITOR]
SERVED: dict[str, list[Role]] = {
    "/": [*Role],
    "/alignment": [*Role],
    "/changes": [*Role],
    "/week": [*Role],
    "/kpis": [*Role],
    "/looking-back": [*Role],
    "/kpi/{id}": [*Role],
    "/objective/{id}": [*Role],
    "/proof": [*Role],
    "/proof/{position}": [*Role],
    "/console/{name}": [*Role],
    "/sign-in": [*Role],
    "/sign-out": [],  # a session alone signs out
    "/healthz": [*Role],
    "/readyz": [*Role],
    "/metrics": [*Role],
    "/schema.graphql": [*Role],
    "/report/{cycle}": READERS,
    "/evidence/{cycle}": [Role.ADMIN, Role.AUDITOR],
    "/checkpoint": AUDITORS,
    "/checkpoint/key": [*Role],
    "/export/changes.ndjson": AUDITORS,
    "/export/changes.csv": AUDITORS,
    "/export/readings.csv": AUDITORS,
    "/ingest/readings": [Role.ADMIN, Role.LEAD, Role.MEMBER, Role.METRICS],
    "/ingest/targets": [Role.ADMIN, Role.LEAD],
}
"""The roles that may use each plain HTTP route."""


def test_every_plain_http_route_is_covered(company: Company) -> None:
    served = {route.path for route in company.routes if not route.path.startswith("/graphql")}
    assert served == set(SERVED)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("path", SERVED)
def test_plain_http_routes_are_forbidden_to_roles_without_permission(company: Company, path: str, role: Role) -> None:
    (route,) = [route for route in company.routes if route.path == path]
    method = "GET" if "GET" in route.methods else "POST"
    response = company.asked_by(role).http.request(method, path.replace("{cycle}", "over"))
    assert response.status_code != 401
    assert (response.status_code == 403) is (role not in SERVED[path])


# ── writing ───────────────────────────────────────────────────────────────────────────────────────

OPENED = {"key": "later", "name": "Later", "startsOn": "2028-01-01", "endsOn": "2028-03-31"}


def test_refused_command_returns_one_problem_and_records_no_event(company: Company) -> None:
    before = company.head
    payload = company.asked_by(Role.MEMBER).send("openCycle", OPENED, "position behind changes { id } cycle { key }")
    assert payload == {
        "position": None,
        "behind": 0,
        "changes": [],
        "cycle": None,
        "problems": [{"code": "FORBIDDEN", "message": "This requires the role ADMIN or LEAD.", "field": []}],
    }
    assert company.head == before


@pytest.mark.parametrize(
    ("role", "verb", "input", "code"),
    [
        (Role.LEAD, "openCycle", OPENED, None),
        (Role.LEAD, "openCycle", {**OPENED, "key": "x", "effectiveAt": "2026-03-01T00:00:00Z"}, "FORBIDDEN"),
        (Role.LEAD, "addPerson", {"handle": "eve", "name": "Eve"}, "FORBIDDEN"),
        (Role.MEMBER, "rewordObjective", {"objective": goal(OUR), "title": "Anew"}, None),
        (Role.MEMBER, "rewordObjective", {"objective": goal(THEIR), "title": "Anew"}, "NOT_FOUND"),
        (Role.LEAD, "rewordObjective", {"objective": goal(THEIR), "title": "Anew"}, "NOT_FOUND"),
        (Role.ADMIN, "rewordObjective", {"objective": goal(THEIR), "title": "Anew"}, None),
        (Role.AUDITOR, "rewordObjective", {"objective": goal(OUR), "title": "Mine"}, "FORBIDDEN"),
        (Role.METRICS, "rewordObjective", {"objective": goal(OUR), "title": "Mine"}, "FORBIDDEN"),
    ],
)
def test_each_role_gets_the_expected_mutation_result(
    company: Company, role: Role, verb: str, input: dict[str, Any], code: str | None
) -> None:
    given = {
        name: global_ids.encode(Kind.OBJECTIVE, one) if isinstance(one, UUID) else one for name, one in input.items()
    }
    before = company.head
    payload = company.asked_by(role).send(verb, given, "__typename")
    assert [problem["code"] for problem in payload["problems"]] == ([] if code is None else [code])
    assert (company.head > before) is (code is None)


def test_member_edits_only_own_goals(company: Company) -> None:
    title = {"keyResult": global_ids.encode(Kind.KEY_RESULT, proof(OUR)), "title": "Anew"}
    carl = company.asked_by(Role.MEMBER, person=CARL)
    assert carl.refused("rewordKeyResult", title) == ("FORBIDDEN", [])
    assert company.asked_by(Role.MEMBER).do("rewordKeyResult", title)["position"] == company.head


def test_metrics_role_records_readings_and_reads_only_the_counts(company: Company) -> None:
    robot = company.asked_by(Role.METRICS, person=None)
    reading = {"kpi": {"key": "our-kpi"}, "value": 3, "measuredAt": "2026-02-03T00:00:00Z"}
    payload = robot.do("recordReadings", {"readings": [reading]}, "position recorded unchanged")
    assert payload == {"position": company.head, "recorded": 1, "unchanged": 0, "problems": []}
    before = company.head
    more = {"kpi": {"key": "our-kpi"}, "value": 3, "measuredAt": "2026-02-04T00:00:00Z"}
    query = "mutation ($input: RecordReadingsInput!) { recordReadings(input: $input) { changes { id } } }"
    assert codes(robot.answer(query, input={"readings": [more]})) == ["FORBIDDEN"]
    assert company.head == before


# ── private goals ─────────────────────────────────────────────────────────────────────────────────


def test_private_and_unknown_ids_get_identical_answers(company: Company) -> None:
    lead = company.asked_by(Role.LEAD)
    answers = []
    for id in (goal(THEIR), uuid4()):
        named = global_ids.encode(Kind.OBJECTIVE, id)
        payload = lead.send("addComment", {"subject": named, "body": "Well"}, "position changes { id } comment { id }")
        answers.append(str(payload).replace(str(id), "…"))
        assert lead.ask("query ($id: ID!) { objective(id: $id) { title } }", id=named) == {"objective": None}
    assert answers[0] == answers[1]
    assert "NOT_FOUND" in answers[0]


def test_stale_problem_omits_changes_of_private_goals(company: Company) -> None:
    admin, lead = company.asked_by(Role.ADMIN), company.asked_by(Role.LEAD)
    named = global_ids.encode(Kind.OBJECTIVE, goal(OUR, "above"))
    (version,) = lead.ask("query ($id: ID!) { objective(id: $id) { version } }", id=named)["objective"].values()
    admin.do("alignObjective", {"objective": named, "to": global_ids.encode(Kind.OBJECTIVE, goal(THEIR, "draft"))})
    asked = {"objective": named, "expectedVersion": version}
    assert lead.send("rewordObjective", {**asked, "title": "Still the newest that a lead sees"})["problems"] == []
    selection = "problems { code changesSince { __typename } }"
    payload = lead.send("rewordObjective", {**asked, "title": "Another"}, selection)
    assert payload["problems"][0]["code"] == "STALE"
    assert payload["problems"][0]["changesSince"] == [{"__typename": "ObjectiveReworded"}]


def test_owner_and_auditor_read_a_private_goal(company: Company) -> None:
    named = global_ids.encode(Kind.OBJECTIVE, goal(THEIR))
    query = "query ($id: ID!) { objective(id: $id) { visibility } }"
    for asked in (company.asked_by(Role.MEMBER, person=BEN), company.asked_by(Role.AUDITOR)):
        assert asked.ask(query, id=named) == {"objective": {"visibility": "TEAM"}}


def test_drafting_a_goal_the_caller_cannot_see_returns_only_the_position(company: Company) -> None:
    team = global_ids.encode(Kind.TEAM, THEIRS)
    drafted = {"cycle": {"key": QUARTER.key}, "title": "For you", "team": team, "visibility": "TEAM"}
    payload = company.asked_by(Role.LEAD).do("draftObjective", drafted, "position changes { id } objective { id }")
    assert payload["position"] == company.head
    assert (payload["changes"], payload["objective"]) == ([], None)
