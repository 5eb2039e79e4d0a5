// The documents of proofs: the newest checkpoint, one change with its proof, and the path from a kept checkpoint.
import { graphql } from "../../generated";

export const SIGNED_STATE = graphql(`
  fragment SignedState on Checkpoint {
    size
    rootHash
    signedNote
    number
    signedAt
  }
`);

export const LEDGER = graphql(`
  query Ledger {
    ledger {
      head {
        ...SignedState
      }
    }
  }
`);

export const INCLUSION = graphql(`
  query Inclusion($position: Position!) {
    ledger {
      head {
        ...SignedState
      }
      inclusion(position: $position) {
        position
        size
        leafHash
        path
        leaf
      }
    }
    asOf(position: $position) {
      changes(last: 1) {
        edges {
          node {
            ...ChangeLine
          }
        }
      }
    }
  }
`);

export const CONSISTENCY = graphql(`
  query Consistency($from: Position!) {
    ledger {
      head {
        ...SignedState
      }
      consistency(from: $from) {
        from
        to
        path
      }
    }
  }
`);

export const CHANGES_OF = graphql(`
  query ChangesOf($subject: ID!, $from: DateTime!, $to: DateTime) {
    changes(last: 30, filter: { subject: $subject, recordedFrom: $from, recordedTo: $to }) {
      edges {
        node {
          ...ChangeLine
        }
      }
    }
  }
`);
