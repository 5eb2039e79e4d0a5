// The commands of a first run. Each is a trusted document of the server, by the digest of its text.
import { graphql } from "../../generated";

export const OPEN_CYCLE = graphql(`
  mutation OpenCycle($input: OpenCycleInput!) {
    openCycle(input: $input) {
      cycle {
        id
        key
        name
      }
      problems {
        ...Refusal
      }
    }
  }
`);

export const FORM_TEAM = graphql(`
  mutation FormTeam($input: FormTeamInput!) {
    formTeam(input: $input) {
      team {
        id
        entityId
        name
      }
      problems {
        ...Refusal
      }
    }
  }
`);

export const DRAFT_OBJECTIVE = graphql(`
  mutation DraftObjective($input: DraftObjectiveInput!) {
    draftObjective(input: $input) {
      objective {
        id
        entityId
        title
      }
      problems {
        ...Refusal
      }
    }
  }
`);
