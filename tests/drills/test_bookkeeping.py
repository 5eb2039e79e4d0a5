"""The bookkeeping of drills finds every command that is lost, doubled or misplaced."""

import pytest

from deploy.drills.bookkeeping import Book, Tally, mark, recorded

ONE, TWO, THREE = (mark(1, "w0", number) for number in range(3))
OTHER_ROUND = mark(12, "w0", 0)


@pytest.fixture
def book() -> Book:
    """Two commands of round 1 and one of round 12 were acknowledged."""
    book = Book()
    for position, marked in enumerate((ONE, TWO, OTHER_ROUND), start=1):
        book.acknowledge(marked, position)
    return book


def test_commands_that_are_there_once_are_sound(book: Book) -> None:
    tally = book.compare({ONE: [1], TWO: [2], OTHER_ROUND: [3]})
    assert tally == Tally(acknowledged=3, present=3)
    assert tally.is_sound


def test_an_acknowledged_command_that_is_missing_is_lost(book: Book) -> None:
    tally = book.compare({ONE: [1], OTHER_ROUND: [3]})
    assert tally == Tally(acknowledged=3, present=2, lost=(TWO,))
    assert not tally.is_sound


def test_a_command_that_is_there_twice_is_doubled(book: Book) -> None:
    tally = book.compare({ONE: [1], TWO: [2, 4], OTHER_ROUND: [3]})
    assert tally.doubled == (TWO,)
    assert not tally.is_sound


def test_a_command_that_was_never_acknowledged_may_be_there_once_but_not_twice(book: Book) -> None:
    rest = {ONE: [1], TWO: [2], OTHER_ROUND: [3]}
    assert book.compare({**rest, THREE: [4]}).is_sound
    assert book.compare({**rest, THREE: [4, 5]}).doubled == (THREE,)


def test_a_command_at_another_position_than_acknowledged_is_misplaced(book: Book) -> None:
    tally = book.compare({ONE: [1], TWO: [7], OTHER_ROUND: [3]})
    assert (tally.lost, tally.doubled, tally.misplaced) == ((), (), (TWO,))
    assert not tally.is_sound


def test_a_round_counts_its_own_commands_only(book: Book) -> None:
    log = {ONE: [1], OTHER_ROUND: [3]}
    assert book.compare(log, 1) == Tally(acknowledged=2, present=1, lost=(TWO,))
    assert book.compare(log, 12) == Tally(acknowledged=1, present=1)
    assert book.compare(log, 2) == Tally()


def test_marks_are_found_in_the_bytes_of_events() -> None:
    rows = [
        (1, f'{{"note": "{ONE}"}}'.encode()),
        (2, b'{"title": "A drill-down of 12-w0-1"}'),
        (3, f'{{"body": "{ONE}"}}'.encode()),
        (4, f'{{"body": "{mark(12, "probe1", 10)}"}}'.encode()),
    ]
    assert recorded(rows) == {ONE: [1, 3], mark(12, "probe1", 10): [4]}


def test_errors_are_counted_by_round_and_code(book: Book) -> None:
    for round_number, code in ((1, "UNAVAILABLE"), (2, "UNAVAILABLE"), (2, "CONNECTION")):
        book.answered_with(round_number, code)
    assert book.errors() == {"UNAVAILABLE": 2, "CONNECTION": 1}
    assert book.errors(1) == {"UNAVAILABLE": 1}
