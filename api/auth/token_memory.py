"""Tokens that the primary has checked, for reads from standbys while it is away.

A token cannot be checked on a standby: it may have been revoked since, or its person deactivated. So it is accepted for
a limited time after its last check. Its expiry is checked by the clock of this machine.
"""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic, time
from typing import Final

from api.execution.context import Caller

TOKENS_MAX: Final = 10_000
"""Tokens that are remembered: the ones that were checked last."""


class TokenMemory:
    """The callers of tokens, by the digest of the token. `seconds`: for how long after its last check a token is
    accepted; 0 accepts none. `is_primary_away` returns at once whether the primary does not answer."""

    def __init__(self, seconds: float, is_primary_away: Callable[[], bool]) -> None:
        self._seconds = seconds
        self.is_primary_away = is_primary_away
        self._checked: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()

    def note(self, digest: bytes, caller: Caller) -> None:
        """The primary has accepted this token."""
        self._checked[digest] = (monotonic(), caller)
        self._checked.move_to_end(digest)
        if len(self._checked) > TOKENS_MAX:
            self._checked.popitem(last=False)

    def forget(self, digest: bytes) -> None:
        """This token is not valid."""
        self._checked.pop(digest, None)

    def find(self, digest: bytes) -> Caller | None:
        """The caller of a token, if its last check is recent and it has not expired."""
        checked_at, caller = self._checked.get(digest, (0.0, None))
        if caller is None or monotonic() - checked_at > self._seconds or time() > caller.expires_at:
            return None
        return caller
