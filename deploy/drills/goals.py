"""The goals that the clients of a drill write to: one active cycle with an objective, its key results, and KPIs."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from deploy.drills.clients import Goals

SECONDS_MAX: Final = 300

_OPEN: Final = """mutation ($starts: Date!, $ends: Date!) {
  openCycle(input: {key: "drill", name: "Drill", startsOn: $starts, endsOn: $ends}) { problems { message } }
  draftObjective(input: {cycle: {key: "drill"}, title: "Every acknowledged command survives the night"}) {
    objective { id } problems { message }
  }
}"""
_ADD: Final = """mutation ($objective: ID!, $title: String!, $kpi: String!) {
  addKeyResult(input: {objective: $objective, title: $title, metric: {direction: INCREASE, start: 0, target: 100}}) {
    keyResult { id } problems { message }
  }
  defineKpi(input: {key: $kpi, name: $kpi}) { problems { message } }
}"""
_ACTIVATE: Final = 'mutation { activateCycle(input: {cycle: {key: "drill"}}) { problems { message } } }'


def wait_until_ready(url: str, token: str) -> None:
    """Wait until a server is ready. Raises `TimeoutError`."""
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/readyz", headers=_bearer(token), timeout=10).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise TimeoutError(f"{url} is not ready after {SECONDS_MAX} s.")


def write_goals(url: str, token: str, writers: int) -> Goals:
    """Write the goals, with a key result and a KPI for each writer."""
    today = datetime.now(UTC).date()
    days = {"starts": str(today - timedelta(days=10)), "ends": str(today + timedelta(days=80))}
    objective = _do(url, token, _OPEN, days)["draftObjective"]["objective"]["id"]
    added = [
        _do(url, token, _ADD, {"objective": objective, "title": f"Writer {number} is done", "kpi": f"kpi-{number}"})
        for number in range(writers + 1)
    ]
    _do(url, token, _ACTIVATE, {})
    shared, *own = [one["addKeyResult"]["keyResult"]["id"] for one in added]
    return Goals(objective, shared, own, [f"kpi-{number}" for number in range(writers)])


def _do(url: str, token: str, document: str, variables: dict[str, Any]) -> Any:
    body = {"query": document, "variables": variables}
    answer = httpx.post(f"{url}/graphql", json=body, headers=_bearer(token), timeout=60).json()
    problems = [] if "errors" in answer else [one for payload in answer["data"].values() for one in payload["problems"]]
    if "errors" in answer or problems:
        raise RuntimeError(f"{answer.get('errors')} {problems}")
    return answer["data"]


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
