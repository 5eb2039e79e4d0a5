// The documents of the quarter at a glance.
import { graphql } from "../../generated";

export const QUARTER = graphql(`
  query Quarter($cycle: String!, $first: Int!, $filter: ObjectiveFilter) {
    cycle(by: { key: $cycle }) {
      ...CycleAtAGlance
    }
  }
`);

export const QUARTER_THEN = graphql(`
  query QuarterThen($cycle: String!, $first: Int!, $filter: ObjectiveFilter, $at: DateTime!, $known: DateTime) {
    asOf(at: $at, known: $known) {
      cycle(by: { key: $cycle }) {
        ...CycleAtAGlance
      }
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
