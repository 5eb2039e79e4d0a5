// The changes of a goal in a span of time, from which somebody chooses one to prove.
import { useQuery } from "@urql/preact";
import { useState } from "preact/hooks";

import { Lines } from "../../parts/history";
import { useMayProve } from "../../parts/prove";
import { Failed, Loading } from "../../parts/states";
import { CHANGES_OF } from "../proof/documents";

interface Span {
  /** The id of a goal. */
  subject: string;
  from: string;
  /** Null is now. */
  to: string | null;
}

/** The changes, once somebody opens them; nothing for those who may not prove them. */
export function Provable(span: Span) {
  const [isOpen, setOpen] = useState(false);
  if (!useMayProve()) return null;
  return (
    <details class="provable" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Its changes, with their proofs</summary>
      {isOpen && <Found {...span} />}
    </details>
  );
}

function Found(variables: Span) {
  const [{ data, error }, again] = useQuery({ query: CHANGES_OF, variables });
  if (error && !data) return <Failed error={error} again={again} />;
  if (!data) return <Loading />;
  return <Lines changes={data.changes.edges.map(({ node }) => node).toReversed()} here={null} />;
}
