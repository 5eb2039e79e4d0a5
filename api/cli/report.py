"""The `report` command: writes the retrospective of a cycle as one self-contained HTML page."""

from pathlib import Path

from api.cli.output import Failure, out
from api.cli.serve import local_context
from api.report import page
from api.report.content import ReportRequest, read, read_heading
from api.runtime.database import Database
from api.schema.schema import QueryFailed


def write(database: Database, asked: ReportRequest, file: Path) -> None:
    """Write the report that is asked for into a file. Raises `Failure`."""
    try:
        context = local_context(database)
        heading, retrospective = read_heading(context, asked), read(context, asked)
    except QueryFailed as error:
        raise Failure(str(error)) from error
    try:
        file.write_text(page.rendered(heading, retrospective), "utf-8")
    except OSError as error:
        raise Failure(f"{file} cannot be written: {error.strerror}.") from error
    final = "" if retrospective.is_final else " It is not final."
    out.print(f"The retrospective of {retrospective.cycle.name} is in {file}.{final}", soft_wrap=True)
