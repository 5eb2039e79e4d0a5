import socket
import time

import pytest
from pydantic import SecretStr, ValidationError

from api.cli.output import Failure
from api.cli.serve import listening, url
from api.runtime.database import Database
from api.runtime.settings import Settings
from api.schema.schema import sdl
from tests.api.cli.terminal import asked, fill, keyframe, line, process, started, stopped
from tests.conftest import issue_token

POSITION = "{ basis { position } }"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_the_demo_is_for_this_machine_alone(host: str) -> None:
    done = keyframe(Settings(host=host), "demo")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{host} can be reached from other machines, and the demo does not authenticate" in done.stderr


def test_nothing_is_served_where_nobody_could_come_in(database: Database) -> None:
    done = keyframe(database.settings, "serve", "--port", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No caller can authenticate" in done.stderr
    assert "keyframe token create --role ADMIN" in done.stderr
    assert "KEYFRAME_JWT_ISSUER" in done.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_listened_on(host: str) -> None:
    with listening(Settings(host=host, port=0)) as listener:
        assert url(listener).startswith("http://")


def test_where_everybody_says_who_they_are_any_address_may_be_listened_on() -> None:
    with listening(Settings(host="0.0.0.0", port=0)) as listener:
        assert listener.getsockname()[0] == "0.0.0.0"


def test_a_port_that_is_taken_is_told_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Failure, match=f"127.0.0.1:{port} cannot be used .* choose another port with --port"):
            listening(Settings(port=port))


def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises(Failure, match=r"no\.such\.host\.invalid is not a valid address"):
        listening(Settings(host="no.such.host.invalid"))


@pytest.mark.parametrize(
    ("dsn", "told"),
    [
        ("postgresql://nobody@127.0.0.1:1/nothing", "The database cannot be reached"),
        ("postgresql://127.0.0.1:port/nothing", "invalid integer value"),
        ("host=127.0.0.1 port=nowhere", "invalid integer value"),
    ],
)
def test_a_database_that_cannot_be_reached_is_one_sentence(dsn: str, told: str) -> None:
    settings = Settings(database_url=SecretStr(dsn), reconnect_timeout_s=0.1, port=0)
    done = keyframe(settings, "serve")
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr
    assert done.stderr.endswith("Check KEYFRAME_DATABASE_URL, and that the server runs.\n")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("dsn", ["nonsense", "mysql://somebody:secret@host/keyframe"])
def test_what_is_no_address_of_a_postgresql_is_told_without_its_secrets(dsn: str) -> None:
    wrong = Settings().model_copy(update={"database_url": SecretStr(dsn)})
    with pytest.raises(ValidationError, match="postgresql://user:password@host") as refused:
        Settings(database_url=wrong.database_url)
    assert dsn not in str(refused.value)


def test_an_empty_address_is_none() -> None:
    assert Settings(database_url=SecretStr(" ")).database_url is None


def test_a_setting_that_cannot_be_is_named() -> None:
    wrong = Settings().model_copy(update={"workspace": "Not Like This"})
    done = keyframe(wrong.model_copy(update={}), "serve")
    assert done.returncode == 2
    assert done.stderr.startswith("keyframe: KEYFRAME_WORKSPACE: ")


def test_a_command_that_does_not_exist_is_misunderstood(settings: Settings) -> None:
    assert process(settings, "sing").returncode == 2


def test_the_schema_is_printed(settings: Settings) -> None:
    assert process(settings, "schema").stdout == sdl()


def test_views_are_made_anew(database: Database) -> None:
    fill(database)
    done = keyframe(database.settings, "rebuild")
    assert (done.returncode, done.stdout) == (0, "The projections were rebuilt up to position 20.\n")


def test_a_server_may_leave_the_views_to_a_process_of_their_own(database: Database) -> None:
    fill(database)
    token = issue_token(database)
    with started(database.settings, "serve", "--port", "0", "--no-project") as server:
        address = line(server, "Keyframe answers at ").removeprefix("Keyframe answers at ")
        assert asked(address, POSITION, token) == {"basis": {"position": 0}}
        with started(database.settings, "project") as projector:
            line(projector, "Updating the projections")
            deadline = time.monotonic() + 60
            while asked(address, POSITION, token) != {"basis": {"position": 20}}:
                assert time.monotonic() < deadline
            assert (stopped(projector), stopped(server)) == (0, 0)


def test_of_two_that_feed_the_views_one_stands_by_and_says_so(database: Database) -> None:
    with started(database.settings, "project") as one:
        line(one, "Updating the projections")
        with started(database.settings, "project") as other:
            line(other, "On standby")
            assert stopped(one) == 0
            line(other, "Updating the projections")
            assert stopped(other) == 0


def test_an_event_that_cannot_be_applied_stops_the_projector_with_its_cause(database: Database) -> None:
    fill(database)
    with database.connect() as conn:
        conn.execute("""
            insert into log
            select position + 1, recorded_at + interval '1 s', effective_at, gen_random_uuid(), 1, 'moon-landed.v1',
                   null, metadata, data, leaf_hash
            from log order by position desc limit 1
        """)
    done = process(database.settings, "project")
    assert done.returncode == 1
    assert "Event 21 (moon-landed.v1) cannot be applied to the projections" in done.stderr
