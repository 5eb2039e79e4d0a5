"""The file of the key that signs checkpoints, readable by its owner only.

Its first line is the private key. Each further line is the public half of an earlier key, so that old checkpoints can
still be verified. The private key never appears in the log, in the database, or in a message.
"""

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from api.runtime.settings import Settings
from domain.proof.signed_note import Signer, Verifier
from projections.proof.signer import CheckpointSigner, Keys

_MODE = 0o600


class KeyFault(Exception):
    """The key does not exist or cannot be used. The message is one sentence with the reason."""


def path_of(settings: Settings) -> Path:
    """The path of the key of this workspace."""
    return settings.checkpoint_key or settings.data_dir / f"{settings.workspace}.key"


def load(settings: Settings) -> Keys | None:
    """The keys of this workspace; None if there is no file and the settings name none. Raises `KeyFault`."""
    path = path_of(settings)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        if settings.checkpoint_key is None:
            return None
        raise KeyFault(f"There is no key in {path}: create it with 'keyframe key create'.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFault(f"The key in {path} cannot be read.") from error
    return _checked(_read(lines, path), settings, path)


def load_or_create(settings: Settings) -> Keys | None:
    """The keys of this workspace; with the embedded database, missing keys are created. Raises `KeyFault`."""
    keys = load(settings)
    if keys is None and settings.database_url is None:
        with suppress(FileExistsError):
            create(path_of(settings), new_name(settings))
        keys = load(settings)
    return keys


def checkpoint_signer(settings: Settings, keys: Keys | None) -> CheckpointSigner | None:
    """The signer of checkpoints at the intervals of the settings; None without a key."""
    if keys is None:
        return None
    thin_after_days = settings.checkpoint_thin_after_days
    return CheckpointSigner(keys, settings.checkpoint_events_max, settings.checkpoint_interval_s, thin_after_days)


def new_name(settings: Settings) -> str:
    """A name for a new key, which is also the name of the log in its checkpoints, its origin. It is unique in the
    world, as c2sp.org/tlog-checkpoint wants it: it begins with the first host name of the settings, or with a random id
    of 64 bits."""
    host = next(iter(settings.listed("host_names")), None)
    return f"{host or f'keyframe/{secrets.token_hex(8)}'}/{settings.workspace}"


def create(path: Path, name: str) -> Keys:
    """Create a key and its file. Raises `FileExistsError`, and `ValueError` for an invalid name."""
    keys = Keys(Signer.new(name))
    draft = _write_draft(path, keys)
    try:
        os.link(draft, path)
    finally:
        draft.unlink()
    return keys


def replace(path: Path, before: Keys, name: str | None = None) -> Keys:
    """Replace a key by a new one, by default of the same name. The file keeps the public half of the old one. Raises
    `ValueError` for an invalid name."""
    keys = Keys(Signer.new(name or before.signer.name), before.verifiers)
    _write_draft(path, keys).replace(path)
    return keys


def _write_draft(path: Path, keys: Keys) -> Path:
    """Write the keys to a temporary file in the same directory, so that the final file appears complete."""
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
        raise KeyFault(f"{path} is not a key file of 'keyframe key create'.") from error


def _checked(keys: Keys, settings: Settings, path: Path) -> Keys:
    """The keys, if their name ends in this workspace: two logs must not share a key. Raises `KeyFault`."""
    name = keys.signer.name
    if name.rpartition("/")[2] != settings.workspace:
        raise KeyFault(
            f"The key in {path} signs for '{name}', which does not end in '/{settings.workspace}': "
            "every workspace has a key of its own."
        )
    return keys
