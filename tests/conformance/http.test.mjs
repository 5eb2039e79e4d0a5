// GraphQL over HTTP by the letter of its draft, and by nothing but fetch.

import assert from "node:assert/strict";
import { test } from "node:test";
import { auditServer } from "graphql-http";
import { ask, cycleOf, headers, url } from "./keyframe.mjs";

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
