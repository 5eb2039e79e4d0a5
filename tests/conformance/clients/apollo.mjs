// Apollo Client, set up for Keyframe. docs/clients.md shows this.

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { createClient } from "graphql-ws";

/** The possible types of `Change`, `Node` and `Entity`: without them Apollo drops fragments. */
export async function possibleTypes(uri, headers) {
  const query = "{ __schema { types { name possibleTypes { name } } } }";
  const asked = { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify({ query }) };
  const { data } = await (await fetch(uri, asked)).json();
  const behind = data.__schema.types.filter((type) => type.possibleTypes);
  return Object.fromEntries(behind.map((type) => [type.name, type.possibleTypes.map(({ name }) => name)]));
}

/** Past and present objects need no policy: their ids differ. */
export function cache(possibleTypes) {
  const paged = { fields: { objectives: relayStylePagination(["filter", "orderBy"]) } };
  return new InMemoryCache({ possibleTypes, typePolicies: { Query: paged } });
}

/** Queries and mutations by POST; subscriptions as parts of one response. */
export function overHttp(uri, headers, cache) {
  return new ApolloClient({ link: new HttpLink({ uri, headers }), cache });
}

/** Queries by GET under their hash. */
export function persisted(uri, headers, cache) {
  const hashed = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
  return new ApolloClient({ link: ApolloLink.from([hashed, new HttpLink({ uri, headers })]), cache });
}

/** Queries by GET as they are. */
export function byGet(uri, headers, cache) {
  return new ApolloClient({ link: new HttpLink({ uri, headers, useGETForQueries: true }), cache });
}

/** Subscriptions over a WebSocket, whose headers a browser cannot set: `connection_init` carries the token. */
export function live(url, headers, cache) {
  return new ApolloClient({ link: new GraphQLWsLink(createClient({ url, connectionParams: headers })), cache });
}

export async function sha256(text) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
