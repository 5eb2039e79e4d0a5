// Editors of CodeMirror. Each lives in a shadow root, which adopts its styles: the policy of the page allows no style
// elements, and no nonce has to make each answer of the server another one.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintKeymap } from "@codemirror/lint";
import { search, searchKeymap } from "@codemirror/search";
import { EditorState, Prec, type Extension } from "@codemirror/state";
import { EditorView, keymap, lineNumbers, placeholder, type KeyBinding } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export interface Options {
  /** Its name for those who do not see it. */
  label: string;
  text: string;
  language: Extension;
  hint?: string;
  isReadOnly?: boolean;
  keys?: KeyBinding[];
  onChange?: (text: string) => void;
  /** Called with the place of the cursor, after `onChange`. */
  onCursor?: (place: number) => void;
}

const MONO = 'ui-monospace, "Cascadia Code", Menlo, Consolas, monospace';

/** An editor inside an element. The caller destroys it. */
export function editorIn(host: HTMLElement, options: Options): EditorView {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  return new EditorView({ root, parent: root as unknown as Element, state: EditorState.create({ doc: options.text, extensions: extensionsOf(options) }) });
}

/** Replace the whole text. */
export function write(view: EditorView | null, text: string): void {
  if (view !== null && view.state.doc.toString() !== text) {
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
  }
}

function extensionsOf({ label, language, hint, isReadOnly = false, keys = [], onChange, onCursor }: Options): Extension[] {
  return [
    Prec.highest(keymap.of(keys)),
    isReadOnly ? [EditorState.readOnly.of(true), foldGutter()] : EDITING,
    language,
    search({ top: true }),
    syntaxHighlighting(COLOURS),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", ...(isReadOnly ? { "aria-readonly": "true" } : {}) }),
    EditorView.updateListener.of(({ docChanged, selectionSet, state }) => {
      if (docChanged) onChange?.(state.doc.toString());
      if (docChanged || selectionSet) onCursor?.(state.selection.main.head);
    }),
    hint === undefined ? [] : placeholder(hint),
    keymap.of([...defaultKeymap, ...foldKeymap, ...searchKeymap]),
    THEME,
  ];
}

/** Replace a selection that is typed over here. Chromium would keep the look of the old text in a style attribute, which
 * the policy of the page blocks and reports. */
const TYPED_OVER = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    const text = event.data;
    if (event.inputType !== "insertText" || text === null || empty || event.isComposing) return false;
    event.preventDefault();
    const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    const isHandled = view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, insert));
    if (!isHandled) view.dispatch(insert());
    return true;
  },
});

/** Tab indents; after Escape, it leaves the editor. */
const EDITING: Extension = [
  lineNumbers(),
  history(),
  indentOnInput(),
  bracketMatching(),
  closeBrackets(),
  autocompletion({ icons: false }),
  TYPED_OVER,
  keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...lintKeymap, indentWithTab]),
];

const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.definitionKeyword, tags.modifier], color: "var(--key)" },
  { tag: [tags.attributeName], color: "var(--soft)" },
  { tag: [tags.string], color: "var(--good)" },
  { tag: [tags.number, tags.integer, tags.float, tags.bool, tags.null], color: "var(--warn)" },
  { tag: [tags.variableName, tags.special(tags.name)], color: "var(--past)" },
  { tag: [tags.propertyName], color: "var(--ink)" },
  { tag: [tags.atom], color: "var(--key)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--soft)", fontStyle: "italic" },
]);

const FLOATING = { backgroundColor: "var(--card)", border: "1px solid var(--line)", borderRadius: "8px", color: "var(--ink)" };
const MESSAGE = { maxWidth: "34rem", padding: "0.4rem 0.7rem", whiteSpace: "pre-wrap", fontFamily: "system-ui, sans-serif" };

const THEME = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--card)", fontSize: "0.8125rem" },
  "&.cm-focused": { outline: "none" } /* its host has the ring */,
  ".cm-scroller": { fontFamily: MONO, lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { padding: "0.6rem 0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0 0.75rem 0 0.4rem" },
  ".cm-gutters": { backgroundColor: "var(--card)", border: "0", color: "var(--soft)", paddingLeft: "0.25rem" },
  ".cm-placeholder": { color: "var(--soft)" },
  "&.cm-focused .cm-matchingBracket, .cm-selectionMatch": { backgroundColor: "var(--key-soft)", color: "inherit" },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "transparent", color: "var(--bad)" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--sunk)", border: "0", color: "var(--soft)", padding: "0 0.4em" },
  ".cm-tooltip": FLOATING,
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: MONO, maxHeight: "17em", minWidth: "12rem", maxWidth: "min(30rem, 92vw)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { display: "flex", justifyContent: "space-between", gap: "1.5rem", padding: "0.15rem 0.6rem", lineHeight: "1.5" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--key-soft)", color: "var(--ink)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-completionDetail": { color: "var(--soft)", fontStyle: "normal", marginLeft: "0", overflow: "hidden", textOverflow: "ellipsis" },
  ".cm-tooltip.cm-completionInfo": { ...FLOATING, ...MESSAGE, maxWidth: "22rem" },
  ".cm-tooltip-hover .documentation": MESSAGE,
  ".cm-diagnostic": { ...MESSAGE, borderLeft: "3px solid var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  ".cm-panels": { backgroundColor: "var(--sunk)", color: "var(--ink)", border: "0" },
  ".cm-textfield": { backgroundColor: "var(--card)", color: "var(--ink)", border: "1px solid var(--soft)", borderRadius: "5px" },
  ".cm-button": { backgroundImage: "none", backgroundColor: "var(--card)", color: "var(--ink)", border: "1px solid var(--soft)", borderRadius: "5px" },
  ".cm-searchMatch": { backgroundColor: "var(--past-soft)", outline: "1px solid var(--past-line)" },
});
