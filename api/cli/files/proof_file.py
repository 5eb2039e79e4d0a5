"""Verifies the files with proofs: evidence and reports."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from api.cli.files import evidence_file, report_file
from api.cli.output import USAGE, Failure, opened, out
from api.report.report_figures import Figures
from api.runtime.database import is_absent
from api.runtime.settings import Settings
from domain.proof.signed_note import Verifier

_REPORT = b"<!doctype html>"


def verify(file: Path, known: Sequence[Verifier]) -> Figures | None:
    """Verify an evidence file or a report with public keys; returns the figures of a report. Raises `Failure`."""
    try:
        with file.open("rb") as content:
            is_report = content.read(len(_REPORT)).lower() == _REPORT
        if is_report:
            return report_file.verify(file, file.read_bytes().decode(), known)
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.", USAGE) from error
    except UnicodeDecodeError as error:
        raise Failure(f"{file}: This is not a report, since it is not UTF-8.") from error
    evidence_file.verify(file, known)
    return None


def compute_again(settings: Settings, figures: Figures) -> None:
    """Compute the figures of a report again, if there is a database. Raises `Failure` if they differ, and for a
    database that cannot be used."""
    if is_absent(settings):
        out.print("They were not computed again: there is no database at hand.")
        return
    with ExitStack() as stack:
        try:
            database = stack.enter_context(opened(settings))
        except Failure as failure:
            raise Failure(f"{failure} --offline verifies the file alone.") from failure
        report_file.compute_again(database, figures)
