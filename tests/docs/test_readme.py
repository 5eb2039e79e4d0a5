import json
import re
from pathlib import Path

import msgspec
import pytest
import typer.main
from graphql import GraphQLError, parse, validate
from starlette.routing import Route, WebSocketRoute

from api.cli.main import app
from api.facts import importer
from api.graphql_http import csrf, endpoint
from api.observability import request_log
from api.runtime.database import Database
from api.runtime.settings import Settings
from api.schema.schema import schema
from api.server.app import create_app
from domain.commands.registry import VERBS as COMMAND_VERBS
from domain.handlers import dispatcher
from domain.primitives import values

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
TEXTS = [path.relative_to(ROOT) for path in (ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"))]
VERBS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def section(title: str) -> str:
    """The text under a heading, up to the next."""
    return re.split(r"\n#+ ", README.split(f" {title}\n", 1)[1], maxsplit=1)[0]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_told_with_its_default_and_meaning(name: str) -> None:
    setting = Settings.model_fields[name]
    default = "" if setting.default is None else f"`{str(setting.default).lower()}`"
    assert f"| `KEYFRAME_{name.upper()}` | {default} | {setting.description} |" in section("Settings")


@pytest.mark.parametrize("text", [*TEXTS, Path("docker-compose.yml"), Path("Dockerfile")], ids=str)
def test_only_settings_that_exist_are_told(text: Path) -> None:
    named = set(re.findall(r"KEYFRAME_([A-Z_]+)", (ROOT / text).read_text())) - {"PASSWORD"}
    assert named <= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("name", VERBS)
def test_every_command_is_told_with_all_its_options(name: str) -> None:
    told = section("Commands")
    assert f"`keyframe {name}`" in told
    for option in VERBS[name].params:
        for spelling in (*option.opts, *option.secondary_opts):
            assert f"`{spelling}`" in told or not spelling.startswith("--")


@pytest.mark.parametrize("text", TEXTS, ids=str)
def test_only_commands_that_exist_are_told(text: Path) -> None:
    told = (ROOT / text).read_text()
    named = re.findall(r"(?:`|'|\n|\$ )keyframe ([a-z]+)([^`'\n#]*)", told)
    assert {name for name, _ in named} <= set(VERBS)
    for name, rest in named:
        options = {spelling for option in VERBS[name].params for spelling in (*option.opts, *option.secondary_opts)}
        assert set(re.findall(r"--[a-z-]+", rest)) <= options


@pytest.mark.parametrize("document", blocks("graphql"), ids=lambda text: text.split("(")[0].split("{")[0].strip())
def test_every_question_can_be_asked(document: str) -> None:
    errors: list[GraphQLError] = validate(schema._schema, parse(document))
    assert errors == []


@pytest.mark.parametrize("line", [line for block in blocks("json") for line in block.splitlines()])
def test_every_fact_is_one(line: str) -> None:
    fact = msgspec.json.decode(line, type=importer.Fact)
    assert fact.do in COMMAND_VERBS
    assert json.loads(line)["do"] == fact.do


@pytest.mark.parametrize("text", TEXTS, ids=str)
def test_every_link_leads_somewhere(text: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]*)(?:#[^)]*)?\)", (ROOT / text).read_text()):
        assert (ROOT / text).parent.joinpath(target).exists(), target


def test_every_heading_that_is_linked_to_is_there() -> None:
    headings = {re.sub(r"[^a-z -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"\n#+ (.*)", README)}
    assert set(re.findall(r"\]\(#([^)]*)\)", README)) <= headings


def test_every_word_made_by_make_is_a_target() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)`|\nmake ([a-z]+)", README)) != set()
    for words in re.findall(r"`make ([a-z]+)`|\nmake ([a-z]+)", README):
        assert "".join(words) in targets


def test_the_limits_are_those_of_the_code() -> None:
    told = section("Limits")
    assert f"| a title | {values.TITLE_LENGTH_MAX} characters |" in told
    assert f"| {values.TEXT_LENGTH_MAX:,} characters |" in told
    assert f"| a line of a fact file | {importer.LINE_BYTES_MAX >> 20} MiB |" in told
    assert f"| an idempotency key | {dispatcher.KEY_LENGTH_MAX} characters |" in told
    assert f"| a time ahead of the database's clock | {values.FUTURE_TOLERANCE.seconds} seconds;" in told


def test_every_endpoint_is_told(database: Database) -> None:
    told = section("Endpoints")
    for route in create_app(database.settings, database, editor=True, anonymous=True).routes:
        assert isinstance(route, Route | WebSocketRoute)
        assert f" {route.path}` |" in told


@pytest.mark.parametrize("name", [endpoint.MIN_POSITION, request_log.REQUEST_ID, *csrf.PROOFS])
def test_every_header_is_told(name: str) -> None:
    assert f"| `{name}` |" in section("Headers").lower()


def test_every_goal_in_figures_has_its_program() -> None:
    told = (ROOT / "benchmarks" / "README.md").read_text()
    for name in re.findall(r"`benchmarks\.([a-z]+)`", told):
        assert (ROOT / "benchmarks" / f"{name}.py").exists()
