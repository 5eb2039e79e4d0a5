"""What an installation lacks: one finding for each thing that has to be right, and how to mend it."""

import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import urlopen

from rich.markup import escape

from api.auth import jwks
from api.cli.output import Failure, out, reached
from api.runtime import signing_key
from api.runtime.database import VERSION_MIN, Connection, Database
from api.runtime.settings import Settings
from domain.log import api_tokens
from domain.log.health import VERSION, Checkup, examine
from domain.log.schema import application_role
from domain.primitives.values import FUTURE_TOLERANCE
from projections.engine import health as views

VERSION_MAX = 18
SKEW_MAX = timedelta(seconds=2)
FREE_BYTES_MIN = 1 << 30
ANSWER_SECONDS_MAX = 2.0
WORD_BYTES_MAX = 64


class Verdict(StrEnum):
    """How it stands with one thing: right, worth knowing, or in the way."""

    RIGHT = "right"
    NOTE = "note"
    WRONG = "wrong"


class Finding(NamedTuple):
    """What was looked at, what was found, and, if that is wrong, how to mend it."""

    what: str
    verdict: Verdict
    found: str
    mend: str = ""


def examination(settings: Settings) -> Iterator[Finding]:
    """Every finding about an installation, in the order in which they depend on each other."""
    yield from _place(settings)
    try:
        with reached(settings) as database:
            yield Finding("database", Verdict.RIGHT, _name(database))
            with database.connect() as conn:
                yield from _server(conn)
                found = examine(conn, settings.workspace)
                yield from _log(found, settings.workspace)
                if found.version == VERSION:
                    yield _entrance(conn, settings)
                    yield _views(conn, database)
    except Failure as failure:
        yield Finding("database", Verdict.WRONG, str(failure), "Nothing else can be looked at before that.")


# ── around the database ──────────────────────────────────────────────────────────────────────────


def _place(settings: Settings) -> Iterator[Finding]:
    if settings.database_url is None:
        yield _disk(settings.data_dir)
    yield _address(settings)
    yield _key(settings)


def _disk(directory: Path) -> Finding:
    if directory.exists() and not directory.is_dir():
        return Finding("disk", Verdict.WRONG, f"{directory} is no directory", "Name another KEYFRAME_DATA_DIR.")
    there = next(path for path in (directory.resolve(), *directory.resolve().parents) if path.exists())
    free = shutil.disk_usage(there).free
    found = f"{free / (1 << 30):,.1f} GiB free for {directory}"
    if free < FREE_BYTES_MIN:
        return Finding("disk", Verdict.WRONG, found, "Make room, or move the data and set KEYFRAME_DATA_DIR.")
    return Finding("disk", Verdict.RIGHT, found)


def _address(settings: Settings) -> Finding:
    """Whether a server could listen here, or which one does."""
    host, port = settings.host, settings.port
    where = f"{host}:{port}"
    try:
        with socket.create_connection((host, port), timeout=ANSWER_SECONDS_MAX):
            pass
    except OSError:
        return _room(where, host, port)
    answer = _asked(f"http://{f'[{host}]' if ':' in host else host}:{port}/readyz")
    if answer is None:
        return Finding("address", Verdict.NOTE, f"another program listens on {where}", "Choose another KEYFRAME_PORT.")
    if answer == "unready":
        return Finding("address", Verdict.WRONG, f"Keyframe runs on {where}, but is not ready", "See below.")
    return Finding("address", Verdict.RIGHT, f"Keyframe runs on {where}, and is ready")


def _room(where: str, host: str, port: int) -> Finding:
    """Whether an address where nobody answers is one of this machine's."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        mend = "Choose another KEYFRAME_HOST or KEYFRAME_PORT."
        return Finding("address", Verdict.WRONG, f"{where} cannot be listened on ({error.strerror})", mend)
    return Finding("address", Verdict.RIGHT, f"{where} is free")


def _asked(url: str) -> str | None:
    """What a Keyframe says of itself there, in a word to strangers and at length in the demo; None if it is none."""
    try:
        try:
            with urlopen(url, timeout=ANSWER_SECONDS_MAX) as response:  # noqa: S310  the scheme is ours
                answer = response.read(WORD_BYTES_MAX)
        except HTTPError as error:
            answer = error.read(WORD_BYTES_MAX)
    except (OSError, ValueError, HTTPException):
        return None
    told = {b"ready": "ready", b'{"ready":true': "ready", b"unready": "unready", b'{"ready":false': "unready"}
    return told.get(answer.partition(b",")[0])


def _name(database: Database) -> str:
    with database.connect() as conn:
        return f"PostgreSQL at {conn.info.host}:{conn.info.port}, database {conn.info.dbname}"


# ── the server ───────────────────────────────────────────────────────────────────────────────────


def _server(conn: Connection) -> Iterator[Finding]:
    version = conn.info.server_version // 10_000
    known = VERSION_MIN <= version <= VERSION_MAX
    yield Finding(
        "version",
        Verdict.RIGHT if known else Verdict.NOTE,
        f"PostgreSQL {version}" + ("" if known else f"; Keyframe is tested with {VERSION_MIN} to {VERSION_MAX}"),
    )
    encoding = conn.info.parameter_status("server_encoding")
    if encoding == "UTF8":
        yield Finding("encoding", Verdict.RIGHT, "UTF8")
    else:
        mend = "Not every text can be stored: make a database with encoding 'UTF8' and move there."
        yield Finding("encoding", Verdict.WRONG, str(encoding), mend)
    yield _clock(conn)


def _clock(conn: Connection) -> Finding:
    before = datetime.now(UTC)
    row = conn.execute("select clock_timestamp()").fetchone()
    assert row is not None
    skew = row[0] - (before + (datetime.now(UTC) - before) / 2)
    found = f"the database's clock is {abs(skew.total_seconds()):.1f} s {'ahead' if skew > timedelta() else 'behind'}"
    if abs(skew) <= SKEW_MAX:
        return Finding("clocks", Verdict.RIGHT, "the database's and this machine's agree")
    verdict = Verdict.WRONG if abs(skew) > FUTURE_TOLERANCE else Verdict.NOTE
    return Finding("clocks", verdict, found, "Let both keep time by the same source (NTP).")


def _key(settings: Settings) -> Finding:
    """Whether a process here would sign what the log is."""
    try:
        found = signing_key.found(settings)
    except signing_key.KeyFault as fault:
        return Finding("key", Verdict.WRONG, str(fault), "Mend KEYFRAME_CHECKPOINT_KEY, or what it names.")
    if found is not None:
        return Finding("key", Verdict.RIGHT, f"signs as {found.signer.name}")
    if settings.database_url is None:
        return Finding("key", Verdict.RIGHT, "is made when the log is first signed")
    mend = "Make one with 'keyframe key create'; until then nobody could prove that the log was not rewritten."
    return Finding("key", Verdict.NOTE, "there is none here: what is recorded is not signed", mend)


# ── the workspace ────────────────────────────────────────────────────────────────────────────────


def _log(found: Checkup, workspace: str) -> Iterator[Finding]:
    yield _tables(found, workspace)
    if found.version:
        yield _guards(found)
        yield _role(found, workspace)


def _tables(found: Checkup, workspace: str) -> Finding:
    if found.version == 0:
        return Finding("log", Verdict.WRONG, f"there is no workspace {workspace}", "Make it: keyframe migrate.")
    told = f"workspace {workspace}, its tables at version {found.version}"
    if found.version < VERSION:
        return Finding("log", Verdict.WRONG, f"{told} of {VERSION}", "Bring them up: keyframe migrate.")
    if found.version > VERSION:
        return Finding("log", Verdict.WRONG, f"{told}, this program knows {VERSION}", "Install the newer Keyframe.")
    return Finding("log", Verdict.RIGHT, told)


def _guards(found: Checkup) -> Finding:
    if found.rewritable:
        names = " and ".join(found.rewritable)
        mend = "Put the triggers named append_only back; until then nothing proves that the log was not rewritten."
        return Finding("append-only", Verdict.WRONG, f"nothing protects {names} from being rewritten", mend)
    return Finding("append-only", Verdict.RIGHT, "UPDATE, DELETE and TRUNCATE are refused")


def _role(found: Checkup, workspace: str) -> Finding:
    role = application_role(workspace)
    mend = "Run 'keyframe migrate' as a user who may create roles and grant."
    if found.role is None:
        text = f"there is no role {role}: everything is done with the rights of the database's user"
        return Finding("role", Verdict.NOTE, text, mend)
    if found.role == "TOO MUCH":
        mend = f"revoke update, delete, truncate on {workspace}.log, {workspace}.command from {role};"
        return Finding("role", Verdict.WRONG, f"{role} may rewrite the log", mend)
    if found.role == "TOO LITTLE":
        return Finding("role", Verdict.WRONG, f"{role} may not read the log and add to it", mend)
    if not found.takes_role:
        mend = f"grant {role} to the user that Keyframe connects as;"
        return Finding("role", Verdict.NOTE, f"this user cannot act as {role}, and uses all of its own rights", mend)
    return Finding("role", Verdict.RIGHT, f"{role} may read the log and add to it")


def _entrance(conn: Connection, settings: Settings) -> Finding:
    """Whether anybody could come in."""
    live = sum(token.is_live for token in api_tokens.every(conn))
    ways = [f"{live} token{'' if live == 1 else 's'}"] if live else []
    if settings.jwt_jwks is not None:
        try:
            jwks.read(settings.jwt_jwks)
        except (OSError, ValueError, HTTPException) as error:
            text = f"the keys of {settings.jwt_issuer} cannot be had from {settings.jwt_jwks} ({error})"
            return Finding("entrance", Verdict.WRONG, text, "Mend KEYFRAME_JWT_JWKS, or what it names.")
        ways.append(f"JWTs of {settings.jwt_issuer}")
    if not ways:
        mend = "Make a token with 'keyframe token create --role ADMIN', or name who issues JWTs; the demo asks nobody."
        return Finding("entrance", Verdict.NOTE, "nobody could come in: there is no token that holds", mend)
    return Finding("entrance", Verdict.RIGHT, f"let in by {' and '.join(ways)}")


def _views(conn: Connection, database: Database) -> Finding:
    found = views.examine(conn, database.log(size_max=1), database.settings.workspace)
    if found is None:
        return Finding("views", Verdict.NOTE, "there are none yet", "They come with 'keyframe serve'.")
    where = f"at position {found.position:,}, the log at {found.head:,}"
    if not found.is_current:
        return Finding(
            "views", Verdict.WRONG, "made by another version of Keyframe", "Make them anew: keyframe rebuild."
        )
    if (poison := found.poison) is not None:
        text = f"{where}; event {poison.position} ({poison.topic}) cannot be applied: {poison.cause}"
        return Finding("views", Verdict.WRONG, text, "Install the Keyframe that wrote it, or a newer one.")
    if found.position < found.head and not found.has_leader:
        # with a database of our own, nothing runs between two commands
        verdict = Verdict.NOTE if database.settings.database_url is None else Verdict.WRONG
        text = f"{where}, and nobody feeds them"
        return Finding("views", verdict, text, "Run 'keyframe serve' or 'keyframe project'.")
    if found.position < found.head:
        return Finding("views", Verdict.NOTE, f"{where}; they are catching up")
    return Finding("views", Verdict.RIGHT, where)


# ── telling ──────────────────────────────────────────────────────────────────────────────────────

_SIGNS = {Verdict.RIGHT: "[green]✓[/green]", Verdict.NOTE: "[yellow]![/yellow]", Verdict.WRONG: "[red]✗[/red]"}


def tell(finding: Finding) -> None:
    """One line for what was found, and one for how to mend it."""
    out.print(f"{_SIGNS[finding.verdict]} [bold]{finding.what}[/bold]: {escape(finding.found)}", soft_wrap=True)
    if finding.mend:
        out.print(f"  {finding.mend}", markup=False, soft_wrap=True)
