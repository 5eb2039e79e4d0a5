// The documents of an objective: its key results over time, its alignment and its history.
import { graphql } from "../../generated";

export const OBJECTIVE = graphql(`
  query ObjectiveNow($id: ID!, $history: Int = 40) {
    objective(id: $id) {
      ...ObjectivePage
    }
  }
`);

export const OBJECTIVE_THEN = graphql(`
  query ObjectiveThen($id: ID!, $at: DateTime!, $known: DateTime, $history: Int = 40) {
    asOf(at: $at, known: $known) {
      objective(id: $id) {
        ...ObjectivePage
      }
    }
  }
`);

export const OBJECTIVE_PAGE = graphql(`
  fragment ObjectivePage on Objective {
    ...ObjectiveRow
    ...ObjectiveWork
    ...ObjectiveAlignment
    description
    cycle {
      id
      key
      name
      startsOn
      endsOn
    }
    keyResults {
      id
      plan {
        on
        value
      }
      forecast {
        value
        progress
        willHit
        hitOn
      }
      trajectory(every: WEEK) {
        at
        planned
        replanned
        actual
      }
      targets {
        since
        by {
          ...Author
        }
        reason
        daysBeforeClose
        progressBefore
        progressAfter
        due
        weight
        plan {
          on
          value
        }
        metric {
          start
          target
          lower
          upper
          unit {
            symbol
          }
        }
      }
      checkIns(last: 6) {
        edges {
          node {
            id
            value
            note
            measuredAt
            by {
              ...Author
            }
          }
        }
      }
    }
    changes(last: $history) {
      totalCount
      edges {
        node {
          ...ChangeLine
        }
      }
    }
  }
`);

export const ALIGNED_GOAL = graphql(`
  fragment AlignedGoal on Objective {
    id
    entityId
    title
    team {
      id
      name
    }
    cycle {
      id
      name
    }
    progress {
      ...Figures
    }
  }
`);

export const OBJECTIVE_ALIGNMENT = graphql(`
  fragment ObjectiveAlignment on Objective {
    id
    supports {
      __typename
      ... on Objective {
        ...AlignedGoal
      }
      ... on KeyResult {
        id
        title
        progress {
          ...Figures
        }
        objective {
          ...AlignedGoal
        }
      }
    }
    supportedBy(first: 20) {
      totalCount
      edges {
        node {
          ...AlignedGoal
        }
      }
    }
    keyResults {
      id
      title
      supportedBy(first: 20) {
        totalCount
        edges {
          node {
            ...AlignedGoal
          }
        }
      }
    }
  }
`);
