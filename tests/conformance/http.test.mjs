// GraphQL over HTTP by the letter of its draft, and by nothing but fetch.

import assert from "node:assert/strict";
import { test } from "node:test";
import { auditServer } from "graphql-http";
import { createClient } from "graphql-ws";
import { ask, cycleOf, headers, liveUrl, url } from "./keyframe.mjs";

const auditing = await auditServer({
  url,
  fetchFn: (address, init = {}) => fetch(address, { ...init, headers: { ...init.headers, ...headers } }),
});

test("there are 61 audits", () => assert.equal(auditing.length, 61));
for (const audit of auditing) {
  test(`audit ${audit.id}: ${audit.name}`, () => assert.equal(audit.status, "ok", audit.reason));
}

test("fetch asks", async () => {
  const { key } = await cycleOf(["Asked by fetch"]);
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json", accept: "application/graphql-response+json" },
    body: JSON.stringify({
      query: "query ($cycle: String!) { cycle(by: { key: $cycle }) { objectives { nodes { title } } } }",
      variables: { cycle: key },
    }),
  });
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type"), /^application\/graphql-response\+json/);
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  assert.deepEqual(data.cycle.objectives.nodes, [{ title: "Asked by fetch" }]);
});

test("fetch is told by the status that a document is wrong, and by its code why", async () => {
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json", accept: "application/graphql-response+json" },
    body: JSON.stringify({ query: "{ thereIsNoSuchField }" }),
  });
  assert.equal(response.status, 400);
  const { errors } = await response.json();
  assert.equal(errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
});

test("fetch reads what it has just written", async () => {
  const { id } = await cycleOf();
  const { node } = await ask("query ($id: ID!) { node(id: $id) { id ... on Cycle { state } } }", { id });
  assert.deepEqual(node, { id, state: "PLANNING" });
});

test("who shows no token is let in nowhere, and learns nothing", async () => {
  const asked = { method: "POST", headers: { "content-type": "application/json" }, body: '{"query":"{ __typename }"}' };
  for (const more of [{}, { authorization: "Bearer of.no.token" }, { authorization: "Basic b3Blbjpz" }]) {
    const response = await fetch(url, { ...asked, headers: { ...asked.headers, ...more } });
    assert.equal(response.status, 401);
    assert.match(response.headers.get("www-authenticate"), /^Bearer/);
    const { errors, data } = await response.json();
    assert.equal(data, undefined);
    assert.equal(errors[0].extensions.code, "UNAUTHENTICATED");
  }
});

test("a WebSocket without a token is closed, by the code for it", async () => {
  for (const connectionParams of [undefined, {}, { authorization: "Bearer of.no.token" }]) {
    const client = createClient({ url: liveUrl, connectionParams, retryAttempts: 0 });
    const closed = await new Promise((resolve) => {
      client.subscribe({ query: "{ basis { position } }" }, { next: resolve, error: resolve, complete: resolve });
    });
    assert.ok([4401, 4403].includes(closed.code), `closed with ${closed.code}`);
  }
});
