"""Renders an evidence file as one HTML page without scripts or external resources, which its policy enforces."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple, Self

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from domain.proof.event_descriptions import EventDescription
from domain.proof.evidence import Broken, Proven
from domain.proof.signed_note import encoded

PIECES = 500
"""Pieces of the template in one part of the page."""
_STYLE = files(__package__).joinpath("evidence.css").read_text("utf-8")
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)
"""The content security policy of the page: it allows only the inline style of the page."""


class Statement(NamedTuple):
    """What was proved of a file: a title, whether everything was proved, the result in a sentence, and the facts of the
    proof by name."""

    title: str
    is_proved: bool
    result: str
    facts: list[tuple[str, str]]

    @classmethod
    def of(cls, proven: Proven) -> Self:
        """The statement of a file whose proofs hold."""
        about, checkpoint, signer = proven.about, proven.checkpoint, proven.signer
        facts = [
            ("log", checkpoint.origin), ("size", str(checkpoint.size)), ("root hash", encoded(checkpoint.root)),
            ("key", "not verified" if signer is None else str(signer)), ("workspace", about.workspace),
        ]  # fmt: skip
        if proven.legend.left_out:
            facts.append(("names left out", str(proven.legend.left_out)))
        return cls(f"Evidence of the cycle {about.key}", signer is not None, _result(proven), facts)

    @classmethod
    def of_broken(cls, name: str, broken: Broken) -> Self:
        """The statement of a file whose proofs do not hold."""
        result = f"Not proved: {broken} What follows may be false."
        return cls(f"Evidence in the file {name}", is_proved=False, result=result, facts=[])


def _result(proven: Proven) -> str:
    held = f"{proven.events} events are in the log {proven.checkpoint.origin} of {proven.size} events"
    if proven.signer is None:
        return (
            f"Not proved: no public key was given, so the signatures were not verified. If the signed root hash below "
            f"is that of the log, {held}, and no line was changed, added or removed."
        )
    return f"Proved: {held}, which this key signed, and no line was changed, added or removed."


def parts(statement: Statement, events: Iterable[EventDescription]) -> Iterator[str]:
    """The page as HTML, in parts of some ten kilobytes."""
    style = Markup(_STYLE)  # noqa: S704 - a file of this package
    stream = _pages.get_template("evidence.html").stream(statement=statement, events=events, style=style, policy=POLICY)
    stream.enable_buffering(PIECES)
    return stream


_pages = Environment(
    loader=PackageLoader(__package__, "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True, auto_reload=False,
)  # fmt: skip
