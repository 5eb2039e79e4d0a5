"""By what a period of a KPI is worked out and judged: the goal and the aggregation in force on its last day."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter

from domain.metrics.formulas import Fact
from domain.primitives.calendar import INSTANT, Calendar
from domain.primitives.goal_schedule import GoalSchedule
from domain.primitives.values import Aggregation, KpiGoal


class KpiTerms(Fact, frozen=True, gc=False):
    """How a period's value is worked out and judged."""

    goal: KpiGoal | None = None
    aggregation: Aggregation = Aggregation.LAST


@dataclass(frozen=True)
class KpiSchedule:
    """The goals and the aggregations of a KPI by day, as scheduled at a basis, and the calendar in force there.

    `aggregations`, at least one, are in the order of their first days. The first one also holds before its day, because
    readings may be older than their KPI's definition; of several that begin on one day the last one holds.
    """

    goals: GoalSchedule
    aggregations: Sequence[tuple[date, Aggregation]]
    calendar: Calendar

    def on(self, day: date) -> KpiTerms:
        """The terms in force on a day."""
        return KpiTerms(self.goals.on(day), self._aggregation_on(day))

    def of_period(self, end: datetime) -> KpiTerms:
        """The terms in force on the last day of a period that ends at `end`."""
        return self.on(self.calendar.day_of(end - INSTANT))

    @property
    def last_day(self) -> date:
        """The last day on which a goal or a target begins."""
        return self.goals.entries[-1].from_ if self.goals.entries else date.min

    def _aggregation_on(self, day: date) -> Aggregation:
        place = bisect_right(self.aggregations, day, key=itemgetter(0))
        return self.aggregations[max(place - 1, 0)][1]
