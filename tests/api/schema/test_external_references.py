"""References to other systems: look-ups, history, privacy of answers, at every basis."""

from uuid import uuid4

from tests.api.conftest import Api

BY = "query ($s: String!, $id: String!) {{ {field}(by: {{external: {{system: $s, id: $id}}}}) {{ id }} }}"


def found(api: Api, field: str, id: str, system: str = "jira") -> str | None:
    node = api.ask(BY.format(field=field), s=system, id=id)[field]
    return None if node is None else node["id"]


def test_things_are_found_by_their_counterparts(api: Api, objective: str, key_result: str, kpi: dict[str, str]) -> None:
    mark = uuid4().hex[:8]
    measure = api.ask("query ($by: KpiBy!) { kpi(by: $by) { id } }", by=kpi)["kpi"]["id"]
    team = api.do("formTeam", {"key": f"t{mark}", "name": "North"}, "team { id }")["team"]["id"]
    person = api.do("addPerson", {"handle": f"p{mark}", "name": "P"}, "person { id }")["person"]["id"]
    work = api.do("planInitiative", {"title": "Ask", "subject": objective}, "initiative { id }")["initiative"]["id"]
    cycle = api.ask("query ($id: ID!) { objective(id: $id) { cycle { id } } }", id=objective)["objective"]["cycle"][
        "id"
    ]
    things = {"objective": objective, "keyResult": key_result, "kpi": measure, "team": team, "person": person,
              "initiative": work, "cycle": cycle}  # fmt: skip
    for field, id in things.items():
        api.do("setExternalReference", {"subject": id, "system": "jira", "id": f"{mark} {field}"}, "position")
    for field, id in things.items():
        assert found(api, field, f"{mark} {field}") == id
        assert found(api, field, f"{mark} other") is None
        assert found(api, field, f"{mark} {field}", "hr") is None
        assert found(api, field, "\0") is None
    assert found(api, "cycle", f"{mark} objective") is None
    lists = "query ($e: ExternalInput!) { objectives(filter: {cycle: {external: $e}}) { nodes { id } } }"
    nodes = api.ask(lists, e={"system": "jira", "id": f"{mark} cycle"})["objectives"]["nodes"]
    assert {"id": objective} in nodes
    drafted = {"cycle": {"external": {"system": "jira", "id": f"{mark} cycle"}}, "title": "Be heard"}
    assert api.do("draftObjective", drafted, "objective { cycle { id } }")["objective"] == {"cycle": {"id": cycle}}


def test_objective_takes_an_id_or_a_lookup(api: Api, objective: str) -> None:
    found = api.ask("query ($id: ID!) { objective(by: {id: $id}) { id } }", id=objective)
    assert found == {"objective": {"id": objective}}
    for arguments in ("", '(id: "x", by: {id: "x"})'):
        answer = api.http.post("/graphql", json={"query": f"{{ objective{arguments} {{ id }} }}"}).json()
        assert answer["errors"][0]["extensions"]["code"] == "INVALID"


def test_references_are_those_of_the_basis(api: Api, objective: str) -> None:
    mark = uuid4().hex[:8]
    fields = """
        changes { position fields { field before after } subject { id }
          ... on ExternalReferenceSet { system externalId url beforeExternalId }
          ... on ExternalReferenceRemoved { system beforeExternalId } }
    """
    start = api.ask("{ basis { position } }")["basis"]["position"]
    given = {"subject": objective, "system": mark}
    first = api.do("setExternalReference", {**given, "id": "1", "url": "https://e.com/1"}, fields)["changes"][0]
    second = api.do("setExternalReference", {**given, "id": "2"}, fields)["changes"][0]
    diff = "query ($m: Moment!) { diff(from: $m) { differences { nodes { fields { field before after } } } } }"
    (node,) = api.ask(diff, m={"position": start})["diff"]["differences"]["nodes"]
    assert node["fields"] == [{"field": f"externalReferences.{mark}.id", "before": None, "after": "2"}]
    third = api.do("setExternalReference", {**given, "id": None}, fields)["changes"][0]
    assert [one["subject"] for one in (first, second, third)] == [{"id": objective}] * 3
    assert (second["system"], second["externalId"], second["url"], second["beforeExternalId"]) == (mark, "2", None, "1")
    assert second["fields"] == [
        {"field": f"externalReferences.{mark}.id", "before": "1", "after": "2"},
        {"field": f"externalReferences.{mark}.url", "before": "https://e.com/1", "after": None},
    ]
    assert (third["system"], third["beforeExternalId"]) == (mark, "2")
    shown = "externalReferences { externalId }"
    asked = f"query ($p: Position!, $id: ID!) {{ asOf(position: $p) {{ objective(id: $id) {{ {shown} }} }} }}"
    seen = [api.ask(asked, p=start + number, id=objective)["asOf"]["objective"] for number in range(4)]
    references = [[one["externalId"] for one in of["externalReferences"]] for of in seen]
    assert references == [[], ["1"], ["2"], []]
