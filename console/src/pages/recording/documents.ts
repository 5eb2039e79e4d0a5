// The documents of check-ins and of readings by hand.
import { graphql } from "../../generated";

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
      problems {
        ...Refusal
      }
      keyResult {
        ...KeyResultRow
      }
    }
  }
`);

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
      ...Author
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
