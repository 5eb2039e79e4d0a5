// What somebody writes in the editor. It is kept in memory while the page of the console is open: nothing of it is
// stored in the browser, and it ends with the session.
import type { Client } from "@urql/core";

export interface Past {
  document: string;
  variables: string;
  at: Date;
  /** How it ended, like “200” or “2 errors”. */
  outcome: string;
}

export interface Draft {
  document: string;
  variables: string;
  headers: string;
  token: string;
  past: Past[];
}

const PAST_MAX = 50;

const FIRST = `# Ctrl-Enter runs the document, Ctrl-Space completes at the cursor.
# The slider of the console sets $at and $known. Unset, the answer is about now.
query Now($at: DateTime, $known: DateTime) {
  asOf(at: $at, known: $known) {
    basis {
      at
      position
    }
    cycles(filter: { states: [ACTIVE] }) {
      nodes {
        key
        name
        progress {
          value
          expected
          health
        }
        objectives(first: 5) {
          nodes {
            title
            progress {
              value
              health
            }
          }
        }
      }
    }
  }
}
`;

const drafts = new WeakMap<Client, Draft>();

/** The draft of a session. */
export function draftOf(client: Client): Draft {
  const draft = drafts.get(client) ?? newDraft();
  drafts.set(client, draft);
  return draft;
}

/** A draft with the document of a link, if the address has one. */
export function newDraft(): Draft {
  const linked = new URLSearchParams(location.hash.slice(1));
  return { document: linked.get("document") ?? FIRST, variables: linked.get("variables") ?? "", headers: "", token: "", past: [] };
}

/** The address that opens a document. It is behind `#`, which browsers send to no server. */
export function linkTo({ document, variables }: Draft): string {
  const parts = new URLSearchParams({ document, ...(variables.trim() === "" ? {} : { variables }) });
  return `${location.origin}/graphql#${parts}`;
}

/** Put a run at the head of the history, in place of an earlier run of the same document. */
export function remember(draft: Draft, outcome: string): void {
  const { document, variables, past } = draft;
  const others = past.filter((one) => one.document !== document || one.variables !== variables);
  draft.past = [{ document, variables, at: new Date(), outcome }, ...others].slice(0, PAST_MAX);
}
