"""Where the key is kept that signs checkpoints: a file of a few lines, for its owner alone.

Its first line is the private key; each line after it the public half of one that signed before, so that
what those have signed stays known. None of it is ever in the log, in the database, or in a message.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from api.runtime.settings import Settings
from domain.proof.signed_note import Signer, Verifier
from projections.proof.signer import CheckpointSigner, Keys
from projections.store.versioned_tables import Connection

_MODE = 0o600


class KeyFault(Exception):
    """The key that was asked for is not there, or cannot be used: one sentence that says why."""


def place(settings: Settings) -> Path:
    """The file that the key of this workspace is looked for in."""
    return settings.checkpoint_key or settings.data_dir / f"{settings.workspace}.key"


def found(settings: Settings) -> Keys | None:
    """The keys of this workspace; None if there are none, and none were asked for. Raises `KeyFault`."""
    path = place(settings)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        if settings.checkpoint_key is None:
            return None
        raise KeyFault(f"There is no key in {path}: make it with 'keyframe key create'.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFault(f"The key in {path} cannot be read.") from error
    return _fitting(_read(lines, path), settings, path)


def at_hand(settings: Settings) -> Keys | None:
    """The keys of this workspace, made now where Keyframe runs a database of its own. Raises `KeyFault`."""
    keys = found(settings)
    if keys is None and settings.database_url is None:
        with suppress(FileExistsError):
            create(place(settings), default_name(settings))
        keys = found(settings)
    return keys


def keeping(settings: Settings, keys: Keys | None) -> Callable[[Connection, int], None] | None:
    """What a projector calls so that checkpoints are signed as the settings say; None without a key."""
    if keys is None:
        return None
    return CheckpointSigner(keys, settings.checkpoint_events_max, settings.checkpoint_interval_s).keep


def default_name(settings: Settings) -> str:
    """What a key, and so the log as it signs it, is called if nobody says."""
    return f"keyframe/{settings.workspace}"


def create(path: Path, name: str) -> Keys:
    """Make a key and its file. Raises `FileExistsError`, and `ValueError` for what cannot be a name."""
    keys = Keys(Signer.new(name))
    draft = _drafted(path, keys)
    try:
        os.link(draft, path)
    finally:
        draft.unlink()
    return keys


def replace(path: Path, before: Keys) -> Keys:
    """Make a key that signs from now on, in the place of another, whose public half is kept beside it."""
    keys = Keys(Signer.new(before.signer.name), before.verifiers)
    _drafted(path, keys).replace(path)
    return keys


def _drafted(path: Path, keys: Keys) -> Path:
    """A new file beside the one that is meant, complete before anybody looks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        draft.unlink()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join([keys.signer.secret(), *map(str, keys.earlier), ""]))
        file.flush()
        os.fsync(file.fileno())
    return draft


def _read(lines: Sequence[str], path: Path) -> Keys:
    try:
        first, *earlier = [line for line in lines if line.strip()]
        return Keys(Signer.read(first), tuple(map(Verifier.read, earlier)))
    except ValueError as error:
        raise KeyFault(f"{path} holds no key as 'keyframe key create' writes it.") from error


def _fitting(keys: Keys, settings: Settings, path: Path) -> Keys:
    """The keys, if they are of this workspace: one key for two logs could not tell them apart."""
    name = keys.signer.name
    if name.rpartition("/")[2] != settings.workspace:
        raise KeyFault(
            f"The key in {path} signs for '{name}', which does not end in '/{settings.workspace}': "
            "every workspace has a key of its own."
        )
    return keys
