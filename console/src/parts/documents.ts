// The documents that parts show and pages share: figures, key results, objectives, changes, problems of commands, and teams.
import { graphql } from "../generated";

export const FIGURES = graphql(`
  fragment Figures on Progress {
    value
    expected
    health
    confidence
    confidenceLowest
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
    state
    labels
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
    keyResults {
      ...KeyResultRow
    }
  }
`);

export const NAMED = graphql(`
  fragment Named on Node {
    __typename
    id
    ... on Objective {
      title
    }
    ... on KeyResult {
      title
    }
    ... on Person {
      name
    }
    ... on Team {
      name
    }
    ... on Cycle {
      name
    }
    ... on Kpi {
      name
    }
  }
`);

export const CHANGE_LINE = graphql(`
  fragment ChangeLine on Change {
    __typename
    id
    position
    effectiveAt
    late
    backdated
    reason
    actor {
      ...Author
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
        metric {
          unit {
            symbol
          }
        }
      }
      ... on Objective {
        entityId
        title
      }
      ... on Initiative {
        title
      }
      ... on Kpi {
        name
        unit {
          symbol
        }
      }
    }
    fields {
      field
      before
      after
      beforeNode {
        ...Named
      }
      afterNode {
        ...Named
      }
    }
    effect {
      before
      after
      cause
    }
  }
`);

export const AUTHOR = graphql(`
  fragment Author on Actor {
    handle
    person {
      id
      name
    }
  }
`);

export const PROBLEM = graphql(`
  fragment Refusal on Problem {
    code
    message
    field
  }
`);

export const TEAMS = graphql(`
  query Teams {
    teams(first: 1000) {
      edges {
        node {
          id
          key
          name
        }
      }
    }
  }
`);
