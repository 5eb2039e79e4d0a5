// The fragments of a retrospective: attainment, attribution, distances from the plan, and moved goalposts.
import { graphql } from "../../generated";

export const ATTAINED = graphql(`
  fragment Attained on Attainment {
    againstOriginal
    againstFinal
    score
  }
`);

export const ATTRIBUTED = graphql(`
  fragment Attributed on Attribution {
    initial
    movement
    goalpost
    scope
    final
    judgement
  }
`);

export const FAR = graphql(`
  fragment Far on PlanDistance {
    at
    distance
    planned
    actual
  }
`);

export const COUNTED = graphql(`
  fragment Counted on GoalCounts {
    planned
    addedLater
    dropped
  }
`);

export const WRITER = graphql(`
  fragment Writer on Actor {
    handle
    person {
      id
      name
    }
    onBehalfOf {
      id
      name
    }
  }
`);

export const MEASURE = graphql(`
  fragment Measure on Metric {
    direction
    start
    target
    lower
    upper
    unit {
      symbol
    }
  }
`);

export const BOUNDS = graphql(`
  fragment Bounds on KpiGoal {
    direction
    target
    lower
    upper
  }
`);

export const DATED = graphql(`
  fragment Dated on Calendar {
    timeZone
    fiscalYearStartMonth
    weekStartsOn
  }
`);

export const MOVED_GOALPOST = graphql(`
  fragment MovedGoalpost on Change {
    __typename
    id
    effectiveAt
    reason
    actor {
      ...Writer
    }
    subject {
      __typename
      id
      ... on KeyResult {
        title
        objective {
          id
          entityId
        }
      }
      ... on Kpi {
        entityId
        name
      }
      ... on Cycle {
        name
      }
    }
    effect {
      before
      after
    }
    ... on KeyResultRetargeted {
      daysBeforeClose
      before {
        ...Measure
      }
      after {
        ...Measure
      }
    }
    ... on KeyResultRescheduled {
      daysBeforeClose
      beforeDue
      afterDue
    }
    ... on KeyResultPlanned {
      daysBeforeClose
      beforePlan {
        on
        value
      }
      afterPlan {
        on
        value
      }
    }
    ... on CycleRescheduled {
      daysBeforeClose
      beforeStartsOn
      afterStartsOn
      beforeEndsOn
      afterEndsOn
    }
    ... on KeyResultLinked {
      daysBeforeClose
      beforeKpi {
        id
        name
      }
      afterKpi {
        id
        name
      }
    }
    ... on KeyResultUnlinked {
      daysBeforeClose
      beforeKpi {
        id
        name
      }
    }
    ... on CalendarSet {
      beforeCalendar {
        ...Dated
      }
      afterCalendar {
        ...Dated
      }
    }
    ... on KpiTargetsSet {
      targets {
        from
        before {
          ...Bounds
        }
        after {
          ...Bounds
        }
      }
    }
    ... on KpiRedefined {
      beforeGoal {
        ...Bounds
      }
      afterGoal {
        ...Bounds
      }
      beforeFormula {
        text
      }
      afterFormula {
        text
      }
    }
  }
`);
