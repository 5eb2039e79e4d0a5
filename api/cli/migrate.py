"""The `migrate` command: creates or upgrades the tables of a workspace, and grants them to a login."""

from api.cli.output import Failure, out, print_warning
from api.runtime.database import Database
from domain.log.health import VERSION, version
from domain.log.schema import grant_to, require_login
from projections.engine.rebuild import outdated


def migrate(database: Database, login: str | None) -> None:
    """Migrate the workspace, and let a login act as its application role. Raises `Failure` if a role does not exist;
    without the login, nothing is migrated."""
    workspace = database.settings.workspace
    before = _version(database, login)
    migrate_tables(database)
    out.print(f"The tables of {workspace} {_done(before)}.")
    with database.connect() as conn:
        if (reason := outdated(conn)) is not None:
            print_warning(str(reason))
    if login is None:
        return
    try:
        with database.connect() as conn:
            role = grant_to(conn, workspace, login)
    except LookupError as missing:
        raise Failure(str(missing.args[0])) from missing
    out.print(f"{login} may serve {workspace} as the role {role}.", markup=False, soft_wrap=True)


def _version(database: Database, login: str | None) -> int:
    """The version of the tables, 0 without any. Raises `Failure` if the login does not exist."""
    with database.connect() as conn:
        try:
            if login is not None:
                require_login(conn, login)
        except LookupError as missing:
            raise Failure(str(missing.args[0])) from missing
        return version(conn, database.settings.workspace)


def _done(before: int) -> str:
    """What a migration did to tables of a version."""
    if before == 0:
        return "were created"
    return "are up to date" if before == VERSION else f"were upgraded from version {before} to {VERSION}"


def migrate_tables(database: Database) -> None:
    """Create or migrate the tables of the log, and create missing projections. Raises `Failure` if they are newer."""
    try:
        database.migrate()
    except RuntimeError as newer:
        raise Failure(str(newer)) from newer
