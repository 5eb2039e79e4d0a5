"""Objects of a batch are made when one is looked at, and whole rows are read when one is asked for."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from api.snapshot.siblings import SiblingGroups, Siblings, all_of, in_sizes, joined
from api.snapshot.snapshot import Batch, NarrowBatch, RowProxy, View
from projections.store.columns import Column
from projections.store.versioned_tables import Few, Narrow
from tests.api.schema import goals
from tests.asking import AskedWorld

VIEW = cast("View", SimpleNamespace(reads=SimpleNamespace(cleared_at_close=[])))
FIGURES = "{ objectives { nodes { title keyResults { title current progress { value health } } } } }"
EXPLAINED = FIGURES.replace("value", "explain { value }")


class Row(NamedTuple):
    id: int
    title: str = ""


NARROW = Narrow([Column("id", "bigint")])
ROWS = [Row(number, f"Title {number}") for number in range(5)]


def test_objects_are_made_at_the_first_look_and_stay_the_same() -> None:
    found = all_of(RowProxy, VIEW, ROWS)
    assert len(found) == 5
    assert found.batch.known == {}
    assert [one.row for one in found] == ROWS
    assert found[1:3][0] is found[1]
    assert found[-1].place == 4
    assert [one.row.id for one in found[::-2]] == [4, 2, 0]


def test_a_slice_has_its_values_of_the_batch() -> None:
    found = all_of(RowProxy, VIEW, ROWS)[1:4]
    assert isinstance(found, Siblings)
    assert found.of(["a", "b", "c", "d", "e"]) == ["b", "c", "d"]
    assert found.of(found.batch.column("title")) == ["Title 1", "Title 2", "Title 3"]
    assert found.batch.known == {}


def test_groups_that_follow_each_other_are_one() -> None:
    groups = in_sizes(RowProxy, Batch(VIEW, ROWS), [2, 0, 3])
    assert list(map(len, groups)) == [2, 0, 3]
    whole = joined(groups)
    assert whole is not None
    assert (whole.start, whole.stop) == (0, 5)


def test_groups_are_made_when_they_are_looked_at_and_split_values() -> None:
    groups = in_sizes(RowProxy, Batch(VIEW, ROWS), [2, 0, 3])
    inner = groups[1:]
    assert isinstance(inner, SiblingGroups)
    assert [[one.row.id for one in group] for group in inner] == [[], [2, 3, 4]]
    assert [len(group) for group in groups[::-1]] == [3, 0, 2]
    assert list(groups[3:]) == []
    assert inner.split([one.row.id for one in inner.joined]) == [[], [2, 3, 4]]
    assert len(groups[-1]) == 3


def test_other_groups_are_not_joined() -> None:
    first, second = in_sizes(RowProxy, Batch(VIEW, ROWS), [2, 3])
    other = all_of(RowProxy, VIEW, ROWS)
    assert joined([second, first]) is None
    assert joined([first, other]) is None
    assert joined([[1], [2]]) is None
    assert joined([]) is None


def test_figures_of_key_results_read_whole_rows_only_to_be_explained(world: AskedWorld) -> None:
    goals.cycle(world)
    goals.key_result(world, goals.objective(world))
    plain, explained = world.count(FIGURES), world.count(EXPLAINED)
    assert plain == 7
    assert explained > plain


def test_whole_rows_are_read_once_when_another_column_is_asked_for() -> None:
    asked: list[Sequence[Any]] = []

    def whole(ids: Sequence[Any]) -> Sequence[Any]:
        asked.append(ids)
        return [ROWS[id] for id in ids]

    batch = NarrowBatch(VIEW, Few(NARROW, {"id": [3, 1]}, 2), whole)
    assert (batch.column("id"), asked) == ([3, 1], [])
    assert batch.column("title") == ["Title 3", "Title 1"]
    assert [one.title for one in batch.objects(RowProxy)] == ["Title 3", "Title 1"]
    assert asked == [[3, 1]]


def test_a_batch_without_rows_has_empty_columns() -> None:
    assert NarrowBatch(VIEW, Few(NARROW, {"id": []}, 0), lambda ids: ids).column("title") == []
