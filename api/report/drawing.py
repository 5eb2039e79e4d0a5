"""The library that draws, without what it leaves behind.

pygal enters a finder for its maps into `sys.meta_path`, in a form that Python 3.11 warns of at every import after it.
We have no maps.
"""

import sys

import pygal
from pygal.style import Style

__all__ = ["Style", "pygal"]

sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != pygal.__name__]
