import json
import re
from pathlib import Path

import msgspec
import pytest
import typer.main
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient

from api.cli.main import app
from api.facts import importer
from api.graphql_http import csrf, endpoint
from api.observability import request_log
from api.runtime.database import Database
from api.runtime.settings import Settings
from api.server.app import create_app
from domain.commands.registry import VERBS as COMMAND_VERBS
from domain.handlers import dispatcher
from domain.primitives import parsers
from tests.docs.documents import ROOT, TEXTS, read, section

FACTS = [
    line
    for page in ("README.md", "docs/imports.md")
    for block in re.findall(r"```json\n(.*?)```", read(page), re.DOTALL)
    for line in block.splitlines()
]
OF_OTHERS = {"PASSWORD", "TEST_DATABASE_URL", "TEST_EXAMPLES"}
"""Variables of docker compose and of the tests, after KEYFRAME_."""
VERBS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_with_default_and_description(name: str) -> None:
    setting = Settings.model_fields[name]
    default = "" if setting.default is None else f"`{shown(setting.default)}`"
    assert f"| `KEYFRAME_{name.upper()}` | {default} | {setting.description} |" in read("docs/settings.md")


def shown(default: object) -> str:
    """A default as it is written in an environment variable."""
    return str(default).lower() if isinstance(default, bool) else str(default)


@pytest.mark.parametrize("text", [*TEXTS, Path("docker-compose.yml"), Path("Dockerfile")], ids=str)
def test_only_existing_settings_are_documented(text: Path) -> None:
    named = set(re.findall(r"KEYFRAME_([A-Z_]+)", (ROOT / text).read_text())) - OF_OTHERS
    assert named <= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("name", VERBS)
def test_every_cli_command_is_documented_with_all_options(name: str) -> None:
    page = section("docs/operations.md", "Command line")
    assert f"`keyframe {name}`" in page
    for option in VERBS[name].params:
        for spelling in (*option.opts, *option.secondary_opts):
            assert f"`{spelling}`" in page or not spelling.startswith("--")


@pytest.mark.parametrize("text", TEXTS, ids=str)
def test_only_existing_cli_commands_and_options_are_documented(text: Path) -> None:
    page = (ROOT / text).read_text()
    named = re.findall(r"(?:`|'|\n|\$ )keyframe ([a-z]+)([^`'\n#]*)", page)
    assert {name for name, _ in named} <= set(VERBS)
    for name, rest in named:
        options = {spelling for option in VERBS[name].params for spelling in (*option.opts, *option.secondary_opts)}
        assert set(re.findall(r"--[a-z-]+", rest)) <= options


@pytest.mark.parametrize("line", FACTS)
def test_every_fact_in_the_documentation_is_valid(line: str) -> None:
    fact = msgspec.json.decode(line, type=importer.Fact)
    assert fact.do in COMMAND_VERBS
    assert json.loads(line)["do"] == fact.do


@pytest.mark.parametrize("text", TEXTS, ids=str)
def test_every_documented_make_target_exists(text: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    assert {"".join(match) for match in re.findall(r"`make ([a-z-]+)[ `]|\nmake ([a-z]+)", read(str(text)))} <= targets


def test_readme_shows_make_demo_and_make_test() -> None:
    assert re.findall(r"\nmake ([a-z]+)", read("README.md")) == ["demo", "test"]


def test_documented_limits_match_the_code() -> None:
    page = section("docs/http.md", "Limits")
    assert f"| a title | {parsers.TITLE_LENGTH_MAX} characters |" in page
    assert f"| {parsers.TEXT_LENGTH_MAX:,} characters |" in page
    assert f"| a line of a fact file | {importer.LINE_BYTES_MAX >> 20} MiB |" in page
    assert f"| an idempotency key | {dispatcher.KEY_LENGTH_MAX} characters |" in page
    assert f"| a time ahead of the database's clock | {parsers.FUTURE_TOLERANCE.seconds} seconds;" in page


def test_every_endpoint_is_documented(database: Database) -> None:
    page = section("docs/http.md", "Endpoints")
    for route in create_app(database.settings, database, editor=True, anonymous=True).routes:
        assert isinstance(route, Route | WebSocketRoute)
        assert f" {route.path}` |" in page


@pytest.mark.parametrize("name", [endpoint.MIN_POSITION, request_log.REQUEST_ID, *csrf.PROOFS])
def test_every_header_is_documented(name: str) -> None:
    assert f"| `{name}` |" in section("docs/http.md", "Headers").lower()


def test_every_metric_is_documented(http: TestClient) -> None:
    documented = section("docs/operations.md", "Metrics")
    types = re.findall(r"^# TYPE (keyframe_[a-z_]+) ", http.get("/metrics").text, re.MULTILINE)
    metrics = {name for name in types if not name.endswith("_created")}
    assert set(re.findall(r"^\| `([a-z_]+)`", documented, re.MULTILINE)) == metrics


def test_every_documented_benchmark_exists() -> None:
    page = (ROOT / "benchmarks" / "README.md").read_text()
    for name in re.findall(r"`benchmarks\.([a-z]+)`", page):
        assert (ROOT / "benchmarks" / f"{name}.py").exists()
