"""Verifies a report: its seal and checkpoint against public keys, and its figures against the log at hand."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import msgspec
from msgspec.structs import replace

from api.cli.output import Failure, err, out
from api.cli.serve import local_context
from api.report import page, seal
from api.report.comparison import Difference, differences
from api.report.content import story_of
from api.report.report_figures import Figures, again
from api.report.seal import Parts
from api.runtime import signing_key
from api.runtime.database import Database
from api.schema.schema import QueryFailed
from domain.proof import checkpoint, report_seal
from domain.proof.checkpoint import Checkpoint
from domain.proof.report_seal import digest
from domain.proof.signed_note import NotSigned, Verifier, encoded
from projections.proof.merkle_tree import Tree

DIFFERENCES_MAX = 50
"""The maximum number of differences that are printed."""


def verify(file: Path, text: str, known: Sequence[Verifier]) -> Figures:
    """Verify a report with public keys; returns its figures, which are proven to be those of the signer. Raises
    `Failure`."""
    try:
        parts = seal.split(text)
        if not parts.note:
            raise Failure(f"{file} is not signed: the server had no key, or its reader may not read the ledger.")
        found = _proven(parts, known)
        _require_text_of(found, parts)
    except (NotSigned, ValueError, msgspec.MsgspecError) as error:
        raise Failure(f"{file}: {error}") from error
    _print(
        f"The report of the cycle {found.variables['cycle']} was computed from the log {_statement(found).origin}, as "
        f"signed at position {found.position}. Its text and its figures are unchanged."
    )
    return found


def _proven(parts: Parts, known: Sequence[Verifier]) -> Figures:
    """The figures of a page whose seal and checkpoint hold. Raises `NotSigned`, `ValueError`, `MsgspecError`."""
    sealed, signer = report_seal.verified(parts.note, known)
    if sealed.figures != encoded(digest(parts.figures)):
        raise ValueError("The figures in the file were changed: their digest does not match the seal.")
    if sealed.page != encoded(digest(parts.page)):
        raise ValueError("The text of the page was changed: its digest does not match the seal.")
    figures = Figures.read(parts.figures)
    statement = checkpoint.verified(figures.checkpoint or "", known)
    if not (statement.size == figures.position == sealed.size and statement.origin == signer.name):
        raise ValueError("The seal and the checkpoint are of different logs.")
    return figures


def _require_text_of(figures: Figures, parts: Parts) -> None:
    """Raise `ValueError` if the page says anything else than its figures. Only the version that wrote the page can
    tell: others word it differently."""
    if figures.program != version("keyframe"):
        return
    story = story_of(figures)
    if parts.page not in {page.unsealed(story, is_linked=linked) for linked in (False, True)}:
        raise ValueError("The text of the page does not follow from its figures, although it was sealed so.")


def _statement(figures: Figures) -> Checkpoint:
    return checkpoint.read(figures.checkpoint or "")


# ── against the log ──────────────────────────────────────────────────────────────────────────────


def compute_again(database: Database, figures: Figures) -> None:
    """Compute the figures of a proven report again, at their position of the log. Raises `Failure`, after each figure
    that differs was printed."""
    keys = signing_key.load(database.settings)
    with database.scope() as scoped, local_context(scoped) as local:
        context = replace(local, keys=keys, filtered=scoped.pool(filtered=True))
        _require_log(scoped, _statement(figures))
        try:
            computed = again(context, figures)
        except QueryFailed as error:
            raise Failure(f"The figures cannot be computed again: {error}") from error
    is_same = figures.program == computed.program
    found = [*differences(figures.retrospective, Figures.read(computed.text).retrospective, is_whole=is_same)]
    _report([one for one in found if not one.is_erasure], [one for one in found if one.is_erasure])


def _require_log(database: Database, statement: Checkpoint) -> None:
    """Raise `Failure` if the log at hand is not the one that was signed."""
    with database.connect() as conn:
        try:
            is_same = Tree(conn, statement.size).root == statement.root
        except LookupError:
            is_same = False
    if not is_same:
        raise Failure(
            f"The workspace {database.settings.workspace} does not hold the log {statement.origin} that was signed at "
            f"position {statement.size}: it was rewritten, or it is another log. --offline verifies the file alone."
        )


def _report(wrong: Sequence[Difference], erased: Sequence[Difference]) -> None:
    for one in wrong[:DIFFERENCES_MAX]:
        err.print(str(one), style="red", markup=False, emoji=False, soft_wrap=True)
    if wrong:
        raise Failure(f"{len(wrong)} figures of the report are not those of the log.")
    names = f" {len(erased)} names are of people who were erased since." if erased else ""
    _print(f"They were computed again from the log at hand: none differs.{names}")


def _print(text: str) -> None:
    out.print(text, markup=False, emoji=False, soft_wrap=True)
