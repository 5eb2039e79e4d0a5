"""The registry of stored events by topic. Importing this module loads every module that defines events."""

from types import ModuleType
from typing import Final

from domain.model import cycle, discussion, key_result, kpi, objective, people, workspace
from domain.model.event import EVENTS as _EVENTS
from domain.model.event import Event
from domain.model.measurements import check_in, reading
from domain.model.templates import template

MODULES: Final[tuple[ModuleType, ...]] = (
    people, workspace, cycle, objective, key_result, check_in, kpi, reading, discussion, template,
)  # fmt: skip
EVENTS: Final[dict[str, type[Event]]] = _EVENTS
