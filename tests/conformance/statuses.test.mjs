// The statuses of the newest draft of GraphQL over HTTP, if a server is configured to use them; widely used clients accept them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gql } from "@apollo/client";
import * as apollo from "./clients/apollo.mjs";
import * as urql from "./clients/urql.mjs";
import { cycleOf, headers, restart, url } from "./keyframe.mjs";

const PARTIAL = "query ($key: String!) { basis { position } cycle(by: { key: $key }) { key asOf(position: 999999999) { id } } }";

let key, cache;
before(async () => {
  ({ key } = await cycleOf());
  cache = apollo.cache(await apollo.possibleTypes(url, headers));
  await restart("kindly", { KEYFRAME_HTTP_STATUSES: "draft" });
});
after(() => restart());

const posted = (query, variables) =>
  fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json", accept: "application/graphql-response+json" },
    body: JSON.stringify({ query, variables }),
  });

test("200 is for what went well, 294 for what failed in part, 422 for what makes no sense, 400 for what cannot be read", async () => {
  assert.equal((await posted("{ basis { position } }")).status, 200);
  assert.equal((await posted(PARTIAL, { key })).status, 294);
  assert.equal((await posted("{ thereIsNoSuchField }")).status, 422);
  assert.equal((await posted("{")).status, 400);
});

test("Apollo takes what failed in part, what makes no sense, and a document it has to send whole", async () => {
  const client = apollo.overHttp(url, headers, cache);
  const part = await client.query({ query: gql(PARTIAL), variables: { key }, errorPolicy: "all" });
  assert.equal(part.data.cycle.key, key);
  assert.equal(part.error.errors[0].extensions.code, "INVALID");
  const wrong = await client.query({ query: gql`{ thereIsNoSuchField }`, errorPolicy: "all" });
  assert.equal(wrong.error.errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
  const persisted = apollo.persisted(url, headers, cache);
  const { data } = await persisted.query({ query: gql`query Drafted${Date.now()} { basis { position } }` });
  assert.ok(data.basis.position > 0);
});

test("urql takes what failed in part, what makes no sense, and a document it has to send whole", async () => {
  const client = urql.overHttp(url, headers);
  const part = await client.query(PARTIAL, { key });
  assert.equal(part.data.cycle.key, key);
  assert.equal(part.error.graphQLErrors[0].extensions.code, "INVALID");
  const wrong = await client.query("{ thereIsNoSuchField }", {});
  assert.equal(wrong.error.graphQLErrors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
  const { data } = await urql.persisted(url, headers).query(`query Drafted${Date.now()} { basis { position } }`, {});
  assert.ok(data.basis.position > 0);
});
