"""The public keys to verify files with."""

from collections.abc import Sequence

from api.cli import evidence
from api.cli.output import USAGE, Failure
from api.runtime import signing_key
from api.runtime.settings import Settings
from domain.proof.signed_note import Verifier


def given_or_local(given: Sequence[str], settings: Settings) -> Sequence[Verifier]:
    """The given public keys, else those of the log of these settings; empty if it has none. Raises `Failure` and
    `KeyFault`."""
    if given:
        return evidence.verifiers(given)
    keys = signing_key.load(settings)
    return () if keys is None else keys.verifiers


def required(given: Sequence[str], settings: Settings) -> Sequence[Verifier]:
    """The same. Raises `Failure` if there are none."""
    keys = given_or_local(given, settings)
    if not keys:
        raise Failure(
            "The file is verified against a public key, which the owner of the log publishes: --key NAME+ID+KEY.", USAGE
        )
    return keys
