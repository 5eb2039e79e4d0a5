"""Types of msgspec that are prepared before several threads use them.

msgspec prepares a struct when a decoder of it is built, or when it is first decoded or converted to. A thread that uses
the struct in the meantime reads the unfinished preparation, and the process crashes. So a decoder is built when its
module is imported, and a type that `msgspec.convert` makes is `prepared` there.
"""

from typing import TypeVar

import msgspec

T = TypeVar("T")


def prepared(kind: T) -> T:
    """The same type, with all types of its fields ready to be used by several threads. Raises `TypeError` for a type
    that msgspec cannot decode."""
    msgspec.json.Decoder(kind)
    return kind
