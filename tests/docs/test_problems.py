"""The guide about problems names every rule, with its code and its parameters, and its example is the real answer."""

import json
import re

from starlette.testclient import TestClient

from domain.primitives.errors import Code
from domain.primitives.rules import Rule
from tests.docs.documents import read
from tests.docs.rejections import rejections

PAGE = read("docs/problems.md")
ROWS = re.findall(r"^\| `([A-Z_]+)` \| `([A-Z_]+)` \| (.+?) \| (.*?) \|$", PAGE, re.MULTILINE)
RULES_THAT_ARE_CODES = set(re.findall(r"^\| `([A-Z_]+)` \| (?!`)", PAGE, re.MULTILINE))
DOCUMENTED = {rule: (code, frozenset(re.findall(r"`(\w+)`", parameters))) for rule, code, _, parameters in ROWS}


def test_every_rule_is_documented_once() -> None:
    assert sorted(rule for rule, *_ in ROWS) == sorted(Rule)


def test_a_rule_has_its_name_as_value() -> None:
    assert [rule.name for rule in Rule] == [rule.value for rule in Rule]
    assert not {rule.name for rule in Rule} & {code.name for code in Code}


def test_every_rejection_of_a_command_names_its_rule() -> None:
    assert [one.place for one in rejections() if not one.rules and one.code not in RULES_THAT_ARE_CODES] == []


def test_a_rejection_has_the_documented_code_and_parameters() -> None:
    found = [(one.place, rule, one.code.value, one.parameters) for one in rejections() for rule in one.rules]
    assert [one for one in found if DOCUMENTED[one[1]] != one[2:]] == []
    assert {rule for _, rule, *_ in found} == set(DOCUMENTED)


def test_a_rule_that_is_a_code_has_no_parameters() -> None:
    assert set(Code) >= RULES_THAT_ARE_CODES
    assert [one.place for one in rejections() if not one.rules and one.parameters] == []


def test_the_example_is_answered_as_documented(http: TestClient) -> None:
    query, answer = re.findall(r"^```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    body = http.post("/graphql", json={"query": query}).json()
    assert body["data"]["openCycle"] == json.loads(answer)
