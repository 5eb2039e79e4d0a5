// A workspace without a cycle: who may opens the first one here, step by step; others read that there is none yet.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { useChanged } from "../../api/live";
import { ApiCall, type Call } from "./api-call";
import { numberOf, type Problem, Refusals, useCommand } from "../../parts/command";
import { Field } from "../../parts/field";
import { State } from "../../parts/states";
import { ahead } from "../../parts/words";
import { useLooking } from "../../viewer";
import { ACTIVATE_CYCLE } from "../week/documents";
import { DRAFT_OBJECTIVE, FORM_TEAM, OPEN_CYCLE } from "./documents";

/** What fields and calls show while nothing is written. */
const TEAM = "Product";
const OBJECTIVE = "New customers find their way without us";

export function NoCycle() {
  const { viewer } = useLooking();
  const may = (permission: (typeof viewer.can)[number]) => viewer.can.includes(permission);
  if (may("RUN_CYCLES")) return <FirstRun mayFormTeams={may("MANAGE_PEOPLE")} />;
  return <NoCycleYet />;
}

function NoCycleYet() {
  useChanged(() => location.reload(), 0, true);
  return (
    <State title="No cycle yet">
      <p>Goals are set for a cycle, such as a quarter. An administrator or a lead opens the first one; this page shows it as soon as it is there.</p>
    </State>
  );
}

interface Made {
  cycle: { key: string; name: string } | null;
  team: { entityId: string; name: string } | null;
  objective: { entityId: string; title: string } | null;
}

function FirstRun({ mayFormTeams }: { mayFormTeams: boolean }) {
  const [made, setMade] = useState<Made>({ cycle: null, team: null, objective: null });
  const [isActive, setActive] = useState(false);
  const quarter = made.cycle && `/?cycle=${encodeURIComponent(made.cycle.key)}`;
  return (
    <article class="page first-run">
      <header class="page-head">
        <h1>Set up Keyframe</h1>
        <p>Open a cycle for your goals. The other steps can wait. Beside each step is the call of the API that does the same.</p>
      </header>
      <ol>
        <CycleStep done={made.cycle} onDone={(cycle) => setMade({ ...made, cycle })} />
        {mayFormTeams && <TeamStep done={made.team} onDone={(team) => setMade({ ...made, team })} />}
        {made.cycle && <ObjectiveStep cycle={made.cycle.key} team={made.team} done={made.objective} onDone={(objective) => setMade({ ...made, objective })} />}
        {made.cycle && made.objective && <ActivateStep cycle={made.cycle} isDone={isActive} onDone={() => setActive(true)} />}
      </ol>
      {quarter && <p class="first-run-end"><a class={`button ${isActive ? "main" : ""}`} href={quarter}>Open {made.cycle?.name}</a></p>}
    </article>
  );
}

// ── steps ─────────────────────────────────────────────────────────────────────────────────────────

function CycleStep({ done, onDone }: { done: Made["cycle"]; onDone: (cycle: NonNullable<Made["cycle"]>) => void }) {
  const [suggested] = useState(() => nextQuarter(ahead(0)));
  const [name, setName] = useState(suggested.name);
  const [startsOn, setStartsOn] = useState(suggested.startsOn);
  const [endsOn, setEndsOn] = useState(suggested.endsOn);
  const input = { key: keyOf(name), name, startsOn, endsOn };
  const call: Call = { mutation: "openCycle", type: "OpenCycleInput", input, selection: "cycle { key }" };
  const { send, problems, isSending } = useCommand(OPEN_CYCLE);
  return (
    <Step title="Open a cycle" text="A quarter or a year. Goals belong to it, and it ends with a review." done={done && `${done.name} is open.`} call={call}
      send={() => void send(input).then((payload) => payload?.cycle && onDone(payload.cycle))} action="Open the cycle" isBusy={isSending} problems={problems} shown={["key", "name", "startsOn", "endsOn"]}>
      <Field id="cycle-name" label="Name" isWide value={name} set={setName} problems={beside(problems, "name", "key")} />
      <Field id="cycle-start" label="First day" type="date" value={startsOn} set={setStartsOn} problems={beside(problems, "startsOn")} />
      <Field id="cycle-end" label="Last day" type="date" value={endsOn} set={setEndsOn} problems={beside(problems, "endsOn")} />
    </Step>
  );
}

function TeamStep({ done, onDone }: { done: Made["team"]; onDone: (team: NonNullable<Made["team"]>) => void }) {
  const [name, setName] = useState("");
  const input = { key: keyOf(name), name };
  const call: Call = { mutation: "formTeam", type: "FormTeamInput", input: name ? input : { key: keyOf(TEAM), name: TEAM }, selection: "team { entityId }" };
  const { send, problems, isSending } = useCommand(FORM_TEAM);
  return (
    <Step title="Form a team" isOptional text="Teams own objectives, and may keep some to themselves." done={done && `${done.name} is formed.`} call={call}
      send={() => void send(input).then((payload) => payload?.team && onDone(payload.team))} action="Form the team" isBusy={isSending} problems={problems} shown={["key", "name"]}>
      <Field id="team-name" label="Name" value={name} set={setName} placeholder={TEAM} problems={beside(problems, "name", "key")} />
    </Step>
  );
}

interface ObjectiveProps {
  cycle: string;
  team: Made["team"];
  done: Made["objective"];
  onDone: (objective: NonNullable<Made["objective"]>) => void;
}

function ObjectiveStep({ cycle, team, done, onDone }: ObjectiveProps) {
  const [title, setTitle] = useState("");
  const [result, setResult] = useState("");
  const [start, setStart] = useState("");
  const [target, setTarget] = useState("");
  const measured = { title: result, metric: { direction: numberOf(target) < numberOf(start) ? ("DECREASE" as const) : ("INCREASE" as const), start: given(start), target: given(target) } };
  const input = { cycle: { key: cycle }, title, ...(team && { team: team.entityId }), ...(result.trim() && { keyResults: [measured] }) };
  const call: Call = { mutation: "draftObjective", type: "DraftObjectiveInput", input: { ...input, title: title || OBJECTIVE }, selection: "objective { entityId }" };
  const { send, problems, isSending } = useCommand(DRAFT_OBJECTIVE);
  const of = (name: string) => problems.filter((one) => one.field[0] === "keyResults" && one.field.includes(name));
  return (
    <Step title="Draft a first objective" isOptional text="What should be different at the end, and how will you see it?" done={done && `“${done.title}” is drafted.`} call={call}
      enums={["INCREASE", "DECREASE"]} send={() => void send(input).then((payload) => payload?.objective && onDone(payload.objective))} action="Draft the objective" isBusy={isSending} problems={problems} shown={["title", "keyResults"]}>
      <Field id="objective-title" label="Objective" isWide value={title} set={setTitle} placeholder={OBJECTIVE} problems={beside(problems, "title")} />
      <Field id="result-title" label="Key result, if you know it" isWide isOptional value={result} set={setResult} placeholder="Share of customers who finish the setup alone, in %" problems={of("title")} />
      <Field id="result-start" label="From" isOptional={!result.trim()} value={start} set={setStart} placeholder="40" isNumber problems={of("start")} />
      <Field id="result-target" label="To" isOptional={!result.trim()} value={target} set={setTarget} placeholder="75" isNumber problems={[...of("target"), ...of("direction")]} />
    </Step>
  );
}

function ActivateStep({ cycle, isDone, onDone }: { cycle: { key: string; name: string }; isDone: boolean; onDone: () => void }) {
  const input = { cycle: { key: cycle.key } };
  const call: Call = { mutation: "activateCycle", type: "ActivateCycleInput", input, selection: "cycle { state }" };
  const { send, problems, isSending } = useCommand(ACTIVATE_CYCLE);
  return (
    <Step title={`Begin ${cycle.name}`} isOptional text="Commits what is drafted in it, and fixes the plan against which it will be reviewed." done={isDone ? `${cycle.name} has begun.` : null} call={call}
      send={() => void send(input).then((payload) => payload && onDone())} action="Activate the cycle" isBusy={isSending} problems={problems} shown={[]} />
  );
}

// ── parts ─────────────────────────────────────────────────────────────────────────────────────────

interface StepProps {
  title: string;
  text: string;
  isOptional?: boolean;
  /** What was done, once it is. */
  done: string | null;
  call: Call;
  enums?: string[];
  send: () => void;
  action: string;
  isBusy: boolean;
  problems: Problem[];
  /** The fields whose problems are beside them. */
  shown: string[];
  children?: ComponentChildren;
}

function Step({ title, text, isOptional = false, done, call, enums, send, action, isBusy, problems, shown, children }: StepProps) {
  if (done) return <li class="step done"><h2>{title}</h2><p role="status">{done}</p></li>;
  return (
    <li class="step">
      <form onSubmit={(event) => { event.preventDefault(); send(); }}>
        <h2>{title} {isOptional && <small>optional</small>}</h2>
        <p>{text}</p>
        <div class="step-fields">{children}</div>
        <Refusals problems={problems.filter((one) => !shown.includes(one.field[0] ?? ""))} />
        <button type="submit" class={isOptional ? "" : "main"} disabled={isBusy}>{action}</button>
      </form>
      <ApiCall call={call} enums={enums} />
    </li>
  );
}

const beside = (problems: Problem[], ...fields: string[]) => problems.filter((one) => fields.includes(one.field[0] ?? ""));

/** The key that a name suggests: lower-case letters and digits, joined by dashes. */
function keyOf(name: string): string {
  return name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}

/** The number in a text; null, which the server explains, without one. */
function given(text: string): number | null {
  const number = numberOf(text);
  return Number.isNaN(number) ? null : number;
}

/** The quarter of a day, or the next one in its last third. */
function nextQuarter(today: string): { name: string; startsOn: string; endsOn: string } {
  const day = new Date(`${today}T12:00:00Z`);
  const isLate = day.getUTCMonth() % 3 === 2;
  const first = new Date(Date.UTC(day.getUTCFullYear(), Math.floor(day.getUTCMonth() / 3) * 3 + (isLate ? 3 : 0), 1));
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 3, 0));
  const iso = (one: Date) => one.toISOString().slice(0, 10);
  return { name: `Q${first.getUTCMonth() / 3 + 1} ${first.getUTCFullYear()}`, startsOn: iso(first), endsOn: iso(last) };
}
