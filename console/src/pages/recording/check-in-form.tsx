// The form of a check-in: a value or milestones, a confidence and a note; each refusal is beside its field.
import { useState } from "preact/hooks";

import type { CheckInCardFragment, KeyResultRowFragment } from "../../generated/graphql";
import { NO_NUMBER, numberOf, otherProblems, type Problem, problemsOf, Refusals, useCommand } from "../../parts/command";
import { Field } from "../../parts/field";
import { toggled } from "../../parts/sets";
import { within } from "../../parts/words";
import { CHECK_IN } from "./documents";

type Measured = KeyResultRowFragment & Pick<CheckInCardFragment, "milestones">;

export function CheckInForm({ keyResult, previous, onRecorded }: { keyResult: Measured; previous: string | null; onRecorded: () => void }) {
  const { send, problems, refuse, isSending } = useCommand(CHECK_IN);
  const [value, setValue] = useState(keyResult.metric.direction === "DONE" && (keyResult.current ?? 0) >= 1 ? "1" : "");
  const [reached, setReached] = useState<ReadonlySet<string>>(() => new Set(keyResult.milestones.filter((one) => one.reachedAt).map((one) => one.key)));
  const [confidence, setConfidence] = useState(Math.round((keyResult.confidence ?? 0.7) * 100));
  const [note, setNote] = useState("");
  const submit = async (event: Event) => {
    event.preventDefault();
    const written = measured(keyResult, value, reached);
    if (Number.isNaN(written.value)) return refuse([{ message: NO_NUMBER, field: ["value"] }]);
    const recorded = await send({ keyResult: keyResult.entityId, confidence: confidence / 100, note: note.trim() || null, ...written });
    if (recorded) onRecorded();
  };
  const beside = (field: string) => problemsOf(problems, field);
  const id = keyResult.entityId;
  return (
    <form class="check-in" onSubmit={submit}>
      <ValueField keyResult={keyResult} id={id} value={value} setValue={setValue} reached={reached} setReached={setReached} problems={[...beside("value"), ...beside("reached")]} />
      <div class="field-block">
        <label for={`confidence-${id}`}>Confidence <output>{confidence} %</output></label>
        <input id={`confidence-${id}`} type="range" min={0} max={100} step={5} value={confidence} onInput={(event) => setConfidence(Number(event.currentTarget.value))} />
        <Refusals problems={beside("confidence")} />
      </div>
      <div class="field-block wide">
        <label for={`note-${id}`}>Note</label>
        <textarea id={`note-${id}`} rows={2} value={note} placeholder={previous ? `Last time: ${previous.slice(0, 120)}` : "What changed, and what is next?"} onInput={(event) => setNote(event.currentTarget.value)} />
        <Refusals problems={beside("note")} />
      </div>
      <div class="actions">
        <Refusals problems={otherProblems(problems, ["value", "reached", "confidence", "note"])} />
        <button type="submit" class="main" disabled={isSending}>{isSending ? "Recording …" : "Check in"}</button>
      </div>
    </form>
  );
}

interface ValueProps {
  keyResult: Measured;
  id: string;
  value: string;
  setValue: (value: string) => void;
  reached: ReadonlySet<string>;
  setReached: (reached: ReadonlySet<string>) => void;
  problems: Problem[];
}

function ValueField({ keyResult, id, value, setValue, reached, setReached, problems }: ValueProps) {
  if (keyResult.kpi) return <p class="help field-block">Its value comes from the KPI {keyResult.kpi.name}.</p>;
  if (keyResult.metric.direction === "MILESTONES") {
    return (
      <fieldset class="field-block">
        <legend>Reached</legend>
        {keyResult.milestones.map((one) => (
          <label key={one.key} class="check">
            <input type="checkbox" checked={reached.has(one.key)} onChange={() => setReached(toggled(reached, one.key))} />
            {one.title}
          </label>
        ))}
        <Refusals problems={problems} />
      </fieldset>
    );
  }
  if (keyResult.metric.direction === "DONE") {
    return (
      <div class="field-block">
        <label class="check"><input type="checkbox" checked={value === "1"} onChange={(event) => setValue(event.currentTarget.checked ? "1" : "0")} />Done</label>
        <Refusals problems={problems} />
      </div>
    );
  }
  return <Field id={`value-${id}`} label={within("Value now", keyResult.metric.unit)} isNumber value={value} placeholder={String(keyResult.current ?? "")} set={setValue} problems={problems} />;
}

/** What the form says about the measure of a key result. */
function measured(keyResult: KeyResultRowFragment, value: string, reached: ReadonlySet<string>): { value?: number; reached?: string[] } {
  if (keyResult.kpi) return {};
  if (keyResult.metric.direction === "MILESTONES") return { reached: [...reached] };
  return { value: numberOf(value || (keyResult.metric.direction === "DONE" ? "0" : "")) };
}
