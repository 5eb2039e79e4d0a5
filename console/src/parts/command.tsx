// Commands of forms: sent once by their key, and what the server refuses is shown beside its field.
import type { TypedDocumentNode } from "@urql/core";
import { useMutation } from "@urql/preact";
import { useRef, useState } from "preact/hooks";

export interface Problem {
  message: string;
  field: string[];
}

type Payload = { problems: Problem[] };

/** The keys of an input are the client's own; the hook adds the one that makes sending twice harmless. */
type Input<Variables> = Variables extends { input: infer Given } ? Omit<Given, "idempotencyKey"> : never;

interface Command<Given, Answer> {
  /** Record it; the payload, or null if it was refused. */
  send: (input: Given) => Promise<Answer | null>;
  problems: Problem[];
  /** Show problems that the form finds itself. */
  refuse: (problems: Problem[]) => void;
  isSending: boolean;
}

const newKey = (): string => `console-${crypto.randomUUID()}`;

/** A command that a document with one mutation sends as `$input`. Until it is recorded, the same input sent again is the same command. */
export function useCommand<Data extends object, Variables extends { input: object }>(
  document: TypedDocumentNode<Data, Variables>,
): Command<Input<Variables>, NonNullable<Exclude<Data[keyof Data], string>>> {
  const [{ fetching }, execute] = useMutation<Data, Variables>(document);
  const [problems, setProblems] = useState<Problem[]>([]);
  const sent = useRef({ text: "", key: "" });
  const send = async (input: Input<Variables>) => {
    const text = JSON.stringify(input);
    if (text !== sent.current.text) sent.current = { text, key: newKey() };
    const { data, error } = await execute({ input: { ...input, idempotencyKey: sent.current.key } } as unknown as Variables);
    const payload = data && (Object.values(data).find((one) => typeof one === "object") as Payload | undefined);
    const found = payload?.problems ?? [{ message: error?.graphQLErrors[0]?.message ?? "The server did not record it; try again.", field: [] }];
    setProblems(found);
    if (found.length > 0) return null;
    sent.current = { text: "", key: "" };
    return payload as never;
  };
  return { send, problems, refuse: setProblems, isSending: fetching };
}

/** The problems of a field of a form, which the path of an input may name within a list. */
export const problemsOf = (problems: Problem[], field: string): Problem[] => problems.filter((one) => one.field.includes(field));

/** The problems of none of the fields of a form. */
export const otherProblems = (problems: Problem[], fields: string[]): Problem[] => problems.filter((one) => !one.field.some((name) => fields.includes(name)));

export function Refusals({ problems }: { problems: Problem[] }) {
  return <>{problems.map((problem) => <p key={problem.message} class="refusal" role="alert">{problem.message}</p>)}</>;
}

/** The number in a text with a decimal point or comma; NaN if there is none. */
export function numberOf(text: string): number {
  const plain = text.trim().replace(/[\s_'’]/g, "").replace(",", ".");
  return plain === "" ? NaN : Number(plain);
}

export const NO_NUMBER = "Write a number, like 12.5.";
