"""The order of what calls for attention, and who should act."""

from datetime import date
from uuid import UUID

from domain.metrics.attention.items import AttentionKind, Item, Urgency, first_active, placed
from domain.primitives.values import Kind, Ref

ADA, BOB, EVE = (UUID(int=number) for number in range(3))
DAY = date(2026, 2, 1)


def about(number: int) -> Ref:
    return Ref(Kind.KEY_RESULT, UUID(int=number))


def dated(kind: AttentionKind, of: Ref, born: int, days: int, *, is_overdue: bool) -> Item:
    urgency = Urgency.OVERDUE if is_overdue else Urgency.UPCOMING
    return Item(kind, urgency, of, born, due=DAY, days=days)


def in_order(*items: Item) -> list[int]:
    return [one.id.int for one in placed(items)]


def test_overdue_comes_first_then_problems_then_what_is_to_come() -> None:
    late = dated(AttentionKind.CHECK_IN_DUE, about(1), 9, 1, is_overdue=True)
    wrong = Item(AttentionKind.OWNER_LEFT, Urgency.PROBLEM, about(2), 8)
    soon = dated(AttentionKind.CHECK_IN_DUE, about(3), 7, 0, is_overdue=False)
    assert in_order(soon, wrong, late) == [1, 2, 3]


def test_what_is_overdue_longest_comes_first() -> None:
    items = [
        dated(AttentionKind.READING_DUE, about(days), 9, days, is_overdue=True) for days in (1, 30, 4)
    ]  # fmt: skip
    assert in_order(*items) == [30, 4, 1]


def test_what_is_due_next_comes_first_of_what_is_to_come() -> None:
    items = [dated(AttentionKind.READING_DUE, about(-days), 9, days, is_overdue=False) for days in (-5, 0, -2)]
    assert in_order(*items) == [0, 2, 5]


def test_problems_are_in_the_order_of_kinds_and_the_worst_goals_first() -> None:
    items = [
        Item(AttentionKind.SEVERE_FINDING, Urgency.PROBLEM, about(4), 1),
        Item(AttentionKind.HEALTH_WORSE, Urgency.PROBLEM, about(2), 2, order=-0.2),
        Item(AttentionKind.HEALTH_WORSE, Urgency.PROBLEM, about(1), 3, order=-0.5),
        Item(AttentionKind.OWNER_MISSING, Urgency.PROBLEM, about(3), 4),
    ]
    assert in_order(*items) == [1, 2, 3, 4]


def test_equal_items_are_in_the_order_of_creation() -> None:
    items = [Item(AttentionKind.OWNER_MISSING, Urgency.PROBLEM, about(born), born) for born in (5, 2, 9)]
    assert in_order(*items) == [2, 5, 9]


def test_the_first_who_has_not_left_should_act() -> None:
    assert first_active((ADA, BOB), frozenset()) == ADA
    assert first_active((ADA, None, BOB, EVE), frozenset({ADA})) == BOB
    assert first_active((None, ADA), frozenset({ADA})) is None
