"""An erased person's name is in no table, no answer and no log line."""

from typing import Any

import pytest

from tests.api.erasure.conftest import Company, NamedPerson

PERSON = "id handle name email active"
EVERYTHING = f"""
    people {{ nodes {{ {PERSON} }} }}
    teams {{ nodes {{ lead {{ {PERSON} }} members {{ {PERSON} }} }} }}
    objectives {{ nodes {{ owner {{ {PERSON} }} contributors {{ {PERSON} }} }} }}
"""
CHANGES = f"""
    {{ changes(first: 1000) {{ nodes {{
        __typename reason actor {{ handle }}
        fields {{ field before after }} subject {{ id ... on Person {{ {PERSON} }} }}
        ... on PersonAdded {{ handle name email }}
        ... on PersonRenamed {{ beforeName afterName beforeEmail afterEmail }}
    }} }} }}
"""


def test_no_table_contains_the_name_of_an_erased_person(company: Company, ada: NamedPerson) -> None:
    assert ada.is_named_in(company.all_stored_bytes())
    company.erase(ada)
    assert not ada.is_named_in(company.all_stored_bytes())


def test_no_answer_at_any_basis_names_an_erased_person(company: Company, ada: NamedPerson) -> None:
    before = company.ask("{ workspace { head } }")["workspace"]["head"]
    company.erase(ada)
    asked = f"{{ {EVERYTHING} asOf(position: {before}) {{ {EVERYTHING} }} }}"
    answer = company.ask(asked)
    now, then = answer, answer["asOf"]
    for view, active in ((now, False), (then, True)):
        erased = {"handle": ada.erased_handle, "name": "Erased person", "email": None, "active": active}
        people = [*view["people"]["nodes"], view["teams"]["nodes"][0]["lead"], *view["teams"]["nodes"][0]["members"]]
        people += [view["objectives"]["nodes"][0]["owner"], *view["objectives"]["nodes"][0]["contributors"]]
        assert len(people) == 5
        assert [{name: one[name] for name in erased} for one in people] == [erased] * 5
    assert not ada.is_named_in(company.http.post("/graphql", json={"query": CHANGES}).content)


def test_erasure_is_a_change_with_its_reason(company: Company, ada: NamedPerson) -> None:
    payload = company.erase(ada)
    assert payload["person"] == {"handle": ada.erased_handle}
    change = company.ask(CHANGES)["changes"]["nodes"][-1]
    assert (change["__typename"], change["reason"]) == ("PersonErased", "asked to be")
    assert change["fields"] == [{"field": "active", "before": "true", "after": "false"}]
    assert change["subject"]["id"] == ada.id


@pytest.mark.parametrize("part", ["handle", "name", "email", "before"])
def test_search_does_not_find_an_erased_person(company: Company, ada: NamedPerson, part: str) -> None:
    found = "query($search: String!) { people(search: $search) { totalCount } }"
    part_of_name = getattr(ada, part)
    there = 0 if part == "before" else 1
    assert company.ask(found, search=part_of_name)["people"]["totalCount"] == there
    company.erase(ada)
    assert company.ask(found, search=part_of_name)["people"]["totalCount"] == 0


def test_changes_of_an_erased_person_are_found_by_the_erased_handle(company: Company, ada: NamedPerson) -> None:
    done = "query($actor: String!) { changes(filter: {actor: $actor}) { totalCount } }"
    with company.database.connect() as conn:
        conn.execute("update change set actor = %s where topic = 'objective-drafted'", [f"person:{ada.uuid}"])
    assert company.ask(done, actor=ada.handle)["changes"]["totalCount"] == 1
    company.erase(ada)
    assert company.ask(done, actor=ada.handle)["changes"]["totalCount"] == 0
    assert company.ask(done, actor=ada.erased_handle)["changes"]["totalCount"] == 1


def test_erasing_twice_records_nothing_more(company: Company, ada: NamedPerson) -> None:
    first = company.erase(ada)["position"]
    again = company.do("erasePerson", {"person": ada.id, "reason": "asked again"}, "recorded: changes { id }")
    assert again["recorded"] == []
    assert company.ask("{ workspace { head } }")["workspace"]["head"] == first


def test_repeated_command_does_not_return_the_erased_name(company: Company, ada: NamedPerson) -> None:
    company.erase(ada)
    added = {"handle": ada.handle, "name": ada.before, "email": ada.email, "idempotencyKey": f"add {ada.handle}"}
    again = company.do("addPerson", added, "person { id handle name }")
    assert again["person"] == {"id": ada.id, "handle": ada.erased_handle, "name": "Erased person"}
    assert company.ask("{ people { totalCount } }")["people"]["totalCount"] == 1


def test_handle_of_an_erased_person_can_be_reused(company: Company, ada: NamedPerson) -> None:
    company.erase(ada)
    other = company.do("addPerson", {"handle": ada.handle, "name": "Another"}, "person { id handle }")["person"]
    assert (other["id"] != ada.id, other["handle"]) == (True, ada.handle)
    owners = company.ask("{ objectives { nodes { owner { handle } } } }")["objectives"]["nodes"]
    assert owners == [{"owner": {"handle": ada.erased_handle}}]


def test_erased_person_cannot_be_renamed_or_assigned(company: Company, ada: NamedPerson) -> None:
    company.erase(ada)
    assert company.refused("renamePerson", {"person": ada.id, "name": "Another"})[0] == "CLOSED"
    objective = {"cycle": {"key": "q1"}, "title": "Weave algebra", "owner": ada.id}
    assert company.refused("draftObjective", objective)[0] == "CONFLICT"


def test_subscription_from_the_start_contains_no_erased_name(company: Company, ada: NamedPerson) -> None:
    company.erase(ada)
    follow = (
        "subscription { changes(after: 0) { position fields { before after } ... on PersonAdded { handle name } } }"
    )
    received: list[Any] = []
    with company.http.websocket_connect("ws://localhost/graphql", subprotocols=["graphql-transport-ws"]) as socket:
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json()["type"] == "connection_ack"
        socket.send_json({"type": "subscribe", "id": "1", "payload": {"query": follow}})
        head = company.ask("{ workspace { head } }")["workspace"]["head"]
        while not received or received[-1]["payload"]["data"]["changes"]["position"] < head:
            received.append(socket.receive_json())
    assert not ada.is_named_in(str(received).encode())


def test_request_log_contains_no_personal_data(
    company: Company, ada: NamedPerson, capfd: pytest.CaptureFixture[str]
) -> None:
    company.erase(ada)
    company.answer(
        "mutation($it: AddPersonInput!) { addPerson(input: $it) { position } }", it={"name": ada.name + "\x00"}
    )
    company.refused("addPerson", {"handle": ada.handle, "name": ada.name, "email": ada.handle})
    company.answer("{ people(search: 7) { totalCount } }")
    assert not ada.is_named_in("".join(capfd.readouterr()).encode())
