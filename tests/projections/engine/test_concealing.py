"""Every event after which somebody may see less is known as one: standbys without it answer nobody."""

from domain.model.event import body_fields
from domain.model.event_registry import EVENTS
from projections.engine.visibility import CONCEALING

SIGHT = {"visibility", "owner", "contributors", "team", "lead"}
"""The fields of nodes by which the rule of `present_and_hidden` decides."""
SHOWING = {
    "objective-drafted", "key-result-added", "team-formed",  # nobody saw the node before
    "team-joined",  # a member sees more
    "kpi-defined", "kpi-redefined", "initiative-planned", "initiative-edited",  # their owners see no more than others
}  # fmt: skip
ENDING = {"team-left", "team-disbanded", "person-deactivated", "person-erased"}
"""Events without such a field, after which somebody sees less or less is seen of somebody."""

MOVING = {"key-result-moved"}
"""Events that move a node to another objective, which others see."""


def test_every_event_that_can_hide_is_concealing() -> None:
    changing = {event.TOPIC for event in EVENTS.values() if SIGHT & set(body_fields(event))}
    assert {event.TOPIC for event in CONCEALING} == (changing - SHOWING) | ENDING | MOVING


def test_events_that_move_a_node_to_another_objective_are_concealing() -> None:
    moving = {event.TOPIC for event in EVENTS.values() if "objective" in body_fields(event)}
    assert moving - {event.TOPIC for event in CONCEALING} <= {"key-result-added"}
