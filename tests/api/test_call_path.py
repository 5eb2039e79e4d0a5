"""The call path of a check-in is short: from the request to the append and back."""

from api.runtime.database import Database
from benchmarks.call_path import CallPath, call_path

CALLS_MAX = 357
MODULES_MAX = 75
BACKS_MAX = 9


def test_check_in_makes_a_bounded_number_of_calls(database: Database) -> None:
    path: CallPath = call_path(database)
    assert len(path.calls) <= CALLS_MAX, path.modules.most_common(10)
    assert len(path.modules) <= MODULES_MAX
    assert path.backs.total() <= BACKS_MAX, path.backs


def test_check_in_appends_once(database: Database) -> None:
    functions = [call.function for call in call_path(database).calls]
    assert [functions.count(name) for name in ("Dispatcher.execute", "Log.append", "Projector.wait")] == [1, 1, 1]
