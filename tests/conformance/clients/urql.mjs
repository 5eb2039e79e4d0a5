// urql, set up for Keyframe. docs/clients.md shows this.

import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient as events } from "graphql-sse";
import { createClient as sockets } from "graphql-ws";

/** Queries and mutations by POST. */
export function overHttp(url, headers) {
  return new Client({ url, fetchOptions: { headers }, preferGetMethod: false, exchanges: [fetchExchange] });
}

/** Queries by GET under their hash, the rest by POST. */
export function persisted(url, headers) {
  const hashed = persistedExchange({ preferGetForPersistedQueries: true });
  return new Client({ url, fetchOptions: { headers }, exchanges: [hashed, fetchExchange] });
}

/** Queries by GET as they are, as long as they fit into an address. */
export function byGet(url, headers) {
  return new Client({ url, fetchOptions: { headers }, preferGetMethod: true, exchanges: [fetchExchange] });
}

/** Subscriptions as server-sent events. */
export function overEvents(url, headers) {
  const client = events({ url, headers });
  const forwardSubscription = (asked) => ({ subscribe: (sink) => ({ unsubscribe: client.subscribe(asked, sink) }) });
  const exchanges = [fetchExchange, subscriptionExchange({ forwardSubscription })];
  return new Client({ url, fetchOptions: { headers }, preferGetMethod: false, exchanges });
}

/** Subscriptions over a WebSocket, whose headers a browser cannot set: `connection_init` carries the token. */
export function live(url, liveUrl, headers) {
  const client = sockets({ url: liveUrl, connectionParams: headers });
  const forwardSubscription = (asked) => ({ subscribe: (sink) => ({ unsubscribe: client.subscribe(asked, sink) }) });
  const exchanges = [fetchExchange, subscriptionExchange({ forwardSubscription })];
  return new Client({ url, fetchOptions: { headers }, preferGetMethod: false, exchanges });
}
