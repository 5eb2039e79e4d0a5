// The documents of the pages. Each is a trusted document of the server, by the digest of its text.
import { graphql } from "../generated";

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
      name
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
          children {
            id
          }
        }
      }
    }
  }
`);

export const QUARTER = graphql(`
  query Quarter($cycle: String!, $first: Int!, $filter: ObjectiveFilter) {
    basis {
      at
    }
    cycle(by: { key: $cycle }) {
      ...CycleAtAGlance
    }
  }
`);

export const QUARTER_THEN = graphql(`
  query QuarterThen($cycle: String!, $first: Int!, $filter: ObjectiveFilter, $at: DateTime!, $known: DateTime) {
    asOf(at: $at, known: $known) {
      basis {
        at
      }
      cycle(by: { key: $cycle }) {
        ...CycleAtAGlance
      }
    }
  }
`);

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
          handle
          person {
            id
            name
          }
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
            confidence
            note
            measuredAt
            by {
              handle
              person {
                id
                name
              }
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
    recordedAt
    late
    backdated
    reason
    actor {
      handle
      source
      person {
        id
        name
      }
    }
    subject {
      __typename
      id
      ... on KeyResult {
        title
        metric {
          unit {
            symbol
          }
        }
      }
      ... on Objective {
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

export const CHECK_IN_CARD = graphql(`
  fragment CheckInCard on KeyResult {
    ...KeyResultRow
    milestones {
      key
      title
      weight
      reachedAt
    }
    objective {
      id
      entityId
      title
      state
      cycle {
        id
        name
        state
      }
    }
    checkIns(last: 1) {
      edges {
        node {
          id
          note
          measuredAt
        }
      }
    }
  }
`);

export const CHECK_IN = graphql(`
  mutation CheckIn($input: CheckInInput!) {
    checkIn(input: $input) {
      position
      behind
      problems {
        code
        rule
        message
        field
      }
      keyResult {
        ...KeyResultRow
        version
      }
    }
  }
`);

export const CHANGES = graphql(`
  subscription Changes {
    changes {
      id
      position
    }
  }
`);
