// The documents of what people do on the page of an objective: initiatives, comments, scores and its closing.
import { graphql } from "../../generated";

export const INITIATIVE_CARD = graphql(`
  fragment InitiativeCard on Initiative {
    id
    entityId
    title
    state
    due
    owner {
      id
      entityId
      name
    }
  }
`);

export const SAID = graphql(`
  fragment Said on Comment {
    id
    body
    effectiveAt
    by {
      ...Author
    }
  }
`);

export const OBJECTIVE_WORK = graphql(`
  fragment ObjectiveWork on Objective {
    id
    contributors {
      id
      entityId
    }
    team {
      id
      lead {
        id
        entityId
      }
    }
    cycle {
      id
      state
    }
    outcome {
      verdict
      score
      reflection
      closedAt
    }
    initiatives {
      ...InitiativeCard
    }
    keyResults {
      id
      state
      score
      milestones {
        key
        title
        weight
        reachedAt
      }
      initiatives {
        ...InitiativeCard
      }
    }
    keyResults {
      id
      comments(last: 20) {
        ...SaidHere
      }
    }
    comments(last: 50) {
      ...SaidHere
    }
  }
`);

export const SAID_HERE = graphql(`
  fragment SaidHere on CommentConnection {
    totalCount
    edges {
      node {
        ...Said
      }
    }
  }
`);

export const MOVE_INITIATIVE = graphql(`
  mutation MoveInitiative($input: MoveInitiativeInput!) {
    moveInitiative(input: $input) {
      problems {
        ...Refusal
      }
      initiative {
        ...InitiativeCard
      }
    }
  }
`);

export const PLAN_INITIATIVE = graphql(`
  mutation PlanInitiative($input: PlanInitiativeInput!) {
    planInitiative(input: $input) {
      problems {
        ...Refusal
      }
      initiative {
        ...InitiativeCard
      }
    }
  }
`);

export const ADD_COMMENT = graphql(`
  mutation AddComment($input: AddCommentInput!) {
    addComment(input: $input) {
      problems {
        ...Refusal
      }
      comment {
        ...Said
      }
    }
  }
`);

export const SCORE_KEY_RESULT = graphql(`
  mutation ScoreKeyResult($input: ScoreKeyResultInput!) {
    scoreKeyResult(input: $input) {
      problems {
        ...Refusal
      }
      keyResult {
        ...KeyResultRow
        score
        state
      }
    }
  }
`);

export const CLOSE_OBJECTIVE = graphql(`
  mutation CloseObjective($input: CloseObjectiveInput!) {
    closeObjective(input: $input) {
      problems {
        ...Refusal
      }
      objective {
        id
        state
        outcome {
          verdict
          score
          reflection
          closedAt
        }
      }
    }
  }
`);
