// Ask: write GraphQL, run it, and read the answer. It loads apart from the other pages.
import { json } from "@codemirror/lang-json";
import type { EditorView, KeyBinding } from "@codemirror/view";
import { updateSchema } from "cm6-graphql";
import type { GraphQLSchema } from "graphql";
import { useEffect, useRef, useState } from "preact/hooks";
import { useClient } from "@urql/preact";

import { NOW, useMoment, type Moment } from "../moment/moment";
import { dayOf, isEndOfDay, onDay } from "../parts/words";
import "../styles/ask.css";
import { usePageTitle } from "../title";
import { draftOf, linkTo, newDraft, type Draft } from "./draft";
import { write } from "./editor";
import { graphqlWith } from "./language";
import { goTo, prettify } from "./layout";
import { Editor, Faults, History, Tabs } from "./parts";
import { loadSchema } from "./request";
import { Reference, type Place } from "./reference";
import { bearer, useRun } from "./run";
import { JSON_CHECKED, operationAt, operationsOf, variablesOf } from "./variables";

/** The page within the console, as its session and at the moment of its slider. */
export function AskPage() {
  const draft = draftOf(useClient());
  const { moment } = useMoment();
  return <Ask draft={draft} moment={moment} isStranger={false} />;
}

/** The page for somebody without a session, who pastes a token. */
export function AskAsStranger() {
  const [draft] = useState(newDraft);
  return (
    <main class="alone ask-alone">
      <p class="crumbs"><a href="/sign-in">Sign in</a> to see the console, or paste a token below under <b>Token and headers</b>.</p>
      <Ask draft={draft} moment={NOW} isStranger />
    </main>
  );
}

type Side = "reference" | "history" | null;
type Tab = "variables" | "headers";
type View = { current: EditorView | null };

const TABS: { is: Tab; name: string }[] = [{ is: "variables", name: "Variables" }, { is: "headers", name: "Token and headers" }];

function Ask({ draft, moment, isStranger }: { draft: Draft; moment: Moment; isStranger: boolean }) {
  usePageTitle("Ask");
  const [side, setSide] = useState<Side>(null);
  const [trail, setTrail] = useState<Place[]>([]);
  const [operations, setOperations] = useState(() => operationsOf(draft.document));
  const [chosen, setChosen] = useState<string>();
  const [note, setNote] = useState<string | null>(null);
  const [schema, schemaFault, reload] = useSchema(draft);
  const { answer, state, isRunning, run, stop } = useRun(draft, moment);
  const [documentView, variablesView, answerView] = [useView(), useView(), useView()];
  const commands = useRef({ run: () => {}, tidy: () => {} });
  commands.current = {
    run: () => {
      setNote(null);
      void run(chosen);
    },
    tidy: () => setNote(prettify(documentView.current, variablesView.current)),
  };
  const [keys] = useState(() => [
    { key: "Mod-Enter", run: () => (commands.current.run(), true) },
    { key: "Shift-Ctrl-p", run: () => (commands.current.tidy(), true) },
  ]);
  const show = (type: string, field?: string) => {
    setSide("reference");
    setTrail([{ type, field }]);
  };
  const follow = (place: number) => {
    const found = operationsOf(draft.document);
    setOperations(found);
    setChosen(operationAt(found, place)?.name?.value);
  };
  const open = (document: string, variables: string) => {
    write(documentView.current, document);
    write(variablesView.current, variables);
    documentView.current?.focus();
  };
  const copy = () => void navigator.clipboard.writeText(linkTo(draft)).then(() => setNote("The link is copied."), () => setNote("The browser does not allow copying."));
  useEffect(() => void (documentView.current && schema && updateSchema(documentView.current, schema)), [schema]);
  useEffect(() => write(answerView.current, answer.text), [answer.text]);
  return (
    <article class={`ask${side === null ? "" : " with-side"}`}>
      <header class="ask-bar">
        <h1>Ask</h1>
        <button type="button" class="main" title="Ctrl-Enter" onClick={commands.current.run}>Run</button>
        {isRunning && <button type="button" onClick={stop}>Stop</button>}
        {operations.length > 1 && (
          <select aria-label="Operation" value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
            {operations.map((one) => <option key={one.name?.value}>{one.name?.value}</option>)}
          </select>
        )}
        <button type="button" title="Shift-Ctrl-P" onClick={commands.current.tidy}>Prettify</button>
        <button type="button" onClick={copy}>Copy link</button>
        <Toggle name="History" is="history" side={side} setSide={setSide} />
        <Toggle name="Schema" is="reference" side={side} setSide={setSide} />
        <span class={`ask-state${state.isBad ? " refusal" : ""}`} role="status">{note ?? state.text}</span>
      </header>
      <section class="ask-request" aria-label="Request">
        <Editor class="ask-document" view={documentView} label="Document" text={draft.document} keys={keys} language={() => graphqlWith(show)}
          onChange={(text) => { draft.document = text; }} onCursor={follow} />
        <Beside draft={draft} moment={moment} isStranger={isStranger} keys={keys} variablesView={variablesView} onToken={reload} />
      </section>
      <section class="ask-answer" aria-label="Answer">
        {answer.faults.length > 0 && <Faults faults={answer.faults} go={(place) => goTo(documentView.current, place)} />}
        <Editor view={answerView} label="Answer" text={answer.text} language={json} isReadOnly hint="The answer appears here." />
      </section>
      {side === "reference" && <aside class="ask-side" aria-label="Schema"><Reference schema={schema} fault={schemaFault} trail={trail} go={setTrail} /></aside>}
      {side === "history" && <aside class="ask-side" aria-label="History"><History draft={draft} open={open} /></aside>}
    </article>
  );
}

interface BesideProps {
  draft: Draft;
  moment: Moment;
  isStranger: boolean;
  keys: KeyBinding[];
  variablesView: View;
  onToken: () => void;
}

/** What goes along with the document: variables, headers, and a token. */
function Beside({ draft, moment, isStranger, keys, variablesView, onToken }: BesideProps) {
  const [tab, setTab] = useState<Tab>(isStranger ? "headers" : "variables");
  const headersView = useView();
  return (
    <>
      <div class="tabs">
        <Tabs label="Beside the document" choices={TABS} tab={tab} setTab={setTab} />
        {moment.at !== null && <small class="ask-moment"><code>$at</code> is {isEndOfDay(moment.at) ? "the end of " : ""}{onDay(dayOf(moment.at))}, from the slider</small>}
      </div>
      <div id="pane-variables" class="ask-pane" role="tabpanel" aria-labelledby="tab-variables" hidden={tab !== "variables"}>
        <Editor view={variablesView} label="Variables as JSON" text={draft.variables} keys={keys} hint={'{"cycle": "2026-q1"}'}
          language={() => variablesOf(() => draft.document)} onChange={(text) => { draft.variables = text; }} />
      </div>
      <div id="pane-headers" class="ask-pane" role="tabpanel" aria-labelledby="tab-headers" hidden={tab !== "headers"}>
        <label class="ask-token"><span>Token</span>
          <input type="password" autocomplete="off" spellcheck={false} value={draft.token} placeholder={isStranger ? "kf_…" : "kf_… to ask as somebody else"}
            onInput={(event) => { draft.token = event.currentTarget.value; }} onChange={onToken} />
        </label>
        <Editor view={headersView} label="Headers as JSON" text={draft.headers} keys={keys} hint={'{"X-Keyframe-Min-Position": "42"}'}
          language={() => JSON_CHECKED} onChange={(text) => { draft.headers = text; }} />
      </div>
    </>
  );
}

function Toggle({ name, is, side, setSide }: { name: string; is: Side; side: Side; setSide: (side: Side) => void }) {
  return <button type="button" class="chip" aria-pressed={side === is} onClick={() => setSide(side === is ? null : is)}>{name}</button>;
}

const useView = (): View => useRef<EditorView | null>(null);

/** The schema as the token sees it, why there is none, and what loads it again. */
function useSchema(draft: Draft): [GraphQLSchema | null, string | null, () => void] {
  const [schema, setSchema] = useState<GraphQLSchema | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const load = () => {
    setFault(null);
    loadSchema(bearer(draft)).then(setSchema, (error: Error) => setFault(error.message));
  };
  useEffect(load, []);
  return [schema, fault, load];
}
