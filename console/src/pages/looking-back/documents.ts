// The documents of looking back: a cycle's retrospective, its causes, and the cycles before.
import { graphql } from "../../generated";

export const LOOKING_BACK = graphql(`
  query LookingBack($cycle: String!, $known: DateTime, $team: TeamBy) {
    retrospective(cycle: { key: $cycle }, known: $known, team: $team) {
      ...RetrospectiveParts
    }
  }
`);

export const RETROSPECTIVE = graphql(`
  fragment RetrospectiveParts on Retrospective {
    isFinal
    plan {
      at
    }
    outcome {
      at
    }
    cycle {
      id
      key
      name
      state
      startsOn
      endsOn
      progress {
        ...Figures
      }
      healthCounts(of: OBJECTIVES) {
        health
        count
      }
    }
    attainment {
      ...Attained
    }
    objectiveCounts: goalCounts(of: OBJECTIVES) {
      ...Counted
    }
    keyResultCounts: goalCounts(of: KEY_RESULTS) {
      ...Counted
    }
    planCurve {
      points {
        at
        planned
        replanned
        actual
      }
      largestDistance {
        ...Far
      }
      largestDistanceFromLast {
        ...Far
      }
    }
    teams(first: 200) {
      totalCount
      edges {
        node {
          team {
            id
            key
            name
          }
          objectives {
            ...Counted
          }
          keyResults {
            ...Counted
          }
          attainment {
            ...Attained
          }
        }
      }
    }
    goalpostChanges(first: 100) {
      totalCount
      edges {
        node {
          ...MovedGoalpost
        }
      }
    }
    calibration {
      summary
      count
      stated
      hit
      brier
      buckets {
        lower
        upper
        count
        stated
        hit
      }
    }
    silentKeyResults
    silentPeriods(first: 300) {
      totalCount
      edges {
        node {
          keyResult {
            id
            entityId
            title
            objective {
              id
              entityId
            }
          }
          from
          to
          days
        }
      }
    }
    reflections {
      id
      kind
      body
      recordedAt
      by {
        ...Writer
      }
      subject {
        __typename
        id
        ... on Objective {
          entityId
          title
        }
      }
    }
    closingReflections {
      position
      body
      by {
        ...Writer
      }
      objective {
        id
        entityId
        title
      }
    }
    recordedAfterwards {
      summary
    }
  }
`);

export const CAUSES = graphql(`
  query LookingBackCauses($cycle: String!, $known: DateTime, $team: TeamBy, $first: Int!) {
    retrospective(cycle: { key: $cycle }, known: $known, team: $team) {
      attribution {
        ...Attributed
      }
      objectiveRetrospectives(first: $first) {
        totalCount
        edges {
          node {
            presence
            objective {
              id
              entityId
              title
              team {
                id
                key
                name
              }
              progress {
                health
              }
            }
            attainment {
              ...Attained
            }
            attribution {
              ...Attributed
            }
          }
        }
      }
    }
  }
`);

export const TREND = graphql(`
  query Trend {
    cycles(first: 100, filter: { states: [ACTIVE, CLOSED] }) {
      edges {
        node {
          ...CycleInTrend
        }
      }
    }
  }
`);

export const TREND_THEN = graphql(`
  query TrendThen($at: DateTime!, $known: DateTime) {
    asOf(at: $at, known: $known) {
      cycles(first: 100, filter: { states: [ACTIVE, CLOSED] }) {
        edges {
          node {
            ...CycleInTrend
          }
        }
      }
    }
  }
`);

export const CYCLE_IN_TREND = graphql(`
  fragment CycleInTrend on Cycle {
    id
    key
    name
    state
    startsOn
    endsOn
    score
    progress {
      ...Figures
    }
  }
`);
