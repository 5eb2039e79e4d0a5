// What a Relay application asks Keyframe: relay-compiler reads this against api/schema.graphql. docs/clients.md shows it.

import { graphql } from "relay-runtime";

export const page = graphql`
  query documentsPageQuery($cycle: String!) {
    cycle(by: { key: $cycle }) {
      id
      ...documents_objectives
    }
  }
`;

export const objectives = graphql`
  fragment documents_objectives on Cycle
  @refetchable(queryName: "documentsObjectivesRefetchQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" }) {
    objectives(first: $count, after: $cursor) @connection(key: "documents_objectives") {
      edges {
        node {
          id
          ...documents_objective
        }
      }
    }
  }
`;

export const objective = graphql`
  fragment documents_objective on Objective @refetchable(queryName: "documentsObjectiveRefetchQuery") {
    title
    version
    progress {
      value
      health
    }
  }
`;

export const everything = graphql`
  query documentsEverythingQuery($filter: ObjectiveFilter!) {
    ...documents_everything @arguments(filter: $filter)
  }
`;

export const backwards = graphql`
  fragment documents_everything on Query
  @refetchable(queryName: "documentsEverythingRefetchQuery")
  @argumentDefinitions(
    filter: { type: "ObjectiveFilter" }
    first: { type: "Int" }
    after: { type: "String" }
    last: { type: "Int", defaultValue: 2 }
    before: { type: "String" }
  ) {
    objectives(filter: $filter, first: $first, after: $after, last: $last, before: $before)
      @connection(key: "documents_everything_objectives", filters: ["filter"]) {
      edges {
        node {
          id
          title
        }
      }
    }
  }
`;

export const reword = graphql`
  mutation documentsRewordMutation($input: RewordObjectiveInput!) {
    rewordObjective(input: $input) {
      problems {
        code
        message
      }
      objective {
        id
        ...documents_objective
      }
    }
  }
`;

export const draft = graphql`
  mutation documentsDraftMutation($input: DraftObjectiveInput!, $connections: [ID!]!) {
    draftObjective(input: $input) {
      problems {
        code
        message
      }
      objective @appendNode(connections: $connections, edgeTypeName: "ObjectiveEdge") {
        id
        ...documents_objective
      }
    }
  }
`;

export const follow = graphql`
  subscription documentsFollowSubscription($after: Position!) {
    changes(after: $after) {
      position
      reason
      subject {
        id
        ...documents_objective @alias(as: "objective")
      }
    }
  }
`;

export const thenAndNow = graphql`
  query documentsThenAndNowQuery($objective: ID!, $position: Position!) {
    now: objective(id: $objective) {
      id
      title
      progress {
        value
      }
    }
    asOf(position: $position) {
      then: objective(id: $objective) {
        id
        entityId
        title
        progress {
          value
        }
      }
    }
  }
`;
