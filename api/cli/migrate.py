"""The `migrate` command: creates or upgrades the tables of a workspace, and grants them to a login."""

from api.cli.output import Failure, out
from api.runtime.database import Database
from domain.log.schema import grant_to


def migrate(database: Database, login: str | None) -> None:
    """Migrate the workspace, and let a login act as its application role. Raises `Failure` if a role does not exist."""
    workspace = database.settings.workspace
    database.migrate()
    out.print(f"The tables of {workspace} are up to date.")
    if login is None:
        return
    try:
        with database.connect() as conn:
            role = grant_to(conn, workspace, login)
    except LookupError as missing:
        raise Failure(str(missing.args[0])) from missing
    out.print(f"{login} may serve {workspace} as the role {role}.", markup=False, soft_wrap=True)
