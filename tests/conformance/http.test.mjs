// GraphQL over HTTP by the letter of its draft, and by nothing but fetch.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema } from "graphql";
import { auditServer } from "graphql-http";
import { createClient } from "graphql-ws";
import { ask, cycleOf, head, headers, liveUrl, reword, url } from "./keyframe.mjs";

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

test("the status reports an invalid document, and the code the reason", async () => {
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

const got = (query, variables, more = {}) => {
  const asked = new URLSearchParams({ query, variables: JSON.stringify(variables) });
  return fetch(`${url}?${asked}`, { headers: { ...headers, accept: "application/graphql-response+json", ...more } });
};

test("an answer about a moment that is over may be kept for good, by its asker alone", async () => {
  const { objectives } = await cycleOf(["Kept for good by a cache"]);
  const query = "query ($id: ID!, $position: Position!) { asOf(position: $position) { objective(id: $id) { title } } }";
  const response = await got(query, { id: objectives[0], position: await head() });
  assert.equal(response.status, 200);
  const kept = response.headers.get("cache-control");
  assert.match(kept, /immutable/);
  assert.match(kept, /private/);
  assert.doesNotMatch(kept, /public/);
  assert.match(response.headers.get("vary"), /authorization/i);
});

test("an answer about now is not sent again while nothing was written", async () => {
  const { objectives } = await cycleOf(["Asked for again and again"]);
  const query = "query ($id: ID!) { objective(id: $id) { title } }";
  const first = await got(query, { id: objectives[0] });
  const etag = first.headers.get("etag");
  assert.ok(etag);
  assert.doesNotMatch(first.headers.get("cache-control"), /immutable/);
  const again = await got(query, { id: objectives[0] }, { "if-none-match": etag });
  assert.equal(again.status, 304);
  await reword(objectives[0], "Written in the meantime");
  const changed = await got(query, { id: objectives[0] }, { "if-none-match": etag });
  assert.equal(changed.status, 200);
  assert.equal((await changed.json()).data.objective.title, "Written in the meantime");
});

test("who waits for a position by its header reads what was written there", async () => {
  const { objectives } = await cycleOf(["Read right after the writing"]);
  const { position } = await reword(objectives[0], "Written right before");
  const response = await got("query ($id: ID!) { basis { position } objective(id: $id) { title } }", { id: objectives[0] }, {
    "x-keyframe-min-position": `${position}`,
  });
  const { data } = await response.json();
  assert.ok(data.basis.position >= position);
  assert.equal(data.objective.title, "Written right before");
});

test("a subscription comes by GET, too, as EventSource asks for it", async () => {
  const response = await got("subscription { changes(after: 0) { position } }", {}, { accept: "text/event-stream" });
  assert.match(response.headers.get("content-type"), /^text\/event-stream/);
  let received = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    received += chunk;
    if (received.includes("\n\n")) break;
  }
  assert.match(received, /^event: next\ndata: (.*)\n\n/m);
  assert.deepEqual(JSON.parse(received.match(/^data: (.*)$/m)[1]).data.changes, { position: 1 });
});

test("introspection tells the schema that the repository has", async () => {
  const introspected = buildClientSchema(await ask(getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true, specifiedByUrl: true })));
  const kept = buildSchema(await readFile("../../api/schema.graphql", "utf8"));
  const text = (schema) => printSchema(lexicographicSortSchema(schema));
  assert.equal(text(introspected), text(kept));
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
