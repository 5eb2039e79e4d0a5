"""The seal at the end of a report, and the parts of a sealed page."""

import re
from html import escape, unescape
from typing import Final, NamedTuple

_END: Final = '\n<pre class="seal" id="seal">{}</pre>\n</body>\n</html>\n'
_SEALED: Final = re.compile(
    r'(?P<page>.*<script type="application/json" id="figures">(?P<figures>[^<]*)</script>)'
    r'\n<pre class="seal" id="seal">(?P<note>[^<]*)</pre>\n</body>\n</html>\n',
    re.DOTALL,
)


class Parts(NamedTuple):
    """The text of a page before its seal, the figures in it, and the seal as a signed note; empty without one."""

    page: str
    figures: str
    note: str


def end(note: str | None) -> str:
    """The end of a page, with its seal if there is one."""
    return _END.format(escape(note or ""))


def split(page: str) -> Parts:
    """The parts of a page. Raises `ValueError` if it is no report, or if anything follows its seal."""
    found = _SEALED.fullmatch(page)
    if found is None:
        raise ValueError("This is not a report, or the end of it was changed.")
    return Parts(found["page"], found["figures"], unescape(found["note"]))
