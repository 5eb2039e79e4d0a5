"""A report from a terminal: a cycle looked back on, as one page that can be kept, sent and printed."""

from pathlib import Path

from api.cli.output import Failure, out
from api.cli.serve import local_context
from api.report import page
from api.report.content import read
from api.runtime.database import Database
from api.schema.schema import QueryFailed


def write(database: Database, cycle: str, file: Path, known: str | None = None) -> None:
    """Write the report of the cycle with this key into a file. Raises `Failure`."""
    try:
        story = read(local_context(database), cycle, known)
    except QueryFailed as why:
        raise Failure(str(why)) from why
    try:
        file.write_text(page.rendered(story), "utf-8")
    except OSError as error:
        raise Failure(f"{file} cannot be written: {error.strerror}.") from error
    final = "" if story.is_final else " It is not final."
    out.print(f"{story.cycle.name} is looked back on in {file}.{final}", soft_wrap=True)
