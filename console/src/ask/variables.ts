// The variables of a document: their names in the editor of their values, and the moment of the slider as a default.
import { snippet, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { json, jsonLanguage, jsonParseLinter } from "@codemirror/lang-json";
import { linter } from "@codemirror/lint";
import type { Extension } from "@codemirror/state";
import { Kind, parse, print, type DocumentNode, type OperationDefinitionNode, type VariableDefinitionNode } from "graphql";

import type { Moment } from "../moment/moment";

/** JSON, with the names of the variables that a document declares. */
export function variablesOf(documentText: () => string): Extension {
  const offered = (context: CompletionContext): CompletionResult | null => {
    const word = context.matchBefore(/"?\w*/);
    const before = context.state.sliceDoc(0, word?.from ?? 0);
    if (word === null || (word.text === "" && !context.explicit) || !/[{,]\s*$/.test(before)) return null;
    const options = declared(documentText()).map(({ variable, type }) => ({
      label: `"${variable.name.value}"`,
      detail: print(type),
      apply: snippet(`"${variable.name.value}": \${}`),
    }));
    return { from: word.from, options };
  };
  return [JSON_CHECKED, jsonLanguage.data.of({ autocomplete: offered })];
}

/** JSON that may be absent. */
export const JSON_CHECKED: Extension = [json(), linter((view) => (view.state.doc.toString().trim() === "" ? [] : jsonParseLinter()(view)))];

/** The operations of a document; none while it is not valid GraphQL. */
export function operationsOf(text: string): OperationDefinitionNode[] {
  const isOperation = (one: DocumentNode["definitions"][number]) => one.kind === Kind.OPERATION_DEFINITION;
  try {
    return parse(text).definitions.filter(isOperation) as OperationDefinitionNode[];
  } catch {
    return [];
  }
}

/** The operation around a place of the text, else the last one before it, else the first. */
export function operationAt(operations: OperationDefinitionNode[], place: number): OperationDefinitionNode | undefined {
  return operations.findLast(({ loc }) => (loc?.start ?? 0) <= place) ?? operations[0];
}

/** The variables that the operations of a document declare. */
function declared(text: string): VariableDefinitionNode[] {
  return operationsOf(text).flatMap((operation) => operation.variableDefinitions ?? []);
}

/** Variables with `at` and `known` of the slider, where an operation declares these and nothing else gives them. */
export function atMoment(given: Record<string, unknown>, operation: OperationDefinitionNode | undefined, moment: Moment): Record<string, unknown> {
  const names = new Set(operation?.variableDefinitions?.map(({ variable }) => variable.name.value));
  const chosen = { at: moment.at, known: moment.asKnownThen ? moment.at : null };
  const defaults = Object.entries(chosen).filter(([name, value]) => value !== null && names.has(name));
  return { ...Object.fromEntries(defaults), ...given };
}
