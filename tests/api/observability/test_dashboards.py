"""Alerts and dashboard: every metric and label that they name is one of those that a server exports."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from api.runtime.database import Database
from api.runtime.settings import Settings
from api.server.app import create_app
from tests.api.conftest import Api

FOLDER = Path(__file__).parents[3] / "deploy" / "observability"
FROM_PROMETHEUS = {"job", "instance"}
"""Labels that Prometheus adds to every series of a scrape."""
SELECTOR = re.compile(r"\b(keyframe_[a-z_]+|up)\b(?:\{([^}]*)\})?")
GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
SAMPLE = re.compile(r"^(keyframe_[a-z_]+)(?:\{(.*)\})? \S+$", re.MULTILINE)
LABEL = re.compile(r'([a-z_]+)\s*=~?\s*"')

Labels = dict[str, set[str]]
"""The label names of each metric."""


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def queries() -> Iterator[str]:
    """The expressions of alerts, panels and variables."""
    yield from (rule["expr"] for rule in alerts())
    dashboard = json.loads((FOLDER / "dashboard.json").read_text())
    yield from (target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ()))
    for variable in dashboard["templating"]["list"]:
        yield from re.findall(r"label_values\((.*)\)", variable["query"])


@pytest.fixture
def exported(settings: Settings, database: Database) -> Labels:
    """The metrics of a server that has answered a query and a command and has reported an error."""
    app = create_app(settings, database, editor=False, anonymous=True)
    with TestClient(app, base_url="http://localhost") as http:
        Api(http).do("addPerson", {"handle": "ada", "name": "Ada"})
        Api(http).answer("{ nope }")
        http.get("/metrics")
        page = http.get("/metrics").text
    labels: Labels = {}
    for name, named in SAMPLE.findall(page):
        labels.setdefault(name, set(FROM_PROMETHEUS)).update(LABEL.findall(named))
    return labels | {"up": FROM_PROMETHEUS}


def test_every_metric_and_label_of_alerts_and_dashboard_exists(exported: Labels) -> None:
    for query in queries():
        selected = SELECTOR.findall(query)
        assert selected, query
        for metric, labels in selected:
            assert metric in exported, query
            assert set(LABEL.findall(labels)) <= exported[metric], query
        known = set.union(*(exported[metric] for metric, _ in selected))
        for grouping in GROUPING.findall(query):
            assert {label.strip() for label in grouping.split(",")} <= known, query


def test_every_metric_is_on_the_dashboard_or_in_an_alert(exported: Labels) -> None:
    asked = {metric for query in queries() for metric, _ in SELECTOR.findall(query)}
    families = {re.sub(r"_(bucket|sum|count|created|total)$", "", name) for name in exported}
    assert families == {re.sub(r"_(bucket|total)$", "", name) for name in asked}


def test_every_alert_says_what_to_do() -> None:
    for rule in alerts():
        assert rule["alert"].startswith("Keyframe")
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert set(rule["annotations"]) == {"summary", "action"}


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads((FOLDER / "dashboard.json").read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
