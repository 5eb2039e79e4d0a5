"""A variable whose name resembles a setting is reported with the name of that setting."""

import pytest

from api.cli.output import settings
from api.runtime.setting_names import UnknownName, unknown_names
from api.runtime.settings import Settings


@pytest.mark.parametrize(
    ("misspelled", "nearest"),
    [
        ("KEYFRAME_DATABASE_ULR", "KEYFRAME_DATABASE_URL"),
        ("KEYFRAME_WORKPLACE", "KEYFRAME_WORKSPACE"),
        ("KEYFRAME_STATEMENT_TIMEOUT", "KEYFRAME_STATEMENT_TIMEOUT_S"),
        ("KEYFRAME_HOSTNAMES", "KEYFRAME_HOST_NAMES"),
        ("keyframe_prot", "KEYFRAME_PORT"),
    ],
)
def test_misspelled_setting_is_named_with_the_nearest(misspelled: str, nearest: str) -> None:
    assert unknown_names([misspelled]) == [UnknownName(misspelled, nearest)]


def test_settings_in_any_case_are_known() -> None:
    names = [f"KEYFRAME_{name.upper()}" for name in Settings.model_fields]
    assert unknown_names([*names, "keyframe_host", "PATH", "KEYFRAME_TEST_DATABASE_URL"]) == []


@pytest.mark.parametrize("name", ["KEYFRAME_TOKEN", "KEYFRAME_PASSWORD", "KEYFRAME_SERVICE_HOST", "KEYFRAME_URL"])
def test_variable_of_another_program_has_no_nearest_setting(name: str) -> None:
    assert unknown_names([name]) == [UnknownName(name, None)]


def test_every_command_warns_of_a_misspelled_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEYFRAME_DATABASE_ULR", "postgresql://db.example.org/keyframe")
    monkeypatch.setenv("KEYFRAME_TOKEN", "of a client")
    settings()
    assert capsys.readouterr().err.split("\n") == [
        "keyframe: KEYFRAME_DATABASE_ULR is not a setting and has no effect; did you mean KEYFRAME_DATABASE_URL?", "",
    ]  # fmt: skip
