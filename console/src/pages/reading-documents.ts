// The documents of readings by hand, and of the end of a cycle as my week shows it.
import { graphql } from "../generated";

export const READING_CARD = graphql(`
  fragment ReadingCard on Kpi {
    id
    entityId
    name
    unit {
      symbol
    }
    owner {
      id
      entityId
    }
    latest {
      id
      value
      measuredAt
    }
  }
`);

export const READING_LINE = graphql(`
  fragment ReadingLine on Reading {
    id
    value
    measuredAt
    note
    by {
      handle
      person {
        id
        name
      }
    }
    corrects {
      id
    }
  }
`);

export const READINGS = graphql(`
  fragment Readings on Kpi {
    ...ReadingCard
    readings(last: 12) {
      totalCount
      edges {
        node {
          ...ReadingLine
        }
      }
    }
  }
`);

export const RECORD_READING = graphql(`
  mutation RecordReading($input: RecordReadingsInput!) {
    recordReadings(input: $input) {
      problems {
        ...Refusal
      }
      readings {
        ...ReadingLine
        kpi {
          ...ReadingCard
        }
      }
    }
  }
`);

export const CORRECT_READING = graphql(`
  mutation CorrectReading($input: CorrectReadingInput!) {
    correctReading(input: $input) {
      problems {
        ...Refusal
      }
      readings {
        ...ReadingLine
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
