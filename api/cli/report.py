"""The `report` command: writes the retrospective of a cycle as one self-contained HTML page."""

from pathlib import Path

from msgspec.structs import replace

from api.cli.output import Failure, out
from api.cli.serve import local_context
from api.report import page
from api.report.content import ReportRequest, read
from api.report.report_figures import signer_of
from api.runtime import signing_key
from api.runtime.database import Database
from api.schema.schema import QueryFailed


def write(database: Database, asked: ReportRequest, file: Path) -> None:
    """Write the report that is asked for into a file. Raises `Failure` and `KeyFault`."""
    keys = signing_key.load_or_create(database.settings)
    try:
        with local_context(database) as local:
            context = replace(local, keys=keys)
            retrospective = read(context, asked)
            text = page.rendered(retrospective.heading, retrospective, signer_of(context))
    except QueryFailed as error:
        raise Failure(str(error)) from error
    try:
        file.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise Failure(f"{file} cannot be written: {error.strerror}.") from error
    final = "" if retrospective.is_final else " It is not final."
    out.print(f"The retrospective of {retrospective.cycle.name} is in {file}.{final}", soft_wrap=True)
