"""Rows of the projections that were altered by SQL are found by the running check, by the check of all digests, by the
comparison with the log, and by a rebuild."""

from typing import Any, NamedTuple

import pytest
import structlog

from domain.commands.people_commands import AddPerson, ErasePerson
from domain.log.schema import views_schema
from projections.engine import leftovers, view_checker
from projections.engine import rebuild as generations
from projections.engine.comparison import DIFFERENCES_MAX, PERSONAL, Comparison, Difference, TableComparison
from projections.engine.view_checker import Damage, ViewChecker
from projections.store import digests
from tests.projections.engine.test_rebuild import left, rebuild, schemas
from tests.projections.goal_builders import kpi, on, read
from tests.projections.proof.proven_quarter import Quarter
from tests.world import World

BLOCK = view_checker.BLOCK


@pytest.fixture
def quarter(world: World) -> Quarter:
    recorded = Quarter(world.keyframe)
    world.catch_up()
    return recorded


def check(world: World) -> list[Damage]:
    """One round of the running check, and its alarms."""
    clock = iter(range(1_000_000))
    checker, position = ViewChecker(1, lambda: float(next(clock))), world.now.position
    for _ in range((position >> digests.BLOCK_BITS) + 2):
        checker.keep(world.conn, position)
    return view_checker.alarms(world.conn)


def verify_views(world: World, **how: Any) -> Comparison:
    found = generations.verify_views(world.log, world.database.connect, workspace=world.workspace, **how)
    assert found is not None
    return found


def position_of(world: World, where: str) -> int:
    row = world.conn.execute(f"select position from {where}").fetchone()
    assert row is not None
    return int(row[0])


class Edit(NamedTuple):
    """A careless edit, the table it alters, and how many of its rows differ then; None for all of them."""

    sql: str
    table: str
    rows: int | None


EDITS = {
    "a value of a closed quarter": Edit(
        "update objective set score = 1 - score where state = 'CLOSED' and score is not null", "objective", 1
    ),
    "a deleted row": Edit(
        "delete from check_in where position = (select max(position) from check_in)", "check_in", 1
    ),
    "an inserted row": Edit(
        "insert into change select (jsonb_populate_record(c, '{\"position\": 1000000}')).* from change c"
        " where position = 3",
        "change",
        1,
    ),
    "a swapped value": Edit(
        "with two as (select position, lead(value) over w as other, lag(value) over w as before from check_in"
        " window w as (order by position) limit 2)"
        " update check_in c set value = coalesce(two.other, two.before) from two where two.position = c.position",
        "check_in",
        2,
    ),
    "a truncated table": Edit("truncate reading", "reading", None),
    "a node of the Merkle tree": Edit("insert into tree_node values (8, 7, '\\x00')", "tree_node", 1),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_altered_row_is_found_by_every_check_and_restored_by_a_rebuild(
    world: World, quarter: Quarter, edit: Edit
) -> None:
    right = world.dump()
    assert (check(world), view_checker.check_all(world.conn), verify_views(world).tables) == ([], [], ())
    ((all_rows,),) = world.conn.execute(f"select count(*) from {edit.table}")
    world.conn.execute(edit.sql)
    assert [damage.table for damage in check(world)] == [edit.table]
    assert {damage.table for damage in view_checker.check_all(world.conn) or ()} == {edit.table}
    (found,) = verify_views(world).tables
    assert (found.table, found.rows) == (edit.table, all_rows if edit.rows is None else edit.rows)
    seen: list[Comparison | None] = []
    rebuild(world, on_compared=seen.append)
    assert seen[0] is not None
    assert seen[0].tables == (found,)
    assert world.dump() == right
    assert (view_checker.alarms(world.conn), check(world), verify_views(world).tables) == ([], [], ())


def test_a_difference_names_table_id_column_both_values_and_the_first_position(world: World, quarter: Quarter) -> None:
    position = position_of(world, "objective where score is not null order by position limit 1")
    ((id, score),) = world.conn.execute("select id, score from objective where position = %s", [position])
    world.conn.execute("update objective set score = 0.125 where position = %s", [position])
    assert verify_views(world) == Comparison(
        world.now.position,
        22,
        (
            TableComparison(
                "objective",
                1,
                position,
                (Difference({"id": str(id), "position": position}, position, "score", 0.125, score),),
            ),
        ),
    )


def test_a_falsified_end_differs_from_the_earlier_of_both_ends(world: World) -> None:
    figures = [(on(5), 1.0)]
    read(world, kpi(world), *figures)
    position = position_of(world, "reading")
    world.conn.execute("update reading set until_position = 77, ended = 'CORRECTED'")
    (found,) = verify_views(world).tables
    assert {one.column for one in found.differences} == {"until_position", "ended"}
    assert [one.position for one in found.differences] == [77, 77]
    assert all(one.key["position"] == position for one in found.differences)


def test_values_that_are_stored_as_bytes_are_shown_decoded(world: World, quarter: Quarter) -> None:
    world.conn.execute("update scoring_policy set policy = '{\"scoreGreen\": 0.1}'")
    (found,) = verify_views(world).tables
    assert found.differences[0].served == {"scoreGreen": 0.1}
    assert found.differences[0].built["scoreGreen"] == 0.8


def test_personal_data_that_differs_is_not_named(world: World) -> None:
    ada = world.record(AddPerson(handle="ada", name="Ada Lovelace", email="ada@example.com"))
    world.conn.execute("update person set name = 'Eve Online', email = null")
    (found,) = verify_views(world).tables
    assert {(one.column, one.served, one.built) for one in found.differences} == {
        ("name", PERSONAL, PERSONAL), ("email", None, PERSONAL),
    }  # fmt: skip
    assert {one.key["id"] for one in found.differences} == {str(ada)}
    assert "Eve" not in str(found)
    assert "Lovelace" not in str(found)


def test_only_the_first_differences_of_a_table_are_named(world: World) -> None:
    id = kpi(world)
    read(
        world, id, *((on(1, hour % 24).replace(minute=hour // 24), float(hour)) for hour in range(DIFFERENCES_MAX + 7))
    )
    world.conn.execute("update reading set value = value + 1")
    (found,) = verify_views(world).tables
    assert (found.rows, len(found.differences)) == (DIFFERENCES_MAX + 7, DIFFERENCES_MAX)
    assert found.first_position == position_of(world, "reading order by position limit 1")


@pytest.mark.parametrize(
    ("ddl", "table"),
    [
        ("alter table kpi drop column unit cascade", "kpi"),
        ("alter table check_in drop constraint check_in_pkey", "check_in"),
        ("alter table objective enable row level security", "objective"),
        ("create rule nothing as on update to reading do also notify reading", "reading"),
    ],
)
def test_tables_with_other_definitions_are_found(world: World, quarter: Quarter, ddl: str, table: str) -> None:
    world.conn.execute(ddl)
    found = {one.table: one for one in verify_views(world).tables}
    assert found[table].definition is not None


def test_a_visibility_view_that_was_replaced_is_found(world: World) -> None:
    schema = views_schema(world.workspace)
    columns = "id, position, recorded_at, actor, source, on_behalf_of, reason, subject_kind, subject_id, effective_at"
    world.conn.execute(
        f"create or replace view {schema}_seen.comment as select {columns}, body, search_text from comment where true"
    )
    (found,) = verify_views(world).tables
    assert found.table == "comment as seen by others"


def test_an_alarm_stays_until_a_check_finds_the_rows_in_order(world: World, quarter: Quarter) -> None:
    world.conn.execute("update kpi set name = name || '!'")
    with structlog.testing.capture_logs() as journal:
        assert check(world) == [Damage("kpi", 0, BLOCK - 1)]
        assert check(world) == [Damage("kpi", 0, BLOCK - 1)]
        world.conn.execute("update kpi set name = left(name, -1)")
        assert check(world) == []
    assert [(line["event"], line["table"], line["first"], line["last"]) for line in journal] == [
        ("projections damaged", "kpi", 0, BLOCK - 1), ("projections in order again", "kpi", 0, BLOCK - 1),
    ]  # fmt: skip


def test_the_running_check_is_paced_and_can_be_turned_off(world: World, quarter: Quarter) -> None:
    world.conn.execute("update kpi set name = name || '!'")
    now = [0.0]
    checker, off = ViewChecker(5, lambda: now[0]), ViewChecker(0, lambda: now[0])

    def tables(at: float, checker: ViewChecker = checker) -> list[str]:
        now[0] = at
        checker.keep(world.conn, world.now.position)
        return [damage.table for damage in view_checker.alarms(world.conn)]

    assert (tables(5.0, off), tables(4.9), tables(5.0)) == ([], [], ["kpi"])
    world.conn.execute("update kpi set name = left(name, -1)")
    assert (tables(9.9), tables(10.0)) == (["kpi"], [])


def test_each_step_checks_one_block_of_positions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[int] = []
    monkeypatch.setattr(view_checker, "check_block", lambda _, block: checked.append(block))
    checker = ViewChecker(1, iter(range(100)).__next__)
    for _ in range(5):
        checker.keep(world.conn, 2 * BLOCK + 1)
    assert checked == [0, 1, 2, 0, 1]


def test_rows_beyond_the_position_of_the_projections_are_found(world: World) -> None:
    read(world, kpi(world), *((on(1, hour), float(hour)) for hour in range(20)))
    world.conn.execute("update reading set position = position + 50 * 1024 where value = 7")
    assert [damage.table for damage in check(world)] == ["reading"]


def test_an_altered_digest_is_found_too(world: World, quarter: Quarter) -> None:
    world.conn.execute("update view_digest set digest = digest + 1 where name = 'change'")
    assert [damage.table for damage in check(world)] == ["change"]
    assert verify_views(world).tables == ()
    rebuild(world)
    assert check(world) == []


def test_lost_digests_and_lost_tables_are_found(world: World, quarter: Quarter) -> None:
    world.conn.execute("truncate view_digest")
    assert {"change", "objective", "check_in"} <= {damage.table for damage in check(world)}
    rebuild(world)
    world.conn.execute("drop table reading cascade")
    assert view_checker.check_all(world.conn) == [Damage("reading", 0, BLOCK - 1)]
    assert {one.table for one in verify_views(world).tables} == {"reading", "reading as seen by others"}


def test_an_edit_that_rewrites_the_digest_is_found_by_the_comparison_only(world: World, quarter: Quarter) -> None:
    world.conn.execute("update objective set score = 0.1 where score is not null")
    world.conn.execute("delete from view_digest where name = 'objective'")
    world.conn.execute(digests.keep("objective", digests.summed("objective", "position")))
    assert (check(world), view_checker.check_all(world.conn)) == ([], [])
    assert [table.table for table in verify_views(world).tables] == ["objective"]


def test_digests_of_another_server_raise_no_alarm(world: World, quarter: Quarter) -> None:
    world.conn.execute("update view_digest set digest = digest + 1")
    assert (check(world), view_checker.check_all(world.conn)) == ([], None)
    rebuild(world)
    assert view_checker.check_all(world.conn) == []


def test_a_person_erased_while_the_projector_is_behind_is_no_difference(world: World) -> None:
    ada = world.record(AddPerson(handle="ada", name="Ada", email="ada@example.com"))
    world.write(ErasePerson(person=ada, reason="asked to be"))
    assert verify_views(world).tables == ()
    seen: list[Comparison | None] = []
    rebuild(world, on_compared=seen.append)
    assert seen == [Comparison(1, 22, ())]
    assert check(world) == []


def test_a_comparison_beside_a_writer_compares_one_moment(world: World, quarter: Quarter) -> None:
    def write(*_: object) -> None:
        world.record(AddPerson(handle=f"p{world.log.head().position}", name="Ada"))

    assert verify_views(world, progress=write, on_table=write, batch_size=10).tables == ()
    assert check(world) == []


def test_an_interrupted_comparison_leaves_nothing(world: World, quarter: Quarter) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = world.dump()
    for where in ("progress", "on_table"):
        with pytest.raises(KeyboardInterrupt):
            verify_views(world, **{where: interrupt})
        assert schemas(world.conn, world.workspace) == left(world.workspace)
    assert world.dump() == before


def test_what_a_killed_comparison_leaves_is_dropped_by_the_next_start(world: World, quarter: Quarter) -> None:
    context = generations._beside(world.database.connect, world.workspace)
    conn = context.__enter__()
    conn.close()
    assert leftovers.next_schema(world.workspace) in schemas(world.conn, world.workspace)
    assert leftovers.sweep(world.conn, world.workspace) is None
    assert schemas(world.conn, world.workspace) == left(world.workspace)


def test_a_rebuild_writes_to_the_journal_what_differed_without_values(world: World, quarter: Quarter) -> None:
    world.conn.execute("update person set name = 'Eve Online'")
    with structlog.testing.capture_logs() as journal:
        rebuild(world)
        rebuild(world)
    (line,) = (line for line in journal if line["event"] == "projections differed from the log")
    assert (line["table"], line["rows"], line["log_level"]) == ("person", 1, "critical")
    assert line["first_rows"] == [{"id": str(quarter.person), "position": line["first_position"], "column": "name"}]
    assert "Eve" not in str(line)


def test_outdated_projections_are_not_checked(world: World, quarter: Quarter) -> None:
    world.conn.execute("update view_position set definition = 'other'")
    world.conn.execute("drop table view_digest; drop table view_alarm")
    view_checker.check_block(world.conn, 0)
    with pytest.raises(generations.OutdatedViews):
        verify_views(world)
    seen: list[Comparison | None] = []
    rebuild(world, on_compared=seen.append)
    assert seen == [None]
    assert (view_checker.check_all(world.conn), check(world)) == ([], [])
