"""The `doctor` command: checks an installation, and reports one finding per check with a remedy."""

import os
import shutil
import socket
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg
from rich.markup import escape

from api.auth import jwks
from api.auth.issuer_requests import FAILURES
from api.auth.openid import issuer
from api.auth.openid.code_flow import ClientSecretUnusable, code_flow_of
from api.cli.output import Failure, absence, first_line, out, reached
from api.runtime import signing_key
from api.runtime.database import VERSION_MIN, Connection, Database, is_absent
from api.runtime.setting_names import unknown_names
from api.runtime.settings import Settings
from api.snapshot.server_state import Observer
from api.snapshot.standby import unfit
from domain.log.credentials import api_tokens
from domain.log.health import VERSION, Checkup, examine
from domain.log.schema import application_role
from domain.primitives.parsers import FUTURE_TOLERANCE
from domain.primitives.personal_data import WrongKey
from projections.engine import health as projections
from projections.engine import view_checker
from projections.proof import log_watch, signer

VERSION_MAX = 18
SKEW_MAX = timedelta(seconds=2)
FREE_BYTES_MIN = 1 << 30
PROBE_SECONDS_MAX = 2.0
STATUS_BYTES_MAX = 64
TILES_MAX = 400
"""Of how many events, in 256s, the hashes are recomputed; `keyframe verify` does so for all."""


class Verdict(StrEnum):
    """The result of one check: passed, worth knowing, or failed."""

    RIGHT = "right"
    NOTE = "note"
    WRONG = "wrong"


class Finding(NamedTuple):
    """The result of one check: the name of the check, its verdict, what was found, and the remedy."""

    check: str
    verdict: Verdict
    found: str
    remedy: str = ""


def run_checks(settings: Settings) -> Iterator[Finding]:
    """All findings about an installation; later checks depend on earlier ones."""
    yield from _environment(settings)
    if is_absent(settings):
        yield Finding("database", Verdict.WRONG, absence(settings), "To create one there: keyframe migrate.")
        return
    try:
        with reached(settings) as database:
            yield Finding("database", Verdict.RIGHT, _name(database))
            with database.connect() as conn:
                yield from _server(conn)
                found = examine(conn, settings.workspace)
                yield from _log(found, settings.workspace, conn.info.dbname)
                if found.version == VERSION:
                    yield _authentication(conn, settings)
                    yield from _projections(conn, database)
                    yield from _standbys(conn, database)
                    yield from _checkpoints(conn, settings)
    except Failure as failure:
        yield Finding("database", Verdict.WRONG, str(failure), "Fix this first: the other checks need the database.")


def _standbys(conn: Connection, database: Database) -> Iterator[Finding]:
    """Whether each host of `KEYFRAME_READ_URL` can be read, and how far behind it is."""
    workspace = database.settings.workspace
    for host in database.standbys():
        primary = Observer(workspace).look(conn)
        try:
            with database.watch(host) as standby:
                found = Observer(workspace).look(standby)
        except (psycopg.Error, LookupError) as error:
            yield Finding("standby", Verdict.WRONG, f"{host.name}: {first_line(error)}", _STANDBY_REMEDY)
            continue
        fault, behind = unfit(found, primary.salt), max(primary.position - found.position, 0)
        verdict = Verdict.RIGHT if fault is None else Verdict.WRONG
        remedy = "" if fault is None else _STANDBY_REMEDY
        yield Finding("standby", verdict, f"{host.name}: {fault or f'{behind} events behind'}", remedy)


_STANDBY_REMEDY = "The primary answers in its place. Let KEYFRAME_READ_URL name hot standbys of this server alone."


# ── around the database ──────────────────────────────────────────────────────────────────────────


def _environment(settings: Settings) -> Iterator[Finding]:
    yield _names(os.environ)
    if settings.database_url is None:
        yield _disk(settings.data_dir)
    yield _address(settings)
    yield _key(settings)


def _names(variables: Iterable[str]) -> Finding:
    """Whether a variable begins like a setting and is none."""
    unknown = unknown_names(variables)
    if not unknown:
        return Finding("settings", Verdict.RIGHT, "every KEYFRAME_ variable is a setting")
    found = f"{', '.join(name for name, _ in unknown)}: not a setting, has no effect"
    misspelled = [f"{nearest} instead of {name}" for name, nearest in unknown if nearest is not None]
    if misspelled:
        return Finding("settings", Verdict.WRONG, found, f"Set {', '.join(misspelled)}.")
    return Finding("settings", Verdict.NOTE, found, "Unset it, unless another program needs it.")


def _disk(directory: Path) -> Finding:
    if directory.exists() and not directory.is_dir():
        return Finding("disk", Verdict.WRONG, f"{directory} is not a directory", "Choose another KEYFRAME_DATA_DIR.")
    existing = next(path for path in (directory.resolve(), *directory.resolve().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    found = f"{free / (1 << 30):,.1f} GiB free for {directory}"
    if free < FREE_BYTES_MIN:
        return Finding("disk", Verdict.WRONG, found, "Free disk space, or move the data and set KEYFRAME_DATA_DIR.")
    return Finding("disk", Verdict.RIGHT, found)


def _address(settings: Settings) -> Finding:
    """Whether the address is free, or which server listens on it."""
    host, port = settings.host, settings.port
    where = f"{host}:{port}"
    try:
        with socket.create_connection((host, port), timeout=PROBE_SECONDS_MAX):
            pass
    except OSError:
        return _bindable(where, host, port)
    status = _readiness(f"http://{f'[{host}]' if ':' in host else host}:{port}/readyz")
    if status is None:
        return Finding("address", Verdict.NOTE, f"another program listens on {where}", "Choose another KEYFRAME_PORT.")
    if status == "unready":
        return Finding("address", Verdict.WRONG, f"Keyframe runs on {where}, but is not ready", "See below.")
    return Finding("address", Verdict.RIGHT, f"Keyframe runs on {where}, and is ready")


def _bindable(where: str, host: str, port: int) -> Finding:
    """Whether a server could listen on an address that is not in use."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        remedy = "Choose another KEYFRAME_HOST or KEYFRAME_PORT."
        return Finding("address", Verdict.WRONG, f"the server cannot listen on {where} ({error.strerror})", remedy)
    return Finding("address", Verdict.RIGHT, f"{where} is free")


def _readiness(url: str) -> str | None:
    """The readiness that a Keyframe server reports (plain text; JSON in the demo); None for another program."""
    try:
        try:
            with urlopen(url, timeout=PROBE_SECONDS_MAX) as response:  # noqa: S310  the scheme is constant
                body = response.read(STATUS_BYTES_MAX)
        except HTTPError as error:
            body = error.read(STATUS_BYTES_MAX)
    except (OSError, ValueError, HTTPException):
        return None
    statuses = {b"ready": "ready", b'{"ready":true': "ready", b"unready": "unready", b'{"ready":false': "unready"}
    return statuses.get(body.partition(b",")[0])


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
        remedy = "Some characters cannot be stored: create a database with encoding 'UTF8', and move the data there."
        yield Finding("encoding", Verdict.WRONG, str(encoding), remedy)
    yield _clock(conn)


def _clock(conn: Connection) -> Finding:
    before = datetime.now(UTC)
    row = conn.execute("select clock_timestamp()").fetchone()
    assert row is not None
    skew = row[0] - (before + (datetime.now(UTC) - before) / 2)
    found = f"the database's clock is {abs(skew.total_seconds()):.1f} s {'ahead' if skew > timedelta() else 'behind'}"
    if abs(skew) <= SKEW_MAX:
        return Finding("clocks", Verdict.RIGHT, "the clocks of the database and of this machine agree")
    verdict = Verdict.WRONG if abs(skew) > FUTURE_TOLERANCE else Verdict.NOTE
    return Finding("clocks", verdict, found, "Synchronize both clocks with NTP.")


def _key(settings: Settings) -> Finding:
    """Whether a process with these settings would sign checkpoints."""
    try:
        found = signing_key.load(settings)
    except signing_key.KeyFault as fault:
        return Finding("key", Verdict.WRONG, str(fault), "Fix KEYFRAME_CHECKPOINT_KEY, or the file that it names.")
    if found is not None:
        return Finding("key", Verdict.RIGHT, f"signs as {found.signer.name}")
    if settings.database_url is None:
        return Finding("key", Verdict.RIGHT, "will be created when the first checkpoint is signed")
    remedy = (
        "Create one with 'keyframe key create'; without signed checkpoints, tampering with the log cannot be detected."
    )
    return Finding("key", Verdict.NOTE, "there is no key: checkpoints are not signed", remedy)


# ── the workspace ────────────────────────────────────────────────────────────────────────────────


def _log(found: Checkup, workspace: str, database: str) -> Iterator[Finding]:
    yield _tables(found, workspace)
    if found.version:
        yield _guards(found)
        yield _role(found, workspace, application_role(workspace, database))


def _tables(found: Checkup, workspace: str) -> Finding:
    if found.version == 0:
        return Finding(
            "log", Verdict.WRONG, f"the workspace {workspace} does not exist", "Create it: keyframe migrate."
        )
    by = "" if found.program is None else f" of Keyframe {found.program}"
    state = f"workspace {workspace}, tables at version {found.version}{by}"
    if found.version < VERSION:
        return Finding("log", Verdict.WRONG, f"{state} of {VERSION}", "Upgrade them: keyframe migrate.")
    if found.version > VERSION:
        return Finding("log", Verdict.WRONG, f"{state}, this program supports {VERSION}", "Install the newer Keyframe.")
    return Finding("log", Verdict.RIGHT, state)


def _guards(found: Checkup) -> Finding:
    if found.rewritable:
        names = " and ".join(found.rewritable)
        remedy = "Restore the triggers append_only, erased_only, removed_only: without them rows can be rewritten."
        return Finding("append-only", Verdict.WRONG, f"the append-only trigger is missing on {names}", remedy)
    return Finding("append-only", Verdict.RIGHT, "UPDATE, DELETE and TRUNCATE are blocked")


def _role(found: Checkup, workspace: str, role: str) -> Finding:
    remedy = "Run 'keyframe migrate' as a user who may create and grant roles."
    if found.role is None:
        text = f"there is no role {role}: Keyframe runs with all rights of the database user"
        return Finding("role", Verdict.NOTE, text, remedy)
    if found.role == "TOO MUCH":
        remedy = f"revoke update, delete, truncate on {workspace}.log, {workspace}.command from {role};"
        return Finding("role", Verdict.WRONG, f"{role} may rewrite the log", remedy)
    if found.role == "TOO LITTLE":
        return Finding("role", Verdict.WRONG, f"{role} may not read and append to the log", remedy)
    if not found.takes_role:
        remedy = f"grant {role} to the user that Keyframe connects as;"
        return Finding(
            "role",
            Verdict.NOTE,
            f"the database user cannot take the role {role}, and runs with all of its own rights",
            remedy,
        )
    return Finding("role", Verdict.RIGHT, f"{role} may read and append to the log")


def _authentication(conn: Connection, settings: Settings) -> Finding:
    """Whether any caller can authenticate."""
    live = sum(token.is_live for token in api_tokens.every(conn))
    methods = [f"{live} valid token{'' if live == 1 else 's'}"] if live else []
    for found in (_jwts(settings), _sign_in(settings)):
        if isinstance(found, Finding):
            return found
        methods += found
    if not methods:
        remedy = (
            "Create a token ('keyframe token create --role ADMIN'), or set KEYFRAME_JWT_ISSUER or "
            "KEYFRAME_OIDC_ISSUER; the demo needs none."
        )
        return Finding("authentication", Verdict.NOTE, "no caller can authenticate: there is no valid token", remedy)
    return Finding("authentication", Verdict.RIGHT, f"accepts {' and '.join(methods)}")


def _jwts(settings: Settings) -> Finding | list[str]:
    """The JWTs that are accepted, or why they cannot be."""
    if settings.jwt_jwks is None:
        return []
    try:
        jwks.read(settings.jwt_jwks)
    except FAILURES as error:
        text = f"the keys of {settings.jwt_issuer} cannot be read from {settings.jwt_jwks} ({error})"
        return Finding("authentication", Verdict.WRONG, text, "Fix KEYFRAME_JWT_JWKS, or the key set that it names.")
    return [f"JWTs from {settings.jwt_issuer}"]


def _sign_in(settings: Settings) -> Finding | list[str]:
    """The issuer by which people sign in, or why they cannot."""
    if settings.oidc_issuer is None:
        return []
    try:
        code_flow_of(settings)
        issuer.read(settings.oidc_issuer)
    except ClientSecretUnusable as error:
        remedy = "Put the secret that the issuer generated into this file, and let the server read it."
        return Finding("authentication", Verdict.WRONG, str(error), remedy)
    except FAILURES as error:
        text = f"the metadata of {settings.oidc_issuer} cannot be read ({error})"
        return Finding("authentication", Verdict.WRONG, text, "Fix KEYFRAME_OIDC_ISSUER, or the issuer.")
    return [f"people who sign in by {settings.oidc_issuer}"]


def _projections(conn: Connection, database: Database) -> Iterator[Finding]:
    found = projections.examine(conn, database.log(size_max=1), database.settings.workspace)
    if found is None:
        yield Finding("projections", Verdict.NOTE, "not built yet", "'keyframe serve' builds them.")
        return
    yield _position(found, database)
    if found.is_current:
        yield _intact(conn, is_checked=found.has_leader and database.settings.views_check_pause_s > 0)
    if found.left is not None:
        erased = "; erased people may be left in its files" if found.is_any_erased else ""
        yield Finding(
            "leftovers",
            Verdict.WRONG if found.is_any_erased else Verdict.NOTE,
            f"an earlier generation of the projections could not be dropped: {found.left}{erased}",
            "End those sessions; the projector then drops it within a minute, and 'keyframe rebuild' at once.",
        )


def _position(found: projections.Checkup, database: Database) -> Finding:
    where = f"at position {found.position:,}; the log is at {found.head:,}"
    if not found.is_current:
        by = "another version of Keyframe" if found.program is None else f"Keyframe {found.program}"
        return Finding("projections", Verdict.WRONG, f"built by {by}", "Rebuild them: keyframe rebuild.")
    if found.divergence is not None:
        return Finding("projections", Verdict.WRONG, str(found.divergence), "Rebuild them: keyframe rebuild.")
    if (poison := found.poison) is not None:
        text = f"{where}; event {poison.position} ({poison.topic}) cannot be applied: {poison.cause}"
        newer = "Install the Keyframe that wrote it, or a newer one."
        is_unreadable = isinstance(poison.__cause__, WrongKey)
        return Finding("projections", Verdict.WRONG, text, "" if is_unreadable else newer)
    if found.position < found.head and not found.has_leader:
        # on the embedded database, no projector runs between two commands
        verdict = Verdict.NOTE if database.settings.database_url is None else Verdict.WRONG
        text = f"{where}; no projector runs"
        return Finding("projections", verdict, text, "Run 'keyframe serve' or 'keyframe project'.")
    if found.position < found.head:
        return Finding("projections", Verdict.NOTE, f"{where}; they are catching up")
    return Finding("projections", Verdict.RIGHT, where)


def _checkpoints(conn: Connection, settings: Settings) -> Iterator[Finding]:
    """Whether the newest events match what was signed, and how long an event may be unsigned."""
    state = projections.state(conn, settings.workspace)
    if state is None or not state.is_current or state.divergence is not None:
        return
    newest = signer.newest_stored(conn)
    altered = log_watch.altered(conn, state.position, TILES_MAX) or _unsigned(conn, settings, state.position)
    if altered is not None:
        remedy = "See docs/evidence.md: a backup from before the change has the original rows."
        yield Finding("checkpoints", Verdict.WRONG, altered, remedy)
        return
    window = f"{settings.checkpoint_interval_s:g} s, or until {settings.checkpoint_events_max:,} are unsigned"
    signed = "none is signed" if not newest.size else f"the newest is of {newest.size:,} events"
    yield Finding("checkpoints", Verdict.RIGHT, f"{signed}; a projector with the key signs new events after {window}")


def _unsigned(conn: Connection, settings: Settings, position: int) -> str | None:
    """Why the log up to a position cannot be signed; None if it can be, or if there is no key."""
    try:
        keys = signing_key.load(settings)
        if keys is not None:
            signer.signed(conn, position, keys)
    except signing_key.KeyFault:
        return None  # reported as such
    except (signer.Rewritten, LookupError) as error:
        return str(error)
    return None


def _intact(conn: Connection, *, is_checked: bool) -> Finding:
    """Whether the rows of the projections are those that the projector wrote, by the running check, or without one by a
    check of all tables."""
    damages = view_checker.alarms(conn) if is_checked else view_checker.check_all(conn)
    if damages is None:
        text = "the tables were copied from a server with other hash functions: their digests cannot be compared"
        return Finding("digests", Verdict.NOTE, text, "Compute them anew: keyframe rebuild.")
    if damages:
        text = f"the projections were altered by something else than the projector: {view_checker.named(damages)}"
        return Finding("digests", Verdict.WRONG, text, view_checker.REMEDY)
    by = "the running check has found no altered row" if is_checked else "no row of the projections was altered"
    return Finding("digests", Verdict.RIGHT, by)


# ── output ───────────────────────────────────────────────────────────────────────────────────────

_SIGNS = {Verdict.RIGHT: "[green]✓[/green]", Verdict.NOTE: "[yellow]![/yellow]", Verdict.WRONG: "[red]✗[/red]"}


def report(finding: Finding) -> None:
    """Print a finding: one line for the result, and one for the remedy."""
    out.print(f"{_SIGNS[finding.verdict]} [bold]{finding.check}[/bold]: {escape(finding.found)}", soft_wrap=True)
    if finding.remedy:
        out.print(f"  {finding.remedy}", markup=False, soft_wrap=True)
