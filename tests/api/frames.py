"""The two frames that serve `/graphql`: the lean one, and the middleware."""

from typing import Final

import pytest

BOTH_FRAMES: Final = [
    pytest.mark.usefixtures("frame"),
    pytest.mark.parametrize("frame", ["lean", "middleware"], indirect=True, scope="module"),
]
"""The mark of a test file that runs once in each frame, on servers of its own."""
