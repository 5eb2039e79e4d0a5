// The documents of KPIs: the board, and one KPI with its formula's tree.
import { graphql } from "../../generated";

export const KPI_CARD = graphql(`
  fragment KpiCard on Kpi {
    id
    entityId
    name
    status
    cadence
    aggregation
    unit {
      symbol
    }
    owner {
      id
      name
    }
    team {
      id
      name
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
    unit {
      symbol
    }
    explain {
      value
    }
    formula {
      text
    }
  }
`);

export const KPI_PAGE = graphql(`
  fragment KpiPage on Kpi {
    ...KpiCard
    ...Readings
    description
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
  query Kpis($from: DateTime!) {
    kpis(first: 100) {
      ...KpiBoard
    }
  }
`);

export const KPIS_THEN = graphql(`
  query KpisThen($from: DateTime!, $at: DateTime!, $known: DateTime) {
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
        ...KpiCard
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
