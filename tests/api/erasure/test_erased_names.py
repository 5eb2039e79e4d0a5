"""Whoever is erased is named nowhere any more: by no table, no answer, no line of the journal."""

from typing import Any

import pytest

from tests.api.erasure.conftest import Company, Named

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


def test_no_table_holds_what_an_erased_person_was_called(company: Company, ada: Named) -> None:
    assert ada.is_named_in(company.everything())
    company.erase(ada)
    assert not ada.is_named_in(company.everything())


def test_no_answer_at_any_moment_names_an_erased_person(company: Company, ada: Named) -> None:
    before = company.ask("{ workspace { head } }")["workspace"]["head"]
    company.erase(ada)
    asked = f"{{ {EVERYTHING} asOf(position: {before}) {{ {EVERYTHING} }} }}"
    answer = company.ask(asked)
    now, then = answer, answer["asOf"]
    for view, active in ((now, False), (then, True)):
        erased = {"handle": ada.erased_handle, "name": "Erased person", "email": None, "active": active}
        told = [*view["people"]["nodes"], view["teams"]["nodes"][0]["lead"], *view["teams"]["nodes"][0]["members"]]
        told += [view["objectives"]["nodes"][0]["owner"], *view["objectives"]["nodes"][0]["contributors"]]
        assert len(told) == 5
        assert [{name: one[name] for name in erased} for one in told] == [erased] * 5
    assert not ada.is_named_in(company.http.post("/graphql", json={"query": CHANGES}).content)


def test_the_erasing_itself_is_a_change_with_its_reason(company: Company, ada: Named) -> None:
    payload = company.erase(ada)
    assert payload["person"] == {"handle": ada.erased_handle}
    change = company.ask(CHANGES)["changes"]["nodes"][-1]
    assert (change["__typename"], change["reason"]) == ("PersonErased", "asked to be")
    assert change["fields"] == [{"field": "active", "before": "true", "after": "false"}]
    assert change["subject"]["id"] == ada.id


@pytest.mark.parametrize("part", ["handle", "name", "email", "before"])
def test_nobody_finds_an_erased_person_by_what_they_were_called(company: Company, ada: Named, part: str) -> None:
    found = "query($search: String!) { people(search: $search) { totalCount } }"
    word = getattr(ada, part)
    there = 0 if part == "before" else 1
    assert company.ask(found, search=word)["people"]["totalCount"] == there
    company.erase(ada)
    assert company.ask(found, search=word)["people"]["totalCount"] == 0


def test_what_an_erased_person_did_is_found_by_the_handle_they_have_now(company: Company, ada: Named) -> None:
    done = "query($actor: String!) { changes(filter: {actor: $actor}) { totalCount } }"
    with company.database.connect() as conn:
        conn.execute("update change set actor = %s where topic = 'objective-drafted'", [f"person:{ada.uuid}"])
    assert company.ask(done, actor=ada.handle)["changes"]["totalCount"] == 1
    company.erase(ada)
    assert company.ask(done, actor=ada.handle)["changes"]["totalCount"] == 0
    assert company.ask(done, actor=ada.erased_handle)["changes"]["totalCount"] == 1


def test_erasing_twice_records_nothing_the_second_time(company: Company, ada: Named) -> None:
    first = company.erase(ada)["position"]
    again = company.do("erasePerson", {"person": ada.id, "reason": "asked again"}, "recorded: changes { id }")
    assert again["recorded"] == []
    assert company.ask("{ workspace { head } }")["workspace"]["head"] == first


def test_a_command_that_named_them_answers_again_without_naming_them(company: Company, ada: Named) -> None:
    company.erase(ada)
    added = {"handle": ada.handle, "name": ada.before, "email": ada.email, "idempotencyKey": f"add {ada.handle}"}
    again = company.do("addPerson", added, "person { id handle name }")
    assert again["person"] == {"id": ada.id, "handle": ada.erased_handle, "name": "Erased person"}
    assert company.ask("{ people { totalCount } }")["people"]["totalCount"] == 1


def test_the_handle_may_be_given_to_somebody_else_who_is_nobody_we_knew(company: Company, ada: Named) -> None:
    company.erase(ada)
    other = company.do("addPerson", {"handle": ada.handle, "name": "Another"}, "person { id handle }")["person"]
    assert (other["id"] != ada.id, other["handle"]) == (True, ada.handle)
    owners = company.ask("{ objectives { nodes { owner { handle } } } }")["objectives"]["nodes"]
    assert owners == [{"owner": {"handle": ada.erased_handle}}]


def test_nothing_new_is_given_to_an_erased_person_and_no_name(company: Company, ada: Named) -> None:
    company.erase(ada)
    assert company.refused("renamePerson", {"person": ada.id, "name": "Somebody"})[0] == "CLOSED"
    objective = {"cycle": {"key": "q1"}, "title": "Weave algebra", "owner": ada.id}
    assert company.refused("draftObjective", objective)[0] == "CONFLICT"


def test_whoever_follows_from_the_beginning_learns_no_name(company: Company, ada: Named) -> None:
    company.erase(ada)
    follow = (
        "subscription { changes(after: 0) { position fields { before after } ... on PersonAdded { handle name } } }"
    )
    heard: list[Any] = []
    with company.http.websocket_connect("ws://localhost/graphql", subprotocols=["graphql-transport-ws"]) as socket:
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json()["type"] == "connection_ack"
        socket.send_json({"type": "subscribe", "id": "1", "payload": {"query": follow}})
        head = company.ask("{ workspace { head } }")["workspace"]["head"]
        while not heard or heard[-1]["payload"]["data"]["changes"]["position"] < head:
            heard.append(socket.receive_json())
    assert not ada.is_named_in(str(heard).encode())


def test_the_journal_names_nobody(company: Company, ada: Named, capfd: pytest.CaptureFixture[str]) -> None:
    company.erase(ada)
    company.answer(
        "mutation($it: AddPersonInput!) { addPerson(input: $it) { position } }", it={"name": ada.name + "\x00"}
    )
    company.refused("addPerson", {"handle": ada.handle, "name": ada.name, "email": ada.handle})
    company.answer("{ people(search: 7) { totalCount } }")
    assert not ada.is_named_in("".join(capfd.readouterr()).encode())
