"""The figures of a report: the response that it shows, and what is needed to compute it again from the log."""

from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from importlib.resources import files
from math import inf
from typing import Any, Final, Literal, Self
from uuid import UUID

import msgspec
from msgspec.structs import replace

from api.execution.context import Caller, Context, Moment
from api.schema.schema import schema
from domain.commands.permissions import Permission, Role
from domain.log.reads.times import recorded_at
from domain.primitives.values import EARLIEST, Basis
from domain.proof import checkpoint
from domain.proof.checkpoint import Checkpoint
from domain.proof.report_seal import FORMAT, digest
from domain.proof.signed_note import Signer
from projections.store import basis as bases

QUESTION: Final = files(__package__).joinpath("question.graphql").read_text("utf-8")
OBJECTIVES_MAX: Final = 100
"""The most objectives that one report shows; those of a larger cycle are in the reports of its teams."""
_ESCAPES: Final = str.maketrans(
    {"<": r"\u003c", ">": r"\u003e", "&": r"\u0026", "\u2028": r"\u2028", "\u2029": r"\u2029"}
)
"""Characters of JSON that could end the element that holds it."""


class Reader(msgspec.Struct, frozen=True):
    """The reader of a report from whom goals may be hidden: a person, or a machine (None)."""

    person: UUID | None


class Figures(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What a report shows, as JSON.

    `retrospective` is the response to `question.graphql` with these `variables`. `position` is that of the log from
    which it was computed, `checkpoint` its signed note and `key` the public key; both are None if the report is not
    signed. `reader` is None if nothing was hidden.
    """

    report: Literal["keyframe-report/1"]
    program: str
    workspace: str
    variables: dict[str, Any]
    reader: Reader | None
    position: int
    checkpoint: str | None
    key: str | None
    retrospective: dict[str, Any]

    @classmethod
    def of(cls, context: Context, variables: Mapping[str, Any]) -> Self:
        """The figures for these variables. Raises `QueryFailed`."""
        given = {"objectives": OBJECTIVES_MAX, **variables}
        signer = signer_of(context)
        answer = schema.answer(QUESTION, {**given, "signed": signer is not None}, context)
        caller = context.caller
        return cls(
            report=FORMAT,
            program=version("keyframe"),
            workspace=context.workspace,
            variables=given,
            reader=None if caller.sees_everything else Reader(caller.person),
            position=answer["basis"]["position"],
            checkpoint=None if signer is None else answer["ledger"]["head"]["signedNote"],
            key=None if signer is None else str(signer.verifier),
            retrospective=answer["retrospective"],
        )

    @staticmethod
    def read(text: str) -> "Figures":
        """The figures in the text of a page. Raises `msgspec.MsgspecError`."""
        return _FIGURES.decode(text)

    @property
    def text(self) -> str:
        """The figures as JSON that may stand in a script element of HTML."""
        return msgspec.json.encode(self).decode().translate(_ESCAPES)

    @property
    def proof(self) -> Checkpoint | None:
        """The checkpoint, which is not verified here; None if the report is not signed."""
        return None if self.checkpoint is None else checkpoint.read(self.checkpoint)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the text, in hexadecimal digits."""
        return digest(self.text).hex()


_FIGURES: Final = msgspec.json.Decoder(Figures)


def signer_of(context: Context) -> Signer | None:
    """Who signs a report for this caller; None without a key, and for a caller who may not read the ledger."""
    may_prove = Permission.READ_LEDGER in context.caller.can
    return context.keys.signer if context.keys is not None and may_prove else None


def again(context: Context, figures: Figures) -> Figures:
    """The figures computed again from the log: at the same position, and for the same reader, from whom is hidden what
    is hidden now. Raises `QueryFailed`, and `LookupError` for a position beyond the projections."""
    caller = context.caller
    if figures.reader is not None:
        caller = Caller(caller.handle, frozenset({Role.LEAD}), figures.reader.person)
    reads = replace(context, caller=caller).reads
    basis = reads.read(bases.resolved, Basis(_moment(context, figures), figures.position))
    if basis is None:
        raise LookupError(f"The projections have not reached position {figures.position}.")
    moment = Moment(basis, reads.hidden, inf)
    return Figures.of(replace(context, caller=caller, moment=moment), figures.variables)


def _moment(context: Context, figures: Figures) -> datetime:
    """The moment at which the figures of an open cycle were computed. Those of a closed cycle depend on the position
    alone."""
    recorded = context.reads.read(recorded_at, figures.position) or EARLIEST
    known, outcome = figures.variables.get("known"), figures.retrospective["outcome"]["at"]
    return max(recorded, *(datetime.fromisoformat(text) for text in (known, outcome) if text))
