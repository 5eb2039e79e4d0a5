// What the page of the editor is made of: editors, errors, tabs, and the list of what was run.
import type { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "preact/hooks";

import { clock } from "../parts/words";
import type { Draft } from "./draft";
import { editorIn, type Options } from "./editor";
import type { Fault } from "./request";

interface EditorProps extends Omit<Options, "language"> {
  view: { current: EditorView | null };
  language: () => Options["language"];
  class?: string;
}

/** An editor of CodeMirror for as long as the page is shown. */
export function Editor({ view, language, class: name = "", ...options }: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const made = editorIn(host.current!, { ...options, language: language() });
    view.current = made;
    return () => made.destroy();
  }, []);
  return <div class={`editor ${name}`} ref={host} />;
}

/** What is wrong, with the place in the document where the server names one. */
export function Faults({ faults, go }: { faults: readonly Fault[]; go: (place: { line: number; column: number }) => void }) {
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

export interface Choice<Name extends string> {
  is: Name;
  name: string;
}

/** Tabs by the pattern of ARIA: one is in the order of Tab, and arrow keys move among them. */
export function Tabs<Name extends string>({ label, choices, tab, setTab }: { label: string; choices: Choice<Name>[]; tab: Name; setTab: (tab: Name) => void }) {
  const move = (event: KeyboardEvent) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const next = choices[(choices.findIndex(({ is }) => is === tab) + (event.key === "ArrowRight" ? 1 : choices.length - 1)) % choices.length]!;
    setTab(next.is);
    document.getElementById(`tab-${next.is}`)?.focus();
  };
  return (
    <div role="tablist" aria-label={label} onKeyDown={move}>
      {choices.map(({ is, name }) => (
        <button key={is} type="button" role="tab" id={`tab-${is}`} aria-controls={`pane-${is}`} aria-selected={tab === is} tabIndex={tab === is ? 0 : -1} onClick={() => setTab(is)}>{name}</button>
      ))}
    </div>
  );
}

export function History({ draft, open }: { draft: Draft; open: (document: string, variables: string) => void }) {
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
