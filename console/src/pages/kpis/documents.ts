// The documents of KPIs: the board, the courses of those that are on the screen, and one KPI with its formula's tree.
import { graphql } from "../../generated";

export const KPI_HEAD = graphql(`
  fragment KpiHead on Kpi {
    id
    entityId
    name
    status
    cadence
    aggregation
    unit {
      symbol
    }
    formula {
      growth {
        over
      }
    }
    goal {
      direction
      target
      lower
      upper
      tolerance
    }
    explain {
      value
    }
  }
`);

export const KPI_COURSE = graphql(`
  fragment KpiCourse on Kpi {
    id
    entityId
    series(every: MONTH, from: $from) {
      start
      planned
      value
      variance
      status
      isPartial
    }
    lastMonth: comparison(period: MONTH, to: PREVIOUS) {
      ...Compared
    }
    lastYear: comparison(period: MONTH, to: YEAR_BEFORE) {
      ...Compared
    }
  }
`);

export const COMPARED = graphql(`
  fragment Compared on Comparison {
    change
    changeToDate
    changeRatio
    isPartial
  }
`);

export const KPI_NODE = graphql(`
  fragment KpiNode on Kpi {
    id
    entityId
    name
    status
    cadence
    unit {
      symbol
    }
    explain {
      value
    }
    formula {
      text
      growth {
        over
      }
    }
  }
`);

export const KPI_PAGE = graphql(`
  fragment KpiPage on Kpi {
    ...KpiHead
    ...KpiCourse
    ...Readings
    description
    owner {
      id
      name
    }
    team {
      id
      name
    }
    formula {
      text
    }
    inputs {
      ...KpiNode
      inputs {
        ...KpiNode
        inputs {
          ...KpiNode
        }
      }
    }
    dependents {
      ...KpiNode
    }
    keyResults {
      id
      title
      progress {
        ...Figures
      }
      objective {
        id
        entityId
        title
        cycle {
          id
          name
        }
      }
    }
  }
`);

export const KPIS = graphql(`
  query Kpis {
    kpis(first: 100) {
      ...KpiBoard
    }
  }
`);

export const KPIS_THEN = graphql(`
  query KpisThen($at: DateTime!, $known: DateTime) {
    asOf(at: $at, known: $known) {
      kpis(first: 100) {
        ...KpiBoard
      }
    }
  }
`);

export const KPI_BOARD = graphql(`
  fragment KpiBoard on KpiConnection {
    totalCount
    edges {
      node {
        ...KpiHead
      }
    }
  }
`);

export const KPI_COURSES = graphql(`
  query KpiCourses($ids: [ID!]!, $from: DateTime!) {
    kpis(first: 100, filter: { ids: $ids }) {
      ...KpiCourseList
    }
  }
`);

export const KPI_COURSES_THEN = graphql(`
  query KpiCoursesThen($ids: [ID!]!, $from: DateTime!, $at: DateTime!, $known: DateTime) {
    asOf(at: $at, known: $known) {
      kpis(first: 100, filter: { ids: $ids }) {
        ...KpiCourseList
      }
    }
  }
`);

export const KPI_COURSE_LIST = graphql(`
  fragment KpiCourseList on KpiConnection {
    edges {
      node {
        ...KpiCourse
      }
    }
  }
`);

export const KPI = graphql(`
  query KpiNow($id: ID!, $from: DateTime!) {
    kpi(by: { id: $id }) {
      ...KpiPage
    }
  }
`);

export const KPI_THEN = graphql(`
  query KpiThen($id: ID!, $from: DateTime!, $at: DateTime!, $known: DateTime) {
    asOf(at: $at, known: $known) {
      kpi(by: { id: $id }) {
        ...KpiPage
      }
    }
  }
`);
