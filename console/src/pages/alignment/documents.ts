// The documents of the alignment: the tops of the tree, and the goals below some of its objectives.
import { graphql } from "../../generated";

export const TREE_ROW = graphql(`
  fragment TreeRow on Objective {
    id
    entityId
    title
    cycle {
      id
      key
      name
    }
    team {
      id
      name
      parent {
        id
      }
    }
    owner {
      id
      name
    }
    progress {
      value
      expected
      health
    }
    supports {
      __typename
      ... on Objective {
        id
        entityId
        title
      }
      ... on KeyResult {
        id
        title
        objective {
          id
          entityId
        }
      }
    }
    below: supportedBy(first: 0, filter: $among) {
      totalCount
    }
    keyResults {
      id
      below: supportedBy(first: 0, filter: $among) {
        totalCount
      }
    }
  }
`);

export const TREE_LEVEL = graphql(`
  fragment TreeLevel on ObjectiveConnection {
    totalCount
    edges {
      node {
        ...TreeRow
      }
    }
  }
`);

export const TREE_OPENED = graphql(`
  fragment TreeOpened on Objective {
    id
    entityId
    supportedBy(first: $first, filter: $among) {
      ...TreeLevel
    }
    keyResults {
      id
      entityId
      title
      progress {
        value
        expected
        health
      }
      supportedBy(first: $first, filter: $among) {
        ...TreeLevel
      }
    }
  }
`);

export const TREE = graphql(`
  query Tree($roots: ObjectiveFilter!, $among: ObjectiveFilter!, $first: Int!) {
    objectives(first: $first, filter: $roots) {
      ...TreeLevel
    }
  }
`);

export const TREE_THEN = graphql(`
  query TreeThen($roots: ObjectiveFilter!, $among: ObjectiveFilter!, $first: Int!, $at: DateTime!, $known: DateTime) {
    asOf(at: $at, known: $known) {
      objectives(first: $first, filter: $roots) {
        ...TreeLevel
      }
    }
  }
`);

export const TREE_BRANCHES = graphql(`
  query TreeBranches($ids: [ID!]!, $count: Int!, $first: Int!, $among: ObjectiveFilter!) {
    objectives(first: $count, filter: { ids: $ids }) {
      edges {
        node {
          ...TreeOpened
        }
      }
    }
  }
`);

export const TREE_BRANCHES_THEN = graphql(`
  query TreeBranchesThen($ids: [ID!]!, $count: Int!, $first: Int!, $among: ObjectiveFilter!, $at: DateTime!, $known: DateTime) {
    asOf(at: $at, known: $known) {
      objectives(first: $count, filter: { ids: $ids }) {
        edges {
          node {
            ...TreeOpened
          }
        }
      }
    }
  }
`);
