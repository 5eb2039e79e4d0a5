// What the editor knows of GraphQL: the language, marks as one types, and completion and documentation from the schema.
import { snippet, startCompletion, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { hoverTooltip, type EditorView, type Tooltip } from "@codemirror/view";
import { getSchema, graphqlLanguage, graphqlLanguageSupport, jump, lint, offsetToPos, stateExtensions } from "cm6-graphql";
import { getAutocompleteSuggestions, getHoverInformation, type CompletionItem } from "graphql-language-service";

/** Shows the documentation of a type, and of one of its fields. */
export type Show = (type: string, field?: string) => void;

/** What is typed before these opens the list without a letter. */
const OPENING = /[{(:$@[]\s?$|\.\.\.$|\bon $/;
const BOOST_MAX = 99;
const NAMELESS = new Set(["StringValue", "Comment"]);

/** The language; a click with Ctrl or Cmd shows the documentation of a field. */
export function graphqlWith(show: Show): Extension {
  const onShowInDocs = (field?: string, type?: string, parent?: string) => {
    const shown = parent ?? type;
    if (shown !== undefined) show(shown.replace(/[[\]!]/g, ""), field);
  };
  return [graphqlLanguageSupport(), stateExtensions(undefined, { onShowInDocs }), lint, jump, hoverTooltip(documented), COMPLETION];
}

// cm6-graphql completes words alone: after `$` it would insert a second one, and it writes no colon after an argument
const COMPLETION = graphqlLanguage.data.of({ autocomplete: offered });

function offered(context: CompletionContext): CompletionResult | null {
  const { state, pos } = context;
  const schema = getSchema(state);
  const word = context.matchBefore(/\$?\w*/);
  if (!schema || word === null || NAMELESS.has(syntaxTree(state).resolveInner(pos, -1).name)) return null;
  const before = state.sliceDoc(Math.max(0, pos - 4), pos);
  if (word.text === "" && !context.explicit && !OPENING.test(before)) return null;
  const found = getAutocompleteSuggestions(schema, state.doc.toString(), offsetToPos(state.doc, pos));
  const isNamed = /^\s*:/.test(state.sliceDoc(pos, pos + 20));
  return found.length === 0 ? null : { from: word.from, options: found.map((item, index) => optionOf(item, index, isNamed)) };
}

function optionOf(item: CompletionItem, index: number, isNamed: boolean): Completion {
  const text = item.documentation ?? item.deprecationReason;
  return {
    label: item.label,
    detail: String(item.detail || item.type || ""),
    info: text ? () => plain(text) : undefined,
    boost: Math.max(-BOOST_MAX, BOOST_MAX - index), // the order of the schema
    apply: item.insertText?.includes(":") && !isNamed ? named(item.insertText) : item.label,
  };
}

/** Insert `startsOn:  {\n   $1\n}` on one line, and offer what may be its value. */
function named(inserted: string): Completion["apply"] {
  const insert = snippet(inserted.replace(/\s+/g, " ").replace("[ {", "[{").replace(/\$\d/g, "${}"));
  return (view, completion, from, to) => {
    insert(view, completion, from, to);
    startCompletion(view);
  };
}

function documented(view: EditorView, pos: number): Tooltip | null {
  const schema = getSchema(view.state);
  if (!schema) return null;
  const at = offsetToPos(view.state.doc, pos);
  const text = getHoverInformation(schema, view.state.doc.toString(), at, undefined, { useMarkdown: false });
  return typeof text === "string" && text !== "" ? { pos, create: () => ({ dom: plain(text) }) } : null;
}

function plain(text: string): HTMLElement {
  const shown = document.createElement("div");
  shown.className = "documentation";
  shown.textContent = text;
  return shown;
}
