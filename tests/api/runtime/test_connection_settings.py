"""Settings of servers beside the primary are refused where they make no sense, and the refusal says what to do."""

import pytest
from pydantic import ValidationError

from api.runtime.settings import Settings

PRIMARY = "postgresql://keyframe@primary/goals"
STANDBYS = "postgresql://keyframe@one,two:5433/goals"


def refusal(**given: object) -> str:
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate(given)
    (error,) = refused.value.errors()
    return f"{error['loc'][0]}: {error['msg']}"


@pytest.mark.parametrize("name", ["read_url", "direct_url"])
def test_second_url_without_the_primary_is_refused(name: str) -> None:
    found = refusal(**{name: STANDBYS})
    assert found.startswith(f"{name}: Value error, needs KEYFRAME_DATABASE_URL")
    assert "set both, or remove this one" in found


@pytest.mark.parametrize("name", ["read_url", "direct_url"])
def test_second_url_of_another_database_is_refused(name: str) -> None:
    found = refusal(database_url=PRIMARY, **{name: "postgresql://keyframe@one/others"})
    assert found == f"{name}: Value error, names another database than KEYFRAME_DATABASE_URL: give both the same name"


@pytest.mark.parametrize("name", ["read_url", "direct_url"])
def test_text_that_is_no_url_is_refused_without_repeating_it(name: str) -> None:
    for text in ("secret@one", "postgresql://keyframe:secret@one/%zz"):
        found = refusal(database_url=PRIMARY, **{name: text})
        assert "write it like postgresql://user:password@host:5432/name" in found
        assert "secret" not in found


@pytest.mark.parametrize("given", [{"read_lag_s": 5}, {"token_memory_s": 60}])
def test_setting_of_standbys_without_standbys_is_refused(given: dict[str, float]) -> None:
    assert "has no effect without standbys: set KEYFRAME_READ_URL" in refusal(database_url=PRIMARY, **given)


@pytest.mark.parametrize("given", [{"read_lag_s": 0}, {"token_memory_s": -1}])
def test_limits_of_standbys_have_a_minimum(given: dict[str, float]) -> None:
    assert "greater than" in refusal(database_url=PRIMARY, read_url=STANDBYS, **given)


def test_standbys_and_their_limits_are_accepted_beside_the_primary() -> None:
    given = {"database_url": PRIMARY, "direct_url": PRIMARY, "read_url": STANDBYS, "read_lag_s": 5, "token_memory_s": 0}
    settings = Settings.model_validate(given)
    assert (settings.read_lag_s, settings.token_memory_s) == (5, 0)
