// A call of the API as a person would send it: a mutation in GraphQL, or a command of curl.
import { useState } from "preact/hooks";

export type Input = { [field: string]: string | number | boolean | null | Input | Input[] };

export interface Call {
  mutation: string;
  /** The name of its input type. */
  type: string;
  input: Input;
  /** What the answer selects. */
  selection: string;
}

const FORMS = ["GraphQL", "curl"] as const;

export function ApiCall({ call, enums = [] }: { call: Call; enums?: string[] }) {
  const [form, setForm] = useState<(typeof FORMS)[number]>("GraphQL");
  const [isCopied, setCopied] = useState(false);
  const text = form === "curl" ? curl(call) : mutation(call, new Set(enums));
  const copy = () => navigator.clipboard.writeText(text).then(() => setCopied(true), () => setCopied(false));
  return (
    <figure class="api-call">
      <figcaption>
        <span role="group" aria-label="Form of the call">
          {FORMS.map((one) => (
            <button key={one} type="button" class="chip" aria-pressed={one === form} onClick={() => { setForm(one); setCopied(false); }}>{one}</button>
          ))}
        </span>
        <button type="button" class="quiet" onClick={copy}>{isCopied ? "Copied" : "Copy"}</button>
      </figcaption>
      <pre tabIndex={0} aria-label={`The same step with ${form}`}>{text}</pre>
    </figure>
  );
}

function mutation({ mutation, input, selection }: Call, enums: Set<string>): string {
  return `mutation {\n  ${mutation}(input: ${literal(input, enums, "  ")}) {\n    ${selection}\n    problems { message field }\n  }\n}`;
}

/** A value as GraphQL writes it: names without quotes, and enums, too. */
function literal(value: Input[string] | undefined, enums: Set<string>, indent: string): string {
  if (Array.isArray(value)) return `[${value.map((one) => literal(one, enums, indent)).join(", ")}]`;
  if (typeof value === "string" && enums.has(value)) return value;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, one]) => `${indent}  ${name}: ${literal(one, enums, `${indent}  `)}`);
  return `{\n${fields.join("\n")}\n${indent}}`;
}

function curl({ mutation, type, input, selection }: Call): string {
  const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${selection} problems { message field } } }`;
  const body = JSON.stringify({ query, variables: { input } }, null, 1).replaceAll("'", "'\\''");
  return [
    `curl ${location.origin}/graphql \\`,
    `  -H "Authorization: Bearer $KEYFRAME_TOKEN" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '${body}'`,
  ].join("\n");
}
