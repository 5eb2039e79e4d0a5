"""Which changes belong to which nodes, and which are late, backdated, near an end or goalposts: SQL conditions on a
change `v`, and the common table expressions they use."""

from typing import NamedTuple

from domain.model.cycle import CycleRescheduled
from domain.model.event import Event
from domain.model.key_result import (
    KeyResultLinked,
    KeyResultPlanned,
    KeyResultRescheduled,
    KeyResultRetargeted,
    KeyResultUnlinked,
)
from domain.model.kpi import KpiRedefined, KpiTargetsSet
from domain.model.measurements.reading import ReadingCorrected, ReadingRecorded, ReadingRetracted
from domain.model.workspace import CalendarSet
from domain.primitives.values import Basis, Cadence, Kind, Source
from projections.store.versioned_tables import OPEN
from projections.tables.people import TEAM

READINGS = (ReadingRecorded.TOPIC, ReadingCorrected.TOPIC, ReadingRetracted.TOPIC)
CADENCE_OTHERWISE = Cadence.WEEKLY
"""The cadence of what belongs to no cycle and no KPI, such as people and teams: the default cadence of a cycle."""
COLUMN_OF_KIND = {Kind.OBJECTIVE: "objective", Kind.KEY_RESULT: "key_result", Kind.KPI: "kpi", Kind.CYCLE: "cycle"}
"""By kind: the column of a change with the node of that kind that the change belongs to."""
OTHER_SUBJECTS = f"subject_kind not in {tuple(kind.value for kind in (*COLUMN_OF_KIND, Kind.CHECK_IN, Kind.READING))}"
"""The condition for subjects of other kinds, whose changes are found by their subject."""


class Scope(NamedTuple):
    """The changes that belong to some nodes of one kind, whose ids are in a parameter of the query."""

    kind: Kind | None
    param: str

    @property
    def links(self) -> str:
        return f"{self.param}_links"

    @property
    def below(self) -> str:
        return f"{self.param}_below"

    def ctes(self, basis: Basis) -> list[str]:
        """The common table expressions of its conditions: links of key results to KPIs, or the teams inside teams."""
        if self.kind is Kind.TEAM:
            teams = TEAM.query(basis, "select id from team where version = 1", columns="v.id, v.parent")
            tops = f"select id, id from unnest(%({self.param})b::uuid[]) as a (id)"
            inside = f"select b.above, t.id from {self.below} b join ({teams}) t on t.parent = b.team"
            return [f"{self.below} (above, team) as ({tops} union {inside})"]
        of = None if self.kind is None else _LINKED.get(self.kind)
        return [] if of is None else [f"{self.links} as materialized ({self._links(of)})"]

    def _links(self, of: str) -> str:
        """The position intervals in which a key result was linked to a KPI, and the day after the last day whose
        readings count."""
        ever = f"select id from key_result where {of} = any(%({self.param})b) and kpi is not null"
        spans = (
            f"select k.{of} as scope, k.kpi, k.state, k.position as since, {_AFTER_LAST_DAY} as beyond,"
            f" lead(k.position, 1, {OPEN}) over (partition by k.id order by k.position) as until"
            f" from key_result k where k.id in ({ever})"
        )
        return f"select * from ({spans}) l where l.kpi is not null and l.state <> 'DROPPED'"

    def conditions(self, id: str) -> list[str]:
        """Disjoint conditions: a change `v` belongs to the node with this id if one of them holds."""
        if self.kind is None:
            return ["true"]
        if self.kind is Kind.TEAM:
            inside = f"select b.team from {self.below} b where b.above = {id}"
            owned = [_while_of_team(of, inside) for of in ("objective", "kpi")]
            return [f"v.subject_id = any(array({inside})) and v.{OTHER_SUBJECTS}", *owned]
        if self.kind in _LINKED:
            links = f"from {self.links} l where l.scope = {id}"
            then = "v.position > l.since and v.position < l.until and v.effective_at < l.beyond"
            read = f"v.topic in {READINGS} and exists (select {links} and l.kpi = v.kpi and {then})"
            return [f"v.{COLUMN_OF_KIND[self.kind]} = {id}", f"v.kpi = any(array(select l.kpi {links})) and {read}"]
        if self.kind is Kind.KPI:
            return [f"v.kpi = {id}"]
        if self.kind in _MEASURED:
            table, of = _MEASURED[self.kind]
            return [f"v.{of} = any(array(select m.{of} from {table} m where m.id = {id})) and v.subject_id = {id}"]
        return [f"v.subject_id = {id} and v.{OTHER_SUBJECTS}"]


def _day_start(day: str, until: str, known: str) -> str:
    """The first instant of a day, an expression, by the calendar in force at the moment `until`, as far as the log knew
    at the position `known`."""
    seen = f"a.changed_at <= {until} and a.position <= {known}"
    in_force = f"select a.position from calendar a where {seen} order by a.position desc limit 1"
    offset = (
        f"select d.seconds from day_offset d where d.calendar = ({in_force}) and d.since <= {day}"
        " order by d.since desc limit 1"
    )
    return f"(({day})::timestamp at time zone 'utc' + make_interval(secs => coalesce(({offset}), 0)))"


def _at_basis(table: str, id: str, column: str) -> str:
    newest = f"select b.{column} from {table} b where b.id = {id} and b.position <= %(position)s"
    return f"({newest} order by b.position desc limit 1)"


def _first_end(column_of_objective: str, column_of_cycle: str) -> str:
    ends = _at_basis("objective", "k.objective", column_of_objective), _at_basis("cycle", "k.cycle", column_of_cycle)
    return ", ".join(ends)


_KNOWN_AT_END = f"least(%(position)s, {_first_end('ended_position', 'outcome_position')})"
_LAST_DAY_OF_CYCLE = (
    f"(select c.ends_on from cycle c where c.id = k.cycle and c.position <= {_KNOWN_AT_END}"
    " order by c.position desc limit 1)"
)
_AFTER_LAST_DAY = _day_start(
    f"greatest(k.due, {_LAST_DAY_OF_CYCLE}) + 1",
    f"least(%(at)s, {_first_end('ended_at', 'outcome_at')})",
    _KNOWN_AT_END,
)
"""The end of the last day whose readings count for a key result `k`: that of its cycle, or its due date if later; by
the calendar and the days in force at its end, or at the basis. A calendar that was set after the end does not count,
even if it is effective before."""
_MEASURED = {Kind.CHECK_IN: ("check_in", "key_result"), Kind.READING: ("reading", "kpi")}
_LINKED = {Kind.KEY_RESULT: "id", Kind.OBJECTIVE: "objective", Kind.CYCLE: "cycle"}


def _while_of_team(of: str, inside: str) -> str:
    """The condition that one of the teams owned the objective or KPI of a change right before or right after it: the
    owner then is that of the last version up to the change."""
    ever = f"select o.id from {of} o where o.team = any(array({inside}))"
    before, after = (
        f"(select o.team from {of} o where o.id = v.{of} and o.position {upto} v.position"
        " order by o.position desc limit 1)"
        for upto in ("<", "<=")
    )
    then = " or ".join(f"{owner} = any(array({inside}))" for owner in (before, after))
    return f"v.{of} = any(array({ever})) and ({then})"


# ── late changes ─────────────────────────────────────────────────────────────────────────────────

_ENDED_AT = "least(k.outcome_at, o.ended_at)"
_ENDED_POSITION = "least(k.outcome_position, o.ended_position)"
_END = (_ENDED_AT, _ENDED_POSITION)


def _day_at_end(column: str) -> str:
    """The first or the last day that a cycle `k` had at the end of an objective `o`."""
    known = f"select c.{column} from cycle c where c.id = k.id and c.position <= {_ENDED_POSITION}"
    return f"({known} order by c.position desc limit 1)"


_READING_OF_A_CLOSED_WINDOW = f"""
    select from (select distinct l.id from key_result l where l.kpi = v.kpi) l
    cross join lateral (select n.* from key_result n where n.id = l.id order by n.position desc limit 1) m
    cross join lateral (select n.* from objective n where n.id = m.objective order by n.position desc limit 1) o
    join cycle k on k.id = m.cycle
    where m.kpi = v.kpi and m.state <> 'DROPPED' and k.outcome_position < v.position
        and v.effective_at <= {_ENDED_AT}
        and v.effective_at < {_day_start(f"greatest({_day_at_end('ends_on')}, m.due) + 1", *_END)}
        and (m.aggregate is null
            or v.effective_at >= {_day_start(f"greatest({_day_at_end('starts_on')}, m.count_from)", *_END)})
"""
"""In a closed cycle nothing changes any more, so the newest versions are those of the closing."""
LATE = f"""(
    exists (select from cycle k where k.id = v.cycle and k.outcome_position < v.position)
    or v.topic in {READINGS} and exists ({_READING_OF_A_CLOSED_WINDOW})
)"""
"""The condition that a change `v` is late: recorded after the closing of its cycle. A reading belongs to no cycle; it
is late if it was measured within the window of a key result that its KPI measures, in a cycle that had closed."""
MAY_BE_LATE = """(
    v.cycle = any(array(select id from cycle where outcome_position is not null))
    or v.kpi = any(array(
        select m.kpi from key_result m join cycle k on k.id = m.cycle
        where m.kpi is not null and k.outcome_position is not null
    ))
)"""
"""A condition that every late change fulfils, and that indexes answer."""

# ── recorded afterwards ──────────────────────────────────────────────────────────────────────────

_REPORTED_AT = (
    f"case when v.source = '{Source.IMPORT}' then coalesce(v.claimed_at, v.effective_at) else v.recorded_at end"
)
DELAY = f"({_REPORTED_AT} - v.effective_at)"
"""`ChangeRow.delay` of a change `v`."""
_DELAYED = "interval '1 day'"
"""The shortest cadence: what is not delayed longer is never backdated."""
MAY_BE_BACKDATED = f"({DELAY} > {_DELAYED} or v.first_day is not null)"
"""A condition that every backdated change fulfils, and that an index answers."""
CADENCE = f"""case coalesce(
    (select m.cadence from kpi m where m.id = v.kpi and m.position <= v.position order by m.position desc limit 1),
    (select m.check_in_cadence from cycle m where m.id = v.cycle order by m.position desc limit 1),
    '{CADENCE_OTHERWISE}'
) {" ".join(f"when '{cadence}' then interval '{cadence.days} days'" for cadence in Cadence)} end"""
"""The cadence by which a change `v` is backdated: that of its KPI as of the change, or that of its cycle."""
BACKDATED = f"""(
    {DELAY} > {CADENCE}
    or v.first_day is not null and {_REPORTED_AT} >= {_day_start("v.first_day + 1", "%(at)s", "%(position)s")}
)"""
"""The condition that a change `v` is backdated, as `changes.backdated` defines it, by the calendar of the basis."""

# ── before the end of a cycle ────────────────────────────────────────────────────────────────────

CLOSE_WINDOWS = f"""close_window (cycle, since, until) as materialized (
    select k.id,
        case when %(days_max)s::int is null then '-infinity'
            else {_day_start("k.ends_on + 1 - %(days_max)s::int", "%(at)s", "%(position)s")} end,
        case when %(days_min)s::int is null then 'infinity'
            else {_day_start("k.ends_on + 2 - %(days_min)s::int", "%(at)s", "%(position)s")} end
    from cycle k
    where k.position <= %(position)s
        and not exists (
            select from cycle n where n.id = k.id and n.position > k.position and n.position <= %(position)s
        )
)"""
"""By cycle: the time with so many remaining days, as `daysBeforeClose` counts them, by the calendar and the last day of
the basis."""
IN_CLOSE_WINDOW = """(
    v.cycle = any(array(select w.cycle from close_window w))
    and exists (
        select from close_window w where w.cycle = v.cycle and v.effective_at >= w.since and v.effective_at < w.until
    )
)"""

# ── goalposts ────────────────────────────────────────────────────────────────────────────────────

GOALPOSTS: tuple[type[Event], ...] = (
    KeyResultRetargeted, KeyResultRescheduled, KeyResultPlanned, KeyResultLinked, KeyResultUnlinked, KpiTargetsSet,
    KpiRedefined, CycleRescheduled, CalendarSet,
)  # fmt: skip
"""The events that move goalposts: those with the cause GOALPOST, new plans and new targets of KPIs. A redefinition of a
KPI moves one only if it sets a goal or a formula."""
IS_CALENDAR = f"v.topic = '{CalendarSet.TOPIC}'"
"""The condition that a change `v` is a new calendar, which moves the days of all cycles."""
_BEFORE = "from kpi b where b.id = r.id and b.position < r.position order by b.position desc limit 1"
_SETS_GOAL = (
    f"(r.goal_from is not null or r.goal is distinct from (select b.goal {_BEFORE})"
    f" or r.formula is distinct from (select b.formula {_BEFORE}))"
)
"""The condition that a redefinition `r` of a KPI changes its goal or formula, or begins the same goal on another
day."""


def moves_kpi(last_day: str) -> str:
    """The condition that a change `v` of the definition or the targets of a KPI moves goalposts of a cycle with this
    last day. Goals and targets that begin afterwards are plans of other cycles."""
    begins = "select from jsonb_array_elements(convert_from(r.targets, 'UTF8')::jsonb) as t"
    in_time = f"exists ({begins} where (t ->> 'from')::date <= {last_day})"
    is_moved = (
        f"case when v.topic = '{KpiTargetsSet.TOPIC}' then {in_time}"
        f" else {_SETS_GOAL} and coalesce(r.goal_from <= {last_day}, true) end"
    )
    return f"exists (select from kpi r where r.id = v.kpi and r.position = v.position and {is_moved})"


_SINCE_PLAN = """
    y.position <= %(position)s and y.changed_at <= %(at)s
    and (y.plan_position < v.position or y.plan_at < v.effective_at)
    and not exists (
        select from cycle o where o.id = y.id and o.position <= %(position)s and o.changed_at <= %(at)s
        and (o.outcome_position < v.position or o.outcome_at < v.effective_at)
    )
"""
"""The condition that a change `v` is after the plan of the version `y` of a cycle, and part of its outcome."""
GOALPOST = f"""(
    v.topic in {tuple(event.TOPIC for event in GOALPOSTS)}
    and case when v.kpi is null
        then exists (select from cycle y where (y.id = v.cycle or {IS_CALENDAR}) and {_SINCE_PLAN})
        else exists (
            select from key_result m join cycle y on y.id = m.cycle
            where m.kpi = v.kpi and m.position <= %(position)s and m.changed_at <= %(at)s and {_SINCE_PLAN}
            and {moves_kpi("y.ends_on")}
        )
    end
)"""
"""The condition that a change `v` moves a goalpost of any cycle: after its plan, and before its outcome."""
