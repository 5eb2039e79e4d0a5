// The documents of what changed between two moments: how goals differ, and what people decided in between.
import { graphql } from "../../generated";

export const CHANGED = graphql(`
  query Changed($from: DateTime!, $to: Moment, $cycle: CycleBy, $first: Int!) {
    diff(from: { time: $from }, to: $to, scope: { cycle: $cycle }) {
      from {
        at
      }
      to {
        at
      }
      differences(first: $first) {
        totalCount
        edges {
          node {
            ...Difference
          }
        }
      }
    }
  }
`);

export const DIFFERENCE = graphql(`
  fragment Difference on EntityDiff {
    kind
    then {
      id
    }
    now {
      __typename
      id
      ... on Objective {
        entityId
        title
        team {
          id
          name
        }
        owner {
          id
          name
        }
      }
      ... on KeyResult {
        entityId
        title
        metric {
          unit {
            symbol
          }
        }
        checkIns(last: 1) {
          edges {
            node {
              id
              note
              measuredAt
              by {
                ...Author
              }
            }
          }
        }
        objective {
          id
          entityId
          title
          team {
            id
            name
          }
        }
      }
      ... on Cycle {
        entityId
        name
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
    progress {
      before
      after
    }
    expected {
      before
      after
    }
    health {
      before
      after
    }
    current {
      before
      after
    }
  }
`);

export const DECIDED = graphql(`
  query Decided($filter: ChangeFilter!) {
    changes(last: 40, filter: $filter) {
      totalCount
      edges {
        node {
          ...ChangeLine
        }
      }
    }
  }
`);
