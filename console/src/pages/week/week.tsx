// My week: what I should act on, by urgency, and the key results that I own; each with its check-in form.
import { useMemo, useState } from "preact/hooks";
import { Link } from "wouter-preact";

import { useLive } from "../../api/live";
import type { AttentionUrgency, CheckInCardFragment, ReadingCardFragment, WeekQuery } from "../../generated/graphql";
import { useMoment } from "../../moment/moment";
import { Bar } from "../../parts/bar";
import { Confidence, KeyResultHead } from "../../parts/key-result";
import { Failed, Loading, State } from "../../parts/states";
import { ago, ahead, counted } from "../../parts/words";
import { usePageTitle } from "../../title";
import { useLooking } from "../../viewer";
import { CheckInForm } from "../recording/check-in-form";
import { Activation, OpenGoals } from "./cycle-end";
import { WEEK } from "./documents";
import { ReadingForm, useMayRecord } from "../recording/readings";

type Item = NonNullable<WeekQuery["viewer"]["attention"]>["edges"][number]["node"];
type About = Item["about"];

const DAYS_AHEAD = 6;
const URGENCIES: [AttentionUrgency, string][] = [["OVERDUE", "Overdue"], ["PROBLEM", "Needs attention"], ["UPCOMING", "In the next days"]];

export function Week() {
  const { viewer } = useLooking();
  usePageTitle("My week");
  const person = viewer.person;
  if (!person) return <State title="A machine has no week"><p>Sign in with the token of a person to see what is due.</p></State>;
  return <Due person={person.entityId} mayWrite={viewer.can.some((one) => one === "EDIT_OWN_GOALS" || one === "EDIT_GOALS")} />;
}

function Due({ person, mayWrite }: { person: string; mayWrite: boolean }) {
  const [{ data, error }, again] = useLive({ query: WEEK, variables: { person, until: ahead(DAYS_AHEAD) } });
  const items = useMemo(() => (data?.viewer.attention?.edges ?? []).map((edge) => edge.node), [data]);
  const rest = useMemo(() => withoutForm(data, items), [data, items]);
  const [recorded, setRecorded] = useState<ReadonlySet<string>>(new Set());
  const form: Form = { mayWrite, recorded, onRecorded: (id) => setRecorded((before) => new Set(before).add(id)) };
  if (error && !data) return <Failed error={error} again={again} />;
  if (!data) return <Loading />;
  const more = (data.viewer.attention?.totalCount ?? 0) - items.length;
  return (
    <article class="page">
      <header class="page-head"><h1>My week</h1><p>{inShort(items)}</p></header>
      {items.length === 0 && <State title="Nothing to act on"><p>No check-in or reading is due in the next {DAYS_AHEAD + 1} days, and none of your goals turned worse.</p></State>}
      {URGENCIES.map(([urgency, name]) => <Urgent key={urgency} name={name} items={items.filter((one) => one.urgency === urgency)} form={form} />)}
      {more > 0 && <p class="help">{more} more, which are less urgent.</p>}
      {rest.length > 0 && <h2>Up to date</h2>}
      {rest.map((keyResult) => <Card key={keyResult.entityId} keyResult={keyResult} form={form} isOpen={false} />)}
    </article>
  );
}

function Urgent({ name, items, form }: { name: string; items: Item[]; form: Form }) {
  if (items.length === 0) return null;
  return (
    <section aria-label={name}>
      <h2>{name} <span class="count">{items.length}</span></h2>
      {items.map((item) =>
        owesCheckIn(item) ? <Card key={item.about.id} keyResult={item.about} item={item} form={form} isOpen={item.urgency === "OVERDUE"} /> : <Line key={`${item.kind} ${item.about.id}`} item={item} />,
      )}
    </section>
  );
}

/** An item about something else than a check-in: its sentence, a link to what it is about, and what can be done here. */
function Line({ item }: { item: Item }) {
  const { kind, about } = item;
  return (
    <section class="key-result-card attention">
      <p><Days item={item} /> {item.message} <To about={about} /></p>
      {kind === "READING_DUE" && about.__typename === "Kpi" && <Reading kpi={about} isOpen={item.urgency === "OVERDUE"} />}
      {kind === "GOALS_UNSCORED" && about.__typename === "Cycle" && <OpenGoals cycle={about.key} />}
      {kind === "PLAN_MISSING" && about.__typename === "Cycle" && <Activation cycle={about.key} />}
    </section>
  );
}

function Reading({ kpi, isOpen }: { kpi: ReadingCardFragment; isOpen: boolean }) {
  const mayRecord = useMayRecord()(kpi.owner);
  const [open, setOpen] = useState(isOpen);
  if (!mayRecord) return null;
  if (!open) return <p><button type="button" class="quiet" onClick={() => setOpen(true)}>Record a reading</button></p>;
  return <ReadingForm kpi={kpi} />;
}

function To({ about }: { about: About }) {
  const { link } = useMoment();
  if (about.__typename === "Cycle") return <Link href={`/?cycle=${encodeURIComponent(about.key)}`}>Open the cycle</Link>;
  if (about.__typename === "Objective") return <Link href={link(`/objective/${about.entityId}`)}>Open the objective</Link>;
  if (about.__typename === "KeyResult") return <Link href={link(`/objective/${about.objective.entityId}`)}>{about.objective.title}</Link>;
  if (about.__typename === "Kpi") return <Link href={link(`/kpi/${about.entityId}`)}>Open the KPI</Link>;
  return null;
}

/** How late it is, or when it is due. */
function Days({ item: { urgency, days } }: { item: Item }) {
  if (urgency === "OVERDUE") return <span class="days late">{counted(days, "day")} late</span>;
  if (urgency === "UPCOMING") return <span class="days">{days === 0 ? "today" : days === -1 ? "tomorrow" : `in ${counted(-days, "day")}`}</span>;
  return <span class="days">{days < 1 ? "since today" : `for ${counted(days, "day")}`}</span>;
}

/** Who may check in, and the key results checked in here: their cards go on to another heading. */
interface Form {
  mayWrite: boolean;
  recorded: ReadonlySet<string>;
  onRecorded: (keyResult: string) => void;
}

interface CardProps {
  keyResult: CheckInCardFragment;
  item?: Item;
  form: Form;
  isOpen: boolean;
}

function Card({ keyResult, item, form, isOpen }: CardProps) {
  const { link } = useMoment();
  const [open, setOpen] = useState(isOpen);
  const lastNote = keyResult.checkIns.edges[0]?.node;
  return (
    <section class="key-result-card">
      <KeyResultHead keyResult={keyResult} />
      <Bar small figures={keyResult.progress} label={keyResult.title} />
      {item && <p class="help"><Days item={item} /> {item.message}</p>}
      <p class="legend">
        <Link href={link(`/objective/${keyResult.objective.entityId}`)}>{keyResult.objective.title}</Link>
        <span>{keyResult.measuredAt ? `last measured ${ago(keyResult.measuredAt)}` : "never measured"}</span>
        <Confidence share={keyResult.confidence} />
        {!open && form.mayWrite && <button type="button" class="quiet" onClick={() => setOpen(true)}>Check in</button>}
      </p>
      {!open && form.recorded.has(keyResult.entityId) && <p class="saved" role="status">Recorded.</p>}
      {open && form.mayWrite && <CheckInForm keyResult={keyResult} previous={lastNote?.note ?? null} onRecorded={() => { form.onRecorded(keyResult.entityId); setOpen(false); }} />}
    </section>
  );
}

type Owed = Item & { about: CheckInCardFragment };

/** Whether a check-in resolves an item. */
function owesCheckIn(item: Item): item is Owed {
  return item.about.__typename === "KeyResult" && (item.kind === "CHECK_IN_DUE" || item.kind === "NEVER_CHECKED_IN");
}

/** The key results of active cycles that the person owns, without those whose form is above. */
function withoutForm(data: WeekQuery | undefined, items: Item[]): CheckInCardFragment[] {
  const above = new Set(items.filter(owesCheckIn).map((item) => item.about.entityId));
  const mine = (data?.keyResults.edges ?? []).map((edge) => edge.node);
  return mine.filter((one) => one.objective.state === "ACTIVE" && one.objective.cycle.state === "ACTIVE" && !above.has(one.entityId));
}

/** The number of items of each urgency: `2 overdue · 1 in the next days`. */
function inShort(items: Item[]): string {
  const counts = URGENCIES.map(([urgency, name]) => [items.filter((one) => one.urgency === urgency).length, name.toLowerCase()] as const);
  return counts.filter(([count]) => count > 0).map(([count, name]) => `${count} ${name}`).join(" · ");
}
