"""What an auditor does from a terminal: make the key, verify the log, take evidence away and check it anywhere."""

import re
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from api.cli.output import USAGE, Failure, complain, err, out
from api.runtime import signing_key
from api.runtime.database import Database
from api.runtime.projector import projector_of
from api.runtime.settings import Settings
from domain.primitives.errors import CommandRejected
from domain.proof import evidence
from domain.proof.signed_note import NotSigned, Verifier
from projections.proof import evidence as proofs
from projections.proof import merkle_tree
from projections.proof.signer import Rewritten
from projections.proof.verification import Verdict, verify

_VKEY = re.compile(r"[^\s+]+\+[0-9a-f]{8}\+\S+")


class KeyVerb(StrEnum):
    """What can be done with the key."""

    CREATE = "create"
    SHOW = "show"


# ── the key ──────────────────────────────────────────────────────────────────────────────────────


def create_key(settings: Settings, name: str | None, *, replace: bool) -> None:
    """Make the key of this workspace, and say its public half. Raises `Failure` and `KeyFault`."""
    path = signing_key.place(settings)
    try:
        if replace and path.exists() and (before := signing_key.found(settings)) is not None:
            made = signing_key.replace(path, before)
        else:
            made = signing_key.create(path, _fitting(name or signing_key.default_name(settings), settings))
    except FileExistsError as error:
        raise Failure(
            f"There is a key in {path} already; with --replace another takes its place, and what it signed stays known."
        ) from error
    except OSError as error:
        raise Failure(f"The key cannot be kept in {path}: {error.strerror}.") from error
    except ValueError as error:
        raise Failure(str(error), USAGE) from error
    err.print(f"The key is in {path}. Whoever has it can sign for this log: keep it, and keep it to yourself.")
    err.print("Its public half, which others verify with:")
    _print(str(made.signer.verifier))


def _fitting(name: str, settings: Settings) -> str:
    if name.rpartition("/")[2] != settings.workspace:
        raise Failure(
            f"The name of the key ends in '/{settings.workspace}', like {signing_key.default_name(settings)}.", USAGE
        )
    return name


def show_key(settings: Settings) -> None:
    """Say the public half of the key, and of those before it. Raises `KeyFault`."""
    for verifier in _ours(settings):
        _print(str(verifier))


def _ours(settings: Settings) -> tuple[Verifier, ...]:
    found = signing_key.found(settings)
    if found is None:
        raise signing_key.KeyFault(
            f"There is no key in {signing_key.place(settings)}: make it with 'keyframe key create'."
        )
    return found.verifiers


# ── the log ──────────────────────────────────────────────────────────────────────────────────────


def verify_log(database: Database, told: Sequence[str], checkpoints: Sequence[Path]) -> bool:
    """Verify the whole log, show how far it is, and say what was found; whether all is well. Raises `Failure`."""
    settings = database.settings
    ours = signing_key.found(settings)
    known = [*_verifiers(told), *(ours.verifiers if ours is not None else ())]
    notes = [_text(path) for path in checkpoints]
    with database.connect() as conn, _progress() as progress:
        if not known and (notes or merkle_tree.last_signed(conn) is not None):
            raise Failure(
                "The log was signed, but there is no key to check that with: name its public half with --key.", USAGE
            )
        task = progress.add_task("events", total=None)
        try:
            verdict = verify(
                conn, known, notes, lambda position, head: progress.update(task, completed=position, total=head)
            )
        except NotSigned as error:
            raise Failure(f"A checkpoint that was given is none of this log. {error}") from error
    _tell(verdict)
    return verdict.damage is None


def _tell(verdict: Verdict) -> None:
    if verdict.damage is not None:
        complain(f"The log is not what it was, from position {verdict.damage.position}: {verdict.damage.what}.")
        return
    held = f"held against {verdict.checkpoints} checkpoints, the last at {verdict.signed_size}"
    told = held if verdict.checkpoints else "no checkpoint was ever signed, so nothing but its own rows speaks for it"
    _print(f"{verdict.size} events are sound: {told}.")


def _progress() -> Progress:
    columns = (TextColumn("Verifying"), BarColumn(), MofNCompleteColumn(), TextColumn("events"))
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


# ── evidence ─────────────────────────────────────────────────────────────────────────────────────


def export_evidence(database: Database, cycle: str) -> None:
    """Write the evidence of a cycle to the standard output. Raises `Failure`."""
    settings = database.settings
    projector_of(database).catch_up()
    ours = signing_key.at_hand(settings)
    if ours is None:
        raise Failure("Evidence is signed, and there is no key: make it with 'keyframe key create'.")
    with database.connect() as conn:
        try:
            for line in proofs.of_cycle(conn, settings.workspace, cycle, ours):
                sys.stdout.buffer.write(line)
        except CommandRejected as refused:
            raise Failure(refused.message) from refused
        except (Rewritten, ValueError) as error:
            raise Failure(str(error)) from error
    sys.stdout.buffer.flush()


def verify_evidence(file: Path, told: Sequence[str]) -> None:
    """Check a file of evidence with nothing but public keys. Raises `Failure` if it does not prove what it says."""
    known = _verifiers(told)
    if not known:
        raise Failure(
            "Evidence is checked against a public key, which you have from its owner: --key NAME+ID+KEY.", USAGE
        )
    try:
        with file.open("rb") as lines:
            proven = evidence.check(lines, known)
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.", USAGE) from error
    except evidence.Broken as broken:
        raise Failure(f"{file}, {broken}") from broken
    _print(
        f"{proven.events} events of the cycle {proven.about.key} are in the log {proven.signer.name}, "
        f"as it was signed at position {proven.size}."
    )


def _verifiers(told: Sequence[str]) -> list[Verifier]:
    """Public keys, each as it is written, or as a file that holds some."""
    try:
        return [Verifier.read(line) for one in told for line in _lines(one)]
    except ValueError as error:
        raise Failure(f"--key: {error}", USAGE) from error


def _lines(told: str) -> list[str]:
    return [told] if _VKEY.fullmatch(told) else [line for line in _text(Path(told)).splitlines() if line.strip()]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path} cannot be read.", USAGE) from error


def _print(text: str) -> None:
    out.print(text, markup=False, emoji=False, soft_wrap=True)
