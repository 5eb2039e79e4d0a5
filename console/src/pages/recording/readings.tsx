// Readings by hand: the form that records one, the latest ones, and the form that corrects one.
import { useState } from "preact/hooks";

import type { ReadingCardFragment, ReadingLineFragment, ReadingsFragment } from "../../generated/graphql";
import { NO_NUMBER, numberOf, otherProblems, problemsOf, Refusals, useCommand } from "../../parts/command";
import { Field } from "../../parts/field";
import { useMay } from "../../parts/may";
import { ahead, amount, authorOf, noonOf, onDayAndYear, within } from "../../parts/words";
import { CORRECT_READING, RECORD_READING } from "./documents";

export const useMayRecord = () => useMay("RECORD_READINGS", "RECORD_OWN_READINGS");

/** The latest readings of a KPI that takes readings, with its forms for those who may record. */
export function Readings({ kpi }: { kpi: ReadingsFragment }) {
  const mayRecord = useMayRecord()(kpi.owner);
  const lines = kpi.readings.edges.map(({ node }) => node).toReversed();
  return (
    <section aria-label="Readings">
      <h2>Readings <span class="count">{kpi.readings.totalCount}</span></h2>
      {mayRecord && <ReadingForm kpi={kpi} />}
      {lines.length === 0 && <p class="help">There are none yet.</p>}
      <ul class="readings">{lines.map((one) => <Line key={one.id} reading={one} kpi={kpi} mayCorrect={mayRecord} />)}</ul>
      {kpi.readings.totalCount > lines.length && <p class="help">The last {lines.length} are shown.</p>}
    </section>
  );
}

function Line({ reading, kpi, mayCorrect }: { reading: ReadingLineFragment; kpi: ReadingCardFragment; mayCorrect: boolean }) {
  const [isOpen, setOpen] = useState(false);
  const day = onDayAndYear(reading.measuredAt);
  return (
    <li>
      <time dateTime={reading.measuredAt}>{day}</time>
      <b>{amount(reading.value, kpi.unit)}</b>
      <small>{authorOf(reading.by)}{reading.corrects && ", corrected"}{reading.note && `: ${reading.note}`}</small>
      {mayCorrect && <button type="button" class="quiet" aria-label={`Correct the reading of ${day}`} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>Correct</button>}
      {isOpen && <CorrectForm reading={reading} unit={kpi.unit} onCorrected={() => setOpen(false)} />}
    </li>
  );
}

/** The form of a reading: of today unless another day is chosen. */
export function ReadingForm({ kpi }: { kpi: ReadingCardFragment }) {
  const { send, problems, refuse, isSending } = useCommand(RECORD_READING);
  const [value, setValue] = useState("");
  const [day, setDay] = useState(ahead(0));
  const [note, setNote] = useState("");
  const [isRecorded, setRecorded] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setRecorded(false);
    const measured = numberOf(value);
    if (Number.isNaN(measured)) return refuse([{ message: NO_NUMBER, field: ["value"] }]);
    const measuredAt = day === ahead(0) ? new Date().toISOString() : noonOf(day);
    if (!(await send({ readings: [{ kpi: { id: kpi.entityId }, value: measured, measuredAt, note: note.trim() || null }] }))) return;
    setValue("");
    setNote("");
    setRecorded(true);
  };
  const id = kpi.entityId;
  return (
    <form class="short-form" onSubmit={submit}>
      <Field id={`reading-${id}`} label={within("Value", kpi.unit)} isNumber value={value} placeholder={String(kpi.latest?.value ?? "")} set={setValue} problems={problemsOf(problems, "value")} />
      <Field id={`day-${id}`} label="Measured on" type="date" max={ahead(0)} value={day} set={setDay} problems={problemsOf(problems, "measuredAt")} />
      <Field id={`reading-note-${id}`} label="Note" isOptional value={note} set={setNote} problems={problemsOf(problems, "note")} />
      <div class="actions">
        {isRecorded && <span class="saved" role="status">Recorded.</span>}
        <Refusals problems={otherProblems(problems, ["value", "measuredAt", "note"])} />
        <button type="submit" class="main" disabled={isSending}>{isSending ? "Recording …" : "Record"}</button>
      </div>
    </form>
  );
}

function CorrectForm({ reading, unit, onCorrected }: { reading: ReadingLineFragment; unit: { symbol: string }; onCorrected: () => void }) {
  const { send, problems, refuse, isSending } = useCommand(CORRECT_READING);
  const [value, setValue] = useState(String(reading.value ?? ""));
  const [reason, setReason] = useState("");
  const submit = async (event: Event) => {
    event.preventDefault();
    const corrected = numberOf(value);
    if (Number.isNaN(corrected)) return refuse([{ message: NO_NUMBER, field: ["value"] }]);
    if (await send({ reading: reading.id, value: corrected, reason })) onCorrected();
  };
  return (
    <form class="short-form" onSubmit={submit}>
      <Field id={`value-${reading.id}`} label={within("Right value", unit)} isNumber value={value} set={setValue} problems={problemsOf(problems, "value")} />
      <Field id={`reason-${reading.id}`} label="Why" value={reason} set={setReason} problems={problemsOf(problems, "reason")} />
      <div class="actions">
        <small>What was known before stays in every view of an earlier moment.</small>
        <Refusals problems={otherProblems(problems, ["value", "reason"])} />
        <button type="submit" class="main" disabled={isSending}>Correct it</button>
      </div>
    </form>
  );
}
