// The documents of the frame: who looks, which cycles there are, and the changes that the server announces.
import { graphql } from "./generated";

export const WHO = graphql(`
  query Who {
    viewer {
      handle
      roles
      can
      person {
        id
        entityId
        name
      }
    }
    changes(first: 1) {
      edges {
        node {
          id
          recordedAt
        }
      }
    }
    workspace {
      head
      calendar {
        timeZone
      }
    }
    cycles(first: 100) {
      edges {
        node {
          id
          key
          name
          state
          startsOn
          endsOn
        }
      }
    }
  }
`);

export const CHANGES = graphql(`
  subscription Changes($after: Position) {
    changes(after: $after) {
      id
      position
    }
  }
`);
