// The end of an objective: scores for its key results, the form that closes it, and what it came to.
import { useEffect, useRef, useState } from "preact/hooks";

import type { ObjectivePageFragment, Verdict } from "../../generated/graphql";
import { numberOf, otherProblems, type Problem, problemsOf, Refusals, useCommand } from "../../parts/command";
import { Field } from "../../parts/field";
import { HealthLabel } from "../../parts/health";
import { standing } from "../../parts/key-result";
import { Markdown } from "../../parts/markdown";
import { useMayEdit } from "../../parts/may";
import { ahead, isGiven, onDayAndYear, percent } from "../../parts/words";
import { CLOSE_OBJECTIVE, SCORE_KEY_RESULT } from "./work-documents";

type KeyResult = ObjectivePageFragment["keyResults"][number];

const VERDICTS: [Verdict, string][] = [["ACHIEVED", "Achieved"], ["PARTIAL", "Partly achieved"], ["MISSED", "Missed"]];
const NO_SHARE = "Write a number from 0 to 100.";

/** What a closed objective came to. */
export function Outcome({ objective: { outcome } }: { objective: ObjectivePageFragment }) {
  if (!outcome) return null;
  return (
    <section class="outcome" aria-label="Outcome">
      <p><HealthLabel health={outcome.verdict} /> {isGiven(outcome.score) && <>with a score of <b>{percent(outcome.score)}</b></>} <small>closed on {onDayAndYear(outcome.closedAt)}</small></p>
      {outcome.reflection && <Markdown text={outcome.reflection} />}
    </section>
  );
}

/** The form that closes an active objective: open when its cycle is over, or when a link asks for it by #close. */
export function Closing({ objective }: { objective: ObjectivePageFragment }) {
  const may = useMayEdit()(objective.owner, ...objective.contributors, objective.team?.lead);
  const element = useRef<HTMLDetailsElement>(null);
  const isWanted = location.hash === "#close";
  useEffect(() => { if (isWanted) element.current?.scrollIntoView({ block: "start" }); }, []);
  if (!may || objective.state !== "ACTIVE") return null;
  return (
    <details class="closing" ref={element} open={isWanted || objective.cycle.endsOn < ahead(0)}>
      <summary>Score and close this objective</summary>
      <CloseForm objective={objective} />
    </details>
  );
}

function CloseForm({ objective }: { objective: ObjectivePageFragment }) {
  const { send, problems, refuse, isSending } = useCommand(CLOSE_OBJECTIVE);
  const [scores, setScores] = useState<Record<string, string>>({});
  const [verdict, setVerdict] = useState<Verdict | "">("");
  const [reflection, setReflection] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    const given = Object.entries(scores).filter(([, text]) => text.trim() !== "").map(([keyResult, text]) => ({ keyResult, score: shareOf(text) }));
    const wrong = given.filter(({ score }) => Number.isNaN(score));
    if (wrong.length > 0) return refuse(wrong.map(({ keyResult }) => ({ message: NO_SHARE, field: [keyResult] })));
    void send({ objective: objective.entityId, scores: given, verdict: verdict || null, reflection: reflection.trim() || null });
  };
  const ids = objective.keyResults.map((one) => one.entityId);
  return (
    <form class="short-form" onSubmit={submit}>
      {objective.keyResults.map((one) => (
        <ScoreField key={one.entityId} keyResult={one} text={scores[one.entityId] ?? ""} problems={problemsOf(problems, one.entityId)} setText={(text) => setScores({ ...scores, [one.entityId]: text })} />
      ))}
      <div class="field-block">
        <label for="verdict">Verdict</label>
        <select id="verdict" value={verdict} onChange={(event) => setVerdict(event.currentTarget.value as Verdict | "")}>
          <option value="">As the score says</option>
          {VERDICTS.map(([one, name]) => <option key={one} value={one}>{name}</option>)}
        </select>
        <Refusals problems={problemsOf(problems, "verdict")} />
      </div>
      <div class="field-block wide">
        <label for="reflection">What did you learn?</label>
        <textarea id="reflection" rows={3} value={reflection} onInput={(event) => setReflection(event.currentTarget.value)} />
        <Refusals problems={problemsOf(problems, "reflection")} />
      </div>
      <div class="actions">
        <small>Its score is the weighted mean of the scores of its key results.</small>
        <Refusals problems={otherProblems(problems, ["verdict", "reflection", ...ids])} />
        <button type="submit" class="main" disabled={isSending}>Close the objective</button>
      </div>
    </form>
  );
}

function ScoreField({ keyResult, text, problems, setText }: { keyResult: KeyResult; text: string; problems: Problem[]; setText: (text: string) => void }) {
  const id = `score-${keyResult.entityId}`;
  const isScored = isGiven(keyResult.score);
  return (
    <div class="score-line">
      <label for={id}>{keyResult.title} <small>{standing(keyResult)}</small></label>
      {isScored ? <span id={id}>scored {percent(keyResult.score)}</span> : (
        <span class="with-unit"><input id={id} inputMode="decimal" autocomplete="off" value={text} placeholder={String(Math.round((keyResult.progress.value ?? 0) * 100))} onInput={(event) => setText(event.currentTarget.value)} /> %</span>
      )}
      <Refusals problems={problems} />
    </div>
  );
}

/** The form that scores one key result, which goes on until its objective ends. */
export function ScoreForm({ keyResult, onScored }: { keyResult: KeyResult; onScored: () => void }) {
  const { send, problems, refuse, isSending } = useCommand(SCORE_KEY_RESULT);
  const [text, setText] = useState(String(Math.round((keyResult.score ?? keyResult.progress.value ?? 0) * 100)));
  const [note, setNote] = useState("");
  const submit = async (event: Event) => {
    event.preventDefault();
    const score = shareOf(text);
    if (Number.isNaN(score)) return refuse([{ message: NO_SHARE, field: ["score"] }]);
    if (await send({ keyResult: keyResult.entityId, score, note: note.trim() || null })) onScored();
  };
  const id = keyResult.entityId;
  return (
    <form class="check-in" onSubmit={submit}>
      <Field id={`one-score-${id}`} label="Score in %" isNumber value={text} set={setText} problems={problemsOf(problems, "score")} />
      <Field id={`score-note-${id}`} label="Note" isOptional value={note} set={setNote} problems={problemsOf(problems, "note")} />
      <div class="actions">
        <small>It counts when the objective is closed; check-ins go on until then.</small>
        <Refusals problems={otherProblems(problems, ["score", "note"])} />
        <button type="submit" class="main" disabled={isSending}>Score</button>
      </div>
    </form>
  );
}

/** The share that a text in per cent stands for; NaN if it is no number from 0 to 100. */
function shareOf(text: string): number {
  const share = numberOf(text.replace("%", "")) / 100;
  return share >= 0 && share <= 1 ? share : NaN;
}
