"""Time zones come from the pinned package alone."""

import zoneinfo
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from domain.primitives import time_zones

ROOT = Path(__file__).parents[3]


def test_the_version_is_that_of_the_pinned_package() -> None:
    pins = (ROOT / "constraints.txt").read_text().splitlines()
    assert f"tzdata=={time_zones.VERSION}" in pins
    assert version("tzdata") == time_zones.VERSION


def test_zones_of_the_system_are_never_read(tmp_path: Path) -> None:
    (tmp_path / "Europe").mkdir()
    other = Path(zoneinfo.__file__).parent / "nowhere"
    zoneinfo.reset_tzpath([str(tmp_path), str(other)])
    time_zones.zone.cache_clear()
    try:
        (tmp_path / "Europe" / "Lisbon").write_bytes(b"not a time zone")
        noon = datetime(2026, 7, 1, 12, tzinfo=UTC).astimezone(time_zones.zone("Europe/Lisbon"))
    finally:
        zoneinfo.reset_tzpath()
    assert noon.isoformat() == "2026-07-01T13:00:00+01:00"


@pytest.mark.parametrize("name", ["Europe/Lisboa", "../zones", "", "europe/lisbon", "/etc/localtime", "Europe"])
def test_an_unknown_zone_is_a_lookup_error(name: str) -> None:
    with pytest.raises(LookupError, match="time zone"):
        time_zones.zone(name)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("Europe/Lisboa", "Europe/Lisbon"),
        ("europe/lisbon", "Europe/Lisbon"),
        ("Lisbon", "Europe/Lisbon"),
        ("new york", "America/New_York"),
        ("Europe/Lisbn ", "Europe/Lisbon"),
        ("xyzzy", None),
        ("", None),
    ],
)
def test_the_most_similar_name_is_found(name: str, nearest: str | None) -> None:
    assert time_zones.nearest(name) == nearest
