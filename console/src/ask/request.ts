// What the editor sends: documents over HTTP, subscriptions over WebSocket, both as the session or by a token.
import { buildClientSchema, buildSchema, getIntrospectionQuery, type GraphQLSchema, type IntrospectionQuery } from "graphql";
import { createClient, type ExecutionResult } from "graphql-ws";

export interface Request {
  query: string;
  variables: Record<string, unknown>;
  operationName?: string;
}

/** By whom, beside the session: the headers of each request, with a token if there is one. */
export type Access = Record<string, string>;

export interface Result {
  data?: unknown;
  errors?: readonly Fault[];
  extensions?: { cost?: { asked: number; limit: number } };
}

export interface Fault {
  message: string;
  path?: readonly (string | number)[];
  locations?: readonly { line: number; column: number }[];
  extensions?: { code?: string };
}

export interface Answer {
  status: number;
  isOk: boolean;
  ms: number;
  /** The result; null if the server answered something else, which is `text`. */
  result: Result | null;
  text: string;
}

const ACCEPTED = "application/graphql-response+json, application/json;q=0.9";

/** The answer to a query or mutation. Rejects if there is none. */
export async function execute(request: Request, access: Access, signal?: AbortSignal): Promise<Answer> {
  const began = performance.now();
  const headers = { accept: ACCEPTED, "content-type": "application/json", ...access };
  const response = await fetch("/graphql", { method: "POST", signal, headers, body: JSON.stringify(request) });
  const text = await response.text();
  const ms = Math.round(performance.now() - began);
  return { status: response.status, isOk: response.ok, ms, result: resultOf(text), text };
}

function resultOf(text: string): Result | null {
  try {
    return JSON.parse(text) as Result;
  } catch {
    return null;
  }
}

interface Sink {
  next: (result: Result) => void;
  /** Called once, unless it was stopped: with the reason, or without one if the server completed it. */
  end: (reason?: string) => void;
}

/** Start a subscription; returns what stops it. */
export function subscribe(request: Request, access: Access, sink: Sink): () => void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const { authorization } = access;
  const client = createClient({
    url: `${scheme}://${location.host}/graphql`,
    connectionParams: authorization === undefined ? undefined : { authorization },
    retryAttempts: 0,
  });
  let isOver = false;
  const end = (reason?: string) => {
    if (!isOver) sink.end(reason);
    isOver = true;
    void client.dispose();
  };
  const stop = client.subscribe(request as never, {
    next: (result: ExecutionResult) => sink.next(result as Result),
    error: (reason) => end(reasonOf(reason)),
    complete: () => end(),
  });
  return () => {
    isOver = true;
    stop();
    void client.dispose();
  };
}

function reasonOf(reason: unknown): string {
  if (Array.isArray(reason)) return reason.map((one: Fault) => one.message).join(" ");
  if (reason instanceof CloseEvent) return `The server closed the connection: ${reason.reason || reason.code}.`;
  return reason instanceof Error ? reason.message : "The connection ended.";
}

/** The schema, by introspection, else by its text where the server rejects that. Rejects with what is missing. */
export async function loadSchema(access: Access): Promise<GraphQLSchema> {
  const asked = await execute({ query: getIntrospectionQuery(), variables: {} }, access);
  const known = asked.result?.data as IntrospectionQuery | null | undefined;
  if (known?.__schema) return buildClientSchema(known, { assumeValid: true });
  const response = await fetch("/schema.graphql", { headers: access });
  if (!response.ok) throw new Error(response.status === 401 ? "The schema is for those who are signed in: paste a token." : `The server answered ${response.status}.`);
  return buildSchema(await response.text(), { assumeValid: true, assumeValidSDL: true });
}
