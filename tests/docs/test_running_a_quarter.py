"""docs/running-a-quarter.md, step by step: a quarter of a company of 60 over HTTP, counted in calls."""

import json
import re
from typing import Any, Final

import pytest
from graphql import OperationType
from starlette.testclient import TestClient

from tests.docs.company_of_sixty import PEOPLE, WEEKS, Company
from tests.docs.documents import read
from tests.docs.http_client import answer, operation

PAGE: Final = "docs/running-a-quarter.md"
CALLS_MAX, CALLS_A_WEEK_MAX = 40, 2
STEP: Final = re.compile(
    r"^```graphql\n(?P<text>.*?)^```\n\n```json\n(?P<variables>.*?)^```$"
    r"|Answer: `(?P<inline>\{.*?\})`\.|^Answer:\n\n```json\n(?P<block>.*?)^```$"
    r"|The same on Fridays (?P<first>\d+) to (?P<last>\d+)\.|Calls so far: (?P<calls>\d+)\.",
    re.DOTALL | re.MULTILINE,
)
PROBLEMS: Final = "problems { code rule field message }"


class Quarter:
    """One run through the page: the answers with what the page shows of them, and the calls with those it counts."""

    def __init__(self, http: TestClient) -> None:
        self._http = http
        self._company = Company()
        self._texts: dict[str, str] = {}
        self.calls = 0
        self.calls_until: dict[str, int] = {}
        self.a_week: dict[int, int] = {}
        self.calls_shown: list[tuple[int, int]] = []
        self.answers: dict[str, Any] = {}
        self.shown: dict[str, Any] = {}

    def take(self, step: "re.Match[str]") -> None:
        if step["text"]:
            self._send_shown(step["text"], json.loads(step["variables"]))
        elif step["first"]:
            for week in range(int(step["first"]), int(step["last"]) + 1):
                self._send_friday(week)
        elif step["calls"]:
            self.calls_shown.append((int(step["calls"]), self.calls))
        else:
            self.shown[list(self.answers)[-1]] = json.loads(step["inline"] or step["block"])

    def _send_shown(self, text: str, variables: dict[str, Any]) -> None:
        named = operation(text).name
        assert named is not None
        self._texts[named.value] = text
        self.answers[named.value] = self._send(named.value, self._company.complete(named.value, variables))
        self.calls_until[named.value] = self.calls

    def _send_friday(self, week: int) -> None:
        before = self.calls
        for name, variables in self._company.friday(week):
            self._send(name, variables)
        self.a_week[week] = self.calls - before

    def _send(self, name: str, variables: dict[str, Any]) -> dict[str, Any]:
        asked = operation(self._texts[name])
        if asked.operation is OperationType.QUERY:
            return answer(self._http, self._texts[name], variables)
        assert len(asked.selection_set.selections) == 1
        self.calls += 1
        data = answer(self._http, with_problems(self._texts[name]), variables)
        assert not any(field.get("rejected") for field in data.values())
        self._company.keep(variables["input"], data)
        return data


def with_problems(mutation: str) -> str:
    """A mutation of the page that also asks for its problems, as the page advises."""
    assert "(input: $input) {" in mutation
    return mutation.replace("(input: $input) {", f"(input: $input) {{ {PROBLEMS}")


def shows(stated: Any, given: Any) -> bool:
    """Whether a page shows an answer: some of its fields, the first items of its lists, and rounded numbers."""
    if isinstance(stated, dict):
        return all(name in given and shows(one, given[name]) for name, one in stated.items())
    if isinstance(stated, list):
        return len(stated) <= len(given) and all(map(shows, stated, given))
    if isinstance(stated, float):
        return bool(round(given, len(f"{stated}".partition(".")[2])) == stated)
    return bool(stated == given)


@pytest.fixture(scope="module")
def quarter(http: TestClient) -> Quarter:
    made = Quarter(http)
    for step in STEP.finditer(read(PAGE)):
        made.take(step)
    return made


def test_every_document_of_the_page_is_a_step(quarter: Quarter) -> None:
    assert len(quarter.answers) == read(PAGE).count("```graphql")
    assert len(quarter.shown) == read(PAGE).count("Answer:")


def test_answers_are_those_that_the_page_shows(quarter: Quarter) -> None:
    wrong = {
        name: quarter.answers[name] for name, one in quarter.shown.items() if not shows(one, quarter.answers[name])
    }
    assert not wrong


def test_page_counts_its_calls(quarter: Quarter) -> None:
    shown, counted = zip(*quarter.calls_shown, strict=True)
    assert shown == counted


def test_first_quarter_of_sixty_people_takes_at_most_forty_calls_and_a_week_two(quarter: Quarter) -> None:
    assert f"takes {quarter.calls_until['Close']} calls" in read(PAGE)
    assert quarter.calls_until["Close"] <= CALLS_MAX
    assert max(quarter.a_week.values()) <= CALLS_A_WEEK_MAX
    assert len(quarter.a_week) == WEEKS - 1  # the first Friday is shown
    assert len(quarter.answers["AddPeople"]["addPeople"]["people"]) == PEOPLE


def test_attribution_of_the_quarter_adds_up(quarter: Quarter) -> None:
    told = quarter.answers["LookBack"]["retrospective"]["attribution"]
    assert told["initial"] + told["movement"] + told["goalpost"] + told["scope"] == pytest.approx(told["final"])
