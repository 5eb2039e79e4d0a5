"""Three example queries for the demo company, with its keys filled in."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from api.demo.quarters.fourth_quarter import PLATFORM as PLATFORM_NOW
from api.demo.quarters.third_quarter import PLATFORM as PLATFORM_THEN
from api.demo.seasons import Calendar
from api.demo.story import moment


class Question(NamedTuple):
    """An example query: a title and its GraphQL document."""

    title: str
    query: str


_NOW = """\
query Now {
  cycle(by: {key: "%(active)s"}) {
    name
    progress { value expected health confidence }
    objectives(first: 50) {
      edges { node {
        title
        team { name }
        owner { name }
        progress { value expected health confidence }
        quality { severity message }
      } }
    }
  }
  kpi(by: {key: "stock-ready"}) {
    name
    status
    latest { value measuredAt note }
    comparison(period: WEEK, aggregate: MEAN) { current previousToDate changeRatio }
  }
}
"""

_PLAN = """\
query Plan {
  cycle(by: {key: "%(active)s"}) {
    name
    plan {
      basis { at position isNow }
      objectives(first: 50, filter: {cycle: {key: "%(active)s"}}) {
        edges { node {
          title
          keyResults {
            title
            due
            weight
            metric { direction start target lower upper unit { symbol } }
          }
        } }
      }
    }
  }
}
"""

_MONTH_AGO = """\
query MonthAgo {
  asOf(at: "%(month_ago)s") {
    basis { at known position }
    objectives(first: 1, filter: {cycle: {key: "%(then)s"}, search: "%(title)s"}) {
      edges { node {
        title
        progress {
          value
          expected
          health
          explain { label weight value contribution position }
        }
        keyResults { title current measuredAt confidence progress { value health } }
      } }
    }
  }
}
"""


def queries(today: date) -> tuple[Question, Question, Question]:
    """Queries of the present, of the plan of the active quarter, and of one objective as of a month ago."""
    calendar = Calendar.of(today)
    month_ago = datetime.combine(today - timedelta(days=30), time(12), UTC)
    is_young = month_ago < calendar.active.running.at(0.0) + timedelta(days=14)
    then, goal = (calendar.closed, PLATFORM_THEN[0]) if is_young else (calendar.active, PLATFORM_NOW[0])
    given = {
        "active": calendar.active.key,
        "then": then.key,
        "month_ago": moment(month_ago),
        "title": goal.title,
    }
    return (
        Question("What is the progress of the quarter?", _NOW % given),
        Question("What did we plan when it began?", _PLAN % given),
        Question("What was the progress of one objective a month ago, and why?", _MONTH_AGO % given),
    )
