// The documents of the slider: how big a cycle is, its film, and its burn-up alone.
import { graphql } from "../generated";

export const SIZE = graphql(`
  query Size($cycle: String!) {
    cycle(by: { key: $cycle }) {
      id
      objectives(first: 1) {
        totalCount
      }
    }
  }
`);

export const FILM = graphql(`
  query Film($cycle: String!, $every: Step!, $objectives: [ID!]) {
    cycle(by: { key: $cycle }) {
      id
      key
      film(every: $every, objectives: $objectives) {
        at
        points {
          at
          value
          expected
          health
          healthCounts(of: OBJECTIVES) {
            health
            count
          }
        }
        objectives {
          entityId
          values
          expecteds
          healths
          confidences
        }
        keyResults {
          entityId
          values
          expecteds
          healths
          confidences
          currents
        }
      }
    }
  }
`);

export const BURN_UP = graphql(`
  query BurnUp($cycle: String!) {
    cycle(by: { key: $cycle }) {
      id
      progressOverTime(every: WEEK) {
        at
        value
        expected
        health
        healthCounts(of: OBJECTIVES) {
          health
          count
        }
      }
    }
  }
`);

export const BESIDE = graphql(`
  query Beside($cycle: String!, $at: DateTime!) {
    now: asOf(at: $at) {
      cycle(by: { key: $cycle }) {
        ...BesideCycle
      }
    }
    then: asOf(at: $at, known: $at) {
      basis {
        position
      }
      cycle(by: { key: $cycle }) {
        ...BesideCycle
      }
    }
  }
`);

export const BESIDE_CYCLE = graphql(`
  fragment BesideCycle on Cycle {
    id
    progress {
      value
    }
  }
`);
