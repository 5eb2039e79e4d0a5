"""The commands for the proofs of a log: create the key, verify the log, export evidence."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from api.cli.output import USAGE, Failure, err, out, print_error
from api.runtime import signing_key
from api.runtime.database import Database
from api.runtime.projector import projector_of
from api.runtime.settings import Settings
from domain.primitives.errors import CommandRejected
from domain.proof.signed_note import NotSigned, Verifier
from projections.proof import evidence as proofs
from projections.proof import merkle_tree
from projections.proof.signer import Rewritten
from projections.proof.verification import Verdict, verify

_VKEY = re.compile(r"[^\s+]+\+[0-9a-f]{8}\+\S+")


# ── the key ──────────────────────────────────────────────────────────────────────────────────────


def create_key(settings: Settings, name: str | None, *, replace: bool) -> None:
    """Create the key of this workspace, and print its public half. Raises `Failure` and `KeyFault`."""
    path = signing_key.path_of(settings)
    try:
        before = signing_key.load(settings) if replace and path.exists() else None
        if before is not None:
            keys = signing_key.replace(path, before, name and _checked_name(name, settings))
        else:
            keys = signing_key.create(path, _checked_name(name or signing_key.new_name(settings), settings))
    except FileExistsError as error:
        raise Failure(
            f"There is already a key in {path}; --replace creates a new one and keeps the public half of the old one."
        ) from error
    except OSError as error:
        raise Failure(f"The key cannot be written to {path}: {error.strerror}.") from error
    except ValueError as error:
        raise Failure(str(error), USAGE) from error
    _note(f"The key is in {path}. It can sign checkpoints of this log: back it up and keep it secret.")
    if before is not None:
        _note(_meaning(before.signer.name, keys.signer.name))
    _note("Its public half, for verifiers:")
    _print(str(keys.signer.verifier))


def _meaning(before: str, now: str) -> str:
    """What a replaced key means to those who keep checkpoints."""
    if now == before:
        return (
            f"The origin of the log stays {now}. Send the new public half to those who keep checkpoints or verify: "
            "they need it for what is signed from now on, and the old one for what was signed before."
        )
    return (
        f"The origin of the log changes from {before} to {now}. Those who keep checkpoints, and witnesses, know a log "
        "by its origin, and take this one for a new log: tell them that it continues the old one, and send them the "
        "new public half beside the old one. Without --name the origin stays."
    )


def _checked_name(name: str, settings: Settings) -> str:
    if name.rpartition("/")[2] != settings.workspace:
        raise Failure(
            f"--name: the name of a key ends in '/{settings.workspace}', like {signing_key.new_name(settings)}.",
            USAGE,
        )
    return name


def show_key(settings: Settings) -> None:
    """Print the public halves of the current key and of earlier ones. Raises `KeyFault`."""
    for verifier in _public_keys(settings):
        _print(str(verifier))


def _public_keys(settings: Settings) -> tuple[Verifier, ...]:
    found = signing_key.load(settings)
    if found is None:
        raise signing_key.KeyFault(
            f"There is no key in {signing_key.path_of(settings)}: create it with 'keyframe key create'."
        )
    return found.verifiers


# ── the log ──────────────────────────────────────────────────────────────────────────────────────


def verify_log(database: Database, given: Sequence[str], checkpoints: Sequence[Path]) -> bool:
    """Verify the whole log and print the result; returns whether it is intact. Raises `Failure`."""
    settings = database.settings
    keys = signing_key.load(settings)
    known = [*verifiers(given), *(keys.verifiers if keys is not None else ())]
    notes = [_text(path) for path in checkpoints]
    with database.connect() as conn, _progress() as progress:
        if not known and (notes or merkle_tree.last_signed(conn) is not None):
            raise Failure(
                "The log is signed, but there is no key to verify it with: pass its public half with --key.", USAGE
            )
        task = progress.add_task("events", total=None)
        try:
            verdict = verify(
                conn, known, notes, lambda position, head: progress.update(task, completed=position, total=head)
            )
        except NotSigned as error:
            raise Failure(f"A --checkpoint does not belong to this log. {error}") from error
    _print_verdict(verdict)
    return verdict.is_sound


def _print_verdict(verdict: Verdict) -> None:
    for finding in verdict.findings:
        print_error(finding)
    if verdict.damage is not None:
        print_error(f"The log was changed, from position {verdict.damage.position}: {verdict.damage.what}.")
    if not verdict.is_sound:
        return
    counted = "1 checkpoint" if verdict.checkpoints == 1 else f"{verdict.checkpoints} checkpoints"
    signed = f"they match {counted}, the last at {verdict.signed_size}"
    _print(f"{verdict.size} events are intact: {signed if verdict.checkpoints else _without_checkpoints(verdict)}.")


def _without_checkpoints(verdict: Verdict) -> str:
    checked = "so only the consistency of the rows was checked"
    if not (closings := verdict.unsigned_closings):
        return f"no checkpoint is stored, {checked}"
    cycles = "a cycle was closed" if len(closings) == 1 else f"{len(closings)} cycles were closed"
    return (
        f"no checkpoint is stored, {checked}. But {cycles}, and each closing is signed where there is a key: no "
        "projector had one, or the checkpoints were removed"
    )


def _progress() -> Progress:
    columns = (TextColumn("Verifying"), BarColumn(), MofNCompleteColumn(), TextColumn("events"))
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


# ── evidence ─────────────────────────────────────────────────────────────────────────────────────


def export_evidence(database: Database, cycle: str) -> None:
    """Write the evidence of a cycle to standard output. Raises `Failure`."""
    settings = database.settings
    projector_of(database).catch_up()
    keys = signing_key.load_or_create(settings)
    if keys is None:
        raise Failure("Evidence is signed, but there is no key: create it with 'keyframe key create'.")
    with database.connect() as conn:
        try:
            for line in proofs.of_cycle(conn, settings.workspace, cycle, keys):
                sys.stdout.buffer.write(line)
        except CommandRejected as rejected:
            raise Failure(rejected.message) from rejected
        except (Rewritten, ValueError) as error:
            raise Failure(str(error)) from error
    sys.stdout.buffer.flush()


def verifiers(given: Sequence[str]) -> list[Verifier]:
    """Public keys, each given as NAME+ID+KEY or as a file of such lines."""
    try:
        return [Verifier.read(line) for argument in given for line in _lines(argument)]
    except ValueError as error:
        raise Failure(f"--key: {error}", USAGE) from error


def _lines(argument: str) -> list[str]:
    if _VKEY.fullmatch(argument):
        return [argument]
    return [line for line in _text(Path(argument)).splitlines() if line.strip()]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path} cannot be read.", USAGE) from error


def _note(text: str) -> None:
    err.print(text, markup=False, emoji=False, soft_wrap=True)


def _print(text: str) -> None:
    out.print(text, markup=False, emoji=False, soft_wrap=True)
