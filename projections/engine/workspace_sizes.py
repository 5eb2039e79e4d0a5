"""How large the workspace is: the objectives and changes of its largest cycle, the days of its longest cycle and of its
history, and its KPIs. Goals that some callers may not see do not count, so that a cost reveals nothing about them."""

from typing import Final, NamedTuple

from domain.primitives.values import Visibility
from projections.store.versioned_tables import Connection

_SIZES: Final = f"""
    with seen as (
        select id, cycle from objective where version = 1
        and id not in (select id from objective where visibility = '{Visibility.TEAM}')
    )
    select
        (select max(n) from (select count(*) as n from seen group by cycle) c),
        (select max(n) from (select count(*) as n from change v join seen o on o.id = v.objective group by v.cycle) c),
        (select max(ends_on - starts_on) + 1 from cycle),
        (select current_date - min(starts_on) from cycle),
        (select count(*) from kpi where version = 1)
"""


class Counted(NamedTuple):
    """The sizes, 0 where there is nothing."""

    objectives: int
    changes: int
    days: int
    history_days: int
    kpis: int


def counted(conn: Connection) -> Counted:
    """Count the sizes, now."""
    row = conn.execute(_SIZES).fetchone()
    assert row is not None
    return Counted(*(max(0, size or 0) for size in row))
