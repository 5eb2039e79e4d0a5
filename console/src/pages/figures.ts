// The fragments that pages share: an objective with its figures and its key results.
import { graphql } from "../generated";

export const FIGURES = graphql(`
  fragment Figures on Progress {
    value
    expected
    health
    confidence
    confidenceLowest
    measuredShare
  }
`);

export const KEY_RESULT_ROW = graphql(`
  fragment KeyResultRow on KeyResult {
    id
    entityId
    title
    due
    weight
    current
    measuredAt
    confidence
    owner {
      id
      entityId
      name
    }
    metric {
      direction
      start
      target
      lower
      upper
      unit {
        symbol
      }
    }
    kpi {
      id
      name
    }
    progress {
      ...Figures
    }
  }
`);

export const OBJECTIVE_ROW = graphql(`
  fragment ObjectiveRow on Objective {
    id
    entityId
    title
    kind
    state
    labels
    visibility
    owner {
      id
      entityId
      name
      active
    }
    team {
      id
      entityId
      key
      name
    }
    progress {
      ...Figures
    }
    outcome {
      verdict
      score
    }
    keyResults {
      ...KeyResultRow
    }
  }
`);

export const CYCLE_AT_A_GLANCE = graphql(`
  fragment CycleAtAGlance on Cycle {
    id
    entityId
    key
    name
    state
    startsOn
    endsOn
    score
    progress {
      ...Figures
    }
    healthCounts(of: OBJECTIVES) {
      health
      count
    }
    objectives(first: $first, filter: $filter) {
      totalCount
      edges {
        node {
          ...ObjectiveRow
        }
      }
    }
  }
`);
