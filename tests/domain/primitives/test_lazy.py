"""A cached property is computed once an instance, and instances do not wait for each other."""

from threading import Event, Thread

from domain.primitives.lazy import cached_property
from tests.waiting import until


class Reader:
    def __init__(self, gate: Event) -> None:
        self.gate = gate
        self.computed = 0

    @cached_property
    def value(self) -> int:
        """The value."""
        self.computed += 1
        assert self.gate.wait(20)
        return 42


def test_value_is_computed_once() -> None:
    gate = Event()
    gate.set()
    reader = Reader(gate)
    assert (reader.value, reader.value, reader.computed) == (42, 42, 1)
    assert Reader.__dict__["value"].__doc__ == "The value."


def test_instances_do_not_wait_for_each_other() -> None:
    slow, fast = Reader(Event()), Reader(Event())
    thread = Thread(target=lambda: slow.value)
    thread.start()
    until(lambda: slow.computed)
    fast.gate.set()
    assert fast.value == 42
    slow.gate.set()
    thread.join()
