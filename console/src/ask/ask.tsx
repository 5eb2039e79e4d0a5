// Ask: write GraphQL, run it, and read the answer. It loads apart from the other pages.
import { json } from "@codemirror/lang-json";
import { indentRange } from "@codemirror/language";
import type { EditorView } from "@codemirror/view";
import { updateSchema } from "cm6-graphql";
import { parse, print, type GraphQLSchema } from "graphql";
import { useEffect, useRef, useState } from "preact/hooks";
import { useClient } from "@urql/preact";

import { NOW, useMoment, type Moment } from "../moment/moment";
import { clock, dayOf, isEndOfDay, onDay } from "../parts/words";
import "../styles/ask.css";
import { draftOf, linkTo, newDraft, type Draft } from "./draft";
import { editorIn, write } from "./editor";
import { graphqlWith } from "./language";
import { loadSchema, type Access, type Fault } from "./request";
import { Reference, type Place } from "./reference";
import { useRun } from "./run";
import { JSON_CHECKED, operationsOf, variablesOf } from "./variables";

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

function Ask({ draft, moment, isStranger }: { draft: Draft; moment: Moment; isStranger: boolean }) {
  const [side, setSide] = useState<Side>(null);
  const [tab, setTab] = useState<Tab>(isStranger ? "headers" : "variables");
  const [trail, setTrail] = useState<Place[]>([]);
  const [operations, setOperations] = useState(() => operationsOf(draft.document));
  const [chosen, setChosen] = useState<string>();
  const [note, setNote] = useState<string | null>(null);
  const [schema, schemaFault, reload] = useSchema(draft);
  const { answer, state, isRunning, run, stop } = useRun(draft, moment);
  const [documentView, variablesView, headersView, answerView] = [useView(), useView(), useView(), useView()];
  const start = () => {
    setNote(null);
    void run(documentView.current?.state.selection.main.head ?? 0, documentView.current?.hasFocus ? undefined : chosen);
  };
  const latest = useRef(start);
  latest.current = start;
  const keys = [{ key: "Mod-Enter", run: () => (latest.current(), true) }, { key: "Shift-Ctrl-p", run: () => (tidy(), true) }];
  const show = (type: string, field?: string) => {
    setSide("reference");
    setTrail([{ type, field }]);
  };
  const tidy = () => setNote(prettify(documentView.current, variablesView.current));
  const open = (document: string, variables: string) => {
    write(documentView.current, document);
    write(variablesView.current, variables);
    documentView.current?.focus();
  };
  useEffect(() => void (documentView.current && schema && updateSchema(documentView.current, schema)), [schema]);
  useEffect(() => write(answerView.current, answer.text), [answer.text]);
  return (
    <article class={`ask${side === null ? "" : " with-side"}`}>
      <header class="ask-bar">
        <h1>Ask</h1>
        <button type="button" class="main" title="Ctrl-Enter" onClick={start}>Run</button>
        {isRunning && <button type="button" onClick={stop}>Stop</button>}
        {operations.length > 1 && (
          <select aria-label="Operation" value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
            {operations.map((one) => <option key={one.name?.value}>{one.name?.value}</option>)}
          </select>
        )}
        <button type="button" title="Shift-Ctrl-P" onClick={tidy}>Prettify</button>
        <button type="button" onClick={() => void navigator.clipboard.writeText(linkTo(draft)).then(() => setNote("The link is copied."), () => setNote("The browser does not allow copying."))}>Copy link</button>
        <Toggle name="History" is="history" side={side} setSide={setSide} />
        <Toggle name="Schema" is="reference" side={side} setSide={setSide} />
        <span class={`ask-state${state.isBad ? " refusal" : ""}`} role="status">{note ?? state.text}</span>
      </header>
      <section class="ask-request" aria-label="Request">
        <Editor class="ask-document" view={documentView} label="Document" text={draft.document} keys={keys}
          language={() => graphqlWith(show)}
          onChange={(text) => { draft.document = text; setOperations(operationsOf(text)); }} />
        <div class="tabs" role="tablist" aria-label="Beside the document">
          <TabButton name="Variables" is="variables" tab={tab} setTab={setTab} />
          <TabButton name="Token and headers" is="headers" tab={tab} setTab={setTab} />
          {moment.at !== null && <small class="ask-moment"><code>$at</code> is {isEndOfDay(moment.at) ? "the end of " : ""}{onDay(dayOf(moment.at))}, from the slider</small>}
        </div>
        <div id="pane-variables" class="ask-pane" role="tabpanel" aria-labelledby="tab-variables" hidden={tab !== "variables"}>
          <Editor view={variablesView} label="Variables as JSON" text={draft.variables} keys={keys} hint={'{"cycle": "2026-q1"}'}
            language={() => variablesOf(() => draft.document)} onChange={(text) => { draft.variables = text; }} />
        </div>
        <div id="pane-headers" class="ask-pane" role="tabpanel" aria-labelledby="tab-headers" hidden={tab !== "headers"}>
          <label class="ask-token"><span>Token</span>
            <input type="password" autocomplete="off" spellcheck={false} value={draft.token} placeholder={isStranger ? "kf_…" : "kf_… to ask as somebody else"}
              onInput={(event) => { draft.token = event.currentTarget.value; }} onChange={reload} />
          </label>
          <Editor view={headersView} label="Headers as JSON" text={draft.headers} keys={keys} hint={'{"X-Keyframe-Min-Position": "42"}'}
            language={() => JSON_CHECKED} onChange={(text) => { draft.headers = text; }} />
        </div>
      </section>
      <section class="ask-answer" aria-label="Answer">
        {answer.faults.length > 0 && <Faults faults={answer.faults} go={(place) => goTo(documentView.current, place)} />}
        <Editor view={answerView} label="Answer" text={answer.text} language={() => json()} isReadOnly hint="The answer appears here." />
      </section>
      {side === "reference" && <aside class="ask-side" aria-label="Schema"><Reference schema={schema} fault={schemaFault} trail={trail} go={setTrail} /></aside>}
      {side === "history" && <aside class="ask-side" aria-label="History"><History draft={draft} open={open} /></aside>}
    </article>
  );
}

function Toggle({ name, is, side, setSide }: { name: string; is: Side; side: Side; setSide: (side: Side) => void }) {
  return <button type="button" class="chip" aria-pressed={side === is} onClick={() => setSide(side === is ? null : is)}>{name}</button>;
}

function TabButton({ name, is, tab, setTab }: { name: string; is: Tab; tab: Tab; setTab: (tab: Tab) => void }) {
  return <button type="button" role="tab" id={`tab-${is}`} aria-controls={`pane-${is}`} aria-selected={tab === is} onClick={() => setTab(is)}>{name}</button>;
}

const useView = () => useRef<EditorView | null>(null);

interface EditorProps extends Omit<Parameters<typeof editorIn>[1], "language"> {
  view: { current: EditorView | null };
  language: () => Parameters<typeof editorIn>[1]["language"];
  class?: string;
}

/** An editor of CodeMirror for as long as the page is shown. */
function Editor({ view, language, class: name = "", ...options }: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const made = editorIn(host.current!, { ...options, language: language() });
    view.current = made;
    return () => made.destroy();
  }, []);
  return <div class={`editor ${name}`} ref={host} />;
}

/** The schema as those headers see it, why there is none, and what loads it again. */
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

const bearer = ({ token }: Draft): Access => (token.trim() === "" ? {} : { authorization: `Bearer ${token.trim()}` });

/** What is wrong, with the place in the document where the server names one. */
function Faults({ faults, go }: { faults: readonly Fault[]; go: (place: { line: number; column: number }) => void }) {
  return (
    <div class="faults" role="alert">
      <ul>
        {faults.map((fault, index) => (
          <li key={index}>
            {fault.extensions?.code && <code>{fault.extensions.code}</code>} {fault.message}
            {fault.path && <small> at {fault.path.join(".")}</small>}
            {fault.locations?.[0] && <button type="button" class="quiet" onClick={() => go(fault.locations![0]!)}>line {fault.locations[0].line}</button>}
          </li>
        ))}
      </ul>
    </div>
  );
}

function goTo(view: EditorView | null, { line, column }: { line: number; column: number }): void {
  if (view === null || line > view.state.doc.lines) return;
  const anchor = Math.min(view.state.doc.line(line).from + column - 1, view.state.doc.length);
  view.dispatch({ selection: { anchor }, scrollIntoView: true });
  view.focus();
}

function History({ draft, open }: { draft: Draft; open: (document: string, variables: string) => void }) {
  if (draft.past.length === 0) return <p class="help">What you run is listed here until you leave the console. It is not stored.</p>;
  return (
    <ol class="ask-past">
      {draft.past.map((one) => (
        <li key={one.at.getTime()}>
          <button type="button" class="quiet" onClick={() => open(one.document, one.variables)}>{inShort(one.document)}</button>
          <small>{clock(one.at)} · {one.outcome}</small>
        </li>
      ))}
    </ol>
  );
}

const inShort = (document: string): string => document.replace(/#[^\n]*\n/g, "").replace(/\s+/g, " ").trim().slice(0, 80) || "(empty)";

/** Lay document and variables out anew; returns what is wrong with them. Comments are kept, by indenting alone. */
function prettify(documentView: EditorView | null, variablesView: EditorView | null): string | null {
  try {
    if (documentView !== null) layOut(documentView);
    const variables = variablesView?.state.doc.toString().trim() ?? "";
    if (variables !== "") write(variablesView, JSON.stringify(JSON.parse(variables), null, 2));
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function layOut(view: EditorView): void {
  const text = view.state.doc.toString();
  const printed = print(parse(text));
  if (/^\s*#|[\s{}()]#/m.test(text)) view.dispatch({ changes: indentRange(view.state, 0, text.length) });
  else write(view, `${printed}\n`);
}
