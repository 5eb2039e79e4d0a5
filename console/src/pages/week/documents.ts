// The documents of my week, and of the end and the beginning of a cycle as it shows them.
import { graphql } from "../../generated";

export const WEEK = graphql(`
  query Week($person: ID!, $until: Date!) {
    viewer {
      handle
      attention(first: 50, until: $until) {
        totalCount
        edges {
          node {
            __typename
            kind
            urgency
            days
            message
            about {
              __typename
              id
              ... on Objective {
                entityId
              }
              ... on KeyResult {
                ...CheckInCard
              }
              ... on Cycle {
                key
              }
              ... on Kpi {
                ...ReadingCard
              }
            }
          }
        }
      }
    }
    keyResults(first: 100, filter: { owner: $person, state: [ACTIVE] }) {
      edges {
        node {
          ...CheckInCard
        }
      }
    }
  }
`);

export const OPEN_GOALS = graphql(`
  query OpenGoals($cycle: String!, $person: ID!) {
    objectives(first: 50, filter: { cycle: { key: $cycle }, owner: $person, state: [ACTIVE] }) {
      totalCount
      edges {
        node {
          ...AlignedGoal
        }
      }
    }
  }
`);

export const ACTIVATE_CYCLE = graphql(`
  mutation ActivateCycle($input: ActivateCycleInput!) {
    activateCycle(input: $input) {
      problems {
        ...Refusal
      }
      cycle {
        id
        state
      }
    }
  }
`);
