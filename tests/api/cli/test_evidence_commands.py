"""The commands of an auditor: create the key, verify the log, export evidence and verify it without a database."""

import re
import stat
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from pydantic import SecretStr

from api.cli.doctor import Finding, Verdict, _key
from api.runtime import signing_key
from api.runtime.database import Database
from api.runtime.settings import Settings
from api.runtime.signing_key import KeyFault
from domain.handlers.dispatcher import Dispatcher
from domain.proof import checkpoint
from domain.proof.signed_note import Verifier
from projections.proof import checkpoint_register
from tests.api.cli.terminal import keyframe
from tests.damage import cut_log, rewrite_event, unguarded
from tests.projections.proof.proven_quarter import Quarter

Result = CompletedProcess[str]
Run = Callable[..., Result]


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"data_dir": tmp_path / "data"})


@pytest.fixture
def run(settings: Settings) -> Run:
    """Run `keyframe` with the settings of this test."""
    return lambda *arguments: keyframe(settings, *map(str, arguments))


@pytest.fixture
def quarter(database: Database) -> Quarter:
    return Quarter(Dispatcher(database.log()))


def ok(result: Result) -> str:
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.strip()


def refused(result: Result, status: int = 1) -> str:
    assert result.returncode == status, result.stdout + result.stderr
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def private_part(settings: Settings) -> str:
    """The secret part of the private key."""
    return signing_key.path_of(settings).read_text().splitlines()[0].split("+", 4)[4]


# ── the key ───────────────────────────────────────────────────────────────────────────────────────


def test_created_key_file_is_private_and_its_public_key_is_printed(run: Run, settings: Settings) -> None:
    created = run("key", "create")
    vkey = ok(created)
    path = signing_key.path_of(settings)
    assert path == settings.data_dir / f"{settings.workspace}.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert re.fullmatch(f"keyframe/[0-9a-f]{{16}}/{settings.workspace}", Verifier.read(vkey).name)
    assert ok(run("key", "show")) == vkey
    assert private_part(settings) not in created.stdout + created.stderr
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_key_is_replaced_only_with_the_replace_option(run: Run, settings: Settings) -> None:
    first = ok(run("key", "create"))
    assert "--replace" in refused(run("key", "create"))
    assert ok(run("key", "show")) == first
    second = ok(run("key", "create", "--replace"))
    assert second != first
    assert ok(run("key", "show")).split() == [second, first]
    assert stat.S_IMODE(signing_key.path_of(settings).stat().st_mode) == 0o600


def test_each_new_key_has_an_origin_of_its_own(settings: Settings) -> None:
    assert signing_key.new_name(settings) != signing_key.new_name(settings)
    named = settings.model_copy(update={"host_names": "goals.example.org, other.example.org"})
    assert signing_key.new_name(named) == f"goals.example.org/{settings.workspace}"


def test_a_replaced_key_keeps_its_origin_and_says_what_that_means(run: Run, settings: Settings) -> None:
    old = Verifier.read(ok(run("key", "create")))
    replaced = run("key", "create", "--replace")
    assert Verifier.read(ok(replaced)).name == old.name
    assert f"origin of the log stays {old.name}" in replaced.stderr
    assert "keep checkpoints" in replaced.stderr


def test_a_replaced_key_takes_another_origin_only_by_name(run: Run, quarter: Quarter, settings: Settings) -> None:
    old = Verifier.read(ok(run("key", "create")))
    run("export", "--evidence", "--cycle", "2024-q1")
    name = f"goals.example.org/{settings.workspace}"
    replaced = run("key", "create", "--replace", "--name", name)
    assert Verifier.read(ok(replaced)).name == name
    assert f"origin of the log changes from {old.name} to {name}" in replaced.stderr
    assert "take this one for a new log" in replaced.stderr
    assert "they match" in ok(run("verify"))
    assert "ends in" in refused(run("key", "create", "--replace", "--name", "another"), 2)


def test_a_key_of_an_earlier_version_keeps_its_origin(run: Run, settings: Settings) -> None:
    signing_key.create(signing_key.path_of(settings), f"keyframe/{settings.workspace}")
    assert ok(run("key", "show")).startswith(f"keyframe/{settings.workspace}+")
    assert ok(run("key", "create", "--replace")).startswith(f"keyframe/{settings.workspace}+")


def test_key_file_and_name_are_options(run: Run, settings: Settings, tmp_path: Path) -> None:
    file, name = tmp_path / "elsewhere" / "key", f"okr.example.org/{settings.workspace}"
    assert ok(run("key", "create", "--file", file, "--name", name, "--replace")).startswith(f"{name}+")
    found = signing_key.load(settings.model_copy(update={"checkpoint_key": file}))
    assert found is not None
    assert found.signer.name == name
    assert "ends in" in refused(run("key", "create", "--name", "another"), 2)
    assert "is not a valid key name" in refused(run("key", "create", "--name", f"a b/{settings.workspace}"), 2)


@pytest.mark.parametrize("content", ["", "nonsense", "PRIVATE+KEY+a/b+00000000+AAAA", "\x00", "{secret}\nnonsense"])
def test_damaged_key_is_refused_without_printing_it(run: Run, settings: Settings, content: str) -> None:
    ok(run("key", "create"))
    secret = signing_key.path_of(settings).read_text().strip()
    signing_key.path_of(settings).write_text(content.format(secret=secret))
    message = refused(run("key", "show"))
    assert "is not a key file" in message
    assert secret[-20:] not in message


def test_key_of_another_workspace_is_refused(run: Run, settings: Settings) -> None:
    signing_key.create(signing_key.path_of(settings), "keyframe/another")
    assert "every workspace has a key of its own" in refused(run("key", "show"))


def test_configured_key_must_exist(settings: Settings, tmp_path: Path) -> None:
    named = settings.model_copy(update={"checkpoint_key": tmp_path / "nothing"})
    with pytest.raises(KeyFault, match="There is no key"):
        signing_key.load_or_create(named)
    assert signing_key.load_or_create(settings) is None


def test_embedded_database_gets_a_key_automatically(tmp_path: Path) -> None:
    ours = Settings(data_dir=tmp_path / "data", workspace="ours")
    made = signing_key.load_or_create(ours)
    assert made is not None
    again = signing_key.load_or_create(ours)
    assert again is not None
    assert made.signer.verifier == again.signer.verifier


def test_doctor_reports_the_signing_key(run: Run, settings: Settings, tmp_path: Path) -> None:
    assert (_key(settings).verdict, "not signed" in _key(settings).found) == (Verdict.NOTE, True)
    ok(run("key", "create"))
    found = signing_key.load(settings)
    assert found is not None
    assert _key(settings) == Finding("key", Verdict.RIGHT, f"signs as {found.signer.name}")
    signing_key.path_of(settings).write_text("nonsense")
    assert _key(settings).verdict is Verdict.WRONG
    ours = settings.model_copy(update={"database_url": None, "data_dir": tmp_path / "ours"})
    assert _key(ours).verdict is Verdict.RIGHT


def _found(settings: Settings) -> Finding:
    return _key(settings)


# ── the log ───────────────────────────────────────────────────────────────────────────────────────


def test_verify_reports_a_sound_log(run: Run, quarter: Quarter, database: Database) -> None:
    head = database.log().head().position
    assert ok(run("verify")).startswith(f"{head} events are intact: no checkpoint is stored")
    ok(run("key", "create"))
    run("export", "--evidence", "--cycle", "2024-q1")
    with database.connect() as conn:
        count = len(list(checkpoint_register.stored(conn)))
    first, second = ok(run("verify")).splitlines()
    counted = "1 checkpoint" if count == 1 else f"{count} checkpoints"
    assert first == f"{head} events are intact: they match {counted}, the last at {head}."
    assert second == "The rows of the projections match their digests."


def rewrite(database: Database) -> None:
    with database.connect() as conn:
        conn.execute("alter table log disable trigger append_only")
        conn.execute("update log set data = data || ' ' where position = 4")


def test_verify_reports_the_first_damaged_position(run: Run, quarter: Quarter, database: Database) -> None:
    rewrite(database)
    message = refused(run("verify"))
    assert message == (
        "keyframe: The log was changed, from position 4: its hash does not match its columns: "
        "one of them was changed.\n"
    )


def test_verify_of_a_log_without_checkpoints_tells_that_a_cycle_was_closed(
    run: Run, quarter: Quarter, database: Database
) -> None:
    with unguarded(database) as conn:  # as if it had been recorded an hour ago
        conn.execute(
            "update log set recorded_at = recorded_at - interval '1 hour',"
            " effective_at = least(effective_at, recorded_at - interval '1 hour')"
        )
        conn.execute(
            "update log set leaf_hash = leaf_hash(position, recorded_at, effective_at, stream, version, topic,"
            " belongs_to, metadata, data)"
        )
    assert "was closed" not in ok(run("verify")), "nothing is projected yet"
    ok(run("export", "--csv", "--cycle", "2024-q1"))
    said = ok(run("verify"))
    assert "no checkpoint is stored" in said
    assert "But a cycle was closed, and each closing is signed where there is a key" in said
    ok(run("key", "create"))
    assert "closing of a cycle at position" in refused(run("verify"))
    ok(run("export", "--csv", "--cycle", "2024-q1"))
    assert "they match" in ok(run("verify"))


def test_evidence_of_a_rewritten_log_is_not_written(run: Run, quarter: Quarter, database: Database) -> None:
    ok(run("key", "create"))
    ok(run("export", "--evidence", "--cycle", "2024-q1"))
    rewrite_event(database, 4)
    message = refused(run("export", "--evidence", "--cycle", "2024-q1"))
    assert "is not in the log that was signed: run 'keyframe verify'" in message


def test_commands_on_a_replaced_key_name_the_person(run: Run, quarter: Quarter, database: Database) -> None:
    with unguarded(database) as conn:
        conn.execute("update person_key set key = sha256('another')")
    named = f"The key of person {quarter.person} does not open"
    assert named in refused(run("verify"))
    assert named in refused(run("rebuild"))
    export = run("export", "--facts")
    assert (export.returncode, named in export.stderr) == (1, True)


def test_commands_on_a_log_that_was_cut_say_what_to_do(
    run: Run, quarter: Quarter, database: Database, tmp_path: Path
) -> None:
    ok(run("export", "--csv", "--cycle", "2024-q1"))
    cut_log(database, 5)
    facts = tmp_path / "facts"
    facts.write_text("")
    for command in (["verify"], ["import", facts], ["export", "--evidence", "--cycle", "2024-q1"]):
        assert "ahead of the log, which ends at 5" in refused(run(*command))
    assert ok(run("rebuild")) == "The projections were rebuilt up to position 5."
    ok(run("verify"))


def test_verifying_a_signed_log_needs_its_public_key(
    run: Run, quarter: Quarter, database: Database, settings: Settings
) -> None:
    vkey = ok(run("key", "create"))
    run("export", "--evidence", "--cycle", "2024-q1")
    signing_key.path_of(settings).rename(settings.data_dir / "away")
    assert "pass its public half with --key" in refused(run("verify"), 2)
    assert "they match" in ok(run("verify", "--key", vkey))
    other = ok(run("key", "create"))
    assert "not genuine" in refused(run("verify"))
    assert "not genuine" in refused(run("verify", "--key", other))


def test_log_is_verified_against_an_external_checkpoint(
    run: Run, quarter: Quarter, database: Database, settings: Settings, tmp_path: Path
) -> None:
    ok(run("key", "create"))
    found = signing_key.load(settings)
    assert found is not None
    kept = tmp_path / "kept"
    kept.write_text(checkpoint.signed(1_000, bytes(32), found.signer))
    assert "tail is cut off" in refused(run("verify", "--checkpoint", kept))
    kept.write_text("nonsense")
    assert "does not belong to this log" in refused(run("verify", "--checkpoint", kept))
    assert "cannot be read" in refused(run("verify", "--checkpoint", tmp_path / "nothing"), 2)


# ── evidence ──────────────────────────────────────────────────────────────────────────────────────


def test_exported_evidence_is_verified_without_a_database(
    run: Run, quarter: Quarter, settings: Settings, tmp_path: Path
) -> None:
    vkey = ok(run("key", "create"))
    named = settings.model_copy(update={"checkpoint_key": signing_key.path_of(settings)})
    done = keyframe(Settings(**named.model_dump(include={*settings.model_fields_set, "checkpoint_key"})),
                    "export", "--evidence", "--cycle", "2024-q1")  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    file = tmp_path / "q1.evidence"
    file.write_text(done.stdout)
    nowhere = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
    away = partial(keyframe, settings.model_copy(update={"database_url": nowhere}))
    proven = f"are in the log {Verifier.read(vkey).name}, as signed at position {_size(file)}."
    assert ok(away("verify", str(file), "--key", vkey)).endswith(proven)
    known = tmp_path / "known.keys"
    known.write_text(f"{vkey}\n")
    ok(away("verify", str(file), "--key", str(known)))
    file.write_text(done.stdout.replace("Well done", "Well gone"))
    assert f"{file}, line " in refused(away("verify", str(file), "--key", vkey))


def _size(file: Path) -> str:
    return file.read_text().split("\\n")[1]


def test_wrong_arguments_are_reported(run: Run, quarter: Quarter, tmp_path: Path) -> None:
    assert "Choose one export" in refused(run("export"), 2)
    assert "Choose one export" in refused(run("export", "--evidence"), 2)
    assert "there is no key" in refused(run("export", "--evidence", "--cycle", "2024-q1"))
    file = tmp_path / "file"
    file.write_text("{}\n")
    assert "against a public key" in refused(run("verify", file), 2)
    vkey = ok(run("key", "create"))
    assert "no Cycle with the key '2031'" in refused(run("export", "--evidence", "--cycle", "2031"))
    assert "line 1" in refused(run("verify", file))
    assert "line 1" in refused(run("verify", file, "--key", vkey))
    assert "--checkpoint" in refused(run("verify", file, "--key", vkey, "--checkpoint", file), 2)
    assert "--key" in refused(run("verify", file, "--key", vkey[:-4]), 2)
    assert "cannot be read" in refused(run("verify", tmp_path / "nothing", "--key", vkey), 2)


def test_commands_print_their_usage(run: Run) -> None:
    for arguments in (["key"], ["verify"], ["export"]):
        assert "Usage" in help_of(run, arguments)


def help_of(run: Run, arguments: Sequence[str]) -> str:
    return ok(run(*arguments, "--help"))
