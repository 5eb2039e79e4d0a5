import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text()
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=; ]", one)[0].lower().replace("_", "-") for one in requirements}


PINNED = names([line for line in CONSTRAINTS.splitlines() if "==" in line])


def test_every_dependency_is_pinned() -> None:
    extras = [one for extra in PROJECT["optional-dependencies"].values() for one in extra]
    required = names([*PROJECT["dependencies"], *extras])
    assert required - PINNED == set()


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


def test_the_image_does_not_run_as_root_and_installs_exact_versions() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "\nUSER keyframe\n" in dockerfile
    assert "--constraint constraints.txt" in dockerfile


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
