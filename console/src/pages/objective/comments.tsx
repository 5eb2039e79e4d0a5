// What people say about an objective, and the form that adds to it. A comment is shown before the server answers.
import { useState } from "preact/hooks";

import type { ObjectivePageFragment } from "../../generated/graphql";
import { otherProblems, problemsOf, Refusals, useCommand } from "../../parts/command";
import { Markdown } from "../../parts/markdown";
import { useMayEdit } from "../../parts/may";
import { atTime, authorOf } from "../../parts/words";
import { useLooking } from "../../viewer";
import { ADD_COMMENT } from "./work-documents";

/** A comment that was sent: without an id while the server has not answered. */
interface Sent {
  id: string | null;
  body: string;
}

export function Comments({ objective }: { objective: ObjectivePageFragment }) {
  const mayComment = useMayEdit()(objective.owner, ...objective.contributors, objective.team?.lead);
  const { edges } = objective.comments;
  const { entityId: here } = objective;
  const subjects = [objective, ...objective.keyResults];
  const said = subjects
    .flatMap((one) => one.comments.edges.map(({ node }) => ({ node, about: one.entityId === here ? null : one.title })))
    .toSorted((one, other) => one.node.effectiveAt.localeCompare(other.node.effectiveAt));
  const totalCount = subjects.reduce((sum, one) => sum + one.comments.totalCount, 0);
  const [sent, setSent] = useState<Sent | null>(null);
  const isPending = sent !== null && !edges.some(({ node }) => node.id === sent.id);
  if (said.length === 0 && !mayComment) return null;
  return (
    <section aria-label="Comments">
      <h2>Comments {totalCount > 0 && <span class="count">{totalCount}</span>}</h2>
      {totalCount > said.length && <p class="help">The last {said.length} are shown.</p>}
      {said.length === 0 && !isPending && <p class="help">Nobody has commented yet.</p>}
      {said.map(({ node, about }) => (
        <figure key={node.id} class="said"><Markdown text={node.body} /><figcaption>{authorOf(node.by)}, {atTime(node.effectiveAt)}{about && ` on “${about}”`}</figcaption></figure>
      ))}
      {isPending && <Pending body={sent.body} />}
      {mayComment && <Form subject={objective.entityId} setSent={setSent} />}
    </section>
  );
}

function Pending({ body }: { body: string }) {
  const { viewer } = useLooking();
  return <figure class="said pending"><Markdown text={body} /><figcaption>{authorOf(viewer)}, now</figcaption></figure>;
}

function Form({ subject, setSent }: { subject: string; setSent: (sent: Sent | null) => void }) {
  const { send, problems, isSending } = useCommand(ADD_COMMENT);
  const [body, setBody] = useState("");
  const submit = async (event: Event) => {
    event.preventDefault();
    setBody("");
    setSent({ id: null, body });
    const recorded = await send({ subject, body });
    setSent(recorded ? { id: recorded.comment?.id ?? null, body } : null);
    if (!recorded) setBody(body);
  };
  return (
    <form class="short-form" onSubmit={submit}>
      <div class="field-block wide">
        <label for="comment">Comment</label>
        <textarea id="comment" rows={2} required value={body} aria-describedby="comment-help" aria-invalid={problems.length > 0} onInput={(event) => setBody(event.currentTarget.value)} />
        <Refusals problems={problemsOf(problems, "body")} />
      </div>
      <div class="actions">
        <small id="comment-help">Markdown: **bold**, *emphasis*, `code`, - lists, [links](https://…). A comment stays for good.</small>
        <Refusals problems={otherProblems(problems, ["body"])} />
        <button type="submit" class="main" disabled={isSending || body.trim() === ""}>Comment</button>
      </div>
    </form>
  );
}
