// Running a document: one answer, or the events of a subscription until it is stopped.
import { useEffect, useRef, useState } from "preact/hooks";

import type { Moment } from "../moment/moment";
import { counted } from "../parts/words";
import { remember, type Draft } from "./draft";
import { execute, subscribe, type Access, type Answer, type Fault, type Request, type Result } from "./request";
import { atMoment, operationsOf } from "./variables";

const EVENTS_MAX = 100;

export interface Shown {
  text: string;
  faults: readonly Fault[];
}

export interface State {
  text: string;
  isBad: boolean;
}

interface Running {
  answer: Shown;
  state: State;
  isRunning: boolean;
  /** Run the operation of this name, else the first. */
  run: (name?: string) => Promise<void>;
  stop: () => void;
}

export function useRun(draft: Draft, moment: Moment): Running {
  const [answer, setAnswer] = useState<Shown>({ text: "", faults: [] });
  const [state, setState] = useState<State>({ text: "", isBad: false });
  const [isRunning, setRunning] = useState(false);
  const cancel = useRef<(() => void) | null>(null);
  const finish = (text: string, isBad = false) => {
    cancel.current = null;
    setRunning(false);
    setState({ text, isBad });
    remember(draft, text);
  };
  const stop = () => {
    cancel.current?.();
    finish("stopped");
  };
  const run = async (name?: string) => {
    cancel.current?.();
    setState({ text: RUNNING, isBad: false });
    const prepared = prepare(draft, moment, name);
    if (prepared instanceof Error) return finish(prepared.message, true);
    setRunning(true);
    const { request, access, isSubscription } = prepared;
    if (isSubscription) {
      setAnswer({ text: "", faults: [] });
      cancel.current = following(request, access, setAnswer, setState, finish);
      return;
    }
    const controller = new AbortController();
    cancel.current = () => controller.abort();
    await execute(request, access, controller.signal).then(
      (given) => {
        setAnswer(shown(given));
        finish(summary(given), !given.isOk || (given.result?.errors?.length ?? 0) > 0);
      },
      (error: Error) => error.name !== "AbortError" && finish(`The server does not answer: ${error.message}`, true),
    );
  };
  useEffect(() => () => cancel.current?.(), []);
  return { answer, state, isRunning, run, stop };
}

const RUNNING = "…";

/** Follow a subscription, the newest event first; returns what stops it. */
function following(request: Request, access: Access, setAnswer: (shown: Shown) => void, setState: (state: State) => void, finish: (text: string, isBad?: boolean) => void): () => void {
  const events: string[] = [];
  let count = 0;
  setState({ text: "listening", isBad: false });
  return subscribe(request, access, {
    next: (result) => {
      count += 1;
      events.unshift(written(result));
      events.length = Math.min(events.length, EVENTS_MAX);
      setAnswer({ text: events.join("\n\n"), faults: result.errors ?? [] });
      setState({ text: `listening · ${counted(count, "event")}`, isBad: false });
    },
    end: (reason) => finish(reason ?? `${counted(count, "event")} · complete`, reason !== undefined),
  });
}

const written = (result: unknown): string => JSON.stringify(result, null, 2);

/** The header of the token that is pasted, if there is one. */
export const bearer = ({ token }: Draft): Access => (token.trim() === "" ? {} : { authorization: `Bearer ${token.trim()}` });

/** What a run sends, or why it cannot be sent. */
function prepare(draft: Draft, moment: Moment, name?: string): { request: Request; access: Access; isSubscription: boolean } | Error {
  try {
    const operations = operationsOf(draft.document);
    const operation = operations.find((one) => one.name?.value === name) ?? operations[0];
    const variables = atMoment(objectOf(draft.variables, "Variables"), operation, moment);
    const access = { ...(objectOf(draft.headers, "Headers") as Access), ...bearer(draft) };
    const request = { query: draft.document, variables, operationName: operation?.name?.value };
    return { request, access, isSubscription: operation?.operation === "subscription" };
  } catch (error) {
    return error as Error;
  }
}

function objectOf(text: string, what: string): Record<string, unknown> {
  if (text.trim() === "") return {};
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`);
  }
  if (typeof found !== "object" || found === null || Array.isArray(found)) throw new Error(`${what}: write a JSON object, like {"cycle": "2026-q1"}.`);
  return found as Record<string, unknown>;
}

function shown({ result, text }: Answer): Shown {
  return result === null ? { text, faults: [] } : { text: written(result), faults: (result as Result).errors ?? [] };
}

/** `200 · 12 ms · cost 1,204 of 200,000`. */
function summary({ status, ms, result }: Answer): string {
  const cost = result?.extensions?.cost;
  const faults = result?.errors?.length ?? 0;
  const parts = [`${status}`, faults > 0 && counted(faults, "error"), `${ms} ms`, cost && `cost ${cost.asked.toLocaleString("en")} of ${cost.limit.toLocaleString("en")}`];
  return parts.filter(Boolean).join(" · ");
}
