// The GraphQL client. Documents are sent by their digest: the server knows the text of each.
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { cacheExchange, type OptimisticMutationConfig } from "@urql/exchange-graphcache";
import { createClient, type Sink } from "graphql-ws";

import type { CheckInInput, MoveInitiativeInput } from "../generated/graphql";
import ids from "../generated/ids.json";
import possibleTypes from "../generated/possible-types.json";
import { announceChange } from "./live";
import { Reachability } from "./reachability";

const RETRY_MS = 1000;

type Asked = { variables?: object; query: string };
type Received = { data?: { changes?: { position?: number } } | null };
type Body = { operationName?: string; query?: string; variables?: unknown };

/** The client of a session, and what ends its connection and its listeners. `onSignedOut`: the server does not know the
 * session any more. `onReachable`: the server is gone, or back. */
export function client(onSignedOut: () => void, onReachable: (reachable: boolean) => void): { urql: Client; end: () => void } {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const reachability = new Reachability(onSignedOut, onReachable);
  // graphql-ws wants a text for each operation, which may be empty
  const socket = createClient({
    url: `${scheme}://${location.host}/graphql`,
    retryAttempts: Infinity,
    shouldRetry: () => true,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, RETRY_MS)),
    on: { closed: reachability.doubt, connected: (_socket, _payload, wasClosed) => wasClosed && announceChange() },
  });
  const urql = new Client({
    url: "/graphql",
    preferGetMethod: false,
    fetch: sending(onSignedOut, reachability.doubt),
    exchanges: [
      cacheExchange({ keys, possibleTypes, optimistic }),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: (request) => ({
          subscribe: (sink) => {
            const asked: Asked = { ...byDigest(request as Body), query: "" };
            return { unsubscribe: socket.subscribe(asked as never, resuming(asked, sink as never)) };
          },
        }),
      }),
    ],
  });
  const end = () => {
    reachability.end();
    void socket.dispose();
  };
  return { urql, end };
}

/** A sink that moves the position after which changes are asked for to the last one received, so that a connection that
 * was lost is resumed without a gap: graphql-ws sends the request again as it is then. */
function resuming(asked: Asked, sink: Sink<Received>): Sink<Received> {
  const next = (received: Received) => {
    const position = received.data?.changes?.position;
    if (position !== undefined) asked.variables = { ...asked.variables, after: position };
    sink.next(received);
  };
  return { next, error: (error) => sink.error(error), complete: () => sink.complete() };
}

/** What is shown before the server answers; a refusal takes it back. */
const optimistic: OptimisticMutationConfig = {
  checkIn: (args) => expected(args as { input: CheckInInput }),
  moveInitiative: (args) => moved(args as { input: MoveInitiativeInput }),
};

/** An initiative in its new column. */
function moved({ input }: { input: MoveInitiativeInput }): Record<string, unknown> {
  return { __typename: "InitiativePayload", problems: [], initiative: { __typename: "Initiative", id: input.initiative, state: input.to } };
}

/** A check-in as it will be if the server accepts it; a refusal takes it back. */
function expected({ input }: { input: CheckInInput }): Record<string, unknown> {
  const said = { current: input.value, confidence: input.confidence, measuredAt: new Date().toISOString() };
  const known = Object.entries(said).filter(([, value]) => value !== null && value !== undefined);
  const keyResult = { __typename: "KeyResult", id: input.keyResult, ...Object.fromEntries(known) };
  return { __typename: "CheckInPayload", problems: [], keyResult };
}

/** Entities have ids; the values that belong to them have none. */
const keys = new Proxy({} as Record<string, () => string | null>, {
  get: (_, type) => (typeof type === "string" ? (data: { id?: string }) => data.id ?? null : undefined) as never,
  has: () => true,
});

let underWay = 0;

/** Whether an answer of the server is on its way. */
export const isBusy = (): boolean => underWay > 0;

function sending(onSignedOut: () => void, onFailed: () => void): typeof fetch {
  return async (url, init) => {
    underWay += 1;
    try {
      const body = JSON.stringify(byDigest(JSON.parse(String(init?.body)) as Body));
      const response = await fetch(url, { ...init, body });
      if (response.status >= 502) onFailed();
      if (response.status === 401) onSignedOut();
      return response;
    } catch (error) {
      if (!init?.signal?.aborted) onFailed();
      throw error;
    } finally {
      underWay -= 1;
    }
  };
}

function byDigest(body: Body): { variables?: object; operationName?: string; documentId?: string } {
  const documentId = (ids as Record<string, string>)[body.operationName ?? operationName(body.query)];
  return { variables: body.variables as object, operationName: body.operationName, documentId };
}

function operationName(query = ""): string {
  return /(?:query|mutation|subscription) (\w+)/.exec(query)?.[1] ?? "";
}
