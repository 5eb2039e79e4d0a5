// Laying documents and variables out anew, and going to a place in a document.
import { indentRange } from "@codemirror/language";
import type { EditorView } from "@codemirror/view";
import { parse, print } from "graphql";

import { write } from "./editor";

/** Lay document and variables out anew; returns what is wrong with them. Comments are kept, by indenting alone. */
export function prettify(documentView: EditorView | null, variablesView: EditorView | null): string | null {
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

/** Put the cursor at a place of a document, as the server names it. */
export function goTo(view: EditorView | null, { line, column }: { line: number; column: number }): void {
  if (view === null || line > view.state.doc.lines) return;
  const anchor = Math.min(view.state.doc.line(line).from + column - 1, view.state.doc.length);
  view.dispatch({ selection: { anchor }, scrollIntoView: true });
  view.focus();
}
